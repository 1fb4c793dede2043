#include "sidecar/lease/lease_read.h"

#include <stdlib.h>
#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/json_text.h"

json_t *lease_read_object(const char *text, size_t length, const char *what, struct error *err) {
    json_t *object = NULL;
    if (length > 0 && length <= LIMIT_LEASE_BYTES &&
        json_text_load(text, length, JSON_REJECT_DUPLICATES, &object, err) != 0)
        return NULL;
    if (json_is_object(object))
        return object;
    json_decref(object);
    error_set(err, ERROR_PROTOCOL, "this is no %s", what);
    return NULL;
}

int lease_read_number(const json_t *object, const char *key, uint64_t max, uint64_t *ret) {
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || (uint64_t)number > max)
        return -1;
    *ret = (uint64_t)number;
    return 0;
}

int lease_read_time(const json_t *object, const char *key, uint64_t *ret) {
    return lease_read_number(object, key, LIMIT_WALL_MS, ret);
}

int lease_read_bool(const json_t *object, const char *key, bool *ret) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_boolean(value))
        return -1;
    *ret = json_is_true(value);
    return 0;
}

int lease_read_text(const json_t *object, const char *key, struct arena *arena, const char **ret) {
    const json_t *value = json_object_get(object, key);
    size_t length = json_string_length(value);
    if (!json_is_string(value) || length == 0 || length > LIMIT_SECRET_NAME)
        return -1;
    char *copy = arena_text(arena, json_string_value(value), length);
    if (copy == NULL)
        return -1;
    *ret = copy;
    return 0;
}

static int read_lease(const json_t *object, struct arena *arena, struct lease *lease) {
    return !json_is_object(object) || lease_read_text(object, "name", arena, &lease->name) != 0 ||
                   lease_read_text(object, "store", arena, &lease->store) != 0 ||
                   lease_read_number(object, "version", LEASE_NUMBER_MAX, &lease->version) != 0 ||
                   lease_read_time(object, "fetched_ms", &lease->fetched_ms) != 0 ||
                   lease_read_time(object, "expires_ms", &lease->expires_ms) != 0
               ? -1
               : 0;
}

static int compare_names(const void *a, const void *b) {
    const struct lease *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static int reject_twins(const struct lease *leases, size_t count, struct arena *arena) {
    const struct lease **sorted = arena_array(arena, count, sizeof *sorted);
    if (sorted == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &leases[i];
    if (count > 1)
        qsort(sorted, count, sizeof *sorted, compare_names);
    for (size_t i = 1; i < count; i++)
        if (compare_names(&sorted[i - 1], &sorted[i]) == 0)
            return -1;
    return 0;
}

int lease_read_list(const json_t *object, struct arena *arena, const struct lease **ret,
                    size_t *count) {
    const json_t *list = json_object_get(object, "secrets");
    size_t size = json_array_size(list);
    if (!json_is_array(list) || size > LIMIT_SECRETS)
        return -1;
    struct lease *leases = arena_array(arena, size, sizeof *leases);
    if (leases == NULL)
        return -1;
    for (size_t i = 0; i < size; i++)
        if (read_lease(json_array_get(list, i), arena, &leases[i]) != 0)
            return -1;
    if (reject_twins(leases, size, arena) != 0)
        return -1;
    *ret = leases;
    *count = size;
    return 0;
}

unsigned long long lease_bound(uint64_t value, uint64_t max) {
    return value > max ? max : value;
}
