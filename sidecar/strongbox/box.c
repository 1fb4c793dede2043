/* The format, version 1. Numbers are little-endian.
 *
 * Prelude, 128 bytes in every version, so that any arrestor can tell a newer
 * box from a damaged one and warden can poll the version without a key:
 *
 *     0   8  magic "ARRSTBOX"
 *     8   4  format: 1
 *    12   4  reserved: 0
 *    16   8  version: counts writes, 1 for a new box
 *    24   8  bytes of the body
 *    32  16  id: random, made with the box
 *    48  32  key check: BLAKE2b-256 under the file key, salt id, personal
 *            "arrestor-box-chk"; tells a wrong key from damage
 *    80  24  nonce: random for each write
 *   104  24  checksum: BLAKE2b-192 of bytes 0 to 103, without a key, against
 *            accidents; against malice the body's tag covers the prelude too
 *
 * Body, to the end of the file: XChaCha20-Poly1305 with all 128 bytes above as
 * associated data. Its key is BLAKE2b-256 under the file key, salt id, personal
 * "arrestor-box-key", so each box has its own. The plaintext:
 *
 *     4  count of entries
 *     then for each, by strictly rising name (bytes compared):
 *     4  bytes of the name   4  bytes of the value   name   value
 *
 * and nothing behind the last. */
#include "sidecar/strongbox/box.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/base/bytes.h"
#include "sidecar/base/error.h"
#include "sidecar/secret/secret_set.h"

#define AT_FORMAT    8
#define AT_RESERVED  12
#define AT_VERSION   16
#define AT_BODY      24
#define AT_ID        32
#define AT_KEY_CHECK 48
#define AT_NONCE     80
#define AT_CHECKSUM  104

#define TAG_BYTES      crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BODY_BYTES_MAX (LIMIT_BOX_BYTES - BOX_PRELUDE_BYTES)
#define COUNT_BYTES    4u
#define ENTRY_BYTES    8u

static const unsigned char magic[AT_FORMAT] = {'A', 'R', 'R', 'S', 'T', 'B', 'O', 'X'};
static const char personal_key[] = "arrestor-box-key";
static const char personal_check[] = "arrestor-box-chk";

_Static_assert(AT_CHECKSUM + 24 == BOX_PRELUDE_BYTES, "the prelude is full");
_Static_assert(sizeof personal_key - 1 == crypto_generichash_blake2b_PERSONALBYTES, "personal");
_Static_assert(sizeof personal_check - 1 == crypto_generichash_blake2b_PERSONALBYTES, "personal");

static int refuse_truncated(size_t length, uint64_t needed, struct error *err) {
    error_set(err, ERROR_BOX_TRUNCATED, "the strongbox is cut short: %zu bytes of %llu", length,
              (unsigned long long)needed);
    return error_todo(err, "restore it from a backup; its entries cannot be read in part");
}

static int refuse_damaged(const char *what, struct error *err) {
    error_set(err, ERROR_BOX_DAMAGED, "%s", what);
    return error_todo(err, "restore it from a backup; what was changed cannot be told");
}

static int refuse_newer(uint32_t format, struct error *err) {
    error_set(err, ERROR_BOX_NEWER, "the strongbox has format %u; this arrestor reads up to %d",
              format, BOX_FORMAT);
    return error_todo(err, "use the arrestor that wrote it, or a newer one");
}

static void make_checksum(const unsigned char *prelude,
                          unsigned char ret[BOX_PRELUDE_BYTES - AT_CHECKSUM]) {
    (void)crypto_generichash_blake2b(ret, BOX_PRELUDE_BYTES - AT_CHECKSUM, prelude, AT_CHECKSUM,
                                     NULL, 0);
}

int box_read_prelude(const unsigned char *bytes, size_t length, struct box_prelude *ret,
                     struct error *err) {
    unsigned char checksum[BOX_PRELUDE_BYTES - AT_CHECKSUM];
    size_t known = length < sizeof magic ? length : sizeof magic;
    if (known > 0 && memcmp(bytes, magic, known) != 0)
        return refuse_damaged("this is not a strongbox, or its first bytes are damaged", err);
    if (length < BOX_PRELUDE_BYTES)
        return refuse_truncated(length, BOX_PRELUDE_BYTES, err);
    make_checksum(bytes, checksum);
    if (memcmp(checksum, bytes + AT_CHECKSUM, sizeof checksum) != 0)
        return refuse_damaged("the head of the strongbox is damaged", err);
    struct box_prelude prelude = {.format = bytes_get_u32(bytes + AT_FORMAT),
                                  .version = bytes_get_u64(bytes + AT_VERSION),
                                  .body_bytes = bytes_get_u64(bytes + AT_BODY)};
    if (prelude.format > BOX_FORMAT)
        return refuse_newer(prelude.format, err);
    if (prelude.format == 0 || bytes_get_u32(bytes + AT_RESERVED) != 0 ||
        prelude.body_bytes < TAG_BYTES + COUNT_BYTES || prelude.body_bytes > BODY_BYTES_MAX)
        return refuse_damaged("the head of the strongbox makes no sense", err);
    memcpy(prelude.id, bytes + AT_ID, sizeof prelude.id);
    memcpy(prelude.key_check, bytes + AT_KEY_CHECK, sizeof prelude.key_check);
    memcpy(prelude.nonce, bytes + AT_NONCE, sizeof prelude.nonce);
    *ret = prelude;
    return 0;
}

static void write_prelude(const struct box_prelude *prelude, unsigned char *to) {
    memcpy(to, magic, sizeof magic);
    bytes_put_u32(to + AT_FORMAT, prelude->format);
    bytes_put_u32(to + AT_RESERVED, 0);
    bytes_put_u64(to + AT_VERSION, prelude->version);
    bytes_put_u64(to + AT_BODY, prelude->body_bytes);
    memcpy(to + AT_ID, prelude->id, sizeof prelude->id);
    memcpy(to + AT_KEY_CHECK, prelude->key_check, sizeof prelude->key_check);
    memcpy(to + AT_NONCE, prelude->nonce, sizeof prelude->nonce);
    make_checksum(to, to + AT_CHECKSUM);
}

/* One of the two values that a file key gives for a box. */
static void derive(const unsigned char key[BOX_KEY_BYTES], const unsigned char id[16],
                   const char *personal, unsigned char ret[32]) {
    unsigned char bytes[crypto_generichash_blake2b_PERSONALBYTES];
    memcpy(bytes, personal, sizeof bytes);
    (void)crypto_generichash_blake2b_salt_personal(ret, 32, NULL, 0, key, BOX_KEY_BYTES, id, bytes);
}

void box_make(struct box *box) {
    memset(box, 0, sizeof *box);
    randombytes_buf(box->id, sizeof box->id);
}

/* Takes the entry at *at of size bytes into *entry and moves *at past it. */
static int read_entry(const unsigned char *bytes, size_t size, size_t *at,
                      struct box_entry *entry) {
    struct error ignored;
    if (size - *at < ENTRY_BYTES)
        return -1;
    size_t name = bytes_get_u32(bytes + *at), value = bytes_get_u32(bytes + *at + 4);
    size_t left = size - *at - ENTRY_BYTES;
    if (name > LIMIT_SECRET_NAME || value == 0 || value > LIMIT_SECRET_BYTES || name + value > left)
        return -1;
    const unsigned char *start = bytes + *at + ENTRY_BYTES;
    if (memchr(start, '\0', name) != NULL)
        return -1;
    entry->value = secret_alloc(value);
    if (entry->value == NULL)
        return -1;
    memcpy(entry->name, start, name);
    memcpy(entry->value, start + name, value);
    entry->length = value;
    *at += ENTRY_BYTES + name + value;
    return box_check_name(entry->name, &ignored);
}

/* Reads the decrypted body; the caller frees the box in every case. */
static int read_body(const unsigned char *bytes, size_t size, struct box *box) {
    size_t count = bytes_get_u32(bytes), at = COUNT_BYTES;
    if (count > LIMIT_BOX_ENTRIES)
        return -1;
    box->entries = secret_alloc(count * sizeof *box->entries);
    if (box->entries == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        box->count = i + 1;
        if (read_entry(bytes, size, &at, &box->entries[i]) != 0 ||
            (i > 0 && strcmp(box->entries[i - 1].name, box->entries[i].name) >= 0))
            return -1;
    }
    return at == size ? 0 : -1;
}

/* Decrypts into zeroing memory; NULL where the tag does not fit. */
static unsigned char *decrypt_body(const unsigned char *bytes, const struct box_prelude *prelude,
                                   const unsigned char key[BOX_KEY_BYTES], struct error *err) {
    unsigned char own[32];
    unsigned char *plain = secret_alloc(prelude->body_bytes);
    if (plain == NULL) {
        error_set(err, ERROR_MEMORY, "no memory for the strongbox");
        return NULL;
    }
    derive(key, prelude->id, personal_key, own);
    int result = crypto_aead_xchacha20poly1305_ietf_decrypt(
        plain, NULL, NULL, bytes + BOX_PRELUDE_BYTES, prelude->body_bytes, bytes, BOX_PRELUDE_BYTES,
        prelude->nonce, own);
    sodium_memzero(own, sizeof own);
    if (result == 0)
        return plain;
    secret_free(plain);
    refuse_damaged("the strongbox is damaged: its contents are not what was written", err);
    return NULL;
}

bool box_key_fits(const struct box_prelude *prelude, const unsigned char key[BOX_KEY_BYTES]) {
    unsigned char check[32];
    derive(key, prelude->id, personal_check, check);
    return sodium_memcmp(check, prelude->key_check, sizeof check) == 0;
}

int box_refuse_key(struct error *err) {
    error_set(err, ERROR_BOX_WRONG_KEY, "this key does not open this strongbox");
    return error_todo(err, "name the key file that was made with it: --key FILE");
}

/* Whether prelude and length fit, and key is the one of this box. */
static int check_key_and_length(const struct box_prelude *prelude, size_t length,
                                const unsigned char key[BOX_KEY_BYTES], struct error *err) {
    if (!box_key_fits(prelude, key))
        return box_refuse_key(err);
    if (length < BOX_PRELUDE_BYTES + prelude->body_bytes)
        return refuse_truncated(length, BOX_PRELUDE_BYTES + prelude->body_bytes, err);
    if (length > BOX_PRELUDE_BYTES + prelude->body_bytes)
        return refuse_damaged("there is something behind the end of the strongbox", err);
    return 0;
}

int box_open(const unsigned char *bytes, size_t length, const unsigned char key[BOX_KEY_BYTES],
             struct box *box, struct error *err) {
    struct box_prelude prelude;
    memset(box, 0, sizeof *box);
    if (sodium_init() < 0)
        return error_set(err, ERROR_INTERNAL, "libsodium cannot be used");
    if (box_read_prelude(bytes, length, &prelude, err) != 0 ||
        check_key_and_length(&prelude, length, key, err) != 0)
        return -1;
    unsigned char *plain = decrypt_body(bytes, &prelude, key, err);
    if (plain == NULL)
        return -1;
    int result = read_body(plain, prelude.body_bytes - TAG_BYTES, box);
    secret_free(plain);
    if (result != 0) {
        box_free(box);
        return refuse_damaged("the contents of the strongbox make no sense", err);
    }
    memcpy(box->id, prelude.id, sizeof box->id);
    box->version = prelude.version;
    return 0;
}

static size_t plain_size(const struct box *box) {
    size_t size = COUNT_BYTES;
    for (size_t i = 0; i < box->count; i++)
        size += ENTRY_BYTES + strlen(box->entries[i].name) + box->entries[i].length;
    return size;
}

static unsigned char *write_body(const struct box *box, size_t size) {
    unsigned char *plain = secret_alloc(size), *at = plain;
    if (plain == NULL)
        return NULL;
    bytes_put_u32(at, (uint32_t)box->count);
    at += COUNT_BYTES;
    for (size_t i = 0; i < box->count; i++) {
        const struct box_entry *entry = &box->entries[i];
        size_t name = strlen(entry->name);
        bytes_put_u32(at, (uint32_t)name);
        bytes_put_u32(at + 4, (uint32_t)entry->length);
        memcpy(at + ENTRY_BYTES, entry->name, name);
        memcpy(at + ENTRY_BYTES + name, entry->value, entry->length);
        at += ENTRY_BYTES + name + entry->length;
    }
    return plain;
}

static void encrypt_body(unsigned char *bytes, const struct box_prelude *prelude,
                         const unsigned char key[BOX_KEY_BYTES], const unsigned char *plain,
                         size_t size) {
    unsigned char own[32];
    derive(key, prelude->id, personal_key, own);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + BOX_PRELUDE_BYTES, NULL, plain, size,
                                                     bytes, BOX_PRELUDE_BYTES, NULL, prelude->nonce,
                                                     own);
    sodium_memzero(own, sizeof own);
}

int box_seal(struct box *box, const unsigned char key[BOX_KEY_BYTES], unsigned char **ret,
             size_t *length, struct error *err) {
    size_t size = plain_size(box);
    if (sodium_init() < 0)
        return error_set(err, ERROR_INTERNAL, "libsodium cannot be used");
    if (size > BODY_BYTES_MAX - TAG_BYTES || box->version == UINT64_MAX)
        return error_set(err, ERROR_BOX_FULL, "the strongbox would have %zu bytes; %u are possible",
                         size, LIMIT_BOX_BYTES);
    unsigned char *plain = write_body(box, size);
    unsigned char *bytes = malloc(BOX_PRELUDE_BYTES + size + TAG_BYTES);
    if (plain == NULL || bytes == NULL) {
        secret_free(plain);
        free(bytes);
        return error_set(err, ERROR_MEMORY, "no memory for the strongbox");
    }
    struct box_prelude prelude = {
        .format = BOX_FORMAT, .version = box->version + 1, .body_bytes = size + TAG_BYTES};
    memcpy(prelude.id, box->id, sizeof prelude.id);
    derive(key, box->id, personal_check, prelude.key_check);
    randombytes_buf(prelude.nonce, sizeof prelude.nonce);
    write_prelude(&prelude, bytes);
    encrypt_body(bytes, &prelude, key, plain, size);
    secret_free(plain);
    box->version = prelude.version;
    *ret = bytes;
    *length = BOX_PRELUDE_BYTES + size + TAG_BYTES;
    return 0;
}
