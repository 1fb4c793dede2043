#include "selftest/watch.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "sidecar/confine/confine.h"

#define TRACED_AT_ONCE 64

/* What the launcher, a traced child, leaves for the claim. */
struct shared {
    volatile bool traced;
    struct outcome got;
};

static void begin_tracing(pid_t first) {
    const long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                         PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, first, NULL, options) == 0)
        return;
    claim_weaken("no process can be traced here, so this could not be tried");
    claim_settle("%s", "");
}

/* The traced: the claim may have other children, which are not waited for. */
struct traced {
    pid_t pids[TRACED_AT_ONCE];
    size_t count;
};

static void add_traced(struct traced *traced, pid_t pid) {
    for (size_t i = 0; i < traced->count; i++)
        if (traced->pids[i] == pid)
            return;
    if (traced->count == TRACED_AT_ONCE)
        claim_broken("a launch has more than %d processes", TRACED_AT_ONCE);
    traced->pids[traced->count++] = pid;
}

static void drop_traced(struct traced *traced, pid_t pid) {
    for (size_t i = 0; i < traced->count; i++)
        if (traced->pids[i] == pid)
            traced->pids[i] = traced->pids[--traced->count];
}

static void take_event(pid_t pid, int event, struct traced *traced, watch_see *see, void *context) {
    unsigned long child;
    add_traced(traced, pid);
    if ((event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
         event == PTRACE_EVENT_CLONE) &&
        ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child) == 0)
        add_traced(traced, (pid_t)child);
    if (see != NULL && event == PTRACE_EVENT_EXEC)
        see(pid, WATCH_EXEC, context);
    if (see != NULL && event == PTRACE_EVENT_EXIT)
        see(pid, WATCH_END, context);
}

static void follow(pid_t first, watch_see *see, void *context) {
    struct traced traced = {.pids = {first}, .count = 1};
    int status;
    while (traced.count > 0) {
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno != EINTR)
            return;
        if (pid > 0 && !WIFSTOPPED(status))
            drop_traced(&traced, pid);
        if (pid <= 0 || !WIFSTOPPED(status))
            continue;
        int event = status >> 16;
        take_event(pid, event, &traced, see, context);
        /* A stop with an event is the tracer's own; any other signal is theirs. */
        long number = event != 0 ? 0 : WSTOPSIG(status);
        (void)ptrace(PTRACE_CONT, pid, NULL, number);
    }
}

const struct outcome *watch_launch(const struct site *site, const char *const *variables,
                                   watch_see *see, void *context) {
    static struct shared *shared;
    if (shared == NULL)
        shared =
            mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    claim_need(shared != MAP_FAILED, "share memory");
    memset(shared, 0, sizeof *shared);
    pid_t pid = claim_fork();
    if (pid == 0) {
        while (!shared->traced)
            (void)usleep(1000);
        site_launch(site, variables, &shared->got);
        _exit(0);
    }
    begin_tracing(pid);
    shared->traced = true;
    follow(pid, see, context);
    claim_forget(pid);
    return &shared->got;
}

int watch_role(pid_t pid) {
    for (int role = 0; role < ROLES; role++)
        if (site_is_role(pid, role_name((enum role)role)))
            return role;
    return ROLES;
}

int watch_files(pid_t pid, struct watch_file *ret, size_t count) {
    char path[300];
    const struct dirent *entry;
    int found = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *list = opendir(path);
    if (list == NULL)
        return -1;
    while ((entry = readdir(list)) != NULL && (size_t)found < count) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)pid, entry->d_name);
        ssize_t length = readlink(path, ret[found].target, sizeof ret[found].target - 1);
        ret[found].target[length < 0 ? 0 : length] = '\0';
        ret[found++].fd = atoi(entry->d_name);
    }
    (void)closedir(list);
    return found;
}
