#include "sidecar/base/json_text.h"

#include <stdbool.h>

#include "sidecar/base/error.h"

/* jansson's allocators have no argument of their own; these live for one call. */
static json_malloc_t allocate;
static bool starved;

static void *allocate_and_note(size_t size) {
    void *memory = allocate(size);
    starved = starved || memory == NULL;
    return memory;
}

int json_text_load(const char *bytes, size_t length, size_t flags, json_t **ret,
                   struct error *err) {
    json_free_t release;
    json_get_alloc_funcs(&allocate, &release);
    starved = false;
    json_set_alloc_funcs(allocate_and_note, release);
    json_t *root = json_loadb(bytes, length, flags, NULL);
    json_set_alloc_funcs(allocate, release);
    if (starved) {
        json_decref(root);
        return error_set(err, ERROR_MEMORY, "no memory to read JSON");
    }
    *ret = root;
    return 0;
}
