/* arena.h: memory that is given back all at once. For parsed data; never for
 * secrets of a store. What a conf holds may be one, so freeing wipes. */
#ifndef ARRESTOR_BASE_ARENA_H
#define ARRESTOR_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
    struct arena_block *spare; /* wiped ones that arena_clear has kept */
    size_t used;               /* bytes handed out, against limit */
    size_t limit;              /* a LIMIT_ of limits.h */
};

/* Empty arena that hands out at most limit bytes. */
struct arena arena_make(size_t limit);

/* Zeroed memory, aligned for any type; NULL when exhausted. size 0 is served. */
void *arena_alloc(struct arena *a, size_t size);

/* count × size, checked for overflow; NULL when exhausted. */
void *arena_array(struct arena *a, size_t count, size_t size);

/* A list that grows: items with room for one more after the first `count`, the old
 * ones copied. *room is how many fit and is raised. NULL when exhausted; the old
 * list is then as it was. */
void *arena_grow(struct arena *a, void *items, size_t count, size_t *room, size_t size);

/* Two lists of items of that size as one, the second behind the first. NULL when exhausted. */
void *arena_join(struct arena *a, const void *first, size_t first_count, const void *second,
                 size_t second_count, size_t size);

/* NUL-terminated copy of length bytes; NULL when exhausted. */
char *arena_text(struct arena *a, const char *bytes, size_t length);

/* printf into the arena; NULL when exhausted. */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Wipes everything and begins anew with some of the blocks, for whoever needs an arena
 * time and again. What was handed out must not be used any more. */
void arena_clear(struct arena *a);

/* Wipes and frees everything. */
void arena_free(struct arena *a);

#endif
