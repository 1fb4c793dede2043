#include <string.h>

#include "policy/surface/shell/reader.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/limits.h"

char reader_peek(const struct shell_reader *r, size_t ahead) {
    return ahead < r->end - r->at ? r->bytes[r->at + ahead] : '\0';
}

bool reader_starts(const struct shell_reader *r, const char *text) {
    size_t length = strlen(text);
    return length <= r->end - r->at && memcmp(r->bytes + r->at, text, length) == 0;
}

uint32_t reader_position(const struct shell_reader *r) {
    return r->base + (uint32_t)r->at;
}

int reader_refuse(struct shell_reader *r, size_t at, const char *what, const char *todo) {
    return shell_refuse(r->c, r->base + (uint32_t)at, what, todo);
}

void *reader_new(struct shell_reader *r, size_t size) {
    if (r->c->failed)
        return NULL;
    if (++r->c->nodes > LIMIT_SHELL_NODES) {
        reader_refuse(r, r->at, "the script has more words than are read", "split it into several");
        return NULL;
    }
    void *made = arena_alloc(r->c->arena, size);
    if (made == NULL)
        shell_starve(r->c);
    return made;
}

int reader_enter(struct shell_reader *r) {
    if (++r->depth <= LIMIT_SHELL_DEPTH)
        return 0;
    return reader_refuse(r, r->at, "blocks and substitutions are nested too deeply",
                         "write it flatter");
}

const char *reader_copy(struct shell_reader *r, size_t from, size_t to) {
    const char *copy = arena_text(r->c->arena, r->bytes + from, to - from);
    if (copy == NULL)
        shell_starve(r->c);
    return copy;
}

struct shell_text reader_slice(struct shell_reader *r, size_t from, size_t to) {
    struct shell_text ret = {"", 0, NULL, 0};
    struct shell_builder b = shell_builder_make(r->c);
    shell_add(&b, r->bytes + from, to - from, r->base + (uint32_t)from);
    shell_built(&b, r->base + (uint32_t)from, &ret);
    shell_builder_free(&b);
    return ret;
}

bool reader_is_name(char c, bool first) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

/* Longer text between "{{" and "}}" is no template. */
#define TEMPLATE_BYTES 1024

size_t reader_template(struct shell_reader *r) {
    const char *start = r->bytes + r->at;
    size_t left = r->end - r->at;
    if (left > 1 && start[0] == UNKNOWN_OPEN && !r->unclosed) {
        const char *close = memchr(start, (unsigned char)UNKNOWN_CLOSE, left);
        r->unclosed = close == NULL;
        return close == NULL ? 0 : (size_t)(close - start) + 1;
    }
    if (!reader_starts(r, "{{"))
        return 0;
    for (size_t i = 2; i + 1 < left && i < TEMPLATE_BYTES && start[i] != '\n'; i++) {
        if (start[i] == UNKNOWN_OPEN) /* is unknown already; the template goes not into it */
            return 0;
        if (start[i] == '}' && start[i + 1] == '}')
            return i + 2;
    }
    return 0;
}

/* A word that is being read. */
struct word_reading {
    struct shell_reader *r;
    enum reader_mode mode;
    struct shell_word *word;
    struct shell_part **tail;
    struct shell_builder text;
    bool text_quoted;
    size_t brace; /* of "{a,b}": 1 behind the opening one, 2 behind a comma */
};

static void add_part(struct word_reading *w, struct shell_part *part) {
    if (part == NULL)
        return;
    *w->tail = part;
    w->tail = &part->next;
}

/* What was gathered becomes a part. */
static void end_text(struct word_reading *w) {
    if (w->text.count == 0 || w->r->c->failed)
        return;
    struct shell_part *part = reader_new(w->r, sizeof *part);
    if (part == NULL)
        return;
    *part = (struct shell_part){.kind = PART_TEXT, .quoted = w->text_quoted};
    if (shell_built(&w->text, w->word->position, &part->text) == 0)
        add_part(w, part);
}

/* In "${x:-…}" what is not quoted is split later, and what is quoted is not. */
static void set_quoting(struct word_reading *w, bool quoted) {
    if (quoted != w->text_quoted)
        end_text(w);
    w->text_quoted = quoted;
}

static void add_bytes(struct word_reading *w, size_t from, size_t length) {
    shell_add(&w->text, w->r->bytes + from, length, w->r->base + (uint32_t)from);
}

static bool in_quotes(enum reader_mode mode) {
    return mode == READ_QUOTED || mode == READ_BRACE_QUOTED || mode == READ_HEREDOC;
}

/* The end of a line: CR LF too, as editors of other systems leave it. */
static size_t line_end(const struct shell_reader *r, size_t ahead) {
    if (reader_peek(r, ahead) == '\n')
        return 1;
    return reader_peek(r, ahead) == '\r' && reader_peek(r, ahead + 1) == '\n' ? 2 : 0;
}

/* The word is one though it be empty; what follows is not split. */
static void quote(struct word_reading *w) {
    w->word->quoted = true;
    w->word->plain = false;
    set_quoting(w, true);
}

static void read_backslash(struct word_reading *w) {
    struct shell_reader *r = w->r;
    char next = reader_peek(r, 1);
    size_t newline = line_end(r, 1);
    if (newline > 0) {
        r->at += 1 + newline;
        return;
    }
    if (in_quotes(w->mode)) {
        bool special = next == '$' || next == '`' || next == '\\' ||
                       (next == '"' && w->mode != READ_HEREDOC) ||
                       (next == '}' && w->mode == READ_BRACE_QUOTED);
        set_quoting(w, true);
        add_bytes(w, r->at + (special ? 1 : 0), 1);
        r->at += special ? 2 : 1;
        return;
    }
    quote(w);
    bool last = r->at + 1 >= r->end;
    add_bytes(w, r->at + (last ? 0 : 1), 1);
    r->at += last ? 1 : 2;
}

static void read_single(struct word_reading *w) {
    struct shell_reader *r = w->r;
    const char *close =
        r->at + 1 >= r->end ? NULL : memchr(r->bytes + r->at + 1, '\'', r->end - r->at - 1);
    if (close == NULL) {
        reader_refuse(r, r->at, "a single quote that is never closed", "close it");
        return;
    }
    quote(w);
    size_t from = r->at + 1, to = (size_t)(close - r->bytes);
    add_bytes(w, from, to - from);
    r->at = to + 1;
}

static void read_run(struct word_reading *w);

static void read_double(struct word_reading *w, size_t opening) {
    struct shell_reader *r = w->r;
    size_t start = r->at;
    enum reader_mode before = w->mode;
    quote(w);
    r->at += opening;
    w->mode = READ_QUOTED;
    shell_add(&w->text, "", 0, reader_position(r));
    read_run(w);
    w->mode = before;
    if (r->c->failed)
        return;
    if (reader_peek(r, 0) != '"')
        reader_refuse(r, start, "a double quote that is never closed", "close it");
    r->at++;
}

static void read_unknown(struct word_reading *w, size_t length) {
    struct shell_reader *r = w->r;
    end_text(w);
    struct shell_part *part = reader_new(r, sizeof *part);
    if (part == NULL)
        return;
    *part = (struct shell_part){.kind = PART_UNKNOWN, .quoted = in_quotes(w->mode)};
    bool marked = r->bytes[r->at] == UNKNOWN_OPEN;
    part->text = reader_slice(r, r->at + marked, r->at + length - marked);
    w->word->plain = false;
    add_part(w, part);
    r->at += length;
}

static void read_dollar(struct word_reading *w) {
    struct shell_reader *r = w->r;
    bool quoted = in_quotes(w->mode), literal = false;
    if (!quoted && r->bytes[r->at] == '$' && reader_peek(r, 1) == '"') {
        read_double(w, 2);
        return;
    }
    if (!quoted && r->bytes[r->at] == '$' && reader_peek(r, 1) == '\'') {
        quote(w);
        r->at += 2;
        shell_add(&w->text, "", 0, reader_position(r));
        reader_ansi(r, &w->text);
        return;
    }
    struct shell_part *part = reader_expansion(r, quoted, &literal);
    if (literal) {
        set_quoting(w, quoted || w->mode == READ_PLAIN || w->mode == READ_VALUE);
        add_bytes(w, r->at++, 1);
        return;
    }
    if (part == NULL)
        return;
    end_text(w);
    w->word->plain = false;
    add_part(w, part);
}

/* Characters that mean themselves wherever they stand in a word. */
static bool is_ordinary(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-_+=@%^:", c) != NULL);
}

/* Whether the word ends here. */
static bool is_end(const struct word_reading *w, char c) {
    switch (w->mode) {
    case READ_PLAIN:
    case READ_VALUE:
        if (c == ' ' || c == '\t' || c == '\n')
            return true;
        if (w->r->words_only)
            return c == '\r';
        return strchr(";&|<>()", c) != NULL || line_end(w->r, 0) > 0;
    case READ_QUOTED:
        return c == '"';
    case READ_BRACE:
    case READ_BRACE_QUOTED:
        return c == '}';
    case READ_PATTERN:
        return c == '}' || c == '/';
    default:
        return false;
    }
}

/* What a character means beyond itself in a word that is not quoted. */
static void look_at(struct word_reading *w, char c) {
    if (c == '*' || c == '?' || c == '[')
        w->word->glob = true;
    else if (c == '{')
        w->brace = 1;
    else if (w->brace == 1 && (c == ',' || (c == '.' && reader_peek(w->r, 1) == '.')))
        w->brace = 2;
    else if (w->brace == 2 && c == '}')
        w->word->braces = true;
}

/* ~ and ~name, where the shell looks for them: a directory of the world. */
static size_t home_length(const struct word_reading *w) {
    const struct shell_reader *r = w->r;
    bool first = r->base + r->at == w->word->position;
    if (w->mode == READ_VALUE && r->at > 0)
        first = first || r->bytes[r->at - 1] == ':';
    if (!first || (w->mode != READ_PLAIN && w->mode != READ_VALUE))
        return 0;
    size_t length = 1;
    while (reader_is_name(reader_peek(r, length), false) || reader_peek(r, length) == '-')
        length++;
    char next = reader_peek(r, length);
    return next == '/' || next == '\0' || next == ':' || is_end(w, next) ? length : 0;
}

/* One character that means something, or a run of those that do not. */
static void read_some(struct word_reading *w) {
    struct shell_reader *r = w->r;
    char c = r->bytes[r->at];
    bool quoted = in_quotes(w->mode);
    size_t length = c == UNKNOWN_OPEN || c == '{' ? reader_template(r) : 0;
    if (length == 0 && c == '~')
        length = home_length(w);
    if (length > 0)
        read_unknown(w, length);
    else if (c == '\\')
        read_backslash(w);
    else if (c == '\'' && !quoted)
        read_single(w);
    else if (c == '"' && w->mode != READ_HEREDOC)
        read_double(w, 1);
    else if (c == '$' || c == '`')
        read_dollar(w);
    else {
        if (!quoted)
            look_at(w, c);
        set_quoting(w, quoted || w->mode == READ_PLAIN || w->mode == READ_VALUE);
        add_bytes(w, r->at++, 1);
    }
}

static void read_run(struct word_reading *w) {
    struct shell_reader *r = w->r;
    while (r->at < r->end && !r->c->failed && !is_end(w, r->bytes[r->at])) {
        size_t length = 0;
        while (r->at + length < r->end && is_ordinary(r->bytes[r->at + length]))
            length++;
        if (length == 0) {
            read_some(w);
            continue;
        }
        set_quoting(w, in_quotes(w->mode) || w->mode == READ_PLAIN || w->mode == READ_VALUE);
        add_bytes(w, r->at, length);
        r->at += length;
    }
}

/* <(…) and >(…): a file that the shell makes. */
static void read_file_of(struct word_reading *w) {
    bool literal;
    struct shell_part *part = reader_expansion(w->r, false, &literal);
    if (part == NULL)
        return;
    part->kind = PART_UNKNOWN;
    w->word->plain = false;
    w->word->quoted = true;
    add_part(w, part);
}

struct shell_word *reader_word(struct shell_reader *r, enum reader_mode mode) {
    struct shell_word *word = reader_new(r, sizeof *word);
    if (word == NULL)
        return NULL;
    *word = (struct shell_word){.position = reader_position(r), .plain = true};
    struct word_reading w = {.r = r, .mode = mode, .word = word, .text = shell_builder_make(r->c)};
    w.tail = &word->parts;
    if (mode == READ_PLAIN && (reader_starts(r, "<(") || reader_starts(r, ">(")))
        read_file_of(&w);
    read_run(&w);
    end_text(&w);
    shell_builder_free(&w.text);
    word->end = reader_position(r);
    return r->c->failed ? NULL : word;
}
