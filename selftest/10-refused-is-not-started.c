/* Claim 10: a launch that the policy refuses ends with status 77, nothing of it
 * was started, and no secret was fetched. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/site.h"

static void refuse(const struct site *site, struct outcome *got) {
    char report[16];
    site_launch(site, NULL, got);
    site_report(site, report, sizeof report);
    if (report[0] != '\0')
        claim_off("a launch with a secret key in plain text starts");
    if (got->status != 77)
        claim_off("a refused launch ends with status %d instead of 77", got->status);
    const char *last = strstr(got->err, "launch refused");
    if (last == NULL || strstr(last, "PLAINTEXT-") == NULL)
        claim_off("a refused launch does not name the rule");
}

int main(int argc, char **argv) {
    static struct outcome got;
    char settings[1024], report[16];
    struct site site;
    site_begin(&site, argc, argv, job_tell_start);
    site_launch(&site, NULL, &got);
    site_report(&site, report, sizeof report);
    if (got.status != 0 || report[0] == '\0')
        claim_broken("not even a safe launch starts: %.300s", got.err);
    claim_need(unlink(claim_path(site.path, "report")) == 0, "forget a launch");
    (void)snprintf(settings, sizeof settings, "%sspark.hadoop.fs.s3a.secret.key %s\n", site_safe,
                   claim_canary());
    claim_write(claim_path(site.conf, "spark-defaults.conf"), settings);
    refuse(&site, &got);
    /* Were the box missed, the status would be 125. */
    claim_need(unlink(site.box) == 0, "take the box away");
    refuse(&site, &got);
    claim_settle("a launch with a secret key in plain text: status 77, the job not started, the "
                 "strongbox not opened");
}
