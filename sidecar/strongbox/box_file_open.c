/* The half of box_file.h that opens, locks and tells versions. Apart from the other,
 * because warden and monitor use it, and no code of theirs may reach the memory of
 * secrets. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/strongbox/box_file.h"

/* Errors of one kind of file: what it is called, where it is missing and else. */
struct file_kind {
    const char *name, *make;
    enum error_code missing, unreadable;
};

static const struct file_kind box_kind = {
    "strongbox", "make one: arrestor strongbox init; or name another: --box FILE",
    ERROR_BOX_MISSING, ERROR_STORE};
static const struct file_kind key_kind = {
    "key file", "name it: --key FILE or ARRESTOR_STRONGBOX_KEY; a lost key cannot be made again",
    ERROR_BOX_KEY, ERROR_BOX_KEY};

static int refuse_open(const struct file_kind *kind, const char *path, struct error *err) {
    if (errno != ENOENT && errno != ENOTDIR) {
        error_system(err, kind->unreadable, "cannot open the %s", kind->name);
        return error_at(err, path, 0, 0);
    }
    error_set(err, kind->missing, "there is no %s at this path", kind->name);
    error_at(err, path, 0, 0);
    return error_todo(err, "%s", kind->make);
}

static int open_kind(const struct file_kind *kind, const char *path, struct stat *st,
                     struct error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return refuse_open(kind, path, err);
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        return fd;
    error_set(err, kind->unreadable, "is not a file");
    error_at(err, path, 0, 0);
    (void)close(fd);
    return -1;
}

int box_file_open(const char *path, struct error *err) {
    struct stat st;
    return open_kind(&box_kind, path, &st, err);
}

static int check_key_file(const struct stat *st, const char *path, struct error *err) {
    unsigned mode = (unsigned)(st->st_mode & 07777);
    if (st->st_uid != 0 && st->st_uid != geteuid()) {
        error_set(err, ERROR_BOX_KEY, "the key file belongs to uid %u, neither root nor you",
                  (unsigned)st->st_uid);
        error_at(err, path, 0, 0);
        return error_todo(err, "whoever owns the key owns the strongbox: chown it");
    }
    if ((mode & ~0600u) != 0) {
        error_set(err, ERROR_BOX_KEY, "the key file has mode %04o, not 0400 or 0600", mode);
        error_at(err, path, 0, 0);
        return error_todo(err, "chmod 0400 %s; if others may have read it, change the secrets",
                          path);
    }
    return 0;
}

int box_file_open_key(const char *path, struct error *err) {
    struct stat st;
    int fd = open_kind(&key_kind, path, &st, err);
    if (fd >= 0 && check_key_file(&st, path, err) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Whether fd is not the file at path any more. */
static bool is_replaced(int fd, const char *path) {
    struct stat held, there;
    return fstat(fd, &held) == 0 && stat(path, &there) == 0 &&
           (held.st_dev != there.st_dev || held.st_ino != there.st_ino);
}

/* A rekey gives up the old key after it has replaced the box: a key file that was
 * opened while the box still stood there holds the box's key. */
int box_file_open_pair(const char *path, const char *key_path, int *box, int *key,
                       struct error *err) {
    for (;;) {
        int box_fd = box_file_open(path, err);
        int key_fd = box_fd < 0 ? -1 : box_file_open_key(key_path, err);
        bool again = key_fd >= 0 && is_replaced(box_fd, path);
        if (key_fd >= 0 && !again) {
            *box = box_fd;
            *key = key_fd;
            return 0;
        }
        if (key_fd >= 0)
            (void)close(key_fd);
        if (box_fd >= 0)
            (void)close(box_fd);
        if (!again)
            return -1;
    }
}

ssize_t box_file_read_start(int fd, void *bytes, size_t size) {
    size_t at = 0;
    while (at < size) {
        ssize_t got = pread(fd, (char *)bytes + at, size - at, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        at += (size_t)got;
    }
    return (ssize_t)at;
}

int box_file_read_prelude(int fd, struct box_prelude *ret, struct error *err) {
    unsigned char bytes[BOX_PRELUDE_BYTES];
    ssize_t length = box_file_read_start(fd, bytes, sizeof bytes);
    if (length < 0)
        return error_system(err, ERROR_STORE, "cannot read the strongbox");
    return box_read_prelude(bytes, (size_t)length, ret, err);
}

int box_file_read_version(int fd, uint64_t *version, struct error *err) {
    struct box_prelude prelude;
    if (box_file_read_prelude(fd, &prelude, err) != 0)
        return -1;
    *version = prelude.version;
    return 0;
}

/* Waits for the lock. 1: fd still is the file at path; 0: a writer has replaced
 * it meanwhile; -1 with errno. */
static int lock_file(int fd, const char *path) {
    struct stat held, there;
    int result;
    do
        result = flock(fd, LOCK_EX);
    while (result != 0 && errno == EINTR);
    if (result != 0 || fstat(fd, &held) != 0)
        return -1;
    if (stat(path, &there) != 0)
        return errno == ENOENT ? 0 : -1;
    return held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

static int check_writer(const struct file_kind *kind, const struct stat *st, const char *path,
                        struct error *err) {
    if (st->st_uid == geteuid())
        return 0;
    error_set(err, kind->unreadable, "the %s belongs to uid %u", kind->name, (unsigned)st->st_uid);
    error_at(err, path, 0, 0);
    return error_todo(err, "change it as that user: a file that you replace would become yours");
}

static int lock_kind(const struct file_kind *kind, const char *path, struct error *err) {
    for (;;) {
        struct stat st;
        int fd = open_kind(kind, path, &st, err);
        if (fd < 0)
            return -1;
        if ((kind == &key_kind && check_key_file(&st, path, err) != 0) ||
            check_writer(kind, &st, path, err) != 0) {
            (void)close(fd);
            return -1;
        }
        int locked = lock_file(fd, path);
        if (locked == 1)
            return fd;
        if (locked < 0) {
            error_system(err, kind->unreadable, "cannot lock the %s", kind->name);
            error_at(err, path, 0, 0);
        }
        (void)close(fd);
        if (locked < 0)
            return -1;
    }
}

int box_file_lock(const char *path, struct error *err) {
    return lock_kind(&box_kind, path, err);
}

int box_file_lock_key(const char *path, struct error *err) {
    return lock_kind(&key_kind, path, err);
}
