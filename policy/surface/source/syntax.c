#include "policy/surface/source/syntax.h"

#include <string.h>

#include "policy/surface/source/parser.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

struct source_name parser_name(const struct parser *p, const struct token *token) {
    return (struct source_name){p->text->bytes + token->offset, token->length};
}

bool parser_sees(const struct parser *p, const char *text) {
    if (p->text->bytes[p->at->offset] != *text ||
        (p->at->kind != TOKEN_OPERATOR && p->at->kind != TOKEN_NAME))
        return false;
    struct source_name name = parser_name(p, p->at);
    return syntax_is(&name, text);
}

bool parser_takes(struct parser *p, const char *text) {
    bool seen = parser_sees(p, text);
    p->at += seen;
    return seen;
}

struct source_node *parser_node(struct parser *p, enum source_kind kind, size_t offset) {
    struct source_node *node = p->failed ? NULL : arena_alloc(p->arena, sizeof *node);
    if (node == NULL) {
        if (!p->failed)
            error_set(p->err, ERROR_MEMORY, "no memory for the source of %s", p->text->label);
        p->failed = true;
        p->nobody = (struct source_node){0};
        return &p->nobody;
    }
    *node =
        (struct source_node){.kind = (uint8_t)kind, .offset = (uint32_t)offset, .scope = p->scope};
    return node;
}

void parser_finish(struct parser *p, struct source_node *node) {
    if (p->failed)
        return;
    const struct token *last = p->at - 1;
    node->end = last->offset + last->length;
    if (p->tail == NULL)
        p->first = node;
    else
        p->tail->after = node;
    p->tail = node;
}

void parser_append(struct source_node *node, struct source_node *item) {
    if (item == node || item->part)
        return;
    item->part = true;
    if (node->last == NULL)
        node->items = item;
    else
        node->last->next = item;
    node->last = item;
}

void parser_bind_nothing(struct parser *p, const struct token *token) {
    struct source_node *target = parser_node(p, SOURCE_NAME, token->offset);
    target->name = parser_name(p, token);
    parser_finish(p, target);
    struct source_node *bind = parser_node(p, SOURCE_BIND, token->offset);
    bind->bind = BIND_NOTHING;
    parser_append(bind, target);
    parser_finish(p, bind);
}

static bool is_one_of(const struct parser *p, const char *const *words, size_t count) {
    char first = p->text->bytes[p->at->offset];
    for (size_t i = 0; i < count; i++)
        if (*words[i] == first && parser_sees(p, words[i]))
            return true;
    return false;
}

#define IS_ONE_OF(p, words) is_one_of(p, words, sizeof(words) / sizeof *(words))

/* No operator of more than one character begins with a bracket. */
static bool opens(const struct parser *p) {
    char c = p->text->bytes[p->at->offset];
    return p->at->kind == TOKEN_OPERATOR && (c == '(' || c == '[' || c == '{');
}

static bool closes(const struct parser *p) {
    char c = p->text->bytes[p->at->offset];
    return p->at->kind == TOKEN_OPERATOR && (c == ')' || c == ']' || c == '}');
}

/* Over everything up to what closes the bracket that was taken last. */
static void skip_brackets(struct parser *p) {
    for (size_t depth = 1; p->at->kind != TOKEN_END; p->at++) {
        depth += opens(p);
        depth -= closes(p);
        if (depth == 0)
            return;
    }
}

static void refuse_brackets(struct parser *p, size_t offset) {
    if (p->failed)
        return;
    size_t line = 1, column = 1;
    for (size_t i = 0; i < offset; i++) {
        column = p->text->bytes[i] == '\n' ? 1 : column + 1;
        line += p->text->bytes[i] == '\n';
    }
    p->failed = true;
    error_set(p->err, ERROR_INPUT, "a bracket that opens here is not closed");
    error_at(p->err, p->text->label, line, column);
}

/* Names that a comprehension or the loop of a for in brackets binds, up to "in". */
static void bind_comprehension(struct parser *p) {
    while (p->at->kind != TOKEN_END && !closes(p) && !parser_sees(p, "in") &&
           !parser_sees(p, "<-")) {
        if (p->at->kind == TOKEN_NAME)
            parser_bind_nothing(p, p->at);
        p->at++;
    }
}

/* "name=" of an argument. */
static bool take_label(struct parser *p, struct source_name *label) {
    if (p->at->kind != TOKEN_NAME || p->at[1].kind != TOKEN_OPERATOR)
        return false;
    struct source_name sign = parser_name(p, p->at + 1);
    if (!syntax_is(&sign, "="))
        return false;
    *label = parser_name(p, p->at);
    p->at += 2;
    return true;
}

static void read_item(struct parser *p, struct source_node *node) {
    uint8_t stars = parser_takes(p, "**") ? 2 : parser_takes(p, "*") ? 1 : 0;
    struct source_name label = {0};
    bool labelled = take_label(p, &label);
    struct source_node *item = parser_expression(p);
    if (stars > 0)
        item->stars = stars;
    if (labelled)
        item->label = label;
    parser_append(node, item);
}

/* What stands in brackets, the opening one already taken, up to the closing one.
 * `bare` is set where a lone expression stands there without a comma. */
static void read_items(struct parser *p, struct source_node *node, const char *close, bool *bare) {
    static const char *const separators[] = {",", ":", ";", "=", "=>"};
    size_t opened = (size_t)(p->at - 1)->offset;
    *bare = true;
    p->depth++;
    while (p->at->kind != TOKEN_END && !closes(p)) {
        if (p->depth > LIMIT_SOURCE_DEPTH) {
            skip_brackets(p);
            break;
        }
        if (p->at->kind == TOKEN_LINE || IS_ONE_OF(p, separators)) {
            *bare = false;
            p->at++;
        } else {
            read_item(p, node);
        }
    }
    p->depth--;
    if (!parser_takes(p, close) && p->text->language == SOURCE_PYTHON)
        refuse_brackets(p, opened);
}

static struct source_node *read_group(struct parser *p) {
    struct source_node *node = parser_node(p, SOURCE_SEQUENCE, p->at->offset);
    bool round = parser_sees(p, "("), bare;
    p->at++;
    read_items(p, node, round ? ")" : "]", &bare);
    if (round && bare && node->items != NULL && node->items == node->last &&
        node->items->stars == 0 && !p->failed) {
        node->items->part = false;
        return node->items;
    }
    parser_finish(p, node);
    return node;
}

/* A dictionary or a set: keys before colons. */
static struct source_node *read_braces(struct parser *p) {
    struct source_node *node = parser_node(p, SOURCE_SEQUENCE, p->at->offset);
    size_t opened = p->at->offset;
    p->at++;
    p->depth++;
    node->kind = parser_sees(p, "}") ? SOURCE_MAPPING : SOURCE_SEQUENCE;
    while (p->at->kind != TOKEN_END && !closes(p) && p->depth <= LIMIT_SOURCE_DEPTH) {
        if (parser_takes(p, ",") || parser_takes(p, ":"))
            continue;
        if (parser_sees(p, "**"))
            node->kind = SOURCE_MAPPING;
        read_item(p, node);
        if (!parser_takes(p, ":"))
            continue;
        node->kind = SOURCE_MAPPING;
        if (!closes(p))
            read_item(p, node);
    }
    if (p->depth > LIMIT_SOURCE_DEPTH)
        skip_brackets(p);
    p->depth--;
    if (!parser_takes(p, "}"))
        refuse_brackets(p, opened);
    parser_finish(p, node);
    return node;
}

static struct source_node *read_block(struct parser *p) {
    struct source_node *node = parser_node(p, SOURCE_OTHER, p->at->offset);
    p->at++;
    if (p->depth >= LIMIT_SOURCE_DEPTH) {
        skip_brackets(p);
        parser_takes(p, "}");
    } else {
        p->depth++;
        parser_block(p);
        p->depth--;
    }
    parser_finish(p, node);
    return node;
}

static struct source_node *read_leaf(struct parser *p, enum source_kind kind) {
    struct source_node *node = parser_node(p, kind, p->at->offset);
    node->name = parser_name(p, p->at);
    p->at++;
    parser_finish(p, node);
    return node;
}

static struct source_node *read_name(struct parser *p) {
    static const char *const words[] = {"True", "False", "None", "true", "false", "null"};
    return read_leaf(p, IS_ONE_OF(p, words) ? SOURCE_WORD : SOURCE_NAME);
}

/* One literal, or several side by side, which Python joins. */
static struct source_node *read_strings(struct parser *p) {
    struct source_node *first = read_leaf(p, SOURCE_TEXT);
    if (p->text->language != SOURCE_PYTHON || p->at->kind != TOKEN_STRING)
        return first;
    struct source_node *join = parser_node(p, SOURCE_JOIN, first->offset);
    parser_append(join, first);
    while (p->at->kind == TOKEN_STRING)
        parser_append(join, read_leaf(p, SOURCE_TEXT));
    parser_finish(p, join);
    return join;
}

/* A token that begins no expression: taken all the same, so that reading goes on, but
 * for one that ends what is around it. */
static struct source_node *read_stray(struct parser *p) {
    struct source_node *node = parser_node(p, SOURCE_OTHER, p->at->offset);
    if (p->at->kind != TOKEN_END && p->at->kind != TOKEN_LINE && !(closes(p) && p->depth > 0))
        p->at++;
    parser_finish(p, node);
    return node;
}

static void skip_lambda(struct parser *p) {
    size_t depth = 0;
    while (p->at->kind != TOKEN_END && p->at->kind != TOKEN_LINE) {
        if (depth == 0 && (parser_sees(p, ":") || closes(p)))
            break;
        depth += opens(p);
        depth -= closes(p);
        if (p->at->kind == TOKEN_NAME)
            parser_bind_nothing(p, p->at);
        p->at++;
    }
    parser_takes(p, ":");
}

/* Words and signs before an operand. Whether one of them changes its value. */
static bool skip_prefixes(struct parser *p) {
    static const char *const harmless[] = {"await", "new", "yield", "return", "lazy", "throw"};
    static const char *const changing[] = {"not", "-", "+", "~", "!", "&"};
    bool changed = false;
    for (;;) {
        if (parser_sees(p, "lambda") && p->text->language == SOURCE_PYTHON) {
            p->at++;
            skip_lambda(p);
            changed = true;
        } else if (IS_ONE_OF(p, changing)) {
            changed = true;
            p->at++;
        } else if (IS_ONE_OF(p, harmless)) {
            p->at++;
        } else {
            return changed;
        }
    }
}

static struct source_node *read_atom(struct parser *p) {
    bool python = p->text->language == SOURCE_PYTHON;
    if (p->at->kind == TOKEN_NAME)
        return read_name(p);
    if (p->at->kind == TOKEN_NUMBER)
        return read_leaf(p, SOURCE_WORD);
    if (p->at->kind == TOKEN_STRING)
        return read_strings(p);
    if (parser_sees(p, "(") || parser_sees(p, "["))
        return read_group(p);
    if (parser_sees(p, "{"))
        return python ? read_braces(p) : read_block(p);
    return read_stray(p);
}

static struct source_node *read_member(struct parser *p, struct source_node *object) {
    struct source_node *node = parser_node(p, SOURCE_MEMBER, object->offset);
    p->at++;
    if (p->at->kind == TOKEN_NAME) {
        node->name = parser_name(p, p->at);
        p->at++;
    }
    node->object = object;
    object->part = true;
    parser_finish(p, node);
    return node;
}

static struct source_node *read_brackets(struct parser *p, struct source_node *object) {
    bool call = parser_sees(p, "("), bare;
    struct source_node *node = parser_node(p, call ? SOURCE_CALL : SOURCE_INDEX, object->offset);
    p->at++;
    read_items(p, node, call ? ")" : "]", &bare);
    node->object = object;
    object->part = true;
    parser_finish(p, node);
    return node;
}

/* Whether brackets here belong to what stands before them. Those that begin a line of
 * Scala or Java do not; within brackets of Python they always do. */
static bool follows(const struct parser *p) {
    if (!parser_sees(p, "(") && !parser_sees(p, "["))
        return false;
    return p->text->language == SOURCE_PYTHON || !p->at->first;
}

static struct source_node *read_postfix(struct parser *p, struct source_node *node) {
    for (;;) {
        bool dot = parser_sees(p, ".");
        if (!dot && !follows(p))
            return node;
        if (!dot && p->text->language == SOURCE_SCALA && parser_sees(p, "[")) {
            p->at++;
            skip_brackets(p); /* types */
            parser_takes(p, "]");
        } else {
            node = dot ? read_member(p, node) : read_brackets(p, node);
        }
    }
}

static struct source_node *read_operand(struct parser *p) {
    const struct token *from = p->at;
    bool changed = skip_prefixes(p);
    struct source_name sign = parser_name(p, from);
    bool negative = changed && p->at == from + 1 && syntax_is(&sign, "-");
    struct source_node *node = read_postfix(p, read_atom(p));
    if (negative && node->kind == SOURCE_WORD && !p->failed) {
        node->name = (struct source_name){sign.text, node->end - from->offset};
        node->offset = from->offset;
        return node;
    }
    if (!changed)
        return node;
    struct source_node *other = parser_node(p, SOURCE_OTHER, from->offset);
    node->part = true;
    parser_finish(p, other);
    return other;
}

/* The operator that joins what stands before to what follows: its character, '\0' where
 * there is none, 'x' for one whose result is never told. */
static char see_operator(const struct parser *p) {
    static const char *const computing[] = {
        "-",  "*",  "/",  "**", "//", "|",    "&",   "^",   "<",  ">",
        "==", "!=", "<=", ">=", "if", "else", "and", "not", "in", "is",
        "=>", "<-", ":=", "::", "++", "@",    "||",  "&&",  "?"};
    if (p->at->kind != TOKEN_OPERATOR && p->at->kind != TOKEN_NAME)
        return '\0';
    if (parser_sees(p, "+"))
        return '+';
    if (parser_sees(p, "%"))
        return '%';
    if (parser_sees(p, "or"))
        return 'o';
    if (parser_sees(p, "for"))
        return p->depth > 0 && p->text->language == SOURCE_PYTHON ? 'f' : '\0';
    if (parser_sees(p, "->"))
        return p->text->language == SOURCE_SCALA ? '>' : 'x';
    bool scala = p->text->language == SOURCE_SCALA;
    if (scala && (p->at->kind == TOKEN_NAME || (p->at->first && parser_sees(p, "@"))))
        return '\0';
    return IS_ONE_OF(p, computing) ? 'x' : '\0';
}

static enum source_kind kind_of(char sign) {
    return sign == '+' ? SOURCE_JOIN : sign == '>' ? SOURCE_SEQUENCE : SOURCE_OTHER;
}

static void read_right_hand(struct parser *p, struct source_node *node, char sign) {
    p->at++;
    if (sign == 'f') {
        bind_comprehension(p);
        p->at += parser_sees(p, "in") || parser_sees(p, "<-");
    }
    if (closes(p) || p->at->kind == TOKEN_END || p->at->kind == TOKEN_LINE)
        return;
    parser_append(node, read_operand(p));
}

struct source_node *parser_expression(struct parser *p) {
    struct source_node *first = read_operand(p);
    char sign = see_operator(p);
    if (sign == '\0')
        return first;
    struct source_node *node = parser_node(p, kind_of(sign), first->offset);
    node->operation = sign == '%' || sign == 'o' ? sign : '\0';
    node->object = kind_of(sign) == SOURCE_OTHER ? first : NULL;
    if (node->object == NULL)
        parser_append(node, first);
    first->part = true;
    for (char next = sign; next != '\0'; next = see_operator(p)) {
        if (next != sign) {
            node->kind = SOURCE_OTHER; /* mixed: no precedence is needed for what is not told */
            node->operation = '\0';
        }
        read_right_hand(p, node, next);
    }
    parser_finish(p, node);
    return node;
}
