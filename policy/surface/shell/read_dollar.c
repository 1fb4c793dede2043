#include <string.h>

#include "policy/surface/shell/reader.h"
#include "policy/surface/unknown.h"

/* How much of what is unknown is shown. */
#define SHOWN 200

/* Longer text in $(( is no sum. */
#define SUM_BYTES 4096

static struct shell_part *new_part(struct shell_reader *r, enum shell_part_kind kind, bool quoted) {
    struct shell_part *part = reader_new(r, sizeof *part);
    if (part != NULL)
        *part = (struct shell_part){.kind = kind, .quoted = quoted};
    return part;
}

/* The part with how it is written, from there on to here. */
static struct shell_part *finish_part(struct shell_reader *r, struct shell_part *part,
                                      size_t from) {
    if (part == NULL || r->c->failed)
        return NULL;
    size_t to = r->at - from > SHOWN ? from + SHOWN : r->at;
    while (to < r->at && to > from && (r->bytes[to] & 0xC0) == 0x80)
        to--;
    part->text = reader_slice(r, from, to);
    return r->c->failed ? NULL : part;
}

/* Where the text of "((" ends that begins here, at its "))"; 0 where a ")" of it
 * stands alone: then it was a subshell. */
static size_t find_sum_end(const struct shell_reader *r, size_t from) {
    size_t depth = 0;
    for (size_t i = from; i < r->end && i < from + SUM_BYTES; i++) {
        if (r->bytes[i] == '(')
            depth++;
        else if (r->bytes[i] == ')' && depth > 0)
            depth--;
        else if (r->bytes[i] == ')')
            return i + 1 < r->end && r->bytes[i + 1] == ')' ? i : 0;
    }
    return 0;
}

/* $(…), or $((…)). */
static struct shell_part *read_substitution(struct shell_reader *r, bool quoted) {
    size_t from = r->at, end = reader_starts(r, "$((") ? find_sum_end(r, from + 3) : 0;
    struct shell_part *part = new_part(r, end > 0 ? PART_SUM : PART_COMMAND, quoted);
    if (part == NULL || reader_enter(r) != 0)
        return NULL;
    if (end > 0) {
        r->at = end + 2;
    } else {
        bool words_only = r->words_only;
        r->at += 2;
        r->words_only = false;
        part->command = reader_list(r, ')');
        r->words_only = words_only;
        if (!r->c->failed && reader_peek(r, 0) != ')')
            reader_refuse(r, from, "a substitution $( that is never closed", "close it");
        r->at++;
    }
    r->depth--;
    return finish_part(r, part, from);
}

/* Goes on by a byte, or by an unknown part, whose bytes end nothing. */
static void step(struct shell_reader *r) {
    size_t length = r->bytes[r->at] == UNKNOWN_OPEN ? reader_template(r) : 0;
    r->at += length > 0 ? length : 1;
}

/* The text between backticks: a backslash before ` $ \ (and " in quotes) goes. */
static int take_ticks(struct shell_reader *r, bool quoted, struct shell_text *ret) {
    size_t from = r->at++;
    struct shell_builder b = shell_builder_make(r->c);
    while (r->at < r->end && r->bytes[r->at] != '`' && !r->c->failed) {
        char next = reader_peek(r, 1);
        bool taken = r->bytes[r->at] == '\\' &&
                     (next == '`' || next == '$' || next == '\\' || (quoted && next == '"'));
        r->at += taken;
        size_t from_byte = r->at;
        uint32_t position = reader_position(r);
        step(r);
        shell_add(&b, r->bytes + from_byte, r->at - from_byte, position);
    }
    if (!r->c->failed && r->at >= r->end)
        reader_refuse(r, from, "a backtick that is never closed", "close it");
    r->at++;
    int status = r->c->failed ? -1 : shell_built(&b, r->base + (uint32_t)from + 1, ret);
    shell_builder_free(&b);
    return status;
}

static struct shell_part *read_ticks(struct shell_reader *r, bool quoted) {
    size_t from = r->at;
    struct shell_text text;
    struct shell_part *part = new_part(r, PART_COMMAND, quoted);
    if (part == NULL || reader_enter(r) != 0 || take_ticks(r, quoted, &text) != 0)
        return NULL;
    int index = shell_source_add(r->c, &text);
    if (index < 0)
        return NULL;
    const struct shell_source *source = &r->c->sources[index];
    struct shell_reader inner = {.c = r->c,
                                 .bytes = source->text.text,
                                 .end = source->text.length,
                                 .base = source->base,
                                 .depth = r->depth};
    part->command = reader_list(&inner, 0);
    r->depth--;
    return finish_part(r, part, from);
}

static const char specials[] = "@*#?-$!0123456789";

/* The name in ${…}; an empty one where there is none. */
static const char *read_name(struct shell_reader *r) {
    size_t from = r->at;
    if (reader_is_name(reader_peek(r, 0), true)) {
        while (reader_is_name(reader_peek(r, 0), false))
            r->at++;
    } else if (reader_peek(r, 0) >= '0' && reader_peek(r, 0) <= '9') {
        while (reader_peek(r, 0) >= '0' && reader_peek(r, 0) <= '9')
            r->at++;
    } else if (reader_peek(r, 0) != '\0' && strchr(specials, reader_peek(r, 0)) != NULL) {
        r->at++;
    }
    return reader_copy(r, from, r->at);
}

static const char *read_index(struct shell_reader *r) {
    size_t from = ++r->at, depth = 0;
    while (r->at < r->end && (depth > 0 || r->bytes[r->at] != ']')) {
        depth += r->bytes[r->at] == '[';
        depth -= r->bytes[r->at] == ']';
        step(r);
    }
    const char *index = reader_copy(r, from, r->at);
    r->at += r->at < r->end;
    return index;
}

static const char *const operators[] = {":-", ":=", ":?", ":+", "-",  "=", "?",  "+", "%%", "%",
                                        "##", "#",  "//", "/",  "^^", "^", ",,", ",", ":",  "@"};

static void read_operator(struct shell_reader *r, struct shell_expansion *e, bool quoted) {
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        size_t length = strlen(operators[i]);
        if (!reader_starts(r, operators[i]))
            continue;
        memcpy(e->op, operators[i], length + 1);
        r->at += length;
        if (e->op[0] == '/') {
            e->word = reader_word(r, READ_PATTERN);
            if (e->word != NULL && reader_peek(r, 0) == '/') {
                r->at++;
                e->second = reader_word(r, quoted ? READ_BRACE_QUOTED : READ_BRACE);
            }
        } else {
            bool pattern = strchr("%#^,", e->op[0]) != NULL;
            e->word = reader_word(r, quoted && !pattern ? READ_BRACE_QUOTED : READ_BRACE);
        }
        return;
    }
}

static void read_expansion_body(struct shell_reader *r, struct shell_expansion *e, bool quoted) {
    char next = reader_peek(r, 1);
    if (reader_peek(r, 0) == '#' && next != '}' &&
        (next == '_' || next == '@' || next == '*' || reader_is_name(next, false)))
        e->length = true;
    if (reader_peek(r, 0) == '!' && (reader_is_name(next, false) || next == '@' || next == '#'))
        e->indirect = true;
    r->at += e->length || e->indirect;
    e->position = reader_position(r);
    e->name = read_name(r);
    if (!r->c->failed && reader_peek(r, 0) == '[')
        e->index = read_index(r);
    if (!r->c->failed)
        read_operator(r, e, quoted);
}

/* ${…}. What has no form that is known is unknown up to its '}'. */
static struct shell_part *read_braced(struct shell_reader *r, bool quoted) {
    size_t from = r->at;
    struct shell_part *part = new_part(r, PART_VARIABLE, quoted);
    struct shell_expansion *e = reader_new(r, sizeof *e);
    if (part == NULL || e == NULL || reader_enter(r) != 0)
        return NULL;
    r->at += 2;
    read_expansion_body(r, e, quoted);
    part->expansion = e;
    if (!r->c->failed && (e->name[0] == '\0' || reader_peek(r, 0) != '}'))
        part->kind = PART_UNKNOWN;
    while (!r->c->failed && r->at < r->end && r->bytes[r->at] != '}')
        step(r);
    if (!r->c->failed && r->at >= r->end)
        reader_refuse(r, from, "a ${ that is never closed", "close it");
    r->at++;
    r->depth--;
    return finish_part(r, part, from);
}

/* $NAME, $1, $@ … */
static struct shell_part *read_short(struct shell_reader *r, bool quoted) {
    size_t from = r->at++;
    struct shell_part *part = new_part(r, PART_VARIABLE, quoted);
    struct shell_expansion *e = reader_new(r, sizeof *e);
    if (part == NULL || e == NULL)
        return NULL;
    e->position = reader_position(r);
    if (reader_is_name(reader_peek(r, 0), true)) {
        e->name = read_name(r);
    } else {
        e->name = reader_copy(r, r->at, r->at + 1);
        r->at++;
    }
    part->expansion = e;
    return finish_part(r, part, from);
}

/* "${{ … }}" of GitHub's workflows. */
static struct shell_part *read_workflow(struct shell_reader *r, bool quoted) {
    size_t from = r->at++, length = reader_template(r);
    if (length == 0) {
        r->at--;
        return NULL;
    }
    struct shell_part *part = new_part(r, PART_UNKNOWN, quoted);
    r->at += length;
    return finish_part(r, part, from);
}

struct shell_part *reader_expansion(struct shell_reader *r, bool quoted, bool *literal) {
    *literal = false;
    if (r->bytes[r->at] == '`')
        return read_ticks(r, quoted);
    char next = reader_peek(r, 1);
    if (next == '(')
        return read_substitution(r, quoted);
    if (next == '{') {
        struct shell_part *part = reader_starts(r, "${{") ? read_workflow(r, quoted) : NULL;
        return part != NULL || r->c->failed ? part : read_braced(r, quoted);
    }
    if (reader_is_name(next, true) || (next != '\0' && strchr(specials, next) != NULL))
        return read_short(r, quoted);
    *literal = true;
    return NULL;
}

/* The value of up to `most` digits of that base at r->at + ahead; *count of them. */
static unsigned read_digits(const struct shell_reader *r, size_t ahead, unsigned base, size_t most,
                            size_t *count) {
    unsigned value = 0;
    for (*count = 0; *count < most; ++*count) {
        char c = reader_peek(r, ahead + *count);
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                : 99;
        if (digit >= base)
            break;
        value = base * value + digit;
    }
    return value;
}

/* One escape of $'…', at the backslash; its length. */
static size_t add_escape(struct shell_reader *r, struct shell_builder *out) {
    static const char from[] = "abeEfnrtv\\'\"?", to[] = "\a\b\x1b\x1b\f\n\r\t\v\\'\"?";
    uint32_t position = reader_position(r);
    char c = reader_peek(r, 1), byte[4];
    const char *simple = c == '\0' ? NULL : strchr(from, c);
    size_t count;
    if (simple != NULL) {
        shell_add(out, &to[simple - from], 1, position);
        return 2;
    }
    unsigned octal = read_digits(r, 1, 8, 3, &count);
    if (count > 0 || c == 'x' || c == 'u' || c == 'U') {
        bool wide = c == 'u' || c == 'U';
        size_t skip = count > 0 ? 1 : 2;
        unsigned value = count > 0 ? octal
                                   : read_digits(r, 2, 16,
                                                 c == 'x'   ? 2
                                                 : c == 'u' ? 4
                                                            : 8,
                                                 &count);
        byte[0] = (char)value;
        if (count > 0 && value != 0 && !(wide && value > 0x7f) && !unknown_is_mark(byte[0]))
            shell_add(out, byte, 1, position);
        else if (count > 0)
            shell_add_unknown(out, r->bytes + r->at, skip + count, position);
        if (count > 0)
            return skip + count;
    }
    shell_add(out, r->bytes + r->at, 1, position);
    return 1;
}

void reader_ansi(struct shell_reader *r, struct shell_builder *out) {
    size_t start = r->at;
    while (!r->c->failed && r->at < r->end && r->bytes[r->at] != '\'') {
        if (r->bytes[r->at] == '\\') {
            r->at += add_escape(r, out);
            continue;
        }
        shell_add(out, r->bytes + r->at, 1, reader_position(r));
        r->at++;
    }
    if (!r->c->failed && r->at >= r->end)
        reader_refuse(r, start - 2, "a quote $' that is never closed", "close it");
    r->at++;
}
