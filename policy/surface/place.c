#include "policy/surface/place.h"

#include <string.h>

#include "sidecar/base/arena.h"

static size_t count_lines(const char *bytes, size_t length) {
    size_t lines = 1;
    for (size_t i = 0; i < length; i++)
        lines += bytes[i] == '\n';
    return lines;
}

int place_file(const char *file, const char *bytes, size_t length, struct arena *arena,
               struct place_map *ret) {
    size_t count = count_lines(bytes, length), line = 1;
    struct place_segment *segments = arena_array(arena, count, sizeof *segments);
    if (segments == NULL)
        return -1;
    segments[0] = (struct place_segment){.offset = 0, .line = 1, .column = 1};
    for (size_t i = 0; i < length; i++)
        if (bytes[i] == '\n') {
            segments[line] = (struct place_segment){.offset = i + 1, .line = line + 1, .column = 1};
            line++;
        }
    *ret = (struct place_map){.file = file, .segments = segments, .count = count};
    return 0;
}

struct origin place_find(const struct place_map *map, size_t offset) {
    size_t low = 0, high = map->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (map->segments[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    const struct place_segment *s = &map->segments[low];
    return (struct origin){.kind = ORIGIN_FILE,
                           .file = map->file,
                           .line = s->line,
                           .column = s->column + (offset - s->offset)};
}
