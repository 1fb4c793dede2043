/* plan_fixture.h: a plan and its rounds, step by step. */
#ifndef ARRESTOR_TEST_PLAN_FIXTURE_H
#define ARRESTOR_TEST_PLAN_FIXTURE_H

#include "tests/unit/plan_world.h"

#define POLL    2000u
#define OVERLAP 300000u

static inline struct plan make(bool looks, bool logs_in, uint32_t addresses) {
    struct plan_settings settings = {.poll_ms = looks ? POLL : MINUTE,
                                     .overlap_ms = OVERLAP,
                                     .wait_ms = MINUTE,
                                     .grace_ms = 10 * SECOND,
                                     .addresses = addresses,
                                     .looks = looks,
                                     .logs_in = logs_in,
                                     .seed = 42};
    return plan_make(&settings);
}

static inline struct plan_action expect(const struct plan *plan, uint64_t now,
                                        enum plan_step step) {
    struct plan_action action = plan_next(plan, now);
    if (action.step != step)
        fail_msg("at %llu: step %d instead of %d", (unsigned long long)now, action.step, step);
    return action;
}

/* Runs the round that is due at `now` and ends it so. */
static inline enum plan_note end(struct plan *plan, uint64_t now, struct plan_outcome outcome) {
    struct plan_action action = plan_next(plan, now);
    if (action.step == PLAN_WAIT || action.step == PLAN_LOOK || action.step == PLAN_GIVE_UP)
        fail_msg("at %llu there is no round but step %d", (unsigned long long)now, action.step);
    plan_on_begun(plan, &action);
    return plan_on_ended(plan, now, &outcome);
}

#define OK_ROUND(n)                                                                                \
    (struct plan_outcome) {                                                                        \
        .generation = (n), .version = 7, .changed = true, .redirect = -1                           \
    }
#define FAULT(c)                                                                                   \
    (struct plan_outcome) {                                                                        \
        .code = (c), .redirect = -1                                                                \
    }

/* A plan whose first set has been published at 1000. */
static inline struct plan make_standing(bool looks, bool logs_in, uint32_t addresses) {
    struct plan plan = make(looks, logs_in, addresses);
    plan_on_standing(&plan, 1000, WALL, 0, NULL, false);
    (void)end(&plan, 1000, OK_ROUND(1));
    return plan;
}

static inline uint64_t next_at(const struct plan *plan, uint64_t now) {
    return expect(plan, now, PLAN_WAIT).until;
}

static inline struct lease_table make_table(uint64_t expires) {
    static struct lease lease;
    lease = (struct lease){.name = "a", .store = "vault", .version = 1, .expires_ms = expires};
    return (struct lease_table){.generation = 4, .box_version = 9, .leases = &lease, .count = 1};
}

#endif
