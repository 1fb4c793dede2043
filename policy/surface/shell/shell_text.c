#include "policy/surface/shell/shell_text.h"

#include <stdlib.h>
#include <string.h>

#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"

int shell_starve(struct shell_context *c) {
    if (!c->failed)
        error_set(c->err, ERROR_MEMORY, "no memory for the script");
    c->failed = true;
    return -1;
}

int shell_refuse(struct shell_context *c, uint32_t position, const char *what, const char *todo) {
    if (c->failed)
        return -1;
    c->failed = true;
    struct origin origin = shell_place(c, position);
    error_set(c->err, ERROR_INPUT, "%s", what);
    error_at(c->err, origin.file, origin.line, origin.column);
    return error_todo(c->err, "%s", todo);
}

static size_t find_span(const struct shell_text *text, size_t offset) {
    size_t low = 0, high = text->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (text->spans[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint32_t shell_position(const struct shell_text *text, size_t offset) {
    const struct shell_span *span = &text->spans[find_span(text, offset)];
    return span->position + (uint32_t)(offset - span->offset);
}

/* The last source that begins at or before the position. */
static const struct shell_source *find_source(const struct shell_context *c, uint32_t position) {
    size_t low = 0, high = c->source_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (c->sources[middle].base <= position)
            low = middle;
        else
            high = middle;
    }
    return &c->sources[low];
}

struct origin shell_place(const struct shell_context *c, uint32_t position) {
    const struct shell_source *source = find_source(c, position);
    while (source != c->sources) {
        position = shell_position(&source->text, position - source->base);
        source = find_source(c, position);
    }
    return place_find(c->map, position);
}

int shell_source_add(struct shell_context *c, const struct shell_text *text) {
    const struct shell_source *last =
        c->source_count == 0 ? NULL : &c->sources[c->source_count - 1];
    size_t base = last == NULL ? 0 : (size_t)last->base + last->text.length + 1;
    if (text->length > LIMIT_SHELL_BYTES - base)
        return shell_refuse(c, 0, "the scripts in this script are too long to be read",
                            "split it into several");
    struct shell_source *grown =
        arena_grow(c->arena, c->sources, c->source_count, &c->source_room, sizeof *grown);
    if (grown == NULL)
        return shell_starve(c);
    c->sources = grown;
    grown[c->source_count] = (struct shell_source){.base = (uint32_t)base, .text = *text};
    return (int)c->source_count++;
}

int shell_context_make(const char *bytes, size_t length, const struct place_map *map,
                       struct arena *arena, struct error *err, struct shell_context *ret) {
    static const struct shell_span start = {0};
    struct shell_context c = {.arena = arena, .err = err, .map = map};
    struct shell_text text = {.length = length, .spans = &start, .count = 1};
    if (length > LIMIT_SHELL_BYTES)
        return error_set(err, ERROR_INPUT, "the script is longer than %u bytes", LIMIT_SHELL_BYTES);
    text.text = arena_text(arena, length == 0 ? "" : bytes, length);
    if (text.text == NULL || shell_source_add(&c, &text) != 0)
        return shell_starve(&c);
    const char *nul = memchr(text.text, '\0', length);
    if (nul != NULL)
        return shell_refuse(&c, (uint32_t)(nul - text.text), "a NUL byte: this is no script",
                            "name a text file");
    *ret = c;
    return 0;
}

/* How many segments the place map of a text has: spans, and lines within them. */
static size_t count_segments(const struct shell_text *text) {
    size_t count = text->count;
    for (size_t i = 0; i < text->length; i++)
        count += text->text[i] == '\n';
    return count;
}

static void add_segment(const struct shell_context *c, const struct shell_text *text, size_t offset,
                        struct place_segment *segments, size_t *count) {
    struct origin origin = shell_place(c, shell_position(text, offset));
    if (*count == 0 || segments[*count - 1].offset < offset)
        segments[(*count)++] = (struct place_segment){offset, origin.line, origin.column};
}

const struct place_map *shell_map(struct shell_context *c, const struct shell_text *text) {
    size_t room = count_segments(text), count = 0;
    struct place_segment *segments = arena_array(c->arena, room, sizeof *segments);
    struct place_map *map = arena_array(c->arena, 1, sizeof *map);
    if (segments == NULL || map == NULL) {
        shell_starve(c);
        return NULL;
    }
    size_t at = 0;
    for (size_t i = 0; i < text->count; i++) {
        size_t end = i + 1 < text->count ? text->spans[i + 1].offset : text->length;
        add_segment(c, text, text->spans[i].offset, segments, &count);
        for (; at < end; at++)
            if (text->text[at] == '\n' && at + 1 < end)
                add_segment(c, text, at + 1, segments, &count);
    }
    *map = (struct place_map){.file = c->map->file, .segments = segments, .count = count};
    return map;
}

struct document_word shell_word_of(const struct shell_context *c, const struct shell_text *text) {
    const char *sign = strchr(text->text, '=');
    struct document_word word = {.text = text->text,
                                 .origin = shell_place(c, shell_position(text, 0)),
                                 .value_origin = {.kind = ORIGIN_UNSET}};
    if (sign != NULL)
        word.value_origin = shell_place(c, shell_position(text, (size_t)(sign + 1 - text->text)));
    return word;
}

struct shell_builder shell_builder_make(struct shell_context *c) {
    return (struct shell_builder){.c = c};
}

static void *grow(struct shell_builder *b, void *items, size_t needed, size_t *room, size_t size) {
    if (b->failed || b->c->failed)
        return NULL;
    if (needed <= *room)
        return items;
    size_t more = *room == 0 ? 32 : 2 * *room;
    more = more < needed ? needed : more;
    void *grown = realloc(items, more * size);
    if (grown == NULL) {
        b->failed = true;
        shell_starve(b->c);
        return NULL;
    }
    *room = more;
    return grown;
}

static void add_span(struct shell_builder *b, uint32_t position) {
    if (b->count > 0) {
        const struct shell_span *last = &b->spans[b->count - 1];
        if (last->position + (b->length - last->offset) == position)
            return;
    }
    struct shell_span *spans = grow(b, b->spans, b->count + 1, &b->span_room, sizeof *spans);
    if (spans == NULL)
        return;
    b->spans = spans;
    if (b->count > 0 && spans[b->count - 1].offset == b->length)
        b->count--;
    spans[b->count++] = (struct shell_span){(uint32_t)b->length, position};
}

void shell_add(struct shell_builder *b, const char *bytes, size_t length, uint32_t position) {
    add_span(b, position);
    if (b->length + length > LIMIT_SHELL_TEXT) {
        b->failed = true;
        shell_refuse(b->c, position, "a text grows beyond all measure here",
                     "take the doubling out of the script");
    }
    char *grown = grow(b, b->bytes, b->length + length, &b->room, 1);
    if (grown == NULL)
        return;
    b->bytes = grown;
    if (length > 0)
        memcpy(b->bytes + b->length, bytes, length);
    b->length += length;
    b->c->steps += length / 16;
}

void shell_add_text(struct shell_builder *b, const struct shell_text *text, size_t from,
                    size_t length) {
    size_t i = find_span(text, from), end = from + length;
    do {
        size_t stop = i + 1 < text->count ? text->spans[i + 1].offset : text->length;
        stop = stop < end ? stop : end;
        shell_add(b, text->text + from, stop - from, shell_position(text, from));
        from = stop;
        i++;
    } while (from < end && !b->failed);
}

void shell_add_unknown(struct shell_builder *b, const char *written, size_t length,
                       uint32_t position) {
    static const char open = UNKNOWN_OPEN, close = UNKNOWN_CLOSE;
    shell_add(b, &open, 1, position);
    for (size_t i = 0, run; i < length; i += run + 1) {
        for (run = 0; i + run < length && written[i + run] != open && written[i + run] != close;)
            run++;
        shell_add(b, written + i, run, position + (uint32_t)i);
    }
    shell_add(b, &close, 1, position + (uint32_t)length);
}

int shell_built(struct shell_builder *b, uint32_t position, struct shell_text *ret) {
    if (b->count == 0)
        add_span(b, position);
    char *text =
        b->failed ? NULL : arena_text(b->c->arena, b->length == 0 ? "" : b->bytes, b->length);
    struct shell_span *spans = arena_array(b->c->arena, b->count, sizeof *spans);
    if (text == NULL || spans == NULL || b->failed) {
        shell_builder_free(b);
        return shell_starve(b->c);
    }
    memcpy(spans, b->spans, b->count * sizeof *spans);
    *ret = (struct shell_text){text, b->length, spans, b->count};
    b->length = b->count = 0;
    return 0;
}

void shell_builder_free(struct shell_builder *b) {
    free(b->bytes);
    free(b->spans);
    *b = (struct shell_builder){.c = b->c};
}
