/* Properties of the plan over thousands of lives with a store that has its own
 * troubles. world_run checks in every life: never two rounds at once, a pause
 * between any two, nothing withdrawn twice or too soon, given up only before the
 * first set, no wake-up before the time that was named and none for nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/plan_world.h"

#define LIVES 2000

/* Codes that a store's trouble shows as. */
static const enum error_code troubles[] = {
    ERROR_STORE_UNREACHABLE, ERROR_STORE_SLOW, ERROR_STORE_SEALED, ERROR_STORE_DENIED,
    ERROR_STORE_LOGIN,       ERROR_STORE_BUSY, ERROR_STORE_FAULT,  ERROR_STORE_CA};

static void begin(struct world *w) {
    w->plan = plan_make(&w->settings);
    plan_on_standing(&w->plan, w->now, w->now + WALL, 0, NULL, false);
}

static uint64_t pick(struct world *w, const uint64_t *rows, size_t count) {
    return rows[world_random(w, 0, count - 1)];
}

/* A world of any kind. Gives its end. */
static uint64_t make_any(struct world *w, uint64_t seed) {
    static const uint64_t polls[] = {100, 2 * SECOND, MINUTE, MINUTE, 10 * MINUTE};
    static const uint64_t lives[] = {20 * SECOND, MINUTE, 20 * MINUTE, HOUR, 24 * HOUR};
    world_make(w, seed);
    w->settings.seed = seed * 77;
    w->settings.poll_ms = pick(w, polls, 5);
    w->settings.addresses = (uint32_t)world_random(w, 1, 3);
    w->settings.logs_in = world_random(w, 0, 3) != 0;
    w->settings.grace_ms = world_random(w, 0, 1) * 30 * SECOND;
    w->ttl = pick(w, lives, 5);
    w->max_ttl = w->ttl * world_random(w, 1, 12);
    w->renewable = world_random(w, 0, 4) != 0;
    w->new_version_every = world_random(w, 0, 1) * 7 * MINUTE;
    w->lease_ms = world_random(w, 0, 2) == 0 ? pick(w, lives, 5) : 0;
    if (!w->settings.logs_in)
        world_issue(w);
    uint64_t end = w->settings.poll_ms * 300 < HOUR ? w->settings.poll_ms * 300 : 12 * HOUR;
    w->trouble_count = world_random(w, 0, TROUBLE);
    for (size_t i = 0; i < w->trouble_count; i++) {
        uint64_t from = i == 0 && seed % 3 == 0 ? 0 : world_random(w, 0, end);
        w->troubles[i] = (struct trouble){.from = from,
                                          .to = from + world_random(w, 1, end / 6),
                                          .code = troubles[world_random(w, 0, 7)]};
    }
    return end;
}

static void any_life_keeps_the_rules(void **state) {
    (void)state;
    size_t rounds = 0, failed = 0, withdrawn = 0, gave_up = 0, worst = 0;
    for (uint64_t seed = 1; seed <= LIVES; seed++) {
        static struct world w;
        uint64_t end = make_any(&w, seed);
        begin(&w);
        world_run(&w, end);
        rounds += w.publishes;
        failed += w.failed;
        withdrawn += w.withdrawn;
        gave_up += w.gave_up;
        if (w.settings.poll_ms >= MINUTE) {
            CHECK(&w, w.worst_minute <= 45, "%zu rounds within a minute", w.worst_minute);
            worst = w.worst_minute > worst ? w.worst_minute : worst;
        }
        CHECK(&w, w.notes <= (w.fresh + 1) * PLAN_SAID, "%zu faults said", w.notes);
        CHECK(&w, w.fresh <= w.trouble_count * 2 + w.dead + 1, "%zu times fresh", w.fresh);
        CHECK(&w, w.gave_up == 0 || w.gave_up_at <= w.settings.wait_ms + SECOND, "given up late");
    }
    print_message("%d lives: %zu rounds, %zu failed, %zu sets withdrawn, %zu given up, at most %zu "
                  "rounds within a minute\n",
                  LIVES, rounds, failed, withdrawn, gave_up, worst);
    assert_true(failed > 10000 && withdrawn > 100 && gave_up > 50);
}

static void a_store_that_is_down_is_asked_ever_more_rarely(void **state) {
    (void)state;
    size_t most = 0, sum = 0;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        static struct world w;
        world_make(&w, seed);
        w.settings.seed = seed;
        w.ttl = 24 * HOUR;
        w.trouble_count = 1;
        w.troubles[0] = (struct trouble){10 * MINUTE, 70 * MINUTE, ERROR_STORE_UNREACHABLE};
        begin(&w);
        world_run(&w, 10 * MINUTE);
        size_t before = w.publishes;
        world_run(&w, 20 * MINUTE);
        world_run(&w, 70 * MINUTE);
        size_t tries = w.publishes - before;
        most = tries > most ? tries : most;
        sum += tries;
        CHECK(&w, w.notes == 1, "said %zu times", w.notes);
    }
    print_message("an hour's outage: %zu rounds on average, %zu at most\n", sum / 500, most);
    assert_in_range(most, 100, 240);
}

static void a_token_never_ends_while_the_store_is_up(void **state) {
    (void)state;
    size_t renewals = 0, logins = 0;
    for (uint64_t seed = 1; seed <= LIVES; seed++) {
        static struct world w;
        uint64_t end = make_any(&w, seed);
        w.trouble_count = 0;
        w.lease_ms = 0;
        w.settings.logs_in = true;
        w.has_token = false;
        begin(&w);
        world_run(&w, end);
        CHECK(&w, w.dead == 0, "the token ended %zu times", w.dead);
        CHECK(&w, w.early_logins == 0, "%zu logins while it could be renewed", w.early_logins);
        CHECK(&w, w.failed == 0 && w.notes == 0, "%zu faults", w.failed);
        /* Not before most of the longest life is over. */
        uint64_t life = w.renewable ? w.max_ttl : w.ttl < w.max_ttl ? w.ttl : w.max_ttl;
        CHECK(&w, w.logins <= 1 + end / (life / 2), "%zu logins", w.logins);
        renewals += w.renewals;
        logins += w.logins;
    }
    print_message("%d lives: %zu renewals, %zu logins\n", LIVES, renewals, logins);
    assert_true(renewals > logins && logins > LIVES);
}

static void an_outage_shorter_than_a_third_of_a_life_costs_no_token(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= LIVES; seed++) {
        static struct world w;
        world_make(&w, seed);
        w.settings.seed = seed;
        uint64_t from = world_random(&w, HOUR, 4 * HOUR);
        w.trouble_count = 1;
        /* A renewal is due at 70 % of an hour at the latest. */
        w.troubles[0] = (struct trouble){from, from + world_random(&w, MINUTE, 16 * MINUTE),
                                         ERROR_STORE_SEALED};
        begin(&w);
        world_run(&w, 8 * HOUR);
        CHECK(&w, w.logins == 1 && w.dead == 0, "%zu logins", w.logins);
        CHECK(&w, w.fresh == 1 && w.notes == 1, "fresh %zu times", w.fresh);
    }
}

static void a_login_that_is_refused_is_not_hammered(void **state) {
    (void)state;
    static struct world w;
    world_make(&w, 5);
    w.trouble_count = 1;
    w.troubles[0] = (struct trouble){10 * MINUTE, 1000 * HOUR, ERROR_STORE_LOGIN};
    w.ttl = w.max_ttl = 20 * MINUTE;
    begin(&w);
    world_run(&w, 30 * MINUTE);
    size_t before = w.logins;
    world_run(&w, 90 * MINUTE);
    assert_in_range(w.logins - before, 55, 125);
    assert_int_equal(w.notes, 1);
}

static void restarts_issue_nothing_and_publish_nothing(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= LIVES; seed++) {
        static struct world w;
        world_make(&w, seed);
        w.settings.seed = seed;
        w.settings.looks = seed % 4 == 0;
        begin(&w);
        world_run(&w, MINUTE);
        for (int i = 0; i < 20; i++) {
            size_t publishes = w.publishes;
            world_restart(&w);
            world_run(&w, w.now + world_random(&w, 1, 10 * MINUTE));
            /* At most a poll more than the time that has passed. */
            CHECK(&w, w.publishes - publishes <= 12, "%zu rounds", w.publishes - publishes);
        }
        CHECK(&w, w.logins == (w.settings.logs_in ? 1 : 0), "%zu logins", w.logins);
        CHECK(&w, w.forced == 1 && w.generation == 1, "published again");
    }
}

static void many_restarts_in_a_row_make_no_storm(void **state) {
    (void)state;
    static struct world w;
    world_make(&w, 9);
    begin(&w);
    world_run(&w, SECOND);
    for (int i = 0; i < 1000; i++) {
        world_restart(&w);
        world_run(&w, w.now + SECOND);
    }
    /* Each first poll lies anywhere within a minute. */
    assert_in_range(w.publishes, 2, 50);
    assert_int_equal(w.logins, 1);
}

#define FLEET   1000
#define BUCKETS 60

/* Peak over mean of when a fleet's next rounds begin, over `span` in buckets. */
static double spread(const uint64_t *times, uint64_t from, uint64_t span) {
    size_t buckets[BUCKETS] = {0}, peak = 0;
    for (size_t i = 0; i < FLEET; i++) {
        assert_in_range(times[i], from, from + span);
        size_t at = (size_t)((times[i] - from) * BUCKETS / (span + 1));
        buckets[at]++;
        peak = buckets[at] > peak ? buckets[at] : peak;
    }
    return (double)peak / ((double)FLEET / BUCKETS);
}

static uint64_t rest_of(const struct plan *plan) {
    return plan_next(plan, 0).until;
}

static struct plan make_member(uint64_t seed, struct plan_outcome outcome) {
    struct plan_settings settings = {.poll_ms = 10 * MINUTE, .addresses = 1, .seed = seed};
    struct plan plan = plan_make(&settings);
    plan_on_standing(&plan, 0, WALL, 1, NULL, false);
    struct plan_action action = plan_next(&plan, 0);
    plan_on_begun(&plan, &action);
    (void)plan_on_ended(&plan, 0, &outcome);
    return plan;
}

static void a_fleet_that_begins_together_does_not_go_on_together(void **state) {
    (void)state;
    static uint64_t polls[FLEET], renewals[FLEET], again[FLEET], lasting[FLEET], resumed[FLEET];
    struct plan_outcome well = {.generation = 1, .redirect = -1}, down = well, denied = well;
    struct lease_table table = {.generation = 1};
    down.code = ERROR_STORE_UNREACHABLE;
    denied.code = ERROR_STORE_DENIED;
    for (uint64_t i = 0; i < FLEET; i++) {
        struct plan plan = make_member(i, well);
        polls[i] = rest_of(&plan);
        well.token_ms = 8 * MINUTE;
        well.renewable = true;
        plan = make_member(i, well);
        renewals[i] = rest_of(&plan);
        well.token_ms = 0;
        plan = make_member(i, down);
        again[i] = rest_of(&plan);
        plan = make_member(i, denied);
        lasting[i] = rest_of(&plan);
        plan = plan_make(&(struct plan_settings){.poll_ms = MINUTE, .seed = i});
        plan_on_standing(&plan, 0, WALL, 1, &table, true);
        resumed[i] = plan.try_at;
    }
    const struct {
        const char *what;
        const uint64_t *times;
        uint64_t from, span;
    } rows[] = {{"polls", polls, 9 * MINUTE, 2 * MINUTE},
                {"renewals", renewals, 8 * MINUTE * 60 / 100, 8 * MINUTE / 10},
                {"first tries again", again, SECOND, SECOND},
                {"lasting faults", lasting, 30 * SECOND, 30 * SECOND},
                {"polls after a restart", resumed, 0, MINUTE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double peak = spread(rows[i].times, rows[i].from, rows[i].span);
        print_message("%s: peak/mean %.2f\n", rows[i].what, peak);
        assert_true(peak < 2.5);
    }
}

static void a_set_is_withdrawn_once_and_comes_back(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        static struct world w;
        world_make(&w, seed);
        w.settings.seed = seed;
        w.settings.grace_ms = 30 * SECOND;
        w.lease_ms = 10 * MINUTE;
        w.trouble_count = 1;
        w.troubles[0] = (struct trouble){HOUR, 2 * HOUR, ERROR_STORE_UNREACHABLE};
        begin(&w);
        world_run(&w, HOUR);
        CHECK(&w, w.withdrawn == 0 && w.holds, "withdrawn while the store is up");
        world_run(&w, 2 * HOUR - MINUTE);
        CHECK(&w, w.withdrawn == 1 && !w.holds, "withdrawn %zu times", w.withdrawn);
        world_run(&w, 3 * HOUR);
        CHECK(&w, w.withdrawn == 1 && w.holds, "it did not come back");
        CHECK(&w, w.fresh == 1 && w.notes == 1, "fresh %zu times", w.fresh);
    }
}

static void an_idle_life_wakes_for_its_polls_alone(void **state) {
    (void)state;
    static struct world w;
    world_make(&w, 3);
    w.ttl = 24 * HOUR;
    begin(&w);
    world_run(&w, 100 * MINUTE);
    assert_in_range(w.publishes, 95, 106);
    assert_true(w.waits <= w.publishes + w.retired + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_life_keeps_the_rules),
        cmocka_unit_test(a_store_that_is_down_is_asked_ever_more_rarely),
        cmocka_unit_test(a_token_never_ends_while_the_store_is_up),
        cmocka_unit_test(an_outage_shorter_than_a_third_of_a_life_costs_no_token),
        cmocka_unit_test(a_login_that_is_refused_is_not_hammered),
        cmocka_unit_test(restarts_issue_nothing_and_publish_nothing),
        cmocka_unit_test(many_restarts_in_a_row_make_no_storm),
        cmocka_unit_test(a_fleet_that_begins_together_does_not_go_on_together),
        cmocka_unit_test(a_set_is_withdrawn_once_and_comes_back),
        cmocka_unit_test(an_idle_life_wakes_for_its_polls_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
