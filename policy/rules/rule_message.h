/* rule_message.h: what a finding says. Pure. Private to this room.
 *
 * No value that rule_must_hide names gets into a message; other values are
 * escaped and cut. */
#ifndef ARRESTOR_POLICY_RULE_MESSAGE_H
#define ARRESTOR_POLICY_RULE_MESSAGE_H

#include <stdbool.h>

#include "policy/rules/rule_evaluate.h"
#include "policy/rules/rule_offence.h"

struct arena;

/* Bytes of a value that a message shows. */
#define MESSAGE_VALUE 80

/* The sentence about a leaf that is not as wanted: FALSE or UNKNOWN. others:
 * further keys that fail alike, or NULL. NULL where memory is exhausted. */
const char *message_of_leaf(const struct scene *scene, const struct rule_node *leaf, bool negated,
                            enum truth truth, const char *others, struct arena *arena);

/* The sentence about an offending setting. in_force: it is not overridden. */
const char *message_of_offence(const struct setting *setting, enum offence_kind kind, bool in_force,
                               struct arena *arena);

/* The setting as a line of a file, its value cut, or (redacted). */
const char *message_of_excerpt(const struct setting *setting, struct arena *arena);

/* What to write: the rule's settings in the form that fits the origin, one a line, with
 * name (or NULL) in place of a star; then its text. */
const char *message_of_fix(const struct rule *rule, const char *name, const struct origin *origin,
                           struct arena *arena);

/* What to write instead of a key that is a slip of the hand. */
const char *message_of_near_miss_fix(const struct setting *setting, struct arena *arena);

#endif
