/* value.h: values on their way into the box. */
#ifndef ARRESTOR_STRONGBOX_VALUE_H
#define ARRESTOR_STRONGBOX_VALUE_H

#include <stdbool.h>

#include "sidecar/secret/secret_set.h"

struct box_entry;
struct buffer;
struct error;

/* Reads fd to its end; drops one trailing newline unless keep_newline. An empty
 * value: ERROR_SECRET_EMPTY; too large: ERROR_BOX_FULL; ERROR_INPUT. *ret is
 * freed with secret_text_free. 0 or -1. */
int value_read(int fd, bool keep_newline, struct secret_text *ret, struct error *err);

/* The JSON object that old becomes when its member field is set to *value; old
 * NULL is an empty object. ERROR_SECRET_FORM (value is not UTF-8, which JSON
 * needs), ERROR_SECRET_FIELD (old is no object of strings, or has
 * LIMIT_SECRET_FIELDS already), ERROR_USAGE (no name for a field). Pure. */
int value_set_field(const struct box_entry *old, const char *field, const struct secret_text *value,
                    struct secret_text *ret, struct error *err);

/* Appends the names of the fields of an entry, never a value: with commas between
 * them, as JSON strings or as text fit for a terminal. Nothing where the value is
 * no JSON object. */
void value_list_fields(const struct box_entry *entry, bool json, struct buffer *out);

#endif
