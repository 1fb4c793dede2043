/* text.h: questions about text that several rooms ask. Pure. */
#ifndef ARRESTOR_BASE_TEXT_H
#define ARRESTOR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "sidecar/base/utf8.h"

struct buffer;

/* Appends text for a terminal or a log line: control characters (C0, DEL, C1)
 * and bytes that are not UTF-8 are written as \xNN, so that an input cannot
 * move the cursor or forge a line. */
void text_escape(struct buffer *out, const char *text, size_t length);

/* Number of single-character insertions, deletions, substitutions and swaps of
 * neighbours between a and b; at most `most` + 1 is computed. Case counts. */
size_t text_distance(const char *a, const char *b, size_t most);

/* The name nearest to `name` among `count` names, or NULL where none is near
 * enough to be a slip of the hand (a third of its length, at most 3). */
const char *text_nearest(const char *name, const char *const *names, size_t count);

/* Glob: '*' any run of characters, '?' one character, all else itself. Linear
 * in the product of the lengths; no recursion. */
bool text_glob(const char *pattern, const char *text);

/* As text_glob, without regard to ASCII case. */
bool text_glob_nocase(const char *pattern, const char *text);

/* Whether text holds a mark of a template language, "{{ … }}", "{% … %}" or
 * "<% … %>": what stands there is filled in later. */
bool text_is_template(const char *text);

/* ASCII comparison without regard to case and locale. */
bool text_equal_nocase(const char *a, const char *b);
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);

/* Value of a variable in a NULL-terminated environment (which may itself be NULL),
 * or NULL. Of two of one name the later one, as in bash, which starts Spark. */
const char *text_variable(const char *const *environment, const char *name);

#endif
