/* properties.h: Java properties, as Spark reads spark-defaults.conf and every
 * --properties-file: java.util.Properties.load(Reader) on UTF-8 (Spark:
 * Utils.getPropertiesFromFile; reference spark-security 1.5). Pure. */
#ifndef ARRESTOR_POLICY_PROPERTIES_H
#define ARRESTOR_POLICY_PROPERTIES_H

#include <stddef.h>

#include "policy/surface/setting.h"

struct arena;
struct buffer;
struct error;
struct place_map;

/* Parses bytes into *ret, in the order of the file, duplicates kept (the last
 * one wins in Java). Lines and columns are 1-based; a column counts bytes; the
 * value's place is where its first character stands, also on a continuation
 * line, or where it would stand. Nothing is trimmed beyond the grammar.
 *
 * Bytes that are not UTF-8 become U+FFFD as in Java's reader; an unpaired
 * surrogate of a \u escape is kept in its three-byte form, so that
 * properties_write gives it back. A byte order mark stays glued to the first
 * key, as in Java.
 *
 * `name` is used in origins and errors and must outlive *ret. Texts live in the
 * arena. 0, or -1: ERROR_INPUT for a file with a NUL byte (binary) or a value
 * with \u0000 in it, ERROR_SPARK for a malformed \u escape (Java throws), with
 * the place; ERROR_INPUT beyond LIMIT_SETTINGS; ERROR_MEMORY. */
int properties_parse(const char *bytes, size_t length, const char *name, struct arena *arena,
                     struct setting_list *ret, struct error *err);

/* The same for a text within another file, with places by `map`: an unknown part in its
 * marks (unknown.h) is text, and nothing in it is grammar. '?' stands for a byte that is no
 * UTF-8. */
int properties_parse_within(const char *bytes, size_t length, const struct place_map *map,
                            struct arena *arena, struct setting_list *ret, struct error *err);

/* The line after the last one, where a further setting would go. */
size_t properties_end(const char *bytes, size_t length);

/* Appends one line "key=value\n", escaped so that Java reads back the same two
 * strings, whatever they hold. Texts as properties_parse gives them. */
void properties_write(const char *key, const char *value, struct buffer *out);

/* The value as SparkSubmit keeps it: blanks and control characters up to U+0020
 * dropped at both ends, but CR and LF (Spark: Utils.trimExceptCRLF). Points into
 * value, and *length is what remains. */
const char *properties_trim(const char *value, size_t *length);

#endif
