/* place killed at each of its file calls: whatever a reader could have seen then is
 * whole, and the next round mends the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/place_fixture.h"

#define CALLS 200 /* more than any task makes */

/* One task that is killed. */
struct act {
    const struct order *before[3], *killed;
    const struct order *mends; /* the next round: fetch has what the state says, or has not */
    uint64_t generation;       /* that must stand in the end */
    const char *key;           /* value of "key" in the end; NULL: no such file */
    const char *session;       /* in the end */
};

static const struct order first = {.values = {"one", "k1"}, .version = 1, .session = "token-1"};
static const struct order second = {.values = {"two", "k2"}, .version = 2, .session = "token-2"};
static const struct order third = {
    .values = {"one", "k1"}, .version = 1, .session = "token-3", .no_publish = true};
static const struct order leased = {
    .values = {"one", "k1"}, .version = 1, .expires_ms = {0, 5000}, .session = "token-1"};
static const struct order withdraw = {.task = TASK_WITHDRAW, .before_ms = 5000};
static const struct order unchanged = {.kept_code = ERROR_OK};
static const struct order fault = {.kept_code = ERROR_STORE_SEALED};

/* The version of the leases in the state; 0: there is none. */
static uint64_t version_in_state(struct place *place) {
    if (!is_there(place->state, "current/leases"))
        return 0;
    struct lease_table table = see_table(place);
    return table.count == 0 ? 0 : table.leases[0].version;
}

/* One directory of the set as a reader opens it: all of one round, or nothing yet. */
static void assert_set_is_whole(struct place *place) {
    const char *key = look(place, place->directory, "current/key");
    const char *db = look(place, place->directory, "current/db.properties");
    const char *both = look(place, place->directory, "current/both");
    if (!is_there(place->directory, "current")) {
        assert_null(key);
        return;
    }
    const char *word = strcmp(db, "user=etl\npassword=one\n") == 0 ? "one" : "two";
    const char *of_both = strcmp(word, "one") == 0 ? "a=one\nb=k1\n" : "a=two\nb=k2\n";
    assert_true(strcmp(word, "one") == 0 || strcmp(db, "user=etl\npassword=two\n") == 0);
    if (key == NULL) { /* withdrawn */
        assert_null(both);
        return;
    }
    assert_string_equal(key, strcmp(word, "one") == 0 ? "k1" : "k2");
    assert_string_equal(both, of_both);
}

/* status.json is whole, and never ahead of the set. */
static void assert_status_is_whole(struct place *place, bool stood) {
    struct set_status status;
    bool seen = see_status(place, &status);
    if (stood)
        assert_true(seen);
    if (!seen)
        return;
    assert_true(status.generation >= 1);
    assert_true(status.generation <= publish_current(place->directory));
    assert_int_equal(status.count, 2);
}

/* The state is whole, and its session is the one of before or the new one. */
static void assert_state_is_whole(struct place *place, bool stood) {
    struct secret_set values;
    struct error err;
    if (!is_there(place->state, "current")) {
        assert_false(stood);
        return;
    }
    struct lease_table table = see_table(place);
    assert_int_equal(state_read_values(place->state, &values, &err), 0);
    assert_int_equal(table.count, values.count);
    secret_set_free(&values);
    const char *session = look(place, place->state, "current/session");
    assert_non_null(session);
    assert_memory_equal(session, "token-", 6);
    assert_true(table.session.held);
}

static void assert_is_mended(struct place *place, const struct act *act) {
    struct set_status status;
    assert_true(see_status(place, &status));
    assert_int_equal(status.generation, publish_current(place->directory));
    assert_int_equal(publish_current(place->directory), act->generation);
    assert_int_equal(see_table(place).generation, act->generation);
    const char *key = look(place, place->directory, "current/key");
    if (act->key == NULL)
        assert_null(key);
    else
        assert_string_equal(key, act->key);
    assert_string_equal(look(place, place->state, "current/session"), act->session);
}

/* Kills it at its 1st, 2nd … file call, each time from the start. */
static void kill_everywhere(const struct act *act) {
    long killed = 0;
    for (long call = 1; call <= CALLS; call++) {
        void *state;
        assert_int_equal(make_place(&state), 0);
        struct place *place = state;
        for (int i = 0; i < 3 && act->before[i] != NULL; i++)
            (void)run_place(place, act->before[i]);
        bool stood = act->before[0] != NULL;
        struct ending ending = run_place_to(place, act->killed, call);
        assert_set_is_whole(place);
        assert_status_is_whole(place, stood);
        assert_state_is_whole(place, stood);
        if (!ending.killed) {
            assert_true(WIFEXITED(ending.status));
            assert_int_equal(remove_place(&state), 0);
            break;
        }
        killed++;
        assert_true(WIFSIGNALED(ending.status));
        /* What fetch finds unchanged is what the state says. */
        const struct order *next = act->killed;
        if (act->killed->task == TASK_PUBLISH && version_in_state(place) == act->killed->version)
            next = act->mends;
        struct message_result result = run_place(place, next);
        assert_int_equal(result.code, ERROR_OK);
        if (next == act->killed && next->task == TASK_PUBLISH)
            (void)run_place(place, act->mends);
        assert_set_is_whole(place);
        assert_is_mended(place, act);
        assert_int_equal(remove_place(&state), 0);
    }
    assert_in_range(killed, 3, CALLS - 1);
    print_message("  killed at %ld file calls\n", killed);
}

static void a_first_round(void **state) {
    (void)state;
    kill_everywhere(&(struct act){
        .killed = &first, .mends = &unchanged, .generation = 1, .key = "k1", .session = "token-1"});
}

static void a_rotation(void **state) {
    (void)state;
    kill_everywhere(&(struct act){.before = {&first},
                                  .killed = &second,
                                  .mends = &unchanged,
                                  .generation = 2,
                                  .key = "k2",
                                  .session = "token-2"});
}

static void a_rotation_before_the_store_goes_down(void **state) {
    (void)state;
    kill_everywhere(&(struct act){.before = {&first, &fault},
                                  .killed = &second,
                                  .mends = &fault,
                                  .generation = 2,
                                  .key = "k2",
                                  .session = "token-2"});
}

static void a_round_that_finds_nothing_new(void **state) {
    (void)state;
    kill_everywhere(&(struct act){.before = {&first, &fault},
                                  .killed = &unchanged,
                                  .mends = &unchanged,
                                  .generation = 1,
                                  .key = "k1",
                                  .session = "token-1"});
}

static void a_round_that_fails(void **state) {
    (void)state;
    kill_everywhere(&(struct act){.before = {&first},
                                  .killed = &fault,
                                  .mends = &unchanged,
                                  .generation = 1,
                                  .key = "k1",
                                  .session = "token-1"});
}

static void a_round_with_a_new_session_only(void **state) {
    (void)state;
    kill_everywhere(&(struct act){.before = {&first},
                                  .killed = &third,
                                  .mends = &third,
                                  .generation = 1,
                                  .key = "k1",
                                  .session = "token-3"});
}

/* The secret db stays, key has expired. */
static void a_withdrawal(void **state) {
    (void)state;
    kill_everywhere(&(struct act){.before = {&leased},
                                  .killed = &withdraw,
                                  .generation = 2,
                                  .key = NULL,
                                  .session = "token-1"});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_round),
        cmocka_unit_test(a_rotation),
        cmocka_unit_test(a_rotation_before_the_store_goes_down),
        cmocka_unit_test(a_round_that_finds_nothing_new),
        cmocka_unit_test(a_round_that_fails),
        cmocka_unit_test(a_round_with_a_new_session_only),
        cmocka_unit_test(a_withdrawal),
    };
    secret_install_allocators();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
