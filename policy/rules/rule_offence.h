/* rule_offence.h: operators that speak of every setting. Pure. Private to this
 * room. */
#ifndef ARRESTOR_POLICY_RULE_OFFENCE_H
#define ARRESTOR_POLICY_RULE_OFFENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/rules/rule.h"
#include "policy/rules/rule_scene.h"

enum offence_kind {
    OFFENCE_LITERAL,
    OFFENCE_WELL_KNOWN,
    OFFENCE_FALSE_REFERENCE,
    OFFENCE_EMBEDDED,
    OFFENCE_PLACEHOLDER, /* truth unknown; all others are violations */
    OFFENCE_NEAR_MISS,
    OFFENCE_INEFFECTIVE,
    OFFENCES
};

/* What a setting holds in plain text. No rule changes it: it is told once, when the first
 * one asks. */
struct offence_plain {
    bool told;
    bool secret;  /* its key is a secret's; else the secret stands within its value */
    bool offends; /* kind is then how */
    enum offence_kind kind;
};

/* Whether setting offends against one operator; *kind is then how. *plain is this
 * setting's, zeroed at first. */
bool offence_of(const struct effective *conf, const struct rule_node *leaf,
                const struct setting *setting, struct offence_plain *plain,
                enum offence_kind *kind);

/* UNKNOWN for a placeholder, FALSE for all else. */
enum truth offence_kind_truth(enum offence_kind kind);

/* Walks every setting that stands somewhere: those in force, what they override
 * (it is still written there), those that Spark ignores, and those of the job's
 * source that have no effect. *step begins at 0;
 * NULL at the end. */
struct offence_walk {
    size_t index;
    const struct setting *next;
};
const struct setting *offence_next(const struct effective *conf, struct offence_walk *walk);

/* The worst that any setting makes of the operator. */
enum truth offence_truth(const struct scene *scene, const struct rule_node *leaf);

#endif
