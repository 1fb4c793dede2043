/* Claim 12: the job inherits no sandbox, no descriptor but its sealed properties,
 * no variable that arrestor itself used, and nothing of the store. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/site.h"

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Fields of /proc/PID/status that the job must have as its caller has them. */
static const char *const fields[] = {"NoNewPrivs", "Seccomp", "Uid",    "Gid",
                                     "Groups",     "CapInh",  "CapPrm", "CapEff",
                                     "CapBnd",     "CapAmb",  "SigBlk"};
#define FIELDS (sizeof fields / sizeof *fields)

/* ---- In the job ---- */

static void report_descriptors(void) {
    DIR *list = opendir("/proc/self/fd");
    const struct dirent *entry;
    unsigned count = 0, sealed = 0;
    if (list == NULL)
        return;
    while ((entry = readdir(list)) != NULL) {
        int fd = entry->d_name[0] == '.' ? -1 : atoi(entry->d_name);
        if (fd < 3 || fd == dirfd(list))
            continue;
        count++;
        int seals = fcntl(fd, F_GET_SEALS);
        sealed += seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS;
    }
    (void)closedir(list);
    job_report("descriptors %u sealed %u\n", count, sealed);
}

static int job(void) {
    extern char **environ;
    char value[512];
    for (size_t i = 0; i < FIELDS; i++)
        if (claim_status_field(0, fields[i], value, sizeof value))
            job_report("%s %s\n", fields[i], value);
    for (char **entry = environ; *entry != NULL; entry++)
        if (strncmp(*entry, "ARRESTOR_", 9) == 0 && strncmp(*entry, "ARRESTOR_DIR=", 13) != 0)
            job_report("variable %.*s\n", (int)strcspn(*entry, "="), *entry);
    report_descriptors();
    /* Landlock leaves no trace in /proc. */
    if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 || open("/", O_RDONLY | O_CLOEXEC) < 0)
        job_report("files are closed: %s\n", strerror(errno));
    job_report("dumpable %d\nend\n", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    return 0;
}

/* ---- In the claim ---- */

static void check_fields(const char *report) {
    char value[512], line[640];
    for (size_t i = 0; i < FIELDS; i++) {
        if (!claim_status_field(0, fields[i], value, sizeof value))
            continue;
        (void)snprintf(line, sizeof line, "%s %s\n", fields[i], value);
        if (strstr(report, line) == NULL)
            claim_off("the job does not have the %s of its caller", fields[i]);
    }
}

int main(int argc, char **argv) {
    static struct outcome got;
    char report[8192], box[512], key[512];
    struct site site;
    if (job_is_me(argv))
        return job();
    claim_begin(argc, argv);
    site_make(&site, site_safe);
    (void)snprintf(box, sizeof box, "ARRESTOR_STRONGBOX=%s", site.box);
    (void)snprintf(key, sizeof key, "ARRESTOR_STRONGBOX_KEY=%s", site.key);
    const char *variables[] = {box, key, NULL};
    site_launch(&site, variables, &got);
    site_report(&site, report, sizeof report);
    if (strstr(report, "end\n") == NULL)
        claim_broken("the job did not come to its end: %.300s", got.err);
    check_fields(report);
    if (strstr(report, "variable ") != NULL)
        claim_off("the job has a variable of arrestor's: %.100s", strstr(report, "variable "));
    if (strstr(report, "descriptors 1 sealed 1\n") == NULL)
        claim_off("the job inherits more than its sealed properties");
    if (strstr(report, "files are closed") != NULL)
        claim_off("the job is held by a sandbox of arrestor's");
    claim_settle("the job has its caller's identity, capabilities, filters and signal mask, one "
                 "sealed descriptor, and no variable of arrestor's but ARRESTOR_DIR");
}
