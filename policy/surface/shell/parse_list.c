#include <string.h>

#include "policy/surface/shell/reader.h"

static bool at_separator(const struct shell_reader *r) {
    char c = reader_peek(r, 0);
    return c == ';' || c == '&' || c == '\n';
}

/* ! and time before a command change nothing that we look at. */
static void skip_prefixes(struct shell_reader *r) {
    for (;;) {
        reader_skip_blanks(r);
        bool time = reader_starts(r, "time ");
        if (!time && !reader_starts(r, "! "))
            return;
        r->at += time ? 5 : 2;
        reader_skip_blanks(r);
        if (time && reader_starts(r, "-p "))
            r->at += 3;
    }
}

/* Children that `read` gives, as long as `more` finds what joins them; a child that
 * stands alone is the whole. */
static struct shell_node *read_joined(struct shell_reader *r, enum shell_node_kind kind,
                                      struct shell_node *(*read)(struct shell_reader *),
                                      char (*more)(struct shell_reader *)) {
    struct shell_node *first = read(r), *whole = NULL;
    struct shell_node **tail = first == NULL ? NULL : &first->next;
    char op;
    while (!r->c->failed && (op = more(r)) != '\0') {
        reader_skip_lines(r);
        struct shell_node *next = r->c->failed ? NULL : read(r);
        if (next == NULL)
            return NULL;
        if (whole == NULL && (whole = reader_node(r, kind)) == NULL)
            return NULL;
        whole->first = first;
        next->op = op;
        *tail = next;
        tail = &next->next;
    }
    return r->c->failed ? NULL : whole != NULL ? whole : first;
}

static char more_piped(struct shell_reader *r) {
    reader_skip_blanks(r);
    if (reader_peek(r, 0) != '|' || reader_peek(r, 1) == '|')
        return '\0';
    r->at += reader_peek(r, 1) == '&' ? 2 : 1;
    return '|';
}

static struct shell_node *read_piece(struct shell_reader *r) {
    skip_prefixes(r);
    return reader_command(r);
}

static struct shell_node *read_pipe(struct shell_reader *r) {
    return read_joined(r, NODE_PIPE, read_piece, more_piped);
}

static char more_chained(struct shell_reader *r) {
    reader_skip_blanks(r);
    if (!reader_starts(r, "&&") && !reader_starts(r, "||"))
        return '\0';
    char op = r->bytes[r->at];
    r->at += 2;
    return op;
}

/* ; & or a line feed behind a command; false where none stands. */
static bool take_separator(struct shell_reader *r, char *op) {
    reader_skip_blanks(r);
    *op = reader_peek(r, 0);
    if (!at_separator(r) || reader_starts(r, ";;") || reader_starts(r, ";&"))
        return false;
    if (*op == '\n')
        reader_take_newline(r);
    else
        r->at++;
    return true;
}

struct shell_node *reader_list(struct shell_reader *r, char stop) {
    struct shell_node *list = reader_node(r, NODE_SEQUENCE);
    struct shell_node **tail = list == NULL ? NULL : &list->first;
    while (!r->c->failed) {
        reader_skip_lines(r);
        if (r->c->failed || reader_at_end(r, stop))
            break;
        size_t before = r->at;
        struct shell_node *child = read_joined(r, NODE_CHAIN, read_pipe, more_chained);
        if (child == NULL)
            break;
        *tail = child;
        tail = &child->next;
        char op;
        bool more = take_separator(r, &op);
        child->op = op == '&' ? '&' : ';';
        if (!more && (r->at == before || !reader_at_end(r, stop)))
            reader_refuse(r, r->at, "nothing of this form can stand here",
                          "look before it for what is not closed");
    }
    return r->c->failed ? NULL : list;
}

static struct shell_reader make_reader(struct shell_context *c, int source) {
    const struct shell_source *s = &c->sources[source];
    return (struct shell_reader){
        .c = c, .bytes = s->text.text, .end = s->text.length, .base = s->base};
}

const struct shell_node *shell_parse(struct shell_context *c, int source) {
    struct shell_reader r = make_reader(c, source);
    struct shell_node *list = reader_list(&r, '\0');
    if (!c->failed && r.at < r.end)
        reader_refuse(&r, r.at, "the end of a block that nothing begins", "take it out");
    return c->failed ? NULL : list;
}

const struct shell_word *shell_parse_words(struct shell_context *c, int source) {
    struct shell_reader r = make_reader(c, source);
    struct shell_word *first = NULL, **tail = &first;
    r.words_only = true;
    while (!c->failed) {
        while (r.at < r.end && strchr(" \t\r\n", r.bytes[r.at]) != NULL)
            r.at++;
        reader_skip_blanks(&r);
        if (r.at >= r.end)
            break;
        if (strchr(" \t\r\n", r.bytes[r.at]) != NULL)
            continue;
        struct shell_word *word = reader_word(&r, READ_PLAIN);
        *tail = word;
        tail = word == NULL ? tail : &word->next;
    }
    return c->failed ? NULL : first;
}
