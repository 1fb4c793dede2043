#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/surface/programs.h"
#include "policy/surface/shell/walk.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/limits.h"

static size_t hash_name(const char *name) {
    size_t hash = 5381;
    for (; *name != '\0'; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash % SHELL_BUCKETS;
}

struct shell_variable *walk_variable(struct shell_run *run, const char *name) {
    struct shell_variable **bucket = &run->buckets[hash_name(name)];
    for (struct shell_variable *v = *bucket; v != NULL; v = v->next) {
        run->c->steps += v != *bucket;
        if (strcmp(v->name, name) == 0)
            return v;
    }
    struct shell_variable *made = arena_alloc(run->c->arena, sizeof *made);
    if (made == NULL) {
        shell_starve(run->c);
        return NULL;
    }
    *made = (struct shell_variable){.name = name, .next = *bucket};
    *bucket = made;
    *run->last = made;
    run->last = &made->later;
    return made;
}

struct shell_variable *walk_find_function(struct shell_run *run, const char *name) {
    char full[LIMIT_SHELL_NAME + 3];
    if (strlen(name) > LIMIT_SHELL_NAME)
        return NULL;
    (void)snprintf(full, sizeof full, "%s()", name);
    for (struct shell_variable *v = run->buckets[hash_name(full)]; v != NULL; v = v->next) {
        run->c->steps += v->next != NULL;
        if (strcmp(v->name, full) == 0)
            return v->value.function == NULL ? NULL : v;
    }
    return NULL;
}

/* A list on the heap with room for one more; NULL and failed. */
static struct shell_saved *make_room(struct shell_run *run, struct shell_saved *items, size_t count,
                                     size_t *room) {
    if (count < *room)
        return items;
    size_t more = *room == 0 ? 16 : 2 * *room;
    struct shell_saved *grown = realloc(items, more * sizeof *grown);
    if (grown == NULL) {
        shell_starve(run->c);
        return NULL;
    }
    *room = more;
    return grown;
}

static void save(struct shell_run *run, struct shell_variable *v) {
    if (run->scope == 0 || v->scope == run->scope)
        return;
    struct shell_saved *saved = make_room(run, run->saved, run->saved_count, &run->saved_room);
    if (saved == NULL)
        return;
    run->saved = saved;
    saved[run->saved_count++] =
        (struct shell_saved){.variable = v, .value = v->value, .scope = v->scope};
    v->scope = run->scope;
}

void walk_assign(struct shell_run *run, struct shell_variable *variable,
                 const struct shell_value *value) {
    if (variable == NULL || run->c->failed)
        return;
    save(run, variable);
    variable->value = *value;
}

void walk_forget(struct shell_run *run, struct shell_variable *variable) {
    if (variable == NULL || variable->value.kind == VALUE_UNKNOWN ||
        variable->value.function != NULL)
        return;
    struct shell_value unknown = {.kind = VALUE_UNKNOWN,
                                  .exported = variable->value.exported,
                                  .position = variable->value.position};
    walk_assign(run, variable, &unknown);
}

void walk_forget_all(struct shell_run *run) {
    for (struct shell_variable *v = run->first; v != NULL && !run->c->failed; v = v->later) {
        run->c->steps++;
        if (v->value.kind != VALUE_OUTSIDE)
            walk_forget(run, v);
    }
}

struct shell_scope walk_open(struct shell_run *run) {
    struct shell_scope scope = {.before = run->scope, .start = run->saved_count};
    run->scope = ++run->scopes;
    return scope;
}

void walk_close(struct shell_run *run, const struct shell_scope *scope, bool touch) {
    size_t end = run->saved_count;
    for (size_t i = end; i > scope->start; i--) {
        struct shell_saved *s = &run->saved[i - 1];
        s->variable->value = s->value;
        s->variable->scope = s->scope;
    }
    run->scope = scope->before;
    run->c->steps += end - scope->start;
    if (touch && scope->before != 0) {
        walk_keep(run, scope);
        return;
    }
    run->saved_count = scope->start;
}

/* What the inner scope saved is what the outer one would have saved, too. */
void walk_keep(struct shell_run *run, const struct shell_scope *scope) {
    size_t kept = scope->start;
    run->scope = scope->before;
    run->c->steps += run->saved_count - scope->start;
    for (size_t i = scope->start; i < run->saved_count; i++) {
        struct shell_saved s = run->saved[i];
        s.variable->scope = scope->before;
        if (s.scope != scope->before)
            run->saved[kept++] = s;
    }
    run->saved_count = scope->before == 0 ? scope->start : kept;
}

void walk_forget_scope(struct shell_run *run, const struct shell_scope *scope) {
    size_t end = run->saved_count;
    for (size_t i = scope->start; i < end; i++)
        walk_forget(run, run->saved[i].variable);
}

static bool same_text(const struct shell_text *a, const struct shell_text *b) {
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static bool same_value(const struct shell_value *a, const struct shell_value *b) {
    if (a->function != b->function || a->kind != b->kind || a->exported != b->exported ||
        a->count != b->count)
        return false;
    if (a->kind == VALUE_TEXT)
        return same_text(&a->text, &b->text);
    for (size_t i = 0; i < a->count; i++)
        if (a->items[i].several != b->items[i].several ||
            !same_text(&a->items[i].text, &b->items[i].text))
            return false;
    return true;
}

/* A command line that one of several ways puts together is a launch of its own:
 * which of them it will be is not known, but what each says is. */
static void launch_lost(struct shell_run *run, const struct shell_value *value) {
    if (value->kind == VALUE_ARRAY && value->count > 1 &&
        program_is_spark(value->items[0].text.text))
        walk_launch(run, value->items, value->count, true, NULL);
}

/* What two ways agree on. */
static struct shell_value agree(struct shell_run *run, const struct shell_value *a,
                                const struct shell_value *b) {
    if (same_value(a, b) || b->function != NULL)
        return *b;
    if (a->function != NULL)
        return *a;
    launch_lost(run, a);
    launch_lost(run, b);
    return (struct shell_value){
        .kind = VALUE_UNKNOWN, .exported = a->exported || b->exported, .position = b->position};
}

static void add_end(struct shell_run *run, struct shell_join *join, struct shell_variable *v,
                    const struct shell_value *value) {
    struct shell_saved *ends = make_room(run, join->ends, join->count, &join->room);
    if (ends == NULL)
        return;
    join->ends = ends;
    ends[join->count++] = (struct shell_saved){.variable = v, .value = *value, .scope = join->ways};
    v->slot = join->count;
}

static void find_slots(struct shell_run *run, const struct shell_join *join) {
    run->c->steps += join->count;
    for (size_t i = 0; i < join->count; i++)
        join->ends[i].variable->slot = i + 1;
}

static void end_slots(struct shell_join *join) {
    for (size_t i = 0; i < join->count; i++)
        join->ends[i].variable->slot = 0;
    join->ways++;
}

/* ends[].scope: the last way that was looked at. */
static void add_way(struct shell_run *run, struct shell_join *join, struct shell_saved *ended,
                    size_t count) {
    for (size_t i = 0; i < count && !run->c->failed; i++) {
        struct shell_variable *v = ended[i].variable;
        if (v->slot == 0) {
            struct shell_value value =
                join->ways == 0 ? ended[i].value : agree(run, &v->value, &ended[i].value);
            add_end(run, join, v, &value);
        } else {
            struct shell_saved *end = &join->ends[v->slot - 1];
            end->value = agree(run, &end->value, &ended[i].value);
            end->scope = join->ways;
        }
    }
    for (size_t i = 0; i < join->count; i++)
        if (join->ends[i].scope != join->ways)
            join->ends[i].value = agree(run, &join->ends[i].value, &join->ends[i].variable->value);
}

void walk_join_way(struct shell_run *run, const struct shell_scope *scope,
                   struct shell_join *join) {
    size_t count = run->saved_count - scope->start;
    struct shell_saved *ended = calloc(count + 1, sizeof *ended);
    if (ended == NULL) {
        shell_starve(run->c);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct shell_variable *v = run->saved[scope->start + i].variable;
        ended[i] = (struct shell_saved){.variable = v, .value = v->value};
    }
    walk_close(run, scope, true);
    find_slots(run, join);
    add_way(run, join, ended, count);
    end_slots(join);
    free(ended);
}

void walk_join_nothing(struct shell_run *run, struct shell_join *join) {
    find_slots(run, join);
    add_way(run, join, NULL, 0);
    end_slots(join);
}

void walk_join_end(struct shell_run *run, struct shell_join *join) {
    for (size_t i = 0; i < join->count; i++)
        walk_assign(run, join->ends[i].variable, &join->ends[i].value);
    free(join->ends);
    *join = (struct shell_join){0};
}
