#include "policy/surface/source/lexer.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

#define NESTED 8 /* strings within {…} of strings */

struct lexer {
    const struct source_text *text;
    const char *at, *end, *line;
    struct arena *arena;
    struct token *tokens;
    size_t count, room;
    size_t depth;   /* of open brackets */
    bool first;     /* nothing but blanks since the line began */
    bool line_open; /* a word since the last TOKEN_LINE */
    bool starved;   /* memory is exhausted */
};

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_quote(char c) {
    return c == '"' || c == '\'';
}

/* How many quotes of that sort open a string there: 1, or 3. */
static size_t count_quotes(const char *at, const char *end) {
    return end - at >= 3 && at[1] == *at && at[2] == *at ? 3 : 1;
}

static const char *skip_string(enum source_language language, const char *at, const char *end,
                               bool raw, bool formatted, size_t nested);

/* Behind the brace that closes the one at `at`; NULL where none does. */
static const char *skip_braces(enum source_language language, const char *at, const char *end,
                               size_t nested) {
    size_t depth = 0;
    while (at < end) {
        if (is_quote(*at) && nested < NESTED) {
            at = skip_string(language, at, end, false, false, nested + 1);
            if (at == NULL)
                return NULL;
            continue;
        }
        depth += *at == '{';
        depth -= *at == '}';
        at++;
        if (depth == 0)
            return at;
    }
    return NULL;
}

static size_t measure_scala(const char *at, const char *end) {
    if (*at != '$' || end - at < 2 || at[1] == '$')
        return 0;
    if (at[1] == '{') {
        const char *stop = skip_braces(SOURCE_SCALA, at + 1, end, 1);
        return (size_t)((stop == NULL ? end : stop) - at);
    }
    const char *stop = at + 1;
    while (stop < end && (is_letter(*stop) || is_digit(*stop)))
        stop++;
    return stop == at + 1 ? 0 : (size_t)(stop - at);
}

size_t lexer_filled(enum source_language language, const char *at, const char *end) {
    if (language == SOURCE_SCALA)
        return measure_scala(at, end);
    if (*at != '{' || (end - at > 1 && at[1] == '{'))
        return 0;
    const char *stop = skip_braces(language, at, end, 1);
    return (size_t)((stop == NULL ? end : stop) - at);
}

/* Behind what is filled in at `at`, or behind a doubled mark; `at` itself where neither
 * stands there, NULL where it never ends. */
static const char *skip_filled(enum source_language language, const char *at, const char *end,
                               size_t nested) {
    bool python = language == SOURCE_PYTHON;
    if (*at != (python ? '{' : '$') || end - at < 2)
        return at;
    if (at[1] == *at)
        return at + 2;
    if (!python && at[1] != '{')
        return at;
    return skip_braces(language, python ? at : at + 1, end, nested + 1);
}

/* Behind the closing quotes: a fourth quote belongs to a string of Scala. */
static const char *skip_closing(enum source_language language, const char *at, const char *end,
                                size_t quotes) {
    char quote = *at;
    at += quotes;
    while (language == SOURCE_SCALA && quotes == 3 && at < end && *at == quote)
        at++;
    return at;
}

/* Behind the string whose quotes stand at `at`; NULL where it does not end. A raw one
 * of Python may hold a quote behind a backslash as well. */
static const char *skip_string(enum source_language language, const char *at, const char *end,
                               bool raw, bool formatted, size_t nested) {
    size_t quotes = count_quotes(at, end);
    char quote = *at;
    if (quotes == 1 && end - at >= 2 && at[1] == quote)
        return at + 2;
    bool escapes = language == SOURCE_PYTHON || (quotes == 1 && !raw);
    for (at += quotes; at < end;) {
        if (*at == '\n' && quotes == 1)
            return NULL;
        if (*at == quote && (quotes == 1 || count_quotes(at, end) == 3))
            return skip_closing(language, at, end, quotes);
        const char *next = formatted ? skip_filled(language, at, end, nested) : at;
        if (next == NULL)
            return NULL;
        if (next != at)
            at = next;
        else if (*at == '\\' && escapes && end - at > 1 && !(formatted && at[1] == '{'))
            at += 2;
        else
            at++;
    }
    return NULL;
}

static bool is_prefix(enum source_language language, const char *at, size_t length) {
    if (language == SOURCE_SCALA)
        return length > 0 && length <= 16;
    if (length > 2)
        return false;
    for (size_t i = 0; i < length; i++)
        if (strchr("rRbBuUfFtT", at[i]) == NULL)
            return false;
    return length > 0;
}

static bool has_letter(const char *prefix, size_t length, const char *letters) {
    for (size_t i = 0; i < length; i++)
        if (strchr(letters, prefix[i]) != NULL)
            return true;
    return false;
}

static bool is_raw(enum source_language language, const char *prefix, size_t length) {
    return language == SOURCE_PYTHON ? has_letter(prefix, length, "rR")
                                     : length == 3 && memcmp(prefix, "raw", 3) == 0;
}

static bool is_formatted(enum source_language language, const char *prefix, size_t length) {
    return language == SOURCE_PYTHON ? has_letter(prefix, length, "fFtT") : length > 0;
}

struct source_string lexer_string(enum source_language language, const char *token, size_t length) {
    size_t prefix = 0;
    while (prefix < length && !is_quote(token[prefix]))
        prefix++;
    size_t quotes = count_quotes(token + prefix, token + length);
    if (length - prefix < 2 * quotes)
        quotes = 1;
    return (struct source_string){
        .offset = prefix + quotes,
        .length = length - prefix - 2 * quotes,
        .raw = is_raw(language, token, prefix) || (language == SOURCE_SCALA && quotes == 3),
        .formatted = is_formatted(language, token, prefix),
    };
}

static void add_token(struct lexer *l, enum token_kind kind, const char *from, const char *to) {
    struct token *tokens = arena_grow(l->arena, l->tokens, l->count, &l->room, sizeof *l->tokens);
    l->starved = l->starved || tokens == NULL;
    if (tokens != NULL) {
        l->tokens = tokens;
        tokens[l->count++] = (struct token){
            .offset = (uint32_t)(from - l->text->bytes),
            .length = (uint32_t)(to - from),
            .indent = l->first ? (uint32_t)(from - l->line) : 0,
            .kind = (uint8_t)kind,
            .first = l->first,
        };
    }
    l->first = false;
    l->line_open = kind != TOKEN_LINE;
    l->at = to;
}

static int tell(const struct lexer *l, const char *at, const char *what, struct error *err) {
    size_t line = 1, column = 1;
    for (const char *p = l->text->bytes; p < at; p++) {
        line += *p == '\n';
        column = *p == '\n' ? 1 : column + 1;
    }
    error_set(err, ERROR_INPUT, "%s", what);
    return error_at(err, l->text->label, line, column);
}

static int read_string(struct lexer *l, const char *from, const char *quote, struct error *err) {
    size_t prefix = (size_t)(quote - from);
    const char *to =
        skip_string(l->text->language, quote, l->end, is_raw(l->text->language, from, prefix),
                    is_formatted(l->text->language, from, prefix), 0);
    if (to == NULL)
        return tell(l, from, "a string that begins here never ends", err);
    add_token(l, TOKEN_STRING, from, to);
    return 0;
}

static int read_name(struct lexer *l, struct error *err) {
    const char *to = l->at;
    while (to < l->end && (is_letter(*to) || is_digit(*to)))
        to++;
    bool quoted =
        to < l->end && (*to == '"' || (*to == '\'' && l->text->language == SOURCE_PYTHON));
    if (quoted && is_prefix(l->text->language, l->at, (size_t)(to - l->at)))
        return read_string(l, l->at, to, err);
    add_token(l, TOKEN_NAME, l->at, to);
    return 0;
}

static void read_number(struct lexer *l) {
    const char *to = l->at;
    while (to < l->end &&
           (is_letter(*to) || is_digit(*to) || (*to == '.' && to + 1 < l->end && is_digit(to[1])) ||
            ((*to == '+' || *to == '-') && (to[-1] == 'e' || to[-1] == 'E') && l->at[0] != '0')))
        to++;
    add_token(l, TOKEN_NUMBER, l->at, to);
}

/* 'x' and '\n' of Scala and Java; a lone one begins a symbol or stands in XML. */
static void read_character(struct lexer *l) {
    const char *to = l->at + 1;
    if (to < l->end && *to == '\\')
        to++;
    size_t left = (size_t)(l->end - to);
    const char *close = memchr(to, '\'', left < 8 ? left : 8);
    bool whole = close != NULL && close > to && memchr(to, '\n', (size_t)(close - to)) == NULL;
    add_token(l, whole ? TOKEN_NUMBER : TOKEN_OPERATOR, l->at, whole ? close + 1 : l->at + 1);
}

/* How many bytes the operator at `at` has. Most have one, and tell so by what follows. */
static size_t measure_operator(const char *at, const char *end) {
    static const char *const longer[] = {
        "...", "**=", "//=", "->", "=>", "<-", ":=", "==", "!=", "<=", ">=", "+=", "-=",
        "*=",  "/=",  "%=",  "|=", "&=", "^=", "@=", "**", "//", "::", "++", "||", "&&"};
    size_t left = (size_t)(end - at);
    if (left < 2 || at[1] == '\0' || strchr(".*/>=-:+|&", at[1]) == NULL)
        return 1;
    for (size_t i = 0; i < sizeof longer / sizeof longer[0]; i++) {
        size_t size = longer[i][0] == at[0] ? strlen(longer[i]) : 0;
        if (size > 0 && size <= left && memcmp(at, longer[i], size) == 0)
            return size;
    }
    return 1;
}

static void read_operator(struct lexer *l) {
    char c = *l->at;
    l->depth += c == '(' || c == '[' || c == '{';
    l->depth -= (c == ')' || c == ']' || c == '}') && l->depth > 0;
    add_token(l, TOKEN_OPERATOR, l->at, l->at + measure_operator(l->at, l->end));
}

static void end_line(struct lexer *l) {
    if (l->text->language == SOURCE_PYTHON && l->depth == 0 && l->line_open) {
        l->first = false;
        add_token(l, TOKEN_LINE, l->at, l->at + 1);
    } else {
        l->at++;
    }
    l->line = l->at;
    l->first = true;
}

static void skip_line(struct lexer *l) {
    while (l->at < l->end && *l->at != '\n')
        l->at++;
}

/* Comments between stars nest in Scala; in Java none holds another's beginning. */
static int skip_comment(struct lexer *l, struct error *err) {
    const char *from = l->at;
    size_t depth = 0;
    while (l->end - l->at >= 2) {
        bool opens = l->at[0] == '/' && l->at[1] == '*',
             closes = l->at[0] == '*' && l->at[1] == '/';
        depth += opens;
        depth -= closes;
        if (*l->at == '\n')
            l->line = l->at + 1;
        l->at += opens || closes ? 2 : 1;
        if (depth == 0)
            return 0;
    }
    return tell(l, from, "a comment that begins here never ends", err);
}

/* Blanks, comments and joined lines: whether one stood there. */
static bool skip_blank(struct lexer *l, int *status, struct error *err) {
    bool python = l->text->language == SOURCE_PYTHON;
    size_t left = (size_t)(l->end - l->at);
    char c = *l->at, next = left > 1 ? l->at[1] : '\0';
    if (is_blank(c))
        do
            l->at++;
        while (l->at < l->end && is_blank(*l->at));
    else if (c == '\n')
        end_line(l);
    else if (python ? c == '#' : c == '/' && next == '/')
        skip_line(l);
    else if (!python && c == '/' && next == '*')
        *status = skip_comment(l, err);
    else if (python && c == '\\' && (next == '\n' || next == '\r'))
        l->at += next == '\r' && left > 2 && l->at[2] == '\n' ? 3 : 2;
    else
        return false;
    return true;
}

static int read_word(struct lexer *l, struct error *err) {
    char c = *l->at;
    if (c == '\0')
        return tell(l, l->at, "a NUL byte", err);
    if (c == '\'' && l->text->language == SOURCE_SCALA)
        read_character(l);
    else if (is_quote(c))
        return read_string(l, l->at, l->at, err);
    else if (is_letter(c))
        return read_name(l, err);
    else if (is_digit(c) || (c == '.' && l->end - l->at > 1 && is_digit(l->at[1]) && l->first))
        read_number(l);
    else
        read_operator(l);
    return 0;
}

static int read_all(struct lexer *l, struct error *err) {
    int status = 0;
    while (status == 0 && l->at < l->end) {
        if (skip_blank(l, &status, err))
            continue;
        if (l->count >= LIMIT_SOURCE_TOKENS) {
            tell(l, l->at, "more words than a source may have", err);
            return error_todo(err, "arrestor reads %d words of one source file",
                              LIMIT_SOURCE_TOKENS);
        }
        status = read_word(l, err);
    }
    l->at = l->end;
    if (status == 0)
        add_token(l, TOKEN_END, l->end, l->end);
    if (status == 0 && l->starved)
        return error_set(err, ERROR_MEMORY, "no memory for the words of %s", l->text->label);
    return status;
}

int lexer_read(const struct source_text *text, struct arena *arena, struct token **ret,
               size_t *count, struct error *err) {
    struct lexer l = {.text = text,
                      .at = text->bytes,
                      .end = text->bytes + text->length,
                      .line = text->bytes,
                      .arena = arena,
                      .first = true};
    if (read_all(&l, err) != 0)
        return -1;
    *ret = l.tokens;
    *count = l.count;
    return 0;
}
