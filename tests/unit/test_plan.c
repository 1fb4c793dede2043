/* The renewal plan, step by step, on simulated time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/plan_fixture.h"

static void nothing_is_due_before_it_is_known_what_stands(void **state) {
    (void)state;
    struct plan plan = make(false, true, 1);
    assert_true(next_at(&plan, 5000) == PLAN_NEVER);
}

static void the_first_set_is_published_at_once(void **state) {
    (void)state;
    for (int looks = 0; looks < 2; looks++) {
        struct plan plan = make(looks != 0, true, 1);
        plan_on_standing(&plan, 5000, WALL, 0, NULL, false);
        assert_int_equal(expect(&plan, 5000, PLAN_PUBLISH).flags, ROUND_FORCE);
        assert_int_equal(end(&plan, 5000, OK_ROUND(1)), PLAN_NOTE_NOTHING);
        assert_int_equal(plan.generation, 1);
    }
}

static void the_box_is_looked_at_each_poll_and_fetched_when_it_changes(void **state) {
    (void)state;
    struct plan plan = make_standing(true, false, 0);
    uint64_t now = next_at(&plan, 1001);
    assert_int_equal(now, 1000 + POLL);
    (void)expect(&plan, now, PLAN_LOOK);
    plan_on_looked(&plan, now, 7);
    assert_int_equal(next_at(&plan, now), now + POLL);
    now += POLL;
    plan_on_looked(&plan, now, 3); /* another one, also a lower one */
    assert_int_equal(expect(&plan, now, PLAN_PUBLISH).flags, 0);
}

static void a_box_that_cannot_be_looked_at_costs_one_round_until_it_can(void **state) {
    (void)state;
    struct plan plan = make_standing(true, false, 0);
    uint64_t now = 1000;
    size_t rounds = 0;
    for (int i = 0; i < 50; i++) {
        now = next_at(&plan, now);
        (void)expect(&plan, now, PLAN_LOOK);
        plan_on_blind(&plan, now);
        if (plan_next(&plan, now).step == PLAN_PUBLISH) {
            rounds++;
            assert_int_equal(end(&plan, now, FAULT(ERROR_BOX_MISSING)), PLAN_NOTE_FAULT);
        }
    }
    assert_int_equal(rounds, 1);
    now = next_at(&plan, now);
    plan_on_looked(&plan, now, 7);
    assert_int_equal(end(&plan, now, OK_ROUND(1)), PLAN_NOTE_FRESH);
    assert_true(plan.outage_ms >= 49 * POLL);
}

static void a_box_that_was_mended_is_fetched_at_the_next_look(void **state) {
    (void)state;
    struct plan plan = make_standing(true, false, 0);
    uint64_t now = 3000;
    plan_on_looked(&plan, now, 8);
    do { /* until the pause is longer than a poll */
        (void)end(&plan, now, FAULT(ERROR_SECRET_MISSING));
        now = plan.try_at;
    } while (plan.try_at < plan.look_at + POLL);
    now = plan.look_at;
    plan_on_looked(&plan, now, 8);
    (void)expect(&plan, now, PLAN_WAIT);
    plan_on_looked(&plan, now + POLL, 9);
    (void)expect(&plan, now + POLL, PLAN_PUBLISH);
}

static void a_vault_is_polled_by_rounds_with_a_jitter_of_a_tenth(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    uint64_t least = PLAN_NEVER, most = 0, now = 1000;
    for (int i = 0; i < 300; i++) {
        uint64_t until = next_at(&plan, now), pause = until - now;
        least = pause < least ? pause : least;
        most = pause > most ? pause : most;
        now = until;
        (void)end(&plan, now, OK_ROUND(1));
        plan.retire_at = PLAN_NEVER;
    }
    assert_in_range(least, 54000, 55000);
    assert_in_range(most, 65000, 66000);
}

static void a_restart_resumes_without_a_round(void **state) {
    (void)state;
    struct lease_table table = make_table(0);
    struct plan box = make(true, false, 0), vault = make(false, true, 1);
    plan_on_standing(&box, 100, WALL, 4, &table, true);
    (void)expect(&box, 100, PLAN_LOOK);
    plan_on_looked(&box, 100, 9);
    assert_int_equal(next_at(&box, 100), 100 + POLL);
    plan_on_standing(&vault, 100, WALL, 4, &table, true);
    uint64_t until = next_at(&vault, 100);
    assert_true(until <= 100 + MINUTE);
    assert_int_equal(expect(&vault, until, PLAN_PUBLISH).flags, 0);
}

static void another_configuration_publishes_at_once_and_keeps_the_token(void **state) {
    (void)state;
    struct lease_table table = make_table(0);
    struct plan plan = make(false, true, 1);
    table.session = (struct lease_session){.held = true,
                                           .ours = true,
                                           .renewable = true,
                                           .issued_ms = WALL - MINUTE,
                                           .expires_ms = WALL + HOUR};
    plan_on_standing(&plan, 100, WALL, 4, &table, false);
    assert_int_equal(expect(&plan, 100, PLAN_PUBLISH).flags, ROUND_FORCE);
    assert_true(plan.token.renew_at > 100 + 30 * MINUTE);
}

static void the_previous_generation_goes_after_the_overlap(void **state) {
    (void)state;
    struct plan plan = make_standing(true, false, 0);
    assert_true(plan.retire_at == PLAN_NEVER);
    plan_on_looked(&plan, 3000, 8);
    (void)end(&plan, 3000, OK_ROUND(2));
    for (uint64_t now = 3000; now < 3000 + OVERLAP;) {
        struct plan_action action = plan_next(&plan, now);
        assert_int_not_equal(action.step, PLAN_RETIRE);
        if (action.step == PLAN_LOOK)
            plan_on_looked(&plan, now, 7);
        else
            now = action.until;
    }
    assert_int_equal(expect(&plan, 3000 + OVERLAP, PLAN_RETIRE).generation, 1);
    (void)end(&plan, 3000 + OVERLAP, (struct plan_outcome){.redirect = -1});
    assert_true(plan.retire_at == PLAN_NEVER);
}

static void rounds_that_change_nothing_do_not_put_the_retirement_off(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    struct plan_outcome kept = OK_ROUND(2);
    uint64_t now = next_at(&plan, 1000);
    (void)end(&plan, now, kept);
    uint64_t due = now + OVERLAP;
    kept.changed = false;
    for (now = next_at(&plan, now); now < due; now = next_at(&plan, now))
        (void)end(&plan, now, kept);
    assert_int_equal(now, due);
    assert_int_equal(expect(&plan, due, PLAN_RETIRE).generation, 1);
}

static void what_waiting_may_heal_is_tried_until_wait_is_over(void **state) {
    (void)state;
    struct plan plan = make(false, true, 1);
    uint64_t now = 1000;
    size_t tries = 0;
    plan_on_standing(&plan, now, WALL, 0, NULL, false);
    while (plan_next(&plan, now).step == PLAN_PUBLISH) {
        enum plan_note note = end(&plan, now, FAULT(ERROR_STORE_SEALED));
        assert_int_equal(note, tries++ == 0 ? PLAN_NOTE_FAULT : PLAN_NOTE_NOTHING);
        struct plan_action action = plan_next(&plan, now);
        if (action.step == PLAN_WAIT) {
            assert_true(action.until >= now + LIMIT_PAUSE_MIN_MS);
            now = action.until;
        }
    }
    assert_int_equal(expect(&plan, now, PLAN_GIVE_UP).code, ERROR_STORE_SEALED);
    assert_in_range(now, MINUTE, 1000 + MINUTE);
    assert_in_range(tries, 4, 30);
}

static void what_waiting_cannot_heal_is_given_up_at_once(void **state) {
    (void)state;
    static const enum error_code codes[] = {
        ERROR_STORE_DENIED, ERROR_SECRET_MISSING,   ERROR_STORE_CA,   ERROR_STORE_LOGIN,
        ERROR_STORE_ANSWER, ERROR_PLAINTEXT_LAUNCH, ERROR_PLACE_FULL, ERROR_BOX_WRONG_KEY};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct plan plan = make(false, true, 1);
        plan_on_standing(&plan, 1000, WALL, 0, NULL, false);
        assert_int_equal(end(&plan, 1500, FAULT(codes[i])), PLAN_NOTE_FAULT);
        assert_int_equal(expect(&plan, 1500, PLAN_GIVE_UP).code, codes[i]);
    }
}

static void what_people_were_told_already_is_given_up_and_not_told_again(void **state) {
    (void)state;
    struct plan plan = make(false, true, 1);
    struct plan_outcome outcome = FAULT(ERROR_CHILD);
    outcome.said = true;
    plan_on_standing(&plan, 1000, WALL, 0, NULL, false);
    assert_int_equal(end(&plan, 1000, outcome), PLAN_NOTE_NOTHING);
    (void)expect(&plan, 1000, PLAN_GIVE_UP);
}

static void no_wait_means_one_try(void **state) {
    (void)state;
    struct plan plan = make(false, true, 1);
    plan.settings.wait_ms = 0;
    plan_on_standing(&plan, 1000, WALL, 0, NULL, false);
    (void)end(&plan, 1000, FAULT(ERROR_STORE_UNREACHABLE));
    (void)expect(&plan, 1000, PLAN_GIVE_UP);
}

static void a_set_that_stands_is_never_given_up(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    uint64_t now = 1000;
    for (int code = 1; code < ERROR_CODES; code++) {
        now = next_at(&plan, now);
        (void)end(&plan, now, FAULT((enum error_code)code));
        assert_int_equal(plan.generation, 1);
        plan.hops = 0;
        plan.token.dead = false;
        plan.try_at = now + MINUTE;
    }
}

static void a_lasting_fault_is_tried_twice_a_minute_at_most(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    uint64_t now = next_at(&plan, 1000);
    for (int i = 0; i < 200; i++) {
        (void)end(&plan, now, FAULT(ERROR_STORE_LOGIN));
        uint64_t until = next_at(&plan, now);
        assert_in_range(until - now, LIMIT_PAUSE_MAX_MS / 2, LIMIT_PAUSE_MAX_MS);
        now = until;
    }
}

static void what_this_machine_lacks_is_tried_again_soon_and_then_less_often(void **state) {
    (void)state;
    static const enum error_code codes[] = {ERROR_PLACE_FULL, ERROR_SYSTEM};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct plan plan = make_standing(false, true, 1);
        uint64_t now = next_at(&plan, 1000);
        (void)end(&plan, now, FAULT(codes[i]));
        assert_in_range(next_at(&plan, now) - now, LIMIT_PAUSE_MIN_MS, 2 * LIMIT_PAUSE_MIN_MS);
        for (int again = 0; again < 20; again++) {
            now = next_at(&plan, now);
            (void)end(&plan, now, FAULT(codes[i]));
        }
        assert_in_range(next_at(&plan, now) - now, LIMIT_PAUSE_MIN_MS, LIMIT_PAUSE_MAX_MS);
        assert_int_equal(plan.generation, 1);
    }
}

static void pauses_grow_to_the_maximum_and_success_resets_them(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    uint64_t now = next_at(&plan, 1000), most = 0;
    for (unsigned i = 0; i < 200; i++) {
        (void)end(&plan, now, FAULT(ERROR_STORE_UNREACHABLE));
        uint64_t pause = next_at(&plan, now) - now;
        assert_in_range(pause, LIMIT_PAUSE_MIN_MS,
                        i < 5 ? LIMIT_PAUSE_MIN_MS + (1000u << i) : LIMIT_PAUSE_MAX_MS);
        most = pause > most ? pause : most;
        now += pause;
    }
    assert_true(most > LIMIT_PAUSE_MAX_MS * 9 / 10);
    assert_int_equal(end(&plan, now, OK_ROUND(1)), PLAN_NOTE_FRESH);
    now = next_at(&plan, now);
    (void)end(&plan, now, FAULT(ERROR_STORE_UNREACHABLE));
    assert_true(next_at(&plan, now) <= now + 2 * LIMIT_PAUSE_MIN_MS);
}

static void a_store_that_does_not_answer_is_tried_at_its_next_address(void **state) {
    (void)state;
    static const enum error_code codes[] = {ERROR_STORE_UNREACHABLE, ERROR_STORE_SLOW,
                                            ERROR_STORE_ADDRESS};
    struct plan plan = make_standing(false, true, 3);
    uint64_t now = 1000;
    for (uint32_t i = 0; i < 12; i++) {
        now = next_at(&plan, now);
        assert_int_equal(expect(&plan, now, PLAN_PUBLISH).address, i % 3);
        (void)end(&plan, now, FAULT(codes[i % 3]));
    }
    plan.settings.addresses = 0; /* as with the strongbox alone */
    now = next_at(&plan, now);
    (void)end(&plan, now, FAULT(ERROR_STORE_SLOW));
    plan.settings.addresses = 3;
    now = next_at(&plan, now);
    (void)end(&plan, now, FAULT(ERROR_STORE_DENIED)); /* no other address mends that */
    now = next_at(&plan, now);
    assert_int_equal(expect(&plan, now, PLAN_PUBLISH).address, 0);
}

static void a_fault_is_said_once_and_another_one_too(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    struct plan_outcome second = FAULT(ERROR_STORE_DENIED);
    uint64_t now = next_at(&plan, 1000);
    second.has_position = true;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(end(&plan, now, FAULT(ERROR_STORE_SEALED)),
                         i == 0 ? PLAN_NOTE_FAULT : PLAN_NOTE_NOTHING);
        now = next_at(&plan, now);
        second.position = (uint32_t)i / 2; /* the next secret is another fault */
        assert_int_equal(end(&plan, now, second), i % 2 == 0 ? PLAN_NOTE_FAULT : PLAN_NOTE_NOTHING);
        now = next_at(&plan, now);
    }
    assert_int_equal(end(&plan, now, OK_ROUND(1)), PLAN_NOTE_FRESH);
    now = next_at(&plan, now);
    assert_int_equal(end(&plan, now, FAULT(ERROR_STORE_SEALED)), PLAN_NOTE_FAULT);
}

static void a_fault_of_the_store_is_the_same_whichever_secret_met_it(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    struct plan_outcome outcome = FAULT(ERROR_STORE_SEALED);
    uint64_t now = next_at(&plan, 1000);
    assert_int_equal(end(&plan, now, outcome), PLAN_NOTE_FAULT);
    outcome.has_position = true;
    now = next_at(&plan, now);
    assert_int_equal(end(&plan, now, outcome), PLAN_NOTE_NOTHING);
}

static void an_outage_never_says_more_than_so_many_faults(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    struct plan_outcome outcome = FAULT(ERROR_STORE_DENIED);
    uint64_t now = 1000;
    size_t said = 0;
    outcome.has_position = true;
    for (uint32_t i = 0; i < 1000; i++) {
        now = next_at(&plan, now);
        outcome.position = i;
        said += end(&plan, now, outcome) == PLAN_NOTE_FAULT;
    }
    assert_int_equal(said, PLAN_SAID);
}

static void hostile_numbers_do_not_wrap(void **state) {
    (void)state;
    struct plan plan = make_standing(false, true, 1);
    struct plan_outcome outcome = OK_ROUND(LIMIT_GENERATION);
    struct lease_table table = make_table(LIMIT_WALL_MS);
    uint64_t now = next_at(&plan, 1000);
    outcome.token_ms = UINT64_MAX;
    outcome.renewable = true;
    (void)end(&plan, now, outcome);
    plan_on_table(&plan, now, WALL, &table);
    assert_true(next_at(&plan, now) > now);
    table.session = (struct lease_session){.expires_ms = LIMIT_WALL_MS, .issued_ms = 1};
    plan_on_standing(&plan, now, WALL, 1, &table, true);
    assert_true(next_at(&plan, now) > now);
    table.session = (struct lease_session){.expires_ms = 1, .issued_ms = LIMIT_WALL_MS};
    plan_on_standing(&plan, now, WALL, 1, &table, true);
    assert_true(next_at(&plan, now) > now);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_due_before_it_is_known_what_stands),
        cmocka_unit_test(the_first_set_is_published_at_once),
        cmocka_unit_test(the_box_is_looked_at_each_poll_and_fetched_when_it_changes),
        cmocka_unit_test(a_box_that_cannot_be_looked_at_costs_one_round_until_it_can),
        cmocka_unit_test(a_box_that_was_mended_is_fetched_at_the_next_look),
        cmocka_unit_test(a_vault_is_polled_by_rounds_with_a_jitter_of_a_tenth),
        cmocka_unit_test(a_restart_resumes_without_a_round),
        cmocka_unit_test(another_configuration_publishes_at_once_and_keeps_the_token),
        cmocka_unit_test(the_previous_generation_goes_after_the_overlap),
        cmocka_unit_test(rounds_that_change_nothing_do_not_put_the_retirement_off),
        cmocka_unit_test(what_waiting_may_heal_is_tried_until_wait_is_over),
        cmocka_unit_test(what_waiting_cannot_heal_is_given_up_at_once),
        cmocka_unit_test(what_people_were_told_already_is_given_up_and_not_told_again),
        cmocka_unit_test(no_wait_means_one_try),
        cmocka_unit_test(a_set_that_stands_is_never_given_up),
        cmocka_unit_test(a_lasting_fault_is_tried_twice_a_minute_at_most),
        cmocka_unit_test(what_this_machine_lacks_is_tried_again_soon_and_then_less_often),
        cmocka_unit_test(pauses_grow_to_the_maximum_and_success_resets_them),
        cmocka_unit_test(a_store_that_does_not_answer_is_tried_at_its_next_address),
        cmocka_unit_test(a_fault_is_said_once_and_another_one_too),
        cmocka_unit_test(a_fault_of_the_store_is_the_same_whichever_secret_met_it),
        cmocka_unit_test(an_outage_never_says_more_than_so_many_faults),
        cmocka_unit_test(hostile_numbers_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
