#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "sidecar/base/error.h"
#include "tests/unit/box_fixture.h"

static struct error err;

static void put(struct box *box, const char *name, const char *value) {
    assert_int_equal(box_set(box, name, (const unsigned char *)value, strlen(value), &err), 0);
}

static void assert_value(const struct box *box, const char *name, const char *value) {
    const struct box_entry *entry = box_find(box, name);
    assert_non_null(entry);
    assert_int_equal(entry->length, strlen(value));
    assert_memory_equal(entry->value, value, strlen(value));
}

static void names_are_checked(void **state) {
    (void)state;
    char longest[LIMIT_SECRET_NAME + 2];
    memset(longest, 'a', sizeof longest);
    longest[LIMIT_SECRET_NAME] = '\0';
    const char *good[] = {"a", "Z9._-", "prod/lake-reader", "a//b", ".", "-", longest};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(box_check_name(good[i], &err), 0);
    longest[LIMIT_SECRET_NAME] = 'a';
    longest[LIMIT_SECRET_NAME + 1] = '\0';
    const char *bad[] = {"", "/", "/a", "a/", "a b", "a\n", "\xc3\xa4", "a:b", "a\\", longest};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(box_check_name(bad[i], &err), -1);
        assert_int_equal(err.code, ERROR_BOX_NAME);
    }
}

static void entries_are_sorted_replaced_and_removed(void **state) {
    (void)state;
    struct box box;
    box_make(&box);
    const char *names[] = {"m", "z", "a", "m", "b", "zz", "a0", "a"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put(&box, names[i], i == 3 ? "second" : "first");
    assert_int_equal(box.count, 6);
    for (size_t i = 1; i < box.count; i++)
        assert_true(strcmp(box.entries[i - 1].name, box.entries[i].name) < 0);
    assert_value(&box, "m", "second");
    assert_int_equal(box_remove(&box, "a", &err), 0);
    assert_int_equal(box_remove(&box, "zz", &err), 0);
    assert_int_equal(box_remove(&box, "m", &err), 0);
    assert_int_equal(box.count, 3);
    assert_null(box_find(&box, "m"));
    assert_value(&box, "z", "first");
    box_free(&box);
    box_free(&box);
}

static void a_missing_name_is_told_with_the_nearest(void **state) {
    (void)state;
    struct box box;
    box_make(&box);
    assert_int_equal(box_remove(&box, "db", &err), -1);
    assert_int_equal(err.code, ERROR_SECRET_MISSING);
    put(&box, "database", "canary");
    assert_int_equal(box_remove(&box, "databse", &err), -1);
    assert_int_equal(err.code, ERROR_SECRET_MISSING);
    assert_non_null(strstr(err.todo, "\"database\""));
    assert_int_equal(box_refuse_missing(&box, "quite-else", &err), -1);
    assert_null(strstr(err.todo, "database"));
    assert_int_equal(box.count, 1);
    box_free(&box);
}

static void empty_and_huge_values_are_refused_and_change_nothing(void **state) {
    (void)state;
    struct box box;
    box_make(&box);
    put(&box, "db", "first");
    unsigned char *value = calloc(1, LIMIT_SECRET_BYTES + 1u);
    assert_non_null(value);
    assert_int_equal(box_set(&box, "db", value, 0, &err), -1);
    assert_int_equal(err.code, ERROR_SECRET_EMPTY);
    assert_int_equal(box_set(&box, "db", value, LIMIT_SECRET_BYTES + 1u, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_FULL);
    assert_int_equal(box_set(&box, "a b", value, 1, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_NAME);
    assert_value(&box, "db", "first");
    assert_int_equal(box_set(&box, "db", value, LIMIT_SECRET_BYTES, &err), 0);
    free(value);
    box_free(&box);
}

static void a_box_too_large_is_full_and_keeps_its_version(void **state) {
    (void)state;
    struct box box;
    unsigned char *sealed = NULL;
    size_t length = 77;
    unsigned char *value = calloc(1, LIMIT_SECRET_BYTES);
    assert_non_null(value);
    box_make(&box);
    for (char name[2] = "a"; name[0] < 'a' + 8; name[0]++)
        assert_int_equal(box_set(&box, name, value, LIMIT_SECRET_BYTES, &err), 0);
    assert_int_equal(box_seal(&box, fixture_key, &sealed, &length, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_FULL);
    assert_int_equal(box.version, 0);
    assert_int_equal(length, 77);
    assert_int_equal(box_remove(&box, "a", &err), 0);
    assert_int_equal(box_seal(&box, fixture_key, &sealed, &length, &err), 0);
    struct box again;
    assert_int_equal(box_open(sealed, length, fixture_key, &again, &err), 0);
    assert_int_equal(again.count, 7);
    box.version = UINT64_MAX;
    free(sealed);
    assert_int_equal(box_seal(&box, fixture_key, &sealed, &length, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_FULL);
    free(value);
    box_free(&again);
    box_free(&box);
}

static void entries_beyond_the_maximum_are_refused(void **state) {
    (void)state;
    size_t most = LIMIT_BOX_ENTRIES, size = 4;
    unsigned char *plain = malloc(most * 32), *bytes = malloc(most * 32 + 256);
    assert_non_null(plain);
    assert_non_null(bytes);
    bytes_put_u32(plain, LIMIT_BOX_ENTRIES);
    for (size_t i = 0; i < most; i++) {
        char name[16];
        assert_true(snprintf(name, sizeof name, "n%05zu", i) > 0);
        size = fixture_entry(plain, size, name, "x");
    }
    struct box box;
    assert_int_equal(box_open(bytes, fixture_seal(bytes, plain, size), fixture_key, &box, &err), 0);
    assert_int_equal(box.count, LIMIT_BOX_ENTRIES);
    assert_int_equal(box_set(&box, "one-more", plain, 1, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_FULL);
    assert_int_equal(box_set(&box, "n00007", plain, 1, &err), 0);
    assert_int_equal(box_refuse_missing(&box, "n0000", &err), -1);
    box_free(&box);
    free(plain);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(entries_are_sorted_replaced_and_removed),
        cmocka_unit_test(a_missing_name_is_told_with_the_nearest),
        cmocka_unit_test(empty_and_huge_values_are_refused_and_change_nothing),
        cmocka_unit_test(a_box_too_large_is_full_and_keeps_its_version),
        cmocka_unit_test(entries_beyond_the_maximum_are_refused),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
