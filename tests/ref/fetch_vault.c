/* fetch_vault.c: one call of fetch_vault outside of any sandbox, told as JSON.
 *
 *   fetch_vault CONFIG [--state DIR] [--token FILE] [--role-id FILE] [--secret-id FILE]
 *               [--ca FILE] [--flags RENEW|LOGIN|REVOKE,…] [--sockets N] [--address N]
 *               [--wall MS] [--dial CODE] [--search HEX]
 *
 * It stands for dial (connects and hands sockets over) and for place (keeps lease
 * table and session in DIR). Of a value only length and digest are told, and with
 * --search how often the bytes stand in the process's own memory while the harvest
 * is held, and when all is freed. */
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/clock.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/fetch/vault/fetch_vault.h"
#include "sidecar/wire/channel.h"
#include "tests/unit/connected.h"

#define ROUND 7

struct words {
    const char *state, *token, *role_id, *secret_id, *ca, *flags, *sockets, *address, *wall, *dial,
        *search;
};

static void stop(const char *what) {
    fprintf(stderr, "fetch_vault: %s\n", what);
    exit(2);
}

static struct words read_words(int argc, char **argv) {
    struct words words = {.sockets = "1", .address = "0"};
    const struct {
        const char *name, **to;
    } table[] = {
        {"--state", &words.state},     {"--token", &words.token},
        {"--role-id", &words.role_id}, {"--secret-id", &words.secret_id},
        {"--ca", &words.ca},           {"--flags", &words.flags},
        {"--sockets", &words.sockets}, {"--address", &words.address},
        {"--wall", &words.wall},       {"--dial", &words.dial},
        {"--search", &words.search},
    };
    for (int i = 2; i + 1 < argc; i += 2)
        for (size_t t = 0; t < sizeof table / sizeof *table; t++)
            if (strcmp(argv[i], table[t].name) == 0)
                *table[t].to = argv[i + 1];
    return words;
}

static int open_file(const char *path) {
    return path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

static int open_state(const struct words *words, const char *name) {
    int directory = words->state != NULL ? open(words->state, O_DIRECTORY | O_CLOEXEC) : -1;
    int fd = directory >= 0 ? openat(directory, name, O_RDONLY | O_CLOEXEC) : -1;
    if (directory >= 0)
        close(directory);
    return fd;
}

static void write_state(const struct words *words, const char *name, const void *bytes,
                        size_t length) {
    int directory = open(words->state, O_DIRECTORY | O_CLOEXEC);
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || file_write_all(fd, bytes, length) != 0)
        stop("cannot write state");
    close(fd);
    close(directory);
}

static int connect_once(const struct config_address *address) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)address->port);
    if (getaddrinfo(address->host, port, &hints, &found) != 0)
        stop("no such host");
    int fd = -1;
    for (struct addrinfo *one = found; one != NULL && fd < 0; one = one->ai_next) {
        fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (syscall(SYS_connect, fd, one->ai_addr, one->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

/* What dial would send, in a channel whose other end is given back. */
static int dial(const struct words *words, const struct config_address *address) {
    int ends[2];
    struct error err;
    struct message message = {.type = MESSAGE_DIALED, .body.dialed.round = ROUND};
    if (channel_pair(ends, &err) != 0)
        stop("no channel");
    struct channel channel = {.fd = ends[1], .self = PARTY_DIAL, .peer = PARTY_FETCH};
    for (int i = 0; i < atoi(words->sockets); i++) {
        int fd = words->dial == NULL ? connect_once(address) : -1;
        message.body.dialed.code = ERROR_OK;
        for (int code = 0; words->dial != NULL && code < ERROR_CODES; code++)
            if (strcmp(error_name((enum error_code)code), words->dial) == 0)
                message.body.dialed.code = (uint32_t)code;
        if (fd < 0 && words->dial == NULL)
            stop("nobody listens");
        channel_send(&channel, &message, fd, &err);
        if (fd >= 0)
            close(fd);
    }
    close(ends[1]);
    return ends[0];
}

static uint32_t read_flags(const char *text) {
    uint32_t flags = 0;
    if (text != NULL && strstr(text, "RENEW") != NULL)
        flags |= ROUND_RENEW;
    if (text != NULL && strstr(text, "LOGIN") != NULL)
        flags |= ROUND_LOGIN;
    return flags;
}

static void read_table(const struct words *words, struct arena *arena, struct lease_table *ret) {
    struct buffer text = buffer_make(LIMIT_LEASE_BYTES);
    struct error err;
    int fd = open_state(words, "leases");
    *ret = (struct lease_table){.count = 0};
    if (fd >= 0 && (file_read(fd, "leases", &text, &err) != 0 ||
                    lease_table_parse(text.data, text.length, arena, ret, &err) != 0))
        stop("the lease table cannot be read");
    buffer_free(&text);
}

static void keep(const struct words *words, const struct store_task *task,
                 const struct harvest *harvest) {
    struct buffer text = buffer_make(LIMIT_LEASE_BYTES);
    struct lease_table table = {.session = harvest->session,
                                .leases = harvest->leases,
                                .count = task->config->secret_count};
    lease_table_format(&table, &text);
    write_state(words, "leases", text.data, text.length);
    if (harvest->session_text != NULL)
        write_state(words, "session", harvest->session_text, harvest->session_length);
    buffer_free(&text);
}

static int from_hex(char c) {
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* The bytes are compared digit by digit, so that they stand nowhere through us. */
static bool stands_at(const unsigned char *at, const char *hex) {
    for (; *hex != '\0'; hex += 2, at++)
        if (*at != (from_hex(hex[0]) << 4 | from_hex(hex[1])))
            return false;
    return true;
}

/* How often the bytes stand in the writable memory of this process. */
static int count_bytes(const char *hex) {
    FILE *maps = fopen("/proc/self/maps", "re");
    size_t length = hex != NULL ? strlen(hex) / 2 : 0;
    int count = 0;
    char line[512];
    while (length > 0 && maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &start, &end, rights) != 3 || strncmp(rights, "rw", 2) != 0)
            continue;
        for (const unsigned char *at = (const unsigned char *)start;
             at + length <= (const unsigned char *)end; at++)
            count += stands_at(at, hex);
    }
    if (maps != NULL)
        fclose(maps);
    return count;
}

static void print_values(const struct config *config, const struct harvest *harvest) {
    const char *between = "";
    printf("\"values\":{");
    for (size_t i = 0; i < config->secret_count; i++) {
        char digest[LEASE_DIGEST_BYTES];
        if (harvest->bytes[i] == NULL)
            continue;
        lease_digest(harvest->bytes[i], harvest->lengths[i], digest);
        printf("%s\"%s\":{\"version\":%llu,\"length\":%zu,\"digest\":\"%s\",\"fetched_ms\":%llu,"
               "\"expires_ms\":%llu}",
               between, config->secrets[i].name, (unsigned long long)harvest->leases[i].version,
               harvest->lengths[i], digest, (unsigned long long)harvest->leases[i].fetched_ms,
               (unsigned long long)harvest->leases[i].expires_ms);
        between = ",";
    }
    printf("},");
}

static void print_all(const struct store_task *task, const struct harvest *harvest,
                      const struct store_fault *fault, const struct error *err) {
    const struct lease_session *session = &harvest->session;
    printf("{\"code\":\"%s\",\"what\":\"%s\",\"position\":%d,\"detail\":%u,\"location\":\"%s\",",
           error_name(err->code), err->what,
           fault->position == SIZE_MAX ? -1 : (int)fault->position, (unsigned)fault->detail,
           fault->location);
    print_values(task->config, harvest);
    printf("\"changed\":%d,\"unchanged\":%d,\"session\":{\"held\":%d,\"ours\":%d,\"renewable\":%d,"
           "\"expires_ms\":%llu,\"issued_ms\":%llu},",
           harvest->session_changed, harvest_is_unchanged(harvest, task), session->held,
           session->ours, session->renewable, (unsigned long long)session->expires_ms,
           (unsigned long long)session->issued_ms);
}

int main(int argc, char **argv) {
    struct words words = read_words(argc, argv);
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct config config;
    struct lease_table before;
    struct error err;
    struct store_fault fault = {.position = SIZE_MAX};
    secret_install_allocators();
    if (argc < 2 || sodium_init() < 0 ||
        config_load(open_file(argv[1]), argv[1], &arena, &config, &err) != 0)
        stop(err.what);
    read_table(&words, &arena, &before);
    const struct config_address *address = &config.vault.addresses[atoi(words.address)];
    struct harvest *harvest = secret_alloc(sizeof *harvest);
    struct store_task task = {
        .config = &config,
        .before = &before,
        .round = ROUND,
        .flags = read_flags(words.flags),
        .revoke = words.flags != NULL && strstr(words.flags, "REVOKE") != NULL,
        .address = address,
        .wall_ms = words.wall != NULL ? strtoull(words.wall, NULL, 10) : clock_wall_ms(),
        .dial = dial(&words, address),
        .ca = open_file(words.ca),
        .token = open_file(words.token),
        .role_id = open_file(words.role_id),
        .secret_id = open_file(words.secret_id),
        .session = open_state(&words, "session"),
    };
    error_clear(&err);
    if (fetch_vault(&task, harvest, &fault, &err) == 0) {
        error_clear(&err);
        if (words.state != NULL && !task.revoke)
            keep(&words, &task, harvest);
    }
    print_all(&task, harvest, &fault, &err);
    int held = count_bytes(words.search);
    harvest_free(harvest);
    secret_free(harvest);
    printf("\"held\":%d,\"left\":%d}\n", held, count_bytes(words.search));
    arena_free(&arena);
    return 0;
}
