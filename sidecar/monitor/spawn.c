#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/file.h"
#include "sidecar/confine/drop.h"
#include "sidecar/confine/role_start.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/monitor/monitor.h"

/* Above every slot and what the job is given: no more, because there may be a limit of
 * 64 open files. */
#define SPARE_FD (LAUNCH_FD + LAUNCH_FDS)
_Static_assert(SPARE_FD >= SLOT_FIRST + LIMIT_ROLE_SLOTS, "copies lie above every slot");

void spawn_clear_slots(int fds[SLOTS]) {
    for (int i = 0; i < SLOTS; i++)
        fds[i] = -1;
}

/* Puts the slots' descriptors at 3, 4, … and closes everything else. Copies go
 * above first, because a source may lie where another slot will. */
static int arrange_slots(const enum slot *slots, const int fds[SLOTS]) {
    int spare[LIMIT_ROLE_SLOTS], count = 0;
    for (; count < LIMIT_ROLE_SLOTS && slots[count] != SLOT_NONE; count++) {
        int fd = fds[slots[count]];
        spare[count] = fd < 0 ? -1 : fcntl(fd, F_DUPFD, SPARE_FD);
        if (fd >= 0 && spare[count] < 0)
            return -1;
    }
    for (int i = 0; i < count; i++)
        if (spare[i] < 0 ? close(SLOT_FIRST + i) != 0 && errno != EBADF
                         : dup2(spare[i], SLOT_FIRST + i) < 0)
            return -1;
    return file_close_range((unsigned)(SLOT_FIRST + count), ~0u);
}

static int arrange_standard(void) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return -1;
    /* A role reads nothing from the caller, and what it says goes to stderr. */
    int failed = dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0;
    (void)close(null);
    return failed ? -1 : 0;
}

/* Where there is too little memory, a round ends, and not the job or those who can
 * start the next one. As root only: monitor is non-dumpable, and what stands in /proc
 * of such a process is root's. */
static void offer_first(void) {
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t written = write(fd, "1000", 4);
    (void)written;
    (void)close(fd);
}

static void exec_role(const struct monitor *m, enum role role, const int fds[SLOTS]) {
    char uid[16], gid[16], name[16], word[] = "role", program[] = "arrestor";
    bool drops = m->identity.drops && role_table[role].identity == IDENTITY_SERVICE;
    (void)snprintf(name, sizeof name, "%s", role_table[role].name);
    (void)snprintf(uid, sizeof uid, drops ? "%u" : "-", (unsigned)m->identity.service_uid);
    (void)snprintf(gid, sizeof gid, drops ? "%u" : "-", (unsigned)m->identity.service_gid);
    char *argv[] = {program, word, name, uid, gid, NULL}, *environment[3] = {NULL};
    size_t count = 0;
    for (char **e = m->environment; *e != NULL && count < 2; e++)
        if (strncmp(*e, "TERM=", 5) == 0 || strncmp(*e, "NO_COLOR=", 9) == 0)
            environment[count++] = *e;
    sigset_t none;
    (void)sigemptyset(&none);
    if (spawn_is_of_round(role))
        offer_first();
    /* Its own group: what the terminal sends is for the job. */
    if (sigprocmask(SIG_SETMASK, &none, NULL) == 0 && setpgid(0, 0) == 0 &&
        arrange_standard() == 0 && arrange_slots(role_table[role].slots, fds) == 0)
        (void)execve(role_table[role].program != NULL ? m->fetch_path : "/proc/self/exe", argv,
                     environment);
    monitor_say("%s could not be started: %s", role_name(role), strerror(errno));
    _exit(error_status(ERROR_SYSTEM));
}

static struct child *free_child(struct monitor *m) {
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++)
        if (m->children[i].pid == 0)
            return &m->children[i];
    return NULL;
}

static int refuse_fork(const char *what, struct error *err) {
    bool limited = errno == EAGAIN;
    (void)error_system(err, ERROR_SYSTEM, "cannot start %s", what);
    return limited ? error_todo(err, "allow more processes: pids.max of the control group "
                                     "(--pids-limit), or ulimit -u of this user")
                   : -1;
}

struct child *spawn_role(struct monitor *m, enum role role, const int fds[SLOTS],
                         struct error *err) {
    struct child *child = free_child(m);
    int pair[2], slots[SLOTS];
    if (child == NULL) {
        (void)error_set(err, ERROR_INTERNAL, "too many processes at once");
        return NULL;
    }
    if (channel_pair(pair, err) != 0)
        return NULL;
    memcpy(slots, fds, sizeof slots);
    slots[SLOT_CHANNEL] = pair[1];
    pid_t pid = fork();
    if (pid == 0)
        exec_role(m, role, slots);
    if (pid < 0)
        (void)refuse_fork(role_name(role), err);
    (void)close(pair[1]);
    if (pid < 0) {
        (void)close(pair[0]);
        return NULL;
    }
    *child =
        (struct child){.pid = pid,
                       .role = role,
                       .round = m->round.number,
                       .channel = {.fd = pair[0], .self = PARTY_MONITOR, .peer = role_party(role)}};
    return child;
}

/* Puts the job's descriptors at LAUNCH_FD, … and closes everything else but 0, 1
 * and 2. */
static int arrange_kept(const int keep[LAUNCH_FDS]) {
    int spare[LAUNCH_FDS];
    for (int i = 0; i < LAUNCH_FDS; i++) {
        spare[i] = keep[i] < 0 ? -1 : fcntl(keep[i], F_DUPFD, SPARE_FD);
        if (keep[i] >= 0 && spare[i] < 0)
            return -1;
    }
    for (int i = 0; i < LAUNCH_FDS; i++)
        if (spare[i] < 0 ? close(LAUNCH_FD + i) != 0 && errno != EBADF
                         : dup2(spare[i], LAUNCH_FD + i) < 0)
            return -1;
    return file_close_range(3, LAUNCH_FD - 1) != 0 ? -1
                                                   : file_close_range(LAUNCH_FD + LAUNCH_FDS, ~0u);
}

/* Exit statuses as env(1) has them. */
static void exec_job(const struct monitor *m, const char *path, char *const *argv,
                     char *const *environment, const int keep[LAUNCH_FDS]) {
    const struct identity *identity = &m->identity;
    if (arrange_kept(keep) != 0)
        _exit(125);
    if (identity->job_changes && drop_to_job(identity->job_uid, identity->job_gid,
                                             identity->job_groups, identity->job_group_count) != 0)
        _exit(125);
    (void)umask(m->caller_umask);
    (void)signal(SIGPIPE, sigismember(&m->caller_ignored, SIGPIPE) == 1 ? SIG_IGN : SIG_DFL);
    (void)signal(SIGCHLD, sigismember(&m->caller_ignored, SIGCHLD) == 1 ? SIG_IGN : SIG_DFL);
    if (sigprocmask(SIG_SETMASK, &m->caller_mask, NULL) != 0)
        _exit(125);
    (void)execve(path, argv, environment);
    _exit(errno == ENOENT ? 127 : 126);
}

pid_t spawn_job(struct monitor *m, const char *path, char *const *argv, char *const *environment,
                const int keep[LAUNCH_FDS], struct error *err) {
    pid_t pid = fork();
    if (pid == 0)
        exec_job(m, path, argv, environment, keep);
    return pid < 0 ? refuse_fork(path, err) : pid;
}

struct child *spawn_get(struct monitor *m, pid_t pid) {
    for (size_t i = 0; pid != 0 && i < LIMIT_MANAGED_CHILDREN; i++)
        if (m->children[i].pid == pid && m->children[i].channel.fd >= 0)
            return &m->children[i];
    return NULL;
}

struct child *spawn_find(struct monitor *m, enum role role) {
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++)
        if (m->children[i].pid != 0 && m->children[i].role == role &&
            m->children[i].channel.fd >= 0)
            return &m->children[i];
    return NULL;
}

bool spawn_is_alive(const struct monitor *m, enum role role) {
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++)
        if (m->children[i].pid != 0 && (role == ROLES || m->children[i].role == role))
            return true;
    return false;
}

bool spawn_is_of_round(enum role role) {
    return role == ROLE_DIAL || role == ROLE_FETCH || role == ROLE_FETCH_NET || role == ROLE_PLACE;
}

void spawn_hang_up(struct child *child) {
    if (child != NULL && child->channel.fd >= 0) {
        (void)close(child->channel.fd);
        child->channel.fd = -1;
    }
}

void spawn_tell(struct child *child, const struct message *message, int fd) {
    struct error err;
    if (child == NULL || channel_send(&child->channel, message, fd, &err) == 0)
        return;
    if (err.code != ERROR_CHILD) /* else it has ended, and that is said */
        monitor_say("%s is ended: %s", role_name(child->role), err.what);
    spawn_hang_up(child);
}
