#include "policy/surface/source/names.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/limits.h"

#define PROBES 64 /* of one search: names that were made to collide are not told */

static size_t hash_name(const struct source_name *name, const struct source_scope *scope) {
    uint64_t hash = 14695981039346656037u ^ (uintptr_t)scope;
    for (size_t i = 0; i < name->length; i++)
        hash = (hash ^ (unsigned char)name->text[i]) * 1099511628211u;
    return (size_t)(hash ^ (hash >> 29));
}

/* The slot of that name in that scope, a free one where it has none; NULL: not told. */
static struct source_binding *find_slot(const struct source_names *names,
                                        const struct source_name *name,
                                        const struct source_scope *scope) {
    size_t at = hash_name(name, scope);
    for (size_t i = 0; i < PROBES; i++) {
        struct source_binding *slot = &names->slots[(at + i) & (names->size - 1)];
        if (slot->count == 0)
            return slot;
        if (slot->scope == scope && slot->name.length == name->length &&
            memcmp(slot->name.text, name->text, name->length) == 0)
            return slot;
    }
    return NULL;
}

/* "self.x" and "this.x" are names of the file. */
static bool is_own(struct source_node *node) {
    return node->kind == SOURCE_MEMBER && node->name.length > 0 &&
           node->object->kind == SOURCE_NAME &&
           (syntax_is(&node->object->name, "self") || syntax_is(&node->object->name, "cls") ||
            syntax_is(&node->object->name, "this"));
}

static const struct source_scope *outermost(const struct source_scope *scope) {
    while (scope->outer != NULL)
        scope = scope->outer;
    return scope;
}

static bool has_name(struct source_node *node) {
    return node->kind == SOURCE_NAME || is_own(node);
}

/* The name by which a target is kept: "x", "self.x". */
static struct source_name full_name(struct source_node *node) {
    if (node->kind == SOURCE_NAME)
        return node->name;
    const char *from = node->object->name.text;
    return (struct source_name){from, (uint32_t)(node->name.text + node->name.length - from)};
}

static void add_binding(struct source_names *names, const struct source_name *name,
                        const struct source_scope *scope, struct source_node *bind) {
    struct source_binding *slot = find_slot(names, name, scope);
    if (slot == NULL)
        return;
    if (slot->count++ == 0) {
        slot->name = *name;
        slot->scope = scope;
        slot->first = bind;
    }
}

static void add_bind(struct source_names *names, struct source_node *bind) {
    if (bind->bind == BIND_DEFAULT) {
        /* its parameter was bound to nothing just before */
        return;
    }
    for (struct source_node *target = bind->items; target != NULL; target = target->next) {
        if (!has_name(target))
            continue;
        struct source_name name = full_name(target);
        add_binding(names, &name,
                    target->kind == SOURCE_NAME ? target->scope : outermost(target->scope), bind);
    }
}

int names_read(struct source_node *first, struct arena *arena, struct source_names *ret) {
    size_t count = 0, size = 16;
    for (struct source_node *node = first; node != NULL; node = node->after)
        for (struct source_node *t = node->kind == SOURCE_BIND ? node->items : NULL; t != NULL;
             t = t->next)
            count++;
    while (size < 2 * count)
        size *= 2;
    struct source_names names = {.slots = arena_array(arena, size, sizeof *names.slots),
                                 .size = size};
    if (names.slots == NULL)
        return -1;
    for (struct source_node *node = first; node != NULL; node = node->after)
        if (node->kind == SOURCE_BIND)
            add_bind(&names, node);
    *ret = names;
    return 0;
}

struct source_binding *names_find(const struct source_names *names, struct source_node *node) {
    if (!has_name(node))
        return NULL;
    struct source_name name = full_name(node);
    const struct source_scope *scope =
        node->kind == SOURCE_NAME ? node->scope : outermost(node->scope);
    for (size_t i = 0; scope != NULL && i < LIMIT_SOURCE_SCOPES; scope = scope->outer, i++) {
        if (scope->of_class && scope != node->scope)
            continue;
        struct source_binding *slot = find_slot(names, &name, scope);
        if (slot == NULL)
            return NULL;
        if (slot->count > 0)
            return slot;
    }
    return NULL;
}

struct source_node *names_value(const struct source_names *names, struct source_node *node) {
    const struct source_binding *binding = names_find(names, node);
    if (binding == NULL || binding->count != 1 || binding->first->bind != BIND_VALUE)
        return NULL;
    return binding->first->object;
}

struct source_node *names_loop(const struct source_names *names, struct source_node *node) {
    const struct source_binding *binding = names_find(names, node);
    if (binding == NULL || binding->now == NULL || binding->now->bind != BIND_LOOP)
        return NULL;
    return binding->now;
}
