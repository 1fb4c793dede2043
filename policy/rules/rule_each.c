#include "policy/rules/rule_each.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

struct names {
    const struct rule *rule;
    const struct effective *conf;
    struct arena *arena;
    struct error *err;
    const char **items;
    size_t count, room;
};

static int add_name(struct names *n, const char *start, size_t length) {
    for (size_t i = 0; i < n->count; i++)
        if (strlen(n->items[i]) == length && memcmp(n->items[i], start, length) == 0)
            return 0;
    if (n->count == LIMIT_EACH_NAMES) {
        error_set(n->err, ERROR_INPUT, "more than %d names of %s", LIMIT_EACH_NAMES, n->rule->each);
        return error_todo(n->err, "judge fewer files at once");
    }
    const char **items = arena_grow(n->arena, n->items, n->count, &n->room, sizeof *items);
    const char *name = items == NULL ? NULL : arena_text(n->arena, start, length);
    if (name == NULL)
        return error_set(n->err, ERROR_MEMORY, "memory is exhausted while judging");
    n->items = items;
    n->items[n->count++] = name;
    return 0;
}

/* The names under which `key` is set: what stands in place of its star. Those of buckets
 * have dots, others none. */
static int add_names(struct names *n, const char *key) {
    const char *star = strchr(key, '*'), *behind = star + 1;
    size_t before = (size_t)(star - key), after = strlen(behind);
    bool dotted = text_starts(key, "spark.hadoop.fs.s3a.bucket.");
    for (size_t i = 0; i < n->conf->count; i++) {
        const char *set = n->conf->settings[i].key;
        size_t length = strlen(set);
        if (length <= before + after || strncmp(set, key, before) != 0 || !text_ends(set, behind))
            continue;
        length -= before + after;
        if ((dotted || memchr(set + before, '.', length) == NULL) &&
            add_name(n, set + before, length) != 0)
            return -1;
    }
    return 0;
}

/* Nodes nest at most LIMIT_YAML_DEPTH deep. */
static int add_tree(struct names *n, const struct rule_node *node) {
    if (node->key != NULL && strchr(node->key, '*') != NULL && add_names(n, node->key) != 0)
        return -1;
    for (size_t i = 0; i < node->child_count; i++)
        if (add_tree(n, &node->children[i]) != 0)
            return -1;
    return 0;
}

int rule_names(const struct rule *rule, const struct effective *conf, struct arena *arena,
               const char *const **ret, size_t *count, struct error *err) {
    static const char *const none[] = {NULL};
    struct names n = {.rule = rule, .conf = conf, .arena = arena, .err = err};
    if (rule->each == NULL) {
        *ret = none;
        *count = 1;
        return 0;
    }
    if ((rule->when != NULL && add_tree(&n, rule->when) != 0) || add_tree(&n, rule->require) != 0)
        return -1;
    *ret = n.items;
    *count = n.count;
    return 0;
}
