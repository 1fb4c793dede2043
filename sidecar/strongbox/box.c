#include "sidecar/strongbox/box.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/base/bytes.h"
#include "sidecar/base/error.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box_prelude.h"

#define ENTRY_BYTES 8u

static const char personal_key[] = "arrestor-box-key";
static const char personal_check[] = "arrestor-box-chk";

_Static_assert(sizeof personal_key - 1 == crypto_generichash_blake2b_PERSONALBYTES, "personal");
_Static_assert(sizeof personal_check - 1 == crypto_generichash_blake2b_PERSONALBYTES, "personal");

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

static int refuse_body(struct error *err) {
    return box_refuse_damaged("the contents of the strongbox make no sense", err);
}

/* Takes the entry at *at of size bytes into *entry and moves *at past it. */
static int read_entry(const unsigned char *bytes, size_t size, size_t *at, struct box_entry *entry,
                      struct error *err) {
    struct error ignored;
    if (size - *at < ENTRY_BYTES)
        return refuse_body(err);
    size_t name = bytes_get_u32(bytes + *at), value = bytes_get_u32(bytes + *at + 4);
    size_t left = size - *at - ENTRY_BYTES;
    if (name > LIMIT_SECRET_NAME || value == 0 || value > LIMIT_SECRET_BYTES || name + value > left)
        return refuse_body(err);
    const unsigned char *start = bytes + *at + ENTRY_BYTES;
    if (memchr(start, '\0', name) != NULL)
        return refuse_body(err);
    entry->value = secret_alloc(value);
    if (entry->value == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the strongbox");
    memcpy(entry->name, start, name);
    memcpy(entry->value, start + name, value);
    entry->length = value;
    *at += ENTRY_BYTES + name + value;
    return box_check_name(entry->name, &ignored) != 0 ? refuse_body(err) : 0;
}

/* Reads the decrypted body; the caller frees the box in every case. */
static int read_body(const unsigned char *bytes, size_t size, struct box *box, struct error *err) {
    size_t count = bytes_get_u32(bytes), at = BOX_COUNT_BYTES;
    if (count > LIMIT_BOX_ENTRIES)
        return refuse_body(err);
    box->entries = secret_alloc(count * sizeof *box->entries);
    if (box->entries == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the strongbox");
    for (size_t i = 0; i < count; i++) {
        box->count = i + 1;
        if (read_entry(bytes, size, &at, &box->entries[i], err) != 0)
            return -1;
        if (i > 0 && strcmp(box->entries[i - 1].name, box->entries[i].name) >= 0)
            return refuse_body(err);
    }
    return at == size ? 0 : refuse_body(err);
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
    box_refuse_damaged("the strongbox is damaged: its contents are not what was written", err);
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
        return box_refuse_truncated(length, BOX_PRELUDE_BYTES + prelude->body_bytes, err);
    if (length > BOX_PRELUDE_BYTES + prelude->body_bytes)
        return box_refuse_damaged("there is something behind the end of the strongbox", err);
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
    int result = read_body(plain, prelude.body_bytes - BOX_TAG_BYTES, box, err);
    secret_free(plain);
    if (result != 0) {
        box_free(box);
        return -1;
    }
    memcpy(box->id, prelude.id, sizeof box->id);
    box->version = prelude.version;
    return 0;
}

static size_t plain_size(const struct box *box) {
    size_t size = BOX_COUNT_BYTES;
    for (size_t i = 0; i < box->count; i++)
        size += ENTRY_BYTES + strlen(box->entries[i].name) + box->entries[i].length;
    return size;
}

static unsigned char *write_body(const struct box *box, size_t size) {
    unsigned char *plain = secret_alloc(size), *at = plain;
    if (plain == NULL)
        return NULL;
    bytes_put_u32(at, (uint32_t)box->count);
    at += BOX_COUNT_BYTES;
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
    if (size > BOX_BODY_BYTES_MAX - BOX_TAG_BYTES || box->version == UINT64_MAX)
        return error_set(err, ERROR_BOX_FULL, "the strongbox would have %zu bytes; %u are possible",
                         size, LIMIT_BOX_BYTES);
    unsigned char *plain = write_body(box, size);
    unsigned char *bytes = malloc(BOX_PRELUDE_BYTES + size + BOX_TAG_BYTES);
    if (plain == NULL || bytes == NULL) {
        secret_free(plain);
        free(bytes);
        return error_set(err, ERROR_MEMORY, "no memory for the strongbox");
    }
    struct box_prelude prelude = {
        .format = BOX_FORMAT, .version = box->version + 1, .body_bytes = size + BOX_TAG_BYTES};
    memcpy(prelude.id, box->id, sizeof prelude.id);
    derive(key, box->id, personal_check, prelude.key_check);
    randombytes_buf(prelude.nonce, sizeof prelude.nonce);
    box_write_prelude(&prelude, bytes);
    encrypt_body(bytes, &prelude, key, plain, size);
    secret_free(plain);
    box->version = prelude.version;
    *ret = bytes;
    *length = BOX_PRELUDE_BYTES + size + BOX_TAG_BYTES;
    return 0;
}
