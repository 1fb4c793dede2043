#include "policy/rules/rule_pack.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

const struct pack *pack_find(const char *name) {
    for (size_t i = 0; i < builtin_pack_count; i++)
        if (strcmp(builtin_packs[i]->name, name) == 0)
            return builtin_packs[i];
    return NULL;
}

static void todo_names(struct error *err) {
    struct buffer list = buffer_make(LIMIT_ERROR_TODO);
    for (size_t i = 0; i < builtin_pack_count; i++)
        buffer_printf(&list, "%s%s", i == 0 ? "" : ", ", builtin_packs[i]->name);
    error_todo(err, "built in are %s", list.data != NULL ? list.data : "none");
    buffer_free(&list);
}

const struct pack *pack_require(const char *name, struct error *err) {
    const struct pack *pack = pack_find(name);
    if (pack != NULL)
        return pack;
    const char *names[LIMIT_PACKS];
    size_t count = builtin_pack_count < LIMIT_PACKS ? builtin_pack_count : LIMIT_PACKS;
    for (size_t i = 0; i < count; i++)
        names[i] = builtin_packs[i]->name;
    error_set(err, ERROR_POLICY, "no policy pack is called %s", name);
    const char *near = text_nearest(name, names, count);
    if (near != NULL)
        error_todo(err, "did you mean %s?", near);
    else
        todo_names(err);
    return NULL;
}

bool pack_is_path(const char *word) {
    return strchr(word, '/') != NULL || text_ends(word, ".yaml") || text_ends(word, ".yml") ||
           text_ends(word, ".json");
}

struct collection {
    const struct pack **packs;
    size_t pack_count;
    const struct rule **rules;
    size_t rule_count;
};

static int add_rules(struct collection *all, const struct pack *pack, struct error *err) {
    for (size_t i = 0; i < pack->rule_count; i++) {
        const struct rule *rule = &pack->rules[i];
        for (size_t j = 0; j < all->rule_count; j++)
            if (strcmp(all->rules[j]->id, rule->id) == 0) {
                error_set(err, ERROR_POLICY, "two packs have a rule %s", rule->id);
                error_at(err, pack->name, rule->line, 0);
                return error_todo(err, "give one of them an id of its own");
            }
        if (all->rule_count == LIMIT_RULES)
            return error_set(err, ERROR_POLICY, "more than %d rules", LIMIT_RULES);
        all->rules[all->rule_count++] = rule;
    }
    return 0;
}

/* Whether the pack is there already; -1 where another one has its name. */
static int find_pack(const struct collection *all, const struct pack *pack, struct error *err) {
    for (size_t i = 0; i < all->pack_count; i++) {
        if (all->packs[i] == pack)
            return 1;
        if (strcmp(all->packs[i]->name, pack->name) != 0)
            continue;
        error_set(err, ERROR_POLICY, "two packs are called %s", pack->name);
        return error_todo(err, "rename the one that is not built in");
    }
    return 0;
}

static int add_pack(struct collection *all, const struct pack *pack, size_t depth,
                    struct error *err) {
    int found = find_pack(all, pack, err);
    if (found != 0)
        return found > 0 ? 0 : -1;
    if (depth == LIMIT_PACKS)
        return error_set(err, ERROR_POLICY, "packs include each other more than %d deep",
                         LIMIT_PACKS);
    for (size_t i = 0; i < pack->include_count; i++) {
        const struct pack *included = pack_require(pack->includes[i], err);
        if (included == NULL)
            return error_at(err, pack->name, 0, 0);
        if (add_pack(all, included, depth + 1, err) != 0)
            return -1;
    }
    if (all->pack_count == LIMIT_PACKS)
        return error_set(err, ERROR_POLICY, "more than %d packs", LIMIT_PACKS);
    all->packs[all->pack_count++] = pack;
    return add_rules(all, pack, err);
}

int rule_set_collect(const struct pack *const *packs, size_t count, struct arena *arena,
                     struct rule_set *ret, struct error *err) {
    struct collection all = {.packs = arena_array(arena, LIMIT_PACKS, sizeof *all.packs),
                             .rules = arena_array(arena, LIMIT_RULES, sizeof *all.rules)};
    if (all.packs == NULL || all.rules == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted while collecting rules");
    for (size_t i = 0; i < count; i++)
        if (add_pack(&all, packs[i], 0, err) != 0)
            return -1;
    if (all.rule_count == 0)
        return error_set(err, ERROR_POLICY, "no rule is in force: everything would pass");
    *ret = (struct rule_set){.rules = all.rules,
                             .count = all.rule_count,
                             .packs = all.packs,
                             .pack_count = all.pack_count};
    return 0;
}

const struct rule *rule_set_find(const struct rule_set *set, const char *id) {
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->rules[i]->id, id) == 0)
            return set->rules[i];
    return NULL;
}
