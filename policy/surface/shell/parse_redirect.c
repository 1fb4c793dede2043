#include <string.h>

#include "policy/surface/shell/reader.h"

/* A here-document whose text comes behind this line. */
struct shell_heredoc {
    struct shell_redirect *redirect;
    const char *delimiter;
    bool strip, literal;
    struct shell_heredoc *next;
};

static const struct {
    const char *sign;
    enum shell_redirect_kind kind;
} signs[] = {
    {"&>>", REDIRECT_APPEND}, {"&>", REDIRECT_OUT},   {">>", REDIRECT_APPEND},
    {">|", REDIRECT_OUT},     {">&", REDIRECT_OTHER}, {">", REDIRECT_OUT},
    {"<<<", REDIRECT_TEXT},   {"<<", REDIRECT_TEXT},  {"<>", REDIRECT_OTHER},
    {"<&", REDIRECT_OTHER},   {"<", REDIRECT_IN},
};

/* What the delimiter is without its quotes. */
static const char *plain_delimiter(struct shell_reader *r, const struct shell_word *word) {
    struct shell_builder b = shell_builder_make(r->c);
    struct shell_text text = {"", 0, NULL, 0};
    for (const struct shell_part *part = word->parts; part != NULL; part = part->next)
        shell_add_text(&b, &part->text, 0, part->text.length);
    shell_built(&b, word->position, &text);
    shell_builder_free(&b);
    return text.text;
}

static void await_heredoc(struct shell_reader *r, struct shell_redirect *redirect) {
    struct shell_heredoc *heredoc = reader_new(r, sizeof *heredoc);
    bool strip = reader_peek(r, 0) == '-';
    r->at += strip;
    reader_skip_blanks(r);
    struct shell_word *word = reader_word(r, READ_PLAIN);
    if (heredoc == NULL || word == NULL)
        return;
    *heredoc = (struct shell_heredoc){.redirect = redirect,
                                      .delimiter = plain_delimiter(r, word),
                                      .strip = strip,
                                      .literal = word->quoted};
    redirect->word = reader_new(r, sizeof *redirect->word);
    if (redirect->word != NULL)
        *redirect->word = (struct shell_word){.position = reader_position(r), .quoted = true};
    if (r->pending == NULL)
        r->pending = heredoc;
    else
        r->last->next = heredoc;
    r->last = heredoc;
}

struct shell_redirect *reader_redirect(struct shell_reader *r) {
    size_t digits = 0, sign = 0;
    while (digits < 3 && reader_peek(r, digits) >= '0' && reader_peek(r, digits) <= '9')
        digits++;
    char first = reader_peek(r, digits);
    if ((first != '<' && first != '>' && (first != '&' || digits > 0)) ||
        (digits == 0 && reader_peek(r, 1) == '(' && first != '&'))
        return NULL;
    int descriptor = digits == 0 ? -1 : r->bytes[r->at + digits - 1] - '0';
    size_t from = r->at;
    r->at += digits;
    while (sign < sizeof signs / sizeof signs[0] && !reader_starts(r, signs[sign].sign))
        sign++;
    if (sign == sizeof signs / sizeof signs[0]) {
        r->at = from;
        return NULL;
    }
    struct shell_redirect *redirect = reader_new(r, sizeof *redirect);
    if (redirect == NULL)
        return NULL;
    *redirect = (struct shell_redirect){.kind = signs[sign].kind, .descriptor = descriptor};
    r->at += strlen(signs[sign].sign);
    redirect->line = strcmp(signs[sign].sign, "<<<") == 0;
    if (strcmp(signs[sign].sign, "<<") == 0) {
        await_heredoc(r, redirect);
    } else {
        reader_skip_blanks(r);
        redirect->word = reader_word(r, READ_PLAIN);
    }
    return r->c->failed ? NULL : redirect;
}

/* The line from there on: where it ends, and whether it is the delimiter. */
static size_t find_line_end(const struct shell_reader *r, size_t from) {
    const char *feed = from >= r->end ? NULL : memchr(r->bytes + from, '\n', r->end - from);
    return feed == NULL ? r->end : (size_t)(feed - r->bytes);
}

static bool is_delimiter(const struct shell_reader *r, size_t from, size_t to,
                         const struct shell_heredoc *heredoc) {
    while (heredoc->strip && from < to && r->bytes[from] == '\t')
        from++;
    if (to > from && r->bytes[to - 1] == '\r')
        to--;
    return strlen(heredoc->delimiter) == to - from &&
           memcmp(r->bytes + from, heredoc->delimiter, to - from) == 0;
}

/* <<-: the lines without the tabs before them, as a source of its own. */
static int strip_tabs(struct shell_reader *r, size_t from, size_t to) {
    struct shell_builder b = shell_builder_make(r->c);
    struct shell_text text;
    for (size_t at = from, end; at < to; at = end) {
        while (at < to && r->bytes[at] == '\t')
            at++;
        end = find_line_end(r, at);
        end = end < to ? end + 1 : to;
        shell_add(&b, r->bytes + at, end - at, r->base + (uint32_t)at);
    }
    int status = shell_built(&b, r->base + (uint32_t)from, &text);
    shell_builder_free(&b);
    return status == 0 ? shell_source_add(r->c, &text) : -1;
}

static void read_text(struct shell_reader *r, const struct shell_heredoc *heredoc, size_t from,
                      size_t to) {
    struct shell_reader inner = *r;
    struct shell_word *word = heredoc->redirect->word;
    inner.at = from;
    inner.end = to;
    inner.pending = NULL;
    int source = heredoc->strip ? strip_tabs(r, from, to) : -1;
    if (r->c->failed)
        return;
    if (source >= 0) {
        inner.bytes = r->c->sources[source].text.text;
        inner.base = r->c->sources[source].base;
        inner.at = 0;
        inner.end = r->c->sources[source].text.length;
    }
    if (!heredoc->literal) {
        heredoc->redirect->word = reader_word(&inner, READ_HEREDOC);
        return;
    }
    word->parts = reader_new(r, sizeof *word->parts);
    if (word->parts != NULL)
        *word->parts = (struct shell_part){
            .kind = PART_TEXT, .quoted = true, .text = reader_slice(&inner, inner.at, inner.end)};
}

void reader_heredocs(struct shell_reader *r) {
    while (r->pending != NULL && !r->c->failed) {
        struct shell_heredoc *heredoc = r->pending;
        size_t from = r->at, line = from, end = r->end;
        r->pending = heredoc->next;
        while (line < r->end) {
            end = find_line_end(r, line);
            if (is_delimiter(r, line, end, heredoc))
                break;
            line = end < r->end ? end + 1 : r->end;
        }
        read_text(r, heredoc, from, line);
        r->at = line >= r->end ? r->end : end < r->end ? end + 1 : r->end;
    }
}
