#include <string.h>

#include "policy/surface/shell/walk.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

void walk_define(struct shell_run *run, const struct shell_node *node) {
    const char *name = arena_printf(run->c->arena, "%s()", node->name);
    struct shell_value value = {
        .kind = VALUE_TEXT, .position = node->position, .function = node->first};
    value.text.text = "";
    if (name == NULL)
        shell_starve(run->c);
    else
        walk_assign(run, walk_variable(run, name), &value);
}

void walk_sum(struct shell_run *run, const struct shell_node *node) {
    const char *text = node->name;
    if (strpbrk(text, "=+-") == NULL)
        return;
    while (*text != '\0') {
        size_t length =
            strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
        if (length > 0) {
            const char *name = arena_text(run->c->arena, text, length);
            if (name == NULL) {
                shell_starve(run->c);
                return;
            }
            walk_forget(run, walk_variable(run, name));
        }
        text += length > 0 ? length : 1;
    }
}

void walk_test(struct shell_run *run, const struct shell_node *node) {
    struct shell_text ignored;
    for (const struct shell_word *w = node->words; w != NULL; w = w->next)
        if (walk_expand_text(run, w, &ignored) != 0)
            return;
}

/* Whether one more call is followed; if not, all may have changed. */
static bool enter_call(struct shell_run *run) {
    if (run->calls < LIMIT_SHELL_CALLS) {
        run->calls++;
        return true;
    }
    walk_write(run, NULL);
    walk_forget_all(run);
    return false;
}

static const struct shell_field *make_arguments(struct shell_run *run,
                                                const struct shell_field *fields, size_t count) {
    struct shell_field *arguments = arena_array(run->c->arena, count, sizeof *arguments);
    if (arguments == NULL)
        shell_starve(run->c);
    for (size_t i = 0; i < count && arguments != NULL; i++)
        arguments[i] = fields[i];
    return arguments;
}

void walk_set_arguments(struct shell_run *run, const struct shell_field *fields, size_t count) {
    run->state.arguments = make_arguments(run, fields, count);
    run->state.argument_count = run->state.arguments == NULL ? 0 : count;
    run->state.arguments_known = true;
}

static void end_locals(struct shell_run *run, size_t start) {
    while (run->local_count > start) {
        const struct shell_saved *local = &run->locals[--run->local_count];
        walk_assign(run, local->variable, &local->value);
    }
}

void walk_add_local(struct shell_run *run, struct shell_variable *variable) {
    if (variable == NULL || run->c->failed)
        return;
    struct shell_saved *grown =
        arena_grow(run->c->arena, run->locals, run->local_count, &run->local_room, sizeof *grown);
    if (grown == NULL) {
        shell_starve(run->c);
        return;
    }
    run->locals = grown;
    grown[run->local_count++] =
        (struct shell_saved){.variable = variable, .value = variable->value};
}

/* More than this deep in itself a function is not followed. */
#define RECURSION 2

void walk_function(struct shell_run *run, struct shell_variable *v,
                   const struct shell_field *fields, size_t count) {
    struct shell_state before = run->state;
    size_t locals = run->local_count;
    bool maybe = run->maybe;
    if (v->calls >= RECURSION) {
        walk_write(run, NULL);
        walk_forget_all(run);
        return;
    }
    if (!enter_call(run))
        return;
    struct shell_scope scope = walk_open(run);
    v->calls++;
    run->maybe = false;
    walk_set_arguments(run, fields + 1, count - 1);
    walk_node(run, v->value.function);
    if (run->maybe)
        walk_forget_scope(run, &scope);
    if (run->jump != JUMP_EXIT)
        run->jump = JUMP_NONE;
    end_locals(run, locals);
    walk_keep(run, &scope);
    v->calls--;
    run->calls--;
    before.allexport = run->state.allexport;
    run->state = before;
    run->maybe = maybe;
}

/* A script in a script that cannot be read does not spoil the whole. */
static const struct shell_node *parse_text(struct shell_run *run, const struct shell_text *text) {
    int source = shell_source_add(run->c, text);
    const struct shell_node *tree = source < 0 ? NULL : shell_parse(run->c, source);
    if (tree != NULL || run->c->err->code != ERROR_INPUT)
        return tree;
    run->c->failed = false;
    error_clear(run->c->err);
    if (run->muted == 0) {
        struct origin origin = shell_place(run->c, shell_position(text, 0));
        document_note(run->b, &origin, "is a script within this one, and cannot be read as such");
    }
    return NULL;
}

void walk_script(struct shell_run *run, const struct shell_text *text, bool apart) {
    if (run->c->failed || !enter_call(run))
        return;
    const struct shell_node *tree = parse_text(run, text);
    if (tree == NULL)
        walk_write(run, NULL);
    if (tree != NULL && apart)
        walk_apart(run, tree);
    else if (tree != NULL)
        walk_node(run, tree);
    else if (!apart)
        walk_forget_all(run);
    run->calls--;
}

void walk_process(struct shell_run *run, const struct shell_text *text,
                  const struct shell_field *fields, size_t count, bool inherits) {
    struct shell_state before = run->state;
    struct shell_scope scope = walk_open(run);
    struct shell_value outside = {.kind = VALUE_OUTSIDE};
    for (struct shell_variable *v = run->first; v != NULL && !run->c->failed; v = v->later) {
        run->c->steps++;
        if (v->value.kind != VALUE_OUTSIDE && (!inherits || !v->value.exported))
            walk_assign(run, v, &outside);
    }
    walk_set_arguments(run, fields, count);
    walk_script(run, text, true);
    run->state = before;
    walk_close(run, &scope, false);
}

/* Without the line feeds at its end. */
static int take_output(struct shell_run *run, struct shell_output *output, uint32_t position,
                       struct shell_text *ret) {
    struct shell_builder *b = &output->text;
    while (b->length > 0 && b->bytes[b->length - 1] == '\n')
        b->length--;
    while (b->count > 1 && b->spans[b->count - 1].offset >= b->length)
        b->count--;
    int status = run->c->failed ? -1 : shell_built(b, position, ret);
    shell_builder_free(b);
    return status;
}

int walk_capture(struct shell_run *run, const struct shell_part *part, struct shell_text *ret,
                 bool *known) {
    struct shell_output output = {.text = shell_builder_make(run->c), .doubts = run->doubts};
    struct shell_output *before = run->output;
    const struct shell_text *input = run->input;
    run->output = &output;
    run->input = NULL;
    walk_apart(run, part->command);
    run->output = before;
    run->input = input;
    *known = !output.unknown;
    return take_output(run, &output, shell_position(&part->text, 0), ret);
}
