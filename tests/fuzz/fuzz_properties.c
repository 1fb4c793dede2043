/* Java properties: what is written is read again, places lie in the text. */
#include <string.h>

#include "policy/surface/place.h"
#include "policy/surface/properties.h"
#include "sidecar/base/utf8.h"
#include "tests/fuzz/fuzz.h"

static const char name[] = "fuzz.conf";

static void check_origin(const struct origin *origin, const char *bytes, size_t length,
                         size_t decoded) {
    HOLDS(origin->kind == ORIGIN_FILE && origin->file == name);
    HOLDS(origin->line >= 1 && origin->line <= fuzz_count_lines(bytes, length));
    HOLDS(origin->column >= 1 && origin->column <= decoded + 1);
}

/* The key's first byte stands where its origin says, unless it is escaped. */
static void check_key(const struct setting *setting, const char *bytes, size_t length) {
    size_t line = 1, at = 0;
    while (at < length && line < setting->origin.line) {
        bool pair = bytes[at] == '\r' && at + 1 < length && bytes[at + 1] == '\n';
        line += bytes[at] == '\n' || bytes[at] == '\r';
        at += pair ? 2 : 1;
    }
    at += setting->origin.column - 1;
    HOLDS(at < length);
    HOLDS(bytes[at] == setting->key[0] || bytes[at] == '\\' || setting->key[0] == '\0');
}

static void check_trim(const char *value) {
    size_t length = 0, again = 0;
    const char *trimmed = properties_trim(value, &length);
    HOLDS(trimmed >= value && trimmed + length <= value + strlen(value));
    char copy[64];
    if (length >= sizeof copy)
        return;
    memcpy(copy, trimmed, length);
    copy[length] = '\0';
    HOLDS(properties_trim(copy, &again) == copy && again == length);
}

static void check_setting(const struct setting *setting, const struct setting *before,
                          const char *bytes, size_t length) {
    HOLDS(setting->key != NULL && setting->value != NULL && setting->overridden == NULL);
    check_origin(&setting->origin, bytes, length, 3 * length);
    check_origin(&setting->value_origin, bytes, length, 3 * length);
    HOLDS(setting->value_origin.line > setting->origin.line ||
          (setting->value_origin.line == setting->origin.line &&
           setting->value_origin.column >= setting->origin.column));
    HOLDS(before == NULL || before->value_origin.line < setting->origin.line);
    if (text_is_utf8(bytes, length))
        check_key(setting, bytes, length);
    check_trim(setting->value);
}

static void write_all(const struct setting_list *list, struct buffer *out) {
    for (size_t i = 0; i < list->count; i++)
        properties_write(list->items[i].key, list->items[i].value, out);
    HOLDS(buffer_status(out) == 0);
}

/* One line for each setting, and the same settings from it; writing them again
 * gives the same bytes. */
static void check_again(const struct setting_list *list, struct arena *arena) {
    struct buffer first = buffer_make(LIMIT_REPORT_BYTES), second = buffer_make(LIMIT_REPORT_BYTES);
    struct setting_list again = {0};
    struct error err;
    write_all(list, &first);
    HOLDS(properties_parse(first.data, first.length, "again", arena, &again, &err) == 0);
    HOLDS(again.count == list->count && again.invalid_line == 0);
    for (size_t i = 0; i < list->count; i++) {
        HOLDS(strcmp(again.items[i].key, list->items[i].key) == 0);
        HOLDS(strcmp(again.items[i].value, list->items[i].value) == 0);
        HOLDS(again.items[i].origin.line == i + 1 && again.items[i].origin.column == 1);
    }
    write_all(&again, &second);
    HOLDS(first.length == second.length &&
          (first.length == 0 || memcmp(first.data, second.data, first.length) == 0));
    buffer_free(&first);
    buffer_free(&second);
}

/* As a text within another one: places lie in it, and every mark that opens is kept. */
static void check_within(const char *bytes, size_t length, struct arena *arena) {
    struct setting_list list = {.invalid_line = 77};
    struct place_map map;
    struct error err;
    HOLDS(place_file(name, bytes, length, arena, &map) == 0);
    if (properties_parse_within(bytes, length, &map, arena, &list, &err) != 0) {
        HOLDS(list.invalid_line == 77);
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        const struct setting *s = &list.items[i];
        size_t at = map.segments[s->origin.line - 1].offset + s->origin.column - 1;
        HOLDS(at < length && s->value_origin.line <= map.count);
        HOLDS(bytes[at] == s->key[0] || bytes[at] == '\\' || s->key[0] == '\0' || s->key[0] == '?');
    }
}

FUZZ_TARGET(properties, 65536) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES), other = arena_make(LIMIT_ARENA_BYTES);
    struct setting_list list = {.invalid_line = 77};
    struct error err;
    error_clear(&err);
    if (properties_parse(bytes, length, name, &arena, &list, &err) != 0) {
        HOLDS(list.invalid_line == 77 && list.items == NULL);
        HOLDS(err.code == ERROR_INPUT || err.code == ERROR_SPARK);
        fuzz_check_place(&err, bytes, length);
        fuzz_check_silent(&err);
    } else {
        HOLDS(list.count <= LIMIT_SETTINGS && list.count <= length);
        HOLDS((list.invalid_line == 0) == text_is_utf8(bytes, length));
        HOLDS(list.invalid_line <= fuzz_count_lines(bytes, length));
        for (size_t i = 0; i < list.count; i++)
            check_setting(&list.items[i], i == 0 ? NULL : &list.items[i - 1], bytes, length);
        HOLDS(arena.used <= 4096 + 256 * length);
        check_again(&list, &other);
    }
    arena_clear(&other);
    check_within(length == 0 ? "" : bytes, length, &other);
    arena_free(&other);
    arena_free(&arena);
}
