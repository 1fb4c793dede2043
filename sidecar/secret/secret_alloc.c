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
