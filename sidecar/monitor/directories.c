#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sidecar/base/file.h"
#include "sidecar/base/number.h"
#include "sidecar/base/text.h"
#include "sidecar/base/wipe.h"
#include "sidecar/monitor/monitor.h"

/* A set's own directory is PREFIX and 16 random hex digits; state and frozen
 * launch lie beside it with a suffix. It is live while monitor holds a lock on
 * it; what is not locked belongs to a dead monitor and is wiped by the next. */
#define ID_DIGITS 16

static const char *const suffixes[DIRECTORIES] = {"", ".state", ".launch"};

/* Where sets may lie, in this order: the first on tmpfs that can be written. */
struct base {
    char parent[LIMIT_PATH];
    char prefix[32];
};

static bool is_memory(int fd) {
    struct statfs fs;
    return fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static int open_directory(int parent, const char *name) {
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Opens base/arrestor, making it where base is tmpfs. */
static int open_parent(const char *base, const char *name) {
    int top = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0 || !is_memory(top)) {
        if (top >= 0)
            (void)close(top);
        return -1;
    }
    if (name[0] == '\0')
        return top;
    (void)mkdirat(top, name, 0711);
    int parent = open_directory(top, name);
    struct stat st;
    if (parent >= 0 && (fstat(parent, &st) != 0 || st.st_uid != geteuid() || !is_memory(parent))) {
        (void)close(parent);
        parent = -1;
    }
    (void)close(top);
    return parent;
}

/* Which bases there are. `runtime`: beneath $XDG_RUNTIME_DIR; `shared`: others
 * make files there too, so that our names say whose they are. */
static const struct {
    const char *top;
    bool runtime, shared;
} bases[] = {{.top = "/run"}, {.runtime = true}, {.top = "/dev/shm", .shared = true}};
#define BASES (sizeof bases / sizeof *bases)

/* Fills base number `index`; -1 where it cannot be had. */
static int open_base(struct monitor *m, size_t index, struct base *base) {
    const char *top = bases[index].runtime ? environment_get(m->environment, "XDG_RUNTIME_DIR")
                                           : bases[index].top;
    const char *below = bases[index].shared ? "" : "/arrestor";
    if (top == NULL || top[0] != '/')
        return -1;
    int length = snprintf(base->parent, sizeof base->parent, "%s%s", top, below);
    if (length < 0 || (size_t)length >= sizeof base->parent - 80)
        return -1;
    base->prefix[0] = '\0';
    if (bases[index].shared)
        (void)snprintf(base->prefix, sizeof base->prefix, "arrestor-%u-", (unsigned)geteuid());
    return open_parent(top, bases[index].shared ? "" : "arrestor");
}

/* Whether name is PREFIX + 16 hex digits, and nothing else. */
static bool is_set_name(const char *name, const char *prefix) {
    size_t length = strlen(prefix);
    return strncmp(name, prefix, length) == 0 && strlen(name) == length + ID_DIGITS &&
           strspn(name + length, "0123456789abcdef") == ID_DIGITS;
}

/* Opens a directory if it is ours: others may have made one of such a name; -1. */
static int open_ours(int parent, const char *name, const struct identity *identity) {
    struct stat st;
    int fd = open_directory(parent, name);
    if (fd >= 0 && fstat(fd, &st) == 0 &&
        (st.st_uid == geteuid() || (identity->drops && st.st_uid == identity->service_uid)))
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* As open_ours, and takes its lock, if nobody holds it; -1. */
static int lock_dead(int parent, const char *name, const struct identity *identity) {
    int fd = open_ours(parent, name, identity);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

/* Wipes a directory and the first `count` that lie beside it by their suffixes, of
 * which the first is none, if nobody holds its lock. */
static void wipe_dead(int parent, const char *name, int count, const struct identity *identity) {
    char beside[LIMIT_PATH];
    int fd = lock_dead(parent, name, identity);
    if (fd < 0)
        return;
    for (int i = count - 1; i >= 0; i--) {
        (void)snprintf(beside, sizeof beside, "%.200s%s", name, suffixes[i]);
        int inside = open_ours(parent, beside, identity);
        if (inside < 0)
            continue;
        (void)wipe_contents(inside, true);
        (void)unlinkat(parent, beside, AT_REMOVEDIR);
        (void)close(inside);
    }
    monitor_say("removed what an arrestor that died had left: %s", name);
    (void)close(fd);
}

/* Whether name lies beside a set that is not there: `deliver:` named another. */
static bool is_alone(int parent, const char *name, const char *prefix) {
    struct stat st;
    char set[LIMIT_PATH];
    for (int i = 0; i < DIRECTORIES; i++) {
        if (suffixes[i][0] == '\0' || !text_ends(name, suffixes[i]))
            continue;
        (void)snprintf(set, sizeof set, "%.*s", (int)(strlen(name) - strlen(suffixes[i])), name);
        return is_set_name(set, prefix) && fstatat(parent, set, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
               errno == ENOENT;
    }
    return false;
}

static void clean_base(int parent, const char *prefix, const struct identity *identity) {
    DIR *list = file_list(parent);
    const struct dirent *entry;
    if (list == NULL)
        return;
    while ((entry = readdir(list)) != NULL)
        if (is_set_name(entry->d_name, prefix))
            wipe_dead(parent, entry->d_name, DIRECTORIES, identity);
        else if (is_alone(parent, entry->d_name, prefix))
            wipe_dead(parent, entry->d_name, 1, identity);
    (void)closedir(list);
}

/* Owner, group and mode by role: the set and the launch are read by the job's
 * group, the state by nobody but the service. */
static int give_directory(int fd, enum directory_role role, const struct identity *identity) {
    if (!identity->drops)
        return fchmod(fd, 0700);
    bool job_reads = role != DIRECTORY_STATE;
    if (fchown(fd, identity->service_uid, job_reads ? identity->job_gid : identity->service_gid) !=
        0)
        return -1;
    return fchmod(fd, job_reads ? 02750 : 0700);
}

static int make_directory(struct memory_directory *directory, int parent, const char *base,
                          const char *name, enum directory_role role,
                          const struct identity *identity) {
    if (mkdirat(parent, name, 0700) != 0)
        return -1;
    int fd = open_directory(parent, name), copy = fcntl(parent, F_DUPFD_CLOEXEC, 0);
    if (fd < 0 || copy < 0 || give_directory(fd, role, identity) != 0) {
        int saved = errno;
        if (fd >= 0)
            (void)close(fd);
        if (copy >= 0)
            (void)close(copy);
        (void)unlinkat(parent, name, AT_REMOVEDIR);
        errno = saved;
        return -1;
    }
    *directory = (struct memory_directory){.fd = fd, .parent = copy, .made = true};
    (void)snprintf(directory->name, sizeof directory->name, "%s", name);
    (void)snprintf(directory->path, sizeof directory->path, "%.170s/%.80s", base, name);
    return 0;
}

/* Whether its name still leads to it: a neighbour that took it for dead before it was
 * locked, or a sweep, may have removed it. */
static bool is_still_there(const struct memory_directory *directory) {
    struct stat by_fd, by_name;
    return fstat(directory->fd, &by_fd) == 0 &&
           fstatat(directory->parent, directory->name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
           by_fd.st_ino == by_name.st_ino;
}

/* Takes the lock of a directory that was just made; else another ID is tried. */
static bool lock_directory(const struct memory_directory *directory) {
    return flock(directory->fd, LOCK_EX | LOCK_NB) == 0 && is_still_there(directory);
}

/* A sidecar has no launch to freeze. */
static bool is_needed(const struct monitor *m, enum directory_role role) {
    return role != DIRECTORY_LAUNCH || m->kind == KIND_RUN;
}

static int make_in_base(struct monitor *m, int parent, const struct base *base) {
    unsigned long long id;
    char name[LIMIT_PATH];
    if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
        return -1;
    for (int role = 0; role < DIRECTORIES; role++) {
        if (!is_needed(m, (enum directory_role)role))
            continue;
        (void)snprintf(name, sizeof name, "%s%016llx%s", base->prefix, id, suffixes[role]);
        if (make_directory(&m->directories[role], parent, base->parent, name,
                           (enum directory_role)role, &m->identity) != 0)
            return -1;
        if (!lock_directory(&m->directories[role]))
            return -1;
    }
    return 0;
}

/* The roles of a monitor that was killed may hold its lock a moment longer. */
#define LOCK_TRIES    50
#define LOCK_PAUSE_MS 20

static bool take_lock(const struct memory_directory *directory) {
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(directory->fd, LOCK_EX | LOCK_NB) == 0)
            return is_still_there(directory);
        (void)poll(NULL, 0, LOCK_PAUSE_MS);
    }
    return false;
}

static int refuse_named(const char *path, const char *why, const char *todo, struct error *err) {
    error_set(err, ERROR_NO_TMPFS, "%s", why);
    error_at(err, path, 0, 0);
    return error_todo(err, "%s", todo);
}

/* Everything that must hold before anything in it is touched. */
static int check_named(const struct memory_directory *directory, const struct identity *identity,
                       struct error *err) {
    const char *path = directory->path;
    if (!is_memory(directory->fd))
        return refuse_named(path, "is not on tmpfs or ramfs: a value would reach a disk",
                            "mount a tmpfs there, or name another directory", err);
    if (trust_directory(identity, directory, err) != 0)
        return -1;
    if (!trust_contents(directory->fd))
        return refuse_named(path, "holds what is not arrestor's, and all of it would be removed",
                            "name an empty directory, or one that is not there yet", err);
    return take_lock(directory)
               ? 0
               : refuse_named(path, "another arrestor delivers there",
                              "end that one first, or name another directory", err);
}

static int prepare_named(const struct monitor *m, const struct memory_directory *directory,
                         enum directory_role role, struct error *err) {
    if (check_named(directory, &m->identity, err) != 0)
        return -1;
    /* The sweep of an earlier one sees so that it has a successor. */
    (void)futimens(directory->fd, NULL);
    /* A sidecar goes on from what an earlier one has left; `run` begins anew. */
    if (!directory->made && m->kind == KIND_RUN && wipe_contents(directory->fd, true) != 0)
        return error_system(err, ERROR_NO_TMPFS, "%s cannot be emptied", directory->path);
    if ((directory->made || m->identity.drops) &&
        give_directory(directory->fd, role, &m->identity) != 0)
        return error_system(err, ERROR_NO_TMPFS, "%s cannot be given to the service user",
                            directory->path);
    return 0;
}

/* A directory that arrestor.yaml names: made if missing, on tmpfs, locked. It counts as
 * ours, to be wiped in the end, only once all is well. */
static int open_named(struct monitor *m, enum directory_role role, const char *path,
                      struct error *err) {
    struct memory_directory named = {.fd = -1};
    const char *slash = strrchr(path, '/');
    char above[LIMIT_PATH] = "/";
    if (slash != path)
        (void)snprintf(above, sizeof above, "%.*s", (int)(slash - path), path);
    named.parent = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    named.made = named.parent >= 0 && mkdirat(named.parent, slash + 1, 0700) == 0;
    named.fd = named.parent < 0 ? -1 : open_directory(named.parent, slash + 1);
    (void)snprintf(named.path, sizeof named.path, "%s", path);
    (void)snprintf(named.name, sizeof named.name, "%s", slash + 1);
    if (named.fd < 0) {
        error_system(err, ERROR_NO_TMPFS, "cannot be opened or made, and no link is followed");
        error_at(err, path, 0, 0);
        (void)error_todo(err, "name a directory that is not there yet, in one on tmpfs that you "
                              "may write to");
    } else if (prepare_named(m, &named, role, err) == 0) {
        m->directories[role] = named;
        return 0;
    }
    if (named.made)
        (void)unlinkat(named.parent, named.name, AT_REMOVEDIR);
    if (named.fd >= 0)
        (void)close(named.fd);
    if (named.parent >= 0)
        (void)close(named.parent);
    return -1;
}

/* Replaces what was made under the default rule by what the file names. */
static int apply_named(struct monitor *m, enum directory_role role, const char *path,
                       struct error *err) {
    struct memory_directory *directory = &m->directories[role], made = *directory;
    if (path[0] == '\0')
        return 0;
    if (open_named(m, role, path, err) != 0)
        return -1;
    if (made.fd < 0)
        return 0;
    (void)unlinkat(made.parent, made.name, AT_REMOVEDIR);
    (void)close(made.fd);
    (void)close(made.parent);
    return 0;
}

/* In the first base that can be had, after what the dead have left there. */
static int make_by_default(struct monitor *m) {
    struct base base;
    int result = -1;
    for (size_t i = 0; i < BASES && result != 0; i++) {
        int parent = open_base(m, i, &base);
        if (parent < 0)
            continue;
        clean_base(parent, base.prefix, &m->identity);
        for (int tries = 0; tries < 3 && result != 0; tries++) {
            result = make_in_base(m, parent, &base);
            if (result != 0)
                directories_remove(m);
        }
        (void)close(parent);
    }
    return result;
}

int directories_make(struct monitor *m, struct error *err) {
    bool named = m->setup.dir[0] != '\0' && m->setup.state[0] != '\0' && m->kind != KIND_RUN;
    if (!named && make_by_default(m) != 0) {
        error_set(err, ERROR_NO_TMPFS,
                  "no directory on tmpfs can be made in /run/arrestor, "
                  "$XDG_RUNTIME_DIR/arrestor or /dev/shm");
        return error_todo(err, "mount a tmpfs and name it in deliver.dir of arrestor.yaml");
    }
    if (apply_named(m, DIRECTORY_SET, m->setup.dir, err) != 0 ||
        apply_named(m, DIRECTORY_STATE, m->setup.state, err) != 0)
        return -1;
    /* A sidecar's state holds the raw values and the token. */
    uint8_t set = swap_state_of(m->directories[DIRECTORY_SET].fd);
    uint8_t state = swap_state_of(m->directories[DIRECTORY_STATE].fd);
    m->worst.state[PROTECTION_UNSWAPPABLE] = set < state ? set : state;
    return 0;
}

/* Number of the generation that `current` in a directory of place's names, or 0. */
static uint64_t read_current(int top, char target[32]) {
    uint64_t number = 0;
    ssize_t length = top < 0 ? -1 : readlinkat(top, "current", target, 31);
    target[length < 0 ? 0 : length] = '\0';
    return text_starts(target, "g-") && number_parse(target + 2, LIMIT_GENERATION, &number) == 0
               ? number
               : 0;
}

/* place owns the tree, and is not believed: no link of its making is followed. */
int directories_open_state(const struct monitor *m, const char *name) {
    char target[32];
    struct stat st;
    int top = m->directories[DIRECTORY_STATE].fd;
    int generation = read_current(top, target) == 0
                         ? -1
                         : openat(top, target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (generation < 0)
        return -1;
    int fd = openat(generation, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    (void)close(generation);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

uint64_t directories_generation(const struct monitor *m) {
    char target[32];
    return read_current(m->directories[DIRECTORY_SET].fd, target);
}

int directories_reopen(const struct monitor *m, enum directory_role role) {
    int fd = m->directories[role].fd;
    return fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void let_go(struct memory_directory *directory) {
    (void)close(directory->fd);
    (void)close(directory->parent);
    directory->fd = directory->parent = -1;
}

void directories_leave(struct monitor *m) {
    /* Nobody would find it again under its random name. */
    struct memory_directory *state = &m->directories[DIRECTORY_STATE];
    if (state->fd >= 0 && m->setup.state[0] == '\0' && wipe_contents(state->fd, true) == 0)
        (void)unlinkat(state->parent, state->name, AT_REMOVEDIR);
    for (int i = 0; i < DIRECTORIES; i++)
        if (m->directories[i].fd >= 0)
            let_go(&m->directories[i]);
}

void directories_remove(struct monitor *m) {
    for (int i = DIRECTORIES - 1; i >= 0; i--) {
        struct memory_directory *directory = &m->directories[i];
        if (directory->fd < 0)
            continue;
        if (wipe_contents(directory->fd, true) != 0 && errno != ENOENT)
            monitor_say("something stays in %s: %s", directory->path, strerror(errno));
        if (directory->made && unlinkat(directory->parent, directory->name, AT_REMOVEDIR) != 0 &&
            errno != ENOENT)
            monitor_say("%s stays: %s", directory->path, strerror(errno));
        let_go(directory);
    }
}
