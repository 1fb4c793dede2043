/* catalogue_rows.h: the catalogue as it is written down, for the build's catalogue-compile.
 *
 * catalogue.tsv has what the jars of Spark tell, one row a key (tests/ref/catalogue writes
 * it); kept.txt has what they cannot tell. */
#ifndef ARRESTOR_POLICY_CATALOGUE_ROWS_H
#define ARRESTOR_POLICY_CATALOGUE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/data/catalogue/catalogue_table.h"

struct arena;
struct error;

/* Columns of catalogue.tsv, in order. */
enum column {
    COLUMN_KEY,
    COLUMN_VERSIONS,
    COLUMN_KIND,
    COLUMN_TYPE,
    COLUMN_UNIT,
    COLUMN_VALUES,
    COLUMN_FOLDS,
    COLUMN_SINCE,
    COLUMN_DEFAULT,
    COLUMN_OLDER,
    COLUMN_PREPENDED,
    COLUMN_FALLBACK,
    COLUMN_WARNED,
    COLUMN_REMOVED,
    COLUMN_JAR,
    COLUMNS
};

struct row {
    const char *cells[COLUMNS];
    uint8_t versions; /* one bit a version */
    enum catalogue_owner owner;
    bool security, substitutes, literal, dropped;
};

struct family {
    const char *prefix;
    bool open;
};

#define CATALOGUE_ROWS     8192
#define CATALOGUE_FAMILIES 64

struct rows {
    struct arena *arena;
    struct catalogue_version versions[CATALOGUE_VERSIONS];
    size_t version_count;
    struct row *rows; /* sorted by key once both files are read */
    size_t count;
    struct family families[CATALOGUE_FAMILIES];
    size_t family_count;
};

/* Reads catalogue.tsv: text is taken apart where it stands and must live as long as
 * the rows. 0, or -1 with the line. */
int rows_read_table(struct rows *ret, char *text, struct error *err);

/* Reads kept.txt over the rows and sorts them. A word that is not known, a pattern
 * that fits nothing and a key that stands twice are errors. 0, or -1 with the line. */
int rows_read_kept(struct rows *rows, char *text, struct error *err);

/* The row of exactly this key, of sorted rows, or NULL. */
struct row *rows_find(const struct rows *rows, const char *key);

/* The next different fact of a cell: its text, and in which of the row's versions it
 * holds. *at is 0 at first. NULL behind the last; "-" is no fact and is passed over. */
const char *rows_next_fact(const struct rows *rows, const struct row *row, enum column column,
                           size_t *at, uint8_t *versions);

/* What a cell says in the newest of the row's versions, or "-". */
const char *rows_newest(const struct rows *rows, const struct row *row, enum column column);

#endif
