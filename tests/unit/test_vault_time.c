#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <stdio.h>
#include <time.h>

#include "sidecar/fetch/vault/vault_time.h"

static void assert_time(const char *text, uint64_t wanted) {
    uint64_t got = 77;
    if (vault_time_parse(text, &got) != 0 || got != wanted)
        fail_msg("%s: %llu", text, (unsigned long long)got);
}

static void what_a_store_writes_is_read(void **state) {
    (void)state;
    assert_time("1970-01-01T00:00:00Z", 0);
    assert_time("2026-11-21T13:57:06.357088286Z", 1795269426357u);
    assert_time("2026-11-21T13:57:06Z", 1795269426000u);
    assert_time("2026-11-21t13:57:06.5z", 1795269426500u);
    assert_time("2026-11-21T14:57:06+01:00", 1795269426000u);
    assert_time("2026-11-21T08:27:06-05:30", 1795269426000u);
    assert_time("2000-02-29T23:59:60Z", 951868800000u);
    assert_time("9999-12-31T23:59:59Z", 253402300799000u);
}

static void every_day_is_the_one_of_the_system(void **state) {
    (void)state;
    for (time_t day = 0; day < 60000; day++) {
        time_t seconds = day * 86400 + day % 86400;
        struct tm parts;
        char text[64];
        assert_non_null(gmtime_r(&seconds, &parts));
        assert_true(strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0);
        assert_time(text, (uint64_t)seconds * 1000);
    }
}

static void what_is_no_time_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "soon",
        "2026-11-21",
        "2026-11-21T13:57:06",
        "2026-11-21 13:57:06Z",
        "2026-11-21T13:57Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "1900-01-01T00:00:00Z",
        "1970-01-01T00:00:00+01:00",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00ZZ",
        "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+00:60",
        "2026-01-01T00:00:00+01:00x",
        "+026-01-01T00:00:00Z",
        "2026-1-01T00:00:00Z",
        "02026-01-01T00:00:00Z",
        "2026-01-01T-1:00:00Z",
    };
    uint64_t got = 77;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (vault_time_parse(texts[i], &got) == 0)
            fail_msg("taken: %s", texts[i]);
    assert_int_equal(got, 77);
}

static void a_time_cut_at_any_byte_is_refused(void **state) {
    (void)state;
    const char *text = "2026-11-21T13:57:06.357+01:00";
    uint64_t got = 77;
    for (size_t length = 0; length < strlen(text); length++) {
        char *copy = strndup(text, length);
        assert_non_null(copy);
        assert_int_equal(vault_time_parse(copy, &got), -1);
        free(copy);
    }
    assert_int_equal(got, 77);
}

static void a_time_of_the_store_is_shown_by_our_clock(void **state) {
    (void)state;
    const uint64_t hour = 3600000, day = 24 * hour, store = 20000 * day;
    assert_int_equal(vault_time_ours(store + hour, store, store + day), store + day + hour);
    assert_int_equal(vault_time_ours(store + hour, store, store - day), store - day + hour);
    assert_int_equal(vault_time_ours(store + hour, store, 5000), 5000 + hour);
    assert_int_equal(vault_time_ours(store - hour, store, store + day), store + day);
    assert_int_equal(vault_time_ours(store - hour, store, 5000), 5000);
}

static void clocks_that_hardly_differ_and_unknown_ones_are_left_alone(void **state) {
    (void)state;
    const uint64_t store = 1795269426357u;
    assert_int_equal(vault_time_ours(store + 9, store, store + 60000), store + 9);
    assert_int_equal(vault_time_ours(store + 9, store, store - 60000), store + 9);
    assert_int_equal(vault_time_ours(store + 9, 0, 5000), store + 9);
    assert_int_equal(vault_time_ours(0, store, 5000), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_store_writes_is_read),
        cmocka_unit_test(every_day_is_the_one_of_the_system),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_time_cut_at_any_byte_is_refused),
        cmocka_unit_test(a_time_of_the_store_is_shown_by_our_clock),
        cmocka_unit_test(clocks_that_hardly_differ_and_unknown_ones_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
