/* The strongbox format: raw bytes; a plaintext that was sealed with a known key, so
 * that the tag does not stop the fuzzer; and entries that are set and removed. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/base/bytes.h"
#include "sidecar/strongbox/box.h"
#include "tests/fuzz/fuzz.h"

#define TAG 16u

static const unsigned char key[BOX_KEY_BYTES] = {1, 2, 3};
static const unsigned char id[16] = {4, 5, 6};

static void check_same(const struct box *a, const struct box *b) {
    HOLDS(a->count == b->count && memcmp(a->id, b->id, sizeof a->id) == 0);
    for (size_t i = 0; i < a->count; i++) {
        HOLDS(strcmp(a->entries[i].name, b->entries[i].name) == 0);
        HOLDS(a->entries[i].length == b->entries[i].length);
        HOLDS(memcmp(a->entries[i].value, b->entries[i].value, a->entries[i].length) == 0);
    }
}

static void check_box(const struct box *box) {
    struct error err;
    HOLDS(box->count <= LIMIT_BOX_ENTRIES);
    for (size_t i = 0; i < box->count; i++) {
        const struct box_entry *entry = &box->entries[i];
        HOLDS(box_check_name(entry->name, &err) == 0);
        HOLDS(entry->length > 0 && entry->length <= LIMIT_SECRET_BYTES && entry->value != NULL);
        HOLDS(i == 0 || strcmp(entry[-1].name, entry->name) < 0);
        HOLDS(box_find(box, entry->name) == entry);
    }
}

/* Sealed and opened again it is the same, one version later; and no byte of it can
 * be changed or cut off. */
static void check_seal(struct box *box, size_t flip) {
    struct box again = {.count = 77};
    struct error err;
    unsigned char *bytes = NULL;
    size_t length = 0;
    uint64_t version = box->version;
    if (version == UINT64_MAX) {
        HOLDS(box_seal(box, key, &bytes, &length, &err) != 0 && err.code == ERROR_BOX_FULL);
        return;
    }
    HOLDS(box_seal(box, key, &bytes, &length, &err) == 0);
    HOLDS(box->version == version + 1);
    HOLDS(box_open(bytes, length, key, &again, &err) == 0 && again.version == box->version);
    check_same(box, &again);
    box_free(&again);
    bytes[flip % length] ^= (unsigned char)(1u << flip % 8);
    HOLDS(box_open(bytes, length, key, &again, &err) != 0 && again.count == 0);
    bytes[flip % length] ^= (unsigned char)(1u << flip % 8);
    HOLDS(box_open(bytes, flip % length, key, &again, &err) != 0 && again.count == 0);
    HOLDS(err.code == ERROR_BOX_TRUNCATED);
    free(bytes);
}

static void try_open(const unsigned char *bytes, size_t length) {
    struct box_prelude prelude = {.format = 77};
    struct box box = {.count = 77};
    struct error err;
    if (box_read_prelude(bytes, length, &prelude, &err) != 0) {
        fuzz_check_error(&err);
        HOLDS(prelude.format == 77 && prelude.version == 0);
    } else {
        HOLDS(prelude.format == BOX_FORMAT && prelude.body_bytes <= LIMIT_BOX_BYTES);
    }
    if (box_open(bytes, length, key, &box, &err) != 0) {
        HOLDS(box.count == 0 && box.entries == NULL);
        HOLDS(err.code == ERROR_BOX_TRUNCATED || err.code == ERROR_BOX_DAMAGED ||
              err.code == ERROR_BOX_NEWER || err.code == ERROR_BOX_WRONG_KEY);
        fuzz_check_silent(&err);
        return;
    }
    HOLDS(prelude.format == BOX_FORMAT && box.version == prelude.version);
    check_box(&box);
    check_seal(&box, length);
    box_free(&box);
}

static void derive(const char *personal, unsigned char ret[32]) {
    unsigned char bytes[16];
    memcpy(bytes, personal, sizeof bytes);
    HOLDS(crypto_generichash_blake2b_salt_personal(ret, 32, NULL, 0, key, sizeof key, id, bytes) ==
          0);
}

/* As the comment at the head of box.c says; written anew here. */
static void try_plain(const char *plain, size_t size) {
    unsigned char *bytes = calloc(1, BOX_PRELUDE_BYTES + size + TAG), own[32];
    HOLDS(bytes != NULL);
    memcpy(bytes, "ARRSTBOX", 8);
    bytes_put_u32(bytes + 8, 1);
    bytes_put_u64(bytes + 16, size % 5 == 0 ? UINT64_MAX : size);
    bytes_put_u64(bytes + 24, size + TAG);
    memcpy(bytes + 32, id, sizeof id);
    derive("arrestor-box-chk", bytes + 48);
    (void)crypto_generichash_blake2b(bytes + 104, 24, bytes, 104, NULL, 0);
    derive("arrestor-box-key", own);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + BOX_PRELUDE_BYTES, NULL,
                                                     (const unsigned char *)plain, size, bytes,
                                                     BOX_PRELUDE_BYTES, NULL, bytes + 80, own);
    try_open(bytes, BOX_PRELUDE_BYTES + size + TAG);
    free(bytes);
}

/* The checksum of the prelude made right, so that what stands in it is looked at. */
static void try_prelude(const char *text, size_t length) {
    unsigned char *bytes = calloc(1, length + BOX_PRELUDE_BYTES);
    HOLDS(bytes != NULL);
    if (length > 0)
        memcpy(bytes, text, length);
    memcpy(bytes, "ARRSTBOX", 8);
    (void)crypto_generichash_blake2b(bytes + 104, 24, bytes, 104, NULL, 0);
    try_open(bytes, length < BOX_PRELUDE_BYTES ? BOX_PRELUDE_BYTES : length);
    free(bytes);
}

/* Lines "NAME VALUE" set, lines "-NAME" remove; the last one counts. */
static void try_commands(const char *text, size_t length) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    size_t count = 0;
    const char **lines = fuzz_words(text, length, '\n', &arena, &count);
    struct box box;
    struct error err;
    box_make(&box);
    for (size_t i = 0; i < count; i++) {
        bool remove = lines[i][0] == '-';
        const char *line = lines[i] + (remove ? 1 : 0);
        const char *blank = strchr(line, ' ');
        size_t size = blank != NULL ? (size_t)(blank - line) : strlen(line), before = box.count;
        const char *value = blank != NULL ? blank + 1 : "";
        const char *name = arena_text(&arena, line, size);
        bool stood = box_find(&box, name) != NULL;
        int result = remove
                         ? box_remove(&box, name, &err)
                         : box_set(&box, name, (const unsigned char *)value, strlen(value), &err);
        const struct box_entry *entry = box_find(&box, name);
        if (result != 0) {
            fuzz_check_error(&err);
            HOLDS(box.count == before && (entry != NULL) == stood);
        } else if (remove) {
            HOLDS(stood && entry == NULL && box.count == before - 1);
        } else {
            HOLDS(entry != NULL && entry->length == strlen(value));
            HOLDS(memcmp(entry->value, value, entry->length) == 0);
            HOLDS(box.count == before + (stood ? 0 : 1));
        }
    }
    check_box(&box);
    check_seal(&box, length);
    box_free(&box);
    arena_free(&arena);
}

FUZZ_TARGET(box, 16384) {
    switch (fuzz_choose(&bytes, &length, 4)) {
    case 0:
        try_open((const unsigned char *)bytes, length);
        break;
    case 1:
        try_plain(bytes, length);
        break;
    case 2:
        try_prelude(bytes, length);
        break;
    default:
        try_commands(bytes, length);
    }
}
