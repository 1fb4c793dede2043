#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/fetch/fetch_tell.h"
#include "sidecar/secret/region.h"

static struct error err;
static struct harvest harvest;
static struct secret_set set;

static const struct config_secret secrets[] = {
    {.name = "db", .store = STORE_VAULT, .path = "secret/data/db"},
    {.name = "box", .store = STORE_STRONGBOX, .path = "box"}};
static const struct config config = {.secrets = secrets, .secret_count = 2};

struct talk {
    struct channel fetch, place;
    struct lease leases[2];
    struct lease_table before;
    struct store_task task;
    enum protection_state memory;
};

static void put(struct talk *talk, size_t position, const char *text, uint64_t version,
                uint64_t expires_ms) {
    unsigned char *bytes = (unsigned char *)secret_strdup(text);
    assert_non_null(bytes);
    harvest_put(&harvest, &talk->task, position, bytes, strlen(text), version, expires_ms);
}

/* Two secrets; nothing stands yet. */
static void start(struct talk *talk) {
    int ends[2];
    assert_int_equal(channel_pair(ends, &err), 0);
    *talk = (struct talk){
        .fetch = {.fd = ends[0], .self = PARTY_FETCH, .peer = PARTY_PLACE},
        .place = {.fd = ends[1], .self = PARTY_PLACE, .peer = PARTY_FETCH},
    };
    talk->task = (struct store_task){
        .config = &config, .before = &talk->before, .round = 7, .wall_ms = 5000};
    harvest_make(&harvest);
    put(talk, 0, "value-of-db", 3, 9000);
    put(talk, 1, "value-of-box", 40, 0);
    harvest.box_version = 40;
}

/* Makes what was harvested the set that stands. */
static void stand(struct talk *talk) {
    memcpy(talk->leases, harvest.leases, sizeof talk->leases);
    talk->before = (struct lease_table){.leases = talk->leases, .count = 2};
}

static void end(struct talk *talk) {
    harvest_free(&harvest);
    assert_int_equal(close(talk->fetch.fd), 0);
    assert_int_equal(close(talk->place.fd), 0);
}

static void tell(struct talk *talk) {
    error_clear(&err);
    assert_int_equal(fetch_tell_harvest(&talk->fetch, &talk->task, &harvest, &talk->memory, &err),
                     0);
}

static void assert_kept(struct talk *talk) {
    struct message message;
    tell(talk);
    assert_int_equal(channel_receive(&talk->place, &message, NULL, &err), 1);
    assert_int_equal(message.type, MESSAGE_KEPT);
    assert_int_equal(message.body.kept.round, 7);
    assert_int_equal(message.body.kept.code, ERROR_OK);
    assert_int_equal(message.body.kept.has_position, 0);
    assert_int_equal(talk->memory, STATE_UNTOLD);
}

static void receive_set(struct talk *talk, uint32_t publish) {
    struct message message;
    struct region region;
    int fd;
    tell(talk);
    assert_int_equal(channel_receive(&talk->place, &message, &fd, &err), 1);
    assert_int_equal(message.type, MESSAGE_SECRETS);
    assert_int_equal(message.body.secrets.round, 7);
    assert_int_equal(message.body.secrets.count, 2);
    assert_int_equal(message.body.secrets.publish, publish);
    assert_int_not_equal(talk->memory, STATE_UNTOLD);
    assert_int_equal(region_adopt(&region, fd, &err), 0);
    assert_int_equal(secret_set_decode(&set, &region, &err), 0);
}

static void a_new_set_travels_with_its_leases(void **state) {
    (void)state;
    struct talk talk;
    struct arena arena = arena_make(1u << 20);
    struct lease_table table;
    start(&talk);
    harvest.session = (struct lease_session){.renewable = true, .expires_ms = 6000};
    receive_set(&talk, 1);
    assert_int_equal(set.count, 3);
    assert_int_equal(set.version, 40);
    assert_memory_equal(set.secrets[0].bytes, "value-of-db", 11);
    assert_memory_equal(set.secrets[1].bytes, "value-of-box", 12);
    assert_null(secret_set_find(&set, SECRET_INDEX_SESSION));
    const struct secret *leases = secret_set_find(&set, SECRET_INDEX_LEASES);
    assert_non_null(leases);
    assert_int_equal(
        lease_table_parse((const char *)leases->bytes, leases->length, &arena, &table, &err), 0);
    assert_int_equal(table.count, 2);
    assert_int_equal(table.box_version, 40);
    assert_true(table.session.renewable);
    assert_string_equal(table.leases[0].name, "db");
    assert_string_equal(table.leases[0].store, "vault");
    assert_int_equal(table.leases[0].version, 3);
    assert_int_equal(table.leases[0].fetched_ms, 5000);
    assert_int_equal(table.leases[0].expires_ms, 9000);
    assert_null(memmem(leases->bytes, leases->length, "value-of", 8));
    secret_set_free(&set);
    arena_free(&arena);
    end(&talk);
}

static void what_stands_is_kept(void **state) {
    (void)state;
    struct talk talk;
    start(&talk);
    stand(&talk);
    assert_kept(&talk);
    end(&talk);
}

static void a_lease_that_ends_at_another_time_changes_only_the_state(void **state) {
    (void)state;
    static const uint64_t expiries[] = {9000 + 24 * 3600000u, 0};
    for (size_t i = 0; i < sizeof expiries / sizeof *expiries; i++) {
        struct talk talk;
        start(&talk);
        stand(&talk);
        put(&talk, 0, "value-of-db", 3, expiries[i]);
        receive_set(&talk, 0);
        secret_set_free(&set);
        end(&talk);
    }
    struct talk talk;
    start(&talk);
    stand(&talk);
    put(&talk, 0, "value-of-db", 3, 9000 + LIMIT_SKEW_MS);
    assert_kept(&talk);
    end(&talk);
}

static void a_round_by_force_publishes_what_stands(void **state) {
    (void)state;
    struct talk talk;
    start(&talk);
    stand(&talk);
    talk.task.flags = ROUND_FORCE;
    receive_set(&talk, 1);
    secret_set_free(&set);
    end(&talk);
}

static void a_new_session_alone_changes_only_the_state(void **state) {
    (void)state;
    struct talk talk;
    start(&talk);
    stand(&talk);
    harvest.session_changed = true;
    harvest.session_text = (unsigned char *)secret_strdup("session");
    harvest.session_length = 7;
    receive_set(&talk, 0);
    assert_int_equal(set.count, 4);
    assert_memory_equal(secret_set_find(&set, SECRET_INDEX_SESSION)->bytes, "session", 7);
    assert_memory_equal(set.secrets[0].bytes, "value-of-db", 11);
    secret_set_free(&set);
    end(&talk);
}

static void any_difference_is_a_new_set(void **state) {
    (void)state;
    for (int difference = 0; difference < 5; difference++) {
        struct talk talk;
        start(&talk);
        stand(&talk);
        if (difference == 0)
            talk.leases[0].version = 2;
        else if (difference == 1)
            talk.leases[0].name = "renamed";
        else if (difference == 2)
            talk.leases[0].store = "strongbox";
        else if (difference == 3)
            talk.before.count = 1;
        else
            talk.before.count = 0;
        receive_set(&talk, 1);
        secret_set_free(&set);
        end(&talk);
    }
}

static void the_time_of_a_value_is_kept_with_its_version(void **state) {
    (void)state;
    struct talk talk;
    start(&talk);
    stand(&talk);
    talk.task.wall_ms = 8000;
    put(&talk, 0, "again", 3, 0);
    assert_int_equal(harvest.leases[0].fetched_ms, 5000);
    put(&talk, 0, "newer", 4, 0);
    assert_int_equal(harvest.leases[0].fetched_ms, 8000);
    assert_memory_equal(harvest.bytes[0], "newer", 5);
    end(&talk);
}

static void more_than_a_region_carries_is_refused(void **state) {
    (void)state;
    struct talk talk;
    start(&talk);
    secret_free(harvest.bytes[0]);
    harvest.bytes[0] = secret_alloc(LIMIT_SECRET_BYTES + 1u);
    harvest.lengths[0] = LIMIT_SECRET_BYTES + 1u;
    assert_int_equal(fetch_tell_harvest(&talk.fetch, &talk.task, &harvest, &talk.memory, &err), -1);
    assert_int_equal(err.code, ERROR_SECRET_SIZE);
    end(&talk);
}

static void a_fault_is_told_with_its_place(void **state) {
    (void)state;
    struct talk talk;
    struct message message;
    struct store_fault fault = {.position = 1, .detail = 403};
    start(&talk);
    assert_int_equal(fetch_tell_fault(&talk.fetch, 7, ERROR_STORE_DENIED, &fault, &err), 0);
    assert_int_equal(channel_receive(&talk.place, &message, NULL, &err), 1);
    assert_int_equal(message.type, MESSAGE_KEPT);
    assert_int_equal(message.body.kept.code, ERROR_STORE_DENIED);
    assert_int_equal(message.body.kept.position, 1);
    assert_int_equal(message.body.kept.has_position, 1);
    assert_int_equal(message.body.kept.detail, 403);
    fault.position = SIZE_MAX;
    assert_int_equal(fetch_tell_fault(&talk.fetch, 7, ERROR_STORE_SLOW, &fault, &err), 0);
    assert_int_equal(channel_receive(&talk.place, &message, NULL, &err), 1);
    assert_int_equal(message.body.kept.has_position, 0);
    assert_int_equal(message.body.kept.position, 0);
    end(&talk);
}

static void place_that_is_gone_is_told(void **state) {
    (void)state;
    struct talk talk;
    start(&talk);
    assert_int_equal(close(talk.place.fd), 0);
    assert_int_equal(fetch_tell_harvest(&talk.fetch, &talk.task, &harvest, &talk.memory, &err), -1);
    assert_int_equal(err.code, ERROR_CHILD);
    talk.place.fd = dup(talk.fetch.fd);
    end(&talk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_set_travels_with_its_leases),
        cmocka_unit_test(what_stands_is_kept),
        cmocka_unit_test(a_lease_that_ends_at_another_time_changes_only_the_state),
        cmocka_unit_test(a_round_by_force_publishes_what_stands),
        cmocka_unit_test(a_new_session_alone_changes_only_the_state),
        cmocka_unit_test(any_difference_is_a_new_set),
        cmocka_unit_test(the_time_of_a_value_is_kept_with_its_version),
        cmocka_unit_test(more_than_a_region_carries_is_refused),
        cmocka_unit_test(a_fault_is_told_with_its_place),
        cmocka_unit_test(place_that_is_gone_is_told),
    };
    secret_install_allocators();
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
