#include "sidecar/secret/secret_set.h"

#include <stdbool.h>
#include <string.h>

#include "sidecar/base/bytes.h"
#include "sidecar/base/error.h"

#define SET_MAGIC  0x54455341u /* "ASET" */
#define SET_HEADER 24u
#define SET_ENTRY  8u

static size_t pad(size_t length) {
    return (length + 7) & ~(size_t)7;
}

size_t secret_set_size(const struct secret *secrets, size_t count) {
    size_t size = SET_HEADER;
    if (count > LIMIT_SECRETS + 2)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (secrets[i].length > LIMIT_SECRET_BYTES)
            return 0;
        size += SET_ENTRY + pad(secrets[i].length);
        if (size > LIMIT_REGION_BYTES)
            return 0;
    }
    return size;
}

static bool is_index(uint32_t index) {
    return index < LIMIT_SECRETS || index == SECRET_INDEX_LEASES || index == SECRET_INDEX_SESSION;
}

static bool indexes_rise(const struct secret *secrets, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!is_index(secrets[i].index) || (i > 0 && secrets[i].index <= secrets[i - 1].index))
            return false;
    return true;
}

const struct secret *secret_set_find(const struct secret_set *set, uint32_t index) {
    for (size_t i = 0; i < set->count; i++)
        if (set->secrets[i].index == index)
            return &set->secrets[i];
    return NULL;
}

int secret_set_encode_bytes(unsigned char *bytes, size_t size, const struct secret *secrets,
                            size_t count, uint64_t version, struct error *err) {
    unsigned char *at = bytes;
    if (size == 0 || size != secret_set_size(secrets, count) || !indexes_rise(secrets, count))
        return error_set(err, ERROR_INTERNAL, "a set of %zu secrets does not fit its memory",
                         count);
    bytes_put_u32(at, SET_MAGIC);
    bytes_put_u32(at + 4, (uint32_t)count);
    bytes_put_u64(at + 8, version);
    bytes_put_u64(at + 16, size);
    at += SET_HEADER;
    for (size_t i = 0; i < count; i++) {
        size_t length = secrets[i].length;
        bytes_put_u32(at, secrets[i].index);
        bytes_put_u32(at + 4, (uint32_t)length);
        at += SET_ENTRY;
        if (length > 0)
            memcpy(at, secrets[i].bytes, length);
        memset(at + length, 0, pad(length) - length);
        at += pad(length);
    }
    return 0;
}

int secret_set_encode(struct region *region, const struct secret *secrets, size_t count,
                      uint64_t version, struct error *err) {
    return secret_set_encode_bytes(region->bytes, region->size, secrets, count, version, err);
}

/* Takes the entry at *at of size bytes and moves *at past it. */
static int decode_secret(const unsigned char *bytes, size_t size, size_t *at,
                         struct secret *secret) {
    if (size - *at < SET_ENTRY)
        return -1;
    const unsigned char *start = bytes + *at;
    size_t length = bytes_get_u32(start + 4), left = size - *at - SET_ENTRY;
    if (length > LIMIT_SECRET_BYTES || pad(length) > left)
        return -1;
    *secret = (struct secret){
        .bytes = start + SET_ENTRY, .length = length, .index = bytes_get_u32(start)};
    for (size_t i = length; i < pad(length); i++)
        if (secret->bytes[i] != 0)
            return -1;
    *at += SET_ENTRY + pad(length);
    return 0;
}

static int decode_copy(struct secret_set *set, size_t size) {
    const unsigned char *bytes = set->copy;
    if (size < SET_HEADER || bytes_get_u32(bytes) != SET_MAGIC || bytes_get_u64(bytes + 16) != size)
        return -1;
    size_t count = bytes_get_u32(bytes + 4), at = SET_HEADER;
    if (count > LIMIT_SECRETS + 2)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (decode_secret(bytes, size, &at, &set->secrets[i]) != 0)
            return -1;
    set->version = bytes_get_u64(bytes + 8);
    set->count = count;
    return at == size && indexes_rise(set->secrets, count) ? 0 : -1;
}

int secret_set_decode_bytes(struct secret_set *set, unsigned char *bytes, size_t size,
                            struct error *err) {
    memset(set, 0, sizeof *set);
    set->copy = bytes;
    if (decode_copy(set, size) == 0)
        return 0;
    secret_set_free(set);
    return error_set(err, ERROR_PROTOCOL, "a set of secrets that was handed over is malformed");
}

int secret_set_decode(struct secret_set *set, struct region *region, struct error *err) {
    size_t size = region->size;
    enum region_kind kind = region->kind;
    unsigned char *copy = secret_alloc(size);
    memset(set, 0, sizeof *set);
    if (copy != NULL)
        memcpy(copy, region->bytes, size);
    region_free(region);
    if (copy == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for a set of %zu bytes", size);
    int result = secret_set_decode_bytes(set, copy, size, err);
    if (result == 0)
        set->kind = kind;
    return result;
}

void secret_set_free(struct secret_set *set) {
    secret_free(set->copy);
    memset(set, 0, sizeof *set);
}
