/* Hadoop's site files: places lie in the text, and what is read is in proportion to it. */
#include <string.h>

#include "policy/surface/document.h"
#include "policy/surface/hadoop/hadoop.h"
#include "sidecar/base/utf8.h"
#include "tests/fuzz/fuzz.h"

static const char name[] = "core-site.xml";

static void check_origin(const struct origin *origin, const char *bytes, size_t length) {
    HOLDS(origin->kind == ORIGIN_FILE && origin->file == name);
    HOLDS(origin->line >= 1 && origin->line <= fuzz_count_lines(bytes, length));
    HOLDS(origin->column >= 1 && origin->column <= length + 1);
}

/* The first byte of a text stands at its place, unless a reference does. */
static void check_start(const struct origin *origin, const char *text, const char *bytes,
                        size_t length) {
    size_t at = 0;
    for (size_t line = 1; line < origin->line; line++)
        at = (size_t)((const char *)memchr(bytes + at, '\n', length - at) + 1 - bytes);
    at += origin->column - 1;
    HOLDS(at <= length);
    if (text[0] != '\0' && at < length && bytes[at] != '&')
        HOLDS(bytes[at] == text[0] || (unsigned char)bytes[at] <= ' ');
}

static void check_list(const struct setting_list *list, const char *bytes, size_t length) {
    HOLDS(list->count <= LIMIT_SETTINGS && list->count <= length + 1);
    for (size_t i = 0; i < list->count; i++) {
        const struct setting *setting = &list->items[i];
        check_origin(&setting->origin, bytes, length);
        check_origin(&setting->value_origin, bytes, length);
        HOLDS(text_is_utf8(setting->key, strlen(setting->key)));
        HOLDS(text_is_utf8(setting->value, strlen(setting->value)));
    }
}

FUZZ_TARGET(hadoop, 65536) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct document document = {.note_count = 77};
    struct error err;
    char *copy = arena_text(&arena, bytes, length);
    struct surface_input input = {.label = name, .bytes = copy, .length = length};
    error_clear(&err);
    HOLDS(copy != NULL);
    (void)hadoop_recognise(&input);
    (void)metrics_recognise(&input);
    (void)log4j_recognise(&input);
    if (hadoop_read(&input, &arena, &document, &err) != 0) {
        HOLDS(document.note_count == 77 && err.code == ERROR_INPUT);
        fuzz_check_place(&err, bytes, length);
        fuzz_check_silent(&err);
    } else {
        HOLDS(document.launch_count == 1 && document.loose.count == 0);
        const struct setting_list *list = &document.launches[0].lists[DOCUMENT_HADOOP];
        check_list(list, bytes, length);
        for (size_t i = 0; i < list->count; i++) {
            check_start(&list->items[i].origin, list->items[i].key, bytes, length);
            check_start(&list->items[i].value_origin, list->items[i].value, bytes, length);
        }
        HOLDS(arena.used <= 65536 + 1024 * length);
    }
    arena_free(&arena);
}
