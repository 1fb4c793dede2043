#include "selftest/role.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/confine/drop.h"
#include "sidecar/confine/role_start.h"
#include "sidecar/wire/channel.h"

bool role_is_spawned(enum role role) {
    return role_party(role) != PARTY_MONITOR;
}

uid_t role_uid(enum role role) {
    bool drops = confine_can_drop() && role_table[role].identity == IDENTITY_SERVICE;
    return drops ? claim_service_uid() : geteuid();
}

/* What a child tells through the pipe: -2 where the ladder could not be climbed. */
struct told {
    int stage;
    long result;
    int error;
    unsigned trapped;
    struct protections protections;
};

static void climb_and_act(enum role role, const struct confine_path *paths, size_t count, int out,
                          long (*act)(const void *context), const void *context) {
    struct told told = {.stage = -2};
    struct error err;
    bool drops = confine_can_drop() && role_table[role].identity == IDENTITY_SERVICE;
    uid_t uid = drops ? claim_service_uid() : (uid_t)-1;
    struct confine_request request = {.uid = uid, .gid = uid, .paths = paths, .path_count = count};
    if (confine_climb(role, &request, &told.protections, &err) == 0) {
        told.stage = 1;
        (void)file_write_all(out, &told, sizeof told);
        told.stage = 2;
        told.result = act(context);
        told.error = errno;
        told.trapped = confine_trapped();
    }
    (void)file_write_all(out, &told, sizeof told);
    _exit(0);
}

struct attempt role_try(enum role role, const struct confine_path *paths, size_t count,
                        long (*act)(const void *context), const void *context) {
    struct told told = {0};
    int ends[2];
    claim_need(pipe2(ends, O_CLOEXEC) == 0, "make a pipe");
    pid_t pid = claim_fork();
    if (pid == 0)
        climb_and_act(role, paths, count, ends[1], act, context);
    (void)close(ends[1]);
    int status = claim_wait(pid);
    while (told.stage != -2 && read(ends[0], &told, sizeof told) == (ssize_t)sizeof told)
        continue;
    (void)close(ends[0]);
    if (told.stage != 1 && told.stage != 2)
        claim_broken("the role %s cannot climb its ladder", role_name(role));
    return (struct attempt){.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                            .result = told.result,
                            .error = told.error,
                            .trapped = told.trapped,
                            .protections = told.protections};
}

static void exec_real(enum role role, int channel, bool traced) {
    char uid[16] = "-", name[16], word[] = "role", program[] = "arrestor";
    if (confine_can_drop() && role_table[role].identity == IDENTITY_SERVICE)
        (void)snprintf(uid, sizeof uid, "%u", (unsigned)claim_service_uid());
    (void)snprintf(name, sizeof name, "%s", role_name(role));
    char *argv[] = {program, word, name, uid, uid, NULL}, *environment[] = {NULL};
    int above = fcntl(channel, F_DUPFD, SLOT_FIRST + 1);
    if (above < 0 || dup2(above, SLOT_FIRST) < 0 || file_close_range(SLOT_FIRST + 1, ~0u) != 0)
        _exit(70);
    if (traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(71);
    (void)execve(claim_program(role_table[role].program), argv, environment);
    _exit(70);
}

/* Lets a traced child go on from its exec. */
static void go_on_after_exec(pid_t pid) {
    int status;
    if (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) &&
        ptrace(PTRACE_CONT, pid, NULL, NULL) == 0)
        return;
    claim_weaken("no process can be traced here, so this could not be tried");
    claim_settle("%s", "");
}

struct waiting_role role_start_real(enum role role, bool traced) {
    struct waiting_role started = {.pid = -1};
    struct message message;
    struct error err;
    int pair[2];
    claim_need(channel_pair(pair, &err) == 0, "make a channel");
    started.pid = claim_fork();
    if (started.pid == 0)
        exec_real(role, pair[1], traced);
    (void)close(pair[1]);
    started.channel = pair[0];
    if (traced)
        go_on_after_exec(started.pid);
    struct channel channel = {.fd = pair[0], .self = PARTY_MONITOR, .peer = role_party(role)};
    if (channel_wait(&channel, 10000, &err) != 1 ||
        channel_receive(&channel, &message, NULL, &err) != 1 || message.type != MESSAGE_FENCE)
        claim_broken("the role %s did not say that it is confined", role_name(role));
    started.fence = message.body.fence;
    return started;
}

void role_end(struct waiting_role *role) {
    claim_end(role->pid);
    (void)close(role->channel);
}

void role_become(uid_t uid) {
    struct error err;
    gid_t gid = uid;
    bool changes = uid != geteuid();
    if ((changes && drop_to_job(uid, gid, &gid, 1) != 0) || drop_capabilities(0, &err) != 0 ||
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
        _exit(70);
}

pid_t role_neighbour(uid_t uid) {
    int ready[2];
    char byte;
    claim_need(pipe2(ready, O_CLOEXEC) == 0, "make a pipe");
    pid_t pid = claim_fork();
    if (pid == 0) {
        role_become(uid);
        (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
        if (write(ready[1], "", 1) != 1)
            _exit(70);
        for (;;)
            (void)pause();
    }
    (void)close(ready[1]);
    claim_need(read(ready[0], &byte, 1) == 1, "start a process of another user");
    (void)close(ready[0]);
    return pid;
}
