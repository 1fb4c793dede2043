/* Claim 24: an empty or missing value is never delivered, because Spark takes an
 * empty file for "no password": no job starts with one, and a set that stands stays. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/site.h"

#define FULL "{\"user\": \"reader\", \"password\": \"a-password-of-its-own\"}"

static const struct lack {
    const char *what, *json, *said;
} lacks[] = {
    {"an empty field", "{\"user\": \"reader\", \"password\": \"\"}", "is empty"},
    {"a missing field", "{\"user\": \"reader\"}", "lacks the field"},
    {"a field that is null", "{\"user\": \"reader\", \"password\": null}", "lacks the field"},
};
#define LACKS (sizeof lacks / sizeof *lacks)

/* In a file of its own, and as one line of a file with others. */
static const char *const forms[] = {
    "deliver:\n  poll: 100ms\n  files:\n    value: {raw: \"${it.password}\"}\n",
    "deliver:\n  poll: 100ms\n  files:\n    value: {properties: {user: \"${it.user}\", "
    "password: \"${it.password}\"}}\n",
};
#define FORMS (sizeof forms / sizeof *forms)

static void refuse_to_start(const struct site *site, const char *what, const char *said) {
    static struct outcome got;
    char report[16];
    site_launch(site, NULL, &got);
    site_report(site, report, sizeof report);
    if (report[0] != '\0' || got.status != 125)
        claim_off("a job starts with %s (status %d)", what, got.status);
    if (strstr(got.err, said) == NULL)
        claim_off("%s is not said: %.300s", what, got.err);
}

static void refuse_to_keep(const struct site *site) {
    static struct outcome got;
    const char *words[] = {"strongbox", "set", "it", "--box", site->box, "--key", site->key, NULL};
    site_command(site, words, "", NULL, &got);
    if (got.status == 0)
        claim_off("the strongbox takes an empty value");
}

static void check_missing_secret(const struct site *site) {
    static struct outcome got;
    const char *words[] = {"strongbox", "rm", "it", "--box", site->box, "--key", site->key, NULL};
    site_command(site, words, NULL, NULL, &got);
    if (got.status != 0)
        claim_broken("a secret cannot be removed: %.300s", got.err);
    refuse_to_start(site, "a missing secret", "has no entry");
}

static void check_first_rounds(const struct site *site, size_t count) {
    for (size_t i = 0; i < count; i++) {
        site_store(site, lacks[i].json);
        refuse_to_start(site, lacks[i].what, lacks[i].said);
    }
}

/* The value of the set as a reader finds it; never without a byte. */
static void read_value(const char *set, char *ret, size_t size) {
    if (claim_read(claim_path(set, "current/value"), ret, size) == 0)
        claim_off("a file without a byte is delivered");
}

static void check_later_round(const struct site *site, const struct lack *lack) {
    char before[256], after[256];
    site_store(site, FULL);
    pid_t monitor = site_launch_waiting(site);
    const char *set = site_set(site);
    read_value(set, before, sizeof before);
    if (strstr(before, "a-password-of-its-own") == NULL)
        claim_broken("a whole secret is not delivered");
    site_store(site, lack->json);
    if (!site_says(site, lack->said) || !site_says(site, "the last good set stands"))
        claim_off("%s is not said while a set stands", lack->what);
    read_value(set, after, sizeof after);
    if (strcmp(before, after) != 0)
        claim_off("%s takes the place of the value that stands", lack->what);
    site_let_go(site, monitor);
}

int main(int argc, char **argv) {
    struct site site;
    site_begin(&site, argc, argv, job_hold_set);
    refuse_to_keep(&site);
    for (size_t i = 0; i < FORMS; i++) {
        site_configure(&site, forms[i]);
        check_first_rounds(&site, i == 0 ? LACKS : 1);
        check_later_round(&site, &lacks[i]);
    }
    check_missing_secret(&site);
    claim_settle("an empty field, a missing one, null and a missing secret, raw and as properties: "
                 "none started a job, and none replaced a value that stood");
}
