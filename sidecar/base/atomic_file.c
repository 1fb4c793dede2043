#include "sidecar/base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/file.h"

struct target {
    int directory;
    char name[NAME_MAX + 1];
    char temporary[NAME_MAX + 1];
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

/* Opens the directory and chooses a name for the temporary file in it. */
static int open_target(const char *path, struct target *target, struct error *err) {
    char directory[PATH_MAX], resolved[PATH_MAX];
    const char *name;
    unsigned long long token;
    if (realpath(path, resolved) != NULL)
        path = resolved;
    if (split_path(path, directory, sizeof directory, &name) != 0 || strlen(name) > NAME_MAX - 24 ||
        getrandom(&token, sizeof token, 0) != (ssize_t)sizeof token) {
        error_set(err, ERROR_SYSTEM, "is not a path that can be written");
        return error_at(err, path, 0, 0);
    }
    (void)snprintf(target->name, sizeof target->name, "%s", name);
    (void)snprintf(target->temporary, sizeof target->temporary, ".%.200s.%016llx", name, token);
    target->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (target->directory < 0) {
        error_system(err, ERROR_SYSTEM, "cannot open the directory");
        return error_at(err, directory, 0, 0);
    }
    return 0;
}

static int write_temporary(const struct target *target, const void *bytes, size_t length,
                           mode_t mode) {
    int fd = openat(target->directory, target->temporary,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    int failed = file_write_all(fd, bytes, length) != 0 || fchmod(fd, mode) != 0 || fsync(fd) != 0;
    int saved = errno;
    if (close(fd) != 0 && !failed)
        return -1;
    errno = saved;
    return failed ? -1 : 0;
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
    struct target target;
    if (open_target(path, &target, err) != 0)
        return -1;
    int result = 0;
    if (write_temporary(&target, bytes, length, mode) != 0 || put_in_place(&target, create) != 0) {
        enum error_code code = create && errno == EEXIST ? ERROR_BOX_EXISTS : ERROR_SYSTEM;
        result = error_system(err, code, "cannot write");
        error_at(err, path, 0, 0);
        (void)unlinkat(target.directory, target.temporary, 0);
    }
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
