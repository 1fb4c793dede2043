/* Claim 23: a round that fails leaves the set that stands, byte for byte, and says
 * what is wrong. Afterwards arrestor goes on. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/site.h"

#define LARGE 100000 /* more than LIMIT_FILE_BYTES */

/* A launch whose set stands, and what stands. */
struct standing {
    const struct site *site;
    pid_t monitor;
    const char *set;
};

static void damage_box(const struct standing *on) {
    const char *kept = claim_path(on->site->path, "kept.box");
    claim_need(rename(on->site->box, kept) == 0, "move a strongbox away");
    claim_write(on->site->box, "this is no strongbox");
}

static void remove_box(const struct standing *on) {
    const char *kept = claim_path(on->site->path, "kept.box");
    claim_need(rename(on->site->box, kept) == 0, "move a strongbox away");
}

static void restore_box(const struct standing *on) {
    const char *kept = claim_path(on->site->path, "kept.box");
    claim_need(rename(kept, on->site->box) == 0, "put a strongbox back");
}

static void close_directory(const struct standing *on) {
    struct stat st;
    claim_need(stat(on->set, &st) == 0 && chmod(on->set, st.st_mode & 07577) == 0,
               "make a directory read-only");
    site_store(on->site, claim_canary());
}

static void open_directory(const struct standing *on) {
    struct stat st;
    claim_need(stat(on->set, &st) == 0 && chmod(on->set, (st.st_mode & 07777) | 0200) == 0,
               "make a directory writable");
}

/* The roles inherit it: no file that they make may be larger, none of memory either. */
static void limit_files(const struct standing *on, rlim_t limit) {
    struct rlimit had, limits;
    claim_need(prlimit(on->monitor, RLIMIT_FSIZE, NULL, &had) == 0, "look at a limit");
    limits = (struct rlimit){.rlim_cur = limit < had.rlim_max ? limit : had.rlim_max,
                             .rlim_max = had.rlim_max};
    claim_need(prlimit(on->monitor, RLIMIT_FSIZE, &limits, NULL) == 0, "set a limit");
}

static void store_too_much(const struct standing *on) {
    char *value = malloc(LARGE + 1);
    claim_need(value != NULL, "find memory");
    memset(value, 'x', LARGE);
    value[LARGE] = '\0';
    limit_files(on, LARGE / 2);
    site_store(on->site, value);
    free(value);
}

static void lift_limit(const struct standing *on) {
    limit_files(on, RLIM_INFINITY);
}

static const struct fault {
    const char *what, *said;
    void (*happen)(const struct standing *on);
    void (*mend)(const struct standing *on);
} faults[] = {
    {"a damaged strongbox", "the strongbox is damaged", damage_box, restore_box},
    {"a strongbox that is gone", "there is no strongbox", remove_box, restore_box},
    {"a directory that cannot be written", "cannot be written", close_directory, open_directory},
    {"a limit on the size of files", "ended", store_too_much, lift_limit},
};
#define FAULTS (sizeof faults / sizeof *faults)

/* Everything that a reader sees of a set. */
struct seen {
    char target[64], value[512];
    size_t length;
    ino_t inode;
};

static struct seen look(const struct standing *on) {
    const char *link = claim_path(on->set, "current"), *value = claim_path(link, "value");
    struct seen seen;
    struct stat st;
    memset(&seen, 0, sizeof seen);
    if (readlink(link, seen.target, sizeof seen.target - 1) <= 0 || stat(value, &st) != 0)
        claim_off("a round that fails takes the set away");
    seen.inode = st.st_ino;
    seen.length = claim_read(value, seen.value, sizeof seen.value);
    return seen;
}

static void try_fault(const struct site *site, const struct fault *fault) {
    struct standing on = {.site = site, .monitor = site_launch_waiting(site)};
    char text[400];
    on.set = site_set(site);
    struct seen before = look(&on);
    fault->happen(&on);
    bool said = site_says(site, fault->said);
    struct seen after = look(&on);
    if (memcmp(&before, &after, sizeof before) != 0)
        claim_off("%s changes the set", fault->what);
    site_said(site, text, sizeof text);
    if (!said)
        claim_off("%s is not said: %.200s", fault->what, text);
    fault->mend(&on);
    site_rotate(site, claim_canary());
    site_let_go(site, on.monitor);
}

int main(int argc, char **argv) {
    struct site site;
    site_begin(&site, argc, argv, job_hold_set);
    site_configure(&site, site_lively);
    for (size_t i = 0; i < FAULTS; i++)
        try_fault(&site, &faults[i]);
    claim_settle("a damaged strongbox, one that is gone, a directory that cannot be written, a "
                 "limit on files: each was said and left the set as it was; mended, the next "
                 "value came");
}
