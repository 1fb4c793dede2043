#include <jansson.h>
#include <limits.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sidecar/secret/secret_set.h"

void *secret_alloc(size_t size) {
    return calloc(1, size > 0 ? size : 1);
}

void secret_free(void *memory) {
    if (memory == NULL)
        return;
    explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

void *secret_calloc(size_t count, size_t size) {
    size_t total;
    return __builtin_mul_overflow(count, size, &total) ? NULL : secret_alloc(total);
}

void *secret_realloc(void *memory, size_t size) {
    size_t had = memory != NULL ? malloc_usable_size(memory) : 0;
    if (memory != NULL && size <= had)
        return memory;
    void *moved = secret_alloc(size);
    if (moved == NULL)
        return NULL;
    if (had > 0)
        memcpy(moved, memory, had);
    secret_free(memory);
    return moved;
}

char *secret_strdup(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = secret_alloc(size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

/* A seed only spreads the buckets of hash tables; without randomness the
 * address of a local, which is random too, does. */
static size_t make_seed(void) {
    size_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
        seed = (size_t)&seed;
    return seed | 1;
}

#define PART_BYTES (LIMIT_LOCKED_HEAP / 20) /* so small that malloc takes it from the heap */

_Static_assert(PART_BYTES < 128 * 1024, "malloc(3): M_MMAP_THRESHOLD");

static bool may_lock(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
           (limit.rlim_cur == RLIM_INFINITY ||
            limit.rlim_cur >= LIMIT_LOCKED_HEAP + LIMIT_REGION_BYTES + 64 * 1024);
}

/* Values stand on the heap while they are worked on: its first LIMIT_LOCKED_HEAP bytes are
 * made at once and locked, so that what lies there is never swapped. What lies beyond, or in
 * a mapping of its own, is not locked. Nor is any of the heap where RLIMIT_MEMLOCK does not
 * leave room for it beside a region, which alone is locked then; nor where malloc is another,
 * so that its parts do not lie in a row. */
static void lock_heap(void) {
    unsigned char *parts[LIMIT_LOCKED_HEAP / PART_BYTES];
    const size_t count = sizeof parts / sizeof *parts;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (!may_lock() || mallopt(M_TRIM_THRESHOLD, INT_MAX) != 1)
        return;
    for (size_t i = 0; i < count; i++)
        parts[i] = malloc(PART_BYTES);
    unsigned char *begin = parts[0], *end = parts[count - 1];
    if (begin != NULL && end > begin && (size_t)(end - begin) < LIMIT_LOCKED_HEAP) {
        begin -= (uintptr_t)begin % page;
        (void)mlock2(begin, (size_t)(end - begin) + PART_BYTES, MLOCK_ONFAULT);
    }
    for (size_t i = 0; i < count; i++)
        free(parts[i]);
}

void secret_install_allocators(void) {
    lock_heap();
    json_set_alloc_funcs(secret_alloc, secret_free);
    json_object_seed(make_seed());
}
