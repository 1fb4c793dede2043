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

static int tell_memory(const struct surface_input *input, struct error *err) {
    return error_set(err, ERROR_MEMORY, "no memory for the source of %s", input->label);
}

static void walk(struct source_node *first, struct session *s, struct operators *o) {
    for (struct source_node *node = first; node != NULL; node = node->after) {
        session_walk(s, node);
        operators_walk(o, node);
    }
    session_finish(s);
    operators_finish(o, first);
}

/* Nodes, names and places of the copy of an input that has no marks of ours. */
static int read_file(const struct source_text *text, struct source_file *file,
                     struct source_node **first, struct error *err) {
    struct token *tokens;
    size_t count;
    if (lexer_read(text, file->arena, &tokens, &count, err) != 0 ||
        syntax_read(text, tokens, file->arena, first, err) != 0)
        return -1;
    if (names_read(*first, file->arena, &file->names) != 0 ||
        place_file(text->label, text->bytes, text->length, file->arena, &file->map) != 0)
        return error_set(err, ERROR_MEMORY, "no memory for the source of %s", text->label);
    return 0;
}

static int read_source(const struct surface_input *input, enum source_language language,
                       struct arena *arena, struct source_reading *ret, struct error *err) {
    char *bytes = arena_text(arena, input->length == 0 ? "" : input->bytes, input->length);
    if (bytes == NULL)
        return tell_memory(input, err);
    unknown_forbid(bytes, input->length);
    bool marked = input->length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;
    memcpy(bytes, marked ? "   " : bytes, marked ? 3 : 0);
    struct source_text text = {language, input->label, bytes, input->length};
    struct source_file file = {.text = &text, .arena = arena};
    struct source_node *first = NULL;
    if (read_file(&text, &file, &first, err) != 0)
        return -1;
    struct document_builder b = document_begin(arena, err);
    struct session session = {.file = &file, .b = &b};
    struct operators operators = {.file = &file, .b = &b};
    walk(first, &session, &operators);
    if (file.starved)
        return tell_memory(input, err);
    struct document document;
    if (document_end(&b, &document) != 0)
        return -1;
    *ret = (struct source_reading){document, operators.inner, operators.inner_count};
    return 0;
}

int source_read_inner(const struct surface_input *input, struct arena *arena,
                      struct source_reading *ret, struct error *err) {
    return read_source(input, SOURCE_PYTHON, arena, ret, err);
}

int pyspark_read(const struct surface_input *input, struct arena *arena, struct document *ret,
                 struct error *err) {
    struct source_reading reading;
    if (read_source(input, SOURCE_PYTHON, arena, &reading, err) != 0)
        return -1;
    *ret = reading.document;
    return 0;
}

int scala_read(const struct surface_input *input, struct arena *arena, struct document *ret,
               struct error *err) {
    struct source_reading reading;
    if (read_source(input, SOURCE_SCALA, arena, &reading, err) != 0)
        return -1;
    *ret = reading.document;
    return 0;
}
