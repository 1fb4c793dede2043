#include <string.h>

#include "policy/surface/platform/shape.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

/* A text that is put together from bytes of the file. */
struct spelling {
    struct platform *p;
    char *text;
    size_t length, room;
    struct place_segment *segments;
    size_t count, segment_room;
    size_t line, column; /* where the next byte stands, if nothing comes between */
    bool inside;         /* an unknown part */
};

void platform_starve(struct platform *p) {
    if (!p->b->failed)
        error_set(p->err, ERROR_MEMORY, "no memory for the launches of a platform");
    p->b->failed = true;
}

/* Pieces that are joined may become longer than the input that they stand in. */
static bool is_too_long(struct spelling *s) {
    if (s->length < LIMIT_INPUT_BYTES)
        return false;
    error_set(s->p->err, ERROR_INPUT, "a text is joined from pieces to more than %u bytes",
              LIMIT_INPUT_BYTES);
    error_at(s->p->err, s->p->label, s->line, 0);
    s->p->b->failed = true;
    return true;
}

static bool make_room(struct spelling *s) {
    char *text = arena_grow(s->p->arena, s->text, s->length, &s->room, 1);
    struct place_segment *segments =
        arena_grow(s->p->arena, s->segments, s->count, &s->segment_room, sizeof *segments);
    if (text == NULL || segments == NULL) {
        platform_starve(s->p);
        return false;
    }
    s->text = text;
    s->segments = segments;
    return true;
}

static void spell_byte(struct spelling *s, char c, const struct origin *at) {
    if (s->p->b->failed || is_too_long(s) || !make_room(s))
        return;
    if (s->count == 0 || at->line != s->line || at->column != s->column) {
        s->segments[s->count++] =
            (struct place_segment){.offset = s->length, .line = at->line, .column = at->column};
        s->line = at->line;
        s->column = at->column;
    }
    s->text[s->length++] = c;
    s->column += !unknown_is_mark(c);
}

static void spell_mark(struct spelling *s, char mark, const struct origin *at) {
    spell_byte(s, mark, at);
    s->column = s->line = 0;
    s->inside = mark == UNKNOWN_OPEN;
}

static bool starts_part(const struct spelling *s, const char *p, const char *last) {
    return s->p->substitutes && !s->inside && p[0] == '$' && p[1] == '{' && p[2] != '!' && p < last;
}

/* The bytes of a node: marks that stand there already, and ${…}, are unknown. */
static void spell_node(struct spelling *s, const struct tree_node *node) {
    const char *last = strrchr(node->text, '}');
    bool ours = false;
    for (size_t i = 0; i < node->length && !s->p->b->failed; i++) {
        const char *c = node->text + i;
        struct origin at = place_find(&node->map, i);
        if (unknown_is_mark(*c)) {
            spell_mark(s, *c, &at);
            continue;
        }
        if (last != NULL && starts_part(s, c, last)) {
            spell_mark(s, UNKNOWN_OPEN, &at);
            ours = true;
        }
        spell_byte(s, *c, &at);
        if (ours && *c == '}') {
            spell_mark(s, UNKNOWN_CLOSE, &at);
            ours = false;
        }
    }
}

/* An unknown whole, shown as ${NAME}. */
static void spell_unknown(struct spelling *s, const char *name, const struct origin *at) {
    spell_mark(s, UNKNOWN_OPEN, at);
    spell_byte(s, '$', at);
    spell_byte(s, '{', at);
    for (; *name != '\0'; name++)
        spell_byte(s, *name, at);
    spell_byte(s, '}', at);
    spell_mark(s, UNKNOWN_CLOSE, at);
}

static bool is_run_time_key(const char *key) {
    return key != NULL && text_ends(key, ".$");
}

static const char *intrinsic_name(const struct tree_node *node) {
    if (node->tag != NULL)
        return node->tag + (node->tag[0] == '!');
    if (node->kind != TREE_MAPPING || node->count != 1 || node->first->key == NULL)
        return NULL;
    const char *key = node->first->key;
    if (text_starts(key, "Fn::"))
        return key + strlen("Fn::");
    return strcmp(key, "Ref") == 0 ? key : NULL;
}

bool platform_is_intrinsic(const struct tree_node *node) {
    if (node == NULL)
        return false;
    return is_run_time_key(node->key) ||
           (node->kind != TREE_SCALAR && intrinsic_name(node) != NULL);
}

static void spell(struct spelling *s, const struct tree_node *node);

/* Fn::Join: a delimiter and a list of pieces. */
static void spell_join(struct spelling *s, const struct tree_node *arguments) {
    const struct tree_node *delimiter = arguments->first;
    const struct tree_node *first = delimiter->next->first;
    for (const struct tree_node *piece = first; piece != NULL && !s->p->b->failed;
         piece = piece->next) {
        if (piece != first)
            spell_node(s, delimiter);
        spell(s, piece);
    }
}

static bool is_join(const struct tree_node *arguments) {
    const struct tree_node *first = arguments->first;
    return arguments->kind == TREE_SEQUENCE && arguments->count == 2 &&
           first->kind == TREE_SCALAR && first->next->kind == TREE_SEQUENCE &&
           intrinsic_name(first->next) == NULL;
}

static void spell_intrinsic(struct spelling *s, const struct tree_node *node, const char *name) {
    const struct tree_node *arguments = node->tag != NULL ? node : node->first;
    struct origin at = node->origin;
    if (strcmp(name, "Sub") == 0 && arguments->kind == TREE_SEQUENCE && arguments->first != NULL)
        arguments = arguments->first;
    if (strcmp(name, "Sub") == 0 && arguments->kind == TREE_SCALAR)
        spell_node(s, arguments);
    else if (strcmp(name, "Join") == 0 && is_join(arguments))
        spell_join(s, arguments);
    else if (arguments->kind == TREE_SCALAR && arguments->text[0] != UNKNOWN_OPEN)
        spell_unknown(s, arguments->text, &at);
    else
        spell_unknown(s, name, &at);
}

static void spell(struct spelling *s, const struct tree_node *node) {
    const char *name = intrinsic_name(node);
    struct origin at = node->origin;
    if (is_run_time_key(node->key))
        spell_unknown(s, node->kind == TREE_SCALAR ? node->text : "$", &at);
    else if (node->kind == TREE_SCALAR)
        spell_node(s, node);
    else if (name != NULL)
        spell_intrinsic(s, node, name);
    else
        spell_unknown(s, "…", &at);
}

static bool end_spelling(struct spelling *s, const struct tree_node *node,
                         struct platform_text *ret) {
    struct origin at = node->origin;
    struct place_segment nothing = {.offset = 0, .line = at.line, .column = at.column};
    if (s->p->b->failed || !make_room(s))
        return false;
    if (s->count == 0)
        s->segments[s->count++] = nothing;
    s->text[s->length] = '\0';
    *ret = (struct platform_text){
        .text = s->text, .map = {.file = s->p->label, .segments = s->segments, .count = s->count}};
    ret->origin = place_find(&ret->map, s->text[0] == UNKNOWN_OPEN && s->count > 1 ? 1 : 0);
    return true;
}

static bool has_text(const struct tree_node *node) {
    if (node == NULL || tree_is_null(node))
        return false;
    return node->kind == TREE_SCALAR || platform_is_intrinsic(node);
}

/* Most texts stand in the file as they are. */
static bool is_plain(const struct platform *p, const struct tree_node *node) {
    return node->kind == TREE_SCALAR && !is_run_time_key(node->key) &&
           (!p->substitutes || strstr(node->text, "${") == NULL);
}

bool platform_text(struct platform *p, const struct tree_node *node, struct platform_text *ret) {
    if (!has_text(node) || p->b->failed)
        return false;
    if (is_plain(p, node)) {
        *ret = (struct platform_text){.text = node->text, .map = node->map};
        ret->origin = node->length > 0 ? place_find(&node->map, 0) : node->origin;
        return true;
    }
    struct spelling s = {.p = p};
    spell(&s, node);
    return end_spelling(&s, node, ret);
}

const char *platform_child(struct platform *p, const struct tree_node *mapping, const char *name) {
    struct platform_text text;
    return platform_text(p, platform_find(mapping, name), &text) ? text.text : "";
}
