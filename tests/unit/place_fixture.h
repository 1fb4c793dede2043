/* place_fixture.h: place as a process of its own, and what a reader then sees.
 *
 * The test plays monitor and fetch: it sends the task and what fetch would send,
 * lets place run to its end, or to its Nth file call (then it is killed there),
 * and looks at the two directories. */
#ifndef ARRESTOR_TEST_PLACE_FIXTURE_H
#define ARRESTOR_TEST_PLACE_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/clock.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/wipe.h"
#include "sidecar/confine/role_start.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/lease/set_status.h"
#include "sidecar/place/place_role.h"
#include "sidecar/place/publish.h"
#include "sidecar/place/state.h"

struct place {
    char path[64];
    int top, directory, state;
    const char *config;
    uint32_t round;
    struct arena arena;
};

/* What fetch sends, and what monitor asks. */
struct order {
    uint32_t task;
    const char *values[3]; /* of the secrets by place; NULL: none is sent */
    uint64_t version;      /* of all leases */
    uint64_t expires_ms[3];
    const char *session; /* NULL: none is brought */
    bool drops_session;  /* the table says that none is held */
    bool no_publish, silent, no_table;
    uint32_t kept_code; /* with no values: KEPT */
    bool has_position;
    uint32_t position, detail;
    uint64_t before_ms, generation;
};

/* How it ended. */
struct ending {
    bool killed, told;
    int status; /* of waitpid */
    long calls; /* file calls that were made */
    struct message_result result;
};

static const char place_config[] =
    "version: 1\n"
    "grace: 0s\n"
    "secrets:\n"
    "  db: {store: strongbox, path: db}\n"
    "  key: {store: strongbox, path: key}\n"
    "deliver:\n"
    "  files:\n"
    "    db.properties: {properties: {user: etl, password: \"${db}\"}}\n"
    "    key: {raw: \"${key}\"}\n"
    "    both: {properties: {a: \"${db}\", b: \"${key}\"}}\n";

static const char *const place_names[3] = {"db", "key", "third"};

static int make_place(void **state) {
    static struct place place;
    place = (struct place){.path = "/dev/shm/arrestor-unit-XXXXXX",
                           .config = place_config,
                           .arena = arena_make(64u * 1024u * 1024u)};
    (void)umask(0);
    if (mkdtemp(place.path) == NULL)
        return -1;
    place.top = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (mkdirat(place.top, "set", 0700) != 0 || mkdirat(place.top, "state", 0700) != 0)
        return -1;
    place.directory = openat(place.top, "set", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    place.state = openat(place.top, "state", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = &place;
    return 0;
}

static int remove_place(void **state) {
    struct place *place = *state;
    (void)wipe_contents(place->top, false);
    (void)close(place->directory);
    (void)close(place->state);
    (void)close(place->top);
    arena_free(&place->arena);
    return rmdir(place->path);
}

/* ---- What fetch sends */

static inline void send_secrets(const struct place *place, const struct order *order, int peer) {
    struct lease leases[3];
    struct lease_table table = {.leases = leases,
                                .session = {.held = !order->drops_session, .ours = true}};
    struct secret secrets[5];
    struct buffer text = buffer_make(LIMIT_LEASE_BYTES);
    struct message message = {.type = MESSAGE_SECRETS,
                              .body.secrets = {place->round, 0, !order->no_publish}};
    struct channel fetch = {peer, PARTY_FETCH, PARTY_PLACE};
    struct region region;
    struct error err;
    size_t count = 0;
    for (uint32_t i = 0; i < 3; i++) {
        if (order->values[i] == NULL)
            continue;
        leases[table.count++] = (struct lease){.name = place_names[i],
                                               .store = "strongbox",
                                               .version = order->version,
                                               .fetched_ms = 1000,
                                               .expires_ms = order->expires_ms[i]};
        secrets[count++] =
            (struct secret){(const unsigned char *)order->values[i], strlen(order->values[i]), i};
    }
    lease_table_format(&table, &text);
    if (!order->no_table)
        secrets[count++] =
            (struct secret){(const unsigned char *)text.data, text.length, SECRET_INDEX_LEASES};
    if (order->session != NULL)
        secrets[count++] = (struct secret){(const unsigned char *)order->session,
                                           strlen(order->session), SECRET_INDEX_SESSION};
    assert_int_equal(region_make(&region, secret_set_size(secrets, count), &err), 0);
    assert_int_equal(secret_set_encode(&region, secrets, count, order->version, &err), 0);
    int fd = region_give(&region);
    assert_int_equal(channel_send(&fetch, &message, fd, &err), 0);
    (void)close(fd);
    buffer_free(&text);
}

static inline void send_order(const struct place *place, const struct order *order, int monitor,
                              int peer) {
    struct message task = {.type = MESSAGE_TASK,
                           .body.round = {.round = place->round,
                                          .task = order->task,
                                          .file_mode = 0400,
                                          .before_ms = order->before_ms,
                                          .generation = order->generation}};
    struct message kept = {.type = MESSAGE_KEPT,
                           .body.kept = {place->round, order->kept_code, order->position,
                                         order->has_position, order->detail}};
    struct channel to_place = {monitor, PARTY_MONITOR, PARTY_PLACE};
    struct channel fetch = {peer, PARTY_FETCH, PARTY_PLACE};
    struct error err;
    assert_int_equal(channel_send(&to_place, &task, -1, &err), 0);
    if (order->task != TASK_PUBLISH || order->silent)
        return;
    if (order->values[0] != NULL || order->values[1] != NULL || order->session != NULL ||
        order->no_table)
        send_secrets(place, order, peer);
    else
        assert_int_equal(channel_send(&fetch, &kept, -1, &err), 0);
}

/* ---- The process */

static inline void become_place(const int fds[SLOTS]) {
    const enum slot *slots = role_table[ROLE_PLACE].slots;
    int copies[LIMIT_ROLE_SLOTS], count = 0;
    for (; count < LIMIT_ROLE_SLOTS && slots[count] != SLOT_NONE; count++)
        copies[count] = fds[slots[count]] < 0 ? -1 : fcntl(fds[slots[count]], F_DUPFD, 100);
    for (int i = 0; i < count; i++)
        (void)(copies[i] < 0 ? close(SLOT_FIRST + i) : dup2(copies[i], SLOT_FIRST + i));
    (void)close_range((unsigned)(SLOT_FIRST + count), ~0u, 0);
    const struct role_start start = {.role = ROLE_PLACE, .uid = (uid_t)-1, .gid = (gid_t)-1};
    _exit(place_role(&start));
}

static inline bool is_file_call(long number) {
    static const long calls[] = {SYS_openat,    SYS_mkdirat,   SYS_write,     SYS_renameat,
                                 SYS_renameat2, SYS_symlinkat, SYS_unlinkat,  SYS_fchmodat,
                                 SYS_ftruncate, SYS_close,     SYS_getdents64};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i] == number)
            return true;
    return false;
}

/* Runs the traced child; kills it as it is about to make its `kill_at`th file call
 * behind the ladder (0: never). */
static inline void follow_place(pid_t pid, long kill_at, struct ending *ending) {
    /* As struct ptrace_syscall_info begins; its header and <sys/ptrace.h> do not mix. */
    struct __ptrace_syscall_info info;
    bool counting = false;
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    (void)ptrace(PTRACE_SETOPTIONS, pid, 0L, (long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
    while (WIFSTOPPED(status)) {
        int signal = WSTOPSIG(status);
        if (signal == (SIGTRAP | 0x80) &&
            ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 &&
            info.op == PTRACE_SYSCALL_INFO_ENTRY) {
            /* The first record received: the ladder is behind it. */
            counting = counting || (long)info.entry.nr == SYS_recvmsg;
            if (counting && is_file_call((long)info.entry.nr) && ++ending->calls == kill_at) {
                ending->killed = true;
                (void)kill(pid, SIGKILL);
            }
            signal = 0;
        } else if (signal == (SIGTRAP | 0x80) || signal == SIGSTOP) {
            signal = 0;
        }
        (void)ptrace(PTRACE_SYSCALL, pid, 0L, (long)signal);
        assert_int_equal(waitpid(pid, &status, 0), pid);
    }
    ending->status = status;
}

static inline void hear(int monitor, struct ending *ending) {
    struct channel channel = {monitor, PARTY_MONITOR, PARTY_PLACE};
    struct message message;
    struct error err;
    while (channel_wait(&channel, 0, &err) == 1 &&
           channel_receive(&channel, &message, NULL, &err) == 1)
        if (message.type == MESSAGE_RESULT) {
            ending->told = true;
            ending->result = message.body.result;
        }
}

static inline struct ending run_place_to(struct place *place, const struct order *order,
                                         long kill_at) {
    struct ending ending = {0};
    int monitor[2], peer[2], fds[SLOTS];
    struct error err;
    for (int i = 0; i < SLOTS; i++)
        fds[i] = -1;
    place->round++;
    assert_int_equal(channel_pair(monitor, &err), 0);
    assert_int_equal(channel_pair(peer, &err), 0);
    fds[SLOT_CONFIG] = file_seal_bytes("c", place->config, strlen(place->config), &err);
    fds[SLOT_CHANNEL] = monitor[1];
    fds[SLOT_PEER] = order->task == TASK_PUBLISH ? peer[1] : -1;
    fds[SLOT_DIR] = place->directory;
    fds[SLOT_STATE] = place->state;
    pid_t pid = fork();
    if (pid == 0) {
        (void)ptrace(PTRACE_TRACEME, 0, 0L, 0L);
        (void)raise(SIGSTOP);
        become_place(fds);
    }
    (void)close(monitor[1]);
    (void)close(peer[1]);
    send_order(place, order, monitor[0], peer[0]);
    if (order->silent)
        (void)close(peer[0]);
    follow_place(pid, kill_at, &ending);
    hear(monitor[0], &ending);
    (void)close(monitor[0]);
    if (!order->silent)
        (void)close(peer[0]);
    (void)close(fds[SLOT_CONFIG]);
    return ending;
}

/* To its end, which must be a quiet one. */
static inline struct message_result run_place(struct place *place, const struct order *order) {
    struct ending ending = run_place_to(place, order, 0);
    if (!WIFEXITED(ending.status) || WEXITSTATUS(ending.status) != 0 || !ending.told)
        fail_msg("place ended with status %#x, told %d", (unsigned)ending.status, ending.told);
    assert_int_equal(ending.result.round, place->round);
    return ending.result;
}

/* ---- What a reader sees */

/* A file of the set's or the state's directory as text; NULL where it is not there. */
static inline const char *look(struct place *place, int directory, const char *name) {
    struct buffer text = buffer_make(LIMIT_REGION_BYTES);
    struct error err;
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    assert_int_equal(file_read(fd, name, &text, &err), 0);
    const char *copy = arena_text(&place->arena, text.data, text.length);
    buffer_free(&text);
    (void)close(fd);
    return copy;
}

static inline bool is_there(int directory, const char *name) {
    return faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* status.json, whole; false where it is not there. */
static inline bool see_status(struct place *place, struct set_status *status) {
    const char *text = look(place, place->directory, SET_STATUS_FILE);
    struct error err;
    if (text == NULL)
        return false;
    if (set_status_parse(text, strlen(text), &place->arena, status, &err) != 0)
        fail_msg("status.json: %s: %s", err.what, text);
    return true;
}

static inline struct lease_table see_table(struct place *place) {
    const char *text = look(place, place->state, "current/leases");
    struct lease_table table;
    struct error err;
    assert_non_null(text);
    if (lease_table_parse(text, strlen(text), &place->arena, &table, &err) != 0)
        fail_msg("leases: %s: %s", err.what, text);
    return table;
}

#endif
