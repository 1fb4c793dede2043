#include "sidecar/strongbox/box_file.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/atomic_file.h"
#include "sidecar/base/error.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box_key.h"
#include "sidecar/strongbox/passphrase.h"

int box_file_read_keys(int fd, const char *path, struct box_key_file *ret, struct error *err) {
    char text[LIMIT_KEY_FILE_BYTES];
    ssize_t length = box_file_read_start(fd, text, sizeof text);
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
    ssize_t got = box_file_read_start(fd, bytes, size);
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
