/* Job source, as Python, as Scala and as a notebook: outputs untouched on failure, places that lie
 * in the text, words and settings only of what stands there, memory in proportion. */
#include <string.h>

#include "policy/surface/document.h"
#include "policy/surface/source/source.h"
#include "tests/fuzz/fuzz.h"

static const char name[] = "fuzz.py";

static void check_origin(const struct origin *origin, const char *bytes, size_t length) {
    HOLDS(origin->kind == ORIGIN_FILE && origin->file == name);
    HOLDS(origin->line >= 1 && origin->line <= fuzz_count_lines(bytes, length) + 1);
    HOLDS(origin->column >= 1 && origin->column <= length + 1);
}

static void check_list(const struct setting_list *list, const char *bytes, size_t length) {
    for (size_t i = 0; i < list->count; i++) {
        HOLDS(list->items[i].key != NULL && list->items[i].value != NULL);
        HOLDS(list->items[i].key[0] != '\0');
        check_origin(&list->items[i].origin, bytes, length);
        check_origin(&list->items[i].value_origin, bytes, length);
    }
}

static void check_launch(const struct document_launch *launch, const char *bytes, size_t length) {
    HOLDS(launch->title != NULL);
    check_origin(&launch->origin, bytes, length);
    for (size_t i = 0; i < launch->word_count; i++) {
        HOLDS(launch->words[i].text != NULL);
        check_origin(&launch->words[i].origin, bytes, length);
    }
    for (size_t list = 0; list < DOCUMENT_LISTS; list++)
        check_list(&launch->lists[list], bytes, length);
    if (launch->open != NULL)
        check_origin(launch->open, bytes, length);
}

static void check_document(const struct document *document, const char *bytes, size_t length) {
    for (size_t i = 0; i < document->launch_count; i++)
        check_launch(&document->launches[i], bytes, length);
    check_list(&document->loose, bytes, length);
    for (size_t i = 0; i < document->note_count; i++)
        HOLDS(strstr(document->notes[i].text, FUZZ_CANARY) == NULL);
}

static void read_as(surface_read *read, const char *bytes, size_t length) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    const char *copy = arena_text(&arena, bytes == NULL ? "" : bytes, length);
    struct surface_input input = {.label = name, .bytes = copy, .length = length};
    struct document document = {.launch_count = 77};
    struct error err;
    error_clear(&err);
    HOLDS(copy != NULL);
    pyspark_recognise(&input);
    airflow_recognise(&input);
    scala_recognise(&input);
    notebook_recognise(&input);
    if (read(&input, &arena, &document, &err) != 0) {
        HOLDS(document.launch_count == 77);
        HOLDS(err.code == ERROR_INPUT);
        fuzz_check_place(&err, bytes, length);
        fuzz_check_silent(&err);
    } else {
        check_document(&document, bytes, length);
        HOLDS(arena.used <= 65536 + 4096 * length + 4 * (size_t)LIMIT_SOURCE_WORK);
    }
    arena_free(&arena);
}

FUZZ_TARGET(source, 16384) {
    read_as(pyspark_read, bytes, length);
    read_as(scala_read, bytes, length);
    read_as(notebook_read, bytes, length);
}
