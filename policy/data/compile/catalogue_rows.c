#include "policy/data/compile/catalogue_rows.h"

#include <stdlib.h>
#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/number.h"
#include "sidecar/base/text.h"

static const char change[] = " | ";

/* Cuts the first line off *text; NULL at the end. */
static char *next_line(char **text) {
    char *line = *text, *end = strchr(line, '\n');
    if (line[0] == '\0')
        return NULL;
    *text = end == NULL ? line + strlen(line) : end + 1;
    if (end != NULL)
        *end = '\0';
    return line;
}

/* "4.0" or "4.0.1" at text; *end is behind it. */
static bool read_version(const char *text, struct catalogue_version *ret, const char **end) {
    char *behind = NULL;
    unsigned long major = strtoul(text, &behind, 10), minor = 0;
    if (behind == text || *behind != '.' || major > 99)
        return false;
    const char *second = behind + 1;
    minor = strtoul(second, &behind, 10);
    if (behind == second || minor > 99)
        return false;
    *ret = (struct catalogue_version){(uint8_t)major, (uint8_t)minor};
    *end = behind;
    return true;
}

static int version_order(struct catalogue_version a, struct catalogue_version b) {
    return a.major != b.major ? a.major - b.major : a.minor - b.minor;
}

/* "# Spark 3.4.4 3.5.7 …; …" */
static bool read_versions(struct rows *ret, const char *line) {
    static const char start[] = "# Spark ";
    if (line == NULL || !text_starts(line, start))
        return false;
    for (const char *at = line + strlen(start); *at != ';';) {
        if (ret->version_count == CATALOGUE_VERSIONS ||
            !read_version(at, &ret->versions[ret->version_count++], &at))
            return false;
        at += strcspn(at, " ;"); /* past the third number */
        at += strspn(at, " ");
    }
    return ret->version_count > 0;
}

/* "3.4-4.0 4.2-" as bits, or 0. */
static uint8_t read_ranges(const struct rows *rows, const char *text) {
    unsigned bits = 0;
    while (*text != '\0') {
        struct catalogue_version first, last = rows->versions[rows->version_count - 1];
        if (!read_version(text, &first, &text) || *text++ != '-')
            return 0;
        if (*text != '\0' && *text != ' ' && !read_version(text, &last, &text))
            return 0;
        for (size_t i = 0; i < rows->version_count; i++)
            if (version_order(rows->versions[i], first) >= 0 &&
                version_order(rows->versions[i], last) <= 0)
                bits |= 1u << i;
        text += strspn(text, " ");
    }
    return (uint8_t)bits;
}

static bool read_cells(struct row *row, char *line) {
    for (size_t i = 0; i < COLUMNS; i++) {
        row->cells[i] = line;
        line += strcspn(line, "\t");
        if ((*line == '\0') != (i + 1 == COLUMNS))
            return false;
        *line++ = '\0';
    }
    return true;
}

int rows_read_table(struct rows *ret, char *text, struct error *err) {
    ret->rows = arena_array(ret->arena, CATALOGUE_ROWS, sizeof *ret->rows);
    if (ret->rows == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted");
    if (!read_versions(ret, next_line(&text)))
        return error_set(err, ERROR_INPUT, "line 1 names no versions");
    (void)next_line(&text); /* names of the columns */
    size_t number = 3;
    for (char *line; (line = next_line(&text)) != NULL; number++) {
        struct row *row = &ret->rows[ret->count];
        if (ret->count + 1 == CATALOGUE_ROWS || !read_cells(row, line))
            return error_set(err, ERROR_INPUT, "line %zu has not %d columns", number, COLUMNS);
        row->versions = read_ranges(ret, row->cells[COLUMN_VERSIONS]);
        if (row->versions == 0)
            return error_set(err, ERROR_INPUT, "line %zu: in which versions?", number);
        row->substitutes = strcmp(row->cells[COLUMN_KIND], "text") != 0;
        ret->count++;
    }
    return 0;
}

static int compare_rows(const void *a, const void *b) {
    const struct row *one = a, *other = b;
    return strcmp(one->cells[COLUMN_KEY], other->cells[COLUMN_KEY]);
}

struct row *rows_find(const struct rows *rows, const char *key) {
    struct row wanted = {.cells = {[COLUMN_KEY] = key}};
    return bsearch(&wanted, rows->rows, rows->count, sizeof wanted, compare_rows);
}

/* The version from which the part of a cell behind a change holds; its text. */
static const char *read_change(const char *part, struct catalogue_version *since) {
    const char *end = part;
    return read_version(part, since, &end) && text_starts(end, ": ") ? end + 2 : part;
}

static uint8_t versions_from(const struct rows *rows, struct catalogue_version since) {
    unsigned bits = 0;
    for (size_t i = 0; i < rows->version_count; i++)
        if (version_order(rows->versions[i], since) >= 0)
            bits |= 1u << i;
    return (uint8_t)bits;
}

const char *rows_next_fact(const struct rows *rows, const struct row *row, enum column column,
                           size_t *at, uint8_t *versions) {
    const char *cell = row->cells[column];
    while (*at <= strlen(cell)) {
        const char *part = cell + *at, *end = strstr(part, change);
        size_t length = end == NULL ? strlen(part) : (size_t)(end - part);
        struct catalogue_version since = {0, 0}, next = {0, 0};
        const char *text = *at == 0 ? part : read_change(part, &since);
        *versions = row->versions & versions_from(rows, since);
        if (end != NULL) {
            (void)read_change(end + strlen(change), &next);
            *versions &= (uint8_t)~versions_from(rows, next);
        }
        *at += length + strlen(change);
        length -= (size_t)(text - part);
        if (*versions != 0 && !(length == 1 && text[0] == '-'))
            return arena_text(rows->arena, text, length);
    }
    return NULL;
}

const char *rows_newest(const struct rows *rows, const struct row *row, enum column column) {
    const char *newest = "-";
    uint8_t last = 0, versions = 0;
    size_t at = 0;
    for (const char *text; (text = rows_next_fact(rows, row, column, &at, &versions)) != NULL;) {
        newest = versions > last ? text : newest;
        last = versions > last ? versions : last;
    }
    return newest;
}

/* ---- kept.txt */

struct word {
    const char *name;
    void (*apply)(struct row *row);
};

static void set_security(struct row *row) {
    row->security = true;
}

static void set_literal(struct row *row) {
    row->literal = true;
}

static void set_substitutes(struct row *row) {
    row->substitutes = true;
}

static void set_cluster(struct row *row) {
    row->owner = CATALOGUE_CLUSTER;
}

static void set_platform(struct row *row) {
    row->owner = CATALOGUE_PLATFORM;
}

static void set_job(struct row *row) {
    row->owner = CATALOGUE_JOB;
}

static void set_dropped(struct row *row) {
    row->dropped = true;
}

static const struct word words[] = {
    {"security", set_security}, {"literal", set_literal},   {"substitutes", set_substitutes},
    {"cluster", set_cluster},   {"platform", set_platform}, {"job", set_job},
    {"drop", set_dropped},
};

/* Words that fill a cell: "type=raw". */
static const struct {
    const char *start;
    enum column column;
} cells[] = {
    {"type=", COLUMN_TYPE},   {"unit=", COLUMN_UNIT},       {"kind=", COLUMN_KIND},
    {"since=", COLUMN_SINCE}, {"default=", COLUMN_DEFAULT}, {"fallback=", COLUMN_FALLBACK},
};

static bool apply_word(const struct rows *rows, struct row *row, const char *word) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].name, word) == 0) {
            words[i].apply(row);
            return true;
        }
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
        if (text_starts(word, cells[i].start)) {
            const char *value = word + strlen(cells[i].start);
            row->cells[cells[i].column] =
                cells[i].column == COLUMN_DEFAULT ? arena_printf(rows->arena, "=%s", value) : value;
            return row->cells[cells[i].column] != NULL;
        }
    return false;
}

/* "default@4.0=V": from that version on. */
static bool apply_change(const struct rows *rows, struct row *row, const char *word) {
    static const char start[] = "default@";
    const char *value = strchr(word, '=');
    if (!text_starts(word, start) || value == NULL)
        return false;
    int length = (int)(value - word - (ptrdiff_t)strlen(start));
    row->cells[COLUMN_DEFAULT] =
        arena_printf(rows->arena, "%s%s%.*s: =%s", row->cells[COLUMN_DEFAULT], change, length,
                     word + strlen(start), value + 1);
    return row->cells[COLUMN_DEFAULT] != NULL;
}

/* A row of its own for a key that no jar names; "versions=" says where it is. */
static struct row *add_row(struct rows *rows, const char *key, const char *versions) {
    uint8_t bits = read_ranges(rows, versions);
    if (rows->count + 1 == CATALOGUE_ROWS || bits == 0)
        return NULL;
    struct row *row = &rows->rows[rows->count++];
    for (size_t i = 0; i < COLUMNS; i++)
        row->cells[i] = "-";
    row->cells[COLUMN_KEY] = key;
    row->cells[COLUMN_KIND] = "text";
    row->versions = bits;
    return row;
}

static struct row *find_unsorted(const struct rows *rows, const char *key) {
    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(rows->rows[i].cells[COLUMN_KEY], key) == 0)
            return &rows->rows[i];
    return NULL;
}

#define LINE_WORDS 16

struct line {
    char *words[LINE_WORDS]; /* the first is the pattern */
    size_t count;
};

static bool split_line(char *text, struct line *ret) {
    for (char *at = text + strspn(text, " "); *at != '\0'; at += strspn(at, " ")) {
        if (ret->count == LINE_WORDS)
            return false;
        ret->words[ret->count++] = at;
        at += strcspn(at, " ");
        if (*at != '\0')
            *at++ = '\0';
    }
    return true;
}

static const char *apply_line(const struct rows *rows, struct row *row, const struct line *line) {
    for (size_t i = 1; i < line->count; i++) {
        const char *word = line->words[i];
        if (text_starts(word, "versions="))
            row->versions = read_ranges(rows, word + strlen("versions="));
        else if (!apply_word(rows, row, word) && !apply_change(rows, row, word))
            return word;
    }
    return NULL;
}

static int apply_key(struct rows *rows, const char *key, const struct line *line, size_t *hits,
                     struct error *err) {
    const char *wrong = NULL;
    bool pattern = strchr(key, '*') != NULL;
    struct row *row = pattern ? NULL : find_unsorted(rows, key);
    if (row == NULL && !pattern && line->count > 1 && text_starts(line->words[1], "versions="))
        row = add_row(rows, key, line->words[1] + strlen("versions="));
    if (row != NULL) {
        *hits += 1;
        wrong = apply_line(rows, row, line);
    }
    for (size_t i = 0; pattern && wrong == NULL && i < rows->count; i++)
        if (text_glob(key, rows->rows[i].cells[COLUMN_KEY])) {
            *hits += 1;
            wrong = apply_line(rows, &rows->rows[i], line);
        }
    return wrong == NULL ? 0 : error_set(err, ERROR_INPUT, "%s: what is %s?", key, wrong);
}

/* Braces name each of their words, as a shell's do: a{b,c}d. */
static int apply_pattern(struct rows *rows, const char *pattern, const struct line *line,
                         struct error *err) {
    size_t hits = 0, open = strcspn(pattern, "{");
    if (pattern[open] == '\0') {
        if (apply_key(rows, pattern, line, &hits, err) != 0)
            return -1;
        return hits > 0 ? 0 : error_set(err, ERROR_INPUT, "%s: no jar has such a key", pattern);
    }
    const char *end = strchr(pattern + open, '}');
    if (end == NULL)
        return error_set(err, ERROR_INPUT, "%s: a brace is not closed", pattern);
    for (const char *at = pattern + open; at != end;) {
        size_t length = strcspn(++at, ",}");
        const char *one =
            arena_printf(rows->arena, "%.*s%.*s%s", (int)open, pattern, (int)length, at, end + 1);
        if (one == NULL)
            return error_set(err, ERROR_MEMORY, "memory is exhausted");
        if (apply_pattern(rows, one, line, err) != 0)
            return -1;
        at += length;
    }
    return 0;
}

static int add_family(struct rows *rows, const struct line *line, struct error *err) {
    size_t length = strlen(line->words[0]);
    if (rows->family_count == CATALOGUE_FAMILIES || line->words[0][length - 1] != '*')
        return error_set(err, ERROR_INPUT, "%s is no family", line->words[0]);
    rows->families[rows->family_count++] = (struct family){
        .prefix = arena_text(rows->arena, line->words[0], length - 1),
        .open = line->count > 2 && strcmp(line->words[2], "open") == 0,
    };
    return 0;
}

/* What an older name has, the newer one has too: it is read in its place. */
static void inherit(struct rows *rows, const struct row *newer) {
    size_t at = 0;
    uint8_t versions = 0;
    for (const char *text; (text = rows_next_fact(rows, newer, COLUMN_OLDER, &at, &versions));) {
        while (*text != '\0') {
            size_t length = strcspn(text, " ");
            char *name = arena_text(rows->arena, text, length);
            struct row *older =
                name == NULL ? NULL : (name[strcspn(name, "*")] = '\0', rows_find(rows, name));
            if (older != NULL && strcmp(older->cells[COLUMN_TYPE], "-") == 0) {
                older->cells[COLUMN_TYPE] = newer->cells[COLUMN_TYPE];
                older->cells[COLUMN_UNIT] = newer->cells[COLUMN_UNIT];
                older->substitutes = newer->substitutes;
            }
            text += length + strspn(text + length, " ");
        }
    }
}

static int settle(struct rows *rows, struct error *err) {
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (!rows->rows[i].dropped)
            rows->rows[kept++] = rows->rows[i];
    rows->count = kept;
    qsort(rows->rows, rows->count, sizeof *rows->rows, compare_rows);
    for (size_t i = 1; i < rows->count; i++)
        if (compare_rows(&rows->rows[i - 1], &rows->rows[i]) == 0)
            return error_set(err, ERROR_INPUT, "%s stands twice", rows->rows[i].cells[COLUMN_KEY]);
    for (size_t i = 0; i < rows->count; i++)
        inherit(rows, &rows->rows[i]);
    return 0;
}

int rows_read_kept(struct rows *rows, char *text, struct error *err) {
    size_t number = 1;
    for (char *one; (one = next_line(&text)) != NULL; number++) {
        struct line line = {.count = 0};
        if (one[0] == '#')
            continue;
        if (!split_line(one, &line))
            return error_set(err, ERROR_INPUT, "line %zu has too many words", number);
        if (line.count == 0)
            continue;
        bool family = line.count > 1 && strcmp(line.words[1], "family") == 0;
        if ((family ? add_family(rows, &line, err)
                    : apply_pattern(rows, line.words[0], &line, err)) != 0)
            return -1;
    }
    return settle(rows, err);
}
