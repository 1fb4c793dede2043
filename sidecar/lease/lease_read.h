/* lease_read.h: what the lease table and status.json have in common. Pure.
 * Only for sidecar/lease. */
#ifndef ARRESTOR_LEASE_LEASE_READ_H
#define ARRESTOR_LEASE_LEASE_READ_H

#include <jansson.h>
#include <stdbool.h>

#include "sidecar/lease/lease_table.h"

/* The text as one JSON object (RFC 8259; no member twice, nothing behind it, at
 * most LIMIT_LEASE_BYTES). The caller's reference, or NULL with ERROR_PROTOCOL or
 * ERROR_MEMORY. */
json_t *lease_read_object(const char *text, size_t length, const char *what, struct error *err);

/* Members of an object; -1 where it is missing, of another type or out of range. */
int lease_read_number(const json_t *object, const char *key, uint64_t max, uint64_t *ret);
int lease_read_time(const json_t *object, const char *key, uint64_t *ret);
int lease_read_bool(const json_t *object, const char *key, bool *ret);
int lease_read_text(const json_t *object, const char *key, struct arena *arena, const char **ret);

/* The member "secrets": at most LIMIT_SECRETS leases, no name twice. */
int lease_read_list(const json_t *object, struct arena *arena, const struct lease **ret,
                    size_t *count);

/* A number as lease_read_number will take it again: never above max. */
unsigned long long lease_bound(uint64_t value, uint64_t max);

#define LEASE_NUMBER_MAX ((uint64_t)INT64_MAX) /* what jansson holds */

#endif
