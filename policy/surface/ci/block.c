#include "policy/surface/ci/block.h"

#include <string.h>

#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

/* A script that is put together from bytes of the file. */
struct text {
    struct ci *ci;
    char *bytes;
    size_t length, room;
    struct place_segment *segments;
    size_t count, segment_room;
    size_t line, column; /* where the next byte stands, if nothing comes between */
};

void ci_starve(struct ci *ci) {
    if (!ci->b->failed)
        error_set(ci->b->err, ERROR_MEMORY, "no memory for the launches of a pipeline");
    ci->b->failed = true;
}

/* The node a variable has its value from: GitLab also writes {value: …}. */
static const struct tree_node *value_of(const struct tree_node *variable) {
    if (variable->kind == TREE_MAPPING)
        variable = tree_find(variable, "value");
    return variable != NULL && variable->kind == TREE_SCALAR ? variable : NULL;
}

static bool is_name(const char *name) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return *name != '\0' && strspn(name, letters) == strlen(name) && (*name < '0' || *name > '9');
}

bool ci_pay(struct ci *ci, size_t bytes) {
    bool paid = bytes <= ci->again;
    ci->again = paid ? ci->again - bytes : 0;
    return paid;
}

static void add_variable(struct ci *ci, const struct tree_node *node, bool doubtful) {
    struct ci_variable *grown = arena_grow(ci->b->arena, ci->variables, ci->variable_count,
                                           &ci->variable_room, sizeof *grown);
    if (grown == NULL) {
        ci_starve(ci);
        return;
    }
    ci->variables = grown;
    grown[ci->variable_count++] = (struct ci_variable){.node = node, .doubtful = doubtful};
}

static void add_variables(struct ci *ci, const struct tree_node *mapping, bool doubtful) {
    if (mapping == NULL || mapping->kind != TREE_MAPPING)
        return;
    for (const struct tree_node *v = mapping->first; v != NULL && !ci->b->failed; v = v->next)
        if (ci_pay(ci, 16) && is_name(v->key) && (doubtful || value_of(v) != NULL))
            add_variable(ci, v, doubtful);
}

void ci_add_variables(struct ci *ci, const struct tree_node *mapping) {
    add_variables(ci, mapping, false);
}

void ci_add_doubtful(struct ci *ci, const struct tree_node *mapping) {
    add_variables(ci, mapping, true);
}

/* Whether "NAME=" stands somewhere in a text. */
static bool assigns(const char *text, const char *name) {
    size_t length = strlen(name);
    for (const char *p = strstr(text, name); p != NULL; p = strstr(p + length, name))
        if (p[length] == '=')
            return true;
    return false;
}

void ci_add_rewritten(struct ci *ci, const struct tree_node *script) {
    size_t count = ci->variable_count;
    for (size_t i = 0; i < count && ci_pay(ci, 16 + script->length / 16); i++)
        if (!ci->variables[i].doubtful && assigns(script->text, ci->variables[i].node->key))
            add_variable(ci, ci->variables[i].node, true);
}

void ci_tell_variables(struct ci *ci, const struct tree_node *mapping) {
    if (mapping == NULL || mapping->kind != TREE_MAPPING)
        return;
    for (const struct tree_node *v = mapping->first; v != NULL; v = v->next) {
        const struct tree_node *value = value_of(v);
        if (value != NULL && value->length > 0 && !unknown_in(v->key) && !tree_is_null(value) &&
            !unknown_whole(value->text))
            document_add_loose(ci->b, v->key, value->text, &v->key_origin, &value->origin);
    }
}

static void note_cut(struct ci *ci, const struct origin *at) {
    if (!ci->cut)
        document_note(ci->b, at,
                      "variables and scripts that blocks share are too much: from here on they "
                      "are left out");
    ci->cut = true;
}

void ci_add_piece(struct ci *ci, const struct tree_node *piece) {
    size_t bytes = piece->length + 1;
    bool paid = ci->shared ? ci_pay(ci, bytes) : bytes <= ci->once;
    if (ci->b->failed || piece->kind != TREE_SCALAR)
        return;
    ci->once -= ci->shared || !paid ? 0 : bytes;
    const struct tree_node **grown =
        arena_grow(ci->b->arena, ci->pieces, ci->piece_count, &ci->piece_room, sizeof *grown);
    if (grown == NULL) {
        ci_starve(ci);
        return;
    }
    ci->pieces = grown;
    if (paid)
        grown[ci->piece_count++] = piece;
    else
        note_cut(ci, &piece->origin);
}

static void add_byte(struct text *t, char c, const struct origin *at) {
    if (t->ci->b->failed)
        return;
    struct arena *arena = t->ci->b->arena;
    char *bytes = arena_grow(arena, t->bytes, t->length, &t->room, 1);
    struct place_segment *segments =
        arena_grow(arena, t->segments, t->count, &t->segment_room, sizeof *segments);
    if (bytes == NULL || segments == NULL) {
        ci_starve(t->ci);
        return;
    }
    t->bytes = bytes;
    t->segments = segments;
    if (t->count == 0 || at->line != t->line || at->column != t->column)
        segments[t->count++] =
            (struct place_segment){.offset = t->length, .line = at->line, .column = at->column};
    t->line = at->line;
    t->column = at->column + 1;
    bytes[t->length++] = c;
}

/* Bytes of ours, which are said to stand there. */
static void add_ours(struct text *t, const char *bytes, const struct origin *at) {
    struct origin place = *at;
    for (; *bytes != '\0'; bytes++, place.column++)
        add_byte(t, *bytes, &place);
}

static void add_node(struct text *t, const struct tree_node *node, size_t from, size_t to) {
    for (size_t i = from; i < to && !t->ci->b->failed; i++) {
        struct origin at = place_find(&node->map, i);
        add_byte(t, node->text[i], &at);
    }
}

/* How many bytes a reference to a variable at p takes, "$NAME" or "${NAME}"; 0: none. */
static size_t reference(const char *p, size_t *from, size_t *length) {
    bool braces = p[0] == '$' && p[1] == '{';
    *from = braces ? 2 : 1;
    *length = 0;
    while (p[0] == '$' &&
           (p[*from + *length] == '_' || (p[*from + *length] >= '0' && p[*from + *length] <= '9') ||
            (p[*from + *length] >= 'A' && p[*from + *length] <= 'Z') ||
            (p[*from + *length] >= 'a' && p[*from + *length] <= 'z')))
        ++*length;
    if (*length == 0 || (braces && p[*from + *length] != '}'))
        return 0;
    return *from + *length + braces;
}

/* What GitLab fills in is left to the shell, outside the quotes; beyond a bound of names it
 * is unknown, because then a stronger variable may come behind. */
static size_t add_reference(struct text *t, const struct tree_node *node, size_t i) {
    size_t from, length, whole = reference(node->text + i, &from, &length);
    struct origin at = place_find(&node->map, i);
    bool known = t->ci->variable_count <= LIMIT_TREE_NAMES;
    if (whole == 0)
        return 0;
    add_ours(t, known ? "'\"${" : (char[]){UNKNOWN_OPEN, '\0'}, &at);
    add_node(t, node, i + from, i + from + length);
    add_ours(t, known ? "}\"'" : (char[]){UNKNOWN_CLOSE, '\0'}, &at);
    return whole;
}

/* The bytes of a value, as they stand between single quotes. */
static void add_quoted(struct text *t, const struct tree_node *value, bool expands) {
    bool unknown = false;
    for (size_t i = 0; i < value->length && !t->ci->b->failed;) {
        const char *p = value->text + i;
        struct origin at = place_find(&value->map, i);
        unknown = *p == UNKNOWN_OPEN || (unknown && *p != UNKNOWN_CLOSE);
        bool doubled = expands && !unknown && p[0] == '$' && p[1] == '$';
        size_t taken = expands && !unknown && !doubled ? add_reference(t, value, i) : 0;
        if (taken == 0 && *p == '\'' && !unknown)
            add_ours(t, "'\\''", &at);
        else if (taken == 0)
            add_byte(t, *p, &at);
        i += taken > 0 ? taken : doubled ? 2 : 1;
    }
}

static bool is_expanded(const struct ci *ci, const struct tree_node *variable) {
    const char *expand = variable->kind == TREE_MAPPING ? tree_path_text(variable, "expand") : NULL;
    return ci->expands && (expand == NULL || strcmp(expand, "false") != 0);
}

/* Whether a stronger variable of that name follows. */
static bool is_beaten(const struct ci *ci, size_t index) {
    if (ci->variable_count > LIMIT_TREE_NAMES)
        return false;
    for (size_t i = index + 1; i < ci->variable_count; i++)
        if (strcmp(ci->variables[i].node->key, ci->variables[index].node->key) == 0)
            return true;
    return false;
}

/* Between quotes: the value, or that it is not known. */
static void add_value(struct text *t, const struct ci_variable *variable) {
    const struct tree_node *value = value_of(variable->node);
    const struct origin *at = &variable->node->key_origin;
    if (variable->doubtful) {
        add_ours(t, (char[]){UNKNOWN_OPEN, '$', '\0'}, at);
        add_ours(t, variable->node->key, at);
        add_ours(t, (char[]){UNKNOWN_CLOSE, '\0'}, at);
    } else if (!tree_is_null(value)) {
        add_quoted(t, value, is_expanded(t->ci, variable->node));
    }
}

/* "export NAME='VALUE'": the shell's reader does the rest. */
static void add_exports(struct text *t) {
    for (size_t i = 0; i < t->ci->variable_count && !t->ci->b->failed; i++) {
        const struct ci_variable *variable = &t->ci->variables[i];
        const struct origin *at = &variable->node->key_origin;
        const struct tree_node *value = variable->doubtful ? NULL : value_of(variable->node);
        if (is_beaten(t->ci, i))
            continue;
        add_ours(t, "export ", at);
        struct origin name = *at;
        for (const char *p = variable->node->key; *p != '\0'; p++, name.column++)
            add_byte(t, *p, &name);
        add_ours(t, "='", value == NULL ? at : &value->origin);
        add_value(t, variable);
        add_ours(t, "'\n", at);
    }
}

static void add_pieces(struct text *t) {
    for (size_t i = 0; i < t->ci->piece_count; i++) {
        const struct tree_node *piece = t->ci->pieces[i];
        struct origin end = place_find(&piece->map, piece->length);
        add_node(t, piece, 0, piece->length);
        add_byte(t, '\n', &end);
    }
}

/* Whether the variables may be given to one more block. */
static bool pay_exports(struct ci *ci) {
    bool paid = true;
    for (size_t i = 0; i < ci->variable_count && paid; i++) {
        const struct tree_node *name = ci->variables[i].node, *value = value_of(name);
        paid = ci_pay(ci, 16 + strlen(name->key) + (value == NULL ? 0 : value->length));
    }
    return paid;
}

/* Puts the block together, within what may be read. Whether there is one. */
static bool compose(struct text *t) {
    struct ci *ci = t->ci;
    const struct origin *at = &ci->pieces[0]->origin;
    if (pay_exports(ci))
        add_exports(t);
    else
        note_cut(ci, at);
    add_pieces(t);
    add_byte(t, '\0', at);
    return !ci->b->failed;
}

/* What the exports say is told at the variables, once for all blocks. */
static void leave_out_variables(const struct ci *ci, struct document *document) {
    const struct setting *first = document->loose.items;
    size_t taken = 0;
    for (size_t i = 0; i < ci->variable_count && taken < document->loose.count; i++) {
        const struct origin *name = &ci->variables[i].node->key_origin;
        const struct origin *told = &first[taken].origin;
        taken += name->line == told->line && name->column == told->column;
    }
    document->loose.count -= taken;
    document->loose.items = taken == 0 ? first : first + taken;
}

/* Where a template inserts text into a piece, each launch of the block may have more. */
static void open_launches(const struct ci *ci, struct document_builder *own) {
    const struct origin *open = NULL;
    for (size_t i = 0; i < ci->piece_count && open == NULL; i++)
        open = ci->pieces[i]->open;
    for (size_t i = 0; open != NULL && i < own->launch_count; i++)
        if (own->launches[i].open == NULL)
            own->launches[i].open = open;
}

static void fail_block(struct ci *ci, const struct error *err) {
    struct origin at = ci->pieces[0]->origin;
    if (err->code == ERROR_MEMORY) {
        ci_starve(ci);
        return;
    }
    const char *text =
        arena_printf(ci->b->arena, "this script cannot be read: %s (line %zu, column %zu)",
                     err->what, err->line, err->column);
    if (text == NULL)
        ci_starve(ci);
    else
        document_note(ci->b, &at, text);
}

static void read_script(struct ci *ci, const struct text *t) {
    struct document document;
    struct error err;
    const struct place_map map = {ci->pieces[0]->map.file, t->segments, t->count};
    error_clear(&err);
    struct document_builder own = document_begin(ci->b->arena, &err);
    int status = shell_read_text(t->bytes, t->length - 1, &map, &own);
    open_launches(ci, &own);
    if (status != 0 || document_end(&own, &document) != 0) {
        fail_block(ci, &err);
        return;
    }
    leave_out_variables(ci, &document);
    document_join(ci->b, &document);
}

void ci_read_block(struct ci *ci) {
    struct text t = {.ci = ci};
    if (!ci->b->failed && ci->piece_count > 0 && compose(&t))
        read_script(ci, &t);
    ci->piece_count = 0;
}
