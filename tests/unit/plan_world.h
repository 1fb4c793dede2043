/* plan_world.h: a store on simulated time, for the properties of the plan: it is
 * up, down, sealed or refuses, and its tokens live, are renewed and die. */
#ifndef ARRESTOR_TEST_PLAN_WORLD_H
#define ARRESTOR_TEST_PLAN_WORLD_H

#include <stdio.h>
#include <string.h>

#include "sidecar/base/limits.h"
#include "sidecar/lease/lease_table.h"
#include "sidecar/warden/plan.h"
#include "sidecar/wire/message.h"

#define SECOND  1000u
#define MINUTE  (60u * SECOND)
#define HOUR    (60u * MINUTE)
#define WALL    1763733000000u /* what the wall clock shows at 0 */
#define TROUBLE 12
#define WINDOW  4096

struct trouble {
    uint64_t from, to;
    enum error_code code;
};

struct world {
    struct plan plan;
    struct plan_settings settings;
    uint64_t random, seed, now;
    struct trouble troubles[TROUBLE];
    size_t trouble_count;
    uint64_t slowest_ms; /* a round takes at most */
    /* The token. */
    bool has_token, renewable;
    uint64_t ttl, max_ttl, token_end, token_max, token_issued;
    /* What the rounds have made. */
    uint64_t generation, version, new_version_every;
    struct lease lease;
    uint64_t lease_ms; /* the value's life; 0: none */
    bool holds;
    /* Counters. */
    size_t publishes, logins, early_logins, renewals, dead, withdrawn, retired, looks, waits;
    size_t forced, notes, fresh, failed, gave_up;
    uint64_t last_end, gave_up_at;
    uint64_t begun[WINDOW]; /* of the last rounds */
    size_t worst_minute;    /* rounds that began within one */
};

static inline uint64_t world_random(struct world *w, uint64_t low, uint64_t high) {
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    uint64_t z = (w->random ^ (w->random >> 33)) * 0xff51afd7ed558ccdu;
    return low + (z ^ (z >> 29)) % (high - low + 1);
}

#define CHECK(w, holds, ...)                                                                       \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            print_error("seed %llu, at %llu ms: ", (unsigned long long)(w)->seed,                  \
                        (unsigned long long)(w)->now);                                             \
            fail_msg(__VA_ARGS__);                                                                 \
        }                                                                                          \
    } while (0)

static inline enum error_code world_trouble(const struct world *w) {
    for (size_t i = 0; i < w->trouble_count; i++)
        if (w->now >= w->troubles[i].from && w->now < w->troubles[i].to)
            return w->troubles[i].code;
    return ERROR_OK;
}

static inline bool world_token_lives(const struct world *w) {
    return w->has_token && w->now < w->token_end;
}

static inline void world_issue(struct world *w) {
    w->has_token = true;
    w->token_issued = w->now;
    w->token_max = w->now + w->max_ttl;
    w->token_end = w->now + (w->ttl < w->max_ttl ? w->ttl : w->max_ttl);
}

/* As fetch works with the store: renew or log in where that is asked for, log in
 * where there is no token, then read. */
static inline enum error_code world_token(struct world *w, uint32_t flags) {
    enum error_code trouble = world_trouble(w);
    bool may_renew = w->renewable && w->now + w->ttl <= w->token_max;
    if (world_token_lives(w) && (flags & ROUND_LOGIN) == 0) {
        if ((flags & ROUND_RENEW) != 0 && w->renewable) {
            uint64_t end = w->now + w->ttl < w->token_max ? w->now + w->ttl : w->token_max;
            w->token_end = end;
            w->token_issued = w->now;
            w->renewals++;
        }
        return ERROR_OK;
    }
    if (w->has_token && !world_token_lives(w))
        w->dead++;
    if (!w->settings.logs_in)
        return ERROR_STORE_TOKEN;
    w->early_logins += world_token_lives(w) && may_renew;
    w->logins++;
    if (trouble == ERROR_STORE_LOGIN)
        return trouble;
    world_issue(w);
    return ERROR_OK;
}

static inline bool world_is_away(enum error_code code) {
    return code != ERROR_OK && code != ERROR_STORE_DENIED && code != ERROR_STORE_LOGIN;
}

static inline struct lease_table world_table(const struct world *w) {
    return (struct lease_table){.generation = w->generation,
                                .box_version = w->settings.looks ? w->version : 0,
                                .session = {.held = w->settings.logs_in,
                                            .ours = w->settings.logs_in,
                                            .renewable = w->renewable,
                                            .issued_ms = w->has_token ? w->token_issued + WALL : 0,
                                            .expires_ms = w->has_token ? w->token_end + WALL : 0},
                                .leases = &w->lease,
                                .count = 1};
}

/* The newest value of the store. */
static inline uint64_t world_version(const struct world *w) {
    return 1 + (w->new_version_every == 0 ? 0 : w->now / w->new_version_every);
}

static inline void world_place(struct world *w, uint32_t flags, struct plan_outcome *outcome) {
    outcome->changed = (flags & ROUND_FORCE) != 0 || world_version(w) != w->version;
    w->version = world_version(w);
    w->generation += outcome->changed;
    w->lease = (struct lease){.name = "a", .store = "vault", .version = w->version};
    if (w->lease_ms != 0)
        w->lease.expires_ms = w->now + w->lease_ms + WALL;
    w->holds = true;
    outcome->generation = w->generation;
    outcome->version = w->version;
}

static inline struct plan_outcome world_publish(struct world *w, uint32_t flags) {
    struct plan_outcome outcome = {.redirect = -1};
    enum error_code trouble = world_trouble(w);
    if (world_is_away(trouble)) {
        outcome.code = trouble;
        return outcome;
    }
    outcome.code = world_token(w, flags);
    if (outcome.code == ERROR_OK && trouble == ERROR_STORE_DENIED)
        outcome = (struct plan_outcome){
            .code = trouble, .has_position = true, .position = 0, .redirect = -1};
    if (world_token_lives(w)) {
        outcome.renewable = w->renewable;
        outcome.token_ms = w->token_end - w->now;
    }
    if (outcome.code == ERROR_OK)
        world_place(w, flags, &outcome);
    return outcome;
}

static inline void world_note_begin(struct world *w) {
    w->begun[w->publishes % WINDOW] = w->now;
    size_t minute = 1;
    while (minute <= w->publishes && minute < WINDOW &&
           w->begun[(w->publishes - minute) % WINDOW] + MINUTE > w->now)
        minute++;
    if (minute > w->worst_minute)
        w->worst_minute = minute;
    w->publishes++;
}

static inline void world_round(struct world *w, const struct plan_action *action) {
    struct plan_outcome outcome = {.redirect = -1};
    uint64_t least = w->settings.poll_ms < SECOND ? w->settings.poll_ms : SECOND;
    CHECK(w, !w->plan.running, "a round while another runs");
    CHECK(w,
          w->publishes == 0 || w->plan.hops > 0 || action->step == PLAN_RETIRE ||
              w->now >= w->last_end + least,
          "a round without a pause");
    plan_on_begun(&w->plan, action);
    CHECK(w, plan_next(&w->plan, w->now + HOUR).step == PLAN_WAIT, "a step while a round runs");
    if (action->step == PLAN_PUBLISH)
        world_note_begin(w);
    w->now += world_random(w, 1, w->slowest_ms);
    if (action->step == PLAN_PUBLISH) {
        outcome = world_publish(w, action->flags);
        w->forced += (action->flags & ROUND_FORCE) != 0;
        w->failed += outcome.code != ERROR_OK;
    } else if (action->step == PLAN_WITHDRAW) {
        CHECK(w, w->holds, "withdrawn twice");
        CHECK(w,
              w->lease.expires_ms != 0 && w->lease.expires_ms <= action->before_ms &&
                  action->before_ms + w->settings.grace_ms <= w->now + WALL,
              "withdrawn before its time");
        w->holds = false;
        w->withdrawn++;
        outcome.changed = true;
        outcome.generation = ++w->generation;
    } else {
        CHECK(w, action->generation + 1 == w->generation, "the wrong generation is retired");
        w->retired++;
    }
    enum plan_note note = plan_on_ended(&w->plan, w->now, &outcome);
    w->last_end = w->now;
    w->notes += note == PLAN_NOTE_FAULT;
    w->fresh += note == PLAN_NOTE_FRESH;
    if (w->generation > 0) {
        struct lease_table table = world_table(w);
        plan_on_table(&w->plan, w->now, w->now + WALL, &table);
    }
}

/* Nothing is due before the time that the plan names, and something is then. */
static inline void world_wait(struct world *w, uint64_t until, uint64_t end) {
    CHECK(w, until > w->now, "a wait that does not end");
    w->waits++;
    for (unsigned i = 0; until != PLAN_NEVER && i < 2 && until > w->now + 1; i++) {
        struct plan_action early = plan_next(&w->plan, world_random(w, w->now, until - 1));
        CHECK(w, early.step == PLAN_WAIT && early.until == until, "a step before its time");
    }
    w->now = until < end ? until : end;
    CHECK(w, until > end || plan_next(&w->plan, w->now).step != PLAN_WAIT, "woken for nothing");
}

static inline void world_run(struct world *w, uint64_t end) {
    while (w->now < end && w->gave_up == 0) {
        struct plan_action action = plan_next(&w->plan, w->now);
        if (action.step == PLAN_WAIT) {
            world_wait(w, action.until, end);
        } else if (action.step == PLAN_LOOK) {
            w->looks++;
            if (world_is_away(world_trouble(w)))
                plan_on_blind(&w->plan, w->now);
            else
                plan_on_looked(&w->plan, w->now, world_version(w));
        } else if (action.step == PLAN_GIVE_UP) {
            CHECK(w, w->generation == 0, "given up while a set stands");
            w->gave_up++;
            w->gave_up_at = w->now;
        } else {
            world_round(w, &action);
        }
    }
}

/* Another warden goes on from what the last one left. */
static inline void world_restart(struct world *w) {
    struct lease_table table = world_table(w);
    w->settings.seed = world_random(w, 0, UINT64_MAX - 1);
    w->plan = plan_make(&w->settings);
    w->last_end = w->now < SECOND ? 0 : w->now - SECOND;
    plan_on_standing(&w->plan, w->now, w->now + WALL, w->generation,
                     w->generation > 0 ? &table : NULL, w->generation > 0);
}

static inline void world_make(struct world *w, uint64_t seed) {
    *w = (struct world){.seed = seed, .random = seed, .slowest_ms = 300, .renewable = true};
    w->settings = (struct plan_settings){.poll_ms = MINUTE,
                                         .overlap_ms = 5 * MINUTE,
                                         .wait_ms = MINUTE,
                                         .addresses = 1,
                                         .logs_in = true};
    w->ttl = HOUR;
    w->max_ttl = 32 * 24 * (uint64_t)HOUR;
}

#endif
