/* utf8.h: what is UTF-8 and what only looks like it. Pure. */
#ifndef ARRESTOR_BASE_UTF8_H
#define ARRESTOR_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the well-formed UTF-8 sequence at the start of text (RFC 3629:
 * no overlong forms, no surrogates), or 0 where there is none. */
size_t text_utf8_size(const char *text, size_t length);

/* How many bytes at the start of text mean themselves wherever text is shown: printable
 * ASCII but for '"' and the backslash. */
size_t text_plain_size(const char *text, size_t length);

/* Whether all of text is well-formed UTF-8. */
bool text_is_utf8(const char *text, size_t length);

#endif
