/* plan.h: when what is renewed. Pure: time comes in, a step comes out.
 *
 * The set is fetched once at the start and again when the store's version is
 * another one. A round that fails keeps the set that stands and is tried again
 * with growing pauses. The generation before the newest is retired once
 * `overlap` has passed. All times are milliseconds of one monotonic clock. */
#ifndef ARRESTOR_WARDEN_PLAN_H
#define ARRESTOR_WARDEN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

struct plan {
    uint64_t poll_ms, overlap_ms;
    uint64_t version;    /* of the store, as placed; 0: nothing is placed yet */
    uint64_t generation; /* newest one that stands; 0: none */
    uint64_t poll_at;    /* next look at the store */
    uint64_t retire_at;  /* 0: nothing to retire */
    unsigned failures;   /* rounds in a row */
};

enum plan_step { PLAN_WAIT, PLAN_LOOK, PLAN_RETIRE };

/* A plan that looks at once. version and generation: what a lease table tells
 * of an earlier warden, or 0. */
struct plan plan_make(uint64_t now, uint64_t poll_ms, uint64_t overlap_ms, uint64_t version,
                      uint64_t generation);

/* What is due; for PLAN_WAIT *until is the time to ask again. */
enum plan_step plan_next(const struct plan *plan, uint64_t now, uint64_t *until);

/* The store has shown its version: whether a round is due. */
bool plan_on_version(struct plan *plan, uint64_t now, uint64_t version);

/* The store could not be looked at. */
void plan_on_blind(struct plan *plan, uint64_t now);

/* A round has published `generation` of `version`, or has failed. */
void plan_on_published(struct plan *plan, uint64_t now, uint64_t version, uint64_t generation);
void plan_on_failed(struct plan *plan, uint64_t now);

/* A retirement was carried out (or failed, and is not tried again). */
void plan_on_retired(struct plan *plan);

#endif
