/* lease_table.h: what arrestor holds from the stores, without any value. Pure.
 *
 * fetch makes a table for each round, place completes it (generation, config)
 * and publishes it in state: as `leases`, warden plans by it, and the next round
 * or the next monitor goes on from it. JSON, written and read only here. All
 * times are milliseconds since 1970. */
#ifndef ARRESTOR_LEASE_LEASE_TABLE_H
#define ARRESTOR_LEASE_LEASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/base/limits.h"

struct arena;
struct buffer;
struct error;

#define LEASE_DIGEST_BYTES 65 /* hex of 32 bytes, and NUL */

/* One secret as it stands in the set. */
struct lease {
    const char *name;    /* in arrestor.yaml */
    const char *store;   /* "strongbox", "vault" */
    uint64_t version;    /* the store's number for this value */
    uint64_t fetched_ms; /* when this value was first had */
    uint64_t expires_ms; /* 0: does not expire by itself */
};

/* The store token, without the token. */
struct lease_session {
    bool held; /* there is one in state:/session */
    bool ours; /* by a login of arrestor's: renewed and revoked by it */
    bool renewable;
    uint64_t expires_ms; /* 0: for ever */
    uint64_t issued_ms;
};

struct lease_table {
    uint64_t generation;             /* of the set that was made from it */
    char config[LEASE_DIGEST_BYTES]; /* of the arrestor.yaml that it was made by */
    uint64_t box_version;            /* of the strongbox; 0: none is used */
    struct lease_session session;
    const struct lease *leases; /* by configuration order */
    size_t count;
};

/* Reads a table. Names and stores lie in the arena. ERROR_PROTOCOL where it is
 * not one (cut short, another format, a number out of range, more than
 * LIMIT_SECRETS); *ret untouched then. 0 or -1. Seed jansson before. */
int lease_table_parse(const char *text, size_t length, struct arena *arena, struct lease_table *ret,
                      struct error *err);

/* Appends the table as one JSON object and a newline; a fault shows in the
 * buffer's status. */
void lease_table_format(const struct lease_table *table, struct buffer *out);

/* The lease of that name, or NULL. */
const struct lease *lease_find(const struct lease_table *table, const char *name);

/* Digest of arrestor.yaml's bytes, for lease_table.config (BLAKE2b, libsodium). */
void lease_digest(const void *bytes, size_t length, char ret[LEASE_DIGEST_BYTES]);

#endif
