#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/monitor/monitor.h"

void monitor_make(struct monitor *m, enum monitor_kind kind, const struct invocation *call) {
    *m = (struct monitor){.kind = kind,
                          .arena = arena_make(LIMIT_ARENA_BYTES),
                          .environment = call->environment,
                          .argv = call->rest,
                          .argc = call->rest_count,
                          .status_path = command_value(call, "status-file"),
                          .signals = -1,
                          .config = -1,
                          .arguments = -1,
                          .recorded = -1,
                          .merged = -1,
                          .conf = -1,
                          .store_environment = -1,
                          .token = -1,
                          .passphrase = -1};
    (void)sigemptyset(&m->caller_ignored);
    for (int i = 0; i < DIRECTORIES; i++)
        m->directories[i].fd = m->directories[i].parent = -1;
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++)
        m->children[i].channel.fd = -1;
}

/* An ignored SIGCHLD is as inherited as any other, and the kernel would then reap
 * our children itself: nobody would hear of their end. */
static int take_over_signals(struct monitor *m, struct error *err) {
    static const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    sigset_t ours;
    (void)sigemptyset(&ours);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction before;
        (void)sigaddset(&ours, numbers[i]);
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
            (void)sigaddset(&m->caller_ignored, numbers[i]);
    }
    if (sigprocmask(SIG_BLOCK, &ours, &m->caller_mask) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot block signals");
    if (signal(SIGPIPE, SIG_IGN) == SIG_IGN)
        (void)sigaddset(&m->caller_ignored, SIGPIPE);
    (void)signal(SIGCHLD, SIG_DFL);
    m->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    return m->signals < 0 ? error_system(err, ERROR_SYSTEM, "cannot receive signals") : 0;
}

/* arrestor-fetch lies beside us, or where `make install` puts it. */
static void find_fetch(struct monitor *m) {
    static const char *const places[] = {"", "/../libexec/arrestor"};
    char self[LIMIT_PATH], path[2 * LIMIT_PATH];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length < 0 ? 0 : length] = '\0';
    const char *slash = strrchr(self, '/');
    for (size_t i = 0; slash != NULL && i < sizeof places / sizeof *places; i++) {
        (void)snprintf(path, sizeof path, "%.*s%s/arrestor-fetch", (int)(slash - self), self,
                       places[i]);
        if (access(path, X_OK) != 0)
            continue;
        m->fetch_path = arena_text(&m->arena, path, strlen(path));
        return;
    }
}

static int check_proc(struct error *err) {
    if (access("/proc/self/exe", X_OK) == 0)
        return 0;
    error_set(err, ERROR_SYSTEM, "/proc is not there");
    return error_todo(err, "mount it: arrestor starts its roles through /proc/self/exe");
}

/* Else a role would end without a word, while its descriptors are put in their places. */
static int check_descriptors(struct error *err) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= LIMIT_DESCRIPTORS)
        return 0;
    error_set(err, ERROR_SYSTEM, "only %llu files may be open at once; arrestor needs %d",
              (unsigned long long)limit.rlim_cur, LIMIT_DESCRIPTORS);
    return error_todo(err, "ulimit -n 1024");
}

int monitor_start(struct monitor *m, const struct invocation *call, struct error *err) {
    m->config_path = command_config(call);
    /* What we make has a mode of its own, whatever the caller's umask takes away. */
    m->caller_umask = umask(S_IWGRP | S_IWOTH);
    find_fetch(m);
    if (check_proc(err) != 0 || check_descriptors(err) != 0 || confine_monitor(err) != 0 ||
        take_over_signals(m, err) != 0 || (m->kind != KIND_RUN && confine_childless(err) != 0))
        return -1;
    if (m->config_path != NULL && (m->config = credentials_seal_config(m, err)) < 0)
        return -1;
    return credentials_take(m, call, err) != 0 || identity_fill(m, err) != 0 ||
                   keep_start_warden(m, err) != 0
               ? -1
               : 0;
}
