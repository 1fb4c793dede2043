/* box_fixture.h: boxes made by hand, from the description of the format alone. */
#ifndef ARRESTOR_TESTS_BOX_FIXTURE_H
#define ARRESTOR_TESTS_BOX_FIXTURE_H

#include <sodium.h>
#include <string.h>

#include "sidecar/base/bytes.h"
#include "sidecar/strongbox/box.h"

#define TAG 16

static const unsigned char fixture_key[BOX_KEY_BYTES] = "0123456789abcdef0123456789abcde";
static const unsigned char fixture_id[16] = "the box's own id";

static inline void fixture_checksum(unsigned char *box) {
    crypto_generichash(box + 104, 24, box, 104, NULL, 0);
}

static inline void fixture_derive(const unsigned char *key, const unsigned char *id,
                                  const char *personal, unsigned char *ret) {
    crypto_generichash_blake2b_salt_personal(ret, 32, NULL, 0, key, 32, id,
                                             (const unsigned char *)personal);
}

/* Writes a box of format 1 around any plaintext; its size. */
static inline size_t fixture_seal(unsigned char *box, const unsigned char *plain, size_t size) {
    unsigned char own[32];
    memset(box, 0, 128);
    memcpy(box, "ARRSTBOX", 8);
    bytes_put_u32(box + 8, 1);
    bytes_put_u64(box + 16, 41);
    bytes_put_u64(box + 24, size + TAG);
    memcpy(box + 32, fixture_id, 16);
    fixture_derive(fixture_key, fixture_id, "arrestor-box-chk", box + 48);
    memset(box + 80, 'n', 24);
    fixture_checksum(box);
    fixture_derive(fixture_key, fixture_id, "arrestor-box-key", own);
    crypto_aead_xchacha20poly1305_ietf_encrypt(box + 128, NULL, plain, size, box, 128, NULL,
                                               box + 80, own);
    return 128 + size + TAG;
}

/* Appends an entry to a plaintext at `at`; the new end. */
static inline size_t fixture_entry(unsigned char *plain, size_t at, const char *name,
                                   const char *value) {
    bytes_put_u32(plain + at, (uint32_t)strlen(name));
    bytes_put_u32(plain + at + 4, (uint32_t)strlen(value));
    memcpy(plain + at + 8, name, strlen(name));
    memcpy(plain + at + 8 + strlen(name), value, strlen(value));
    return at + 8 + strlen(name) + strlen(value);
}

#endif
