#include "policy/rules/rule_evaluate.h"

static enum truth least(const struct scene *scene, const struct rule_node *node) {
    enum truth least = TRUTH_TRUE;
    for (size_t i = 0; i < node->child_count && least != TRUTH_FALSE; i++) {
        enum truth child = rule_truth(scene, &node->children[i]);
        least = child < least ? child : least;
    }
    return least;
}

static enum truth greatest(const struct scene *scene, const struct rule_node *node) {
    enum truth greatest = TRUTH_FALSE;
    for (size_t i = 0; i < node->child_count && greatest != TRUTH_TRUE; i++) {
        enum truth child = rule_truth(scene, &node->children[i]);
        greatest = child > greatest ? child : greatest;
    }
    return greatest;
}

static enum truth mirror(enum truth truth) {
    return truth == TRUTH_TRUE ? TRUTH_FALSE : truth == TRUTH_FALSE ? TRUTH_TRUE : TRUTH_UNKNOWN;
}

enum truth rule_truth(const struct scene *scene, const struct rule_node *node) {
    if (node->op == OP_ALL)
        return least(scene, node);
    if (node->op == OP_ANY)
        return greatest(scene, node);
    if (node->op == OP_NOT)
        return mirror(rule_truth(scene, &node->children[0]));
    return leaf_truth(scene, node);
}

static enum truth implies(const struct scene *scene, const struct rule *rule) {
    enum truth when = rule->when != NULL ? rule_truth(scene, rule->when) : TRUTH_TRUE;
    if (when == TRUTH_FALSE)
        return TRUTH_TRUE;
    enum truth require = rule_truth(scene, rule->require);
    enum truth idle = mirror(when);
    return require > idle ? require : idle;
}

enum truth rule_holds(const struct scene *scene, const struct rule *rule) {
    if (scene->jvms != JVM_DRIVER) {
        struct scene bare = *scene;
        bare.jvms = 0;
        bool of_driver = implies(&bare, rule) != TRUTH_TRUE;
        if (of_driver != (scene->jvms == JVM_ALL))
            return TRUTH_TRUE;
    }
    return implies(scene, rule);
}

const struct rule_node *rule_decisive(const struct scene *scene, const struct rule_node *node,
                                      enum truth wanted, bool *negated) {
    if (node->op == OP_NOT) {
        const struct rule_node *leaf =
            rule_decisive(scene, &node->children[0], mirror(wanted), negated);
        *negated = !*negated;
        return leaf;
    }
    *negated = false;
    if (node->op != OP_ALL && node->op != OP_ANY)
        return node;
    enum truth truth = rule_truth(scene, node);
    const struct rule_node *chosen = node;
    for (size_t i = 0; i < node->child_count; i++) {
        bool inner;
        if (rule_truth(scene, &node->children[i]) != truth)
            continue;
        const struct rule_node *leaf = rule_decisive(scene, &node->children[i], wanted, &inner);
        if (chosen == node || (chosen->key == NULL && leaf->key != NULL)) {
            chosen = leaf;
            *negated = inner;
        }
    }
    return chosen;
}
