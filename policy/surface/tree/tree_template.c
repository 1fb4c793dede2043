#include "policy/surface/tree/tree_template.h"

#include <stdlib.h>
#include <string.h>

#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/utf8.h"

/* A template that goes over several lines is no longer than that. */
#define MOST_BYTES 4096

enum part_kind { PART_VALUE, PART_CONTROL, PART_INSERTION };

struct engine {
    const char *open, *close;
};

static const struct engine engines[] = {{"{{", "}}"}, {"{%", "%}"}, {"{#", "#}"}, {"<%", "%>"}};
enum { ENGINES = sizeof engines / sizeof *engines };

struct masker {
    struct template_text *text;
    struct arena *arena;
    size_t closes[ENGINES]; /* the next close at or behind where it was last looked for */
    bool in_block;          /* within a block scalar */
    size_t block_column;    /* of what holds it */
    bool failed;
};

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static void add_part(struct masker *m, struct template_parts *parts,
                     const struct template_part *part) {
    struct template_part *items =
        arena_grow(m->arena, parts->items, parts->count, &parts->room, sizeof *items);
    if (items == NULL) {
        m->failed = true;
        return;
    }
    parts->items = items;
    items[parts->count++] = *part;
}

/* Where the next close of that engine begins, length where there is none. */
static size_t find_close(struct masker *m, size_t engine, size_t from) {
    const struct template_text *t = m->text;
    if (m->closes[engine] < from) {
        const char *found = memmem(t->clean + from, t->length - from, engines[engine].close, 2);
        m->closes[engine] = found == NULL ? t->length : (size_t)(found - t->clean);
    }
    return m->closes[engine];
}

static bool is_one_line(const char *bytes, size_t length) {
    return memchr(bytes, '\n', length) == NULL;
}

/* A comment of Go, which may hold anything. */
static bool is_comment(const char *inner, size_t length) {
    while (length > 0 && (is_blank(*inner) || *inner == '-')) {
        inner++;
        length--;
    }
    return length > 0 && *inner == '/';
}

/* The end of the template that opens at p, or 0 where none does. One of several lines
 * is a comment, or holds no other one. */
static size_t find_end(struct masker *m, size_t p) {
    const struct template_text *t = m->text;
    if (t->clean[p] == UNKNOWN_OPEN) {
        const char *found = memchr(t->clean + p, (unsigned char)UNKNOWN_CLOSE, t->length - p);
        return found == NULL ? 0 : (size_t)(found - t->clean) + 1;
    }
    size_t at = t->clean[p] == '$' ? p + 1 : p; /* ${{ … }}, of GitHub */
    for (size_t i = 0; i < ENGINES; i++) {
        if (at + 4 > t->length || memcmp(t->clean + at, engines[i].open, 2) != 0)
            continue;
        size_t close = find_close(m, i, at + 2);
        if (close >= t->length || close - at > MOST_BYTES)
            return 0;
        const char *inner = t->clean + at + 2;
        size_t length = close - at - 2;
        bool whole = is_one_line(inner, length) || is_comment(inner, length) ||
                     (engines[i].open[1] != '#' && memmem(inner, length, "{{", 2) == NULL);
        return whole ? close + 2 : 0;
    }
    return 0;
}

struct word {
    const char *text;
    int conditions;
};

/* What controls and writes nothing, by the word that it begins with. */
static const struct word words[] = {
    {"if", 1},         {"with", 1},     {"range", 1},     {"define", 1},    {"block", 1},
    {"for", 1},        {"macro", 1},    {"call", 1},      {"filter", 1},    {"raw", 1},
    {"unless", 1},     {"else", 0},     {"elif", 0},      {"elsif", 0},     {"set", 0},
    {"break", 0},      {"continue", 0}, {"do", 0},        {"end", -1},      {"endif", -1},
    {"endfor", -1},    {"endwith", -1}, {"endblock", -1}, {"endmacro", -1}, {"endcall", -1},
    {"endfilter", -1}, {"endraw", -1},  {"extends", 0},
};

/* What the word begins: "else" alone is taken where nothing else was. */
static enum template_branch find_branch(const struct word *word, const char *p, const char *end) {
    if (word == NULL)
        return BRANCH_NONE;
    if (strcmp(word->text, "else") != 0)
        return strcmp(word->text, "elif") == 0 || strcmp(word->text, "elsif") == 0 ? BRANCH_NEXT
                                                                                   : BRANCH_NONE;
    for (p += strlen("else"); p < end && (is_blank(*p) || *p == '-' || *p == '~' || *p == '+'); p++)
        continue;
    return p < end ? BRANCH_NEXT : BRANCH_LAST;
}

static const struct word *find_word(const char *p, const char *end) {
    size_t length = 0;
    while (p + length < end && is_name(p[length]))
        length++;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].text) == length && memcmp(words[i].text, p, length) == 0)
            return &words[i];
    return NULL;
}

/* "$name := …" or "$name = …" of Go. */
static bool is_assignment(const char *p, const char *end) {
    if (p == end || *p != '$')
        return false;
    for (p++; p < end && (is_name(*p) || *p == ',' || *p == '$' || *p == ' '); p++)
        continue;
    return p < end && (*p == '=' || (*p == ':' && p + 1 < end && p[1] == '='));
}

static bool holds(const char *p, const char *end, const char *word) {
    return memmem(p, (size_t)(end - p), word, strlen(word)) != NULL;
}

/* Ruby says "x.each do |y|" for a loop. */
static enum part_kind classify_ruby(const char *p, const char *end, int *conditions) {
    if (*p == '=')
        return PART_VALUE;
    if (*conditions == 0 && holds(p, end, " do"))
        *conditions = 1;
    return PART_CONTROL;
}

static enum part_kind classify(const struct template_text *t, struct template_part *part) {
    const char *p = t->clean + part->begin, *end = t->clean + part->end - 2;
    int *conditions = &part->conditions;
    *conditions = 0;
    part->branch = BRANCH_NONE;
    if (*p == UNKNOWN_OPEN)
        return PART_VALUE;
    p += *p == '$' ? 1 : 0;
    char engine = p[0] == '<' ? '<' : p[1];
    for (p += 2; p < end && (is_blank(*p) || *p == '-' || *p == '~' || *p == '+'); p++)
        continue;
    const struct word *word = find_word(p, end);
    *conditions = word == NULL ? 0 : word->conditions;
    part->branch = find_branch(word, p, end);
    if (engine == '<')
        return classify_ruby(p, end, conditions);
    if (engine == '%')
        return holds(p, end, "include ") && word == NULL ? PART_INSERTION : PART_CONTROL;
    if (engine == '#' || p == end || *p == '/' || word != NULL || is_assignment(p, end))
        return PART_CONTROL;
    bool inserts = holds(p, end, "indent ") || holds(p, end, "toYaml") ||
                   holds(p, end, "to_yaml") || holds(p, end, "to_nice_yaml") ||
                   (end - p > 9 && memcmp(p, "template ", 9) == 0);
    return inserts ? PART_INSERTION : PART_VALUE;
}

static void fill(struct template_text *t, size_t begin, size_t end, char with) {
    for (size_t i = begin; i < end; i++)
        if (with != ' ' || t->masked[i] != '\n')
            t->masked[i] = with;
}

/* The number behind "indent ", or where it stands in its line. */
static size_t find_indent(const struct template_text *t, const struct template_part *part,
                          size_t line) {
    const char *p = t->clean + part->begin;
    const char *found = memmem(p, part->end - part->begin, "indent ", strlen("indent "));
    if (found == NULL)
        return part->begin - line;
    size_t indent = 0;
    for (found += strlen("indent "); *found >= '0' && *found <= '9' && indent < 1000; found++)
        indent = 10 * indent + (size_t)(*found - '0');
    return indent;
}

static void blank(struct masker *m, struct template_part part, enum part_kind kind, size_t line) {
    part.indent = find_indent(m->text, &part, line);
    fill(m->text, part.begin, part.end, ' ');
    for (size_t i = part.begin; i < part.end; i++)
        m->text->clean[i] = m->text->masked[i];
    if (kind != PART_CONTROL)
        add_part(m, &m->text->inserted, &part);
    else if (part.conditions != 0 || part.branch != BRANCH_NONE)
        add_part(m, &m->text->controls, &part);
}

/* A line that holds nothing but templates. In a block scalar what is indented far
 * enough is its text. */
static void mask_alone(struct masker *m, size_t line, const struct template_part *parts,
                       size_t count) {
    bool text = m->in_block && parts[0].begin - line > m->block_column;
    for (size_t i = 0; i < count; i++) {
        struct template_part part = parts[i];
        enum part_kind kind = classify(m->text, &part);
        if (kind == PART_CONTROL || !text) {
            blank(m, part, kind, line);
            continue;
        }
        fill(m->text, part.begin, part.end, 'x');
        add_part(m, &m->text->values, &part);
    }
}

/* Whether what stands before it in the line ends with "key:". */
static bool follows_key(const struct template_text *t, size_t line, size_t at) {
    while (at > line && is_blank(t->masked[at - 1]))
        at--;
    return at > line && t->masked[at - 1] == ':';
}

static void mask_within(struct masker *m, size_t line, size_t end,
                        const struct template_part *parts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct template_part part = parts[i];
        enum part_kind kind = classify(m->text, &part);
        bool last = i + 1 == count && part.end >= end;
        if (kind == PART_INSERTION && last && !m->in_block &&
            follows_key(m->text, line, part.begin)) {
            blank(m, part, kind, line);
            continue;
        }
        fill(m->text, part.begin, part.end, 'x');
        add_part(m, &m->text->values, &part);
    }
}

/* The column of what a block scalar at the end of this line belongs to: its key, or
 * the last dash. */
static size_t find_block_column(const char *line, const char *end) {
    const char *p = line, *dash = line;
    while (p < end && *p == ' ')
        p++;
    dash = p;
    while (p + 1 < end && *p == '-' && p[1] == ' ') {
        dash = p;
        for (p++; p < end && *p == ' '; p++)
            continue;
    }
    return (size_t)((p < end && (*p == '|' || *p == '>') ? dash : p) - line);
}

/* Whether a line ends with "|" or ">" and their indicators, behind ':' or '-'. */
static bool opens_block(const char *line, const char *end) {
    size_t length = (size_t)(end - line);
    if (memchr(line, '|', length) == NULL && memchr(line, '>', length) == NULL)
        return false;
    const char *comment = memmem(line, length, " #", 2);
    end = comment == NULL ? end : comment;
    while (end > line && is_blank(end[-1]))
        end--;
    while (end > line && (end[-1] == '-' || end[-1] == '+' || (end[-1] >= '1' && end[-1] <= '9')))
        end--;
    if (end == line || (end[-1] != '|' && end[-1] != '>'))
        return false;
    for (end--; end > line && end[-1] == ' '; end--)
        continue;
    return end > line && (end[-1] == ':' || end[-1] == '-' || end[-1] == '|');
}

static void track_block(struct masker *m, size_t line, size_t end) {
    const char *masked = m->text->masked;
    size_t p = line;
    while (p < end && is_blank(masked[p]))
        p++;
    if (p == end || (m->in_block && p - line > m->block_column))
        return;
    m->in_block = opens_block(masked + line, masked + end);
    if (m->in_block)
        m->block_column = find_block_column(masked + line, masked + end);
}

#define LINE_PARTS 64 /* of one line; what stands behind them is not looked at together */

/* Masks the line at `line`; gives the place behind its end. Most hold nothing that could
 * begin a template. */
static size_t mask_line(struct masker *m, size_t line) {
    static const char begins[] = {'{', '<', '$', UNKNOWN_OPEN, '\n', '\0'};
    const struct template_text *t = m->text;
    size_t plain = line + strcspn(t->clean + line, begins);
    if (plain == t->length || t->clean[plain] == '\n') {
        track_block(m, line, plain);
        return plain + 1;
    }
    struct template_part parts[LINE_PARTS];
    size_t count = 0, p = line, end = line;
    bool comment = false, other = false;
    for (; p < t->length && t->clean[p] != '\n'; p++) {
        char c = t->clean[p];
        size_t close = !comment && (c == '{' || c == '<' || c == '$' || c == UNKNOWN_OPEN)
                           ? find_end(m, p)
                           : 0;
        if (close > 0) {
            if (count == LINE_PARTS) {
                mask_within(m, line, t->length, parts, count);
                count = 0;
                other = true;
            }
            parts[count++] = (struct template_part){.begin = p, .end = close};
            p = close - 1;
            end = close;
        } else if (!is_blank(c)) {
            comment = comment || (c == '#' && !other && count == 0);
            other = true;
            end = p + 1;
        }
    }
    if (count > 0 && !other)
        mask_alone(m, line, parts, count);
    else
        mask_within(m, line, end, parts, count);
    track_block(m, line, p);
    return p + 1;
}

/* Escapes tell nothing of structure, but for that of a quote and of a line end. */
static size_t mask_escape(struct template_text *t, size_t i) {
    char next = i + 1 < t->length ? t->clean[i + 1] : '\0';
    if (is_name(next) || next == '/' || next == '\\') {
        t->masked[i] = t->masked[i + 1] = 'x';
        return 2;
    }
    return next == '"' || next == '\'' ? 2 : 1;
}

static void mask_directives(struct template_text *t) {
    bool marked = t->length >= 3 && memcmp(t->clean, "\xef\xbb\xbf", 3) == 0;
    for (size_t i = marked ? 3 : 0; i < t->length;) {
        const char *end = memchr(t->clean + i, '\n', t->length - i);
        size_t next = end == NULL ? t->length : (size_t)(end - t->clean);
        if (next - i >= 5 &&
            (memcmp(t->clean + i, "%YAML", 5) == 0 || memcmp(t->clean + i, "%TAG ", 5) == 0))
            fill(t, i, next, ' ');
        i = next + 1;
    }
}

/* Nothing to YAML by itself, and to nobody here. */
static bool is_harmless(unsigned char c) {
    return c >= ' ' && c < 0x7f && c != '@' && c != '`' && c != '%' && c != '\\';
}

static void mask_bytes(struct template_text *t, bool marked) {
    for (size_t i = 0; i < t->length;) {
        if (is_harmless((unsigned char)t->clean[i])) {
            i++;
            continue;
        }
        size_t size = text_utf8_size(t->clean + i, t->length - i);
        unsigned char c = (unsigned char)t->clean[i];
        if (size == 0) {
            if (!marked || !unknown_is_mark(t->clean[i]))
                t->clean[i] = '?';
            size = 1;
        }
        bool reserved = c == '@' || c == '`' || c == '%';
        bool control = c < ' ' && c != '\n' && c != '\t' && c != '\r';
        for (size_t k = 0; k < size && (reserved || control || c >= 0x7f); k++)
            t->masked[i + k] = 'x';
        if (c == '\\')
            size = mask_escape(t, i);
        i += size;
    }
}

int template_mask(const char *bytes, size_t length, bool marked, struct arena *arena,
                  struct template_text *ret) {
    struct template_text text = {.clean = arena_text(arena, bytes, length),
                                 .masked = arena_text(arena, bytes, length),
                                 .length = length};
    if (text.clean == NULL || text.masked == NULL)
        return -1;
    mask_bytes(&text, marked);
    mask_directives(&text);
    struct masker m = {.text = &text, .arena = arena};
    for (size_t line = 0; line < length && !m.failed;)
        line = mask_line(&m, line);
    if (m.failed)
        return -1;
    *ret = text;
    return 0;
}
