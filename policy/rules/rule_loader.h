/* rule_loader.h: what the parts of the loader share. Private to this room. */
#ifndef ARRESTOR_POLICY_RULE_LOADER_H
#define ARRESTOR_POLICY_RULE_LOADER_H

#include <stddef.h>

#include "policy/rules/rule.h"
#include "sidecar/yaml/yaml_tree.h"

struct arena;
struct error;

struct loader {
    struct yaml_source source;
    struct arena *arena;
    const char *each; /* of the rule at hand, or NULL */
    size_t nodes;     /* of the rule at hand, against LIMIT_RULE_NODES */
};

/* count × size of zeroed arena memory, or NULL with ERROR_MEMORY. */
void *loader_take(struct loader *l, size_t count, size_t size, struct error *err);

/* Reads the mapping of a `when` or a `require`. 0 or -1. */
int loader_read_expression(struct loader *l, const struct yaml_node *mapping,
                           const struct rule_node **ret, struct error *err);

/* That `node`'s name is a key of Spark: in the catalogue. 0 or -1. */
int loader_check_key(const struct loader *l, const struct yaml_node *node, struct error *err);

/* That the scalar `node` is a value of the type of key. 0 or -1. */
int loader_check_value(const struct loader *l, const struct yaml_node *node, const char *key,
                       struct error *err);

/* That this operator can be asked of the type of key. 0 or -1. */
int loader_check_operator(const struct loader *l, const struct yaml_node *node, const char *key,
                          enum operator_id op, struct error *err);

/* What can be seen wrong in a whole rule: where operators may stand, ids. */
int loader_lint_rule(const struct loader *l, const struct yaml_node *node, const struct rule *rule,
                     struct error *err);

#endif
