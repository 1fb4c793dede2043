/* Claim 13: when monitor is killed, what stands in the set, the state and the frozen
 * launch is removed within seconds, and no role stays. */
#include <stdio.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/site.h"

#define ROLES_SEEN 2

struct traces {
    char set[4096];
    pid_t roles[ROLES_SEEN];
};

static bool is_gone(const void *context) {
    static const char *const suffixes[] = {"", ".state", ".launch"};
    const struct traces *traces = context;
    char path[4200];
    for (int i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s%s", traces->set, suffixes[i]);
        if (!claim_is_bare(path))
            return false;
    }
    for (size_t i = 0; i < ROLES_SEEN; i++)
        if (claim_status_field(traces->roles[i], "State", path, sizeof path) && path[0] != 'Z')
            return false;
    return true;
}

static void find_traces(const struct site *site, pid_t monitor, struct traces *traces) {
    static const char *const roles[ROLES_SEEN] = {"warden", "sweep"};
    char state[4200];
    (void)snprintf(traces->set, sizeof traces->set, "%s", site_set(site));
    (void)snprintf(state, sizeof state, "%s.state", traces->set);
    if (!claim_exists(traces->set) || !claim_exists(state))
        claim_broken("the set is not where the job was told");
    for (size_t i = 0; i < ROLES_SEEN; i++)
        if ((traces->roles[i] = site_role(monitor, roles[i])) == 0)
            claim_broken("a running job has neither warden nor sweep");
}

int main(int argc, char **argv) {
    static struct traces traces;
    struct site site;
    if (job_is_me(argv))
        return job_hold_set();
    claim_begin(argc, argv);
    claim_need_sight();
    site_make(&site, site_safe);
    pid_t monitor = site_launch_waiting(&site);
    find_traces(&site, monitor, &traces);
    claim_end(monitor);
    bool gone = claim_becomes(is_gone, &traces, 5000);
    claim_write(claim_path(site.path, "go"), "");
    if (!gone)
        claim_off("5 s after monitor was killed something of the set or a role is still there");
    claim_settle("monitor killed with SIGKILL: set, state and frozen launch removed, warden and "
                 "sweep gone");
}
