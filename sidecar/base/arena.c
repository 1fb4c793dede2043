#include "sidecar/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    _Alignas(max_align_t) unsigned char bytes[];
};

#define BLOCK_BYTES 16384

/* Blocks that outlive arena_clear. A sanitizer sees no use of what is kept. */
#ifdef SANITIZED
#define KEPT_BLOCKS 0
#else
#define KEPT_BLOCKS 64
#endif

struct arena arena_make(size_t limit) {
    return (struct arena){.limit = limit};
}

static struct arena_block *add_block(struct arena *a, size_t size) {
    size_t bytes = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct arena_block *block = bytes == BLOCK_BYTES ? a->spare : NULL;
    if (block != NULL)
        a->spare = block->next;
    else if ((block = calloc(1, sizeof *block + bytes)) == NULL)
        return NULL;
    block->size = bytes;
    block->next = a->blocks;
    a->blocks = block;
    return block;
}

void *arena_alloc(struct arena *a, size_t size) {
    const size_t unit = _Alignof(max_align_t);
    if (size > a->limit || a->used > a->limit - size)
        return NULL;
    size_t rounded = (size + unit - 1) / unit * unit;
    struct arena_block *block = a->blocks;
    if (block == NULL || block->size - block->used < rounded)
        block = add_block(a, rounded);
    if (block == NULL)
        return NULL;
    void *memory = block->bytes + block->used;
    block->used += rounded;
    a->used += size;
    return memory;
}

void *arena_array(struct arena *a, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return arena_alloc(a, bytes);
}

void *arena_grow(struct arena *a, void *items, size_t count, size_t *room, size_t size) {
    if (count < *room)
        return items;
    size_t more = *room == 0 ? 8 : 2 * *room;
    void *grown = more < *room ? NULL : arena_array(a, more, size);
    if (grown == NULL)
        return NULL;
    if (count > 0)
        memcpy(grown, items, count * size);
    *room = more;
    return grown;
}

void *arena_join(struct arena *a, const void *first, size_t first_count, const void *second,
                 size_t second_count, size_t size) {
    size_t count;
    if (__builtin_add_overflow(first_count, second_count, &count))
        return NULL;
    char *joined = arena_array(a, count, size);
    if (joined != NULL && first_count > 0)
        memcpy(joined, first, first_count * size);
    if (joined != NULL && second_count > 0)
        memcpy(joined + first_count * size, second, second_count * size);
    return joined;
}

char *arena_text(struct arena *a, const char *bytes, size_t length) {
    if (length == SIZE_MAX)
        return NULL;
    char *text = arena_alloc(a, length + 1);
    if (text != NULL && length > 0)
        memcpy(text, bytes, length);
    return text;
}

char *arena_printf(struct arena *a, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = size < 0 ? NULL : arena_alloc(a, (size_t)size + 1);
    if (text == NULL)
        return NULL;
    va_start(args, format);
    (void)vsnprintf(text, (size_t)size + 1, format, args);
    va_end(args);
    return text;
}

void arena_clear(struct arena *a) {
    size_t room = KEPT_BLOCKS;
    for (struct arena_block *block = a->spare; block != NULL; block = block->next)
        room--;
    while (a->blocks != NULL) {
        struct arena_block *block = a->blocks;
        a->blocks = block->next;
        explicit_bzero(block->bytes, block->used);
        if (block->size > BLOCK_BYTES || room == 0) {
            free(block);
            continue;
        }
        block->used = 0;
        block->next = a->spare;
        a->spare = block;
        room--;
    }
    a->used = 0;
}

void arena_free(struct arena *a) {
    arena_clear(a);
    while (a->spare != NULL) {
        struct arena_block *block = a->spare;
        a->spare = block->next;
        free(block);
    }
}
