/* JSON and YAML of platforms: places lie in the text and hold what is said to stand there. */
#include <string.h>

#include "policy/surface/document.h"
#include "policy/surface/kind/kind.h"
#include "policy/surface/platform/platform.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/utf8.h"
#include "tests/fuzz/fuzz.h"

static const char name[] = "fuzz.json";

struct lines {
    const char *bytes;
    size_t length, line, at; /* the line that was looked at last, and where it begins */
};

/* The byte at a place; length where it lies behind the last one. */
static size_t find_place(struct lines *text, const struct origin *origin) {
    HOLDS(origin->kind == ORIGIN_FILE && strcmp(origin->file, name) == 0);
    HOLDS(origin->line >= 1 && origin->column >= 1);
    if (origin->line < text->line) {
        text->line = 1;
        text->at = 0;
    }
    while (text->line < origin->line) {
        const char *end = text->at >= text->length
                              ? NULL
                              : memchr(text->bytes + text->at, '\n', text->length - text->at);
        HOLDS(end != NULL || text->line + 1 == origin->line);
        text->at = end == NULL ? text->length : (size_t)(end - text->bytes) + 1;
        text->line++;
    }
    HOLDS(origin->column - 1 <= text->length - text->at);
    return text->at + origin->column - 1;
}

static void check_text(const char *text) {
    bool inside = false;
    for (; *text != '\0'; text++) {
        HOLDS(*text != UNKNOWN_OPEN || !inside);
        HOLDS(*text != UNKNOWN_CLOSE || inside);
        inside = *text == UNKNOWN_OPEN || (inside && *text != UNKNOWN_CLOSE);
    }
    HOLDS(!inside);
}

static void check_settings(const struct setting_list *list, struct lines *text) {
    HOLDS(list->count <= LIMIT_SETTINGS);
    for (size_t i = 0; i < list->count; i++) {
        find_place(text, &list->items[i].origin);
        find_place(text, &list->items[i].value_origin);
        check_text(list->items[i].value);
    }
}

static void check_launch(const struct document_launch *launch, struct lines *text) {
    find_place(text, &launch->origin);
    for (size_t list = 0; list < DOCUMENT_LISTS; list++)
        check_settings(&launch->lists[list], text);
    for (size_t i = 0; i < launch->word_count; i++) {
        find_place(text, &launch->words[i].origin);
        if (launch->words[i].value_origin.kind != ORIGIN_UNSET)
            find_place(text, &launch->words[i].value_origin);
        check_text(launch->words[i].text);
    }
    if (launch->open != NULL)
        find_place(text, launch->open);
    HOLDS(launch->unset.kind == ORIGIN_UNSET);
}

static void check_document(const struct document *document, struct lines *text) {
    for (size_t i = 0; i < document->launch_count; i++)
        check_launch(&document->launches[i], text);
    check_settings(&document->loose, text);
    for (size_t i = 0; i < document->note_count; i++) {
        find_place(text, &document->notes[i].origin);
        HOLDS(
            !fuzz_contains(document->notes[i].text, strlen(document->notes[i].text), FUZZ_CANARY));
    }
}

static void check_read(surface_read *read, const struct surface_input *input) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct lines text = {.bytes = input->bytes, .length = input->length, .line = 1};
    struct document document = {.note_count = 77};
    struct error err;
    error_clear(&err);
    if (read(input, &arena, &document, &err) == 0) {
        check_document(&document, &text);
    } else {
        HOLDS(document.note_count == 77 && document.launches == NULL);
        HOLDS(err.code == ERROR_INPUT || err.code == ERROR_SPARK);
        fuzz_check_error(&err);
        fuzz_check_silent(&err);
    }
    arena_free(&arena);
}

FUZZ_TARGET(platform, 16384) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    const char *copy = arena_text(&arena, length == 0 ? "" : bytes, length);
    HOLDS(copy != NULL);
    struct surface_input input = {.label = name, .bytes = copy, .length = length};
    kind_recognise(&input);
    check_read(platform_read, &input);
    /* Properties count as Java reads: a CR ends a line, U+FFFD stands for what is not UTF-8. */
    if (text_is_utf8(copy, length) && memchr(copy, '\r', length) == NULL)
        check_read(livy_conf_read, &input);
    arena_free(&arena);
}
