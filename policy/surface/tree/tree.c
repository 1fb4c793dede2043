#include "policy/surface/tree/tree.h"

#include <string.h>

#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/limits.h"

static const struct tree_node *find_child(const struct tree_node *mapping, const char *key,
                                          size_t length) {
    const struct tree_node *found = NULL;
    if (mapping == NULL || mapping->kind != TREE_MAPPING)
        return NULL;
    for (const struct tree_node *child = mapping->first; child != NULL; child = child->next)
        if (strncmp(child->key, key, length) == 0 && child->key[length] == '\0')
            found = child;
    return found;
}

const struct tree_node *tree_find(const struct tree_node *mapping, const char *key) {
    return find_child(mapping, key, strlen(key));
}

const struct tree_node *tree_path(const struct tree_node *node, const char *path) {
    while (node != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        node = find_child(node, path, length);
        path += length;
        path += *path == '.' ? 1 : 0;
    }
    return node;
}

const char *tree_text(const struct tree_node *node) {
    return node != NULL && node->kind == TREE_SCALAR ? node->text : NULL;
}

const char *tree_path_text(const struct tree_node *node, const char *path) {
    return tree_text(tree_path(node, path));
}

bool tree_is_null(const struct tree_node *node) {
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    if (node == NULL)
        return true;
    if (node->kind != TREE_SCALAR || node->quoted)
        return false;
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        if (strcmp(node->text, nulls[i]) == 0)
            return true;
    return false;
}

/* Whether another child of that key says the same without a condition, or each branch does. */
static bool is_agreed(const struct tree_node *node) {
    const struct tree_condition *condition = node->condition;
    size_t told = 0, last = 0;
    for (const struct tree_node *s = node->parent->first; s != NULL; s = s->next) {
        if (s->kind != TREE_SCALAR || strcmp(s->key, node->key) != 0 ||
            strcmp(s->text, node->text) != 0)
            continue;
        if (s->condition == NULL)
            return true;
        told += s->condition == condition && s->branch != last ? 1 : 0;
        last = s->condition == condition ? s->branch : last;
    }
    return condition->whole && !condition->nested && told == condition->branches;
}

bool tree_is_certain(const struct tree_node *node) {
    const struct tree_node *parent = node->parent;
    if (node->condition == NULL)
        return true;
    return node->kind == TREE_SCALAR && parent != NULL && parent->kind == TREE_MAPPING &&
           parent->count <= LIMIT_TREE_NAMES && is_agreed(node);
}

const char *tree_doubt(struct arena *arena, const char *text, bool pair) {
    const char *equal = pair ? unknown_find(text, '=') : NULL;
    const char *value = equal == NULL ? text : equal + 1;
    const char *shown = unknown_show(arena, value);
    const char *doubt = shown == NULL ? NULL : unknown_text(arena, shown, strlen(shown));
    if (equal == NULL || doubt == NULL)
        return pair && equal == NULL ? text : doubt;
    return arena_printf(arena, "%.*s%s", (int)(value - text), text, doubt);
}

struct origin tree_unset(const struct tree_node *node) {
    struct origin place = node->origin;
    place.kind = ORIGIN_UNSET;
    place.line = node->last_line + 1;
    if (node->kind == TREE_MAPPING && node->first != NULL)
        place.column = node->first->key_origin.column;
    return place;
}
