/* status_text.h: a set's status for people and machines. Pure. */
#ifndef ARRESTOR_STATUS_STATUS_TEXT_H
#define ARRESTOR_STATUS_STATUS_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "sidecar/lease/set_status.h"

struct buffer;

/* Appends a span of time: "12s", "5m", "3h 7m", "9d". */
void status_span(uint64_t ms, struct buffer *out);

/* Appends one line: "ready: generation 3", "not ready: …" and why. */
void status_line(const struct set_status *status, uint64_t now_ms, struct buffer *out);

/* Appends the whole status of the set in `directory`, for people. Names are
 * escaped, because somebody else may have written them. */
void status_table(const struct set_status *status, const char *directory, uint64_t now_ms,
                  bool colour, struct buffer *out);

/* Appends it as one JSON object: what status.json holds, with "state" as it is now,
 * "ready" and "directory". A fault shows in the buffer's status. */
void status_json(const struct set_status *status, const char *directory, uint64_t now_ms,
                 struct buffer *out);

#endif
