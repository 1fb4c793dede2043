/* box_key.h: key files: text to keys and back. Pure but for libsodium.
 *
 * A key file holds one key. While a rekey goes on it holds two, of which one
 * opens the box at every moment; the format stands in box_key.c. */
#ifndef ARRESTOR_STRONGBOX_BOX_KEY_H
#define ARRESTOR_STRONGBOX_BOX_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/strongbox/box.h"

struct error;
struct secret_text;

#define BOX_KEY_SALT_BYTES   16
#define BOX_KEY_NONCE_BYTES  24
#define BOX_KEY_SEALED_BYTES (BOX_KEY_BYTES + 16) /* with the tag */
#define BOX_KEY_LINES        2

/* What Argon2id costs where nobody says: MODERATE of libsodium. */
#define BOX_KEY_PASSES     3
#define BOX_KEY_MEMORY_KIB (256u * 1024u)

/* A key as its line has it. */
struct box_key_line {
    bool sealed;                 /* by a passphrase */
    uint32_t passes, memory_kib; /* of Argon2id; 0 where it is not sealed */
    unsigned char salt[BOX_KEY_SALT_BYTES], nonce[BOX_KEY_NONCE_BYTES];
    unsigned char key[BOX_KEY_SEALED_BYTES]; /* not sealed: only BOX_KEY_BYTES count */
};

/* Holds a key in clear where a line is not sealed: whoever has one wipes it. */
struct box_key_file {
    size_t count;                             /* 2: a rekey goes on, or was killed */
    struct box_key_line lines[BOX_KEY_LINES]; /* the newest first */
    unsigned char rekeyed[16];                /* id of the box that it is of */
};

/* Reads a whole key file. Numbers, base64 and line ends are taken in one spelling
 * only, and what a sealed line would cost is held against LIMIT_PASSES and
 * LIMIT_PASS_KIB before anybody pays it. ERROR_BOX_KEY; the text never quotes the
 * file. 0, or -1 with *ret untouched. */
int box_key_parse(const char *text, size_t length, struct box_key_file *ret, struct error *err);

/* Writes a key file into ret, with a NUL behind it; its length. The caller wipes
 * it. */
size_t box_key_print(const struct box_key_file *file, char ret[LIMIT_KEY_FILE_BYTES]);

/* Whether both say the same. */
bool box_key_same(const struct box_key_file *a, const struct box_key_file *b);

/* A line without a passphrase. */
void box_key_bare(const unsigned char key[BOX_KEY_BYTES], struct box_key_line *ret);

/* A line that only the passphrase opens: Argon2id (RFC 9106, libsodium
 * crypto_pwhash) with `passes` over memory_kib, XChaCha20-Poly1305. ERROR_USAGE
 * (a number beyond its limits, an empty passphrase), ERROR_MEMORY. 0 or -1. */
int box_key_seal(const unsigned char key[BOX_KEY_BYTES], const struct secret_text *passphrase,
                 uint32_t passes, uint32_t memory_kib, struct box_key_line *ret, struct error *err);

/* Takes the key out of a line. passphrase NULL: none was given. The caller wipes
 * the key. ERROR_BOX_PASSPHRASE (it needs one), ERROR_BOX_WRONG_PASSPHRASE,
 * ERROR_MEMORY. 0, or -1 with key untouched. */
int box_key_open(const struct box_key_line *line, const struct secret_text *passphrase,
                 unsigned char key[BOX_KEY_BYTES], struct error *err);

/* Finds the key of the box with this prelude; *line is where it stood. Lines that
 * cost nothing are tried first, so a passphrase is asked for (as by box_key_open)
 * only where it is needed. The errors of box_key_open, and ERROR_BOX_WRONG_KEY. 0,
 * or -1 with key untouched. */
int box_key_find(const struct box_key_file *file, const struct box_prelude *prelude,
                 const struct secret_text *passphrase, unsigned char key[BOX_KEY_BYTES],
                 size_t *line, struct error *err);

#endif
