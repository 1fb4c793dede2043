#include "sidecar/strongbox/box_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/atomic_file.h"
#include "sidecar/base/error.h"

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

/* Reads up to size bytes from offset 0. Number of bytes, or -1 with errno. */
static ssize_t read_start(int fd, void *bytes, size_t size) {
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

int box_file_read_version(int fd, uint64_t *version, struct error *err) {
    unsigned char bytes[BOX_PRELUDE_BYTES];
    struct box_prelude prelude;
    ssize_t length = read_start(fd, bytes, sizeof bytes);
    if (length < 0)
        return error_system(err, ERROR_STORE, "cannot read the strongbox");
    if (box_read_prelude(bytes, (size_t)length, &prelude, err) != 0)
        return -1;
    *version = prelude.version;
    return 0;
}

int box_file_read_key(int fd, const char *path, unsigned char key[BOX_KEY_BYTES],
                      struct error *err) {
    char text[LIMIT_KEY_FILE_BYTES];
    ssize_t length = read_start(fd, text, sizeof text);
    int result = length < 0 ? error_system(err, ERROR_BOX_KEY, "cannot read the key file")
                            : box_key_parse(text, (size_t)length, key, err);
    sodium_memzero(text, sizeof text);
    return result == 0 ? 0 : error_at(err, path, 0, 0);
}

/* Reads the ciphertext, which is malloc'd. */
static int read_box(int fd, unsigned char **ret, size_t *length, struct error *err) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_system(err, ERROR_STORE, "cannot look at the strongbox");
    if (st.st_size > LIMIT_BOX_BYTES) {
        error_set(err, ERROR_BOX_DAMAGED, "this is no strongbox: it has more than %u bytes",
                  LIMIT_BOX_BYTES);
        return error_todo(err, "name another: --box FILE");
    }
    size_t size = (size_t)st.st_size;
    unsigned char *bytes = malloc(size + 1);
    if (bytes == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the strongbox");
    ssize_t got = read_start(fd, bytes, size);
    if (got < 0) {
        free(bytes);
        return error_system(err, ERROR_STORE, "cannot read the strongbox");
    }
    *ret = bytes;
    *length = (size_t)got;
    return 0;
}

int box_file_load(int fd, const char *path, const unsigned char key[BOX_KEY_BYTES], struct box *box,
                  struct error *err) {
    unsigned char *bytes = NULL;
    size_t length = 0;
    *box = (struct box){.count = 0};
    if (read_box(fd, &bytes, &length, err) != 0)
        return error_at(err, path, 0, 0);
    int result = box_open(bytes, length, key, box, err);
    free(bytes);
    return result == 0 ? 0 : error_at(err, path, 0, 0);
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

static int check_writer(const struct stat *st, const char *path, struct error *err) {
    if (st->st_uid == geteuid())
        return 0;
    error_set(err, ERROR_STORE, "the strongbox belongs to uid %u", (unsigned)st->st_uid);
    error_at(err, path, 0, 0);
    return error_todo(err, "change it as that user: a box that you replace would become yours");
}

int box_file_lock(const char *path, struct error *err) {
    for (;;) {
        struct stat st;
        int fd = open_kind(&box_kind, path, &st, err);
        if (fd < 0)
            return -1;
        if (check_writer(&st, path, err) != 0) {
            (void)close(fd);
            return -1;
        }
        int locked = lock_file(fd, path);
        if (locked == 1)
            return fd;
        if (locked < 0) {
            error_system(err, ERROR_STORE, "cannot lock the strongbox");
            error_at(err, path, 0, 0);
        }
        (void)close(fd);
        if (locked < 0)
            return -1;
    }
}

int box_file_save(int lock, const char *path, struct box *box,
                  const unsigned char key[BOX_KEY_BYTES], struct error *err) {
    struct stat st;
    unsigned char *bytes;
    size_t length;
    if (fstat(lock, &st) != 0)
        return error_system(err, ERROR_STORE, "cannot look at the strongbox");
    if (box_seal(box, key, &bytes, &length, err) != 0)
        return error_at(err, path, 0, 0);
    int result = atomic_file_replace(path, bytes, length, st.st_mode & 0666, err);
    free(bytes);
    return result;
}

int box_file_create(const char *path, struct box *box, const unsigned char key[BOX_KEY_BYTES],
                    struct error *err) {
    unsigned char *bytes;
    size_t length;
    if (box_seal(box, key, &bytes, &length, err) != 0)
        return -1;
    int result = atomic_file_create(path, bytes, length, 0600, err);
    free(bytes);
    return result;
}

int box_file_create_key(const char *path, unsigned char key[BOX_KEY_BYTES], struct error *err) {
    char text[BOX_KEY_TEXT_BYTES + 1];
    box_key_make(key);
    box_key_format(key, text);
    int result = atomic_file_create(path, text, BOX_KEY_TEXT_BYTES, 0400, err);
    sodium_memzero(text, sizeof text);
    if (result != 0)
        sodium_memzero(key, BOX_KEY_BYTES);
    return result;
}
