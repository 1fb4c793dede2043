#include "policy/surface/place.h"

#include <string.h>

#include "sidecar/base/arena.h"

/* Behind the end of the line at `at`; NULL for the last line. */
static const char *find_next(const char *at, const char *end) {
    const char *stop = at == end ? NULL : memchr(at, '\n', (size_t)(end - at));
    return stop == NULL ? NULL : stop + 1;
}

int place_file(const char *file, const char *bytes, size_t length, struct arena *arena,
               struct place_map *ret) {
    bytes = length == 0 ? "" : bytes; /* an empty input may have no address */
    const char *end = bytes + length;
    size_t count = 1, line = 0;
    for (const char *at = find_next(bytes, end); at != NULL; at = find_next(at, end))
        count++;
    struct place_segment *segments = arena_array(arena, count, sizeof *segments);
    if (segments == NULL)
        return -1;
    for (const char *at = bytes; line < count; at = find_next(at, end), line++)
        segments[line] =
            (struct place_segment){.offset = (size_t)(at - bytes), .line = line + 1, .column = 1};
    *ret = (struct place_map){.file = file, .segments = segments, .count = count};
    return 0;
}

size_t place_find_segment(const struct place_map *map, size_t offset) {
    size_t low = 0, high = map->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (map->segments[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct origin place_find(const struct place_map *map, size_t offset) {
    const struct place_segment *s = &map->segments[place_find_segment(map, offset)];
    return (struct origin){.kind = ORIGIN_FILE,
                           .file = map->file,
                           .line = s->line,
                           .column = s->column + (offset - s->offset)};
}
