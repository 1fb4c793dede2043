#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "sidecar/base/error.h"
#include "tests/unit/box_fixture.h"

static struct error err;

static void a_key_is_read_as_it_was_written(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES], again[BOX_KEY_BYTES];
    char text[BOX_KEY_TEXT_BYTES + 1], windows[BOX_KEY_TEXT_BYTES + 2];
    box_key_make(key);
    box_key_format(key, text);
    assert_int_equal(strlen(text), BOX_KEY_TEXT_BYTES);
    assert_int_equal(text[BOX_KEY_TEXT_BYTES - 1], '\n');
    assert_int_equal(box_key_parse(text, BOX_KEY_TEXT_BYTES, again, &err), 0);
    assert_memory_equal(key, again, sizeof key);
    assert_int_equal(box_key_parse(text, BOX_KEY_TEXT_BYTES - 1, again, &err), 0);
    assert_memory_equal(key, again, sizeof key);
    assert_true(snprintf(windows, sizeof windows, "%.*s\r\n", BOX_KEY_TEXT_BYTES - 1, text) > 0);
    assert_int_equal(box_key_parse(windows, strlen(windows), again, &err), 0);
}

static void assert_bad_key(const char *text, size_t length) {
    unsigned char key[BOX_KEY_BYTES], untouched[BOX_KEY_BYTES];
    memset(key, 0x77, sizeof key);
    memset(untouched, 0x77, sizeof untouched);
    assert_int_equal(box_key_parse(text, length, key, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_KEY);
    assert_memory_equal(key, untouched, sizeof key);
    assert_null(strstr(err.what, "MDEy"));
}

static void a_key_that_is_cut_or_damaged_is_refused(void **state) {
    (void)state;
    char text[BOX_KEY_TEXT_BYTES + 3];
    box_key_format(fixture_key, text);
    assert_non_null(strstr(text, "MDEy"));
    for (size_t length = 0; length < BOX_KEY_TEXT_BYTES - 1; length++)
        assert_bad_key(text, length);
    for (size_t at = 0; at < BOX_KEY_TEXT_BYTES - 1; at++) {
        char kept = text[at];
        text[at] = '*';
        assert_bad_key(text, BOX_KEY_TEXT_BYTES);
        text[at] = '\0';
        assert_bad_key(text, BOX_KEY_TEXT_BYTES);
        text[at] = kept;
    }
    memcpy(text + BOX_KEY_TEXT_BYTES, "\n", 2);
    assert_bad_key(text, BOX_KEY_TEXT_BYTES + 1);
    const char *others[] = {
        "", "\n", "hunter2\n", "arrestor-strongbox-key-v1\n",
        "arrestor-strongbox-key-v2 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQA=\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_bad_key(others[i], strlen(others[i]));
    assert_non_null(strstr(err.what, "does not know"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_read_as_it_was_written),
        cmocka_unit_test(a_key_that_is_cut_or_damaged_is_refused),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
