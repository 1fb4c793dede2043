/* shell_text.h: texts whose every byte knows where it was written, also after it
 * went through quotes, variables and substitutions. Pure. */
#ifndef ARRESTOR_POLICY_SHELL_TEXT_H
#define ARRESTOR_POLICY_SHELL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/surface/document.h"
#include "policy/surface/place.h"

struct arena;
struct error;

/* From offset on the bytes stand side by side from that position on. */
struct shell_span {
    uint32_t offset, position;
};

/* Empty texts have one span as well: where they are written. */
struct shell_text {
    const char *text; /* NUL-terminated */
    size_t length;
    const struct shell_span *spans;
    size_t count;
};

/* One script: the input, or a text of it that is a script again. Its bytes have the
 * positions from base on. */
struct shell_source {
    uint32_t base;
    struct shell_text text;
};

/* What is shared by all that one reading does. */
struct shell_context {
    struct arena *arena;
    struct error *err;
    const struct place_map *map; /* of the first source */
    struct shell_source *sources;
    size_t source_count, source_room;
    size_t nodes; /* of syntax, against LIMIT_SHELL_NODES */
    size_t steps; /* of evaluation, against LIMIT_SHELL_STEPS */
    bool failed;
};

/* A context whose first source is those bytes. 0, or -1 (ERROR_INPUT: a NUL, too
 * long; ERROR_MEMORY). */
int shell_context_make(const char *bytes, size_t length, const struct place_map *map,
                       struct arena *arena, struct error *err, struct shell_context *ret);

/* Adds a text as a source. Its index, or -1. */
int shell_source_add(struct shell_context *c, const struct shell_text *text);

/* Where a position stands in the file. */
struct origin shell_place(const struct shell_context *c, uint32_t position);

/* The position of a byte of a text; the one behind the last byte too. */
uint32_t shell_position(const struct shell_text *text, size_t offset);

/* The same as a map for readers of inner texts; NULL and failed. */
const struct place_map *shell_map(struct shell_context *c, const struct shell_text *text);

/* Fails with what is wrong at that position. Returns -1. */
int shell_refuse(struct shell_context *c, uint32_t position, const char *what, const char *todo);
int shell_starve(struct shell_context *c);

/* The text as a word of a command line, with its place, and that of what stands
 * behind a '='. */
struct document_word shell_word_of(const struct shell_context *c, const struct shell_text *text);

/* Joins texts. */
struct shell_builder {
    struct shell_context *c;
    char *bytes;
    size_t length, room;
    struct shell_span *spans;
    size_t count, span_room;
    bool failed;
};

/* An empty one. */
struct shell_builder shell_builder_make(struct shell_context *c);

/* Appends bytes that stand from that position on. */
void shell_add(struct shell_builder *b, const char *bytes, size_t length, uint32_t position);

/* Appends a piece of a text with its places. */
void shell_add_text(struct shell_builder *b, const struct shell_text *text, size_t from,
                    size_t length);

/* An unknown part that is written as those bytes. */
void shell_add_unknown(struct shell_builder *b, const char *written, size_t length,
                       uint32_t position);

/* The whole, in the arena; position is that of an empty one. The builder is then
 * empty. 0, or -1 and failed. */
int shell_built(struct shell_builder *b, uint32_t position, struct shell_text *ret);
void shell_builder_free(struct shell_builder *b);

#endif
