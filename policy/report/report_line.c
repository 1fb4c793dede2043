#include "policy/report/report_line.h"

#include <string.h>

#include "policy/report/report.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

void line_origin(struct buffer *out, const struct origin *origin) {
    char text[LIMIT_ERROR_WHERE];
    origin_describe(origin, text, sizeof text);
    text_escape(out, text, strlen(text));
}

void line_note(struct buffer *out, const struct note *note) {
    line_origin(out, &note->origin);
    buffer_text(out, ": note: ");
    text_escape(out, note->text, strlen(note->text));
    buffer_char(out, '\n');
}

static void add_counts(struct buffer *out, const char *label, const struct report_count *counts,
                       size_t count) {
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s%zu %s", i == 0 ? label : ", ", counts[i].count, counts[i].name);
}

void line_read(struct buffer *out, const struct report_read *read) {
    buffer_printf(out, "read: %zu launch%s", read->launches, read->launches == 1 ? "" : "es");
    add_counts(out, " in ", read->kinds, read->kind_count);
    add_counts(out, "; passed over: ", read->skipped, read->skipped_count);
    buffer_char(out, '\n');
}
