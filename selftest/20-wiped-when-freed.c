/* Claim 20: memory that held a secret is wiped when it is freed, and nothing of it
 * stays on the stack. A process does what fetch and place do with a value, and is
 * searched from outside while it holds the value, and after it has let it go. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/memory.h"
#include "selftest/older.h"
#include "selftest/site.h"
#include "selftest/tls_store.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/config/config.h"
#include "sidecar/fetch/vault/vault_http.h"
#include "sidecar/fetch/vault/vault_memory.h"
#include "sidecar/render/render.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box.h"
#include "sidecar/strongbox/box_file.h"

/* Descriptors of the worker, which begins as a fresh program: else it would have the
 * memory of the claim, with the value in it. */
#define TALK  40 /* to the claim: a byte for each step, answered by one */
#define INPUT 41 /* what the work reads; where there are two, the next is 42 */
#define VALUE 64 /* bytes that a value has at most */

/* ---- The worker */

static void tell_and_wait(char step) {
    char answer;
    if (write(TALK, &step, 1) != 1 || read(TALK, &answer, 1) != 1)
        _exit(70);
}

static void need(bool fine) {
    if (!fine)
        _exit(70);
}

/* The allocators themselves, in the ways in which memory moves. */
static void work_allocators(void) {
    char *first = secret_alloc(VALUE), *second = secret_calloc(4, VALUE), *third, *fourth;
    need(first != NULL && second != NULL && pread(INPUT, first, VALUE - 1, 0) > 0);
    memcpy(second + VALUE, first, VALUE);
    third = secret_strdup(first);
    fourth = secret_realloc(secret_strdup(first), 64 * 1024);
    need(third != NULL && fourth != NULL);
    tell_and_wait('h');
    secret_free(first);
    secret_free(second);
    secret_free(third);
    secret_free(fourth);
}

/* As fetch reads a strongbox and place takes a field of JSON and writes a file. */
static void work_strongbox(void) {
    static const char yaml[] = "version: 1\n"
                               "secrets:\n  it: {store: strongbox, path: it}\n"
                               "deliver:\n  files:\n    value: {properties: {a: \"${it.word}\"}}\n";
    struct arena arena = arena_make(1u << 20);
    static struct secret_set set;
    struct secret_text rendered, field;
    struct config config;
    struct error err;
    struct box box;
    secret_install_allocators();
    need(config_parse(yaml, strlen(yaml), "arrestor.yaml", &arena, &config, &err) == 0 &&
         box_file_load_with(INPUT, "box", INPUT + 1, "key", -1, &box, &err) == 0);
    const struct box_entry *entry = box_find(&box, "it");
    need(entry != NULL);
    set = (struct secret_set){.secrets = {{.bytes = entry->value, .length = entry->length}},
                              .count = 1};
    need(secret_field(&set.secrets[0], "word", &field, &err) == 0 &&
         render_file(&config, &config.files[0], &set, &rendered, &err) == 0);
    tell_and_wait('h');
    secret_text_free(&rendered);
    secret_text_free(&field);
    box_free(&box);
}

/* As fetch-net asks a store, with a token, and parses what it answers. */
static void work_store(void) {
    struct config_address address = {.text = "", .tls = true, .host = TLS_STORE_NAME, .port = 8200};
    struct vault_http_setup setup = {.address = &address,
                                     .ca = INPUT,
                                     .dial = INPUT + 1,
                                     .round = 1,
                                     .sockets = 1,
                                     .limit_ms = 5000};
    struct vault_answer answer = {.code = ERROR_INTERNAL};
    struct vault_request request = {.path = "secret/data/it"};
    struct vault_http *http = NULL;
    struct error err;
    older_become(OLDER_CONNECT);
    secret_install_allocators();
    need(vault_memory_install(&err) == 0 && vault_http_open(&http, &setup, &err) == 0 &&
         vault_http_ask(http, &request, &answer, &err) == 0 && answer.code == ERROR_OK);
    json_t *parsed = vault_answer_parse(&answer, &err);
    need(parsed != NULL);
    tell_and_wait('h');
    json_decref(parsed);
    vault_answer_free(&answer);
    vault_http_close(http);
}

static const struct work {
    const char *name;
    void (*act)(void);
} works[] = {{"the allocators for secrets", work_allocators},
             {"a strongbox, its JSON and a file of the set", work_strongbox},
             {"libcurl, OpenSSL and the JSON of a store", work_store}};
#define WORKS (sizeof works / sizeof *works)

static int worker(const char *name) {
    for (size_t i = 0; i < WORKS; i++)
        if (strcmp(works[i].name, name) == 0) {
            works[i].act();
            tell_and_wait('f');
            return 0;
        }
    return 70;
}

/* ---- The claim */

static void exec_worker(const char *name, int talk, const int inputs[2]) {
    char kept[128], word[] = "worker", self[] = "/proc/self/exe";
    const int fds[] = {talk, inputs[0], inputs[1]};
    (void)snprintf(kept, sizeof kept, "%s", name);
    char *argv[] = {word, word, kept, NULL}, *environment[] = {NULL};
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0 && dup2(fds[i], TALK + i) < 0)
            _exit(70);
    (void)execve(self, argv, environment);
    _exit(70);
}

static char hear(int talk) {
    char step;
    return read(talk, &step, 1) == 1 ? step : '\0';
}

static void try_work(const struct work *work, const int inputs[2], const char *value) {
    struct needles needles;
    int pair[2];
    memory_needles(value, strlen(value), &needles);
    claim_need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "make a channel");
    pid_t pid = claim_fork();
    if (pid == 0)
        exec_worker(work->name, pair[1], inputs);
    (void)close(pair[1]);
    if (hear(pair[0]) != 'h')
        claim_broken("work with %s ends early", work->name);
    if (memory_find(pid, &needles) <= 0)
        claim_broken("a value that is held by %s is not found", work->name);
    if (write(pair[0], "", 1) != 1 || hear(pair[0]) != 'f')
        claim_broken("work with %s does not come to its end", work->name);
    int found = memory_find(pid, &needles);
    if (found > 0)
        claim_off("%s leave a value behind, %s", work->name, memory_form(found));
    claim_end(pid);
    (void)close(pair[0]);
}

static int open_input(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    claim_need(fd >= 0, path);
    return fd;
}

int main(int argc, char **argv) {
    char text[256];
    struct site site;
    struct needles needles;
    if (argc == 3 && strcmp(argv[0], "worker") == 0)
        return worker(argv[2]);
    claim_begin(argc, argv);
    const char *value = claim_canary();
    memory_needles(value, strlen(value), &needles);
    memory_check_search(&needles);
    site_make(&site, site_safe);
    claim_write(claim_path(site.path, "value"), value);
    (void)snprintf(text, sizeof text, "{\"word\": \"%s\"}", value);
    site_store(&site, text);
    struct tls_store store = tls_store_start(text);
    const int plain[] = {open_input(claim_path(site.path, "value")), -1};
    const int box[] = {open_input(site.box), open_input(site.key)};
    const int answered[] = {store.ca, tls_store_dial(&store)};
    try_work(&works[0], plain, value);
    try_work(&works[1], box, value);
    try_work(&works[2], answered, value);
    claim_settle("a value went through the allocators, a strongbox, JSON, a file of the set, "
                 "libcurl and OpenSSL: found while it was held, and nowhere in heap or stack once "
                 "it was freed");
}
