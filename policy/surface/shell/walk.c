#include <string.h>

#include "policy/surface/shell/walk.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

/* The way leaves the loop, the function or the script: it is none. */
static void leave_way(struct shell_run *run, const struct shell_scope *scope,
                      struct shell_join *join) {
    if (run->jump != JUMP_EXIT) {
        run->maybe = true;
        join->jump = run->jump;
    }
    run->jump = JUMP_NONE;
    walk_close(run, scope, true);
}

/* $1 … where a way has changed them, or may have. */
static void end_state(struct shell_run *run, const struct shell_state *before) {
    bool same = run->state.arguments == before->arguments &&
                run->state.argument_count == before->argument_count &&
                run->state.arguments_known == before->arguments_known;
    bool left = run->jump == JUMP_EXIT;
    run->state = *before;
    if (!same && !left)
        run->state.arguments_known = false;
}

/* Runs a node in a scope under a condition; what it leaves is one way. A way that
 * leaves the loop, the function or the script is none. */
static void walk_way(struct shell_run *run, const struct shell_node *node,
                     struct shell_join *join) {
    struct shell_scope scope = walk_open(run);
    struct shell_state before = run->state;
    run->doubts++;
    walk_node(run, node);
    run->doubts--;
    end_state(run, &before);
    if (run->jump == JUMP_NONE) {
        walk_join_way(run, &scope, join);
        return;
    }
    leave_way(run, &scope, join);
}

static void end_ways(struct shell_run *run, struct shell_join *join) {
    if (join->ways == 0)
        run->jump = join->jump == JUMP_NONE ? JUMP_EXIT : join->jump;
    walk_join_end(run, join);
}

void walk_apart(struct shell_run *run, const struct shell_node *node) {
    struct shell_scope scope = walk_open(run);
    struct shell_state before = run->state;
    bool maybe = run->maybe;
    walk_node(run, node);
    run->jump = JUMP_NONE;
    run->maybe = maybe;
    run->state = before;
    walk_close(run, &scope, false);
}

static void walk_sequence(struct shell_run *run, const struct shell_node *node) {
    for (const struct shell_node *n = node->first; n != NULL; n = n->next) {
        if (n->op == '&') {
            walk_apart(run, n);
        } else {
            walk_node(run, n);
        }
        if (run->jump != JUMP_NONE || run->c->failed)
            return;
    }
}

/* Whether a command cannot but succeed: what follows its && is no condition. */
static bool always_succeeds(const struct shell_node *node) {
    static const char *const names[] = {"export", "true", ":", "echo", "printf", "set", "shift"};
    if (node->kind != NODE_COMMAND)
        return false;
    if (node->words == NULL || node->words->parts == NULL)
        return node->words == NULL && node->redirects == NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (node->words->plain && node->redirects == NULL &&
            strcmp(node->words->parts->text.text, names[i]) == 0)
            return true;
    return false;
}

static void walk_chain(struct shell_run *run, const struct shell_node *node) {
    const struct shell_node *n = node->first;
    walk_node(run, n);
    while (n->next != NULL && n->next->op == '&' && always_succeeds(n) && run->jump == JUMP_NONE) {
        n = n->next;
        walk_node(run, n);
    }
    while (n->next != NULL && run->jump == JUMP_NONE && !run->c->failed) {
        struct shell_join join = {0};
        n = n->next;
        walk_join_nothing(run, &join);
        walk_way(run, n, &join);
        walk_join_end(run, &join);
    }
}

static void make_output(struct shell_run *run, struct shell_output *output) {
    *output = (struct shell_output){.text = shell_builder_make(run->c), .doubts = run->doubts};
}

static const struct shell_text *keep_text(struct shell_run *run, const struct shell_text *text) {
    struct shell_text *kept = arena_array(run->c->arena, 1, sizeof *kept);
    if (kept == NULL)
        shell_starve(run->c);
    else
        *kept = *text;
    return kept;
}

/* Each command reads what the one before it wrote. */
static void walk_pipe(struct shell_run *run, const struct shell_node *node) {
    const struct shell_text *before = run->input;
    struct shell_output *after = run->output;
    for (const struct shell_node *n = node->first; n != NULL && !run->c->failed; n = n->next) {
        struct shell_output output;
        struct shell_text text;
        make_output(run, &output);
        run->output = n->next == NULL ? after : &output;
        walk_apart(run, n);
        bool told = !output.unknown && n->next != NULL &&
                    shell_built(&output.text, n->position, &text) == 0;
        run->input = told ? keep_text(run, &text) : NULL;
        shell_builder_free(&output.text);
    }
    run->input = before;
    run->output = after;
}

static void walk_if(struct shell_run *run, const struct shell_node *node) {
    struct shell_join join = {0};
    const struct shell_node *n = node->first;
    bool first = true;
    while (n != NULL && n->next != NULL && !run->c->failed) {
        if (first)
            walk_node(run, n);
        else
            walk_apart(run, n);
        if (run->jump != JUMP_NONE)
            return;
        first = false;
        walk_way(run, n->next, &join);
        n = n->next->next;
    }
    if (n != NULL)
        walk_way(run, n, &join);
    else
        walk_join_nothing(run, &join);
    end_ways(run, &join);
}

/* What a loop of unknown turns assigns is unknown in it, and behind it. */
static void forget_assigned(struct shell_run *run, const struct shell_node *body) {
    struct shell_scope scope = walk_open(run);
    struct shell_state before = run->state;
    run->muted++;
    run->doubts++;
    walk_node(run, body);
    run->doubts--;
    run->muted--;
    run->jump = JUMP_NONE;
    end_state(run, &before);
    walk_forget_scope(run, &scope);
    walk_keep(run, &scope);
}

static void walk_turns(struct shell_run *run, const struct shell_node *condition,
                       const struct shell_node *body) {
    bool maybe = run->maybe;
    struct shell_join join = {0};
    if (condition != NULL)
        walk_node(run, condition);
    forget_assigned(run, body);
    if (run->muted == 0) {
        walk_join_nothing(run, &join);
        walk_way(run, body, &join);
        walk_join_end(run, &join);
    }
    run->maybe = maybe;
}

static void assign_turn(struct shell_run *run, const struct shell_node *node,
                        const struct shell_text *text) {
    struct shell_variable *v = walk_variable(run, node->name);
    struct shell_value value = {.kind = text == NULL ? VALUE_UNKNOWN : VALUE_TEXT,
                                .position = node->position};
    if (v == NULL)
        return;
    value.exported = v->value.exported;
    if (text != NULL)
        value.text = *text;
    walk_assign(run, v, &value);
}

/* Each word is a turn. After a break or continue under a condition nothing that the
 * loop assigns is known any more. */
static void walk_known(struct shell_run *run, const struct shell_node *node,
                       const struct shell_fields *words) {
    bool maybe = run->maybe;
    struct shell_scope scope = walk_open(run);
    run->maybe = false;
    for (size_t i = 0; i < words->count && !run->c->failed; i++) {
        assign_turn(run, node, &words->items[i].text);
        walk_node(run, node->first);
        if (run->maybe)
            walk_forget_scope(run, &scope);
        if (run->jump != JUMP_NONE && run->jump != JUMP_CONTINUE)
            break;
        run->jump = JUMP_NONE;
    }
    if (run->jump == JUMP_BREAK)
        run->jump = JUMP_NONE;
    walk_keep(run, &scope);
    run->maybe = maybe;
}

static void walk_for(struct shell_run *run, const struct shell_node *node) {
    struct shell_fields words = {0};
    bool known = node->given;
    if (node->given && walk_expand(run, node->words, &words) != 0)
        return;
    if (!node->given && run->state.arguments_known) {
        known = true;
        for (size_t i = 0; i < run->state.argument_count; i++)
            known = known && walk_add_field(run, &words, &run->state.arguments[i].text) != NULL &&
                    !run->state.arguments[i].several;
    }
    for (size_t i = 0; i < words.count; i++)
        known = known && !words.items[i].several;
    if (known && words.count <= LIMIT_SHELL_TURNS) {
        walk_known(run, node, &words);
        return;
    }
    assign_turn(run, node, NULL);
    walk_turns(run, NULL, node->first);
}

/* 1: the subject is one of these, 0: it is none of them, -1: who knows. */
static int try_patterns(struct shell_run *run, const struct shell_text *subject,
                        const struct shell_node *item) {
    int result = 0;
    for (const struct shell_word *w = item->words; w != NULL && result == 0; w = w->next) {
        struct shell_text pattern;
        if (walk_expand_text(run, w, &pattern) != 0)
            return -1;
        if (strcmp(pattern.text, "*") == 0 && w->plain)
            return 1;
        if (unknown_in(pattern.text) || unknown_in(subject->text) ||
            strchr(pattern.text, '[') != NULL || strchr(pattern.text, '\\') != NULL ||
            (w->glob && w->quoted))
            result = -1;
        else if (w->glob ? text_glob(pattern.text, subject->text)
                         : strcmp(pattern.text, subject->text) == 0)
            result = 1;
    }
    return result;
}

/* The item's commands, and those that it falls through to. */
static void walk_item(struct shell_run *run, const struct shell_node *item,
                      struct shell_join *join) {
    struct shell_scope scope = walk_open(run);
    struct shell_state before = run->state;
    run->doubts++;
    for (bool more = true; item != NULL && more && run->jump == JUMP_NONE; item = item->next) {
        walk_node(run, item->first);
        more = item->op == '&';
    }
    run->doubts--;
    end_state(run, &before);
    if (run->jump == JUMP_NONE) {
        walk_join_way(run, &scope, join);
        return;
    }
    leave_way(run, &scope, join);
}

static void walk_case(struct shell_run *run, const struct shell_node *node) {
    struct shell_text subject;
    struct shell_join join = {0};
    bool sure = true, ended = false;
    if (walk_expand_text(run, node->words, &subject) != 0)
        return;
    for (const struct shell_node *item = node->first; item != NULL && !ended; item = item->next) {
        int match = try_patterns(run, &subject, item);
        if (match == 1 && sure && item->op != '&') {
            walk_node(run, item->first);
            return;
        }
        sure = sure && match == 0 && item->op != '&';
        if (match != 0)
            walk_item(run, item, &join);
        ended = match == 1;
    }
    if (!ended)
        walk_join_nothing(run, &join);
    end_ways(run, &join);
}

static void walk_while(struct shell_run *run, const struct shell_node *node) {
    walk_turns(run, node->first, node->first->next);
}

static void walk_count(struct shell_run *run, const struct shell_node *node) {
    walk_turns(run, NULL, node->first);
}

static void walk_group(struct shell_run *run, const struct shell_node *node) {
    walk_node(run, node->first);
}

static void walk_subshell(struct shell_run *run, const struct shell_node *node) {
    walk_apart(run, node->first);
}

/* An item is walked with its case. */
static void walk_body(struct shell_run *run, const struct shell_node *node) {
    static void (*const bodies[])(struct shell_run *, const struct shell_node *) = {
        [NODE_COMMAND] = walk_command, [NODE_SEQUENCE] = walk_sequence,
        [NODE_CHAIN] = walk_chain,     [NODE_PIPE] = walk_pipe,
        [NODE_IF] = walk_if,           [NODE_WHILE] = walk_while,
        [NODE_FOR] = walk_for,         [NODE_COUNT] = walk_count,
        [NODE_CASE] = walk_case,       [NODE_ITEM] = NULL,
        [NODE_GROUP] = walk_group,     [NODE_SUBSHELL] = walk_subshell,
        [NODE_FUNCTION] = walk_define, [NODE_TEST] = walk_test,
        [NODE_SUM] = walk_sum,
    };
    if (bodies[node->kind] != NULL)
        bodies[node->kind](run, node);
}

void walk_node(struct shell_run *run, const struct shell_node *node) {
    struct shell_redirection kept;
    if (run->c->failed || run->b->failed)
        return;
    if (++run->c->steps > LIMIT_SHELL_STEPS) {
        shell_refuse(run->c, node->position, "the script does more than is followed",
                     "split it into several");
        return;
    }
    bool block = node->kind != NODE_COMMAND && node->redirects != NULL;
    if (block)
        walk_redirect(run, node->redirects, &kept);
    walk_body(run, node);
    if (block)
        walk_redirected(run, &kept);
}
