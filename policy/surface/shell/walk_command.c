#include <stdlib.h>
#include <string.h>

#include "policy/surface/programs.h"
#include "policy/surface/shell/walk.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/text.h"

/* Two texts as one, in the arena. */
static int join_texts(struct shell_run *run, const struct shell_text *a, const struct shell_text *b,
                      struct shell_text *ret) {
    struct shell_builder builder = shell_builder_make(run->c);
    shell_add_text(&builder, a, 0, a->length);
    shell_add_text(&builder, b, 0, b->length);
    int status = shell_built(&builder, shell_position(a, 0), ret);
    shell_builder_free(&builder);
    return status;
}

/* The elements of an array: those before, and the fields. */
static struct shell_field *make_items(struct shell_run *run, const struct shell_value *before,
                                      const struct shell_fields *fields, struct shell_value *ret) {
    size_t old = before == NULL ? 0 : before->kind == VALUE_TEXT ? 1 : before->count;
    struct shell_field *items = arena_array(run->c->arena, old + fields->count, sizeof *items);
    run->c->steps += old + fields->count;
    if (items == NULL) {
        shell_starve(run->c);
        return NULL;
    }
    for (size_t i = 0; i < old; i++)
        if (before->kind == VALUE_TEXT)
            items[i].text = before->text;
        else
            items[i] = before->items[i];
    for (size_t i = 0; i < fields->count; i++)
        items[old + i] = fields->items[i];
    ret->kind = VALUE_ARRAY;
    ret->items = items;
    ret->count = old + fields->count;
    return items;
}

static bool is_countable(const struct shell_fields *fields) {
    for (size_t i = 0; i < fields->count; i++)
        if (fields->items[i].text.text[0] == '[' &&
            strstr(fields->items[i].text.text, "]=") != NULL)
            return false;
    return true;
}

static void assign_array(struct shell_run *run, const struct shell_assignment *a,
                         const struct shell_value *before, struct shell_value *value) {
    struct shell_fields fields;
    if (walk_expand(run, a->value, &fields) != 0)
        return;
    bool known = !a->append || before->kind == VALUE_TEXT || before->kind == VALUE_ARRAY ||
                 before->kind == VALUE_UNSET;
    if (known && is_countable(&fields))
        make_items(run, a->append && before->kind != VALUE_UNSET ? before : NULL, &fields, value);
}

/* NAME[2]=…: one that is there, or the next one. */
static void assign_element(struct shell_run *run, const struct shell_assignment *a,
                           const struct shell_value *before, struct shell_value *value) {
    struct shell_fields one = {0};
    size_t index = strspn(a->index, "0123456789") == strlen(a->index) && strlen(a->index) < 5
                       ? (size_t)atoi(a->index)
                       : (size_t)-1;
    if (value->kind != VALUE_TEXT || a->append || before->kind != VALUE_ARRAY ||
        index > before->count) {
        value->kind = VALUE_UNKNOWN;
        return;
    }
    struct shell_text text = value->text;
    if (index == before->count)
        walk_add_field(run, &one, &text);
    value->kind = VALUE_UNKNOWN;
    for (size_t i = 0; i < before->count; i++)
        if (before->items[i].several)
            return;
    struct shell_field *items = make_items(run, before, &one, value);
    if (items != NULL)
        items[index] = (struct shell_field){.text = text};
}

static void assign_text(struct shell_run *run, const struct shell_assignment *a,
                        const struct shell_value *before, struct shell_value *value) {
    if (walk_expand_text(run, a->value, &value->text) != 0)
        return;
    if (value->text.length > 0)
        walk_tell_loose(run, a->name, a->position, &value->text, a->told);
    value->kind = VALUE_TEXT;
    if (!a->append || a->index != NULL || before->kind == VALUE_UNSET)
        return;
    if (before->kind != VALUE_TEXT)
        value->kind = VALUE_UNKNOWN;
    else
        join_texts(run, &before->text, &value->text, &value->text);
}

void walk_assignment(struct shell_run *run, const struct shell_assignment *a, bool exported) {
    struct shell_variable *v = walk_variable(run, a->name);
    if (v == NULL)
        return;
    struct shell_value before = v->value;
    struct shell_value value = {.kind = VALUE_UNKNOWN,
                                .exported = exported || before.exported || run->state.allexport,
                                .position = a->position};
    if (a->array)
        assign_array(run, a, &before, &value);
    else
        assign_text(run, a, &before, &value);
    if (a->index != NULL)
        assign_element(run, a, &before, &value);
    walk_assign(run, v, &value);
}

/* An unknown command that can only be Spark's: $SPARK_SUBMIT, ${SUBMIT:-spark-submit}. */
static bool looks_like_submit(const char *text) {
    return text_glob_nocase("*spark*submit*", text);
}

static void walk_unknown(struct shell_run *run, const struct shell_field *fields, size_t count) {
    if (looks_like_submit(fields[0].text.text))
        walk_launch(run, fields, count, true, NULL);
    else if (count > 1 && program_is_spark(fields[1].text.text))
        walk_launch(run, fields + 1, count - 1, true, NULL);
    walk_write(run, NULL);
}

void walk_fields(struct shell_run *run, const struct shell_node *node,
                 const struct shell_field *fields, size_t count) {
    if (count == 0 || run->c->failed)
        return;
    const char *name = fields[0].text.text, *slash = strrchr(name, '/');
    const char *base = slash == NULL ? name : slash + 1;
    struct shell_variable *v = walk_find_function(run, name);
    shell_builtin *found = walk_find_builtin(name);
    if (v != NULL)
        walk_function(run, v, fields, count);
    else if (program_is_spark(name))
        walk_launch(run, fields, count, true, NULL);
    else if (unknown_in(name))
        walk_unknown(run, fields, count);
    else if (found != NULL || (found = walk_find_prefix(base)) != NULL ||
             (found = walk_find_tool(base)) != NULL)
        found(run, node, fields, count);
    else
        walk_write(run, NULL);
}

static void walk_words(struct shell_run *run, const struct shell_node *node,
                       const struct shell_fields *fields) {
    struct shell_scope scope;
    struct shell_redirection kept;
    bool prefixed = node->assignments != NULL;
    if (prefixed)
        scope = walk_open(run);
    for (const struct shell_assignment *a = node->assignments; a != NULL; a = a->next)
        walk_assignment(run, a, true);
    walk_redirect(run, node->redirects, &kept);
    walk_fields(run, node, fields->items, fields->count);
    walk_redirected(run, &kept);
    if (prefixed)
        walk_close(run, &scope, true);
}

void walk_command(struct shell_run *run, const struct shell_node *node) {
    struct shell_fields fields;
    if (walk_expand(run, node->words, &fields) != 0)
        return;
    if (fields.count > 0) {
        walk_words(run, node, &fields);
        return;
    }
    for (const struct shell_assignment *a = node->assignments; a != NULL; a = a->next)
        walk_assignment(run, a, false);
    struct shell_redirection kept;
    walk_redirect(run, node->redirects, &kept);
    walk_redirected(run, &kept);
}
