#include <string.h>

#include "policy/surface/shell/reader.h"

void reader_skip_blanks(struct shell_reader *r) {
    while (r->at < r->end) {
        char c = r->bytes[r->at];
        if (c == ' ' || c == '\t' || (c == '\r' && reader_peek(r, 1) == '\n'))
            r->at++;
        else if (c == '\\' && reader_peek(r, 1) == '\n')
            r->at += 2;
        else if (c == '\\' && reader_peek(r, 1) == '\r' && reader_peek(r, 2) == '\n')
            r->at += 3;
        else if (c == '#' && !r->words_only)
            while (r->at < r->end && r->bytes[r->at] != '\n')
                r->at++;
        else
            return;
    }
}

void reader_take_newline(struct shell_reader *r) {
    r->at++;
    reader_heredocs(r);
}

void reader_skip_lines(struct shell_reader *r) {
    reader_skip_blanks(r);
    while (!r->c->failed && reader_peek(r, 0) == '\n') {
        reader_take_newline(r);
        reader_skip_blanks(r);
    }
}

struct shell_node *reader_node(struct shell_reader *r, enum shell_node_kind kind) {
    struct shell_node *node = reader_new(r, sizeof *node);
    if (node != NULL)
        *node = (struct shell_node){.kind = kind, .position = reader_position(r)};
    return node;
}

/* Whether that word of the language stands here, as a word of its own. */
static bool at_word(const struct shell_reader *r, const char *word) {
    size_t length = strlen(word);
    if (!reader_starts(r, word))
        return false;
    char next = reader_peek(r, length);
    return next == '\0' || strchr(" \t\r\n;&|<>()", next) != NULL;
}

static bool take_word(struct shell_reader *r, const char *word) {
    if (!at_word(r, word))
        return false;
    r->at += strlen(word);
    return true;
}

/* Words that end a list within a block. */
static const char *const closers[] = {"then", "elif", "else", "fi", "do", "done", "esac", "}"};

bool reader_at_closer(const struct shell_reader *r) {
    for (size_t i = 0; i < sizeof closers / sizeof closers[0]; i++)
        if (at_word(r, closers[i]))
            return true;
    return reader_starts(r, ";;") || reader_starts(r, ";&");
}

bool reader_at_end(const struct shell_reader *r, char stop) {
    return r->at >= r->end || reader_at_closer(r) || (stop != '\0' && reader_peek(r, 0) == stop);
}

static void add_child(struct shell_node ***tail, struct shell_node *child) {
    if (child == NULL)
        return;
    **tail = child;
    *tail = &child->next;
}

/* The block's list, then the word that ends it. */
static struct shell_node *read_block(struct shell_reader *r, const char *closer, size_t opened) {
    struct shell_node *list = reader_list(r, '\0');
    if (!r->c->failed && closer != NULL && !take_word(r, closer))
        reader_refuse(r, opened, "a block that is never closed", "close it");
    return r->c->failed ? NULL : list;
}

static struct shell_node *read_if(struct shell_reader *r, struct shell_node *node, size_t opened) {
    struct shell_node **tail = &node->first;
    do {
        add_child(&tail, read_block(r, "then", opened));
        add_child(&tail, read_block(r, NULL, opened));
    } while (!r->c->failed && take_word(r, "elif"));
    if (!r->c->failed && take_word(r, "else"))
        add_child(&tail, read_block(r, NULL, opened));
    if (!r->c->failed && !take_word(r, "fi"))
        reader_refuse(r, opened, "an if without its fi", "close it");
    return node;
}

static struct shell_node *read_while(struct shell_reader *r, struct shell_node *node,
                                     size_t opened) {
    struct shell_node **tail = &node->first;
    node->kind = NODE_WHILE;
    add_child(&tail, read_block(r, "do", opened));
    add_child(&tail, read_block(r, "done", opened));
    return node;
}

/* Words up to the end of the line or a ';'. */
static void read_words(struct shell_reader *r, struct shell_node *node) {
    struct shell_word **tail = &node->words;
    for (;;) {
        reader_skip_blanks(r);
        size_t before = r->at;
        struct shell_word *word = reader_word(r, READ_PLAIN);
        if (word == NULL || r->at == before)
            return;
        *tail = word;
        tail = &word->next;
    }
}

/* for ((…;…;…)) */
static void read_count(struct shell_reader *r, struct shell_node *node) {
    size_t depth = 0, opened = r->at;
    node->kind = NODE_COUNT;
    do {
        depth += reader_peek(r, 0) == '(';
        depth -= reader_peek(r, 0) == ')';
        r->at++;
    } while (depth > 0 && r->at < r->end);
    if (depth > 0)
        reader_refuse(r, opened, "a for (( that is never closed", "close it");
}

static struct shell_node *read_for(struct shell_reader *r, struct shell_node *node, size_t opened) {
    node->kind = NODE_FOR;
    reader_skip_blanks(r);
    if (reader_starts(r, "((")) {
        read_count(r, node);
    } else {
        size_t from = r->at;
        while (reader_is_name(reader_peek(r, 0), r->at == from))
            r->at++;
        node->name = reader_copy(r, from, r->at);
        reader_skip_lines(r);
        if (take_word(r, "in")) {
            node->given = true;
            read_words(r, node);
        }
    }
    reader_skip_blanks(r);
    r->at += reader_peek(r, 0) == ';';
    reader_skip_lines(r);
    bool braces = !r->c->failed && !at_word(r, "do") && at_word(r, "{");
    if (!r->c->failed && !take_word(r, braces ? "{" : "do"))
        reader_refuse(r, opened, "a for without its do", "write it");
    if (!r->c->failed)
        node->first = read_block(r, braces ? "}" : "done", opened);
    return node;
}

static struct shell_node *read_item(struct shell_reader *r, size_t opened) {
    struct shell_node *item = reader_node(r, NODE_ITEM);
    struct shell_word **tail = item == NULL ? NULL : &item->words;
    if (item == NULL)
        return NULL;
    r->at += reader_peek(r, 0) == '(';
    do {
        reader_skip_blanks(r);
        struct shell_word *pattern = reader_word(r, READ_PLAIN);
        if (pattern == NULL)
            return NULL;
        *tail = pattern;
        tail = &pattern->next;
        reader_skip_blanks(r);
    } while (reader_peek(r, 0) == '|' && ++r->at < r->end);
    if (reader_peek(r, 0) != ')') {
        reader_refuse(r, r->at, "a pattern of case without its ')'", "close it");
        return NULL;
    }
    r->at++;
    item->first = read_block(r, NULL, opened);
    item->op = ';';
    if (reader_starts(r, ";;&") || reader_starts(r, ";&"))
        item->op = '&';
    if (reader_starts(r, ";;&"))
        r->at += 3;
    else if (reader_starts(r, ";;") || reader_starts(r, ";&"))
        r->at += 2;
    return item;
}

static struct shell_node *read_case(struct shell_reader *r, struct shell_node *node,
                                    size_t opened) {
    node->kind = NODE_CASE;
    reader_skip_blanks(r);
    node->words = reader_word(r, READ_PLAIN);
    reader_skip_lines(r);
    if (!r->c->failed && !take_word(r, "in"))
        reader_refuse(r, opened, "a case without its in", "write it");
    struct shell_node **tail = &node->first;
    reader_skip_lines(r);
    while (!r->c->failed && !take_word(r, "esac")) {
        if (r->at >= r->end)
            reader_refuse(r, opened, "a case without its esac", "close it");
        else
            add_child(&tail, read_item(r, opened));
        if (!r->c->failed)
            reader_skip_lines(r);
    }
    return node;
}

/* [[ … ]]: its words; what parts them is nothing to us. */
static struct shell_node *read_test(struct shell_reader *r, struct shell_node *node,
                                    size_t opened) {
    struct shell_word **tail = &node->words;
    node->kind = NODE_TEST;
    while (!r->c->failed) {
        reader_skip_lines(r);
        if (take_word(r, "]]"))
            return node;
        if (r->at >= r->end) {
            reader_refuse(r, opened, "a [[ that is never closed", "close it");
            break;
        }
        size_t before = r->at;
        struct shell_word *word = reader_word(r, READ_PLAIN);
        if (word == NULL)
            break;
        r->at += r->at == before;
        *tail = word;
        tail = &word->next;
    }
    return node;
}

/* Longer text in (( is no sum. */
#define SUM_BYTES 4096

/* (( … )); NULL without failure where a subshell begins instead. */
static struct shell_node *read_sum(struct shell_reader *r, struct shell_node *node) {
    size_t depth = 0, at = r->at + 2;
    size_t most = r->at + SUM_BYTES;
    for (; at < r->end && at < most && (depth > 0 || r->bytes[at] != ')'); at++) {
        depth += r->bytes[at] == '(';
        depth -= r->bytes[at] == ')';
    }
    if (at + 1 >= r->end || r->bytes[at] != ')' || r->bytes[at + 1] != ')')
        return NULL;
    node->kind = NODE_SUM;
    node->name = reader_copy(r, r->at + 2, at);
    r->at = at + 2;
    return node;
}

static struct shell_node *read_function(struct shell_reader *r, struct shell_node *node,
                                        const char *name) {
    node->kind = NODE_FUNCTION;
    node->name = name;
    reader_skip_lines(r);
    if (!r->c->failed)
        node->first = reader_command(r);
    return node;
}

/* name ( ) … ; NULL without failure where none stands here. */
static struct shell_node *try_function(struct shell_reader *r, struct shell_node *node) {
    size_t at = r->at;
    bool word = take_word(r, "function");
    if (word)
        reader_skip_blanks(r);
    size_t from = r->at;
    while (r->at < r->end && strchr(" \t\r\n;&|<>()$`'\"\\={}*?[]#", r->bytes[r->at]) == NULL)
        r->at++;
    size_t to = r->at;
    reader_skip_blanks(r);
    bool parens = to > from && reader_peek(r, 0) == '(';
    if (parens) {
        r->at++;
        reader_skip_blanks(r);
        parens = reader_peek(r, 0) == ')';
        r->at += parens;
    }
    if (to > from && (parens || word))
        return read_function(r, node, reader_copy(r, from, to));
    r->at = at;
    return NULL;
}

typedef struct shell_node *read_form(struct shell_reader *r, struct shell_node *node,
                                     size_t opened);

static const struct {
    const char *word;
    read_form *read;
} forms[] = {
    {"if", read_if},      {"while", read_while}, {"until", read_while}, {"for", read_for},
    {"select", read_for}, {"case", read_case},   {"[[", read_test},
};

/* A block; NULL without failure where none begins here. */
static struct shell_node *read_form_here(struct shell_reader *r, struct shell_node *node) {
    size_t opened = r->at;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (take_word(r, forms[i].word)) {
            node->kind = NODE_IF;
            return forms[i].read(r, node, opened);
        }
    }
    if (take_word(r, "{")) {
        node->kind = NODE_GROUP;
        node->first = read_block(r, "}", opened);
        return node;
    }
    if (reader_starts(r, "((") && read_sum(r, node) != NULL)
        return node;
    if (r->c->failed || reader_peek(r, 0) != '(')
        return try_function(r, node);
    r->at++;
    node->kind = NODE_SUBSHELL;
    node->first = reader_list(r, ')');
    if (!r->c->failed && reader_peek(r, 0) != ')')
        reader_refuse(r, opened, "a ( that is never closed", "close it");
    r->at++;
    return node;
}

static const char *const declarations[] = {"export", "declare", "typeset", "local", "readonly"};

static bool is_declaration(const struct shell_reader *r) {
    for (size_t i = 0; i < sizeof declarations / sizeof declarations[0]; i++)
        if (at_word(r, declarations[i]))
            return true;
    return false;
}

/* An argument of export, declare …: an assignment, or a word. */
static struct shell_word *read_declared(struct shell_reader *r) {
    struct shell_assignment *assignment = reader_assignment(r);
    if (assignment == NULL)
        return r->c->failed ? NULL : reader_word(r, READ_PLAIN);
    struct shell_word *word = reader_new(r, sizeof *word);
    if (word != NULL)
        *word = (struct shell_word){.position = assignment->position, .assignment = assignment};
    return word;
}

/* Assignments, words and redirections in their order. */
static struct shell_node *read_simple(struct shell_reader *r, struct shell_node *node) {
    struct shell_assignment **assigned = &node->assignments;
    struct shell_word **word = &node->words;
    struct shell_redirect **redirect = &node->redirects;
    bool declares = false;
    while (!r->c->failed) {
        reader_skip_blanks(r);
        size_t before = r->at;
        if ((*redirect = reader_redirect(r)) != NULL) {
            redirect = &(*redirect)->next;
            continue;
        }
        if (r->c->failed)
            break;
        if (node->words == NULL && (*assigned = reader_assignment(r)) != NULL) {
            assigned = &(*assigned)->next;
            continue;
        }
        if (node->words == NULL && !r->c->failed)
            declares = is_declaration(r);
        *word = declares ? read_declared(r) : reader_word(r, READ_PLAIN);
        if (*word == NULL || r->at == before) {
            *word = NULL;
            break;
        }
        word = &(*word)->next;
    }
    return r->c->failed ? NULL : node;
}

struct shell_node *reader_command(struct shell_reader *r) {
    struct shell_node *node = reader_node(r, NODE_COMMAND);
    if (node == NULL || reader_enter(r) != 0)
        return NULL;
    struct shell_node *form = read_form_here(r, node);
    if (form == NULL && !r->c->failed) {
        node = read_simple(r, node);
    } else if (!r->c->failed) {
        struct shell_redirect **redirect = &node->redirects;
        do {
            reader_skip_blanks(r);
            *redirect = reader_redirect(r);
        } while (*redirect != NULL && (redirect = &(*redirect)->next) != NULL);
    }
    r->depth--;
    return r->c->failed ? NULL : node;
}
