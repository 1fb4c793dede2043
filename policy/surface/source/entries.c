#include "policy/surface/source/entries.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/limits.h"

#define MAPPINGS_DEEP 16 /* mappings that take in mappings */

struct visit {
    struct source_file *file;
    entries_take *take;
    void *state;
    size_t deep;
};

static bool visit_mapping(struct visit *v, struct source_node *node);

static bool take_pair(struct visit *v, struct source_node *key, struct source_node *value) {
    struct source_pair pair = {.key = key, .value = value};
    v->file->work++;
    v->take(v->state, &pair);
    return true;
}

/* Keys and values in turn; what has stars takes in a mapping. */
static bool visit_alternating(struct visit *v, struct source_node *items) {
    bool told = true;
    for (struct source_node *item = items; item != NULL; item = item->next) {
        if (item->stars > 0) {
            told = visit_mapping(v, item) && told;
            continue;
        }
        if (item->next == NULL || item->next->stars > 0)
            return false;
        take_pair(v, item, item->next);
        item = item->next;
    }
    return told;
}

static bool visit_pairs(struct visit *v, struct source_node *items) {
    bool told = true;
    for (struct source_node *item = items; item != NULL; item = item->next) {
        struct source_node *pair = value_leaf(v->file, item);
        bool two = item->stars == 0 && pair->kind == SOURCE_SEQUENCE && pair->items != NULL &&
                   pair->items->next == pair->last && pair->items != pair->last;
        told = (two ? take_pair(v, pair->items, pair->last)
                    : item->stars > 0 && visit_mapping(v, item)) &&
               told;
    }
    return told;
}

static bool visit_labels(struct visit *v, struct source_node *items) {
    bool told = true;
    for (struct source_node *item = items; item != NULL; item = item->next)
        told = (item->label.length > 0 ? take_pair(v, NULL, item) : visit_mapping(v, item)) && told;
    return told;
}

static bool is_one_of(const struct source_name *name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (syntax_is(name, names[i]))
            return true;
    return false;
}

#define IS_ONE_OF(name, names) is_one_of(name, names, sizeof(names) / sizeof *(names))

static bool visit_call(struct visit *v, struct source_node *node) {
    static const char *const views[] = {"items", "copy",   "toSeq",    "toList",
                                        "toMap", "asJava", "entrySet", "iteritems"};
    static const char *const makers[] = {"Map", "Seq", "List", "Array", "HashMap", "Set"};
    static const char *const lists[] = {"list", "tuple", "OrderedDict"};
    struct source_node *callee = node->object;
    if (callee->kind == SOURCE_MEMBER && IS_ONE_OF(&callee->name, views))
        return visit_mapping(v, callee->object);
    if (callee->kind == SOURCE_MEMBER && syntax_is(&callee->name, "of") &&
        callee->object->kind == SOURCE_NAME && syntax_is(&callee->object->name, "Map"))
        return visit_alternating(v, node->items);
    if (callee->kind == SOURCE_NAME && syntax_is(&callee->name, "dict"))
        return visit_labels(v, node->items);
    if (IS_ONE_OF(&callee->name, makers))
        return visit_pairs(v, node->items);
    if (callee->kind == SOURCE_NAME && IS_ONE_OF(&callee->name, lists) && node->items != NULL)
        return visit_mapping(v, node->items);
    return false;
}

/* A name: what it is bound to, and what was put into it since. */
static bool visit_name(struct visit *v, struct source_node *node) {
    const struct source_binding *binding = names_find(&v->file->names, node);
    struct source_node *value = names_value(&v->file->names, node);
    if (binding == NULL || value == NULL)
        return false;
    bool told = visit_mapping(v, value);
    for (const struct source_entry *e = binding->entries; e != NULL; e = e->next) {
        if (v->file->work > LIMIT_SOURCE_WORK)
            return false;
        bool whole = e->key == NULL && e->value->label.length == 0;
        told = (whole ? visit_mapping(v, e->value) : take_pair(v, e->key, e->value)) && told;
    }
    return told;
}

static bool visit_all(struct visit *v, struct source_node *items) {
    bool told = true;
    for (struct source_node *item = items; item != NULL; item = item->next)
        told = visit_mapping(v, item) && told;
    return told;
}

static bool visit_kind(struct visit *v, struct source_node *node) {
    if (node->kind == SOURCE_MAPPING) {
        node->used = true;
        return visit_alternating(v, node->items);
    }
    if (node->kind == SOURCE_SEQUENCE)
        return visit_pairs(v, node->items);
    if (node->kind == SOURCE_JOIN)
        return visit_all(v, node->items);
    if (node->kind == SOURCE_CALL)
        return visit_call(v, node);
    return visit_name(v, node);
}

static bool visit_mapping(struct visit *v, struct source_node *node) {
    if (v->deep == 0 || v->file->work > LIMIT_SOURCE_WORK)
        return false;
    v->file->work++;
    v->deep--;
    bool told = visit_kind(v, node);
    v->deep++;
    return told;
}

bool entries_each(struct source_file *file, struct source_node *node, entries_take *take,
                  void *state) {
    struct visit v = {.file = file, .take = take, .state = state, .deep = MAPPINGS_DEEP};
    return visit_mapping(&v, node);
}

const char *entries_key(struct source_file *file, const struct source_pair *pair) {
    if (pair->key != NULL)
        return value_text(file, pair->key);
    const char *text = arena_text(file->arena, pair->value->label.text, pair->value->label.length);
    file->starved = file->starved || text == NULL;
    return text == NULL ? "" : text;
}

struct origin entries_place(struct source_file *file, const struct source_pair *pair) {
    if (pair->key != NULL)
        return value_origin(file, pair->key);
    return place_find(&file->map, (size_t)(pair->value->label.text - file->text->bytes));
}

struct wanted {
    struct source_file *file;
    const char *key;
    struct source_node *found;
};

static void take_wanted(void *state, const struct source_pair *pair) {
    struct wanted *w = state;
    if (strcmp(entries_key(w->file, pair), w->key) == 0)
        w->found = pair->value;
}

struct source_node *entries_find(struct source_file *file, struct source_node *node,
                                 const char *key) {
    struct wanted w = {.file = file, .key = key};
    struct visit v = {.file = file, .take = take_wanted, .state = &w, .deep = MAPPINGS_DEEP};
    struct source_node *leaf = value_leaf(file, node);
    bool used = leaf->used;
    if (leaf->kind == SOURCE_CALL && leaf->object->kind != SOURCE_NAME)
        return NULL;
    visit_mapping(&v, leaf);
    leaf->used = used;
    return w.found;
}
