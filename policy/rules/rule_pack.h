/* rule_pack.h: packs that are compiled in, and packs with their includes as one
 * set of rules. Pure. */
#ifndef ARRESTOR_POLICY_RULE_PACK_H
#define ARRESTOR_POLICY_RULE_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/rules/rule.h"

struct arena;
struct error;

/* Written by policy/data/compile from policy/data/packs at build time. */
extern const struct pack *const builtin_packs[];
extern const size_t builtin_pack_count;

/* Pack that every command uses when none is named. */
#define RULE_DEFAULT_PACK "spark-production"

/* The built-in pack of that name, or NULL. */
const struct pack *pack_find(const char *name);

/* As pack_find, but an unknown name is an error that names the nearest. NULL with
 * ERROR_POLICY. */
const struct pack *pack_require(const char *name, struct error *err);

/* Whether a word names a file and not a built-in pack: it has a '/' or ends in
 * .yaml, .yml or .json. */
bool pack_is_path(const char *word);

struct rule_set {
    const struct rule *const *rules; /* of included packs first */
    size_t count;
    const struct pack *const *packs; /* in the same order */
    size_t pack_count;
};

/* The rules of packs and of all they include (by name, built in only). A pack
 * that comes in by two ways counts once. 0, or -1 with ERROR_POLICY: an unknown
 * include, two packs of one name, two rules of one id, no rule at all, more than
 * LIMIT_PACKS packs or LIMIT_RULES rules; ERROR_MEMORY. */
int rule_set_collect(const struct pack *const *packs, size_t count, struct arena *arena,
                     struct rule_set *ret, struct error *err);

/* The rule of that id, or NULL. */
const struct rule *rule_set_find(const struct rule_set *set, const char *id);

#endif
