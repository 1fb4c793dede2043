#include "policy/rules/rule_test.h"

#include <stdlib.h>
#include <string.h>

#include "policy/rules/rule_check.h"
#include "policy/rules/rule_load.h"
#include "policy/rules/rule_operators.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

struct tester {
    const struct rule *rule;
    struct arena *arena;
    struct error *err;
    struct effective *pass, *fail;
    struct rule_fault *faults;
    size_t fault_room;
    struct rule_test result;
};

static int memory_fault(struct error *err) {
    return error_set(err, ERROR_MEMORY, "memory is exhausted while testing a rule");
}

static int by_key(const void *a, const void *b) {
    const struct setting *left = a, *right = b;
    return strcmp(left->key, right->key);
}

int rule_example_conf(const struct rule_example *example, struct arena *arena,
                      struct effective *ret, struct error *err) {
    struct setting *settings = arena_array(arena, example->count, sizeof *settings);
    struct setting *ignored = arena_array(arena, example->count, sizeof *ignored);
    struct setting *ineffective = arena_array(arena, example->count, sizeof *ineffective);
    if (settings == NULL || ignored == NULL || ineffective == NULL)
        return memory_fault(err);
    struct effective conf = {.settings = settings,
                             .ignored = ignored,
                             .ineffective = ineffective,
                             .unset = {.kind = ORIGIN_UNSET, .file = "example", .line = 1}};
    for (size_t i = 0; i < example->count; i++) {
        const char *value = example->pairs[i].value;
        if (strcmp(example->pairs[i].key, RULE_EXAMPLE_VERSION) == 0 &&
            rule_version_parse(value, &conf.spark_major, &conf.spark_minor) == 0)
            continue;
        struct setting setting = {.key = example->pairs[i].key,
                                  .value = value,
                                  .origin = {.file = "example", .line = i + 1, .column = 1}};
        if (text_starts(setting.key, RULE_EXAMPLE_INEFFECTIVE)) {
            setting.key += strlen(RULE_EXAMPLE_INEFFECTIVE);
            ineffective[conf.ineffective_count++] = setting;
        } else if (text_starts(setting.key, "spark."))
            settings[conf.count++] = setting;
        else
            ignored[conf.ignored_count++] = setting;
    }
    qsort(settings, conf.count, sizeof *settings, by_key);
    qsort(ignored, conf.ignored_count, sizeof *ignored, by_key);
    const struct setting *master = effective_find(&conf, "spark.master");
    conf.master = master != NULL ? master_classify(master->value) : MASTER_UNTOLD;
    *ret = conf;
    return 0;
}

static int read_examples(struct tester *t, const struct rule_example *examples, size_t count,
                         struct effective **ret) {
    *ret = arena_array(t->arena, count, sizeof **ret);
    if (*ret == NULL)
        return memory_fault(t->err);
    for (size_t i = 0; i < count; i++)
        if (rule_example_conf(&examples[i], t->arena, &(*ret)[i], t->err) != 0)
            return -1;
    return 0;
}

static int add_fault(struct tester *t, size_t line, size_t column, const char *what) {
    if (what == NULL)
        return memory_fault(t->err);
    if (t->result.fault_count == t->fault_room)
        return 0;
    t->faults[t->result.fault_count++] =
        (struct rule_fault){.rule = t->rule, .line = line, .column = column, .what = what};
    return 0;
}

static int run_examples(struct tester *t, const struct effective *confs, size_t count,
                        enum truth wanted) {
    static const char *const said[] = {
        [TRUTH_FALSE] = "is violated", [TRUTH_UNKNOWN] = "cannot be told", [TRUTH_TRUE] = "passes"};
    for (size_t i = 0; i < count; i++) {
        bool starved;
        enum truth truth = rule_judge(t->rule, &confs[i], &starved);
        if (starved)
            return memory_fault(t->err);
        t->result.examples++;
        if (truth == wanted)
            continue;
        const char *what = arena_printf(t->arena, "%s example %zu %s",
                                        wanted == TRUTH_TRUE ? "pass" : "fail", i + 1, said[truth]);
        if (add_fault(t, t->rule->line, 1, what) != 0)
            return -1;
    }
    return 0;
}

/* Whether an example has another outcome under the mutant than it should, or -1. */
static int is_noticed(const struct tester *t, const struct rule *mutant) {
    bool noticed = false, starved = false;
    for (size_t i = 0; i < t->rule->pass_count && !noticed && !starved; i++)
        noticed = rule_judge(mutant, &t->pass[i], &starved) != TRUTH_TRUE;
    for (size_t i = 0; i < t->rule->fail_count && !noticed && !starved; i++)
        noticed = rule_judge(mutant, &t->fail[i], &starved) != TRUTH_FALSE;
    return starved ? memory_fault(t->err) : noticed;
}

/* A copy of the tree with one node replaced; NULL where memory is exhausted. */
static const struct rule_node *replace_node(struct arena *arena, const struct rule_node *node,
                                            const struct rule_node *target,
                                            const struct rule_node *replacement) {
    if (node == target)
        return replacement;
    struct rule_node *copy = arena_array(arena, 1, sizeof *copy);
    struct rule_node *children = arena_array(arena, node->child_count, sizeof *children);
    if (copy == NULL || children == NULL)
        return NULL;
    for (size_t i = 0; i < node->child_count; i++) {
        const struct rule_node *child =
            replace_node(arena, &node->children[i], target, replacement);
        if (child == NULL)
            return NULL;
        children[i] = *child;
    }
    *copy = *node;
    copy->children = children;
    return copy;
}

/* Tries the rule with target replaced; a fault where no example notices. */
static int try_mutant(struct tester *t, const struct rule_node *target,
                      const struct rule_node *replacement, const char *change) {
    struct rule mutant = *t->rule;
    const struct rule_node *when = mutant.when;
    mutant.require = replace_node(t->arena, mutant.require, target, replacement);
    if (when != NULL)
        mutant.when = replace_node(t->arena, when, target, replacement);
    if (mutant.require == NULL || (when != NULL && mutant.when == NULL))
        return memory_fault(t->err);
    t->result.mutants++;
    int noticed = is_noticed(t, &mutant);
    if (noticed != 0)
        return noticed < 0 ? -1 : 0;
    const char *name = target->key != NULL ? target->key : operator_row(target->op)->name;
    return add_fault(t, target->line, target->column,
                     arena_printf(t->arena, "no example notices when %s %s", name, change));
}

/* What stands for a word that is changed alone. */
static const char *other_word(const struct rule_node *leaf) {
    const char *word = leaf->words[0];
    if (strcmp(word, "true") == 0)
        return "false";
    if (strcmp(word, "false") == 0)
        return "true";
    if (leaf->op == OP_MASTER)
        return strcmp(word, "yarn") == 0 ? "local" : "yarn";
    if (leaf->op == OP_SINCE)
        return "99.0";
    return leaf->op == OP_BEFORE     ? "0.0"
           : leaf->op == OP_AT_LEAST ? "1e99"
           : leaf->op == OP_AT_MOST  ? "-1"
                                     : "\x7f";
}

static int mutate_words(struct tester *t, const struct rule_node *leaf) {
    if (operator_row(leaf->op)->operand == OPERAND_FAMILY)
        return 0;
    for (size_t i = 0; i < leaf->word_count; i++) {
        const char **words = arena_array(t->arena, leaf->word_count, sizeof *words);
        if (words == NULL)
            return memory_fault(t->err);
        struct rule_node other = *leaf;
        other.words = words;
        other.word_count = 0;
        for (size_t j = 0; j < leaf->word_count; j++)
            if (j != i)
                words[other.word_count++] = leaf->words[j];
        if (leaf->word_count == 1)
            words[other.word_count++] = other_word(leaf);
        const char *change = arena_printf(t->arena, "is without %s", leaf->words[i]);
        if (change == NULL)
            return memory_fault(t->err);
        if (try_mutant(t, leaf, &other, change) != 0)
            return -1;
    }
    return 0;
}

static int mutate_leaf(struct tester *t, const struct rule_node *leaf, bool in_any) {
    const struct rule_node negated = {.op = OP_NOT, .children = leaf, .child_count = 1};
    const struct rule_node dropped = {.op = in_any ? OP_ANY : OP_ALL};
    if (try_mutant(t, leaf, &negated, "is negated") != 0 ||
        try_mutant(t, leaf, &dropped, "is left out") != 0)
        return -1;
    return mutate_words(t, leaf);
}

/* Nodes nest at most LIMIT_YAML_DEPTH deep. */
static int mutate_tree(struct tester *t, const struct rule_node *node, bool in_any) {
    if (node->child_count == 0)
        return mutate_leaf(t, node, in_any);
    for (size_t i = 0; i < node->child_count; i++)
        if (mutate_tree(t, &node->children[i], node->op == OP_ANY) != 0)
            return -1;
    return 0;
}

int rule_test(const struct rule *rule, struct arena *arena, struct rule_test *ret,
              struct error *err) {
    struct tester t = {.rule = rule, .arena = arena, .err = err, .fault_room = LIMIT_RULE_NODES};
    t.faults = arena_array(arena, t.fault_room, sizeof *t.faults);
    if (t.faults == NULL)
        return memory_fault(err);
    if (read_examples(&t, rule->pass, rule->pass_count, &t.pass) != 0 ||
        read_examples(&t, rule->fail, rule->fail_count, &t.fail) != 0 ||
        run_examples(&t, t.pass, rule->pass_count, TRUTH_TRUE) != 0 ||
        run_examples(&t, t.fail, rule->fail_count, TRUTH_FALSE) != 0)
        return -1;
    if (rule->when != NULL && mutate_tree(&t, rule->when, false) != 0)
        return -1;
    if (mutate_tree(&t, rule->require, false) != 0)
        return -1;
    t.result.faults = t.faults;
    *ret = t.result;
    return 0;
}
