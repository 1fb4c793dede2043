/* Claim 16: a tracer that was attached before a role could close itself is
 * noticed, said, and ends the launch where no-tracer is required. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/role.h"
#include "selftest/site.h"

/* What the launcher, a traced child, leaves for the claim. */
struct shared {
    volatile bool traced;
    struct outcome got;
};

/* Traces a process and all that it starts, until none is left. */
static void trace(pid_t first, struct shared *shared) {
    const long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                         PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    int status;
    pid_t pid;
    claim_need(ptrace(PTRACE_SEIZE, first, NULL, options) == 0, "trace a child");
    shared->traced = true;
    while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (pid <= 0 || !WIFSTOPPED(status))
            continue;
        /* A stop with an event is the tracer's own; any other signal is theirs. */
        long number = status >> 16 != 0 ? 0 : WSTOPSIG(status);
        (void)ptrace(PTRACE_CONT, pid, NULL, number);
    }
}

/* `arrestor run`, every process of it traced from its first instruction on. */
static struct outcome *launch_traced(const struct site *site) {
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    claim_need(shared != MAP_FAILED, "share memory");
    pid_t pid = claim_fork();
    if (pid == 0) {
        while (!shared->traced)
            (void)usleep(1000);
        site_launch(site, NULL, &shared->got);
        _exit(0);
    }
    trace(pid, shared);
    return &shared->got;
}

static void check_role(enum role role) {
    struct waiting_role alone = role_start_real(role, false);
    if (alone.fence.state[PROTECTION_NO_TRACER] != STATE_ON)
        claim_broken("the role %s takes itself for traced without a tracer", role_name(role));
    role_end(&alone);
    struct waiting_role traced = role_start_real(role, true);
    if (traced.fence.state[PROTECTION_NO_TRACER] != STATE_DEGRADED)
        claim_off("the role %s does not notice its tracer", role_name(role));
    role_end(&traced);
}

static void check_launch(void) {
    char report[64];
    struct site site;
    site_make(&site, site_safe);
    struct outcome *got = launch_traced(&site);
    if (got->status != 0 || strstr(got->err, "no-tracer") == NULL)
        claim_off("a traced launch is not told of (status %d): %.200s", got->status, got->err);
    site_configure(&site, "require: [no-tracer]\n");
    got = launch_traced(&site);
    site_report(&site, report, sizeof report);
    if (got->status != 125 || report[0] != '\0')
        claim_off("a traced launch starts although no-tracer is required (status %d)", got->status);
}

int main(int argc, char **argv) {
    if (job_is_me(argv)) {
        job_report("started\n");
        return 0;
    }
    unsigned roles = 0;
    claim_begin(argc, argv);
    for (int i = 0; i < ROLES; i++)
        if (role_is_spawned((enum role)i)) {
            check_role((enum role)i);
            roles++;
        }
    check_launch();
    claim_settle("each of %u roles notices a tracer; a traced launch says so, and with require: "
                 "[no-tracer] does not start",
                 roles);
}
