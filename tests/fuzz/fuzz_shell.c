/* A script: every word and setting has a place within it, texts have their marks in
 * pairs, and the words of a line are the same however often they are split. */
#include <string.h>

#include "policy/surface/shell/shell.h"
#include "policy/surface/unknown.h"
#include "tests/fuzz/fuzz.h"

static void check_place(const struct origin *origin, size_t lines) {
    if (origin->kind == ORIGIN_UNSET)
        return;
    HOLDS(origin->kind == ORIGIN_FILE && origin->line >= 1 && origin->line <= lines);
    HOLDS(origin->column >= 1);
}

static void check_list(const struct setting_list *list, size_t lines) {
    for (size_t i = 0; i < list->count; i++) {
        HOLDS(list->items[i].key != NULL && list->items[i].value != NULL);
        check_place(&list->items[i].origin, lines);
        check_place(&list->items[i].value_origin, lines);
    }
}

/* The first byte of a value stands at its place, where it is known. */
static void check_value(const struct setting *s, const char *bytes, size_t length) {
    size_t line = 1, at = 0;
    for (; at < length && line < s->value_origin.line; at++)
        line += bytes[at] == '\n';
    at += s->value_origin.column - 1;
    HOLDS(at <= length);
    char first = s->value[0];
    bool plain = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
    if (plain && at < length)
        HOLDS(bytes[at] == first || bytes[at] == '\\' || (bytes[at] ^ 0x20) == first);
}

static void check_launch(const struct document_launch *launch, size_t lines) {
    check_place(&launch->origin, lines);
    for (size_t i = 0; i < launch->word_count; i++) {
        HOLDS(launch->words[i].text != NULL);
        check_place(&launch->words[i].origin, lines);
        check_place(&launch->words[i].value_origin, lines);
    }
    for (size_t i = 0; i < DOCUMENT_LISTS; i++)
        check_list(&launch->lists[i], lines);
}

static void check_inner(const struct document_text *inner, size_t lines) {
    HOLDS(inner->bytes[inner->length] == '\0' && inner->hint != NULL);
    struct origin first = place_find(&inner->map, 0), last = place_find(&inner->map, inner->length);
    check_place(&first, lines);
    check_place(&last, lines);
}

static void read_script(const char *bytes, size_t length) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct document document = {.text_count = 77};
    struct surface_input input = {"fuzz.sh", length == 0 ? "" : bytes, length};
    struct error err;
    size_t lines = fuzz_count_lines(bytes, length);
    error_clear(&err);
    (void)shell_recognise(&input);
    if (shell_read(&input, &arena, &document, &err) != 0) {
        HOLDS(document.text_count == 77);
        HOLDS(err.code == ERROR_INPUT);
        fuzz_check_place(&err, bytes, length);
        fuzz_check_silent(&err);
    } else {
        for (size_t i = 0; i < document.launch_count; i++)
            check_launch(&document.launches[i], lines);
        check_list(&document.loose, lines);
        for (size_t i = 0; i < document.loose.count; i++)
            check_value(&document.loose.items[i], bytes, length);
        for (size_t i = 0; i < document.text_count; i++)
            check_inner(&document.texts[i], lines);
    }
    arena_free(&arena);
}

static void split_line(const char *bytes, size_t length) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct place_map map;
    struct document_word *words = NULL;
    struct error err;
    size_t count = 77;
    error_clear(&err);
    HOLDS(place_file("fuzz", bytes, length, &arena, &map) == 0);
    if (shell_split(length == 0 ? "" : bytes, length, &map, &arena, &words, &count, &err) != 0)
        HOLDS(words == NULL && count == 77 && err.code == ERROR_INPUT);
    else
        for (size_t i = 0; i < count; i++)
            check_place(&words[i].origin, fuzz_count_lines(bytes, length));
    arena_free(&arena);
}

FUZZ_TARGET(shell, 16384) {
    read_script(bytes, length);
    split_line(bytes, length);
}
