/* The layout of a region between fetch and place, as raw bytes and as parts that are
 * encoded; and the fields of the secrets in it. */
#include <jansson.h>
#include <string.h>

#include "sidecar/base/bytes.h"
#include "sidecar/secret/secret_set.h"
#include "tests/fuzz/fuzz.h"

static void check_field(const struct secret *secret, const char *field) {
    struct secret_text text = {.length = 77};
    struct error err;
    error_clear(&err);
    if (secret_field(secret, field, &text, &err) != 0) {
        HOLDS(text.length == 77 && text.bytes == NULL);
        HOLDS(error_status(err.code) == 6 || err.code == ERROR_MEMORY);
        fuzz_check_silent(&err);
        return;
    }
    HOLDS(text.length > 0 && text.bytes[text.length] == '\0');
    HOLDS(text.length <= (secret->length > 5 ? secret->length : 5));
    if (field == NULL)
        HOLDS(memcmp(text.bytes, secret->bytes, text.length) == 0);
    secret_text_free(&text);
}

static void check_set(const struct secret_set *set, const unsigned char *bytes, size_t size) {
    unsigned char *again = secret_alloc(size);
    struct error err;
    HOLDS(set->count <= LIMIT_SECRETS + 2 && again != NULL);
    for (size_t i = 0; i < set->count; i++) {
        const struct secret *secret = &set->secrets[i];
        HOLDS(secret->bytes >= set->copy && secret->length <= LIMIT_SECRET_BYTES);
        HOLDS(secret->bytes + secret->length <= set->copy + size);
        HOLDS(i == 0 || secret[-1].index < secret->index);
        HOLDS(secret_set_find(set, secret->index) == secret);
        check_field(secret, NULL);
        check_field(secret, "password");
    }
    HOLDS(secret_set_size(set->secrets, set->count) == size);
    HOLDS(secret_set_encode_bytes(again, size, set->secrets, set->count, set->version, &err) == 0);
    HOLDS(memcmp(again, bytes, size) == 0);
    secret_free(again);
}

static void try_decode(const unsigned char *bytes, size_t length) {
    struct secret_set set = {.count = 77};
    struct error err;
    unsigned char *copy = secret_alloc(length);
    HOLDS(copy != NULL);
    if (length > 0)
        memcpy(copy, bytes, length);
    if (secret_set_decode_bytes(&set, copy, length, &err) != 0) {
        HOLDS(err.code == ERROR_PROTOCOL && set.count == 0 && set.copy == NULL);
        fuzz_check_silent(&err);
        return;
    }
    check_set(&set, bytes, length);
    secret_set_free(&set);
}

/* Each secret: a byte that is added to the index, two that are its length, its bytes. */
static void try_encode(const char *bytes, size_t length) {
    struct secret secrets[32];
    size_t count = 0;
    uint32_t index = 0;
    struct error err;
    while (count < 32 && length >= 3) {
        unsigned step = fuzz_choose(&bytes, &length, 256);
        size_t size = fuzz_choose(&bytes, &length, 256);
        size = size << 8 | fuzz_choose(&bytes, &length, 256);
        size = size < length ? size : length;
        index = step == 255 ? (index < SECRET_INDEX_LEASES ? SECRET_INDEX_LEASES : index + 1)
                            : index + step;
        secrets[count++] = (struct secret){(const unsigned char *)bytes, size, index};
        bytes += size;
        length -= size;
    }
    size_t size = secret_set_size(secrets, count);
    HOLDS(size > 0);
    unsigned char *region = secret_alloc(size);
    HOLDS(region != NULL);
    if (secret_set_encode_bytes(region, size, secrets, count, length, &err) == 0)
        try_decode(region, size);
    else
        HOLDS(err.code == ERROR_INTERNAL);
    secret_free(region);
}

FUZZ_TARGET(region, 65536) {
    struct secret whole = {.index = 0};
    unsigned char *copy;
    switch (fuzz_choose(&bytes, &length, 3)) {
    case 0:
        try_decode((const unsigned char *)bytes, length);
        break;
    case 1:
        try_encode(bytes, length);
        break;
    default:
        copy = secret_alloc(length);
        HOLDS(copy != NULL);
        if (length > 0)
            memcpy(copy, bytes, length);
        whole = (struct secret){copy, length, 0};
        check_field(&whole, NULL);
        check_field(&whole, "password");
        check_field(&whole, "");
        secret_free(copy);
    }
}
