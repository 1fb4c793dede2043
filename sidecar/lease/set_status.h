/* set_status.h: status.json, which place writes beside `current` with every
 * round, and `arrestor ready` and `arrestor status` read. Pure.
 *
 * It holds no value. It is true also when nobody lives to renew it, because it
 * says until when the set may be used; the reader brings the clock. All times
 * are milliseconds since 1970. */
#ifndef ARRESTOR_LEASE_SET_STATUS_H
#define ARRESTOR_LEASE_SET_STATUS_H

#include <stdbool.h>

#include "sidecar/base/error.h"
#include "sidecar/lease/lease_table.h"

#define SET_STATUS_FILE "status.json"

struct set_status {
    uint64_t generation;
    uint64_t published_ms;    /* this generation */
    uint64_t checked_ms;      /* the stores were last seen to agree with it */
    uint64_t stale_since_ms;  /* first failed round since then; 0: none */
    uint64_t grace_ms;        /* `grace:`: added to every expiry */
    enum error_code error;    /* of the last failed round; OK: none */
    const char *error_secret; /* which one it was about, or NULL */
    uint32_t error_detail;    /* HTTP status, or 0 */
    uint64_t ready_until_ms;  /* of set_status_parse_head; else 0, and the leases tell */
    size_t withdrawn;         /* files that are left out because a secret expired */
    const struct lease *leases;
    size_t count;
};

/* Reads status.json; as lease_table_parse. */
int set_status_parse(const char *text, size_t length, struct arena *arena, struct set_status *ret,
                     struct error *err);

/* Reads all but the secrets, which stand last: what a probe needs of a set of a
 * thousand, in the time of a set of one. count is then 0. As set_status_parse. */
int set_status_parse_head(const char *text, size_t length, struct arena *arena,
                          struct set_status *ret, struct error *err);

/* Appends it as one JSON object: numbers for machines, and "state" as
 * set_status_word says at `now_ms`. */
void set_status_format(const struct set_status *status, uint64_t now_ms, struct buffer *out);

/* "fresh"; "stale": a round has failed since, the last good set stands;
 * "expired": a secret is past its expiry and grace, or files were withdrawn. */
const char *set_status_word(const struct set_status *status, uint64_t now_ms);

/* Whether a job may use the set: a generation stands and nothing of it is past
 * expiry and grace. A stale set is ready. */
bool set_status_is_ready(const struct set_status *status, uint64_t now_ms);

#endif
