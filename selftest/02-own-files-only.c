/* Claim 02: judge, warden and both fetch open no file at all; dial those that the
 * resolver reads, to read them; place, sweep and tool none but those beneath the
 * directories that they were given. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/role.h"
#include "sidecar/base/limits.h"
#include "sidecar/dial/resolver_paths.h"

/* A directory that the role is given, and one beside it that has the same owner,
 * so that file permissions hinder nothing. */
struct ground {
    const char *own, *outside;
    int own_fd, outside_fd;
    uid_t uid;
};

static void give(const char *path, uid_t uid) {
    if (uid != geteuid())
        claim_need(chown(path, uid, uid) == 0, "give a file away");
}

static struct ground make_ground(uid_t uid) {
    const char *top = claim_memory_directory();
    struct ground ground = {claim_path(top, "own"), claim_path(top, "outside"), -1, -1, uid};
    claim_need(chmod(top, 0711) == 0 && mkdir(ground.own, 0700) == 0 &&
                   mkdir(ground.outside, 0700) == 0,
               "make directories");
    claim_write(claim_path(ground.own, "mine"), "mine");
    claim_write(claim_path(ground.outside, "theirs"), "theirs");
    claim_need(symlink(claim_path(ground.outside, "theirs"), claim_path(ground.own, "link")) == 0,
               "make a link");
    give(claim_path(ground.own, "mine"), uid);
    give(claim_path(ground.outside, "theirs"), uid);
    give(ground.own, uid);
    give(ground.outside, uid);
    ground.own_fd = open(ground.own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ground.outside_fd = open(ground.outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    claim_need(ground.own_fd >= 0 && ground.outside_fd >= 0, "open directories");
    return ground;
}

static long read_passwd(const void *context) {
    (void)context;
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static long list_root(const void *context) {
    (void)context;
    return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static long read_outside(const void *context) {
    const struct ground *ground = context;
    return openat(AT_FDCWD, claim_path(ground->outside, "theirs"), O_RDONLY | O_CLOEXEC);
}

static long write_outside(const void *context) {
    const struct ground *ground = context;
    return openat(AT_FDCWD, claim_path(ground->outside, "theirs"), O_WRONLY | O_CLOEXEC);
}

static long empty_outside(const void *context) {
    const struct ground *ground = context;
    return openat(AT_FDCWD, claim_path(ground->outside, "theirs"), O_WRONLY | O_TRUNC | O_CLOEXEC);
}

static long make_outside(const void *context) {
    const struct ground *ground = context;
    return openat(AT_FDCWD, claim_path(ground->outside, "new"), O_WRONLY | O_CREAT | O_CLOEXEC,
                  0600);
}

static long read_by_descriptor(const void *context) {
    const struct ground *ground = context;
    return openat(ground->outside_fd, "theirs", O_RDONLY | O_CLOEXEC);
}

static long read_by_dots(const void *context) {
    const struct ground *ground = context;
    return openat(ground->own_fd, "../outside/theirs", O_RDONLY | O_CLOEXEC);
}

static long read_by_link(const void *context) {
    const struct ground *ground = context;
    return openat(ground->own_fd, "link", O_RDONLY | O_CLOEXEC);
}

static long link_in(const void *context) {
    const struct ground *ground = context;
    return linkat(ground->outside_fd, "theirs", ground->own_fd, "linked", 0);
}

static long rename_in(const void *context) {
    const struct ground *ground = context;
    return renameat(ground->outside_fd, "theirs", ground->own_fd, "moved");
}

static long rename_out(const void *context) {
    const struct ground *ground = context;
    return renameat(ground->own_fd, "mine", ground->outside_fd, "mine");
}

static long remove_outside(const void *context) {
    const struct ground *ground = context;
    return unlinkat(ground->outside_fd, "theirs", 0);
}

static long make_directory_outside(const void *context) {
    const struct ground *ground = context;
    return mkdirat(ground->outside_fd, "new", 0700);
}

static long make_link_outside(const void *context) {
    const struct ground *ground = context;
    return symlinkat("theirs", ground->outside_fd, "new");
}

static const struct way {
    const char *what;
    long (*act)(const void *context);
} ways[] = {
    {"reads /etc/passwd", read_passwd},
    {"opens /", list_root},
    {"reads a file outside", read_outside},
    {"writes a file outside", write_outside},
    {"empties a file outside", empty_outside},
    {"makes a file outside", make_outside},
    {"reads outside through a descriptor", read_by_descriptor},
    {"reads outside through ..", read_by_dots},
    {"reads outside through a symbolic link", read_by_link},
    {"links a file of outside", link_in},
    {"renames a file of outside", rename_in},
    {"renames a file to outside", rename_out},
    {"removes a file outside", remove_outside},
    {"makes a directory outside", make_directory_outside},
    {"makes a link outside", make_link_outside},
};
#define WAYS (sizeof ways / sizeof *ways)

static long open_mine(const void *context) {
    const struct ground *ground = context;
    return openat(ground->own_fd, "mine", O_RDWR | O_CLOEXEC);
}

static long write_mine(const void *context) {
    const struct ground *ground = context;
    return openat(ground->own_fd, "mine", O_WRONLY | O_CLOEXEC);
}

static bool went_through(const struct attempt *attempt) {
    return attempt->signal == 0 && attempt->result >= 0;
}

static void hold(enum role role, const struct attempt *attempt, const char *what) {
    if (!went_through(attempt))
        return;
    if (attempt->protections.state[PROTECTION_LANDLOCK] == STATE_ON)
        claim_off("the role %s %s", role_name(role), what);
    claim_weaken(attempt->protections.state[PROTECTION_LANDLOCK] == STATE_DEGRADED
                     ? "Landlock here is older than version 3: place can empty a file that it may "
                       "only read"
                     : "no Landlock: place, sweep, tool and dial are held by file permissions only "
                       "(judge, warden and fetch by seccomp; dial cannot write)");
}

/* The attempt that must succeed: without it, a role that can do nothing at all
 * would pass. Sweep wipes and never reads. */
static void try_own(enum role role, const struct confine_path *path, const struct ground *ground) {
    struct attempt wrote = role_try(role, path, 1, write_mine, ground);
    struct attempt opened = role_try(role, path, 1, open_mine, ground);
    if (!went_through(&wrote) || (role != ROLE_SWEEP && !went_through(&opened)))
        claim_broken("the role %s cannot open its own file", role_name(role));
    if (role == ROLE_SWEEP)
        hold(role, &opened, "reads what it only wipes");
}

static long empty_mine(const void *context) {
    const struct ground *ground = context;
    return openat(ground->own_fd, "mine", O_RDONLY | O_TRUNC | O_CLOEXEC);
}

/* Place reads the frozen launch, and must leave it as it is. */
static void try_only_read(void) {
    struct ground ground = make_ground(role_uid(ROLE_PLACE));
    struct confine_path path = {ground.own_fd, REACH_READ};
    struct attempt wrote = role_try(ROLE_PLACE, &path, 1, write_mine, &ground);
    hold(ROLE_PLACE, &wrote, "writes what it may only read");
    struct attempt emptied = role_try(ROLE_PLACE, &path, 1, empty_mine, &ground);
    hold(ROLE_PLACE, &emptied, "empties what it may only read");
    (void)close(ground.own_fd);
    (void)close(ground.outside_fd);
}

static void try_with_directory(enum role role, enum reach reach) {
    struct ground ground = make_ground(role_uid(role));
    struct confine_path path = {ground.own_fd, reach};
    try_own(role, &path, &ground);
    for (size_t i = 0; i < WAYS; i++) {
        struct attempt attempt = role_try(role, &path, 1, ways[i].act, &ground);
        hold(role, &attempt, ways[i].what);
    }
    (void)close(ground.own_fd);
    (void)close(ground.outside_fd);
}

static void try_without(enum role role) {
    struct ground ground = make_ground(role_uid(role));
    for (size_t i = 0; i < WAYS; i++) {
        struct attempt attempt = role_try(role, NULL, 0, ways[i].act, &ground);
        if (went_through(&attempt))
            claim_off("the role %s %s", role_name(role), ways[i].what);
    }
    struct attempt own = role_try(role, NULL, 0, write_mine, &ground);
    if (went_through(&own))
        claim_off("the role %s opens a file", role_name(role));
}

static long read_hosts(const void *context) {
    (void)context;
    return open("/etc/hosts", O_RDONLY | O_CLOEXEC);
}

static long write_hosts(const void *context) {
    (void)context;
    return open("/etc/hosts", O_RDWR | O_CLOEXEC);
}

static void try_dial(void) {
    struct confine_path paths[LIMIT_RESOLVER_PATHS];
    size_t count = resolver_paths_open(paths);
    struct ground ground = make_ground(role_uid(ROLE_DIAL));
    struct attempt hosts = role_try(ROLE_DIAL, paths, count, read_hosts, NULL);
    if (access("/etc/hosts", R_OK) == 0 && !went_through(&hosts))
        claim_broken("the role dial cannot read /etc/hosts");
    for (size_t i = 0; i < WAYS; i++) {
        struct attempt attempt = role_try(ROLE_DIAL, paths, count, ways[i].act, &ground);
        hold(ROLE_DIAL, &attempt, ways[i].what);
    }
    /* By the filter, with or without Landlock. */
    long (*const writes[])(const void *) = {write_hosts, write_mine, write_outside, make_outside};
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        struct attempt attempt = role_try(ROLE_DIAL, paths, count, writes[i], &ground);
        if (attempt.signal == 0 && (attempt.result >= 0 || attempt.error != ENOSYS))
            claim_off("the filter of the role dial lets it open a file for writing");
    }
    (void)close(ground.own_fd);
    (void)close(ground.outside_fd);
}

int main(int argc, char **argv) {
    claim_begin(argc, argv);
    try_without(ROLE_JUDGE);
    try_without(ROLE_WARDEN);
    try_without(ROLE_FETCH);
    try_without(ROLE_FETCH_NET);
    try_dial();
    try_with_directory(ROLE_PLACE, REACH_PUBLISH);
    try_only_read();
    try_with_directory(ROLE_SWEEP, REACH_WIPE);
    try_with_directory(ROLE_TOOL, REACH_PUBLISH);
    claim_settle("%zu ways tried in 8 roles: judge, warden and both fetch open no file; dial reads "
                 "those of the resolver; place, sweep and tool open none outside their "
                 "directories, by path, link, rename or descriptor",
                 WAYS);
}
