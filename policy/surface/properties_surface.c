#include "policy/surface/properties_surface.h"

#include <string.h>

#include "policy/surface/document.h"
#include "policy/surface/properties.h"
#include "sidecar/base/text.h"

#define LOOKED_AT 4096

static bool is_separator(char c) {
    return c == ' ' || c == '\t' || c == '=' || c == ':';
}

/* Whether the line is "spark.KEY SEPARATOR …". */
static bool is_setting(const char *line, const char *end) {
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    if ((size_t)(end - line) <= strlen("spark.") || strncmp(line, "spark.", strlen("spark.")) != 0)
        return false;
    while (line < end && !is_separator(*line)) {
        if (strchr("(\"'{[;<>$", *line) != NULL)
            return false;
        line++;
    }
    return line < end;
}

static size_t count_blanks(const char *line, const char *end) {
    const char *p = line;
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    return (size_t)(p - line);
}

static bool is_blank(const char *line, const char *end) {
    return line + count_blanks(line, end) == end;
}

static bool is_comment(const char *line, const char *end) {
    line += count_blanks(line, end);
    return line < end && (*line == '#' || *line == '!');
}

/* Whether the name has an extension that is not, and covers not, one of a configuration:
 * not "spark.conf.j2". Then a line behind '#' is as good as one of text. */
static bool is_something_else(const char *name) {
    return strchr(name, '.') != NULL && strstr(name, ".conf") == NULL &&
           strstr(name, ".properties") == NULL && !text_starts(name, "spark-defaults");
}

enum surface_certainty properties_recognise(const struct surface_input *input) {
    size_t length = input->length < LOOKED_AT ? input->length : LOOKED_AT;
    size_t settings = 0, others = 0;
    const char *name = surface_name(input);
    bool plain = !is_something_else(name);
    for (const char *line = input->bytes, *stop = line + length; line < stop;) {
        const char *end = memchr(line, '\n', (size_t)(stop - line));
        end = end == NULL ? stop : end;
        if (is_setting(line, end))
            settings++;
        else if (!is_blank(line, end) && !(plain && is_comment(line, end)))
            others++;
        line = end + 1;
    }
    bool named = text_ends(name, ".conf") || text_ends(name, ".properties");
    if (settings > others && !surface_is_prose(input))
        return named ? SURFACE_SURE : SURFACE_LIKELY;
    return named ? SURFACE_MAYBE : SURFACE_NO;
}

void properties_set(const struct setting_list *list, struct document_builder *b) {
    for (size_t i = 0; i < list->count; i++) {
        const struct setting *s = &list->items[i];
        struct origin origin = s->origin;
        origin.form = WRITTEN_PROPERTY;
        if (setting_is_any(s->key))
            document_open(b, &s->origin);
        else
            document_set(b, DOCUMENT_DEFAULTS, s->key, s->value, &origin, &s->value_origin);
    }
}

int properties_read(const struct surface_input *input, struct arena *arena, struct document *ret,
                    struct error *err) {
    struct setting_list list;
    if (properties_parse(input->bytes, input->length, input->label, arena, &list, err) != 0)
        return -1;
    struct document_builder b = document_begin(arena, err);
    struct origin start = {.kind = ORIGIN_FILE, .file = input->label, .line = 1, .column = 1};
    document_launch(&b, input->label, &start);
    document_unset(&b, input->label, properties_end(input->bytes, input->length), 1);
    properties_set(&list, &b);
    if (list.invalid_line > 0) {
        start.line = list.invalid_line;
        start.column = list.invalid_column;
        document_note(&b, &start, "is not UTF-8: Java reads U+FFFD in its place");
    }
    return document_end(&b, ret);
}
