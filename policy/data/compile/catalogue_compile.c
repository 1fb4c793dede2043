/* catalogue-compile CATALOGUE.TSV KEPT.TXT: the catalogue of Spark's keys as C on standard
 * output. A tool of the build; arrestor itself reads neither file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/data/compile/catalogue_rows.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

#define TEXTS 16384

/* One or more strings behind each other, each with its NUL. */
struct text {
    const char *bytes;
    size_t length;
    uint32_t place;
};

struct writer {
    const struct rows *rows;
    struct buffer entries, facts, slips, prefixes;
    struct text *texts;
    size_t text_count, text_bytes, fact_count, entry_count;
    uint8_t entry_facts;
};

/* The place of these bytes in the block of text: equal ones stand there once. */
static uint32_t place_bytes(struct writer *w, const char *bytes, size_t length) {
    for (size_t i = 0; i < w->text_count; i++)
        if (w->texts[i].length == length && memcmp(w->texts[i].bytes, bytes, length) == 0)
            return w->texts[i].place;
    if (w->text_count == TEXTS) {
        w->entries.failed = true;
        return 0;
    }
    struct text *text = &w->texts[w->text_count++];
    *text = (struct text){bytes, length, (uint32_t)w->text_bytes};
    w->text_bytes += length;
    return text->place;
}

static uint32_t place_text(struct writer *w, const char *text) {
    return place_bytes(w, text, strlen(text) + 1);
}

/* Two strings, the second right behind the first. */
static uint32_t place_two(struct writer *w, const char *one, size_t one_length, const char *two,
                          size_t two_length) {
    char *both = arena_alloc(w->rows->arena, one_length + two_length + 2);
    if (both == NULL) {
        w->entries.failed = true;
        return 0;
    }
    memcpy(both, one, one_length);
    memcpy(both + one_length + 1, two, two_length);
    return place_bytes(w, both, one_length + two_length + 2);
}

static void add_fact(struct writer *w, enum fact_kind kind, uint8_t versions, unsigned number,
                     uint32_t text) {
    buffer_printf(&w->facts, "    {%d, %u, %u, %u},\n", (int)kind, versions, number, text);
    w->fact_count++;
    w->entry_facts++;
}

static const char *strip(const char *cell) {
    return cell[0] == '=' ? cell + 1 : NULL;
}

/* "NAME" or "NAME*1000k" of each word: a number under the old name counts so. */
static void add_older(struct writer *w, const char *names, uint8_t versions) {
    while (*names != '\0') {
        size_t length = strcspn(names, " "), name = strcspn(names, " *");
        char *unit = NULL;
        unsigned long times = 1;
        if (name < length)
            times = strtoul(names + name + 1, &unit, 10);
        size_t rest = unit == NULL ? 0 : length - (size_t)(unit - names);
        add_fact(w, FACT_OLDER, versions, (unsigned)times,
                 place_two(w, names, name, unit == NULL ? "" : unit, rest));
        names += length + strspn(names + length, " ");
    }
}

/* KEY "SEPARATOR" */
static void add_prepended(struct writer *w, const char *text, uint8_t versions) {
    size_t key = strcspn(text, " "), length = strlen(text);
    if (length < key + 4) {
        w->entries.failed = true;
        return;
    }
    size_t separator = length - key - 3;
    add_fact(w, FACT_PREPENDED, versions, 0, place_two(w, text, key, text + key + 2, separator));
}

/* VERSION: MESSAGE */
static void add_warned(struct writer *w, const char *text, uint8_t versions) {
    size_t version = strcspn(text, ":");
    if (!text_starts(text + version, ": ")) {
        w->entries.failed = true;
        return;
    }
    const char *message = text + version + 2;
    add_fact(w, FACT_WARNED, versions, 0, place_two(w, text, version, message, strlen(message)));
}

static void add_values(struct writer *w, const char *text, uint8_t versions) {
    size_t length = strlen(text) + 1;
    unsigned count = 1;
    char *values = arena_text(w->rows->arena, text, length - 1);
    for (size_t i = 0; values != NULL && values[i] != '\0'; i++)
        if (values[i] == ' ') {
            values[i] = '\0';
            count++;
        }
    add_fact(w, FACT_VALUES, versions, count, place_bytes(w, values == NULL ? "" : values, length));
}

static void add_value(struct writer *w, enum fact_kind kind, const char *text, uint8_t versions) {
    if (text != NULL)
        add_fact(w, kind, versions, 0, place_text(w, text));
}

static void add_column(struct writer *w, const struct row *row, enum column column) {
    size_t at = 0;
    uint8_t versions = 0;
    for (const char *text; (text = rows_next_fact(w->rows, row, column, &at, &versions)) != NULL;) {
        switch (column) {
        case COLUMN_DEFAULT:
            add_value(w, FACT_DEFAULT, strip(text), versions);
            break;
        case COLUMN_REMOVED:
            add_value(w, FACT_REMOVED, strip(text), versions);
            break;
        case COLUMN_FALLBACK:
            add_value(w, FACT_FALLBACK, text, versions);
            break;
        case COLUMN_OLDER:
            add_older(w, text, versions);
            break;
        case COLUMN_PREPENDED:
            add_prepended(w, text, versions);
            break;
        case COLUMN_WARNED:
            add_warned(w, text, versions);
            break;
        case COLUMN_VALUES:
            add_values(w, text, versions);
            break;
        default:
            break;
        }
    }
}

/* The words of columns, as numbers of catalogue.h. */
static const char *const types[] = {
    "string", "int",  "long",  "double",      "time",    "bytes", "enum",      "regex",
    "list",   "path", "class", "jvm-options", "boolean", "raw",   "transport", "hadoop"};
static const char *const units[] = {"-", "us", "ms", "s", "min", "h",
                                    "d", "b",  "k",  "m", "g",   "ns"};
static const char *const kinds[] = {"text", "core", "static", "sql"};

static unsigned number_of(struct writer *w, const char *word, const char *const *names,
                          size_t count) {
    for (unsigned i = 0; i < count; i++)
        if (strcmp(names[i], word) == 0)
            return i;
    fprintf(stderr, "catalogue-compile: what is %s?\n", word);
    w->entries.failed = true;
    return 0;
}

#define NUMBER_OF(w, word, names) number_of(w, word, names, sizeof names / sizeof names[0])

static void write_entry(struct writer *w, const struct row *row) {
    static const enum column columns[] = {COLUMN_DEFAULT,  COLUMN_OLDER,  COLUMN_PREPENDED,
                                          COLUMN_FALLBACK, COLUMN_WARNED, COLUMN_REMOVED,
                                          COLUMN_VALUES};
    const char *key = row->cells[COLUMN_KEY], *type = rows_newest(w->rows, row, COLUMN_TYPE);
    const char *since = rows_newest(w->rows, row, COLUMN_SINCE);
    size_t first = w->fact_count;
    w->entry_facts = 0;
    if (strcmp(since, "-") != 0)
        add_fact(w, FACT_SINCE, row->versions, 0, place_text(w, since));
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        add_column(w, row, columns[i]);
    buffer_printf(&w->entries, "    {%u, %zu, %u, %u, %u, %u, %u, %d, %d, %d, %d},\n",
                  place_text(w, key), first, w->entry_facts, row->versions,
                  strcmp(type, "-") == 0 ? TYPE_STRING : NUMBER_OF(w, type, types),
                  NUMBER_OF(w, rows_newest(w->rows, row, COLUMN_UNIT), units),
                  NUMBER_OF(w, rows_newest(w->rows, row, COLUMN_KIND), kinds), (int)row->owner,
                  row->security, row->substitutes && !row->literal,
                  strcmp(rows_newest(w->rows, row, COLUMN_FOLDS), "folds") == 0);
    if (row->security)
        buffer_printf(&w->slips, "    {UINT64_C(0x%llx), %zu, %zu},\n",
                      (unsigned long long)catalogue_letters(key), w->entry_count, strlen(key));
    w->entry_count++;
}

static void write_text(struct buffer *out, const struct text *text) {
    buffer_printf(out, "\n    \"");
    for (size_t i = 0; i + 1 < text->length; i++) {
        unsigned char c = (unsigned char)text->bytes[i];
        if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '?')
            buffer_printf(out, "\\%03o", c);
        else
            buffer_char(out, (char)c);
    }
    buffer_text(out, "\",");
}

static void write_block(struct buffer *out, const struct writer *w) {
    buffer_text(out, "static const struct {\n");
    for (size_t i = 0; i < w->text_count; i++)
        buffer_printf(out, "    char t%zu[%zu];\n", i, w->texts[i].length);
    buffer_text(out, "} texts = {");
    for (size_t i = 0; i < w->text_count; i++)
        write_text(out, &w->texts[i]);
    buffer_text(out, "\n};\nconst char *const catalogue_text = (const char *)&texts;\n");
}

static void write_table(struct buffer *out, const char *type, const char *name,
                        const struct buffer *rows) {
    buffer_printf(out, "const struct %s %s[] = {\n%s};\n", type, name,
                  rows->data == NULL ? "" : rows->data);
}

/* The keys by their hash, so that one is found without a search. */
static void write_slots(struct buffer *out, struct writer *w) {
    const struct rows *rows = w->rows;
    size_t count = 1;
    while (count < 2 * rows->count)
        count *= 2;
    size_t *slots = arena_array(rows->arena, count, sizeof *slots);
    out->failed = out->failed || slots == NULL || rows->count >= UINT16_MAX;
    for (size_t i = 0; slots != NULL && i < rows->count; i++) {
        size_t at = catalogue_hash(rows->rows[i].cells[COLUMN_KEY]) & (count - 1);
        while (slots[at] != 0)
            at = (at + 1) & (count - 1);
        slots[at] = i + 1;
    }
    buffer_text(out, "const uint16_t catalogue_slots[] = {\n");
    for (size_t i = 0; slots != NULL && i < count; i++)
        buffer_printf(out, "    %zu,\n", slots[i]);
    buffer_printf(out, "};\nconst size_t catalogue_slot_count = %zu;\n", count);
}

static void write_all(struct buffer *out, struct writer *w) {
    const struct rows *rows = w->rows;
    struct buffer versions = buffer_make(LIMIT_REPORT_BYTES);
    for (size_t i = 0; i < rows->count; i++)
        write_entry(w, &rows->rows[i]);
    for (size_t i = 0; i < rows->family_count; i++)
        buffer_printf(&w->prefixes, "    {%u, %d},\n", place_text(w, rows->families[i].prefix),
                      rows->families[i].open);
    for (size_t i = 0; i < rows->version_count; i++)
        buffer_printf(&versions, "    {%u, %u},\n", rows->versions[i].major,
                      rows->versions[i].minor);
    buffer_text(out, "#include \"policy/data/catalogue/catalogue_table.h\"\n\n");
    write_block(out, w);
    write_table(out, "catalogue_version", "catalogue_versions", &versions);
    write_table(out, "catalogue_entry", "catalogue_entries", &w->entries);
    write_table(out, "catalogue_fact", "catalogue_facts", &w->facts);
    write_table(out, "catalogue_prefix", "catalogue_prefixes", &w->prefixes);
    write_table(out, "catalogue_slip", "catalogue_slips", &w->slips);
    static const char *const names[] = {"version", "prefix", "slip"};
    static const char *const tables[] = {"versions", "prefixes", "slips"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        buffer_printf(out,
                      "const size_t catalogue_%s_count = sizeof catalogue_%s / "
                      "sizeof catalogue_%s[0];\n",
                      names[i], tables[i], tables[i]);
    buffer_printf(out, "const size_t catalogue_count = %zu;\n", rows->count);
    write_slots(out, w);
    out->failed = out->failed || w->entries.failed || w->facts.failed || w->slips.failed ||
                  w->prefixes.failed || versions.failed || w->fact_count > UINT16_MAX;
    buffer_free(&versions);
}

static int read_file(const char *path, struct buffer *ret, struct error *err) {
    int fd = file_open(path, err), status = -1;
    if (fd >= 0) {
        status = file_read(fd, path, ret, err);
        (void)close(fd);
    }
    if (status == 0 && ret->data == NULL)
        return error_set(err, ERROR_INPUT, "%s is empty", path);
    return status;
}

static int compile(const char *table, const char *kept, struct rows *rows, struct buffer *out,
                   struct error *err) {
    struct buffer texts[2] = {buffer_make(LIMIT_INPUT_BYTES), buffer_make(LIMIT_INPUT_BYTES)};
    struct writer w = {.rows = rows,
                       .entries = buffer_make(LIMIT_REPORT_BYTES),
                       .facts = buffer_make(LIMIT_REPORT_BYTES),
                       .slips = buffer_make(LIMIT_REPORT_BYTES),
                       .prefixes = buffer_make(LIMIT_REPORT_BYTES)};
    int status = -1;
    w.texts = arena_array(rows->arena, TEXTS, sizeof *w.texts);
    if (w.texts != NULL && read_file(table, &texts[0], err) == 0 &&
        read_file(kept, &texts[1], err) == 0 && rows_read_table(rows, texts[0].data, err) == 0 &&
        rows_read_kept(rows, texts[1].data, err) == 0) {
        write_all(out, &w);
        status = buffer_status(out) == 0
                     ? 0
                     : error_set(err, ERROR_INTERNAL, "the tables cannot be written");
    }
    struct buffer *const all[] = {&texts[0], &texts[1], &w.entries,
                                  &w.facts,  &w.slips,  &w.prefixes};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buffer_free(all[i]);
    return status;
}

int main(int argc, char **argv) {
    struct error err = {0};
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct rows rows = {.arena = &arena};
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES), text = buffer_make(LIMIT_LOG_LINE);
    int status = EXIT_FAILURE;
    if (argc != 3)
        error_set(&err, ERROR_USAGE, "usage: catalogue-compile CATALOGUE.TSV KEPT.TXT");
    else if (compile(argv[1], argv[2], &rows, &out, &err) == 0 &&
             file_write_all(STDOUT_FILENO, out.data, out.length) == 0)
        status = EXIT_SUCCESS;
    if (status != EXIT_SUCCESS) {
        error_format(&err, &text);
        (void)file_write_all(STDERR_FILENO, text.data, text.data == NULL ? 0 : text.length);
    }
    buffer_free(&text);
    buffer_free(&out);
    arena_free(&arena);
    return status;
}
