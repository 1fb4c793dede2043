#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

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

void secret_install_allocators(void) {
    json_set_alloc_funcs(secret_alloc, secret_free);
    json_object_seed(make_seed());
}
