#include "sidecar/warden/plan.h"

#include "sidecar/base/limits.h"
#include "sidecar/lease/lease_table.h"
#include "sidecar/warden/explain.h"
#include "sidecar/wire/message.h"

#define REDIRECTS 3 /* that are followed in a row */

/* splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators). */
static uint64_t next_random(struct plan *plan) {
    uint64_t z = plan->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t plan_between(struct plan *plan, uint64_t low, uint64_t high) {
    return low + next_random(plan) % (high - low + 1);
}

static uint64_t sooner(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

struct plan plan_make(const struct plan_settings *settings) {
    return (struct plan){
        .settings = *settings,
        .random = settings->seed,
        .force = true,
        .try_at = PLAN_NEVER,
        .look_at = PLAN_NEVER,
        .retire_at = PLAN_NEVER,
        .token = {.ends_at = PLAN_NEVER, .renew_at = PLAN_NEVER, .login_at = PLAN_NEVER},
        .withdraw_at = PLAN_NEVER,
        .fetched = true,
        .stale_at = PLAN_NEVER};
}

/* The next poll after a round that went well. */
static void plan_poll(struct plan *plan, uint64_t now) {
    uint64_t poll = plan->settings.poll_ms;
    plan->look_at = plan->settings.looks ? now + poll : PLAN_NEVER;
    plan->try_at = plan->settings.looks
                       ? PLAN_NEVER
                       : now + plan_between(plan, poll - poll / 10, poll + poll / 10);
}

void plan_on_standing(struct plan *plan, uint64_t now, uint64_t wall, uint64_t generation,
                      const struct lease_table *table, bool matches) {
    plan->started = plan->ended = plan->rest_at = now;
    plan->generation = generation;
    matches = matches && table != NULL;
    plan->force = !matches;
    plan->retire_at = generation > 1 ? now + plan->settings.overlap_ms : PLAN_NEVER;
    if (table != NULL)
        plan_token_standing(plan, now, wall, &table->session);
    if (!matches) {
        plan->try_at = now;
        return;
    }
    plan->seen = table->box_version;
    if (plan->settings.looks)
        plan->look_at = now;
    else
        plan->try_at = now + plan_between(plan, 0, plan->settings.poll_ms);
    plan_on_table(plan, now, wall, table);
}

static uint64_t withdraw_at(const struct plan *plan) {
    return plan->withdraw_at == PLAN_NEVER
               ? PLAN_NEVER
               : later(plan->withdraw_at, later(plan->withdraw_rest_at, plan->rest_at));
}

static uint64_t publish_at(const struct plan *plan) {
    uint64_t due = plan_token_due(plan);
    if (plan->failures > 0 && due <= plan->ended)
        due = PLAN_NEVER; /* the round that failed was for it: the pause decides */
    due = sooner(plan->try_at, due);
    return plan->hops > 0 ? due : later(due, plan->rest_at);
}

static struct plan_action make_publish(const struct plan *plan, uint64_t now) {
    return (struct plan_action){.step = PLAN_PUBLISH,
                                .flags =
                                    plan_token_flags(plan, now) | (plan->force ? ROUND_FORCE : 0u),
                                .address = plan->address};
}

/* All that has expired by now goes in one round. */
static struct plan_action make_withdraw(const struct plan *plan, uint64_t now) {
    uint64_t wall = plan->heard_wall + (now - plan->heard_at), grace = plan->settings.grace_ms;
    uint64_t expired = later(wall, grace) - grace;
    return (struct plan_action){.step = PLAN_WITHDRAW,
                                .before_ms = later(expired, plan->withdraw_ms)};
}

struct plan_action plan_next(const struct plan *plan, uint64_t now) {
    struct plan_action wait = {.step = PLAN_WAIT, .until = PLAN_NEVER};
    if (plan->running)
        return wait;
    if (plan->give_up != ERROR_OK)
        return (struct plan_action){.step = PLAN_GIVE_UP, .code = plan->give_up};
    uint64_t withdraw = withdraw_at(plan), publish = publish_at(plan);
    if (withdraw <= now)
        return make_withdraw(plan, now);
    if (plan->retire_at <= now)
        return (struct plan_action){.step = PLAN_RETIRE, .generation = plan->generation - 1};
    if (publish <= now)
        return make_publish(plan, now);
    if (plan->look_at <= now)
        return (struct plan_action){.step = PLAN_LOOK};
    wait.until = sooner(sooner(withdraw, plan->retire_at), sooner(publish, plan->look_at));
    return wait;
}

void plan_on_looked(struct plan *plan, uint64_t now, uint64_t version) {
    plan->look_at = now + plan->settings.poll_ms;
    if (version != plan->seen || (plan->blind && plan->failures > 0))
        plan->try_at = now;
    plan->blind = false;
    plan->seen = version;
}

/* One round follows, so that people and status.json hear of it; then only looks. */
void plan_on_blind(struct plan *plan, uint64_t now) {
    plan->look_at = now + plan->settings.poll_ms;
    if (!plan->blind)
        plan->try_at = now;
    plan->blind = true;
}

void plan_on_begun(struct plan *plan, const struct plan_action *action) {
    plan->running = true;
    plan->asked = *action;
}

/* Room, or a process more, may be there again in a moment. */
static bool is_of_this_machine(enum error_code code) {
    return code == ERROR_PLACE_FULL || code == ERROR_SYSTEM;
}

/* A pause that no fleet shares. What waiting alone does not heal is tried rarely:
 * a secret_id that is used up must not be hammered, and logins lock themselves.
 * A file on this machine may be looked at as often as one likes. */
static uint64_t pause_ms(struct plan *plan, uint64_t now, bool lasting, enum error_code code) {
    unsigned doubled = plan->failures - 1;
    uint64_t span = doubled < 6 ? (uint64_t)LIMIT_PAUSE_MIN_MS << doubled : LIMIT_PAUSE_MAX_MS;
    uint64_t low = LIMIT_PAUSE_MIN_MS;
    if (lasting && !is_of_this_machine(code) && !plan->settings.looks) {
        low = LIMIT_PAUSE_MAX_MS / 2;
        span = LIMIT_PAUSE_MAX_MS;
    }
    bool credential =
        code == ERROR_STORE_LOGIN || code == ERROR_STORE_TOKEN || code == ERROR_STORE_CREDENTIAL;
    if ((plan->asked.flags & (ROUND_RENEW | ROUND_LOGIN)) != 0 && !credential &&
        plan->token.ends_at != PLAN_NEVER && plan->token.ends_at > now) {
        low = LIMIT_PAUSE_MIN_MS;
        span = sooner(span, (plan->token.ends_at - now) / 8);
    }
    return plan_between(plan, low, sooner(low + span, LIMIT_PAUSE_MAX_MS));
}

static enum plan_note note_fault(struct plan *plan, const struct plan_outcome *outcome) {
    bool placed = outcome->has_position && explain_is_placed(outcome->code);
    uint32_t position = placed ? outcome->position : UINT32_MAX;
    for (size_t i = 0; i < plan->said_count; i++)
        if (plan->said[i].code == outcome->code && plan->said[i].position == position)
            return PLAN_NOTE_NOTHING;
    if (plan->said_count == PLAN_SAID)
        return PLAN_NOTE_NOTHING;
    plan->said[plan->said_count].code = outcome->code;
    plan->said[plan->said_count++].position = position;
    return outcome->said ? PLAN_NOTE_NOTHING : PLAN_NOTE_FAULT;
}

/* Before the first set: as long as waiting may heal it and `wait` is not over. */
static void plan_first_again(struct plan *plan, uint64_t now, bool lasting,
                             const struct plan_outcome *outcome) {
    uint64_t last = plan->started + plan->settings.wait_ms;
    if (lasting || outcome->said || now + LIMIT_PAUSE_MIN_MS > last)
        plan->give_up = outcome->code;
    else
        plan->try_at = sooner(now + pause_ms(plan, now, lasting, outcome->code), last);
}

static enum plan_note end_failed(struct plan *plan, uint64_t now,
                                 const struct plan_outcome *outcome) {
    bool lasting = !explain_is_transient(outcome->code) && outcome->redirect < 0;
    plan->failures += plan->failures < 32;
    if (plan->stale_at == PLAN_NEVER)
        plan->stale_at = now;
    if (explain_is_elsewhere(outcome->code) && plan->settings.addresses > 1)
        plan->address = (plan->address + 1) % plan->settings.addresses;
    if (plan->settings.looks && plan->generation > 0)
        plan->look_at = now + plan->settings.poll_ms;
    if (plan->generation == 0)
        plan_first_again(plan, now, lasting, outcome);
    else
        plan->try_at = plan->blind ? PLAN_NEVER : now + pause_ms(plan, now, lasting, outcome->code);
    return note_fault(plan, outcome);
}

static enum plan_note end_well(struct plan *plan, uint64_t now,
                               const struct plan_outcome *outcome) {
    bool fresh = plan->failures > 0 && plan->generation > 0;
    if (plan->failures > 0)
        plan->outage_ms = now - plan->stale_at;
    if (outcome->generation != 0)
        plan->generation = outcome->generation;
    if (outcome->changed)
        plan->retire_at = plan->generation > 1 ? now + plan->settings.overlap_ms : PLAN_NEVER;
    plan->seen = outcome->version;
    plan->force = plan->blind = false;
    plan->fetched = true;
    plan->failures = 0;
    plan->said_count = 0;
    plan->stale_at = PLAN_NEVER;
    plan_poll(plan, now);
    return fresh ? PLAN_NOTE_FRESH : PLAN_NOTE_NOTHING;
}

/* Another way that is tried at once, and is no failure yet: a redirect to an
 * address that the configuration knows; a token that has died, and a login left. */
static bool end_elsewhere(struct plan *plan, uint64_t now, const struct plan_outcome *outcome) {
    bool dead = outcome->code == ERROR_STORE_TOKEN && plan->settings.logs_in &&
                (plan->asked.flags & ROUND_LOGIN) == 0;
    bool redirected = outcome->code == ERROR_STORE_REDIRECT && outcome->redirect >= 0;
    if ((!dead && !redirected) || plan->hops >= REDIRECTS) {
        plan->hops = 0;
        return false;
    }
    plan->token.dead = plan->token.dead || dead;
    if (redirected)
        plan->address = (uint32_t)outcome->redirect;
    plan->hops++;
    plan->try_at = now;
    return true;
}

static void end_withdrawn(struct plan *plan, uint64_t now, const struct plan_outcome *outcome) {
    if (outcome->code != ERROR_OK) {
        plan->withdraw_rest_at =
            now + plan_between(plan, LIMIT_PAUSE_MAX_MS / 2, LIMIT_PAUSE_MAX_MS);
        return;
    }
    plan->withdrawn_ms = plan->asked.before_ms;
    plan->withdraw_at = PLAN_NEVER;
    plan->force = true;
    if (outcome->changed && outcome->generation > 1) {
        plan->generation = outcome->generation;
        plan->retire_at = now + plan->settings.overlap_ms;
    }
}

enum plan_note plan_on_ended(struct plan *plan, uint64_t now, const struct plan_outcome *outcome) {
    plan->running = false;
    /* A poll that is shorter than this pause was asked for. */
    plan->rest_at = now + sooner(LIMIT_PAUSE_MIN_MS, plan->settings.poll_ms);
    if (plan->asked.step == PLAN_RETIRE) {
        plan->retire_at = PLAN_NEVER; /* one that failed goes with the next generation */
        return PLAN_NOTE_NOTHING;
    }
    if (plan->asked.step == PLAN_WITHDRAW) {
        end_withdrawn(plan, now, outcome);
        return PLAN_NOTE_NOTHING;
    }
    plan->ended = now;
    plan_token_ended(plan, now, outcome);
    if (end_elsewhere(plan, now, outcome))
        return PLAN_NOTE_NOTHING;
    return outcome->code == ERROR_OK ? end_well(plan, now, outcome)
                                     : end_failed(plan, now, outcome);
}

static uint64_t earliest_expiry(const struct plan *plan, const struct lease_table *table) {
    uint64_t earliest = PLAN_NEVER;
    for (size_t i = 0; i < table->count; i++)
        if (table->leases[i].expires_ms > plan->withdrawn_ms)
            earliest = sooner(earliest, table->leases[i].expires_ms);
    return earliest;
}

/* From now on expiries are by this clock. What was withdrawn had expired by the
 * one before: by a clock that was set back this may lie ahead. */
static void hear_clocks(struct plan *plan, uint64_t now, uint64_t wall) {
    uint64_t grace = plan->settings.grace_ms;
    plan->heard_at = now;
    plan->heard_wall = wall;
    plan->withdrawn_ms = sooner(plan->withdrawn_ms, later(wall, grace) - grace);
}

void plan_on_no_table(struct plan *plan) {
    plan->fetched = false;
}

void plan_on_table(struct plan *plan, uint64_t now, uint64_t wall,
                   const struct lease_table *table) {
    /* A table that is left as it is, because two clocks are one up to LIMIT_SKEW_MS,
     * is by the clock that it was heard of with. */
    bool same =
        plan->withdraw_at != PLAN_NEVER && plan->withdraw_ms == earliest_expiry(plan, table);
    if (plan->fetched && !same)
        hear_clocks(plan, now, wall);
    plan->fetched = false;
    uint64_t expiry = earliest_expiry(plan, table), grace = plan->settings.grace_ms;
    if (expiry == PLAN_NEVER || plan->generation == 0) {
        plan->withdraw_at = PLAN_NEVER;
        return;
    }
    uint64_t ahead = later(expiry + grace, plan->heard_wall) - plan->heard_wall;
    plan->withdraw_ms = expiry;
    plan->withdraw_at = plan->heard_at + ahead;
    if (plan->withdraw_at <= now + grace || plan->failures > 0)
        return;
    uint64_t left = plan->withdraw_at - grace - now;
    uint64_t early = now + plan_between(plan, left / 100 * 60, left / 100 * 70);
    if (early >= now + LIMIT_PAUSE_MIN_MS)
        plan->try_at = sooner(plan->try_at, early);
}
