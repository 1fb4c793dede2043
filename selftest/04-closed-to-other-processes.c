/* Claim 04: a process of the same user can neither read the memory and the
 * environment of a role or of monitor, nor trace it; and none leaves a core. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/role.h"
#include "selftest/site.h"

static bool can_open(pid_t pid, const char *name) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static bool can_copy(pid_t pid) {
    static char here[16];
    struct iovec local = {here, sizeof here}, remote = {here, sizeof here};
    ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
    return got >= 0 || errno == EFAULT; /* no such address, but the right to look */
}

static bool can_trace(pid_t pid) {
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0)
        return false;
    (void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
    return true;
}

/* One bit per way that is open to a process of the target's user. */
static int attack(pid_t target, uid_t uid) {
    pid_t pid = claim_fork();
    if (pid == 0) {
        role_become(uid);
        _exit(can_open(target, "mem") | can_open(target, "environ") << 1 |
              can_open(target, "maps") << 2 | can_copy(target) << 3 | can_trace(target) << 4);
    }
    int status = claim_wait(pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 70)
        claim_broken("no process could be started to look at another");
    return WEXITSTATUS(status);
}

static const char *const ways[] = {"mem", "environ", "maps", "process_vm_readv", "ptrace"};

static void hold(pid_t pid, uid_t uid, const char *who) {
    int open_ways = attack(pid, uid);
    for (int i = 0; i < 5; i++)
        if ((open_ways >> i & 1) != 0)
            claim_off("%s of %s is open to a process of the same user", ways[i], who);
}

static void check_core(pid_t pid, const char *who) {
    char path[64], text[4096];
    (void)snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
    (void)claim_read(path, text, sizeof text);
    const char *line = strstr(text, "Max core file size");
    unsigned long soft = 1, hard = 1;
    if (line == NULL ||
        sscanf(line + strlen("Max core file size"), " %lu %lu", &soft, &hard) != 2 || soft != 0 ||
        hard != 0)
        claim_off("%s may leave a core", who);
}

/* An open process of that user is seen by the same attack, in every way. */
static void check_attack(uid_t uid) {
    pid_t pid = role_neighbour(uid);
    int open_ways = attack(pid, uid);
    claim_end(pid);
    /* Where Yama keeps memory and ptrace from everybody, these two remain. */
    if ((open_ways & 6) != 6)
        claim_broken("not even an open process of uid %u can be looked at here", (unsigned)uid);
}

static void check_role(enum role role) {
    struct waiting_role started = role_start_real(role, false);
    char who[64];
    (void)snprintf(who, sizeof who, "the role %s", role_name(role));
    hold(started.pid, role_uid(role), who);
    check_core(started.pid, who);
    role_end(&started);
}

static void check_monitor(void) {
    struct site site;
    pid_t children[32];
    site_make(&site, site_safe);
    pid_t monitor = site_launch_waiting(&site);
    size_t count = site_children(monitor, children, 32), seen = 0;
    /* Root's own processes can look at root's monitor: root is no boundary. */
    if (geteuid() != 0)
        hold(monitor, geteuid(), "monitor");
    for (size_t i = 0; i < count; i++)
        if (site_is_role(children[i], "warden") || site_is_role(children[i], "sweep")) {
            hold(children[i], role_uid(ROLE_WARDEN), "a role of a running job");
            seen++;
        }
    if (seen < 2)
        claim_broken("a running job has neither warden nor sweep");
    site_let_go(&site, monitor);
}

int main(int argc, char **argv) {
    if (job_is_me(argv)) {
        job_wait();
        return 0;
    }
    claim_begin(argc, argv);
    claim_need_sight();
    check_attack(role_uid(ROLE_FETCH));
    for (int i = 0; i < ROLES; i++)
        if (role_is_spawned((enum role)i))
            check_role((enum role)i);
    check_monitor();
    claim_settle("memory, environment and maps of each role%s are closed to its own user, ptrace "
                 "is refused, and no core is left",
                 geteuid() == 0 ? "" : " and of monitor");
}
