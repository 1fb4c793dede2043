/* Claim 27: `require:` is obeyed: where a protection is missing that it names,
 * nothing starts; where it names none, what is missing is said. The kernel is made
 * to lack it by a filter that the claim puts on a child of its own. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/older.h"
#include "selftest/site.h"

static const struct lack {
    const char *name, *said;
    enum older older;
} lacks[] = {
    {"landlock", "off: landlock", OLDER_LANDLOCK},
    {"secret-memory", "degraded: secret-memory", OLDER_SECRET_MEMORY},
    {"seccomp", "off: seccomp", OLDER_SECCOMP},
};
#define LACKS (sizeof lacks / sizeof *lacks)

static bool has_started(const struct site *site, const char *set) {
    char report[16];
    site_report(site, report, sizeof report);
    return report[0] != '\0' || claim_exists(claim_path(set, "current/value"));
}

static void configure(const struct site *site, const char *set, const char *require) {
    char lines[640];
    (void)snprintf(lines, sizeof lines,
                   "deliver:\n  dir: %.300s\n  files:\n    value: {raw: \"${it}\"}\n"
                   "require: [%s]\n",
                   set, require);
    site_configure(site, lines);
}

static void run_command(const struct site *site, const char *command, struct outcome *ret) {
    const char *words[] = {command, "-c", site->yaml, NULL};
    if (strcmp(command, "run") == 0)
        site_launch(site, NULL, ret);
    else
        site_command(site, words, NULL, NULL, ret);
}

static void check_required(struct site *site, const struct lack *lack, const char *set) {
    static const struct {
        const char *name;
        int status;
    } commands[] = {{"run", 125}, {"init", 7}, {"sidecar", 7}};
    static struct outcome got;
    configure(site, set, lack->name);
    site->older = lack->older;
    for (size_t i = 0; i < 3; i++) {
        run_command(site, commands[i].name, &got);
        if (got.status != commands[i].status || has_started(site, set))
            claim_off("%s goes on without %s, which is required (status %d)", commands[i].name,
                      lack->name, got.status);
        if (strstr(got.err, "is required and") == NULL)
            claim_off("%s does not say that %s is required: %.200s", commands[i].name, lack->name,
                      got.err);
    }
}

static void check_told(struct site *site, const struct lack *lack) {
    static struct outcome got;
    char report[16];
    site_configure(site, "");
    site->older = lack->older;
    site_launch(site, NULL, &got);
    site_report(site, report, sizeof report);
    if (report[0] == '\0')
        claim_broken("without %s no job starts: %.300s", lack->name, got.err);
    if (strstr(got.err, lack->said) == NULL)
        claim_off("it is not said that %s is missing", lack->name);
}

int main(int argc, char **argv) {
    struct site site;
    site_begin(&site, argc, argv, job_tell_start);
    const char *set = claim_path(claim_memory_directory(), "set");
    for (size_t i = 0; i < LACKS; i++) {
        check_told(&site, &lacks[i]);
        check_required(&site, &lacks[i], set);
    }
    claim_settle("without Landlock, memfd_secret or seccomp a job starts and it is said which is "
                 "missing; required, it ends run with 125, init and sidecar with 7");
}
