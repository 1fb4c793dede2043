#include "sidecar/base/limits.h"
#include "sidecar/lease/lease_table.h"
#include "sidecar/warden/plan.h"
#include "sidecar/wire/message.h"

#define MERGE_MS 1000 /* a round that is due anyway takes the token along, */
#define MERGE_OF 16   /* up to this part of its life */
#define SLACK_MS 2000 /* stores count in seconds */
#define ROOM_MS  5000 /* for the round itself, before the token ends */

/* A moment between two shares of a span, in percent. */
static uint64_t share(struct plan *plan, uint64_t span, unsigned low, unsigned high) {
    uint64_t hundredth = span / 100, rest = span % 100;
    return plan_between(plan, hundredth * low + rest * low / 100,
                        hundredth * high + rest * high / 100);
}

/* How far into its life the token is renewed, or replaced. */
static uint64_t act_after(struct plan *plan, uint64_t life, bool renew) {
    uint64_t at = renew ? share(plan, life, 60, 70) : share(plan, life, 80, 90);
    uint64_t last = life > 2 * ROOM_MS ? life - ROOM_MS : life / 2;
    return at < last ? at : last;
}

static void set_token(struct plan *plan, uint64_t ends_at, uint64_t act_at, bool renewable,
                      bool renew) {
    plan->token =
        (struct plan_token){.renewable = renewable,
                            .ends_at = ends_at,
                            .renew_at = renew ? act_at : PLAN_NEVER,
                            .login_at = !renew && plan->settings.logs_in ? act_at : PLAN_NEVER};
}

void plan_token_standing(struct plan *plan, uint64_t now, uint64_t wall,
                         const struct lease_session *session) {
    uint64_t ends = session->expires_ms, issued = session->issued_ms;
    if (ends == 0 || ends <= issued)
        return;
    uint64_t left = ends > wall ? ends - wall : 0;
    uint64_t act = issued + act_after(plan, ends - issued, session->renewable);
    uint64_t overdue = left / 8 < LIMIT_PAUSE_MAX_MS ? left / 8 : LIMIT_PAUSE_MAX_MS;
    set_token(plan, now + left, now + (act > wall ? act - wall : plan_between(plan, 0, overdue)),
              session->renewable, session->renewable);
    plan->token.life_ms = ends - issued;
}

static bool has_grown(const struct plan_token *token, uint64_t now, uint64_t left) {
    return token->ends_at == PLAN_NEVER || now + left > token->ends_at + SLACK_MS;
}

/* Whether the round has told another end than the one that is planned by. */
static bool is_another(const struct plan *plan, uint64_t now, const struct plan_outcome *outcome) {
    const struct plan_token *token = &plan->token;
    return (plan->asked.flags & (ROUND_RENEW | ROUND_LOGIN)) != 0 || token->dead ||
           token->renewable != outcome->renewable || has_grown(token, now, outcome->token_ms) ||
           now + outcome->token_ms + SLACK_MS < token->ends_at;
}

/* Whether a renewal shows that the token's max TTL is near: it gives less than half
 * of what the last one gave, so hardly more than was left of that. */
static bool is_last(const struct plan *plan, uint64_t left) {
    return (plan->asked.flags & ROUND_RENEW) != 0 && left < plan->token.life_ms / 2;
}

/* A life that begins now. */
static void set_life(struct plan *plan, uint64_t now, uint64_t left, bool renewable) {
    bool renew = renewable && !is_last(plan, left);
    set_token(plan, now + left, now + act_after(plan, left, renew), renewable, renew);
    plan->token.life_ms = left;
}

void plan_token_ended(struct plan *plan, uint64_t now, const struct plan_outcome *outcome) {
    bool well = outcome->code == ERROR_OK;
    uint64_t left = outcome->token_ms;
    if (left > LIMIT_WALL_MS)
        left = LIMIT_WALL_MS;
    if (left == 0 && well)
        set_token(plan, PLAN_NEVER, PLAN_NEVER, false, false);
    /* What a round that failed tells counts only where it has renewed before. */
    if (left != 0 && (well ? is_another(plan, now, outcome) : has_grown(&plan->token, now, left)))
        set_life(plan, now, left, outcome->renewable);
}

uint32_t plan_token_flags(const struct plan *plan, uint64_t now) {
    const struct plan_token *token = &plan->token;
    uint64_t part = token->life_ms / MERGE_OF, merge = part < MERGE_MS ? part : MERGE_MS;
    if (token->dead || token->login_at <= now + merge)
        return ROUND_LOGIN;
    return token->renew_at <= now + merge ? ROUND_RENEW : 0;
}

uint64_t plan_token_due(const struct plan *plan) {
    const struct plan_token *token = &plan->token;
    return token->renew_at < token->login_at ? token->renew_at : token->login_at;
}
