/* rule_each.h: the names that a rule is judged for, one by one. Pure. Private to this
 * room. */
#ifndef ARRESTOR_POLICY_RULE_EACH_H
#define ARRESTOR_POLICY_RULE_EACH_H

#include <stddef.h>

#include "policy/rules/rule.h"

struct arena;
struct error;

/* The names that a rule's `each` stands for: those under which one of its keys with a
 * star is set. A rule without `each` has one, NULL. They live in the arena. 0, or -1:
 * ERROR_INPUT for more than LIMIT_EACH_NAMES, ERROR_MEMORY. */
int rule_names(const struct rule *rule, const struct effective *conf, struct arena *arena,
               const char *const **ret, size_t *count, struct error *err);

#endif
