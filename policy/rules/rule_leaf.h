/* rule_leaf.h: one condition without parts. Pure. Private to this room. */
#ifndef ARRESTOR_POLICY_RULE_LEAF_H
#define ARRESTOR_POLICY_RULE_LEAF_H

#include <stdbool.h>

#include "policy/rules/rule.h"
#include "policy/rules/rule_scene.h"

/* What a leaf with a key has read: the setting is the one that decided, which may stand
 * under another key, or beside the configuration. */
struct reading leaf_read(const struct scene *scene, const struct rule_node *leaf);

/* Whether nothing here decides what the leaf's key says, but something unknown may. */
bool leaf_is_open(const struct scene *scene, const struct rule_node *leaf);

/* Truth of one leaf. */
enum truth leaf_truth(const struct scene *scene, const struct rule_node *leaf);

#endif
