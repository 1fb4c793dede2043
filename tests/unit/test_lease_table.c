/* The lease table: written and read back, and what is no table. */
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
#include "sidecar/base/error.h"
#include "sidecar/lease/lease_table.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NOW    1763733000123u

static const struct lease two_leases[] = {
    {.name = "db", .store = "vault", .version = 7, .fetched_ms = NOW, .expires_ms = NOW + 5},
    {.name = "tr\"uc\n\xc3\xa9", .store = "strongbox", .version = 1},
};

static struct lease_table make_table(void) {
    return (struct lease_table){.generation = 12,
                                .config = DIGEST,
                                .box_version = 3,
                                .session = {.held = true,
                                            .ours = true,
                                            .renewable = true,
                                            .issued_ms = NOW,
                                            .expires_ms = NOW + 1000},
                                .leases = two_leases,
                                .count = 2};
}

static struct buffer write_table(const struct lease_table *table) {
    struct buffer out = buffer_make(LIMIT_LEASE_BYTES);
    lease_table_format(table, &out);
    assert_int_equal(buffer_status(&out), 0);
    return out;
}

static int parse(const char *text, size_t length, struct arena *arena, struct lease_table *ret) {
    struct error err;
    error_clear(&err);
    int result = lease_table_parse(text, length, arena, ret, &err);
    assert_int_equal(err.code, result == 0 ? ERROR_OK : ERROR_PROTOCOL);
    return result;
}

/* Reads text in a block of its exact size, so that a sanitizer sees a step past it. */
static int parse_exact(const char *text, size_t length) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct lease_table table = {.generation = 77};
    char *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    copy = realloc(copy, length > 0 ? length : 1);
    int result = parse(copy, length, &arena, &table);
    assert_true(result == 0 || table.generation == 77);
    free(copy);
    arena_free(&arena);
    return result;
}

static void a_table_is_read_as_it_was_written(void **state) {
    (void)state;
    struct lease_table table = make_table(), seen;
    struct buffer text = write_table(&table);
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    assert_int_equal(parse(text.data, text.length, &arena, &seen), 0);
    assert_int_equal(seen.generation, 12);
    assert_int_equal(seen.box_version, 3);
    assert_string_equal(seen.config, DIGEST);
    assert_true(seen.session.held && seen.session.ours && seen.session.renewable);
    assert_int_equal(seen.session.issued_ms, table.session.issued_ms);
    assert_int_equal(seen.session.expires_ms, table.session.expires_ms);
    assert_int_equal(seen.count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct lease *lease = lease_find(&seen, two_leases[i].name);
        assert_ptr_equal(lease, &seen.leases[i]);
        assert_string_equal(lease->store, two_leases[i].store);
        assert_int_equal(lease->version, two_leases[i].version);
        assert_int_equal(lease->fetched_ms, two_leases[i].fetched_ms);
        assert_int_equal(lease->expires_ms, two_leases[i].expires_ms);
    }
    assert_null(lease_find(&seen, "dc"));
    assert_int_equal(text.data[text.length - 1], '\n');
    arena_free(&arena);
    buffer_free(&text);
}

static void a_table_that_is_not_complete_yet_has_an_empty_digest(void **state) {
    (void)state;
    struct lease_table table = {0}, seen = {.count = 9};
    struct buffer text = write_table(&table);
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    assert_int_equal(parse(text.data, text.length, &arena, &seen), 0);
    assert_int_equal(seen.count, 0);
    assert_string_equal(seen.config, "");
    arena_free(&arena);
    buffer_free(&text);
}

static void a_table_cut_short_at_any_byte_is_no_table(void **state) {
    (void)state;
    struct lease_table table = make_table();
    struct buffer text = write_table(&table);
    for (size_t i = 0; i + 1 < text.length; i++)
        assert_int_equal(parse_exact(text.data, i), -1);
    assert_int_equal(parse_exact(text.data, text.length), 0);
    buffer_free(&text);
}

static void any_byte_that_is_changed_is_refused_or_still_a_table(void **state) {
    (void)state;
    static const char hostile[] = {0, '"', '\\', '{', '}', '[', ']', ',', '-', '9', 'e', '\xff'};
    struct lease_table table = make_table();
    struct buffer text = write_table(&table);
    size_t refused = 0;
    for (size_t i = 0; i < text.length; i++) {
        char kept = text.data[i];
        for (size_t j = 0; j < sizeof hostile; j++) {
            text.data[i] = hostile[j];
            refused += parse_exact(text.data, text.length) != 0;
        }
        text.data[i] = kept;
    }
    assert_true(refused > text.length * 6);
    buffer_free(&text);
}

#define SESSION                                                                                    \
    "\"session\":{\"held\":false,\"ours\":false,\"renewable\":false,\"issued_ms\":0,"              \
    "\"expires_ms\":0}"
#define HEAD "{\"format\":1,\"generation\":1,\"box_version\":0,\"config\":\"\"," SESSION ","
#define LEASE(name, version, expires)                                                              \
    "{\"name\":\"" name "\",\"store\":\"vault\",\"version\":" version                              \
    ",\"fetched_ms\":0,\"expires_ms\":" expires "}"

static void what_is_no_table_is_refused(void **state) {
    (void)state;
    static const char *const rows[] = {
        "",
        "null",
        "[]",
        "{}",
        HEAD "\"secrets\":[]} x",
        HEAD "\"secrets\":[],\"secrets\":[]}",
        HEAD "\"secrets\":{}}",
        HEAD "\"secrets\":[1]}",
        HEAD "\"secrets\":[" LEASE("", "1", "0") "]}",
        HEAD "\"secrets\":[" LEASE("a", "-1", "0") "]}",
        HEAD "\"secrets\":[" LEASE("a", "1.0", "0") "]}",
        HEAD "\"secrets\":[" LEASE("a", "9223372036854775808", "0") "]}",
        HEAD "\"secrets\":[" LEASE("a", "\"1\"", "0") "]}",
        HEAD "\"secrets\":[" LEASE("a", "1", "253402300800000") "]}",
        HEAD "\"secrets\":[" LEASE("a", "1", "-1") "]}",
        HEAD "\"secrets\":[" LEASE("a\\u0000b", "1", "0") "]}",
        HEAD "\"secrets\":[" LEASE("\xff", "1", "0") "]}",
        HEAD
        "\"secrets\":[" LEASE("b", "1", "0") "," LEASE("a", "1", "0") "," LEASE("b", "2", "0") "]}",
        "{\"format\":2,\"generation\":1,\"box_version\":0,\"config\":\"\"," SESSION
        ",\"secrets\":[]}",
        "{\"format\":1,\"generation\":1000000000,\"box_version\":0,\"config\":\"\"," SESSION
        ",\"secrets\":[]}",
        "{\"format\":1,\"generation\":1,\"box_version\":0,\"config\":\"ab\"," SESSION
        ",\"secrets\":[]}",
        "{\"format\":1,\"generation\":1,\"strongbox\":{\"version\":1}}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (parse_exact(rows[i], strlen(rows[i])) != -1)
            fail_msg("row %zu was taken for a table", i);
    static const char fine[] = HEAD "\"secrets\":[" LEASE("a", "9223372036854775807", "0") "]}";
    assert_int_equal(parse_exact(fine, strlen(fine)), 0);
}

static void a_name_longer_than_a_name_may_be_is_refused(void **state) {
    (void)state;
    char name[LIMIT_SECRET_NAME + 2];
    struct lease lease = {.name = name, .store = "vault"};
    struct lease_table table = {.leases = &lease, .count = 1};
    for (size_t length = LIMIT_SECRET_NAME; length <= LIMIT_SECRET_NAME + 1; length++) {
        memset(name, 'a', length);
        name[length] = '\0';
        struct buffer text = write_table(&table);
        assert_int_equal(parse_exact(text.data, text.length), length > LIMIT_SECRET_NAME ? -1 : 0);
        buffer_free(&text);
    }
}

static void a_thousand_leases_fit_and_one_too_many_is_refused(void **state) {
    (void)state;
    static char names[LIMIT_SECRETS + 1][LIMIT_SECRET_NAME + 1];
    static struct lease leases[LIMIT_SECRETS + 1];
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    for (size_t i = 0; i <= LIMIT_SECRETS; i++) {
        memset(names[i], 'n', LIMIT_SECRET_NAME);
        (void)snprintf(names[i] + LIMIT_SECRET_NAME - 5, 6, "%05zu", i);
        leases[i] = (struct lease){names[i], "strongbox", INT64_MAX, NOW, NOW};
    }
    struct lease_table table = {.leases = leases, .count = LIMIT_SECRETS}, seen;
    struct buffer text = write_table(&table);
    assert_int_equal(parse(text.data, text.length, &arena, &seen), 0);
    assert_int_equal(seen.count, LIMIT_SECRETS);
    assert_ptr_equal(lease_find(&seen, names[1000]), &seen.leases[1000]);
    buffer_free(&text);
    table.count++;
    text = write_table(&table);
    assert_int_equal(parse_exact(text.data, text.length), -1);
    buffer_free(&text);
    arena_free(&arena);
}

static void numbers_out_of_range_are_written_as_the_largest_that_is_read(void **state) {
    (void)state;
    struct lease lease = {"a", "vault", UINT64_MAX, UINT64_MAX, UINT64_MAX};
    struct lease_table table = {.generation = UINT64_MAX,
                                .box_version = UINT64_MAX,
                                .session = {.expires_ms = UINT64_MAX, .issued_ms = UINT64_MAX},
                                .leases = &lease,
                                .count = 1},
                       seen;
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct buffer text = write_table(&table);
    assert_int_equal(parse(text.data, text.length, &arena, &seen), 0);
    assert_int_equal(seen.generation, LIMIT_GENERATION);
    assert_int_equal(seen.leases[0].version, INT64_MAX);
    assert_true(seen.leases[0].expires_ms == LIMIT_WALL_MS);
    arena_free(&arena);
    buffer_free(&text);
}

static void a_table_that_does_not_fit_shows_in_the_buffer(void **state) {
    (void)state;
    struct lease_table table = make_table();
    struct buffer out = buffer_make(100);
    lease_table_format(&table, &out);
    assert_int_equal(buffer_status(&out), -1);
    buffer_free(&out);
}

static void more_bytes_than_a_table_may_have_are_refused(void **state) {
    (void)state;
    size_t length = LIMIT_LEASE_BYTES + 1;
    static const char fine[] = HEAD "\"secrets\":[]}";
    char *text = malloc(length);
    assert_non_null(text);
    memset(text, ' ', length);
    memcpy(text, fine, strlen(fine));
    assert_int_equal(parse_exact(text, length), -1);
    assert_int_equal(parse_exact(text, length - 1), 0);
    free(text);
}

static void deep_nesting_is_refused(void **state) {
    (void)state;
    static char text[100000];
    memset(text, '[', sizeof text);
    assert_int_equal(parse_exact(text, sizeof text), -1);
}

static void a_digest_tells_configurations_apart(void **state) {
    (void)state;
    char one[LEASE_DIGEST_BYTES], two[LEASE_DIGEST_BYTES], none[LEASE_DIGEST_BYTES];
    lease_digest("version: 1\n", 11, one);
    lease_digest("version: 2\n", 11, two);
    lease_digest("", 0, none);
    assert_int_equal(strlen(one), LEASE_DIGEST_BYTES - 1);
    assert_string_not_equal(one, two);
    /* BLAKE2b-256 of nothing (RFC 7693 implementations agree on it). */
    assert_string_equal(none, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

int main(void) {
    json_object_seed(1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_read_as_it_was_written),
        cmocka_unit_test(a_table_that_is_not_complete_yet_has_an_empty_digest),
        cmocka_unit_test(a_table_cut_short_at_any_byte_is_no_table),
        cmocka_unit_test(any_byte_that_is_changed_is_refused_or_still_a_table),
        cmocka_unit_test(what_is_no_table_is_refused),
        cmocka_unit_test(a_name_longer_than_a_name_may_be_is_refused),
        cmocka_unit_test(a_thousand_leases_fit_and_one_too_many_is_refused),
        cmocka_unit_test(numbers_out_of_range_are_written_as_the_largest_that_is_read),
        cmocka_unit_test(a_table_that_does_not_fit_shows_in_the_buffer),
        cmocka_unit_test(more_bytes_than_a_table_may_have_are_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(a_digest_tells_configurations_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
