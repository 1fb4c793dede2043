#include "policy/effective/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

static int out_of_memory(struct error *err) {
    return error_set(err, ERROR_MEMORY, "no memory for the settings");
}

int candidates_add(struct candidates *all, struct arena *arena, const struct setting *setting,
                   enum strength strength, struct error *err) {
    if (all->count >= LIMIT_SETTINGS)
        return error_set(err, ERROR_INPUT, "more than %d settings", LIMIT_SETTINGS);
    struct candidate *items =
        arena_grow(arena, all->items, all->count, &all->capacity, sizeof *items);
    if (items == NULL)
        return out_of_memory(err);
    all->items = items;
    all->items[all->count] =
        (struct candidate){.setting = *setting, .strength = strength, .order = all->count + 1};
    all->count++;
    return 0;
}

static int compare(const void *left, const void *right) {
    const struct candidate *a = left, *b = right;
    int order = strcmp(a->setting.key, b->setting.key);
    if (order != 0)
        return order;
    if (a->strength != b->strength)
        return a->strength > b->strength ? -1 : 1;
    return a->order > b->order ? -1 : 1;
}

void candidates_sort(struct candidates *all) {
    if (all->count > 1)
        qsort(all->items, all->count, sizeof *all->items, compare);
    for (size_t i = 0; i < all->count; i++)
        all->items[i].order = all->count - i;
    all->sorted = all->count;
}

/* Index of the first sorted candidate with that key, or where it would stand. */
static size_t first_of(const struct candidates *all, const char *key) {
    size_t low = 0, high = all->sorted;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(all->items[middle].setting.key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct setting *candidates_property(const struct candidates *all, const char *key) {
    for (size_t i = first_of(all, key); i < all->sorted; i++) {
        const struct candidate *c = &all->items[i];
        if (strcmp(c->setting.key, key) != 0)
            return NULL;
        if (c->strength >= STRENGTH_INJECTED && c->strength <= STRENGTH_CONF)
            return &c->setting;
    }
    return NULL;
}

const struct setting *candidates_strongest(const struct candidates *all, const char *key) {
    const struct candidate *best = NULL;
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].setting.key, key) == 0 &&
            (best == NULL || compare(&all->items[i], best) < 0))
            best = &all->items[i];
    return best == NULL ? NULL : &best->setting;
}

void candidates_remove(struct candidates *all, const char *key) {
    size_t kept = 0, sorted = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->items[i].setting.key, key) == 0)
            continue;
        sorted += i < all->sorted ? 1 : 0;
        all->items[kept++] = all->items[i];
    }
    all->count = kept;
    all->sorted = sorted;
}

/* Links the run of one key from i on; returns the index behind it. */
static size_t link_run(struct candidates *all, size_t i) {
    size_t end = i + 1;
    while (end < all->count &&
           strcmp(all->items[end].setting.key, all->items[i].setting.key) == 0) {
        all->items[end - 1].setting.overridden = &all->items[end].setting;
        end++;
    }
    return end;
}

int candidates_resolve(struct candidates *all, struct arena *arena, struct effective *ret,
                       struct error *err) {
    candidates_sort(all);
    struct setting *settings = arena_array(arena, all->count + 1, sizeof *settings);
    struct setting *ignored = arena_array(arena, all->count + 1, sizeof *ignored);
    if (settings == NULL || ignored == NULL)
        return out_of_memory(err);
    ret->count = ret->ignored_count = 0;
    for (size_t i = 0; i < all->count;) {
        size_t end = link_run(all, i);
        const struct setting *winner = &all->items[i].setting;
        if (text_starts(winner->key, "spark."))
            settings[ret->count++] = *winner;
        else
            ignored[ret->ignored_count++] = *winner;
        i = end;
    }
    ret->settings = settings;
    ret->ignored = ignored;
    return 0;
}
