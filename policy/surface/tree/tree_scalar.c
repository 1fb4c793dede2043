#include "policy/surface/tree/tree_scalar.h"

#include <string.h>

#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/limits.h"

struct scalar_reader scalar_begin(const struct template_text *input, const struct place_map *file,
                                  struct arena *arena) {
    return (struct scalar_reader){.input = input,
                                  .file = file,
                                  .arena = arena,
                                  .text = buffer_make(LIMIT_ARENA_BYTES),
                                  .map = buffer_make(LIMIT_ARENA_BYTES)};
}

void scalar_end(struct scalar_reader *r) {
    buffer_free(&r->text);
    buffer_free(&r->map);
}

static void add_segment(struct scalar_reader *r, size_t offset, size_t from) {
    struct origin place = place_find(r->file, from);
    struct place_segment segment = {.offset = offset, .line = place.line, .column = place.column};
    buffer_bytes(&r->map, (const char *)&segment, sizeof segment);
}

/* Bytes that are written side by side from there on, as far as the file's are. */
static void take(struct scalar_reader *r, const char *bytes, size_t length, size_t from) {
    const struct place_map *file = r->file;
    if (length == 0)
        return;
    size_t i = place_find_segment(file, from);
    if (r->map.length == 0 || r->next != from || file->segments[i].offset == from)
        add_segment(r, r->text.length, from);
    for (i++; i < file->count && file->segments[i].offset < from + length; i++)
        add_segment(r, r->text.length + (file->segments[i].offset - from),
                    file->segments[i].offset);
    buffer_bytes(&r->text, bytes, length);
    r->next = from + length;
}

/* What is written otherwise than it reads. */
static void take_as(struct scalar_reader *r, const char *bytes, size_t length, size_t from) {
    take(r, bytes, length, from);
    r->next = (size_t)-1;
}

static void take_unknown(struct scalar_reader *r, size_t from, size_t end) {
    static const char open = UNKNOWN_OPEN, shut = UNKNOWN_CLOSE;
    if (from < end && r->input->clean[from] == UNKNOWN_OPEN) { /* it brings its marks */
        take(r, r->input->clean + from, end - from, from);
        return;
    }
    take_as(r, &open, 1, from);
    take(r, r->input->clean + from, end - from, from);
    take_as(r, &shut, 1, end > from ? end - 1 : from);
}

/* Bytes without a template in them. "${!x}" is how !Sub writes "${x}" itself. */
static void take_plain(struct scalar_reader *r, size_t from, size_t end) {
    const char *text = r->input->clean;
    while (r->substitutes && from < end) {
        const char *found = memmem(text + from, end - from, "${", 2);
        const char *shut = found == NULL ? NULL : memchr(found, '}', (size_t)(text + end - found));
        if (shut == NULL)
            break;
        size_t at = (size_t)(found - text), behind = (size_t)(shut - text) + 1;
        take(r, text + from, at - from, from);
        if (text[at + 2] == '!')
            take(r, text + at, behind - at, at);
        else
            take_unknown(r, at, behind);
        from = behind;
    }
    take(r, text + from, end - from, from);
}

/* Takes from..end as it is written. A template's part goes between marks, of which
 * the first stands where the part does. */
static void take_written(struct scalar_reader *r, size_t from, size_t end) {
    const struct template_parts *parts = &r->input->values;
    while (r->part < parts->count && parts->items[r->part].end <= from)
        r->part++;
    for (; r->part < parts->count && parts->items[r->part].begin < end; r->part++) {
        const struct template_part *part = &parts->items[r->part];
        size_t until = part->end < end ? part->end : end;
        size_t begin = part->begin > from ? part->begin : from;
        take_plain(r, from, begin);
        take_unknown(r, begin, until);
        from = until;
        if (part->end > end)
            break;
    }
    take_plain(r, from, end);
}

static char peek(const struct scalar_reader *r, size_t at, size_t end) {
    return at < end ? r->input->masked[at] : '\0';
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool is_break(char c) {
    return c == '\n' || c == '\r';
}

/* Behind the line end at `at`, which may be CRLF. */
static size_t pass_break(const struct scalar_reader *r, size_t at, size_t end) {
    return at + (peek(r, at, end) == '\r' && peek(r, at + 1, end) == '\n' ? 2 : 1);
}

/* White space of plain and quoted text: blanks stay where no line ends in them; one
 * line end is a blank, n of them are n-1. After an escaped line end all of them are
 * kept. */
static void fold_space(struct scalar_reader *r, size_t end, bool escaped) {
    size_t from = r->at, breaks = 0, first = r->at;
    while (r->at < end) {
        char c = peek(r, r->at, end);
        if (is_break(c)) {
            first = breaks == 0 ? r->at : first;
            breaks++;
            r->at = pass_break(r, r->at, end);
        } else if (is_blank(c)) {
            r->at++;
        } else {
            break;
        }
    }
    if (breaks == 0 && !escaped)
        take_written(r, from, r->at);
    else if (breaks == 1 && !escaped)
        take_as(r, " ", 1, first);
    else
        for (size_t i = escaped ? 0 : 1; i < breaks; i++)
            take_as(r, "\n", 1, first);
}

static void read_plain(struct scalar_reader *r, size_t end) {
    while (r->at < end) {
        size_t from = r->at;
        while (r->at < end && !is_blank(peek(r, r->at, end)) && !is_break(peek(r, r->at, end)))
            r->at++;
        take_written(r, from, r->at);
        size_t space = r->at;
        while (r->at < end && (is_blank(peek(r, r->at, end)) || is_break(peek(r, r->at, end))))
            r->at++;
        if (r->at == end)
            return; /* white space at the end is none of it */
        r->at = space;
        fold_space(r, end, false);
    }
}

static void read_single(struct scalar_reader *r, size_t end) {
    while (r->at < end) {
        size_t from = r->at;
        char c = peek(r, r->at, end);
        if (is_blank(c) || is_break(c)) {
            fold_space(r, end, false);
        } else if (c == '\'') {
            take_as(r, "'", 1, from);
            r->at += 2;
        } else {
            while (r->at < end && strchr(" \t\r\n'", peek(r, r->at, end)) == NULL)
                r->at++;
            take_written(r, from, r->at);
        }
    }
}

static unsigned digit_value(char c) {
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

/* The number of `digits` hex digits at `at`; false where they are not there. */
static bool read_hex(const struct scalar_reader *r, size_t at, size_t end, size_t digits,
                     unsigned *ret) {
    *ret = 0;
    if (at + digits > end)
        return false;
    for (size_t i = 0; i < digits; i++) {
        unsigned value = digit_value(r->input->clean[at + i]);
        if (value > 15)
            return false;
        *ret = *ret << 4 | value;
    }
    return true;
}

/* Nothing in a text may end it or be a mark: such a character is U+FFFD. */
static size_t encode(unsigned code, char *out) {
    if (code == 0 || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
        code = 0xfffd;
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (size == 1) {
        out[0] = (char)code;
        return 1;
    }
    for (size_t i = size - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)((0xf00u >> size & 0xf0u) | code);
    return size;
}

struct escape {
    char letter;
    unsigned code;
};

static const struct escape escapes[] = {
    {'0', 0},   {'a', 7},     {'b', 8},    {'t', 9},    {'\t', 9},     {'n', 10},
    {'v', 11},  {'f', 12},    {'r', 13},   {'e', 27},   {' ', ' '},    {'"', '"'},
    {'/', '/'}, {'\\', '\\'}, {'N', 0x85}, {'_', 0xa0}, {'L', 0x2028}, {'P', 0x2029},
};

/* The code of the escape at `at` and how long it is; 0 for one that nobody knows. */
static size_t read_escape(const struct scalar_reader *r, size_t at, size_t end, unsigned *code) {
    char letter = at + 1 < end ? r->input->clean[at + 1] : '\0';
    size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    unsigned low;
    if (digits > 0 && !read_hex(r, at + 2, end, digits, code))
        return 0;
    if (digits == 4 && *code >= 0xd800 && *code < 0xdc00 && at + 12 <= end &&
        memcmp(r->input->clean + at + 6, "\\u", 2) == 0 && read_hex(r, at + 8, end, 4, &low) &&
        low >= 0xdc00 && low < 0xe000) {
        *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
        return 12;
    }
    if (digits > 0)
        return 2 + digits;
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        if (escapes[i].letter == letter) {
            *code = escapes[i].code;
            return 2;
        }
    return 0;
}

static void take_escape(struct scalar_reader *r, size_t end) {
    char out[4];
    unsigned code;
    size_t length = read_escape(r, r->at, end, &code);
    if (length > 0) {
        take_as(r, out, encode(code, out), r->at);
        r->at += length;
    } else if (is_break(peek(r, r->at + 1, end))) {
        r->at = pass_break(r, r->at + 1, end);
        fold_space(r, end, true);
    } else {
        take_written(r, r->at, r->at + 1);
        r->at++;
    }
}

/* Asked of places in their order. */
static bool in_part(struct scalar_reader *r, size_t at) {
    const struct template_parts *parts = &r->input->values;
    while (r->look < parts->count && parts->items[r->look].end <= at)
        r->look++;
    return r->look < parts->count && parts->items[r->look].begin <= at;
}

static void read_double(struct scalar_reader *r, size_t end) {
    while (r->at < end) {
        size_t from = r->at;
        char c = peek(r, r->at, end);
        if (is_blank(c) || is_break(c)) {
            fold_space(r, end, false);
        } else if (r->input->clean[r->at] == '\\' && !in_part(r, r->at)) {
            take_escape(r, end);
        } else {
            for (r->at++; r->at < end && strchr(" \t\r\n", peek(r, r->at, end)) == NULL; r->at++)
                if (r->input->clean[r->at] == '\\' && !in_part(r, r->at))
                    break;
            take_written(r, from, r->at);
        }
    }
}

/* A block scalar's header: its chomping, and its indent where one is written. */
struct block {
    bool folded;
    char chomp; /* '-', '+' or 0 */
    long indent;
};

static struct block read_header(struct scalar_reader *r, size_t end, long parent) {
    struct block block = {.folded = peek(r, r->at, end) == '>', .indent = -1};
    for (r->at++; r->at < end; r->at++) {
        char c = peek(r, r->at, end);
        if (c == '-' || c == '+')
            block.chomp = c;
        else if (c >= '1' && c <= '9')
            block.indent = (parent >= 0 ? parent : 0) + (c - '0');
        else
            break;
    }
    while (r->at < end && !is_break(peek(r, r->at, end)))
        r->at++;
    if (r->at < end)
        r->at = pass_break(r, r->at, end);
    return block;
}

/* Passes blank lines and the indent of the line behind them. How many lines; *column
 * is where it stands then. */
static size_t pass_blank_lines(struct scalar_reader *r, size_t end, long *indent, long parent,
                               long *column) {
    size_t breaks = 0;
    long most = 0;
    for (;;) {
        *column = 0;
        while ((*indent < 0 || *column < *indent) && peek(r, r->at, end) == ' ') {
            r->at++;
            ++*column;
        }
        most = *column > most ? *column : most;
        if (!is_break(peek(r, r->at, end)))
            break;
        breaks++;
        r->at = pass_break(r, r->at, end);
    }
    if (*indent < 0) {
        *indent = most > parent + 1 ? most : parent + 1;
        *indent = *indent < 1 ? 1 : *indent;
    }
    return breaks;
}

static void take_breaks(struct scalar_reader *r, size_t count, size_t from) {
    for (size_t i = 0; i < count; i++)
        take_as(r, "\n", 1, from);
}

/* As libyaml's yaml_parser_scan_block_scalar. */
static void read_block(struct scalar_reader *r, size_t end, long parent) {
    struct block block = read_header(r, end, parent);
    long column;
    size_t blank = pass_blank_lines(r, end, &block.indent, parent, &column);
    size_t pending = 0, broke = r->at; /* the last line's end, not yet taken */
    bool lead = false;
    while (column == block.indent && r->at < end) {
        bool trail = is_blank(peek(r, r->at, end));
        if (block.folded && pending > 0 && !lead && !trail) {
            if (blank == 0)
                take_as(r, " ", 1, broke);
        } else {
            take_breaks(r, pending, broke);
        }
        take_breaks(r, blank, broke);
        lead = trail;
        size_t from = r->at;
        while (r->at < end && !is_break(peek(r, r->at, end)))
            r->at++;
        take_written(r, from, r->at);
        broke = r->at;
        pending = r->at < end;
        if (pending > 0)
            r->at = pass_break(r, r->at, end);
        blank = pass_blank_lines(r, end, &block.indent, parent, &column);
    }
    if (block.chomp != '-')
        take_breaks(r, pending, broke);
    if (block.chomp == '+')
        take_breaks(r, blank, broke);
}

/* Moves what was read into the arena. An empty text stands at `begin`. */
static int finish(struct scalar_reader *r, size_t begin, struct scalar *ret) {
    if (r->map.length == 0) {
        struct origin place = place_find(r->file, begin);
        struct place_segment segment = {.line = place.line, .column = place.column};
        buffer_bytes(&r->map, (const char *)&segment, sizeof segment);
    }
    if (buffer_status(&r->text) != 0 || buffer_status(&r->map) != 0)
        return -1;
    size_t count = r->map.length / sizeof(struct place_segment);
    struct place_segment *segments = arena_array(r->arena, count, sizeof *segments);
    char *text = arena_array(r->arena, r->text.length + 1, 1);
    if (segments == NULL || text == NULL)
        return -1;
    memcpy(segments, r->map.data, r->map.length);
    if (r->text.length > 0)
        memcpy(text, r->text.data, r->text.length);
    *ret = (struct scalar){
        .text = text,
        .length = r->text.length,
        .map = {.file = r->file->file, .segments = segments, .count = count},
    };
    return 0;
}

static void start(struct scalar_reader *r, size_t at) {
    const struct template_parts *parts = &r->input->values;
    r->at = at;
    r->text.length = r->map.length = 0;
    while (r->part < parts->count && parts->items[r->part].end <= at)
        r->part++;
    r->look = r->part;
}

int scalar_read(struct scalar_reader *r, enum scalar_style style, size_t begin, size_t end,
                long indent, struct scalar *ret) {
    bool quoted = style == SCALAR_SINGLE || style == SCALAR_DOUBLE;
    size_t shut = quoted && end > begin + 1 ? end - 1 : end;
    start(r, quoted && begin < shut ? begin + 1 : begin);
    size_t from = r->at;
    if (style == SCALAR_PLAIN)
        read_plain(r, shut);
    else if (style == SCALAR_SINGLE)
        read_single(r, shut);
    else if (style == SCALAR_DOUBLE)
        read_double(r, shut);
    else
        read_block(r, end, indent);
    return finish(r, from, ret);
}

int scalar_unknown(struct scalar_reader *r, size_t begin, size_t end, struct scalar *ret) {
    start(r, begin);
    take_unknown(r, begin, end);
    return finish(r, begin, ret);
}
