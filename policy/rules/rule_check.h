/* rule_check.h: an effective configuration against rules. Pure.
 *
 * Truth is three-valued (strong Kleene): a template or an unresolved reference
 * makes a leaf UNKNOWN, and the finding says so. What the input does not say is
 * tried out: a master that is not told as each kind of cluster, a version of
 * Spark that is not known as each of the catalogue; the weakest result counts. A key
 * that nobody set has the default of Spark's version.
 *
 * A PLAINTEXT or near-miss rule gives one finding for each offending setting,
 * also for one that is overridden or that Spark ignores: it stands there all the
 * same. Of a loose configuration these rules alone are judged. A setting belongs to the first
 * PLAINTEXT rule that reports it. Any other rule gives one finding, about the leaf that decides it.
 */
#ifndef ARRESTOR_POLICY_RULE_CHECK_H
#define ARRESTOR_POLICY_RULE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/rules/rule.h"
#include "policy/rules/rule_pack.h"

struct arena;
struct error;

struct check_mode {
    bool warn;           /* mode: warn: nothing refuses */
    bool strict_unknown; /* run: unknown refuses for critical and high rules */
    bool bare;           /* findings have no key, place or texts: they are counted only */
};

/* Refusals first, then by severity, then in the order of the rules. */
struct finding_list {
    const struct finding *items;
    size_t count;
};

/* Judges conf. Findings live in the arena and point into conf and set, which
 * must outlive them. 0, or -1: ERROR_POLICY for a set without rules, ERROR_INPUT
 * for more than LIMIT_FINDINGS findings, ERROR_MEMORY. */
int rule_check(const struct rule_set *set, const struct effective *conf, struct check_mode mode,
               struct arena *arena, struct finding_list *ret, struct error *err);

/* Truth of one rule over conf: TRUE passes. Where *starved, memory was exhausted and
 * nothing can be told. */
enum truth rule_judge(const struct rule *rule, const struct effective *conf, bool *starved);

/* refuse if any finding refuses; else unknown if any cannot be told; else pass. */
enum verdict rule_verdict(const struct finding *findings, size_t count);

#endif
