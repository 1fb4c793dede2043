#include <string.h>

#include "policy/surface/document.h"
#include "policy/surface/hadoop/hadoop.h"
#include "policy/surface/properties.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

#define LOOKED_AT 4096

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static bool ends_key(char c) {
    return c == '=' || c == ':' || c == ' ' || c == '\t' || c == '\r';
}

/* Counts the lines whose key is one of these, and the others that are no comment. */
static void count_lines(const struct surface_input *input, bool (*is_ours)(const char *, size_t),
                        size_t *ours, size_t *others) {
    const char *stop = input->bytes + (input->length < LOOKED_AT ? input->length : LOOKED_AT);
    *ours = *others = 0;
    for (const char *line = input->bytes, *end; line < stop; line = end + 1) {
        end = memchr(line, '\n', (size_t)(stop - line));
        end = end == NULL ? stop : end;
        while (line < end && (*line == ' ' || *line == '\t' || *line == '\r'))
            line++;
        size_t key = 0;
        while (line + key < end && !ends_key(line[key]))
            key++;
        if (key == 0 || *line == '#' || *line == '!')
            continue;
        /* A key alone is the last line that was looked at, cut in two. */
        if (line + key < end && is_ours(line, key))
            (*ours)++;
        else if (line + key < stop)
            (*others)++;
    }
}

/* "INSTANCE.sink.NAME…", "INSTANCE.source.NAME…"; the instance is a word or '*'
 * (MetricsConfig.subProperties: "^(\\*|[a-zA-Z]+)\\.(.+)"). */
static bool is_metrics_key(const char *key, size_t length) {
    const char *dot = memchr(key, '.', length);
    if (dot == NULL)
        return false;
    for (const char *p = key; p < dot; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
              (*p == '*' && dot == key + 1)))
            return false;
    size_t rest = length - (size_t)(dot - key);
    return (rest > 6 && memcmp(dot, ".sink.", 6) == 0) ||
           (rest > 8 && memcmp(dot, ".source.", 8) == 0);
}

static bool is_log4j_key(const char *key, size_t length) {
    static const char *const starts[] = {"log4j.", "appender.", "logger.", "rootLogger.",
                                         "rootLogger"};
    if (memchr("lar", key[0], 3) == NULL)
        return false;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        size_t size = strlen(starts[i]);
        bool prefix = starts[i][size - 1] == '.';
        if (length >= size && memcmp(key, starts[i], size) == 0 && (prefix || length == size))
            return true;
    }
    return false;
}

static enum surface_certainty recognise(const struct surface_input *input, bool named,
                                        bool (*is_ours)(const char *, size_t)) {
    size_t ours, others;
    count_lines(input, is_ours, &ours, &others);
    if (ours > others)
        return named || ours > 1 ? SURFACE_SURE : SURFACE_LIKELY;
    return named ? SURFACE_LIKELY : SURFACE_NO;
}

enum surface_certainty metrics_recognise(const struct surface_input *input) {
    bool named = strstr(last_part(input->label), "metrics") != NULL &&
                 text_ends(input->label, ".properties");
    return recognise(input, named, is_metrics_key);
}

enum surface_certainty log4j_recognise(const struct surface_input *input) {
    const char *name = last_part(input->label);
    bool named = text_starts(name, "log4j");
    if (named && text_ends(name, ".xml"))
        return SURFACE_SURE;
    return recognise(input, named && strstr(name, ".properties") != NULL, is_log4j_key);
}

static struct origin start_of(const struct surface_input *input) {
    return (struct origin){.kind = ORIGIN_FILE, .file = input->label, .line = 1, .column = 1};
}

int metrics_read(const struct surface_input *input, struct arena *arena, struct document *ret,
                 struct error *err) {
    struct setting_list list;
    struct origin start = start_of(input);
    if (properties_parse(input->bytes, input->length, input->label, arena, &list, err) != 0)
        return -1;
    struct document_builder b = document_begin(arena, err);
    document_launch(&b, input->label, &start);
    document_unset(&b, input->label, properties_end(input->bytes, input->length), 1);
    document_open(&b, &start);
    for (size_t i = 0; i < list.count; i++) {
        const struct setting *s = &list.items[i];
        const char *key = arena_printf(arena, "spark.metrics.conf.%s", s->key);
        if (key == NULL)
            return error_set(err, ERROR_MEMORY, "no memory for the metrics");
        document_set(&b, DOCUMENT_DEFAULTS, key, s->value, &s->origin, &s->value_origin);
    }
    return document_end(&b, ret);
}

int log4j_read(const struct surface_input *input, struct arena *arena, struct document *ret,
               struct error *err) {
    struct setting_list list = {0};
    struct origin start = start_of(input);
    struct document_builder b = document_begin(arena, err);
    if (text_ends(input->label, ".xml"))
        document_note(&b, &start, "sets up logging in XML, which is not looked into");
    else if (properties_parse(input->bytes, input->length, input->label, arena, &list, err) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        const struct setting *s = &list.items[i];
        document_add_loose(&b, s->key, s->value, &s->origin, &s->value_origin);
    }
    return document_end(&b, ret);
}
