#include <stdint.h>
#include <string.h>

#include "policy/surface/hadoop/xml.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/buffer.h"

static void fail(struct xml_reader *x, size_t at, const char *what) {
    if (x->fault == NULL) {
        x->fault = what;
        x->at = at;
    }
}

/* "#65" or "#x41" to its character; 0 where it is none. */
static uint32_t read_number(const char *p, const char *end) {
    uint32_t value = 0;
    unsigned base = *p == 'x' ? 16 : 10;
    p += base == 16 ? 1 : 0;
    if (p == end)
        return 0;
    for (; p < end; p++) {
        unsigned digit = *p >= '0' && *p <= '9'   ? (unsigned)(*p - '0')
                         : *p >= 'a' && *p <= 'f' ? (unsigned)(*p - 'a' + 10)
                         : *p >= 'A' && *p <= 'F' ? (unsigned)(*p - 'A' + 10)
                                                  : 16;
        if (digit >= base || value > 0x10FFFF)
            return 0;
        value = value * base + digit;
    }
    bool control = value < ' ' && value != '\t' && value != '\n' && value != '\r';
    bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    return control || surrogate || value == 0xFFFE || value == 0xFFFF || value > 0x10FFFF ? 0
                                                                                          : value;
}

/* out may be NULL: then it is only looked whether all is sound. */
static void add_character(struct buffer *out, uint32_t c) {
    static const unsigned heads[] = {0, 0xC0, 0xE0, 0xF0};
    if (out == NULL)
        return;
    unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    buffer_char(out, (char)(heads[more] | c >> 6 * more));
    while (more-- > 0)
        buffer_char(out, (char)(0x80u | (c >> 6 * more & 0x3Fu)));
}

/* At '&'. The bytes that the reference takes, or 0 at a fault. */
static size_t add_reference(struct xml_reader *x, struct xml_piece piece, struct buffer *out) {
    static const struct {
        const char *name;
        char says;
    } predefined[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    const char *name = x->bytes + piece.start + 1;
    const char *end = memchr(name, ';', piece.end - piece.start - 1);
    if (end == NULL) {
        fail(x, piece.start, "holds \"&\" that is no reference: write &amp;");
        return 0;
    }
    size_t length = (size_t)(end - name);
    for (size_t i = 0; i < sizeof predefined / sizeof predefined[0]; i++)
        if (strlen(predefined[i].name) == length && memcmp(predefined[i].name, name, length) == 0) {
            add_character(out, (unsigned char)predefined[i].says);
            return length + 2;
        }
    uint32_t c = length > 1 && name[0] == '#' ? read_number(name + 1, end) : 0;
    if (c == 0) {
        fail(x, piece.start, "holds a reference that nothing declares");
        return 0;
    }
    add_character(out, c);
    return length + 2;
}

/* The size of the unknown part that begins a piece; 0 where none does. */
static size_t unknown_size(const struct xml_reader *x, struct xml_piece piece) {
    const char *start = x->bytes + piece.start, *end = NULL;
    if (x->marked && *start == UNKNOWN_OPEN)
        end = memchr(start, (unsigned char)UNKNOWN_CLOSE, piece.end - piece.start);
    return end == NULL ? 0 : (size_t)(end - start) + 1;
}

int xml_decode(struct xml_reader *x, struct xml_piece piece, bool attribute, struct buffer *out) {
    bool plain = x->cdata && !attribute;
    while (piece.start < piece.end) {
        char c = x->bytes[piece.start];
        size_t unknown = unknown_size(x, piece);
        if (unknown > 0) {
            if (out != NULL)
                buffer_bytes(out, x->bytes + piece.start, unknown);
            piece.start += unknown;
            continue;
        }
        if (c == '&' && !plain) {
            size_t size = add_reference(x, piece, out);
            if (size == 0)
                return -1;
            piece.start += size;
            continue;
        }
        if (c == ']' && !plain && !attribute && piece.end - piece.start >= 3 &&
            memcmp(x->bytes + piece.start, "]]>", 3) == 0) {
            fail(x, piece.start, "holds \"]]>\" in its text, which XML does not allow");
            return -1;
        }
        bool pair = c == '\r' && piece.start + 1 < piece.end && x->bytes[piece.start + 1] == '\n';
        piece.start += pair ? 2 : 1;
        c = c == '\r' ? '\n' : c;
        if (out != NULL)
            buffer_char(out, attribute && (c == '\t' || c == '\n') ? ' ' : c);
    }
    return 0;
}
