/* reading_batch.c: what keys say to their readers, for comparison with Spark. One
 * JSON object per line on standard input:
 *
 *   {"read": {key: value}, "env": {name: value}, "ask": [[reader, key], …], "spark": [4, 1]}
 *
 * and one per line on standard output: {"answers": [{"value": text} | {"unset": true} |
 * {"invalid": true} | {"unknown": true}, …]}. Reader "typed" is that of a ConfigEntry,
 * all others are the key's own. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "policy/effective/reading.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "tests/ref/batch.h"

static int compare(const void *left, const void *right) {
    const struct setting *a = left, *b = right;
    return strcmp(a->key, b->key);
}

static const struct setting *settings_of(json_t *map, struct arena *arena, size_t *count) {
    struct setting *items = arena_array(arena, json_object_size(map) + 1, sizeof *items);
    *count = 0;
    if (items == NULL)
        return NULL;
    for (void *at = json_object_iter(map); at != NULL; at = json_object_iter_next(map, at))
        items[(*count)++] =
            (struct setting){.key = json_object_iter_key(at),
                             .value = json_string_value(json_object_iter_value(at))};
    qsort(items, *count, sizeof *items, compare);
    return items;
}

static json_t *one(const struct reading_scope *scope, json_t *pair) {
    const char *reader = json_string_value(json_array_get(pair, 0));
    const char *key = json_string_value(json_array_get(pair, 1));
    struct reading reading;
    struct error err;
    int status = strcmp(reader, "typed") == 0 ? reading_typed(scope, key, &reading, &err)
                                              : reading_of(scope, key, &reading, &err);
    if (status != 0)
        return json_pack("{s:s}", "error", err.what);
    switch (reading.state) {
    case READING_KNOWN:
        return json_pack("{s:s}", "value", reading.value);
    case READING_UNKNOWN:
        return json_pack("{s:b}", "unknown", 1);
    case READING_INVALID:
        return json_pack("{s:b}", "invalid", 1);
    default:
        return json_pack("{s:b}", "unset", 1);
    }
}

static json_t *answer(json_t *question) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct effective conf = {0};
    json_t *version = json_object_get(question, "spark"), *answers = json_array(), *pair;
    size_t i;
    conf.settings = settings_of(json_object_get(question, "read"), &arena, &conf.count);
    struct reading_scope scope = {
        .conf = &conf,
        .environment = batch_variables(json_object_get(question, "env"), &arena),
        .arena = &arena,
        .major = (int)json_integer_value(json_array_get(version, 0)),
        .minor = (int)json_integer_value(json_array_get(version, 1)),
    };
    json_array_foreach(json_object_get(question, "ask"), i, pair)
        json_array_append_new(answers, one(&scope, pair));
    arena_free(&arena);
    return json_pack("{s:o}", "answers", answers);
}

int main(void) {
    return batch_run(answer);
}
