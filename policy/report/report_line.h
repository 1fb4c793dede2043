/* report_line.h: pieces of text that several reports write. Private to this room. */
#ifndef ARRESTOR_POLICY_REPORT_LINE_H
#define ARRESTOR_POLICY_REPORT_LINE_H

#include "policy/effective/setting.h"

struct buffer;

/* Where something stands, escaped: "conf:3:1", "argument 4" … */
void line_origin(struct buffer *out, const struct origin *origin);

/* One line: origin, "note", the sentence. */
void line_note(struct buffer *out, const struct note *note);

struct report_read;

/* One line: what was read and what was passed over. */
void line_read(struct buffer *out, const struct report_read *read);

#endif
