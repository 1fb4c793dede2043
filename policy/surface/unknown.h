/* unknown.h: text of which a part cannot be told here: a shell variable from
 * outside, what a template fills in, a reference to a secret store. Pure.
 *
 * Such a part stands between two bytes that never occur in UTF-8, and with them
 * in no text that a reader takes for known (Java itself reads U+FFFD in their
 * place). So it survives cutting and joining: "spark.ui.enabled=" + unknown is a
 * known key with an unknown value. What stands between the marks is how it is
 * written down ("$AUTH"); it is shown to people and never compared. */
#ifndef ARRESTOR_POLICY_UNKNOWN_H
#define ARRESTOR_POLICY_UNKNOWN_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buffer;

#define UNKNOWN_OPEN  '\xFE'
#define UNKNOWN_CLOSE '\xFF'

/* Whether any part of text is unknown. */
bool unknown_in(const char *text);

/* The first `wanted` that stands outside every unknown part, or NULL. */
const char *unknown_find(const char *text, char wanted);

/* Whether nothing of text is known: one or more unknown parts, side by side. */
bool unknown_whole(const char *text);

/* The same of so many bytes. */
bool unknown_within(const char *text, size_t length);

/* Whether text is one unknown part and nothing else: it may stand for several words,
 * for one, or for none. */
bool unknown_is_whole(const char *text, size_t length);

/* Whether the byte is one of the two marks. */
bool unknown_is_mark(char c);

/* Appends the unknown part that is written as those bytes. */
void unknown_add(struct buffer *out, const char *written, size_t length);

/* The same as a text of its own, in the arena; NULL when exhausted. */
const char *unknown_text(struct arena *arena, const char *written, size_t length);

/* Text as people read it: without the marks. text itself where it has none, else
 * a copy in the arena; NULL when exhausted. */
const char *unknown_show(struct arena *arena, const char *text);

/* Appends text as text_escape does, without the marks. */
void unknown_escape(struct buffer *out, const char *text, size_t length);

/* Takes marks out of bytes that come from outside, in place: '?' stands instead. */
void unknown_forbid(char *bytes, size_t length);

#endif
