/* Claim 19: the processes that live as long as the job (monitor, warden, sweep)
 * remember no value of the store, neither while the set stands nor after a renewal. */
#include <string.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/memory.h"
#include "selftest/site.h"

static const char *const resting[] = {"monitor", "warden", "sweep"};
#define RESTING (sizeof resting / sizeof *resting)

static pid_t find_resting(pid_t monitor, const char *name) {
    pid_t pid = strcmp(name, "monitor") == 0 ? monitor : site_role(monitor, name);
    if (pid == 0)
        claim_broken("a running job has no %s", name);
    return pid;
}

/* The job reads its set: there the search must find the value. */
static void check_job(pid_t monitor, const struct needles *needles) {
    pid_t children[32];
    size_t count = site_children(monitor, children, 32);
    for (size_t i = 0; i < count; i++)
        if (!site_is_role(children[i], "warden") && !site_is_role(children[i], "sweep") &&
            memory_find(children[i], needles) > 0)
            return;
    claim_broken("the value is not even found in the job, which holds it");
}

static void search_all(pid_t monitor, const char *value, const char *when) {
    struct needles needles;
    memory_needles(value, strlen(value), &needles);
    for (size_t i = 0; i < RESTING; i++) {
        int found = memory_find(find_resting(monitor, resting[i]), &needles);
        if (found > 0)
            claim_off("%s remembers a value %s %s", resting[i], memory_form(found), when);
        if (found < 0)
            claim_weaken("only root can search the memory of %s; to uid %u it is closed (04)",
                         resting[i], (unsigned)geteuid());
    }
}

int main(int argc, char **argv) {
    struct site site;
    struct needles needles;
    site_begin(&site, argc, argv, job_hold_set);
    site_configure(&site, site_lively);
    const char *first = site.secret, *second = claim_canary();
    memory_needles(first, strlen(first), &needles);
    memory_check_search(&needles);
    pid_t monitor = site_launch_waiting(&site);
    check_job(monitor, &needles);
    search_all(monitor, first, "while its set stands");
    site_rotate(&site, second);
    search_all(monitor, first, "after its renewal");
    search_all(monitor, second, "after a renewal");
    site_let_go(&site, monitor);
    claim_settle("all readable memory of monitor, warden and sweep searched for two values, whole, "
                 "by halves, in hex and base64, before and after a renewal: not there");
}
