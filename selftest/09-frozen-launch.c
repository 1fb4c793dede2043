/* Claim 09: what was judged is what is launched: the properties that Spark gets
 * are sealed, and a file that changes after the verdict changes nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/site.h"

#define BEFORE "spark.app.name before-the-verdict\n"
#define AFTER  "spark.app.name after-the-verdict\n"

/* ---- In the job ---- */

static void try_to_change(const char *path) {
    int fd = open(path, O_RDWR | O_CLOEXEC);
    int inherited = atoi(strrchr(path, '/') + 1);
    const int fds[] = {fd, inherited};
    for (int i = 0; i < 2; i++) {
        if (fds[i] < 0)
            continue;
        if (pwrite(fds[i], "x", 1, 0) == 1)
            job_report("changed by write\n");
        if (ftruncate(fds[i], 0) == 0 || ftruncate(fds[i], 1 << 20) == 0)
            job_report("changed by ftruncate\n");
        if (mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0) != MAP_FAILED)
            job_report("changed by mmap\n");
        if (fcntl(fds[i], F_ADD_SEALS, 0) == 0)
            job_report("seals can be added\n");
    }
}

static void show(const char *path, const char *what) {
    static char text[65536];
    (void)claim_read(path, text, sizeof text);
    job_report("%s: %s\n", what,
               strstr(text, "after-the-verdict") != NULL    ? "after"
               : strstr(text, "before-the-verdict") != NULL ? "before"
                                                            : "neither");
}

static int job(int argc, char **argv) {
    const char *properties = NULL, *conf = getenv("SPARK_CONF_DIR");
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--properties-file") == 0)
            properties = argv[i + 1];
    const char *site = getenv("SELFTEST_SITE");
    claim_write(claim_path(claim_path(site, "conf"), "spark-defaults.conf"), AFTER);
    claim_write(claim_path(site, "job.conf"), AFTER);
    if (properties == NULL || conf == NULL)
        return 1;
    show(properties, "properties");
    show(claim_path(conf, "spark-defaults.conf"), "conf");
    try_to_change(properties);
    show(properties, "still");
    job_report("end\n");
    return 0;
}

/* ---- In the claim ---- */

static void check_report(const struct site *site, const struct outcome *got) {
    char report[4096];
    site_report(site, report, sizeof report);
    if (strstr(report, "end\n") == NULL)
        claim_broken("the job did not come to its end: %.300s", got->err);
    const char *changed = strstr(report, "changed by");
    if (changed != NULL)
        claim_off("the job's properties can be %.*s", (int)strcspn(changed, "\n"), changed);
    if (strstr(report, "seals can be added") != NULL)
        claim_off("the job's properties are not sealed against further seals");
    if (strstr(report, "properties: before\n") == NULL || strstr(report, "still: before\n") == NULL)
        claim_off("Spark gets properties that were written after the verdict");
    if (strstr(report, "conf: before\n") == NULL)
        claim_off("Spark gets a configuration directory that was changed after the verdict");
}

int main(int argc, char **argv) {
    static struct outcome got;
    char settings[1024];
    struct site site;
    if (job_is_me(argv))
        return job(argc, argv);
    claim_begin(argc, argv);
    (void)snprintf(settings, sizeof settings, "%s%s", strchr(site_safe, '\n') + 1, BEFORE);
    site_make(&site, settings);
    site_launch(&site, NULL, &got);
    check_report(&site, &got);
    const char *file = claim_path(site.path, "job.conf");
    claim_write(file, settings);
    const char *words[] = {"run",      "-c",           site.yaml,
                           "--",       "spark-submit", "--properties-file",
                           "job.conf", "job.py",       NULL};
    (void)unlink(claim_path(site.path, "report"));
    claim_write(claim_path(site.conf, "spark-defaults.conf"), settings);
    site_command(&site, words, NULL, NULL, &got);
    check_report(&site, &got);
    claim_settle("properties are sealed against write, truncation and mapping; files changed "
                 "after the verdict reached no job");
}
