/* buffer.h: a growing byte buffer with a hard maximum. Never for secrets. */
#ifndef ARRESTOR_BASE_BUFFER_H
#define ARRESTOR_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data;    /* always NUL-terminated once something was added; else NULL */
    size_t length; /* without the NUL */
    size_t capacity;
    size_t limit; /* a LIMIT_ of limits.h */
    bool failed;  /* an append did not fit or memory was exhausted */
    bool starved; /* … memory was exhausted */
};

/* Empty buffer that never grows past limit bytes. */
struct buffer buffer_make(size_t limit);

/* Empty buffer in size bytes of the caller's: what is said of exhausted memory needs
 * none. It is not freed. */
struct buffer buffer_on(char *memory, size_t size);

/* Appends. On overflow or exhausted memory nothing is added and failed is set,
 * so that a caller may append freely and look once at the end. */
void buffer_bytes(struct buffer *b, const char *bytes, size_t length);
void buffer_text(struct buffer *b, const char *text);
void buffer_char(struct buffer *b, char c);
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends text as a JSON string with its quotes (RFC 8259 section 7). Bytes that
 * are not UTF-8 become U+FFFD, so that the result is always valid JSON. */
void buffer_json(struct buffer *b, const char *text, size_t length);

/* 0, or -1 where an append failed. */
int buffer_status(const struct buffer *b);

/* Frees; the buffer is empty and usable afterwards. NULL data is fine. */
void buffer_free(struct buffer *b);

#endif
