#include "policy/surface/properties.h"

#include <stdbool.h>
#include <string.h>

#include "policy/surface/place.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

/* The text of one file. Offsets count bytes, so that line and column are found
 * by walking forward from the last one that was asked for. */
struct source {
    const char *text;
    size_t length;
    const char *name;
    const struct place_map *map;     /* of a text within a file; NULL */
    size_t line, line_start, placed; /* `placed`: offset that line and line_start belong to */
};

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\f';
}

static bool is_newline(char c) {
    return c == '\n' || c == '\r';
}

/* Offset behind the line end at `at`; CR LF is one. */
static size_t skip_newline(const struct source *s, size_t at) {
    bool pair = s->text[at] == '\r' && at + 1 < s->length && s->text[at + 1] == '\n';
    return at + (pair ? 2 : 1);
}

static size_t skip_blanks(const struct source *s, size_t at) {
    while (at < s->length && is_blank(s->text[at]))
        at++;
    return at;
}

/* Place of an offset; offsets are asked for in ascending order. */
static struct origin place_of(struct source *s, size_t offset) {
    if (s->map != NULL)
        return place_find(s->map, offset);
    while (s->placed < offset) {
        size_t next = s->placed + 1;
        if (is_newline(s->text[s->placed])) {
            next = skip_newline(s, s->placed);
            if (next > offset)
                break;
            s->line++;
            s->line_start = next;
        }
        s->placed = next;
    }
    return (struct origin){.kind = ORIGIN_FILE,
                           .file = s->name,
                           .line = s->line,
                           .column = offset - s->line_start + 1};
}

/* One logical line: natural lines joined by a backslash at their end. */
struct cursor {
    const struct source *source;
    size_t at;
    bool escaped; /* the character before was an unescaped backslash */
    bool inside;  /* an unknown part, of which nothing is grammar */
};

static bool is_opening(const struct source *s, char c) {
    return s->map != NULL && c == UNKNOWN_OPEN;
}

static bool is_closing(const struct source *s, char c) {
    return s->map != NULL && c == UNKNOWN_CLOSE;
}

/* Passes over line ends that are continued. What remains at `at` is a character
 * of the logical line, its end, or the end of the text. */
static void pass_continuations(struct cursor *c) {
    const struct source *s = c->source;
    while (!c->escaped && !c->inside && c->at < s->length && s->text[c->at] == '\\') {
        size_t next = c->at + 1;
        if (next == s->length) {
            c->at = next;
        } else if (is_newline(s->text[next])) {
            c->at = skip_blanks(s, skip_newline(s, next));
        } else {
            break;
        }
    }
}

/* Whether the logical line has ended; else *ch is its next character. */
static bool line_ended(struct cursor *c, char *ch) {
    pass_continuations(c);
    if (c->at >= c->source->length || (!c->inside && is_newline(c->source->text[c->at])))
        return true;
    *ch = c->source->text[c->at];
    return false;
}

static void advance(struct cursor *c) {
    char ch = c->source->text[c->at++];
    c->escaped = ch == '\\' && !c->escaped && !c->inside;
    c->inside = c->inside ? !is_closing(c->source, ch) : is_opening(c->source, ch);
}

/* The end of the comment at `at`. */
static size_t pass_comment(const struct source *s, size_t at) {
    bool inside = false;
    for (; at < s->length && (inside || !is_newline(s->text[at])); at++)
        inside = inside ? !is_closing(s, s->text[at]) : is_opening(s, s->text[at]);
    return at;
}

/* Start of the next logical line that is neither blank nor a comment, or the
 * end of the text. Java: Properties.LineReader. */
static size_t next_line(const struct source *s, size_t at) {
    while (at < s->length) {
        at = skip_blanks(s, at);
        if (at < s->length && is_newline(s->text[at])) {
            at++;
        } else if (at < s->length && (s->text[at] == '#' || s->text[at] == '!')) {
            at = pass_comment(s, at);
        } else {
            break;
        }
    }
    return at;
}

static int fault(struct source *s, size_t offset, struct error *err, enum error_code code,
                 const char *what, const char *todo) {
    struct origin place = place_of(s, offset);
    error_set(err, code, "%s", what);
    error_at(err, s->name, place.line, place.column);
    return error_todo(err, "%s", todo);
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Four hexadecimal digits of a \u escape. 0 or -1. */
static int read_unit(struct cursor *c, unsigned *ret) {
    unsigned unit = 0;
    for (int i = 0; i < 4; i++) {
        char ch = '\0';
        int digit = line_ended(c, &ch) ? -1 : hex_digit(ch);
        if (digit < 0)
            return -1;
        unit = unit * 16 + (unsigned)digit;
        advance(c);
    }
    *ret = unit;
    return 0;
}

static size_t put_code_point(char *out, unsigned code) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    size_t size = code < 0x10000 ? 3 : 4;
    out[0] = size == 3 ? (char)(0xe0 | code >> 12) : (char)(0xf0 | code >> 18);
    if (size == 4)
        out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[size - 2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[size - 1] = (char)(0x80 | (code & 0x3f));
    return size;
}

/* A high surrogate in its three-byte form at the end of out, or 0. */
static unsigned high_surrogate_before(const char *out, size_t length) {
    if (length < 3 || (unsigned char)out[length - 3] != 0xed)
        return 0;
    unsigned second = (unsigned char)out[length - 2];
    return second >= 0xa0 && second <= 0xaf
               ? 0xd000 | (second & 0x3f) << 6 | ((unsigned char)out[length - 1] & 0x3f)
               : 0;
}

/* Appends one UTF-16 unit; a low surrogate joins the high one before it. */
static size_t put_unit(char *out, size_t length, unsigned unit) {
    unsigned high = unit >= 0xdc00 && unit <= 0xdfff ? high_surrogate_before(out, length) : 0;
    if (high == 0)
        return length + put_code_point(out + length, unit);
    unsigned code = 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00);
    return length - 3 + put_code_point(out + length - 3, code);
}

static char plain_escape(char c) {
    static const char names[] = "tnrf", values[] = "\t\n\r\f";
    const char *found = c == '\0' ? NULL : strchr(names, c);
    return found == NULL ? c : values[found - names];
}

/* Reads the escape whose backslash stands at the cursor, into out. */
static int read_escape(struct source *s, struct cursor *c, char *out, size_t *length,
                       struct error *err) {
    size_t start = c->at;
    char ch = '\0';
    advance(c);
    c->escaped = false;
    if (c->at >= s->length)
        return 0;
    ch = s->text[c->at];
    advance(c);
    c->escaped = false;
    if (ch != 'u') {
        out[(*length)++] = plain_escape(ch);
        return 0;
    }
    unsigned unit = 0;
    if (read_unit(c, &unit) != 0)
        return fault(s, start, err, ERROR_SPARK, "\\u is not followed by four hexadecimal digits",
                     "Java refuses this file; write \\\\u for a backslash and a u");
    if (unit == 0)
        return fault(s, start, err, ERROR_INPUT, "\\u0000 stands in a setting",
                     "remove it: no setting of Spark holds a NUL");
    *length = put_unit(out, *length, unit);
    return 0;
}

static bool ends_key(char c) {
    return c == '=' || c == ':' || is_blank(c);
}

/* Copies unescaped characters up to the end of the line, or of the key. */
static int read_text(struct source *s, struct cursor *c, bool key, struct arena *arena,
                     const char **ret, struct error *err) {
    struct cursor end = *c;
    size_t size = 0;
    char ch = '\0';
    for (; !line_ended(&end, &ch) && !(key && !end.escaped && !end.inside && ends_key(ch)); size++)
        advance(&end);
    char *out = arena_alloc(arena, size + 1);
    if (out == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the settings of %s", s->name);
    size_t length = 0;
    while (!line_ended(c, &ch) && !(key && !c->inside && ends_key(ch))) {
        if (ch == '\\' && !c->inside) {
            if (read_escape(s, c, out, &length, err) != 0)
                return -1;
        } else {
            out[length++] = ch;
            advance(c);
        }
    }
    *ret = out;
    return 0;
}

/* Passes blanks, at most one '=' or ':', and blanks. */
static void pass_separator(struct cursor *c) {
    bool separated = false;
    char ch = '\0';
    while (!line_ended(c, &ch)) {
        if (!is_blank(ch) && (separated || (ch != '=' && ch != ':')))
            break;
        separated = separated || !is_blank(ch);
        advance(c);
    }
}

/* A line that holds nothing but its own continuation is no line yet: what comes
 * after it may still be a comment. */
static int read_setting(struct source *s, size_t *at, struct arena *arena, struct setting *ret,
                        struct error *err) {
    struct cursor c = {.source = s, .at = *at};
    pass_continuations(&c);
    if (c.at != *at) {
        *at = c.at;
        return 0;
    }
    ret->origin = place_of(s, c.at);
    if (read_text(s, &c, true, arena, &ret->key, err) != 0)
        return -1;
    pass_separator(&c);
    ret->value_origin = place_of(s, c.at);
    if (read_text(s, &c, false, arena, &ret->value, err) != 0)
        return -1;
    *at = c.at;
    return 0;
}

/* Number of bytes that Java's UTF-8 decoder replaces by one U+FFFD at the start
 * of text, which is not well-formed there (sun.nio.cs.UTF_8, malformedN). */
static size_t malformed_size(const char *text, size_t length) {
    const unsigned char *p = (const unsigned char *)text;
    size_t whole = p[0] >= 0xe0 && p[0] <= 0xef ? 3 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 1;
    if (whole == 1 || length < 2 || (p[1] & 0xc0) != 0x80)
        return 1;
    bool first_pair_fits = !(p[0] == 0xe0 && p[1] < 0xa0) && !(p[0] == 0xf0 && p[1] < 0x90) &&
                           !(p[0] == 0xf4 && p[1] > 0x8f);
    if (!first_pair_fits)
        return 1;
    size_t size = 2;
    while (size < whole && size < length && (p[size] & 0xc0) == 0x80)
        size++;
    return size;
}

static const char replacement[] = "\xef\xbf\xbd";

/* Replaces what is not UTF-8; *first is the offset of the first such byte in the
 * result, or its length where all was well. */
static int decode(struct source *s, struct arena *arena, size_t *first, struct error *err) {
    *first = s->length;
    if (text_is_utf8(s->text, s->length))
        return 0;
    char *out = arena_array(arena, s->length + 1, sizeof replacement);
    if (out == NULL)
        return error_set(err, ERROR_MEMORY, "no memory to read %s", s->name);
    size_t length = 0;
    bool found = false;
    for (size_t i = 0; i < s->length;) {
        size_t size = text_utf8_size(s->text + i, s->length - i);
        const char *from = size > 0 ? s->text + i : replacement;
        size_t count = size > 0 ? size : sizeof replacement - 1;
        if (size == 0 && !found) {
            *first = length;
            found = true;
        }
        memcpy(out + length, from, count);
        length += count;
        i += size > 0 ? size : malformed_size(s->text + i, s->length - i);
    }
    s->text = out;
    s->length = length;
    return 0;
}

static int check_binary(struct source *s, struct error *err) {
    const char *nul = s->length == 0 ? NULL : memchr(s->text, '\0', s->length);
    if (nul == NULL)
        return 0;
    size_t offset = (size_t)(nul - s->text);
    error_set(err, ERROR_INPUT, "is binary: a NUL byte stands at offset %zu", offset);
    error_at(err, s->name, 0, 0);
    return error_todo(err, "name a properties file in plain text");
}

/* At least the number of settings. */
static size_t count_lines(const struct source *s) {
    size_t count = 0;
    for (size_t at = next_line(s, 0); at < s->length; at = next_line(s, at)) {
        struct cursor c = {.source = s, .at = at};
        char ch = '\0';
        while (!line_ended(&c, &ch))
            advance(&c);
        count++;
        at = c.at;
    }
    return count;
}

static int read_all(struct source *s, struct arena *arena, struct setting_list *ret,
                    struct error *err) {
    size_t most = count_lines(s), count = 0;
    if (most > LIMIT_SETTINGS) {
        error_set(err, ERROR_INPUT, "holds %zu settings, more than %d", most, LIMIT_SETTINGS);
        return error_at(err, s->name, 0, 0);
    }
    struct setting *items = arena_array(arena, most + 1, sizeof *items);
    if (items == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the settings of %s", s->name);
    for (size_t at = next_line(s, 0); at < s->length; at = next_line(s, at)) {
        if (read_setting(s, &at, arena, &items[count], err) != 0)
            return -1;
        if (items[count].key != NULL)
            count++;
    }
    ret->items = items;
    ret->count = count;
    return 0;
}

/* A copy in which '?' stands for what is neither UTF-8 nor a mark, so that all places hold. */
static int copy_marked(struct source *s, struct arena *arena, struct error *err) {
    char *copy = arena_text(arena, s->text, s->length);
    if (copy == NULL)
        return error_set(err, ERROR_MEMORY, "no memory to read %s", s->name);
    for (size_t i = 0; i < s->length;) {
        size_t size = text_utf8_size(copy + i, s->length - i);
        if (size == 0 && !unknown_is_mark(copy[i]))
            copy[i] = '?';
        i += size > 0 ? size : 1;
    }
    s->text = copy;
    return 0;
}

int properties_parse_within(const char *bytes, size_t length, const struct place_map *map,
                            struct arena *arena, struct setting_list *ret, struct error *err) {
    struct source s = {.text = bytes, .length = length, .name = map->file, .map = map};
    struct setting_list list = {0};
    if (check_binary(&s, err) != 0 || copy_marked(&s, arena, err) != 0 ||
        read_all(&s, arena, &list, err) != 0)
        return -1;
    *ret = list;
    return 0;
}

int properties_parse(const char *bytes, size_t length, const char *name, struct arena *arena,
                     struct setting_list *ret, struct error *err) {
    struct source s = {.text = bytes, .length = length, .name = name, .line = 1};
    struct setting_list list = {0};
    size_t invalid = 0;
    if (check_binary(&s, err) != 0 || decode(&s, arena, &invalid, err) != 0)
        return -1;
    if (invalid < s.length) {
        struct source walk = s;
        struct origin place = place_of(&walk, invalid);
        list.invalid_line = place.line;
        list.invalid_column = place.column;
    }
    if (read_all(&s, arena, &list, err) != 0)
        return -1;
    *ret = list;
    return 0;
}
