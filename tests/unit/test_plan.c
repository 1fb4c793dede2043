/* The renewal plan on simulated time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sidecar/warden/plan.h"

#define POLL    2000u
#define OVERLAP 300000u

static void a_new_plan_looks_at_once(void **state) {
    (void)state;
    struct plan plan = plan_make(5000, POLL, OVERLAP, 0, 0);
    uint64_t until = 0;
    assert_int_equal(plan_next(&plan, 5000, &until), PLAN_LOOK);
    assert_true(plan_on_version(&plan, 5000, 1));
}

static void an_unchanged_version_waits_for_the_next_poll(void **state) {
    (void)state;
    struct plan plan = plan_make(0, POLL, OVERLAP, 0, 0);
    uint64_t until = 0;
    plan_on_published(&plan, 10, 7, 1);
    assert_int_equal(plan_next(&plan, 11, &until), PLAN_WAIT);
    assert_int_equal(until, 10 + POLL);
    assert_int_equal(plan_next(&plan, until, &until), PLAN_LOOK);
    assert_false(plan_on_version(&plan, 3000, 7));
    assert_int_equal(plan_next(&plan, 3001, &until), PLAN_WAIT);
    assert_int_equal(until, 3000 + POLL);
}

static void another_version_is_fetched_even_if_it_is_lower(void **state) {
    (void)state;
    struct plan plan = plan_make(0, POLL, OVERLAP, 9, 4);
    assert_true(plan_on_version(&plan, 0, 10));
    plan_on_published(&plan, 0, 10, 5);
    assert_true(plan_on_version(&plan, 2000, 3));
}

static void a_restart_resumes_without_a_round(void **state) {
    (void)state;
    struct plan plan = plan_make(100, POLL, OVERLAP, 9, 4);
    uint64_t until = 0;
    assert_int_equal(plan_next(&plan, 100, &until), PLAN_LOOK);
    assert_false(plan_on_version(&plan, 100, 9));
    assert_int_equal(plan.generation, 4);
}

static void the_previous_generation_goes_after_the_overlap(void **state) {
    (void)state;
    struct plan plan = plan_make(0, POLL, OVERLAP, 0, 0);
    uint64_t until = 0, now = 0;
    plan_on_published(&plan, 0, 1, 1);
    assert_int_equal(plan.retire_at, 0);
    plan_on_published(&plan, 1000, 2, 2);
    for (now = 1000; now < 1000 + OVERLAP; now = until) {
        assert_int_not_equal(plan_next(&plan, now, &until), PLAN_RETIRE);
        if (plan_next(&plan, now, &until) == PLAN_LOOK) {
            assert_false(plan_on_version(&plan, now, 2));
            until = now + 1;
        }
        assert_true(until > now);
    }
    assert_int_equal(plan_next(&plan, 1000 + OVERLAP, &until), PLAN_RETIRE);
    plan_on_retired(&plan);
    assert_int_not_equal(plan_next(&plan, 1000 + OVERLAP, &until), PLAN_RETIRE);
}

static void failures_are_tried_again_with_growing_pauses(void **state) {
    (void)state;
    struct plan plan = plan_make(0, POLL, OVERLAP, 0, 0);
    uint64_t last = 0;
    for (int i = 0; i < 40; i++) {
        plan_on_failed(&plan, 1000);
        uint64_t pause = plan.poll_at - 1000;
        assert_true(pause >= last && pause >= POLL && pause <= 60000);
        last = pause;
    }
    assert_int_equal(last, 60000);
    plan_on_published(&plan, 1000, 1, 1);
    assert_int_equal(plan.poll_at, 1000 + POLL);
}

static void a_poll_longer_than_the_longest_pause_stays_what_it_is(void **state) {
    (void)state;
    struct plan plan = plan_make(0, 600000, OVERLAP, 0, 0);
    plan_on_blind(&plan, 0);
    plan_on_blind(&plan, 0);
    assert_true(plan.poll_at >= 60000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_plan_looks_at_once),
        cmocka_unit_test(an_unchanged_version_waits_for_the_next_poll),
        cmocka_unit_test(another_version_is_fetched_even_if_it_is_lower),
        cmocka_unit_test(a_restart_resumes_without_a_round),
        cmocka_unit_test(the_previous_generation_goes_after_the_overlap),
        cmocka_unit_test(failures_are_tried_again_with_growing_pauses),
        cmocka_unit_test(a_poll_longer_than_the_longest_pause_stays_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
