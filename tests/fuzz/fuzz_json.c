/* Questions about JSON text, beside a parser that answers them from its tree. */
#include <jansson.h>
#include <string.h>

#include "sidecar/fetch/vault/vault_json.h"
#include "tests/fuzz/fuzz.h"

#define FLAGS (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL | JSON_DECODE_ANY)

static size_t measure_depth(json_t *node) {
    size_t most = 0, index;
    const char *key;
    json_t *child;
    if (!json_is_object(node) && !json_is_array(node))
        return 0;
    json_object_foreach(node, key, child) {
        size_t depth = measure_depth(child);
        most = depth > most ? depth : most;
    }
    json_array_foreach(node, index, child) {
        size_t depth = measure_depth(child);
        most = depth > most ? depth : most;
    }
    return most + 1;
}

static bool stands_plain(struct vault_span text, const char *key) {
    char quoted[64];
    size_t length = strlen(key);
    if (length > sizeof quoted - 3)
        return false;
    quoted[0] = '"';
    memcpy(quoted + 1, key, length);
    memcpy(quoted + 1 + length, "\"", 2);
    return fuzz_contains(text.bytes, text.length, quoted);
}

static void check_inside(struct vault_span text, struct vault_span piece) {
    HOLDS(piece.bytes >= text.bytes && piece.bytes + piece.length <= text.bytes + text.length);
}

/* Every member is cut out as the tree has it; unless its name is escaped. */
static void check_members(struct vault_span text, json_t *root) {
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value) {
        struct vault_span piece = {.length = 77};
        if (vault_json_member(text, key, &piece) != 0) {
            HOLDS(piece.length == 77 && piece.bytes == NULL);
            HOLDS(!stands_plain(text, key) || json_object_size(root) > 1 ||
                  strpbrk(key, "\"\\") != NULL);
            continue;
        }
        check_inside(text, piece);
        json_t *cut = json_loadb(piece.bytes, piece.length, FLAGS, NULL);
        HOLDS(cut != NULL && json_equal(cut, value));
        json_decref(cut);
    }
}

static void check_compact(struct vault_span text, const json_t *root, struct arena *arena) {
    unsigned char *out = arena_alloc(arena, text.length), *again = arena_alloc(arena, text.length);
    size_t length = vault_json_compact(text, out);
    HOLDS(length <= text.length);
    struct vault_span first = {.bytes = (const char *)out, .length = length};
    HOLDS(vault_json_compact(first, again) == length && memcmp(out, again, length) == 0);
    if (root == NULL)
        return;
    json_t *read = json_loadb(first.bytes, first.length, FLAGS, NULL);
    HOLDS(read != NULL && json_equal(read, root));
    json_decref(read);
}

FUZZ_TARGET(json, 65536) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct vault_span text = {.bytes = bytes, .length = length}, piece = {.bytes = NULL};
    bool shallow = vault_json_is_shallow(text, LIMIT_ANSWER_DEPTH);
    json_t *root = shallow && length > 0 ? json_loadb(bytes, length, FLAGS, NULL) : NULL;
    if (root != NULL) {
        size_t depth = measure_depth(root);
        HOLDS(depth <= LIMIT_ANSWER_DEPTH && vault_json_is_shallow(text, depth));
        HOLDS(depth == 0 || !vault_json_is_shallow(text, depth - 1));
        check_members(text, root);
    }
    if (length > 0 && vault_json_member(text, "data", &piece) == 0)
        check_inside(text, piece);
    check_compact(text, root, &arena);
    json_decref(root);
    arena_free(&arena);
}
