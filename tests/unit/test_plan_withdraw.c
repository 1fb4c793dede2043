/* The renewal plan: what expires is withdrawn in its time, whatever the wall clock
 * does meanwhile. On simulated time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/plan_fixture.h"

static void what_expires_is_polled_before_and_withdrawn_after_its_grace(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    struct lease_table table = make_table(WALL + 9 * SECOND);
    plan_on_table(&plan, 1000, WALL, &table);
    uint64_t now = next_at(&plan, 1000);
    assert_in_range(now, 1000 + 5400, 1000 + 6300);
    while (now < 20000) {
        (void)end(&plan, now, FAULT(ERROR_STORE_UNREACHABLE));
        plan_on_table(&plan, now, WALL + now - 1000, &table);
        now = next_at(&plan, now);
    }
    assert_int_equal(now, 20000);
    assert_int_equal(expect(&plan, now, PLAN_WITHDRAW).before_ms, WALL + 9 * SECOND);
    (void)end(&plan, now, OK_ROUND(2));
    plan_on_table(&plan, now, WALL + now - 1000, &table);
    assert_true(plan.withdraw_at == PLAN_NEVER);
    now = next_at(&plan, now);
    assert_true((expect(&plan, now, PLAN_PUBLISH).flags & ROUND_FORCE) != 0);
    (void)end(&plan, now, OK_ROUND(3));
    now = next_at(&plan, now);
    assert_int_equal(expect(&plan, now, PLAN_PUBLISH).flags, 0);
}

static void a_clock_that_steps_moves_no_deadline(void **state) {
    (void)state;
    static const uint64_t walls[] = {WALL + 24 * 60 * MINUTE, WALL - 24 * 60 * MINUTE, 1000};
    for (size_t i = 0; i < sizeof walls / sizeof *walls; i++) {
        struct plan plan = make_standing(false, true, 1);
        struct lease_table table = make_table(WALL + 60 * MINUTE);
        plan_on_table(&plan, 1000, WALL, &table);
        uint64_t due = plan.withdraw_at, now = next_at(&plan, 1000);
        assert_in_range(due, 1000 + 60 * MINUTE, 1000 + 61 * MINUTE);
        (void)end(&plan, now, FAULT(ERROR_STORE_UNREACHABLE));
        plan_on_table(&plan, now, walls[i], &table);
        assert_true(plan.withdraw_at == due);
        /* What a round has fetched since is by the clock as it is now. */
        now = next_at(&plan, now);
        (void)end(&plan, now, OK_ROUND(2));
        table = make_table(walls[i] + 30 * MINUTE);
        plan_on_table(&plan, now, walls[i], &table);
        assert_in_range(plan.withdraw_at, now + 30 * MINUTE, now + 31 * MINUTE);
    }
}

static void a_table_that_a_round_leaves_as_it_is_keeps_its_deadline(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    const struct lease_table table = make_table(WALL + 60 * MINUTE);
    plan_on_table(&plan, 1000, WALL, &table);
    uint64_t due = plan.withdraw_at, now = next_at(&plan, 1000);
    (void)end(&plan, now, OK_ROUND(1));
    plan_on_table(&plan, now, WALL + now - 1000 + 50 * SECOND, &table);
    assert_true(plan.withdraw_at == due);
}

/* Lets rounds fail until a withdrawal is due. Gives that time. */
static uint64_t fail_until_withdrawal(struct plan *plan, uint64_t now, uint64_t wall,
                                      const struct lease_table *table) {
    while (plan_next(plan, now).step != PLAN_WITHDRAW) {
        if (plan_next(plan, now).step == PLAN_WAIT) {
            now = next_at(plan, now);
            continue;
        }
        (void)end(plan, now, FAULT(ERROR_STORE_UNREACHABLE));
        plan_on_table(plan, now, wall, table);
    }
    return now;
}

static void in_an_outage_a_clock_that_steps_moves_the_second_deadline_neither(void **state) {
    (void)state;
    static const uint64_t walls[] = {WALL + 24 * 60 * MINUTE, WALL - 24 * 60 * MINUTE, 1000};
    for (size_t i = 0; i < sizeof walls / sizeof *walls; i++) {
        struct plan plan = make_standing(false, true, 1);
        const struct lease leases[] = {{.name = "a", .store = "vault", .expires_ms = WALL + MINUTE},
                                       {.name = "b", .expires_ms = WALL + 20 * MINUTE},
                                       {.name = "c", .store = "vault"}};
        const struct lease_table table = {.generation = 1, .leases = leases, .count = 3};
        plan_on_table(&plan, 1000, WALL, &table);
        uint64_t now = fail_until_withdrawal(&plan, 1000, walls[i], &table);
        assert_in_range(now, 71000, 72000);
        assert_in_range(plan_next(&plan, now).before_ms, WALL + MINUTE, WALL + MINUTE + SECOND);
        (void)end(&plan, now, OK_ROUND(2));
        plan_on_table(&plan, now, walls[i], &table);
        now = fail_until_withdrawal(&plan, now, walls[i], &table);
        assert_in_range(now, 1000 + 20 * MINUTE + 10 * SECOND, 1000 + 20 * MINUTE + 11 * SECOND);
        (void)end(&plan, now, OK_ROUND(3));
        plan_on_table(&plan, now, walls[i], &table);
        assert_true(plan.withdraw_at == PLAN_NEVER);
    }
}

static void what_is_fetched_after_a_withdrawal_and_a_step_is_withdrawn_in_its_time(void **state) {
    (void)state;
    static const uint64_t walls[] = {WALL + 24 * 60 * MINUTE, WALL - 24 * 60 * MINUTE, 1000};
    for (size_t i = 0; i < sizeof walls / sizeof *walls; i++) {
        struct plan plan = make_standing(false, true, 1);
        struct lease_table table = make_table(WALL + MINUTE);
        plan_on_table(&plan, 1000, WALL, &table);
        uint64_t now = fail_until_withdrawal(&plan, 1000, WALL, &table);
        (void)end(&plan, now, OK_ROUND(2));
        plan_on_table(&plan, now, WALL, &table);
        now = next_at(&plan, now);
        assert_int_equal(expect(&plan, now, PLAN_PUBLISH).flags, ROUND_FORCE);
        (void)end(&plan, now, OK_ROUND(3));
        table = make_table(walls[i] + 30 * MINUTE);
        plan_on_table(&plan, now, walls[i], &table);
        assert_int_equal(plan.withdraw_at, now + 30 * MINUTE + 10 * SECOND);
    }
}

static void all_that_had_expired_when_it_was_heard_of_goes_in_one_round(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    const struct lease leases[] = {{.name = "a", .expires_ms = WALL - 20 * MINUTE},
                                   {.name = "b", .expires_ms = WALL - MINUTE},
                                   {.name = "c", .expires_ms = WALL - 9 * SECOND}};
    const struct lease_table table = {.generation = 1, .leases = leases, .count = 3};
    plan_on_table(&plan, 2000, WALL, &table);
    assert_true(expect(&plan, 2000, PLAN_WITHDRAW).before_ms == WALL - 10 * SECOND);
    (void)end(&plan, 2000, OK_ROUND(2));
    plan_on_table(&plan, 2000, WALL, &table);
    assert_int_equal(plan.withdraw_at, 3000);
}

static void a_withdrawal_that_fails_is_tried_again_after_a_pause(void **state) {
    (void)state;
    static const uint64_t walls[] = {WALL, WALL + 24 * 60 * MINUTE, WALL - 24 * 60 * MINUTE, 1000};
    for (size_t i = 0; i < sizeof walls / sizeof *walls; i++) {
        struct plan plan = make_standing(false, true, 1);
        struct lease_table table = make_table(WALL - MINUTE);
        plan_on_table(&plan, 9000, WALL, &table);
        uint64_t now = 9000;
        for (unsigned tries = 0; tries < 5; tries++) {
            uint64_t failed = now += 7; /* a round begins a little late */
            assert_true(expect(&plan, now, PLAN_WITHDRAW).before_ms >= WALL - MINUTE);
            (void)end(&plan, now, FAULT(ERROR_PLACE_FULL));
            plan_on_table(&plan, now, walls[i], &table); /* it stands as it was */
            now = fail_until_withdrawal(&plan, now, walls[i], &table);
            assert_in_range(now, failed + LIMIT_PAUSE_MAX_MS / 2,
                            failed + LIMIT_PAUSE_MAX_MS + SECOND);
        }
        (void)end(&plan, now, OK_ROUND(2));
        plan_on_table(&plan, now, walls[i], &table);
        assert_true(plan.withdraw_at == PLAN_NEVER);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_expires_is_polled_before_and_withdrawn_after_its_grace),
        cmocka_unit_test(a_clock_that_steps_moves_no_deadline),
        cmocka_unit_test(a_table_that_a_round_leaves_as_it_is_keeps_its_deadline),
        cmocka_unit_test(in_an_outage_a_clock_that_steps_moves_the_second_deadline_neither),
        cmocka_unit_test(what_is_fetched_after_a_withdrawal_and_a_step_is_withdrawn_in_its_time),
        cmocka_unit_test(all_that_had_expired_when_it_was_heard_of_goes_in_one_round),
        cmocka_unit_test(a_withdrawal_that_fails_is_tried_again_after_a_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
