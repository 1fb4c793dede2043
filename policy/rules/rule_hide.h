/* rule_hide.h: which values no output may show. Pure. */
#ifndef ARRESTOR_POLICY_RULE_HIDE_H
#define ARRESTOR_POLICY_RULE_HIDE_H

#include <stdbool.h>

/* As plaintext_must_redact, and also where the key is a slip of the hand away
 * from a secret one: a password under a misspelt key is a password. */
bool rule_must_hide(const char *key, const char *value);

#endif
