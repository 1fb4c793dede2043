/* The store token and where the store is, step by step, on simulated time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/plan_fixture.h"

static struct plan_outcome redirect_to(int address) {
    return (struct plan_outcome){.code = ERROR_STORE_REDIRECT, .redirect = address};
}

static void a_redirect_to_a_known_address_is_followed_at_once_three_times(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 2);
    uint64_t now = next_at(&plan, 1000);
    for (int i = 0; i < 3; i++) {
        int to = 1 - i % 2;
        assert_int_equal(end(&plan, now, redirect_to(to)), PLAN_NOTE_NOTHING);
        assert_int_equal(expect(&plan, now, PLAN_PUBLISH).address, to);
    }
    assert_int_equal(end(&plan, now, redirect_to(0)), PLAN_NOTE_FAULT);
    assert_true(next_at(&plan, now) >= now + LIMIT_PAUSE_MIN_MS);
}

static void a_redirect_to_an_unknown_address_is_lasting(void **state) {
    (void)state;
    struct plan plan = make(false, true, 2);
    plan_on_standing(&plan, 0, WALL, 0, NULL, false);
    assert_int_equal(end(&plan, 0, redirect_to(-1)), PLAN_NOTE_FAULT);
    assert_int_equal(expect(&plan, 0, PLAN_GIVE_UP).code, ERROR_STORE_REDIRECT);
}

static void a_dead_token_is_logged_in_for_at_once_but_once(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    uint64_t now = next_at(&plan, 1000);
    assert_int_equal(end(&plan, now, FAULT(ERROR_STORE_TOKEN)), PLAN_NOTE_NOTHING);
    assert_int_equal(expect(&plan, now, PLAN_PUBLISH).flags, ROUND_LOGIN);
    assert_int_equal(end(&plan, now, FAULT(ERROR_STORE_TOKEN)), PLAN_NOTE_FAULT);
    assert_true(next_at(&plan, now) >= now + LIMIT_PAUSE_MAX_MS / 2);
}

static void a_given_token_that_died_is_for_a_person(void **state) {
    (void)state;
    struct plan plan = make_standing(false, false, 1);
    uint64_t now = next_at(&plan, 1000);
    assert_int_equal(end(&plan, now, FAULT(ERROR_STORE_TOKEN)), PLAN_NOTE_FAULT);
    now = next_at(&plan, now);
    assert_int_equal(expect(&plan, now, PLAN_PUBLISH).flags, 0);
}

/* A plan that has just had a token of this life. */
static struct plan make_token(bool logs_in, bool renewable, uint64_t life) {
    struct plan plan = make(false, logs_in, 1);
    struct plan_outcome outcome = OK_ROUND(1);
    plan.settings.poll_ms = 10 * (uint64_t)HOUR;
    outcome.token_ms = life;
    outcome.renewable = renewable;
    plan_on_standing(&plan, 1000, WALL, 0, NULL, false);
    (void)end(&plan, 1000, outcome);
    return plan;
}

static void a_token_is_renewed_at_about_two_thirds_of_its_life(void **state) {
    (void)state;
    for (int ours = 0; ours < 2; ours++) {
        struct plan plan = make_token(ours != 0, true, HOUR);
        uint64_t until = next_at(&plan, 1000);
        assert_in_range(until, 1000 + 36 * MINUTE, 1000 + 42 * MINUTE);
        assert_int_equal(expect(&plan, until, PLAN_PUBLISH).flags, ROUND_RENEW);
    }
}

static void a_token_that_cannot_be_renewed_is_replaced_before_it_ends(void **state) {
    (void)state;
    struct plan plan = make_token(true, false, HOUR);
    uint64_t until = next_at(&plan, 1000);
    assert_in_range(until, 1000 + 48 * MINUTE, 1000 + 54 * MINUTE);
    assert_int_equal(expect(&plan, until, PLAN_PUBLISH).flags, ROUND_LOGIN);
    plan = make_token(false, false, HOUR);
    assert_true(next_at(&plan, 1000) > 8 * HOUR);
}

static void a_renewal_that_gives_little_leads_to_a_login(void **state) {
    (void)state;
    struct plan plan = make_token(true, true, HOUR);
    struct plan_outcome outcome = OK_ROUND(1);
    uint64_t now = next_at(&plan, 1000);
    outcome.changed = false;
    outcome.renewable = true;
    outcome.token_ms = plan.token.ends_at - now + MINUTE;
    (void)end(&plan, now, outcome);
    uint64_t until = next_at(&plan, now);
    assert_int_equal(expect(&plan, until, PLAN_PUBLISH).flags, ROUND_LOGIN);
    assert_in_range(until, now + outcome.token_ms * 80 / 100, now + outcome.token_ms * 90 / 100);
}

static void a_renewal_goes_along_with_a_poll_that_is_due(void **state) {
    (void)state;
    struct plan plan = make_token(true, true, HOUR);
    uint64_t renew = plan.token.renew_at;
    plan.try_at = renew - 900;
    assert_int_equal(expect(&plan, renew - 900, PLAN_PUBLISH).flags, ROUND_RENEW);
    plan.try_at = renew - 1100;
    assert_int_equal(expect(&plan, renew - 1100, PLAN_PUBLISH).flags, 0);
}

static void a_renewal_that_fails_is_tried_more_often_as_the_end_comes_near(void **state) {
    (void)state;
    struct plan plan = make_token(true, true, HOUR);
    uint64_t now = next_at(&plan, 1000), ends = plan.token.ends_at;
    size_t tries = 0;
    while (now < ends) {
        assert_true((expect(&plan, now, PLAN_PUBLISH).flags & ROUND_RENEW) != 0);
        (void)end(&plan, now, FAULT(ERROR_STORE_UNREACHABLE));
        uint64_t until = next_at(&plan, now), left = ends - now;
        assert_true(until - now >= LIMIT_PAUSE_MIN_MS);
        assert_true(until - now <= LIMIT_PAUSE_MIN_MS + left / 8);
        assert_true(until - now <= LIMIT_PAUSE_MAX_MS);
        now = until;
        tries++;
    }
    assert_in_range(tries, 30, 150);
    for (int i = 0; i < 20; i++) {
        (void)end(&plan, now, FAULT(ERROR_STORE_UNREACHABLE));
        now = next_at(&plan, now);
    }
    assert_true(now > ends + 3 * MINUTE); /* then as any other fault */
}

static void a_round_that_failed_behind_a_renewal_counts_as_one(void **state) {
    (void)state;
    struct plan plan = make_token(true, true, HOUR);
    struct plan_outcome outcome = FAULT(ERROR_STORE_DENIED);
    uint64_t now = next_at(&plan, 1000);
    outcome.token_ms = HOUR;
    outcome.renewable = true;
    (void)end(&plan, now, outcome);
    assert_int_equal(plan.token.ends_at, now + HOUR);
    now = next_at(&plan, now);
    assert_int_equal(expect(&plan, now, PLAN_PUBLISH).flags, 0);
}

static void a_token_for_ever_asks_for_nothing(void **state) {
    (void)state;
    struct plan plan = make_token(true, true, HOUR);
    uint64_t now = next_at(&plan, 1000);
    (void)end(&plan, now, OK_ROUND(1)); /* token_ms 0 */
    assert_true(next_at(&plan, now) > now + 8 * (uint64_t)HOUR);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_redirect_to_a_known_address_is_followed_at_once_three_times),
        cmocka_unit_test(a_redirect_to_an_unknown_address_is_lasting),
        cmocka_unit_test(a_dead_token_is_logged_in_for_at_once_but_once),
        cmocka_unit_test(a_given_token_that_died_is_for_a_person),
        cmocka_unit_test(a_token_is_renewed_at_about_two_thirds_of_its_life),
        cmocka_unit_test(a_token_that_cannot_be_renewed_is_replaced_before_it_ends),
        cmocka_unit_test(a_renewal_that_gives_little_leads_to_a_login),
        cmocka_unit_test(a_renewal_goes_along_with_a_poll_that_is_due),
        cmocka_unit_test(a_renewal_that_fails_is_tried_more_often_as_the_end_comes_near),
        cmocka_unit_test(a_round_that_failed_behind_a_renewal_counts_as_one),
        cmocka_unit_test(a_token_for_ever_asks_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
