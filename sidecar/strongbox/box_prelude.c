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
#include "sidecar/strongbox/box_prelude.h"

#include <sodium.h>
#include <string.h>

#include "sidecar/base/bytes.h"
#include "sidecar/base/error.h"

#define AT_FORMAT    8
#define AT_RESERVED  12
#define AT_VERSION   16
#define AT_BODY      24
#define AT_ID        32
#define AT_KEY_CHECK 48
#define AT_NONCE     80
#define AT_CHECKSUM  104

static const unsigned char magic[AT_FORMAT] = {'A', 'R', 'R', 'S', 'T', 'B', 'O', 'X'};
_Static_assert(AT_CHECKSUM + 24 == BOX_PRELUDE_BYTES, "the prelude is full");

int box_refuse_truncated(size_t length, uint64_t needed, struct error *err) {
    error_set(err, ERROR_BOX_TRUNCATED, "the strongbox is cut short: %zu bytes of %llu", length,
              (unsigned long long)needed);
    return error_todo(err, "restore it from a backup; its entries cannot be read in part");
}

int box_refuse_damaged(const char *what, struct error *err) {
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
        return box_refuse_damaged("this is not a strongbox, or its first bytes are damaged", err);
    if (length < BOX_PRELUDE_BYTES)
        return box_refuse_truncated(length, BOX_PRELUDE_BYTES, err);
    make_checksum(bytes, checksum);
    if (memcmp(checksum, bytes + AT_CHECKSUM, sizeof checksum) != 0)
        return box_refuse_damaged("the head of the strongbox is damaged", err);
    struct box_prelude prelude = {.format = bytes_get_u32(bytes + AT_FORMAT),
                                  .version = bytes_get_u64(bytes + AT_VERSION),
                                  .body_bytes = bytes_get_u64(bytes + AT_BODY)};
    if (prelude.format > BOX_FORMAT)
        return refuse_newer(prelude.format, err);
    if (prelude.format == 0 || bytes_get_u32(bytes + AT_RESERVED) != 0 ||
        prelude.body_bytes < BOX_TAG_BYTES + BOX_COUNT_BYTES ||
        prelude.body_bytes > BOX_BODY_BYTES_MAX)
        return box_refuse_damaged("the head of the strongbox makes no sense", err);
    memcpy(prelude.id, bytes + AT_ID, sizeof prelude.id);
    memcpy(prelude.key_check, bytes + AT_KEY_CHECK, sizeof prelude.key_check);
    memcpy(prelude.nonce, bytes + AT_NONCE, sizeof prelude.nonce);
    *ret = prelude;
    return 0;
}

void box_write_prelude(const struct box_prelude *prelude, unsigned char *to) {
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
