/* Claim 25: set, state and frozen launch are closed to other users, whatever the
 * umask of the caller: by owner, group and mode, and, as root, tried as another user. */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/role.h"
#include "selftest/site.h"

#define STRANGER 65533u /* neither root nor who serves */
#define PATHS    64

/* What lies where the set is. One process is one claim. */
static struct {
    char *paths[PATHS];
    size_t count;
    struct stat stats[PATHS];
} found;

static int note_path(const char *path, const struct stat *st, int kind, struct FTW *walk) {
    (void)kind;
    (void)walk;
    if (found.count == PATHS)
        return -1;
    found.paths[found.count] = strdup(path);
    found.stats[found.count] = *st;
    return found.paths[found.count++] == NULL ? -1 : 0;
}

static void find_paths(const char *top) {
    if (nftw(top, note_path, 8, FTW_PHYS) != 0)
        claim_broken("%s cannot be listed", top);
}

/* Modes of what lies in a directory of ours: of its directories, of its files. */
struct modes {
    const char *suffix;
    mode_t directory, file;
};

static const struct modes alone[] = {{"", 0700, 0400}, {".state", 0700, 0400}};
static const struct modes shared[] = {{"", 02750, 0440}, {".state", 0700, 0400}};

/* Started as root, the job's group reads the set. */
static void check_modes(const char *set, const struct modes *wanted) {
    uid_t owner = role_uid(ROLE_PLACE);
    bool groups = wanted->directory != 0700;
    found.count = 0;
    find_paths(claim_path(set, "."));
    for (size_t i = 0; i < found.count; i++) {
        const struct stat *st = &found.stats[i];
        mode_t mode = S_ISDIR(st->st_mode) ? wanted->directory : wanted->file;
        if (S_ISLNK(st->st_mode))
            continue;
        if ((st->st_mode & 07777) != mode)
            claim_off("%s has mode %04o instead of %04o", found.paths[i],
                      (unsigned)(st->st_mode & 07777), (unsigned)mode);
        if (st->st_uid != owner || (groups && st->st_gid != getegid()))
            claim_off("%s belongs to uid %u and gid %u", found.paths[i], (unsigned)st->st_uid,
                      (unsigned)st->st_gid);
    }
    if (found.count < 4)
        claim_broken("a set of %zu paths is none", found.count);
}

/* In a process of another user: how many of the paths open. */
static int open_all(void) {
    int opened = 0;
    role_become(STRANGER);
    for (size_t i = 0; i < found.count; i++) {
        int fd = open(found.paths[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        struct stat st;
        opened += fd >= 0 || lstat(found.paths[i], &st) == 0;
    }
    return opened;
}

/* The three tops can be seen in the directory that they lie in; nothing in them. */
static void try_as_stranger(const char *set) {
    static const char *const suffixes[] = {"", ".state", ".launch"};
    char path[4096];
    found.count = 0;
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s%s/.", set, suffixes[i]);
        find_paths(path);
    }
    pid_t pid = claim_fork();
    if (pid == 0)
        _exit(open_all());
    int status = claim_wait(pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 70)
        claim_broken("no process of another user could be started");
    if (WEXITSTATUS(status) != 0)
        claim_off("%d of %zu paths of a set are open to uid %u", WEXITSTATUS(status), found.count,
                  STRANGER);
}

int main(int argc, char **argv) {
    struct site site;
    char path[4096];
    site_begin(&site, argc, argv, job_hold_set);
    mode_t mask = umask(0);
    pid_t monitor = site_launch_waiting(&site);
    (void)umask(mask);
    const char *set = site_set(&site);
    bool drops = confine_can_drop();
    const struct modes *wanted = drops ? shared : alone;
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s%s", set, wanted[i].suffix);
        check_modes(path, &wanted[i]);
    }
    if (drops)
        try_as_stranger(set);
    site_let_go(&site, monitor);
    claim_settle(drops ? "directories 2750 and 0700, files 0440 and 0400 whatever the umask; as "
                         "uid %u nothing of set, state and frozen launch opens"
                       : "directories 0700 and files 0400 of uid %u, whatever the umask",
                 drops ? STRANGER : (unsigned)geteuid());
}
