#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

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

/* Fills base number `index`; -1 beyond the last or where it cannot be had. */
static int open_base(struct monitor *m, size_t index, struct base *base) {
    const char *runtime = environment_get(m->environment, "XDG_RUNTIME_DIR");
    const char *top = index == 0 ? "/run" : index == 1 ? runtime : "/dev/shm";
    const char *below = index < 2 ? "arrestor" : "";
    if (top == NULL || top[0] != '/')
        return -1;
    int length = snprintf(base->parent, sizeof base->parent, "%s%s%s", top,
                          below[0] != '\0' ? "/" : "", below);
    if (length < 0 || (size_t)length >= sizeof base->parent - 80)
        return -1;
    if (index < 2)
        base->prefix[0] = '\0';
    else
        (void)snprintf(base->prefix, sizeof base->prefix, "arrestor-%u-", (unsigned)geteuid());
    return open_parent(top, below);
}

/* Whether name is PREFIX + 16 hex digits, and nothing else. */
static bool is_set_name(const char *name, const char *prefix) {
    size_t length = strlen(prefix);
    return strncmp(name, prefix, length) == 0 && strlen(name) == length + ID_DIGITS &&
           strspn(name + length, "0123456789abcdef") == ID_DIGITS;
}

/* Wipes a set and what lies beside it, if nobody holds its lock. */
static void wipe_dead(int parent, const char *name, const struct identity *identity) {
    struct stat st;
    char beside[LIMIT_PATH];
    int fd = open_directory(parent, name);
    if (fd < 0)
        return;
    bool ours = fstat(fd, &st) == 0 &&
                (st.st_uid == geteuid() || (identity->drops && st.st_uid == identity->service_uid));
    if (ours && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        for (int i = DIRECTORIES - 1; i >= 0; i--) {
            (void)snprintf(beside, sizeof beside, "%.200s%s", name, suffixes[i]);
            (void)wipe_directory(parent, beside, true);
        }
        monitor_say("removed what an arrestor that died had left: %s", name);
    }
    (void)close(fd);
}

static void clean_base(int parent, const char *prefix, const struct identity *identity) {
    int copy = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (list == NULL) {
        if (copy >= 0)
            (void)close(copy);
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(list)) != NULL)
        if (is_set_name(entry->d_name, prefix))
            wipe_dead(parent, entry->d_name, identity);
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

/* Takes the lock of a directory that was just made. A neighbour may have taken
 * it for dead before the lock: then its name is gone, and another ID is tried. */
static bool lock_directory(const struct memory_directory *directory) {
    struct stat by_fd, by_name;
    return flock(directory->fd, LOCK_EX | LOCK_NB) == 0 && fstat(directory->fd, &by_fd) == 0 &&
           fstatat(directory->parent, directory->name, &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
           by_fd.st_ino == by_name.st_ino;
}

static int make_in_base(struct monitor *m, int parent, const struct base *base) {
    unsigned long long id;
    char name[LIMIT_PATH];
    if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
        return -1;
    for (int role = 0; role < DIRECTORIES; role++) {
        (void)snprintf(name, sizeof name, "%s%016llx%s", base->prefix, id, suffixes[role]);
        if (make_directory(&m->directories[role], parent, base->parent, name,
                           (enum directory_role)role, &m->identity) != 0)
            return -1;
        if (role == DIRECTORY_SET && !lock_directory(&m->directories[role]))
            return -1;
    }
    return 0;
}

/* A directory that arrestor.yaml names: made if missing, locked, on tmpfs. */
static int open_named(struct monitor *m, enum directory_role role, const char *path,
                      struct error *err) {
    struct memory_directory *directory = &m->directories[role];
    const char *slash = strrchr(path, '/');
    char above[LIMIT_PATH] = "/";
    if (slash != path)
        (void)snprintf(above, sizeof above, "%.*s", (int)(slash - path), path);
    int parent = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool made = parent >= 0 && mkdirat(parent, slash + 1, 0700) == 0;
    int fd = parent < 0 ? -1 : open_directory(parent, slash + 1);
    if (fd < 0) {
        error_system(err, ERROR_NO_TMPFS, "cannot be opened or made");
        return error_at(err, path, 0, 0);
    }
    *directory = (struct memory_directory){.fd = fd, .parent = parent, .made = made};
    (void)snprintf(directory->path, sizeof directory->path, "%s", path);
    (void)snprintf(directory->name, sizeof directory->name, "%s", slash + 1);
    if (!is_memory(fd)) {
        error_set(err, ERROR_NO_TMPFS, "is not on tmpfs or ramfs: a value would reach a disk");
        error_at(err, path, 0, 0);
        return error_todo(err, "mount a tmpfs there, or leave deliver.%s out",
                          role == DIRECTORY_SET ? "dir" : "state");
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        error_set(err, ERROR_NO_TMPFS, "another arrestor delivers there");
        return error_at(err, path, 0, 0);
    }
    /* What a dead one left is not ours to resume in `run`. */
    if (!made && wipe_contents(fd, true) != 0)
        return error_system(err, ERROR_NO_TMPFS, "%s cannot be emptied", path);
    if ((made || m->identity.drops) && give_directory(fd, role, &m->identity) != 0)
        return error_system(err, ERROR_NO_TMPFS, "%s cannot be given to the service user", path);
    return 0;
}

/* Replaces what was made under the default rule by what the file names. */
static int apply_named(struct monitor *m, enum directory_role role, const char *path,
                       struct error *err) {
    struct memory_directory *directory = &m->directories[role], made = *directory;
    if (path[0] == '\0')
        return 0;
    if (open_named(m, role, path, err) != 0)
        return -1;
    (void)unlinkat(made.parent, made.name, AT_REMOVEDIR);
    (void)close(made.fd);
    (void)close(made.parent);
    return 0;
}

/* Reads a file of /proc into text; its length, 0 where it cannot be read. */
static size_t read_proc(const char *path, char *text, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t used = 0;
    ssize_t got = fd < 0 ? 0 : 1;
    while (got > 0 && used < size - 1) {
        got = read(fd, text + used, size - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        (void)close(fd);
    text[used] = '\0';
    return used;
}

/* Whether the filesystem of fd is mounted with `noswap` (Linux 6.4). */
static bool is_noswap(int fd) {
    static char mounts[LIMIT_MOUNTS];
    char device[32];
    struct stat st;
    if (fstat(fd, &st) != 0 || read_proc("/proc/self/mountinfo", mounts, sizeof mounts) == 0)
        return false;
    (void)snprintf(device, sizeof device, " %u:%u ", major(st.st_dev), minor(st.st_dev));
    const char *line = strstr(mounts, device);
    const char *option = line == NULL ? NULL : strstr(line, "noswap");
    return option != NULL && option < line + strcspn(line, "\n");
}

/* /proc/swaps is a heading and one line for each area. */
static uint8_t swap_state(int fd) {
    char swaps[1024];
    struct statfs fs;
    if (fstatfs(fd, &fs) == 0 && fs.f_type == RAMFS_MAGIC)
        return STATE_ON;
    const char *end =
        read_proc("/proc/swaps", swaps, sizeof swaps) > 0 ? strchr(swaps, '\n') : NULL;
    bool has_none = end != NULL && end[1] == '\0';
    return has_none || is_noswap(fd) ? STATE_ON : STATE_DEGRADED;
}

int directories_make(struct monitor *m, struct error *err) {
    struct base base;
    int result = -1;
    for (size_t i = 0; i < 3 && result != 0; i++) {
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
    if (result != 0) {
        error_set(err, ERROR_NO_TMPFS,
                  "no directory on tmpfs can be made in /run/arrestor, "
                  "$XDG_RUNTIME_DIR/arrestor or /dev/shm");
        return error_todo(err, "mount a tmpfs and name it in deliver.dir of arrestor.yaml");
    }
    m->worst.state[PROTECTION_UNSWAPPABLE] = swap_state(m->directories[DIRECTORY_SET].fd);
    return apply_named(m, DIRECTORY_SET, m->setup.dir, err) != 0 ||
                   apply_named(m, DIRECTORY_STATE, m->setup.state, err) != 0
               ? -1
               : 0;
}

int directories_open_leases(const struct monitor *m) {
    char set[32] = "", state[32] = "";
    int top = m->directories[DIRECTORY_STATE].fd;
    if (top < 0 ||
        readlinkat(m->directories[DIRECTORY_SET].fd, "current", set, sizeof set - 1) <= 0 ||
        readlinkat(top, "current", state, sizeof state - 1) <= 0 || strcmp(set, state) != 0)
        return -1;
    return openat(top, "current/leases", O_RDONLY | O_CLOEXEC);
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
        (void)close(directory->fd);
        (void)close(directory->parent);
        directory->fd = directory->parent = -1;
    }
}
