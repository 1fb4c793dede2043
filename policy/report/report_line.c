#include "policy/report/report_line.h"

#include <string.h>

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
