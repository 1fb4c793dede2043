/* report_policy.h: packs, rules and their tests for people and for programs.
 * Pure: data in, bytes out. */
#ifndef ARRESTOR_POLICY_REPORT_POLICY_H
#define ARRESTOR_POLICY_REPORT_POLICY_H

#include <stddef.h>

#include "policy/rules/rule_pack.h"
#include "policy/rules/rule_test.h"

struct buffer;

/* Packs and the rules that each brings itself. */
void report_packs_text(const struct pack *const *packs, size_t count, struct buffer *out);
void report_packs_json(const struct pack *const *packs, size_t count, struct buffer *out);

/* All that a rule says: what it asks, why, what to write. */
void report_rule_text(const struct rule *rule, struct buffer *out);
void report_rule_json(const struct rule *rule, struct buffer *out);

/* The tests of one pack's own rules. */
struct report_test {
    const struct pack *pack;
    const char *source;            /* path or name, for places of faults */
    const struct rule_test *tests; /* one for each of the pack's rules */
};

/* Faults, each with its place in the pack, and how much was tried. */
void report_tests_text(const struct report_test *tests, size_t count, struct buffer *out);
void report_tests_json(const struct report_test *tests, size_t count, struct buffer *out);

#endif
