#include <string.h>

#include "policy/surface/document.h"
#include "policy/surface/platform/platform.h"
#include "policy/surface/properties.h"
#include "sidecar/base/text.h"

#define LOOKED_AT 16384

/* A line of livy.conf: "livy.KEY = VALUE"; comments count half way. */
static enum surface_certainty judge_line(const char *line, size_t length) {
    size_t i = 0;
    while (i < length && (line[i] == ' ' || line[i] == '\t' || line[i] == '#'))
        i++;
    if (length - i < strlen("livy.") || strncmp(line + i, "livy.", strlen("livy.")) != 0 ||
        memchr(line + i, '=', length - i) == NULL)
        return SURFACE_NO;
    return memchr(line, '#', i) != NULL ? SURFACE_MAYBE : SURFACE_SURE;
}

enum surface_certainty livy_conf_recognise(const struct surface_input *input) {
    size_t length = input->length < LOOKED_AT ? input->length : LOOKED_AT;
    bool named = text_ends(input->label, ".conf") || text_ends(input->label, ".template") ||
                 text_ends(input->label, ".properties");
    enum surface_certainty best = SURFACE_NO;
    for (const char *line = input->bytes, *stop = line + length; named && line < stop;) {
        const char *end = memchr(line, '\n', (size_t)(stop - line));
        end = end == NULL ? stop : end;
        enum surface_certainty sure = judge_line(line, (size_t)(end - line));
        best = sure > best ? sure : best;
        line = end + 1;
    }
    return best == SURFACE_MAYBE ? SURFACE_LIKELY : best;
}

int livy_conf_read(const struct surface_input *input, struct arena *arena, struct document *ret,
                   struct error *err) {
    struct setting_list list;
    if (properties_parse(input->bytes, input->length, input->label, arena, &list, err) != 0)
        return -1;
    struct document_builder b = document_begin(arena, err);
    for (size_t i = 0; i < list.count; i++) {
        const struct setting *s = &list.items[i];
        document_add_loose(&b, s->key, s->value, &s->origin, &s->value_origin);
    }
    return document_end(&b, ret);
}
