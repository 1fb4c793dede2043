#include "policy/surface/source/source.h"

#include <string.h>

#include "policy/surface/source/operators.h"
#include "policy/surface/source/session.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

#define LOOKED_AT 65536

/* Whether the bytes that are looked at hold that text. */
static bool holds(const struct surface_input *input, const char *text) {
    size_t length = input->length < LOOKED_AT ? input->length : LOOKED_AT;
    return memmem(input->bytes, length, text, strlen(text)) != NULL;
}

static bool holds_one_of(const struct surface_input *input, const char *const *texts,
                         size_t count) {
    for (size_t i = 0; i < count; i++)
        if (holds(input, texts[i]))
            return true;
    return false;
}

#define HOLDS_ONE_OF(input, texts) holds_one_of(input, texts, sizeof(texts) / sizeof *(texts))

/* Whether a line begins with "import NAME" or "from NAME", blanks before it left out. */
static bool imports(const struct surface_input *input, const char *name) {
    if (!holds(input, name))
        return false;
    size_t length = input->length < LOOKED_AT ? input->length : LOOKED_AT;
    const char *at = input->bytes, *end = input->bytes + length;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        while (at < stop && (*at == ' ' || *at == '\t'))
            at++;
        size_t skip = text_starts(at, "import ") ? 7 : text_starts(at, "from ") ? 5 : 0;
        if (skip > 0 && text_starts(at + skip, name) &&
            strchr(" .\t\r\n;,", at[skip + strlen(name)]) != NULL)
            return true;
        at = stop + 1;
    }
    return false;
}

enum surface_certainty pyspark_recognise(const struct surface_input *input) {
    static const char *const words[] = {"pyspark", "SparkSession", "SparkConf",   "SparkContext",
                                        "spark.",  "sparkSubmit",  "spark-submit"};
    bool named = text_ends(input->label, ".py");
    if (imports(input, "pyspark"))
        return named ? SURFACE_SURE : SURFACE_LIKELY;
    return named && HOLDS_ONE_OF(input, words) ? SURFACE_LIKELY : SURFACE_NO;
}

enum surface_certainty airflow_recognise(const struct surface_input *input) {
    static const char *const words[] = {"park", "Emr", "emr", "Livy", "Databricks"};
    if (!imports(input, "airflow") || !HOLDS_ONE_OF(input, words))
        return SURFACE_NO;
    return text_ends(input->label, ".py") ? SURFACE_SURE : SURFACE_LIKELY;
}

enum surface_certainty scala_recognise(const struct surface_input *input) {
    static const char *const words[] = {"SparkSession", "SparkConf", "SparkContext"};
    bool named = text_ends(input->label, ".scala") || text_ends(input->label, ".java") ||
                 text_ends(input->label, ".sc");
    if (!named)
        return SURFACE_NO;
    if (imports(input, "org.apache.spark"))
        return SURFACE_SURE;
    return HOLDS_ONE_OF(input, words) ? SURFACE_LIKELY : SURFACE_NO;
}

static int tell_memory(const char *label, struct error *err) {
    return error_set(err, ERROR_MEMORY, "no memory for the source of %s", label);
}

static void walk(struct source_node *first, struct session *s, struct operators *o) {
    for (struct source_node *node = first; node != NULL; node = node->after) {
        session_walk(s, node);
        operators_walk(o, node);
    }
    session_finish(s);
    operators_finish(o, first);
}

/* Nodes, names and places of the copy of an input. */
static int read_file(const struct source_text *text, const struct place_map *map,
                     struct source_file *file, struct source_node **first, struct error *err) {
    struct token *tokens;
    size_t count;
    if (lexer_read(text, file->arena, &tokens, &count, err) != 0 ||
        syntax_read(text, tokens, file->arena, first, err) != 0)
        return -1;
    if (map != NULL)
        file->map = *map;
    if (names_read(*first, file->arena, &file->names) != 0 ||
        (map == NULL &&
         place_file(text->label, text->bytes, text->length, file->arena, &file->map) != 0))
        return error_set(err, ERROR_MEMORY, "no memory for the source of %s", text->label);
    return 0;
}

/* map: where the text stands; NULL: it is a file. */
static int read_source(const struct source_text *text, const struct place_map *map,
                       struct document_builder *b) {
    struct source_file file = {.text = text, .arena = b->arena};
    struct source_node *first = NULL;
    if (read_file(text, map, &file, &first, b->err) != 0)
        return -1;
    b->form = WRITTEN_CALL;
    struct session session = {.file = &file, .b = b};
    struct operators operators = {.file = &file, .b = b};
    walk(first, &session, &operators);
    return file.starved ? tell_memory(text->label, b->err) : 0;
}

/* A file, of which the reader has a copy without marks of ours. */
static int read_whole(const struct surface_input *input, enum source_language language,
                      struct arena *arena, struct document *ret, struct error *err) {
    char *bytes = arena_text(arena, input->length == 0 ? "" : input->bytes, input->length);
    if (bytes == NULL)
        return tell_memory(input->label, err);
    unknown_forbid(bytes, input->length);
    bool marked = input->length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;
    memcpy(bytes, marked ? "   " : bytes, marked ? 3 : 0);
    struct source_text text = {language, input->label, bytes, input->length};
    struct document_builder b = document_begin(arena, err);
    return read_source(&text, NULL, &b) == 0 ? document_end(&b, ret) : -1;
}

/* A fault of the text, told where the text stands. */
static void move_fault(const struct source_text *text, const struct place_map *map,
                       struct error *err) {
    size_t line = 1, at = 0;
    if (err->line == 0)
        return;
    for (; line < err->line && at < text->length; at++)
        line += text->bytes[at] == '\n' ? 1 : 0;
    at += err->column > 0 ? err->column - 1 : 0;
    struct origin place = place_find(map, at < text->length ? at : text->length);
    (void)error_at(err, map->file, place.line, place.column);
}

static int read_text(enum source_language language, const char *bytes, size_t length,
                     const struct place_map *map, struct document_builder *b) {
    struct source_text text = {language, map->file, bytes, length};
    if (b->failed)
        return -1;
    if (read_source(&text, map, b) != 0) {
        b->failed = true;
        move_fault(&text, map, b->err);
    }
    return b->failed ? -1 : 0;
}

int pyspark_read_text(const char *bytes, size_t length, const struct place_map *map,
                      struct document_builder *b) {
    return read_text(SOURCE_PYTHON, bytes, length, map, b);
}

int scala_read_text(const char *bytes, size_t length, const struct place_map *map,
                    struct document_builder *b) {
    return read_text(SOURCE_SCALA, bytes, length, map, b);
}

int pyspark_read(const struct surface_input *input, struct arena *arena, struct document *ret,
                 struct error *err) {
    return read_whole(input, SOURCE_PYTHON, arena, ret, err);
}

int scala_read(const struct surface_input *input, struct arena *arena, struct document *ret,
               struct error *err) {
    return read_whole(input, SOURCE_SCALA, arena, ret, err);
}
