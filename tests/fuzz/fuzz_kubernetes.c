/* Manifests and values files: every place lies in the text, and what was read is told
 * in bounds; whatever surface it is taken for. */
#include <string.h>

#include "policy/surface/kubernetes/kubernetes.h"
#include "tests/fuzz/fuzz.h"

static const char name[] = "fuzz.yaml";

static void check_place(const struct origin *place, size_t lines) {
    if (place->kind == ORIGIN_UNSET && place->file == NULL)
        return;
    HOLDS(place->kind == ORIGIN_FILE || place->kind == ORIGIN_UNSET);
    HOLDS(place->file != NULL && strcmp(place->file, name) == 0);
    HOLDS(place->line >= 1 && place->line <= lines + 1 && place->column >= 1);
}

static void check_list(const struct setting_list *list, size_t lines) {
    HOLDS(list->count <= LIMIT_SETTINGS);
    for (size_t i = 0; i < list->count; i++) {
        HOLDS(list->items[i].key != NULL && list->items[i].value != NULL);
        check_place(&list->items[i].origin, lines);
        check_place(&list->items[i].value_origin, lines);
    }
}

static void check_document(const struct document *document, size_t lines) {
    HOLDS(document->launch_count <= LIMIT_LAUNCHES && document->note_count <= LIMIT_NOTES);
    check_list(&document->loose, lines);
    for (size_t i = 0; i < document->launch_count; i++) {
        const struct document_launch *launch = &document->launches[i];
        HOLDS(launch->title != NULL && launch->word_count <= LIMIT_ARGUMENTS);
        check_place(&launch->origin, lines);
        for (size_t w = 0; w < launch->word_count; w++) {
            HOLDS(launch->words[w].text != NULL);
            check_place(&launch->words[w].origin, lines);
        }
        for (size_t list = 0; list < DOCUMENT_LISTS; list++)
            check_list(&launch->lists[list], lines);
    }
    for (size_t i = 0; i < document->note_count; i++)
        check_place(&document->notes[i].origin, lines);
}

static void read_with(surface_read *read, const struct surface_input *input) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct document document = {.note_count = 77};
    struct error err;
    error_clear(&err);
    if (read(input, &arena, &document, &err) != 0) {
        HOLDS(document.note_count == 77 && err.code == ERROR_INPUT);
        fuzz_check_error(&err);
        fuzz_check_silent(&err);
    } else {
        check_document(&document, fuzz_count_lines(input->bytes, input->length));
    }
    arena_free(&arena);
}

FUZZ_TARGET(kubernetes, 65536) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    char *copy = arena_array(&arena, length + 1, 1);
    HOLDS(copy != NULL);
    if (length > 0)
        memcpy(copy, bytes, length);
    struct surface_input input = {.label = name, .bytes = copy, .length = length};
    enum surface_certainty sure = spark_application_recognise(&input);
    HOLDS(sure == SURFACE_NO || kubernetes_recognise(&input) == SURFACE_SURE);
    (void)settings_recognise(&input);
    read_with(kubernetes_read, &input);
    read_with(settings_read, &input);
    arena_free(&arena);
}
