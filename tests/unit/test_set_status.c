/* status.json: what it says when, for machines and for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/lease/set_status.h"

#define NOW 1763733000123u /* 2025-11-21T13:50:00.123Z */

static const struct lease two_leases[] = {
    {"db", "vault", 7, NOW, NOW + 60000},
    {"trust", "strongbox", 1, NOW - 1, 0},
};

static struct set_status make_status(void) {
    return (struct set_status){.generation = 3,
                               .published_ms = NOW,
                               .checked_ms = NOW + 5000,
                               .grace_ms = 30000,
                               .leases = two_leases,
                               .count = 2};
}

static struct buffer write_status(const struct set_status *status, uint64_t now) {
    struct buffer out = buffer_make(LIMIT_LEASE_BYTES);
    set_status_format(status, now, &out);
    assert_int_equal(buffer_status(&out), 0);
    return out;
}

static json_t *load(const struct buffer *text) {
    json_t *root = json_loadb(text->data, text->length, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    return root;
}

static const char *text_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static json_int_t number_of(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

static void a_status_is_read_as_it_was_written(void **state) {
    (void)state;
    struct set_status status = make_status(), seen;
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct error err;
    status.error = ERROR_STORE_DENIED;
    status.error_secret = "db";
    status.error_detail = 403;
    status.stale_since_ms = NOW + 6000;
    status.withdrawn = 2;
    struct buffer text = write_status(&status, NOW);
    assert_int_equal(set_status_parse(text.data, text.length, &arena, &seen, &err), 0);
    assert_int_equal(seen.generation, 3);
    assert_int_equal(seen.published_ms, NOW);
    assert_int_equal(seen.checked_ms, NOW + 5000);
    assert_int_equal(seen.stale_since_ms, NOW + 6000);
    assert_int_equal(seen.grace_ms, 30000);
    assert_int_equal(seen.error, ERROR_STORE_DENIED);
    assert_string_equal(seen.error_secret, "db");
    assert_int_equal(seen.error_detail, 403);
    assert_int_equal(seen.withdrawn, 2);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.leases[1].name, "trust");
    assert_int_equal(seen.leases[0].expires_ms, NOW + 60000);
    buffer_free(&text);
    arena_free(&arena);
}

static void times_are_written_for_people_and_for_machines(void **state) {
    (void)state;
    struct set_status status = make_status();
    struct buffer text = write_status(&status, NOW);
    json_t *root = load(&text), *secret = json_array_get(json_object_get(root, "secrets"), 0);
    assert_string_equal(text_of(root, "published"), "2025-11-21T13:50:00Z");
    assert_int_equal(number_of(root, "published_ms"), NOW);
    assert_true(json_is_null(json_object_get(root, "stale_since")));
    assert_int_equal(number_of(root, "stale_since_ms"), 0);
    assert_string_equal(text_of(root, "ready_until"), "2025-11-21T13:51:30Z");
    assert_int_equal(number_of(root, "ready_until_ms"), NOW + 90000);
    assert_string_equal(text_of(secret, "expires"), "2025-11-21T13:51:00Z");
    assert_int_equal(number_of(secret, "version"), 7);
    assert_true(json_is_null(json_object_get(root, "error")));
    json_decref(root);
    buffer_free(&text);
}

static void dates_are_right_across_leap_years_and_centuries(void **state) {
    (void)state;
    static const struct {
        uint64_t seconds;
        const char *text;
    } rows[] = {
        {1, "1970-01-01T00:00:01Z"},
        {951782399, "2000-02-28T23:59:59Z"},
        {951782400, "2000-02-29T00:00:00Z"},
        {951868800, "2000-03-01T00:00:00Z"},
        {1709164800, "2024-02-29T00:00:00Z"},
        {1767225599, "2025-12-31T23:59:59Z"},
        {1767225600, "2026-01-01T00:00:00Z"},
        {4107542399, "2100-02-28T23:59:59Z"},
        {4107542400, "2100-03-01T00:00:00Z"},
        {13574563200, "2400-02-29T00:00:00Z"},
        {253402300799, "9999-12-31T23:59:59Z"},
        {UINT64_MAX / 1000, "9999-12-31T23:59:59Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct set_status status = {.generation = 1, .published_ms = rows[i].seconds * 1000};
        struct buffer text = write_status(&status, NOW);
        json_t *root = load(&text);
        assert_string_equal(text_of(root, "published"), rows[i].text);
        json_decref(root);
        buffer_free(&text);
    }
}

static void a_failed_round_makes_it_stale_but_ready(void **state) {
    (void)state;
    struct set_status status = make_status();
    assert_string_equal(set_status_word(&status, NOW), "fresh");
    status.stale_since_ms = NOW;
    assert_string_equal(set_status_word(&status, NOW), "stale");
    assert_true(set_status_is_ready(&status, NOW));
}

static void it_is_ready_up_to_expiry_plus_grace_and_not_a_millisecond_longer(void **state) {
    (void)state;
    struct set_status status = make_status();
    assert_true(set_status_is_ready(&status, NOW + 89999));
    assert_string_equal(set_status_word(&status, NOW + 89999), "fresh");
    assert_false(set_status_is_ready(&status, NOW + 90000));
    assert_string_equal(set_status_word(&status, NOW + 90000), "expired");
}

static void withdrawn_files_or_no_generation_are_not_ready(void **state) {
    (void)state;
    struct set_status status = make_status();
    status.withdrawn = 1;
    assert_false(set_status_is_ready(&status, NOW));
    assert_string_equal(set_status_word(&status, NOW), "expired");
    status = make_status();
    status.generation = 0;
    assert_false(set_status_is_ready(&status, NOW));
}

static void a_set_without_expiry_is_ready_for_ever(void **state) {
    (void)state;
    struct set_status status = {.generation = 1, .leases = &two_leases[1], .count = 1};
    assert_true(set_status_is_ready(&status, UINT64_MAX));
    struct buffer text = write_status(&status, NOW);
    json_t *root = load(&text);
    assert_int_equal(number_of(root, "ready_until_ms"), 0);
    json_decref(root);
    buffer_free(&text);
}

static void an_expiry_at_the_end_of_time_does_not_wrap(void **state) {
    (void)state;
    struct lease lease = {"a", "vault", 1, NOW, UINT64_MAX};
    struct set_status status = {
        .generation = 1, .leases = &lease, .count = 1, .grace_ms = UINT64_MAX};
    assert_true(set_status_is_ready(&status, NOW));
    struct buffer text = write_status(&status, NOW);
    buffer_free(&text);
}

static int parse(const char *text, size_t length) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct set_status seen = {.generation = 77};
    struct error err;
    char *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    int result = set_status_parse(copy, length, &arena, &seen, &err);
    assert_true(result == 0 || (err.code == ERROR_PROTOCOL && seen.generation == 77));
    free(copy);
    arena_free(&arena);
    return result;
}

static void every_code_survives_and_an_unknown_one_is_refused(void **state) {
    (void)state;
    for (int code = 1; code < ERROR_CODES; code++) {
        struct set_status status = make_status(), seen;
        struct arena arena = arena_make(LIMIT_ARENA_BYTES);
        struct error err;
        status.error = (enum error_code)code;
        struct buffer text = write_status(&status, NOW);
        assert_int_equal(set_status_parse(text.data, text.length, &arena, &seen, &err), 0);
        assert_int_equal(seen.error, code);
        assert_null(seen.error_secret);
        arena_free(&arena);
        buffer_free(&text);
    }
    struct set_status status = make_status();
    status.error = ERROR_STORE_SEALED;
    struct buffer text = write_status(&status, NOW);
    char *name = strstr(text.data, "store-sealed");
    assert_non_null(name);
    name[0] = 'x';
    assert_int_equal(parse(text.data, text.length), -1);
    buffer_free(&text);
}

static void a_status_cut_short_at_any_byte_is_none(void **state) {
    (void)state;
    struct set_status status = make_status();
    struct buffer text = write_status(&status, NOW);
    for (size_t i = 0; i + 1 < text.length; i++)
        assert_int_equal(parse(text.data, i), -1);
    assert_int_equal(parse(text.data, text.length), 0);
    buffer_free(&text);
}

static void members_twice_or_of_another_type_are_refused(void **state) {
    (void)state;
    struct set_status status = make_status();
    struct buffer text = write_status(&status, NOW);
    static const char *const keys[] = {"\"generation\"", "\"checked_ms\"", "\"withdrawn\"",
                                       "\"error\"",      "\"secrets\"",    "\"grace_ms\"",
                                       "\"fetched_ms\""};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char *at = strstr(text.data, keys[i]);
        assert_non_null(at);
        at[1] ^= 1; /* another name: the member is missing */
        assert_int_equal(parse(text.data, text.length), -1);
        at[1] ^= 1;
    }
    char *twin = strstr(text.data, "\"trust\"");
    memcpy(twin, "\"db\"   ", 7);
    assert_int_equal(parse(text.data, text.length), -1);
    buffer_free(&text);
}

static void a_thousand_secrets_fit(void **state) {
    (void)state;
    static char names[LIMIT_SECRETS][LIMIT_SECRET_NAME + 1];
    static struct lease leases[LIMIT_SECRETS];
    for (size_t i = 0; i < LIMIT_SECRETS; i++) {
        memset(names[i], 'n', LIMIT_SECRET_NAME);
        (void)snprintf(names[i] + LIMIT_SECRET_NAME - 5, 6, "%05zu", i);
        leases[i] = (struct lease){names[i], "strongbox", INT64_MAX, NOW, NOW};
    }
    struct set_status status = {.generation = 1, .leases = leases, .count = LIMIT_SECRETS};
    struct buffer text = write_status(&status, NOW);
    assert_int_equal(parse(text.data, text.length), 0);
    buffer_free(&text);
}

static void the_head_tells_the_same_as_the_whole(void **state) {
    (void)state;
    struct error err;
    for (int expires = 0; expires < 2; expires++)
        for (int withdrawn = 0; withdrawn < 2; withdrawn++) {
            struct set_status status = make_status(), head, whole;
            struct arena arena = arena_make(LIMIT_ARENA_BYTES);
            status.leases += 1 - expires;
            status.count -= (size_t)(1 - expires);
            status.withdrawn = (size_t)withdrawn;
            struct buffer text = write_status(&status, NOW);
            assert_int_equal(set_status_parse_head(text.data, text.length, &arena, &head, &err), 0);
            assert_int_equal(set_status_parse(text.data, text.length, &arena, &whole, &err), 0);
            assert_int_equal(head.count, 0);
            assert_int_equal(head.generation, whole.generation);
            for (uint64_t now = NOW; now < NOW + 120000; now += 10000) {
                assert_int_equal(set_status_is_ready(&head, now), set_status_is_ready(&whole, now));
                assert_string_equal(set_status_word(&head, now), set_status_word(&whole, now));
            }
            buffer_free(&text);
            arena_free(&arena);
        }
}

static void a_status_of_no_bytes_is_none(void **state) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct set_status seen;
    struct error err;
    (void)state;
    error_clear(&err);
    assert_int_equal(set_status_parse(NULL, 0, &arena, &seen, &err), -1);
    assert_int_equal(err.code, ERROR_PROTOCOL);
    error_clear(&err);
    assert_int_equal(set_status_parse_head(NULL, 0, &arena, &seen, &err), -1);
    assert_int_equal(err.code, ERROR_PROTOCOL);
    arena_free(&arena);
}

static void a_head_that_is_cut_is_refused(void **state) {
    (void)state;
    struct set_status status = make_status(), seen = {.generation = 77};
    struct buffer text = write_status(&status, NOW);
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct error err;
    size_t secrets = (size_t)(strstr(text.data, "\"secrets\":[") - text.data) + 10;
    for (size_t cut = 0; cut <= secrets; cut++) {
        assert_int_equal(set_status_parse_head(text.data, cut, &arena, &seen, &err), -1);
        assert_int_equal(seen.generation, 77);
    }
    buffer_free(&text);
    arena_free(&arena);
}

int main(void) {
    json_object_seed(1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_tells_the_same_as_the_whole),
        cmocka_unit_test(a_status_of_no_bytes_is_none),
        cmocka_unit_test(a_head_that_is_cut_is_refused),
        cmocka_unit_test(a_status_is_read_as_it_was_written),
        cmocka_unit_test(times_are_written_for_people_and_for_machines),
        cmocka_unit_test(dates_are_right_across_leap_years_and_centuries),
        cmocka_unit_test(a_failed_round_makes_it_stale_but_ready),
        cmocka_unit_test(it_is_ready_up_to_expiry_plus_grace_and_not_a_millisecond_longer),
        cmocka_unit_test(withdrawn_files_or_no_generation_are_not_ready),
        cmocka_unit_test(a_set_without_expiry_is_ready_for_ever),
        cmocka_unit_test(an_expiry_at_the_end_of_time_does_not_wrap),
        cmocka_unit_test(every_code_survives_and_an_unknown_one_is_refused),
        cmocka_unit_test(a_status_cut_short_at_any_byte_is_none),
        cmocka_unit_test(members_twice_or_of_another_type_are_refused),
        cmocka_unit_test(a_thousand_secrets_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
