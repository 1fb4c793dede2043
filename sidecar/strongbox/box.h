/* box.h: the strongbox format: bytes to entries and back. Pure but for libsodium.
 *
 * The format is described field by field in box_prelude.c. The whole box is one
 * XChaCha20-Poly1305 message (RFC 8439 construction, 24-byte nonce, libsodium
 * crypto_aead_xchacha20poly1305_ietf) with the prelude as associated data, so a
 * value cannot be moved to another name, box or version unnoticed. */
#ifndef ARRESTOR_STRONGBOX_BOX_H
#define ARRESTOR_STRONGBOX_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/base/limits.h"

struct error;

#define BOX_KEY_BYTES     32
#define BOX_PRELUDE_BYTES 128 /* fixed part, same length in every version */
#define BOX_FORMAT        1   /* what this program writes, and the newest it reads */

struct box_prelude {
    uint32_t format;
    uint64_t version; /* counts writes; what warden polls */
    unsigned char id[16];
    unsigned char key_check[32];
    unsigned char nonce[24];
    uint64_t body_bytes; /* ciphertext with its tag */
};

/* Reads the prelude, which may be all of bytes or the start of a box. Cut short
 * or empty: ERROR_BOX_TRUNCATED; not a box, or its checksum is wrong:
 * ERROR_BOX_DAMAGED; ERROR_BOX_NEWER. Needs no key. 0, or -1 with *ret untouched. */
int box_read_prelude(const unsigned char *bytes, size_t length, struct box_prelude *ret,
                     struct error *err);

struct box_entry {
    char name[LIMIT_SECRET_NAME + 1];
    unsigned char *value; /* zeroing memory, owned by the box */
    size_t length;
};

struct box {
    unsigned char id[16];
    uint64_t version;
    struct box_entry *entries; /* sorted by name */
    size_t count;
};

/* New empty box with a random id, version 0. */
void box_make(struct box *box);

/* Opens a whole file's bytes with a key. Each fault has its own code, looked at
 * in this order: those of box_read_prelude, BOX_WRONG_KEY, BOX_TRUNCATED (fewer
 * bytes than the prelude says), BOX_DAMAGED (more bytes, or not what was
 * written), MEMORY. On error *box is empty. An older copy of the same box opens:
 * nothing in a file can tell that a newer one once existed. */
int box_open(const unsigned char *bytes, size_t length, const unsigned char key[BOX_KEY_BYTES],
             struct box *box, struct error *err);

/* Encrypts with version + 1 and a fresh nonce. *ret is malloc'd ciphertext
 * (no secret), freed by the caller; box->version is then the new one.
 * ERROR_BOX_FULL, ERROR_MEMORY. */
int box_seal(struct box *box, const unsigned char key[BOX_KEY_BYTES], unsigned char **ret,
             size_t *length, struct error *err);

/* Entry of that name or NULL. */
const struct box_entry *box_find(const struct box *box, const char *name);

/* Fills err with ERROR_SECRET_MISSING for that name and names the nearest
 * entry. Always -1. */
int box_refuse_missing(const struct box *box, const char *name, struct error *err);

/* Adds or replaces (copies the value). ERROR_BOX_NAME, ERROR_SECRET_EMPTY,
 * ERROR_BOX_FULL, ERROR_MEMORY; then the box is as before. */
int box_set(struct box *box, const char *name, const unsigned char *value, size_t length,
            struct error *err);

/* Removes. ERROR_SECRET_MISSING where there is none, naming the nearest. */
int box_remove(struct box *box, const char *name, struct error *err);

/* 1 … LIMIT_SECRET_NAME of A-Z a-z 0-9 . _ - and '/', no '/' at the ends. 0, or
 * -1 with ERROR_BOX_NAME. */
int box_check_name(const char *name, struct error *err);

/* Wipes and frees all entries. */
void box_free(struct box *box);

/* Whether the key is the one that the box with this prelude was sealed with. */
bool box_key_fits(const struct box_prelude *prelude, const unsigned char key[BOX_KEY_BYTES]);

/* Fills err with ERROR_BOX_WRONG_KEY. Always -1. */
int box_refuse_key(struct error *err);

#define BOX_KEY_TEXT_BYTES 71 /* the line of a key in clear, its newline, without a NUL */

/* Writes the one line of a key file without a passphrase (box_key.h has the
 * others). The caller wipes it. */
void box_key_format(const unsigned char key[BOX_KEY_BYTES], char ret[BOX_KEY_TEXT_BYTES + 1]);

/* A new random key. */
void box_key_make(unsigned char key[BOX_KEY_BYTES]);

#endif
