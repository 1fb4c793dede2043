/* rule_test.h: whether a rule's examples prove what it says. Pure.
 *
 * Every pass example must pass and every fail example be violated. Then each leaf
 * of the rule is negated, left out, and each of its words changed, one at a time:
 * an example must notice, else nothing shows what that leaf is for. */
#ifndef ARRESTOR_POLICY_RULE_TEST_H
#define ARRESTOR_POLICY_RULE_TEST_H

#include <stddef.h>

#include "policy/effective/setting.h"
#include "policy/rules/rule.h"

struct arena;
struct error;

struct rule_fault {
    const struct rule *rule;
    size_t line, column; /* in the pack's source */
    const char *what;    /* one sentence */
};

struct rule_test {
    size_t examples, mutants; /* tried */
    const struct rule_fault *faults;
    size_t fault_count;
};

/* Tries one rule. Faults live in the arena. 0, or -1 with ERROR_MEMORY. */
int rule_test(const struct rule *rule, struct arena *arena, struct rule_test *ret,
              struct error *err);

/* An effective configuration that says what an example says, as a file alone
 * would: its master from spark.master, else not told. 0, or -1 with ERROR_MEMORY. */
int rule_example_conf(const struct rule_example *example, struct arena *arena,
                      struct effective *ret, struct error *err);

#endif
