#include "policy/input/ignore.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/limits.h"

/* One step of a pattern. */
enum step_kind {
    STEP_BYTE,
    STEP_ONE,     /* '?': one byte but '/' */
    STEP_SET,     /* […]: one byte but '/' */
    STEP_RUN,     /* '*': any bytes but '/' */
    STEP_PARENTS, /* a leading or inner "**" and its '/': nothing, or anything up to a '/' */
    STEP_REST     /* a trailing "**": all that follows */
};

struct step {
    enum step_kind kind;
    unsigned char byte;
    const uint8_t *set; /* 32 bytes: a bit for each byte */
};

struct ignore_pattern {
    const struct step *steps;
    size_t count;
    bool keep;      /* begins with '!' */
    bool directory; /* ends in '/' */
    bool name_only; /* holds no '/': about the last part of a path */
    size_t plain;   /* so many steps at its start are bytes */
};

/* A pattern while it is read. */
struct reader {
    struct arena *arena;
    const char *at, *end;
    struct step *steps;
    size_t count;
    bool name_only, invalid, starved;
};

static void add_to_set(uint8_t *set, unsigned first, unsigned last) {
    for (unsigned c = first; c <= last; c++)
        set[c / 8] = (uint8_t)(set[c / 8] | 1u << c % 8);
}

static bool in_set(const uint8_t *set, unsigned char c) {
    return (set[c / 8] >> c % 8 & 1) != 0;
}

static int is_blank_byte(int c) {
    return c == ' ' || c == '\t';
}

/* [:name:], between its brackets; false for a name that nobody knows. */
static bool add_class(uint8_t *set, const char *name, size_t length) {
    static const struct {
        const char *name;
        int (*holds)(int);
    } classes[] = {{"alnum", isalnum}, {"alpha", isalpha}, {"blank", is_blank_byte},
                   {"cntrl", iscntrl}, {"digit", isdigit}, {"graph", isgraph},
                   {"lower", islower}, {"print", isprint}, {"punct", ispunct},
                   {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit}};
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strlen(classes[i].name) != length || memcmp(classes[i].name, name, length) != 0)
            continue;
        for (unsigned c = 0; c < 128; c++)
            if (classes[i].holds((int)c) != 0)
                add_to_set(set, c, c);
        return true;
    }
    return false;
}

/* The byte at r->at, 0 at the end. */
static unsigned char look(const struct reader *r, size_t ahead) {
    return (size_t)(r->end - r->at) > ahead ? (unsigned char)r->at[ahead] : 0;
}

/* At "[:" within a set; r->at then stands on the ']' that ends the class. False: what
 * follows is an ordinary '['. */
static bool read_class(struct reader *r, uint8_t *set) {
    const char *name = r->at + 2;
    const char *close = memchr(name, ']', (size_t)(r->end - name));
    if (close == NULL) {
        r->invalid = true;
        return true;
    }
    if (close == name || close[-1] != ':')
        return false;
    r->invalid = !add_class(set, name, (size_t)(close - 1 - name));
    r->at = close;
    return true;
}

/* The upper end of a range at "-x". */
static unsigned char read_upper(struct reader *r) {
    r->at++;
    if (look(r, 0) == '\\')
        r->at++;
    r->invalid = look(r, 0) == 0;
    return look(r, 0);
}

/* One member of a set; *before is what a range would begin with, 0 for nothing. */
static void read_member(struct reader *r, uint8_t *set, unsigned char *before) {
    unsigned char c = look(r, 0);
    if (c == '-' && *before != 0 && look(r, 1) != 0 && look(r, 1) != ']') {
        unsigned char upper = read_upper(r);
        add_to_set(set, *before, upper);
        *before = 0;
        return;
    }
    if (c == '[' && look(r, 1) == ':' && read_class(r, set)) {
        *before = 0;
        return;
    }
    if (c == '\\') {
        r->at++;
        c = look(r, 0);
    }
    r->invalid = r->invalid || c == 0;
    add_to_set(set, c, c);
    *before = c;
}

/* At the byte behind '['; r->at then stands behind the ']'. */
static void read_set(struct reader *r, struct step *step) {
    uint8_t *set = arena_alloc(r->arena, 32);
    unsigned char before = 0;
    if (set == NULL) {
        r->starved = true;
        return;
    }
    bool negated = look(r, 0) == '!' || look(r, 0) == '^';
    r->at += negated ? 1 : 0;
    do {
        read_member(r, set, &before);
        r->at += r->at < r->end ? 1 : 0;
        r->invalid = r->invalid || look(r, 0) == 0;
    } while (!r->invalid && look(r, 0) != ']');
    r->at += r->at < r->end ? 1 : 0;
    for (size_t i = 0; negated && i < 32; i++)
        set[i] = (uint8_t)~set[i];
    set['/' / 8] = (uint8_t)(set['/' / 8] & ~(1u << '/' % 8));
    *step = (struct step){.kind = STEP_SET, .set = set};
}

/* At the first '*' of several; "**" means more than "*" only where it is a whole part of
 * the path. */
static void read_stars(struct reader *r, const char *start, struct step *step) {
    bool begins = r->at == start || r->at[-1] == '/';
    size_t stars = 0;
    while (look(r, stars) == '*')
        stars++;
    r->at += stars;
    *step = (struct step){.kind = STEP_RUN};
    if (stars < 2 || !begins || r->name_only)
        return;
    if (r->at == r->end) {
        step->kind = STEP_REST;
    } else if (*r->at == '/') {
        step->kind = STEP_PARENTS;
        r->at++;
    }
}

static void read_steps(struct reader *r) {
    const char *start = r->at;
    while (r->at < r->end && !r->invalid && !r->starved) {
        struct step *step = &r->steps[r->count++];
        char c = *r->at;
        if (c == '*') {
            read_stars(r, start, step);
            continue;
        }
        r->at++;
        if (c == '[') {
            read_set(r, step);
            continue;
        }
        if (c == '\\') {
            r->invalid = r->at == r->end;
            c = (char)look(r, 0);
            r->at += r->invalid ? 0 : 1;
            *step = (struct step){.kind = STEP_BYTE, .byte = (unsigned char)c};
            continue;
        }
        *step = (struct step){.kind = c == '?' ? STEP_ONE : STEP_BYTE, .byte = (unsigned char)c};
    }
}

static size_t count_plain(const struct step *steps, size_t count) {
    size_t plain = 0;
    while (plain < count && steps[plain].kind == STEP_BYTE)
        plain++;
    return plain;
}

/* One line without its blanks at the end. Adds a pattern unless none can match. 0 or -1. */
static int read_pattern(struct reader *r, struct ignore_pattern *patterns, size_t *count) {
    struct ignore_pattern pattern = {.keep = look(r, 0) == '!'};
    r->at += pattern.keep ? 1 : 0;
    pattern.directory = r->end > r->at && r->end[-1] == '/';
    r->end -= pattern.directory ? 1 : 0;
    size_t length = (size_t)(r->end - r->at);
    if (length == 0 || length > LIMIT_IGNORE_PATTERN)
        return 0;
    pattern.name_only = r->name_only = memchr(r->at, '/', length) == NULL;
    r->at += *r->at == '/' ? 1 : 0;
    r->steps = arena_array(r->arena, length, sizeof *r->steps);
    if (r->steps == NULL)
        return -1;
    read_steps(r);
    if (r->invalid || r->starved)
        return r->starved ? -1 : 0;
    pattern.steps = r->steps;
    pattern.count = r->count;
    pattern.plain = count_plain(r->steps, r->count);
    patterns[(*count)++] = pattern;
    return 0;
}

/* Blanks at the end of a line count only behind a backslash. */
static const char *trim_end(const char *line, const char *end) {
    const char *blank = NULL;
    for (const char *p = line; p < end; p++) {
        if (*p == ' ') {
            blank = blank == NULL ? p : blank;
            continue;
        }
        blank = NULL;
        if (*p == '\\' && ++p == end)
            return end;
    }
    return blank == NULL ? end : blank;
}

static size_t count_lines(const char *bytes, size_t length) {
    size_t lines = 1;
    for (size_t i = 0; i < length; i++)
        lines += bytes[i] == '\n' ? 1 : 0;
    return lines;
}

int ignore_parse(const char *bytes, size_t length, struct arena *arena, struct ignore_list *ret) {
    static const char mark[] = "\xEF\xBB\xBF";
    struct ignore_pattern *patterns =
        arena_array(arena, count_lines(bytes, length), sizeof *patterns);
    const char *line = bytes, *stop = bytes + length;
    size_t count = 0;
    if (patterns == NULL)
        return -1;
    if (length >= 3 && memcmp(bytes, mark, 3) == 0)
        line += 3;
    while (line < stop) {
        const char *end = memchr(line, '\n', (size_t)(stop - line));
        const char *next = end == NULL ? stop : end + 1;
        end = end == NULL ? stop : end;
        end -= end > line && end[-1] == '\r' ? 1 : 0;
        const char *nul = memchr(line, '\0', (size_t)(end - line));
        end = nul != NULL ? nul : end; /* a C string to git */
        struct reader r = {.arena = arena, .at = line, .end = trim_end(line, end)};
        if (r.at < r.end && *r.at != '#' && read_pattern(&r, patterns, &count) != 0)
            return -1;
        line = next;
    }
    *ret = (struct ignore_list){patterns, count};
    return 0;
}

static bool is_free(enum step_kind kind) {
    return kind == STEP_RUN || kind == STEP_PARENTS || kind == STEP_REST;
}

/* Puts a step into the front, and those behind it as far as steps may match nothing. */
static void enter(const struct ignore_pattern *pattern, uint8_t *front, size_t step) {
    while (front[step] == 0) {
        front[step] = 1;
        if (step == pattern->count || !is_free(pattern->steps[step].kind))
            return;
        step++;
    }
}

static bool takes(const struct step *step, unsigned char c) {
    switch (step->kind) {
    case STEP_BYTE:
        return step->byte == c;
    case STEP_SET:
        return in_set(step->set, c);
    default:
        return c != '/';
    }
}

/* The front after one more byte; whether anything is left in it. A step of "parents" is
 * left only at a '/', but once begun it is kept: 2 instead of 1. */
static bool advance(const struct ignore_pattern *pattern, const uint8_t *front, uint8_t *next,
                    unsigned char c) {
    bool any = false;
    memset(next, 0, pattern->count + 1);
    for (size_t i = 0; i < pattern->count; i++) {
        const struct step *step = &pattern->steps[i];
        if (front[i] == 0)
            continue;
        if (step->kind == STEP_PARENTS) {
            if (c == '/')
                enter(pattern, next, i + 1);
            next[i] = next[i] == 0 ? 2 : next[i];
        } else if (step->kind == STEP_REST || (step->kind == STEP_RUN && c != '/')) {
            enter(pattern, next, i);
        } else if (step->kind != STEP_RUN && takes(step, c)) {
            enter(pattern, next, i + 1);
        } else {
            continue;
        }
        any = true;
    }
    return any;
}

static bool matches(const struct ignore_pattern *pattern, const char *text) {
    /* Which steps may be next, and which after one more byte, by their number. */
    uint8_t fronts[2][LIMIT_IGNORE_PATTERN + 1] = {{0}}, *front = fronts[0], *next = fronts[1];
    for (size_t i = 0; i < pattern->plain; i++)
        if ((unsigned char)text[i] != pattern->steps[i].byte)
            return false;
    if (pattern->plain == pattern->count)
        return text[pattern->plain] == '\0';
    enter(pattern, front, pattern->plain);
    for (const char *p = text + pattern->plain; *p != '\0'; p++) {
        if (!advance(pattern, front, next, (unsigned char)*p))
            return false;
        uint8_t *swap = front;
        front = next;
        next = swap;
    }
    return front[pattern->count] != 0;
}

enum ignore_verdict ignore_match(const struct ignore_list *list, const char *path, bool directory) {
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    for (size_t i = list->count; i > 0; i--) {
        const struct ignore_pattern *pattern = &list->patterns[i - 1];
        if (pattern->directory && !directory)
            continue;
        if (matches(pattern, pattern->name_only ? name : path))
            return pattern->keep ? IGNORE_NO : IGNORE_YES;
    }
    return IGNORE_SILENT;
}
