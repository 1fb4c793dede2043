/* literal.h: what a string literal says, and where each byte of it stands. Pure. */
#ifndef ARRESTOR_POLICY_SOURCE_LITERAL_H
#define ARRESTOR_POLICY_SOURCE_LITERAL_H

#include "policy/surface/place.h"
#include "policy/surface/source/lexer.h"
#include "sidecar/base/buffer.h"

/* A text that is put together from pieces of a file. */
struct source_sink {
    struct buffer text;
    const struct place_map *file;   /* where the pieces stand; NULL: nobody asks */
    struct arena *arena;            /* of the segments */
    struct place_segment *segments; /* of the text, as a place_map has them */
    size_t count, room;
    size_t next;  /* the offset in the file that continues the last segment */
    bool starved; /* no memory for a segment */
};

/* Appends bytes that stand at that offset of the file as they are. */
void sink_put(struct source_sink *sink, const char *bytes, size_t length, size_t offset);

/* Appends bytes that are written otherwise there. */
void sink_decoded(struct source_sink *sink, const char *bytes, size_t length, size_t offset);

/* Appends an unknown part that stands there. */
void sink_unknown(struct source_sink *sink, const char *written, size_t length, size_t offset);

/* Appends what the string token at that offset of the file says: escapes are read as the
 * language reads them, what is filled in is unknown. A NUL becomes U+FFFD. */
void literal_put(struct source_sink *sink, const struct source_text *text, size_t offset,
                 size_t length);

#endif
