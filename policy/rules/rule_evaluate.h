/* rule_evaluate.h: three-valued truth of a condition (strong Kleene). Pure.
 * Private to this room.
 *
 * FALSE < UNKNOWN < TRUE, so that "all" is the least, "any" the greatest and
 * "not" the mirror. UNKNOWN is what a template or a reference leaves open. */
#ifndef ARRESTOR_POLICY_RULE_EVALUATE_H
#define ARRESTOR_POLICY_RULE_EVALUATE_H

#include <stdbool.h>

#include "policy/rules/rule_leaf.h"

/* Truth of a node. Nodes nest at most LIMIT_YAML_DEPTH deep. */
enum truth rule_truth(const struct scene *scene, const struct rule_node *node);

/* Truth of "when implies require" for a whole rule. In a scene of another JVM than
 * the driver's, a rule that a JVM without any options breaks asks something of the
 * driver alone: it is TRUE there, and is judged with all JVMs as one instead, so
 * that what they have still counts against it. Any other rule is TRUE in that one. */
enum truth rule_holds(const struct scene *scene, const struct rule *rule);

/* The leaf that makes node miss `wanted` (its truth is not `wanted`): the first
 * failing part of an "all", the first alternative with a key of an "any".
 * *negated tells whether the leaf stands under an odd number of "not". */
const struct rule_node *rule_decisive(const struct scene *scene, const struct rule_node *node,
                                      enum truth wanted, bool *negated);

#endif
