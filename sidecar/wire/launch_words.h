/* launch_words.h: the command line that is exec'd. Pure; monitor execs what this
 * gives, and `run --dry-run` shows it. */
#ifndef ARRESTOR_WIRE_LAUNCH_WORDS_H
#define ARRESTOR_WIRE_LAUNCH_WORDS_H

#include "sidecar/wire/message.h"

struct arena;

/* Whether all words that a verdict names are there. */
bool launch_words_fit(const struct message_verdict *verdict, size_t argc);

/* The caller's words, except for those that name a properties file; without one
 * it is inserted where the judge said. The list is in the arena and ends with
 * NULL; the caller's words are not copied. NULL when memory is exhausted. */
char **launch_words(const struct message_verdict *verdict, char *const *argv, size_t argc,
                    struct arena *arena);

#endif
