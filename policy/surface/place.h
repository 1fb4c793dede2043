/* place.h: where the bytes of a text stand in its file, for texts that were taken
 * out of another one: a script in a YAML block, a command line in a JSON string.
 * Pure. */
#ifndef ARRESTOR_POLICY_PLACE_H
#define ARRESTOR_POLICY_PLACE_H

#include <stddef.h>

#include "policy/surface/setting.h"

struct arena;

/* From offset on the bytes of the text stand side by side in the file, beginning
 * there, until the next segment. Lines and columns are 1-based; columns count bytes. */
struct place_segment {
    size_t offset, line, column;
};

struct place_map {
    const char *file;
    const struct place_segment *segments; /* by offset; the first one has offset 0 */
    size_t count;
};

/* The map of a whole file: one segment for each line (LF ends one). 0, or -1 when
 * memory is exhausted. */
int place_file(const char *file, const char *bytes, size_t length, struct arena *arena,
               struct place_map *ret);

/* Index of the segment that the byte at that offset stands in. */
size_t place_find_segment(const struct place_map *map, size_t offset);

/* Where the byte at that offset stands. */
struct origin place_find(const struct place_map *map, size_t offset);

#endif
