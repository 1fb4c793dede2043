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

static bool is_comment(const char *line, const char *end) {
    while (line < end && (*line == ' ' || *line == '\t' || *line == '\r'))
        line++;
    return line == end || *line == '#' || *line == '!';
}

enum surface_certainty properties_recognise(const struct surface_input *input) {
    size_t length = input->length < LOOKED_AT ? input->length : LOOKED_AT;
    size_t settings = 0, others = 0;
    for (const char *line = input->bytes, *stop = line + length; line < stop;) {
        const char *end = memchr(line, '\n', (size_t)(stop - line));
        end = end == NULL ? stop : end;
        if (is_setting(line, end))
            settings++;
        else if (!is_comment(line, end))
            others++;
        line = end + 1;
    }
    bool named = text_ends(input->label, ".conf") || text_ends(input->label, ".properties");
    if (settings > others)
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
