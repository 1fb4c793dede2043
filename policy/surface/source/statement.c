#include <string.h>

#include "policy/surface/source/parser.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"

/* What was read of one statement so far. */
struct statement {
    struct source_node *targets, *last_target; /* expressions before "=", by next */
    struct source_node *open, *last_open;      /* expressions since the last "=" */
    struct source_node *declared;              /* NAME before ": Type" */
    bool several;                              /* a comma stood between them */
};

static void open_scope(struct parser *p, uint32_t indent, bool of_class) {
    struct source_scope *scope = arena_alloc(p->arena, sizeof *scope);
    if (scope == NULL) {
        p->failed = true;
        error_set(p->err, ERROR_MEMORY, "no memory for the source of %s", p->text->label);
        return;
    }
    *scope = (struct source_scope){.outer = p->scope, .indent = indent, .of_class = of_class};
    p->scope = scope;
}

static void close_scopes(struct parser *p, uint32_t indent) {
    while (p->scope->outer != NULL && indent <= p->scope->indent)
        p->scope = p->scope->outer;
}

static bool is_end(const struct parser *p) {
    return p->at->kind == TOKEN_END || p->at->kind == TOKEN_LINE || parser_sees(p, ";");
}

static bool takes_one_of(struct parser *p, const char *const *words, size_t count) {
    char first = p->text->bytes[p->at->offset];
    for (size_t i = 0; i < count; i++)
        if (*words[i] == first && parser_takes(p, words[i]))
            return true;
    return false;
}

#define TAKES_ONE_OF(p, words) takes_one_of(p, words, sizeof(words) / sizeof *(words))

static void bind(struct parser *p, struct source_node *targets, struct source_node *value,
                 enum source_binding_kind kind) {
    struct source_node *node = parser_node(p, SOURCE_BIND, targets->offset);
    node->bind = (uint8_t)kind;
    node->object = value;
    while (targets != NULL) {
        struct source_node *next = targets->next;
        targets->next = NULL;
        targets->part = false;
        parser_append(node, targets);
        targets = next;
    }
    parser_finish(p, node);
}

static void add_open(struct statement *s, struct source_node *node) {
    if (s->last_open == NULL)
        s->open = node;
    else
        s->last_open->next = node;
    s->last_open = node;
}

/* "=": what stands open is what is bound. */
static void make_targets(struct statement *s) {
    struct source_node *from = s->several ? s->open : s->last_open;
    if (s->declared != NULL) {
        from = s->declared;
        from->next = NULL;
    }
    s->declared = NULL;
    if (from == NULL)
        return;
    if (s->last_target == NULL)
        s->targets = from;
    else
        s->last_target->next = from;
    for (s->last_target = from; s->last_target->next != NULL;)
        s->last_target = s->last_target->next;
    s->open = s->last_open = NULL;
}

static void finish_statement(struct parser *p, struct statement *s) {
    if (s->targets == NULL)
        return;
    bool told = !s->several && s->open != NULL && s->open == s->last_open;
    bind(p, s->targets, told ? s->open : NULL, told ? BIND_VALUE : BIND_NOTHING);
}

/* Statements of both languages that are no definition: expressions, what they are bound
 * to, and words around them. */
static void read_simple(struct parser *p) {
    static const char *const changing[] = {
        "+=", "-=", "*=", "/=", "|=", "&=", "^=", "%=", "**=", "//=", "@="};
    static const char *const closing[] = {")", "]"};
    struct statement s = {0};
    bool declares = p->text->language == SOURCE_SCALA || p->at->first;
    while (!is_end(p) && !parser_sees(p, "}") && !p->failed) {
        if (parser_takes(p, "=")) {
            make_targets(&s);
        } else if (parser_takes(p, ",")) {
            s.several = true;
        } else if (parser_takes(p, ":")) {
            s.declared = declares && s.open == s.last_open ? s.open : NULL;
            declares = false;
        } else if (parser_takes(p, "as") && p->at->kind == TOKEN_NAME) {
            struct source_node *value = s.last_open;
            struct source_node *name = parser_expression(p);
            bind(p, name, value, value == NULL ? BIND_NOTHING : BIND_VALUE);
        } else if (s.open != NULL && TAKES_ONE_OF(p, changing)) {
            bind(p, s.last_open, NULL, BIND_NOTHING);
            s = (struct statement){0};
        } else if (!TAKES_ONE_OF(p, closing)) {
            if (p->text->language == SOURCE_SCALA && p->at->first && s.open != NULL)
                break; /* the next line is the next statement */
            add_open(&s, parser_expression(p));
        }
    }
    finish_statement(p, &s);
}

/* Parameters: names that are bound by whoever calls. The bracket is taken already. */
static void read_parameters(struct parser *p) {
    size_t depth = 1;
    bool name_next = true;
    while (p->at->kind != TOKEN_END && depth > 0 && !p->failed) {
        const struct token *token = p->at;
        if (depth == 1 && parser_sees(p, "=") && token[-1].kind == TOKEN_NAME && !name_next) {
            p->at++;
            struct source_node *value = parser_expression(p);
            struct source_node *bound = parser_node(p, SOURCE_BIND, value->offset);
            bound->bind = BIND_DEFAULT;
            bound->name = parser_name(p, token - 1);
            bound->object = value;
            parser_finish(p, bound);
            continue;
        }
        depth += parser_sees(p, "(") || parser_sees(p, "[") || parser_sees(p, "{");
        depth -= parser_sees(p, ")") || parser_sees(p, "]") || parser_sees(p, "}");
        if (depth == 1 && token->kind == TOKEN_NAME && name_next) {
            parser_bind_nothing(p, token);
            name_next = false;
        }
        if (depth == 1 && parser_sees(p, ","))
            name_next = true;
        p->at++;
    }
}

static void read_definition(struct parser *p, uint32_t indent) {
    bool python = p->text->language == SOURCE_PYTHON;
    p->at++;
    if (p->at->kind == TOKEN_NAME) {
        parser_bind_nothing(p, p->at);
        p->at++;
    }
    if (python)
        open_scope(p, indent, false);
    while (parser_takes(p, "("))
        read_parameters(p);
    while (python && !is_end(p) && !parser_sees(p, ":"))
        parser_expression(p);
}

static void read_class(struct parser *p, uint32_t indent) {
    p->at++;
    if (p->at->kind == TOKEN_NAME) {
        parser_bind_nothing(p, p->at);
        p->at++;
    }
    while (!is_end(p) && !parser_sees(p, ":"))
        parser_expression(p);
    open_scope(p, indent, true);
}

/* "import a.b as c", "from a import b, c as d": a name is itself unless it is another. */
static void read_import(struct parser *p) {
    while (!is_end(p)) {
        const struct token *name = p->at++;
        if (name->kind != TOKEN_NAME || !parser_sees(p, "as") || p->at[1].kind != TOKEN_NAME)
            continue;
        p->at++;
        struct source_node *target = parser_node(p, SOURCE_NAME, p->at->offset);
        target->name = parser_name(p, p->at);
        p->at++;
        parser_finish(p, target);
        struct source_node *value = parser_node(p, SOURCE_NAME, name->offset);
        value->name = parser_name(p, name);
        parser_finish(p, value);
        bind(p, target, value, BIND_VALUE);
    }
}

/* "for a, b in expression:" and "for ((a, b) <- expression)". */
static void read_for(struct parser *p) {
    struct source_node *targets = NULL, *last = NULL;
    bool python = p->text->language == SOURCE_PYTHON;
    p->at++;
    const struct token *from = p->at;
    while (!is_end(p) && !parser_sees(p, "in") && !parser_sees(p, "<-") && !parser_sees(p, ":") &&
           !parser_sees(p, "{")) {
        if (p->at->kind == TOKEN_NAME) {
            struct source_node *name = parser_node(p, SOURCE_NAME, p->at->offset);
            name->name = parser_name(p, p->at);
            p->at++;
            parser_finish(p, name);
            if (last == NULL)
                targets = name;
            else
                last->next = name;
            last = name;
        } else {
            p->at++;
        }
    }
    if (!parser_takes(p, "in") && !parser_takes(p, "<-") && !(!python && parser_takes(p, ":"))) {
        p->at = p->at > from ? p->at : from;
        return;
    }
    struct source_node *value = parser_expression(p);
    if (targets == NULL || p->failed)
        return;
    bool pair = targets->next != NULL && targets->next->next == NULL;
    bind(p, targets, pair ? value : NULL, pair ? BIND_LOOP : BIND_NOTHING);
}

static void skip_words(struct parser *p) {
    static const char *const words[] = {
        "if",       "elif",     "while",   "return",   "assert", "raise",    "else",      "try",
        "finally",  "except",   "with",    "yield",    "global", "nonlocal", "del",       "async",
        "val",      "var",      "lazy",    "final",    "static", "private",  "protected", "public",
        "override", "implicit", "package", "abstract", "@"};
    while (TAKES_ONE_OF(p, words))
        ;
}

static void read_statement(struct parser *p, uint32_t indent) {
    bool python = p->text->language == SOURCE_PYTHON;
    skip_words(p);
    if (parser_sees(p, "def"))
        read_definition(p, indent);
    else if (parser_sees(p, "class") && python)
        read_class(p, indent);
    else if (parser_sees(p, "import") || parser_sees(p, "from"))
        python ? read_import(p) : (void)parser_expression(p);
    else if (parser_sees(p, "for"))
        read_for(p);
    else
        read_simple(p);
}

void parser_block(struct parser *p) {
    open_scope(p, 0, false);
    const struct source_scope *inner = p->scope;
    while (p->at->kind != TOKEN_END && !p->failed && !parser_takes(p, "}")) {
        const struct token *from = p->at;
        read_statement(p, 0);
        p->at += p->at == from;
    }
    if (inner->outer != NULL)
        p->scope = inner->outer;
}

int syntax_read(const struct source_text *text, const struct token *tokens, struct arena *arena,
                struct source_node **ret, struct error *err) {
    const struct source_scope file = {0};
    struct source_scope *scope = arena_alloc(arena, sizeof *scope);
    if (scope == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the source of %s", text->label);
    *scope = file;
    struct parser p = {.text = text, .at = tokens, .arena = arena, .err = err, .scope = scope};
    uint32_t indent = 0;
    while (p.at->kind != TOKEN_END && !p.failed) {
        const struct token *from = p.at;
        if (from->first && text->language == SOURCE_PYTHON) {
            indent = from->indent;
            close_scopes(&p, indent);
        }
        read_statement(&p, indent);
        p.at += p.at == from && p.at->kind != TOKEN_END;
    }
    if (p.failed)
        return -1;
    *ret = p.first;
    return 0;
}
