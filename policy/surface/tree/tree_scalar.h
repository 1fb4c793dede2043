/* tree_scalar.h: the text of a YAML scalar from the bytes it is written in, and
 * where each of its bytes stands. Private to tree/. */
#ifndef ARRESTOR_POLICY_TREE_SCALAR_H
#define ARRESTOR_POLICY_TREE_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/surface/place.h"
#include "policy/surface/tree/tree_template.h"
#include "sidecar/base/buffer.h"

enum scalar_style { SCALAR_PLAIN, SCALAR_SINGLE, SCALAR_DOUBLE, SCALAR_LITERAL, SCALAR_FOLDED };

/* Reads one scalar after the other, in the order of the input. */
struct scalar_reader {
    const struct template_text *input;
    const struct place_map *file;
    struct arena *arena;
    size_t part;             /* the first of input->values that may lie ahead */
    size_t look;             /* the same, for questions ahead of what was taken */
    size_t at;               /* where it reads */
    bool substitutes;        /* "${…}" is unknown too (!Sub of CloudFormation) */
    struct buffer text, map; /* of the one being read */
    size_t next;             /* where the byte after the last one taken stands */
};

/* A reader of that input; it holds buffers until scalar_end. */
struct scalar_reader scalar_begin(const struct template_text *input, const struct place_map *file,
                                  struct arena *arena);

/* Frees the buffers. */
void scalar_end(struct scalar_reader *r);

struct scalar {
    const char *text;
    size_t length;
    struct place_map map;
};

/* The scalar of that style from begin (its quote, its '|', its first byte) to end, as
 * libyaml has found them; a block scalar stands in a collection at that indent (its
 * column, or -1), and ends by itself. 0, or -1 when memory is exhausted. */
int scalar_read(struct scalar_reader *r, enum scalar_style style, size_t begin, size_t end,
                long indent, struct scalar *ret);

/* The bytes from begin to end as one unknown part. 0 or -1. */
int scalar_unknown(struct scalar_reader *r, size_t begin, size_t end, struct scalar *ret);

#endif
