/* Claim 16: a tracer that was attached before a role could close itself is
 * noticed, said, and ends the launch where no-tracer is required. */
#include <string.h>

#include "selftest/claim.h"
#include "selftest/role.h"
#include "selftest/site.h"
#include "selftest/watch.h"

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
    const struct outcome *got = watch_launch(&site, NULL, NULL, NULL);
    if (got->status != 0 || strstr(got->err, "no-tracer") == NULL)
        claim_off("a traced launch is not told of (status %d): %.200s", got->status, got->err);
    site_configure(&site, "require: [no-tracer]\n");
    got = watch_launch(&site, NULL, NULL, NULL);
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
