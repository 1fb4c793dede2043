#include "sidecar/strongbox/box_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/atomic_file.h"
#include "sidecar/base/error.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box_key.h"
#include "sidecar/strongbox/passphrase.h"

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

int box_file_read_prelude(int fd, struct box_prelude *ret, struct error *err) {
    unsigned char bytes[BOX_PRELUDE_BYTES];
    ssize_t length = read_start(fd, bytes, sizeof bytes);
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

int box_file_read_keys(int fd, const char *path, struct box_key_file *ret, struct error *err) {
    char text[LIMIT_KEY_FILE_BYTES];
    ssize_t length = read_start(fd, text, sizeof text);
    int result = length < 0 ? error_system(err, ERROR_BOX_KEY, "cannot read the key file")
                            : box_key_parse(text, (size_t)length, ret, err);
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

/* Finds the key of a box, reading the passphrase only where one is needed. */
static int find_key(const struct box_key_file *keys, const struct box_prelude *prelude,
                    int passphrase, unsigned char key[BOX_KEY_BYTES], struct error *err) {
    struct secret_text text;
    size_t line;
    if (box_key_find(keys, prelude, NULL, key, &line, err) == 0)
        return 0;
    if (err->code != ERROR_BOX_PASSPHRASE || passphrase < 0 ||
        passphrase_read_file(passphrase, &text, err) != 0)
        return -1;
    int result = box_key_find(keys, prelude, &text, key, &line, err);
    secret_text_free(&text);
    return result;
}

/* What the key file gives, all of it in secret memory. */
struct found {
    struct box_key_file keys;
    unsigned char key[BOX_KEY_BYTES];
};

int box_file_load_with(int fd, const char *path, int key_fd, const char *key_path, int passphrase,
                       struct box *box, struct error *err) {
    struct box_prelude prelude;
    struct found *found = secret_alloc(sizeof *found);
    int result = -1;
    *box = (struct box){.count = 0};
    if (found == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the key");
    if (box_file_read_keys(key_fd, key_path, &found->keys, err) != 0)
        goto out;
    if (box_file_read_prelude(fd, &prelude, err) != 0)
        error_at(err, path, 0, 0);
    else if (find_key(&found->keys, &prelude, passphrase, found->key, err) != 0)
        error_at(err, err->code == ERROR_BOX_WRONG_KEY ? path : key_path, 0, 0);
    else
        result = box_file_load(fd, path, found->key, box, err);
out:
    secret_free(found);
    return result;
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

/* Replaces the key file with this mode, or makes it where mode is 0. */
static int write_keys(const char *path, const struct box_key_file *keys, mode_t mode,
                      struct error *err) {
    char text[LIMIT_KEY_FILE_BYTES];
    size_t length = box_key_print(keys, text);
    int result = mode == 0 ? atomic_file_create(path, text, length, 0400, err)
                           : atomic_file_replace(path, text, length, mode, err);
    sodium_memzero(text, sizeof text);
    return result;
}

int box_file_save_keys(int lock, const char *path, const struct box_key_file *keys,
                       struct error *err) {
    struct stat st;
    if (fstat(lock, &st) != 0)
        return error_system(err, ERROR_BOX_KEY, "cannot look at the key file");
    return write_keys(path, keys, st.st_mode & 0600, err);
}

int box_file_create_keys(const char *path, const struct box_key_file *keys, struct error *err) {
    return write_keys(path, keys, 0, err);
}

int box_file_settle_keys(const char *path, const struct box_key_file *keys, size_t line,
                         struct error *err) {
    int result = -1, lock = box_file_lock_key(path, err);
    struct box_key_file *one = secret_alloc(sizeof *one);
    if (lock < 0)
        goto out;
    if (one == NULL) {
        error_set(err, ERROR_MEMORY, "no memory for the key");
        goto out;
    }
    result = box_file_read_keys(lock, path, one, err);
    if (result == 0 && box_key_same(one, keys)) {
        one->count = 1;
        one->lines[0] = keys->lines[line];
        result = box_file_save_keys(lock, path, one, err);
    }
out:
    secret_free(one);
    if (lock >= 0)
        (void)close(lock);
    return result;
}
