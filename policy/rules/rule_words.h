/* rule_words.h: words of a Java command line. Pure. Private to this room. */
#ifndef ARRESTOR_POLICY_RULE_WORDS_H
#define ARRESTOR_POLICY_RULE_WORDS_H

#include <stdbool.h>

/* Copies the next word of *at into word (room for all of *at and its NUL) and
 * moves on; false at the end. Words end at blanks; '…' and "…" group, a backslash
 * outside '…' takes the next character as it is (Spark:
 * CommandBuilderUtils.parseOptionString). A quote that never ends holds the rest. */
bool words_next(const char **at, char *word);

#endif
