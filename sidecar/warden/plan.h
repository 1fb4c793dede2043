/* plan.h: when what is renewed. Pure: times come in, a step comes out.
 *
 * The first set is published at once and tried for as long as `wait:` says.
 * Afterwards the stores are polled, the store token is renewed at about two
 * thirds of its life, and whatever fails keeps the set that stands: it is stale
 * and is tried again with growing pauses, until a secret is past its expiry and
 * `grace:`; then the files that use it are withdrawn. The generation before the
 * newest is retired once `overlap` has passed.
 *
 * Shares of a life as in the LifetimeWatcher of Vault's Go client, but with true
 * jitter, so that a fleet that began together does not go on together; pauses
 * with jitter as in "Exponential Backoff And Jitter" (AWS Architecture Blog).
 *
 * `now` is milliseconds of one monotonic clock, `wall` since 1970; an expiry is
 * converted by the two clocks as they were when a round had fetched it, so that a
 * wall clock that steps afterwards moves no deadline. Random numbers come from the
 * struct, so that a seed tells all that follows. Between two events plan_next gives
 * the same answer, and nothing is due before the time that it names. */
#ifndef ARRESTOR_WARDEN_PLAN_H
#define ARRESTOR_WARDEN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/base/error.h"

struct lease_session;
struct lease_table;

#define PLAN_NEVER UINT64_MAX
#define PLAN_SAID  16 /* different faults that one outage tells people of */

struct plan_settings {
    uint64_t poll_ms, overlap_ms, wait_ms, grace_ms;
    uint32_t addresses; /* of the store over the network; 0: none */
    bool looks;         /* the strongbox is the only store: its version tells what is new */
    bool logs_in;       /* AppRole: another token can be had without a person */
    uint64_t seed;
};

enum plan_step { PLAN_WAIT, PLAN_LOOK, PLAN_PUBLISH, PLAN_RETIRE, PLAN_WITHDRAW, PLAN_GIVE_UP };

struct plan_action {
    enum plan_step step;
    uint64_t until;       /* WAIT: ask again then, not before; PLAN_NEVER */
    uint32_t flags;       /* PUBLISH: ROUND_… of wire/message.h */
    uint32_t address;     /* PUBLISH: of the store */
    uint64_t generation;  /* RETIRE: the newest one that goes */
    uint64_t before_ms;   /* WITHDRAW: what expires up to here (epoch) goes */
    enum error_code code; /* GIVE_UP */
};

/* How a round ended. */
struct plan_outcome {
    enum error_code code;
    bool has_position;
    uint32_t position;
    bool said; /* people have been told already */
    bool changed;
    uint64_t generation, version;
    bool renewable;    /* the store token */
    uint64_t token_ms; /* what is left of it; 0: none, for ever, or not known */
    int redirect;      /* the known address that the store redirects to; -1: none */
};

/* What people should hear of it. */
enum plan_note {
    PLAN_NOTE_NOTHING,
    PLAN_NOTE_FAULT, /* not said yet in this outage */
    PLAN_NOTE_FRESH, /* an outage is over: plan.outage_ms */
};

struct plan_token {
    bool renewable;
    bool dead; /* the store has said so */
    uint64_t ends_at, renew_at, login_at;
    uint64_t life_ms; /* that it was granted last */
};

struct plan {
    struct plan_settings settings;
    uint64_t random;
    uint64_t started, ended; /* the plan; its last round that published or failed to */
    uint64_t rest_at;        /* no round before */
    uint64_t generation;     /* that stands; 0: none */
    bool force;              /* the next set is published whatever its versions are */
    bool running;            /* a round */
    struct plan_action asked;
    uint64_t try_at, look_at, retire_at;
    uint64_t seen; /* version of the strongbox that the last round met */
    bool blind;    /* it could not be looked at */
    struct plan_token token;
    uint64_t withdraw_at, withdraw_ms; /* the deadline, and the expiry that it is for */
    uint64_t withdraw_rest_at;         /* no withdrawal before: one has failed */
    bool fetched;                      /* the next table is by the clock as it is then */
    uint64_t heard_at, heard_wall;     /* the two clocks when such a table came */
    uint64_t withdrawn_ms;             /* up to here nothing is withdrawn again */
    uint32_t address;
    unsigned failures, hops; /* in a row */
    uint64_t stale_at;       /* the first of these failures */
    uint64_t outage_ms;
    struct {
        enum error_code code;
        uint32_t position;
    } said[PLAN_SAID];
    size_t said_count;
    enum error_code give_up;
};

/* A plan that waits for plan_on_standing. */
struct plan plan_make(const struct plan_settings *settings);

/* What stands. `table`: the lease table, or NULL; matches: it belongs to this
 * generation and was made by this configuration. Then nothing is due but polls;
 * else a round is, which keeps the store token of the table. */
void plan_on_standing(struct plan *plan, uint64_t now, uint64_t wall, uint64_t generation,
                      const struct lease_table *table, bool matches);

/* What is due. */
struct plan_action plan_next(const struct plan *plan, uint64_t now);

/* The strongbox has shown its version, or could not be looked at. */
void plan_on_looked(struct plan *plan, uint64_t now, uint64_t version);
void plan_on_blind(struct plan *plan, uint64_t now);

/* A round of this action (PUBLISH, RETIRE, WITHDRAW) begins, and has ended. */
void plan_on_begun(struct plan *plan, const struct plan_action *action);
enum plan_note plan_on_ended(struct plan *plan, uint64_t now, const struct plan_outcome *outcome);

/* The lease table as it is after a round. Expiries that a round has fetched anew are
 * by `wall`; after a round of another kind, or one that failed, they are by the clock
 * that they were heard of with. */
void plan_on_table(struct plan *plan, uint64_t now, uint64_t wall, const struct lease_table *table);

/* There is none, or the wall clock was set while the round ran: by which clock its
 * expiries are cannot be told. What was heard of before stays until the next round. */
void plan_on_no_table(struct plan *plan);

/* Number from low to high, both included. For plan_token.c. */
uint64_t plan_between(struct plan *plan, uint64_t low, uint64_t high);

/* The store token: as a lease table tells, and as a round tells that ended now.
 * plan_token.c. */
void plan_token_standing(struct plan *plan, uint64_t now, uint64_t wall,
                         const struct lease_session *session);
void plan_token_ended(struct plan *plan, uint64_t now, const struct plan_outcome *outcome);

/* ROUND_RENEW, ROUND_LOGIN or neither, for a round that begins now. */
uint32_t plan_token_flags(const struct plan *plan, uint64_t now);

/* When the token asks for a round; PLAN_NEVER. */
uint64_t plan_token_due(const struct plan *plan);

#endif
