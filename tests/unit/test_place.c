/* place as a process: state, set and status.json of every task. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/place_fixture.h"

static const struct order first = {.values = {"one", "k1"}, .version = 1, .session = "token-1"};
static const struct order second = {.values = {"two", "k2"}, .version = 2};
static const struct order unchanged = {.kept_code = ERROR_OK};
static const struct order sealed = {
    .kept_code = ERROR_STORE_SEALED, .has_position = true, .position = 1, .detail = 503};

static void assert_seen(struct place *place, const char *name, const char *text) {
    const char *seen = look(place, place->directory, name);
    if (seen == NULL)
        fail_msg("%s is not there", name);
    assert_string_equal(seen, text);
}

static struct set_status need_status(struct place *place) {
    struct set_status status;
    assert_true(see_status(place, &status));
    return status;
}

static void the_first_round_publishes_state_set_and_status(void **state) {
    struct place *place = *state;
    uint64_t before = clock_wall_ms();
    struct message_result result = run_place(place, &first);
    struct stat st;
    assert_int_equal(result.code, ERROR_OK);
    assert_int_equal(result.changed, 1);
    assert_int_equal(result.generation, 1);
    assert_int_equal(result.files, 3);
    assert_int_equal(result.version, 1);
    assert_seen(place, "current/db.properties", "user=etl\npassword=one\n");
    assert_seen(place, "current/key", "k1");
    struct set_status status = need_status(place);
    assert_int_equal(status.generation, 1);
    assert_in_range(status.published_ms, before, clock_wall_ms());
    assert_int_equal(status.checked_ms, status.published_ms);
    assert_int_equal(status.stale_since_ms, 0);
    assert_int_equal(status.error, ERROR_OK);
    assert_int_equal(status.count, 2);
    assert_string_equal(status.leases[1].name, "key");
    assert_int_equal(fstatat(place->directory, SET_STATUS_FILE, &st, 0), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0400);
    assert_false(is_there(place->directory, SET_STATUS_FILE ".next"));
}

static void the_state_holds_leases_values_and_session(void **state) {
    struct place *place = *state;
    char digest[LEASE_DIGEST_BYTES];
    struct secret_set values;
    struct error err;
    struct stat st;
    run_place(place, &first);
    struct lease_table table = see_table(place);
    lease_digest(place_config, strlen(place_config), digest);
    assert_string_equal(table.config, digest);
    assert_int_equal(table.generation, 1);
    assert_int_equal(table.count, 2);
    assert_true(table.session.held);
    assert_string_equal(look(place, place->state, "current/session"), "token-1");
    assert_int_equal(state_read_values(place->state, &values, &err), 0);
    assert_int_equal(values.count, 2); /* the special entries are files of their own */
    assert_memory_equal(values.secrets[1].bytes, "k1", 2);
    secret_set_free(&values);
    assert_int_equal(fstatat(place->state, "current/session", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
}

static void a_session_that_no_round_brings_is_carried_over(void **state) {
    struct place *place = *state;
    run_place(place, &first);
    struct message_result result = run_place(place, &second);
    assert_int_equal(result.generation, 2);
    assert_seen(place, "current/key", "k2");
    assert_int_equal(see_table(place).generation, 2);
    assert_true(see_table(place).session.held);
    assert_string_equal(look(place, place->state, "current/session"), "token-1");
}

static void a_session_that_is_no_longer_held_goes(void **state) {
    struct place *place = *state;
    struct order gone = second;
    gone.drops_session = true;
    run_place(place, &first);
    run_place(place, &gone);
    assert_null(look(place, place->state, "current/session"));
    assert_false(see_table(place).session.held);
}

static void a_table_never_claims_a_session_that_is_not_there(void **state) {
    struct place *place = *state;
    run_place(place, &second);
    assert_null(look(place, place->state, "current/session"));
    assert_false(see_table(place).session.held);
}

static void a_new_session_alone_leaves_the_set(void **state) {
    struct place *place = *state;
    struct order renewed = first;
    renewed.session = "token-2";
    renewed.no_publish = true;
    run_place(place, &first);
    struct message_result result = run_place(place, &renewed);
    assert_int_equal(result.code, ERROR_OK);
    assert_int_equal(result.changed, 0);
    assert_int_equal(result.generation, 1);
    assert_int_equal(publish_current(place->directory), 1);
    assert_int_equal(publish_current(place->state), 2);
    assert_int_equal(see_table(place).generation, 1);
    assert_string_equal(look(place, place->state, "current/session"), "token-2");
}

static void a_session_without_the_values_that_stand_is_refused(void **state) {
    struct place *place = *state;
    const struct order bare = {.session = "token-2", .no_publish = true};
    run_place(place, &first);
    assert_int_equal(run_place(place, &bare).code, ERROR_PROTOCOL);
    assert_string_equal(look(place, place->state, "current/session"), "token-1");
    assert_int_equal(see_table(place).count, 2);
}

static void a_session_before_the_first_set_is_kept_in_the_state(void **state) {
    struct place *place = *state;
    const struct order login = {.session = "token-1", .no_publish = true};
    struct message_result result = run_place(place, &login);
    struct set_status status;
    assert_int_equal(result.code, ERROR_OK);
    assert_int_equal(result.generation, 0);
    assert_string_equal(look(place, place->state, "current/session"), "token-1");
    assert_int_equal(see_table(place).generation, 0);
    assert_false(see_status(place, &status));
    assert_int_equal(run_place(place, &first).generation, 1);
}

static void an_unchanged_round_says_when_it_looked(void **state) {
    struct place *place = *state;
    run_place(place, &first);
    struct set_status before = need_status(place);
    (void)usleep(5000);
    struct message_result result = run_place(place, &unchanged);
    assert_int_equal(result.code, ERROR_OK);
    assert_int_equal(result.changed, 0);
    assert_int_equal(result.generation, 1);
    assert_int_equal(result.files, 3);
    struct set_status after = need_status(place);
    assert_true(after.checked_ms > before.checked_ms);
    assert_int_equal(after.published_ms, before.published_ms);
    assert_int_equal(publish_current(place->state), 1);
}

static void a_fault_makes_the_set_stale_from_its_first_time_on(void **state) {
    struct place *place = *state;
    run_place(place, &first);
    assert_int_equal(run_place(place, &sealed).code, ERROR_OK);
    struct set_status one = need_status(place);
    assert_true(one.stale_since_ms > 0);
    assert_int_equal(one.error, ERROR_STORE_SEALED);
    assert_string_equal(one.error_secret, "key");
    assert_int_equal(one.error_detail, 503);
    assert_true(set_status_is_ready(&one, clock_wall_ms()));
    (void)usleep(5000);
    const struct order slow = {.kept_code = ERROR_STORE_SLOW};
    run_place(place, &slow);
    struct set_status two = need_status(place);
    assert_int_equal(two.stale_since_ms, one.stale_since_ms);
    assert_int_equal(two.error, ERROR_STORE_SLOW);
    assert_null(two.error_secret);
    assert_int_equal(two.checked_ms, one.checked_ms);
    run_place(place, &unchanged);
    struct set_status three = need_status(place);
    assert_int_equal(three.stale_since_ms, 0);
    assert_int_equal(three.error, ERROR_OK);
    assert_seen(place, "current/key", "k1");
}

static void nothing_is_told_of_a_set_that_does_not_stand(void **state) {
    struct place *place = *state;
    struct message_result result = run_place(place, &sealed);
    assert_int_equal(result.code, ERROR_OK);
    assert_int_equal(result.generation, 0);
    assert_false(is_there(place->directory, SET_STATUS_FILE));
    assert_false(is_there(place->directory, SET_STATUS_FILE ".next"));
}

static void a_fetch_that_dies_without_a_word_makes_the_set_stale(void **state) {
    struct place *place = *state;
    const struct order silent = {.silent = true};
    run_place(place, &first);
    assert_int_equal(run_place(place, &silent).code, ERROR_CHILD);
    assert_int_equal(need_status(place).error, ERROR_CHILD);
    assert_seen(place, "current/key", "k1");
}

static void a_file_that_cannot_be_rendered_leaves_the_set_and_keeps_the_login(void **state) {
    struct place *place = *state;
    const struct order empty = {.values = {"two", ""}, .version = 2, .session = "token-2"};
    run_place(place, &first);
    struct message_result result = run_place(place, &empty);
    assert_int_equal(result.code, ERROR_SECRET_EMPTY);
    assert_int_equal(result.changed, 0);
    assert_int_equal(result.has_position, 1);
    assert_int_equal(result.position, 1);
    assert_seen(place, "current/db.properties", "user=etl\npassword=one\n");
    struct set_status status = need_status(place);
    assert_int_equal(status.error, ERROR_SECRET_EMPTY);
    assert_string_equal(status.error_secret, "key");
    assert_true(status.stale_since_ms > 0);
    assert_string_equal(look(place, place->state, "current/session"), "token-2");
    struct lease_table table = see_table(place);
    assert_int_equal(table.generation, 1);
    assert_int_equal(table.leases[0].version, 1); /* so that fetch will read it again */
    assert_int_equal(run_place(place, &unchanged).changed, 0);
}

static void what_fetch_must_not_send_is_refused(void **state) {
    struct place *place = *state;
    const struct order without = {.values = {"two", "k2"}, .version = 2, .no_table = true};
    const struct order strange = {.values = {"two", "k2", "x"}, .version = 2};
    run_place(place, &first);
    assert_int_equal(run_place(place, &without).code, ERROR_PROTOCOL);
    assert_int_equal(run_place(place, &strange).code, ERROR_PROTOCOL);
    assert_seen(place, "current/key", "k1");
    assert_int_equal(publish_current(place->state), 1);
}

/* ---- Expiry */

static const struct order leased = {
    .values = {"one", "k1"}, .version = 1, .expires_ms = {5000, 0}, .session = "token-1"};
static const struct order withdraw = {.task = TASK_WITHDRAW, .before_ms = 5000};

static void what_has_expired_is_left_out(void **state) {
    struct place *place = *state;
    run_place(place, &leased);
    struct message_result result = run_place(place, &withdraw);
    assert_int_equal(result.code, ERROR_OK);
    assert_int_equal(result.changed, 1);
    assert_int_equal(result.generation, 2);
    assert_int_equal(result.files, 1);
    assert_seen(place, "current/key", "k1");
    assert_false(is_there(place->directory, "current/db.properties"));
    assert_false(is_there(place->directory, "current/both"));
    struct set_status status = need_status(place);
    assert_int_equal(status.withdrawn, 2);
    assert_int_equal(status.count, 2); /* people see which one has expired */
    assert_false(set_status_is_ready(&status, 4000));
    struct lease_table table = see_table(place);
    assert_int_equal(table.count, 1); /* so that the next round reads it again */
    assert_int_equal(table.generation, 2);
    assert_string_equal(look(place, place->state, "current/session"), "token-1");
}

static void what_has_not_expired_stays(void **state) {
    struct place *place = *state;
    struct order early = withdraw;
    early.before_ms = 4999;
    run_place(place, &leased);
    struct message_result result = run_place(place, &early);
    assert_int_equal(result.code, ERROR_OK);
    assert_int_equal(result.changed, 0);
    assert_int_equal(result.generation, 1);
    run_place(place, &withdraw);
    assert_int_equal(run_place(place, &withdraw).changed, 0); /* once is enough */
    assert_int_equal(publish_current(place->directory), 2);
}

static void a_set_of_which_all_has_expired_is_an_empty_directory(void **state) {
    struct place *place = *state;
    struct order all = leased;
    all.expires_ms[1] = 4000;
    run_place(place, &all);
    struct message_result result = run_place(place, &withdraw);
    assert_int_equal(result.changed, 1);
    assert_int_equal(result.files, 0);
    assert_true(is_there(place->directory, "current"));
    assert_false(is_there(place->directory, "current/key"));
    assert_int_equal(need_status(place).withdrawn, 3);
    run_place(place, &sealed); /* a fault does not bring it back, nor does its status forget */
    assert_int_equal(need_status(place).withdrawn, 3);
    assert_int_equal(run_place(place, &second).files, 3);
    assert_int_equal(need_status(place).withdrawn, 0);
    assert_seen(place, "current/key", "k2");
}

static void nothing_is_withdrawn_where_the_state_is_lost(void **state) {
    struct place *place = *state;
    run_place(place, &leased);
    (void)wipe_contents(place->state, false);
    assert_int_equal(run_place(place, &withdraw).code, ERROR_PROTOCOL);
    assert_seen(place, "current/key", "k1");
}

/* ---- What a killed or failed round left */

static void a_set_that_stands_in_the_state_only_is_published_by_the_next_round(void **state) {
    struct place *place = *state;
    run_place(place, &first);
    (void)wipe_contents(place->directory, false);
    struct message_result result = run_place(place, &sealed); /* whatever fetch says */
    assert_int_equal(result.code, ERROR_OK);
    assert_int_equal(result.changed, 1);
    assert_int_equal(result.generation, 1);
    assert_seen(place, "current/key", "k1");
    assert_int_equal(need_status(place).error, ERROR_STORE_SEALED);
    assert_int_equal(publish_current(place->state), 1);
    assert_int_equal(run_place(place, &unchanged).changed, 0);
    assert_int_equal(need_status(place).error, ERROR_OK);
}

static void values_of_another_configuration_are_not_published(void **state) {
    struct place *place = *state;
    run_place(place, &first);
    (void)wipe_contents(place->directory, false);
    place->config = "version: 1\n"
                    "secrets: {key: {store: strongbox, path: other}}\n"
                    "deliver: {files: {key: {raw: \"${key}\"}}}\n";
    struct message_result result = run_place(place, &unchanged);
    assert_int_equal(result.changed, 0);
    assert_int_equal(publish_current(place->directory), 0);
}

static void a_withdrawal_knows_the_values_by_their_names(void **state) {
    struct place *place = *state;
    run_place(place, &leased);
    place->config = "version: 1\n"
                    "secrets:\n"
                    "  key: {store: strongbox, path: key}\n"
                    "  db: {store: strongbox, path: db}\n"
                    "deliver: {files: {key: {raw: \"${key}\"}, db: {raw: \"${db}\"}}}\n";
    assert_int_equal(run_place(place, &withdraw).files, 1);
    assert_seen(place, "current/key", "k1");
    assert_false(is_there(place->directory, "current/db"));
}

static void a_damaged_status_is_made_up_from_the_state(void **state) {
    struct place *place = *state;
    run_place(place, &first);
    assert_int_equal(unlinkat(place->directory, SET_STATUS_FILE, 0), 0);
    int fd = openat(place->directory, SET_STATUS_FILE, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "{\"format\":1", 11), 11);
    (void)close(fd);
    run_place(place, &sealed);
    struct set_status status = need_status(place);
    assert_int_equal(status.generation, 1);
    assert_int_equal(status.count, 2);
    assert_true(status.published_ms > 1000000000000);
    assert_true(status.published_ms <= clock_wall_ms());
}

static void a_status_that_is_a_link_is_replaced_and_not_followed(void **state) {
    struct place *place = *state;
    run_place(place, &first);
    assert_int_equal(unlinkat(place->directory, SET_STATUS_FILE, 0), 0);
    assert_int_equal(symlinkat("current/key", place->directory, SET_STATUS_FILE), 0);
    assert_int_equal(symlinkat("current/key", place->directory, SET_STATUS_FILE ".next"), 0);
    run_place(place, &unchanged);
    assert_int_equal(need_status(place).generation, 1);
    assert_seen(place, "current/key", "k1");
}

static void retiring_keeps_what_stands_of_both(void **state) {
    struct place *place = *state;
    struct order retire = {.task = TASK_RETIRE, .generation = 1};
    struct order renewed = first;
    renewed.no_publish = true;
    run_place(place, &first);
    run_place(place, &renewed);
    run_place(place, &renewed);
    run_place(place, &second);
    assert_true(is_there(place->directory, "g-000001"));
    assert_int_equal(run_place(place, &retire).code, ERROR_OK);
    assert_false(is_there(place->directory, "g-000001"));
    assert_true(is_there(place->state, "g-000004"));
    assert_false(is_there(place->state, "g-000003"));
    assert_seen(place, "current/key", "k2");
    assert_int_equal(need_status(place).generation, 2);
}

static void the_last_number_is_said_and_the_set_stays(void **state) {
    struct place *place = *state;
    struct stat st;
    run_place(place, &first);
    assert_int_equal(renameat(place->directory, "g-000001", place->directory, "g-999999"), 0);
    assert_int_equal(unlinkat(place->directory, "current", 0), 0);
    assert_int_equal(symlinkat("g-999999", place->directory, "current"), 0);
    assert_int_equal(run_place(place, &second).generation, 1000000);
    assert_true(is_there(place->directory, "g-1000000"));
    assert_int_equal(need_status(place).generation, 1000000);
    assert_int_equal(renameat(place->directory, "g-1000000", place->directory, "g-999999999"), 0);
    assert_int_equal(unlinkat(place->directory, "current", 0), 0);
    assert_int_equal(symlinkat("g-999999999", place->directory, "current"), 0);
    struct message_result result = run_place(place, &first);
    assert_int_equal(result.code, ERROR_PLACE_FILE);
    assert_int_equal(result.generation, 999999999);
    assert_seen(place, "current/key", "k2");
    assert_int_equal(need_status(place).error, ERROR_PLACE_FILE);
    assert_int_not_equal(fstatat(place->directory, SET_STATUS_FILE ".next", &st, 0), 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(the_first_round_publishes_state_set_and_status),
        TEST(the_state_holds_leases_values_and_session),
        TEST(a_session_that_no_round_brings_is_carried_over),
        TEST(a_session_that_is_no_longer_held_goes),
        TEST(a_table_never_claims_a_session_that_is_not_there),
        TEST(a_new_session_alone_leaves_the_set),
        TEST(a_session_without_the_values_that_stand_is_refused),
        TEST(a_session_before_the_first_set_is_kept_in_the_state),
        TEST(an_unchanged_round_says_when_it_looked),
        TEST(a_fault_makes_the_set_stale_from_its_first_time_on),
        TEST(nothing_is_told_of_a_set_that_does_not_stand),
        TEST(a_fetch_that_dies_without_a_word_makes_the_set_stale),
        TEST(a_file_that_cannot_be_rendered_leaves_the_set_and_keeps_the_login),
        TEST(what_fetch_must_not_send_is_refused),
        TEST(what_has_expired_is_left_out),
        TEST(what_has_not_expired_stays),
        TEST(a_set_of_which_all_has_expired_is_an_empty_directory),
        TEST(nothing_is_withdrawn_where_the_state_is_lost),
        TEST(a_set_that_stands_in_the_state_only_is_published_by_the_next_round),
        TEST(values_of_another_configuration_are_not_published),
        TEST(a_withdrawal_knows_the_values_by_their_names),
        TEST(a_damaged_status_is_made_up_from_the_state),
        TEST(a_status_that_is_a_link_is_replaced_and_not_followed),
        TEST(retiring_keeps_what_stands_of_both),
        TEST(the_last_number_is_said_and_the_set_stays),
    };
    secret_install_allocators();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
