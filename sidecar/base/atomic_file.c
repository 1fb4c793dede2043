#include "sidecar/base/atomic_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/file.h"

#define TOKEN_DIGITS 16

struct target {
    int directory;
    char name[NAME_MAX + 1];
    char temporary[NAME_MAX + 1]; /* its last TOKEN_DIGITS are random */
};

static int split_path(const char *path, char *directory, size_t size, const char **name) {
    const char *slash = strrchr(path, '/');
    *name = slash == NULL ? path : slash + 1;
    size_t length = slash == NULL ? 0 : (size_t)(slash - path);
    int written = slash == NULL ? snprintf(directory, size, ".")
                  : length == 0 ? snprintf(directory, size, "/")
                                : snprintf(directory, size, "%.*s", (int)length, path);
    return written > 0 && (size_t)written < size && **name != '\0' ? 0 : -1;
}

static int choose_temporary(struct target *target) {
    unsigned long long token;
    if (getrandom(&token, sizeof token, 0) != (ssize_t)sizeof token)
        return -1;
    (void)snprintf(target->temporary, sizeof target->temporary, ".%.200s.%016llx", target->name,
                   token);
    return 0;
}

/* Opens the directory and chooses a name for the temporary file in it. */
static int open_target(const char *path, struct target *target, struct error *err) {
    char directory[PATH_MAX], resolved[PATH_MAX];
    const char *name;
    if (realpath(path, resolved) != NULL)
        path = resolved;
    else if (errno != ENOENT) { /* it may be a link, and would be replaced by a file */
        error_system(err, ERROR_SYSTEM, "cannot be found");
        return error_at(err, path, 0, 0);
    }
    int failed =
        split_path(path, directory, sizeof directory, &name) != 0 || strlen(name) > NAME_MAX - 24;
    (void)snprintf(target->name, sizeof target->name, "%s", failed ? "" : name);
    if (failed || choose_temporary(target) != 0) {
        error_set(err, ERROR_SYSTEM, "is not a path that can be written");
        return error_at(err, path, 0, 0);
    }
    target->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (target->directory < 0) {
        error_system(err, ERROR_SYSTEM, "cannot open the directory");
        return error_at(err, directory, 0, 0);
    }
    return 0;
}

/* Makes the temporary file and locks it. Between the two somebody may take it for
 * one of a dead writer and remove it; then there is another name. Without locks on
 * this file system nobody can tell, and nobody removes. */
static int make_temporary(struct target *target) {
    for (;;) {
        struct stat st;
        int fd = openat(target->directory, target->temporary,
                        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return -1;
        while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
            ;
        bool told = fstat(fd, &st) == 0;
        if (told && st.st_nlink > 0)
            return fd;
        int saved = errno;
        if (!told)
            (void)unlinkat(target->directory, target->temporary, 0);
        (void)close(fd);
        errno = saved;
        if (!told || choose_temporary(target) != 0)
            return -1;
    }
}

/* Writes all and syncs. The descriptor, which holds the lock; -1 with errno. */
static int write_temporary(struct target *target, const void *bytes, size_t length, mode_t mode) {
    int fd = make_temporary(target);
    if (fd < 0)
        return -1;
    if (file_write_all(fd, bytes, length) == 0 && fchmod(fd, mode) == 0 && fsync(fd) == 0)
        return fd;
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return -1;
}

static int put_in_place(const struct target *target, bool create) {
    if (create) {
        if (linkat(target->directory, target->temporary, target->directory, target->name, 0) != 0)
            return -1;
        (void)unlinkat(target->directory, target->temporary, 0);
    } else if (renameat(target->directory, target->temporary, target->directory, target->name) !=
               0) {
        return -1;
    }
    return fsync(target->directory) != 0 && errno != EINVAL ? -1 : 0;
}

static int write_file(const char *path, const void *bytes, size_t length, mode_t mode, bool create,
                      struct error *err) {
    struct target target = {.directory = -1};
    if (open_target(path, &target, err) != 0)
        return -1;
    int result = 0, fd = write_temporary(&target, bytes, length, mode);
    if (fd < 0 || put_in_place(&target, create) != 0) {
        enum error_code code = create && errno == EEXIST ? ERROR_BOX_EXISTS : ERROR_SYSTEM;
        result = error_system(err, code, "cannot write");
        error_at(err, path, 0, 0);
        (void)unlinkat(target.directory, target.temporary, 0);
    }
    if (fd >= 0)
        (void)close(fd);
    (void)close(target.directory);
    return result;
}

int atomic_file_replace(const char *path, const void *bytes, size_t length, mode_t mode,
                        struct error *err) {
    return write_file(path, bytes, length, mode, false, err);
}

int atomic_file_create(const char *path, const void *bytes, size_t length, mode_t mode,
                       struct error *err) {
    return write_file(path, bytes, length, mode, true, err);
}

static bool is_temporary(const struct target *target, const char *name) {
    size_t length = strlen(target->temporary);
    return strlen(name) == length && memcmp(name, target->temporary, length - TOKEN_DIGITS) == 0 &&
           strspn(name + length - TOKEN_DIGITS, "0123456789abcdef") == TOKEN_DIGITS;
}

/* Whether the file was left by a dead writer: nobody holds its lock, or it is one
 * file with the target, because its writer died between link and unlink. */
static bool is_left(const struct target *target, int fd) {
    struct stat st, there;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())
        return false;
    if (fstatat(target->directory, target->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        there.st_dev == st.st_dev && there.st_ino == st.st_ino)
        return true;
    return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static void tidy_one(const struct target *target, const char *name) {
    int fd =
        openat(target->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (is_left(target, fd))
        (void)unlinkat(target->directory, name, 0);
    (void)close(fd);
}

void atomic_file_tidy(const char *path) {
    struct target target = {.directory = -1};
    struct error ignored;
    if (open_target(path, &target, &ignored) != 0)
        return;
    /* A description of its own: the stream closes it, and moves its offset. */
    int fd = openat(target.directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *entry; stream != NULL && (entry = readdir(stream)) != NULL;)
        if (is_temporary(&target, entry->d_name))
            tidy_one(&target, entry->d_name);
    if (stream != NULL)
        (void)closedir(stream);
    else if (fd >= 0)
        (void)close(fd);
    (void)close(target.directory);
}
