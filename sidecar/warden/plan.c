#include "sidecar/warden/plan.h"

/* A failing store is asked again after poll, 2·poll, 4·poll … at most this. */
#define PAUSE_MAX_MS (60u * 1000u)

struct plan plan_make(uint64_t now, uint64_t poll_ms, uint64_t overlap_ms, uint64_t version,
                      uint64_t generation) {
    return (struct plan){.poll_ms = poll_ms,
                         .overlap_ms = overlap_ms,
                         .version = version,
                         .generation = generation,
                         .poll_at = now,
                         .retire_at = generation > 1 ? now + overlap_ms : 0};
}

enum plan_step plan_next(const struct plan *plan, uint64_t now, uint64_t *until) {
    if (plan->retire_at != 0 && plan->retire_at <= now)
        return PLAN_RETIRE;
    if (plan->poll_at <= now)
        return PLAN_LOOK;
    *until =
        plan->retire_at != 0 && plan->retire_at < plan->poll_at ? plan->retire_at : plan->poll_at;
    return PLAN_WAIT;
}

static uint64_t pause_ms(const struct plan *plan) {
    uint64_t pause = plan->poll_ms;
    for (unsigned i = 1; i < plan->failures && pause < PAUSE_MAX_MS; i++)
        pause *= 2;
    return pause > PAUSE_MAX_MS && pause > plan->poll_ms ? PAUSE_MAX_MS : pause;
}

bool plan_on_version(struct plan *plan, uint64_t now, uint64_t version) {
    plan->poll_at = now + plan->poll_ms;
    if (version != plan->version)
        return true;
    plan->failures = 0;
    return false;
}

void plan_on_failed(struct plan *plan, uint64_t now) {
    if (plan->failures < 32)
        plan->failures++;
    plan->poll_at = now + pause_ms(plan);
}

void plan_on_blind(struct plan *plan, uint64_t now) {
    plan_on_failed(plan, now);
}

void plan_on_published(struct plan *plan, uint64_t now, uint64_t version, uint64_t generation) {
    plan->version = version;
    plan->generation = generation;
    plan->failures = 0;
    plan->poll_at = now + plan->poll_ms;
    plan->retire_at = generation > 1 ? now + plan->overlap_ms : 0;
}

void plan_on_retired(struct plan *plan) {
    plan->retire_at = 0;
}
