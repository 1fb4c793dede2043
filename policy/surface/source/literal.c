#include "policy/surface/source/literal.h"

#include <string.h>

#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"

static void add_segment(struct source_sink *sink, size_t offset) {
    if (sink->file == NULL || (sink->count > 0 && offset == sink->next))
        return;
    struct place_segment *grown =
        arena_grow(sink->arena, sink->segments, sink->count, &sink->room, sizeof *sink->segments);
    if (grown == NULL) {
        sink->starved = true;
        return;
    }
    struct origin place = place_find(sink->file, offset);
    sink->segments = grown;
    grown[sink->count++] = (struct place_segment){
        .offset = sink->text.length, .line = place.line, .column = place.column};
}

void sink_put(struct source_sink *sink, const char *bytes, size_t length, size_t offset) {
    while (length > 0) {
        const char *end = memchr(bytes, '\n', length);
        size_t size = end == NULL ? length : (size_t)(end - bytes) + 1;
        add_segment(sink, offset);
        buffer_bytes(&sink->text, bytes, size);
        offset += size;
        sink->next = end == NULL ? offset : SIZE_MAX; /* a line is a segment of its own */
        bytes += size;
        length -= size;
    }
}

void sink_decoded(struct source_sink *sink, const char *bytes, size_t length, size_t offset) {
    sink->next = SIZE_MAX;
    add_segment(sink, offset);
    buffer_bytes(&sink->text, bytes, length);
    sink->next = SIZE_MAX;
}

void sink_unknown(struct source_sink *sink, const char *written, size_t length, size_t offset) {
    sink->next = SIZE_MAX;
    add_segment(sink, offset);
    unknown_add(&sink->text, written, length);
    sink->next = SIZE_MAX;
}

static int digit_of(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* The number of at most `most` digits of that base; *size is how many stand there. */
static unsigned long read_digits(const char *at, const char *end, size_t most, int base,
                                 size_t *size) {
    unsigned long value = 0;
    for (*size = 0; *size < most && at < end && digit_of(*at) < base; at++, ++*size)
        value = value * (unsigned long)base + (unsigned long)digit_of(*at);
    return value;
}

static size_t write_utf8(unsigned long point, char *out) {
    if (point == 0 || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000))
        point = 0xFFFD;
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3F));
    out[0] = (char)((size == 2 ? 0xC0 : size == 3 ? 0xE0 : 0xF0) | point);
    return size;
}

/* \xhh, \uhhhh, \Uhhhhhhhh and \ooo: bytes taken behind the backslash, 0 where it is none. */
static size_t read_number(const char *at, const char *end, char *out, size_t *size) {
    size_t digits = 0, most = *at == 'x' ? 2 : *at == 'u' ? 4 : *at == 'U' ? 8 : 0;
    unsigned long point;
    if (most > 0) {
        point = read_digits(at + 1, end, most, 16, &digits);
        if (digits != most)
            return 0;
        digits++;
    } else {
        point = read_digits(at, end, 3, 8, &digits);
        if (digits == 0)
            return 0;
    }
    *size = write_utf8(point, out);
    return digits;
}

/* The escape whose backslash stands at `at`: bytes it takes; out has what it says. An
 * unknown one of Python says itself. */
static size_t read_escape(const char *at, const char *end, char *out, size_t *size) {
    static const char letters[] = "abfnrtv\\'\"";
    static const char says[] = "\a\b\f\n\r\t\v\\'\"";
    *size = 0;
    if (end - at < 2)
        return 1;
    if (at[1] == '\n')
        return 2;
    if (at[1] == '\r')
        return end - at > 2 && at[2] == '\n' ? 3 : 2;
    const char *letter = memchr(letters, at[1], sizeof letters - 1);
    if (letter != NULL) {
        out[(*size)++] = says[letter - letters];
        return 2;
    }
    size_t taken = read_number(at + 1, end, out, size);
    return taken == 0 ? 0 : taken + 1;
}

struct literal {
    struct source_sink *sink;
    const struct source_text *text;
    struct source_string form;
    const char *end;
};

/* "{{", "}}" and "$$": one of the two is said. */
static bool is_doubled(const struct literal *l, const char *at) {
    bool python = l->text->language == SOURCE_PYTHON;
    return l->form.formatted && l->end - at > 1 && at[1] == *at &&
           (python ? *at == '{' || *at == '}' : *at == '$');
}

/* A special piece at `at`: bytes it takes; 0 where it is an ordinary byte. */
static size_t put_special(struct literal *l, const char *at) {
    size_t offset = (size_t)(at - l->text->bytes), size = 0;
    char said[4];
    if (is_doubled(l, at)) {
        sink_decoded(l->sink, at, 1, offset);
        return 2;
    }
    size_t filled = l->form.formatted ? lexer_filled(l->text->language, at, l->end) : 0;
    if (filled > 0) {
        bool shown = filled <= 64 && memchr(at, '"', filled) == NULL &&
                     memchr(at, '\'', filled) == NULL && memchr(at, '\n', filled) == NULL;
        sink_unknown(l->sink, shown ? at : "{...}", shown ? filled : 5, offset);
        return filled;
    }
    if (*at != '\\' || l->form.raw)
        return 0;
    size_t taken = read_escape(at, l->end, said, &size);
    if (taken > 0)
        sink_decoded(l->sink, said, size, offset);
    return taken;
}

void literal_put(struct source_sink *sink, const struct source_text *text, size_t offset,
                 size_t length) {
    const char *token = text->bytes + offset;
    struct literal l = {
        .sink = sink, .text = text, .form = lexer_string(text->language, token, length)};
    const char *at = token + l.form.offset, *plain = at;
    l.end = at + l.form.length;
    while (at < l.end) {
        bool ordinary = *at != '\\' && *at != '{' && *at != '}' && *at != '$';
        size_t before = (size_t)(at - plain);
        if (!ordinary && before > 0) {
            sink_put(sink, plain, before, (size_t)(plain - text->bytes));
            plain = at;
        }
        size_t taken = ordinary ? 0 : put_special(&l, at);
        at += taken == 0 ? 1 : taken;
        plain = taken == 0 ? plain : at;
    }
    if (at > plain)
        sink_put(sink, plain, (size_t)(at - plain), (size_t)(plain - text->bytes));
}
