/* report_json.h: pieces of JSON that several reports write. Private to this room. */
#ifndef ARRESTOR_POLICY_REPORT_JSON_H
#define ARRESTOR_POLICY_REPORT_JSON_H

#include <stddef.h>

#include "policy/effective/setting.h"

struct buffer;
struct error;

/* A JSON string, or null. */
void json_text(struct buffer *out, const char *text);

/* "name": "text", without a comma. */
void json_field(struct buffer *out, const char *name, const char *text);

/* {"file", "line", "column"}, {"argv"}, {"variable"} or {"arrestor"}; where nobody
 * set the key also "unset": true. */
void json_origin(struct buffer *out, const struct origin *origin);

/* An array of {"origin", "text"}. */
void json_notes(struct buffer *out, const struct note *notes, size_t count);

/* "value", "origin" and "overrides" of a setting, without braces. */
void json_setting(struct buffer *out, const struct setting *setting);

/* A list of texts as a JSON array. */
void json_texts(struct buffer *out, const char *const *texts, size_t count);

struct report_count;
struct report_read;

/* {"NAME": COUNT, …} */
void json_counts(struct buffer *out, const struct report_count *counts, size_t count);

/* ",", and the members "kinds", "skipped" and "launches". */
void json_read(struct buffer *out, const struct report_read *read);

/* Of errors: ",", and the members "error" (the first) and "errors"; nothing without any. */
void json_errors(struct buffer *out, const struct error *errors, size_t count);

#endif
