/* Workflows and pipelines: every place lies in the text, unknown parts are whole, a loose
 * value stands where it is told, and outputs are untouched on failure. */
#include <string.h>

#include "policy/surface/ci/ci.h"
#include "policy/surface/place.h"
#include "policy/surface/unknown.h"
#include "tests/fuzz/fuzz.h"

static const char name[] = "fuzz.yml";

static void check_place(const struct origin *place, size_t lines) {
    if (place->kind == ORIGIN_UNSET)
        return;
    HOLDS(place->kind == ORIGIN_FILE && strcmp(place->file, name) == 0);
    HOLDS(place->line >= 1 && place->line <= lines + 1 && place->column >= 1);
}

static void check_text(const char *text) {
    bool inside = false;
    HOLDS(text != NULL);
    for (; *text != '\0'; text++) {
        HOLDS(*text != UNKNOWN_OPEN || !inside);
        HOLDS(*text != UNKNOWN_CLOSE || inside);
        inside = *text == UNKNOWN_OPEN || (inside && *text != UNKNOWN_CLOSE);
    }
    HOLDS(!inside);
}

static void check_list(const struct setting_list *list, size_t lines) {
    HOLDS(list->count <= LIMIT_SETTINGS);
    for (size_t i = 0; i < list->count; i++) {
        check_text(list->items[i].key);
        check_text(list->items[i].value);
        check_place(&list->items[i].origin, lines);
        check_place(&list->items[i].value_origin, lines);
    }
}

static void check_document(const struct document *document, size_t lines) {
    check_list(&document->loose, lines);
    for (size_t i = 0; i < document->launch_count; i++) {
        const struct document_launch *launch = &document->launches[i];
        check_place(&launch->origin, lines);
        for (size_t w = 0; w < launch->word_count; w++) {
            check_text(launch->words[w].text);
            check_place(&launch->words[w].origin, lines);
            check_place(&launch->words[w].value_origin, lines);
        }
        for (size_t list = 0; list < DOCUMENT_LISTS; list++)
            check_list(&launch->lists[list], lines);
    }
    for (size_t i = 0; i < document->note_count; i++)
        check_place(&document->notes[i].origin, lines);
}

static void check_inner(const struct document_text *inner, size_t lines) {
    struct origin first = place_find(&inner->map, 0), last = place_find(&inner->map, inner->length);
    HOLDS(inner->bytes[inner->length] == '\0' && inner->hint != NULL);
    check_place(&first, lines);
    check_place(&last, lines);
}

FUZZ_TARGET(ci, 16384) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct document document = {.text_count = 77};
    struct surface_input input = {name, length == 0 ? "" : bytes, length};
    struct error err;
    size_t lines = fuzz_count_lines(bytes, length);
    error_clear(&err);
    (void)ci_recognise(&input);
    if (ci_read(&input, &arena, &document, &err) != 0) {
        HOLDS(document.text_count == 77 && err.code == ERROR_INPUT);
        fuzz_check_error(&err);
        fuzz_check_silent(&err);
    } else {
        check_document(&document, lines);
        for (size_t i = 0; i < document.text_count; i++)
            check_inner(&document.texts[i], lines);
    }
    arena_free(&arena);
}
