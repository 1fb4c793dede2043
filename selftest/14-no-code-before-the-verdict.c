/* Claim 14: variables that make a shell or the loader run other code refuse the
 * launch before any shell is started. */
#include <stdio.h>
#include <string.h>

#include "selftest/claim.h"
#include "selftest/site.h"

static void refuse(const struct site *site, const char *variable, const char *rule) {
    static struct outcome got;
    char report[64];
    const char *variables[] = {variable, NULL};
    site_launch(site, variables, &got);
    site_report(site, report, sizeof report);
    if (claim_exists(claim_path(site->path, "ran")))
        claim_off("%.*s ran code before the verdict", (int)strcspn(variable, "="), variable);
    if (report[0] != '\0')
        claim_off("a job starts with %.*s", (int)strcspn(variable, "="), variable);
    if (got.status != 77 || strstr(got.err, rule) == NULL)
        claim_off("%.*s does not refuse the launch with %s (status %d)",
                  (int)strcspn(variable, "="), variable, rule, got.status);
}

int main(int argc, char **argv) {
    static struct outcome got;
    char text[1024], variable[512], report[64];
    struct site site;
    site_begin(&site, argc, argv, job_tell_start);
    const char *script = claim_path(site.path, "hostile.sh");
    (void)snprintf(text, sizeof text, ": > %s\n", claim_path(site.path, "ran"));
    claim_write(script, text);
    (void)snprintf(variable, sizeof variable, "BASH_ENV=%s", script);
    refuse(&site, variable, "ENV-SHELL-001");
    (void)snprintf(variable, sizeof variable, "ENV=%s", script);
    refuse(&site, variable, "ENV-SHELL-001");
    refuse(&site, "LD_LIBRARY_PATH=/nonexistent", "ENV-LOADER-001");
    (void)snprintf(variable, sizeof variable, "LD_DEBUG_OUTPUT=%s", script);
    refuse(&site, variable, "ENV-LOADER-001");
    /* Without them the same launch starts, and spark-env.sh does run. */
    claim_write(claim_path(site.conf, "spark-env.sh"), text);
    site_launch(&site, NULL, &got);
    site_report(&site, report, sizeof report);
    if (got.status != 0 || report[0] == '\0' || !claim_exists(claim_path(site.path, "ran")))
        claim_broken("not even a launch without them starts: %.300s", got.err);
    claim_settle("BASH_ENV, ENV, LD_LIBRARY_PATH and LD_DEBUG_OUTPUT each refuse the launch with "
                 "status 77; no shell had run");
}
