#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/strongbox/box.h"
#include "sidecar/strongbox/value.h"

static struct error err;
static struct secret_text text;

static int read_from(const char *bytes, size_t length, bool keep_newline) {
    int fd = memfd_create("value", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, bytes, length), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    text = (struct secret_text){.length = 77};
    int result = value_read(fd, keep_newline, &text, &err);
    assert_int_equal(close(fd), 0);
    return result;
}

static void assert_read(const char *bytes, size_t length, bool keep_newline, size_t wanted) {
    assert_int_equal(read_from(bytes, length, keep_newline), 0);
    assert_int_equal(text.length, wanted);
    assert_memory_equal(text.bytes, bytes, wanted);
    secret_text_free(&text);
}

static void one_newline_at_the_end_is_dropped(void **state) {
    (void)state;
    assert_read("abc", 3, false, 3);
    assert_read("abc\n", 4, false, 3);
    assert_read("abc\n\n", 5, false, 4);
    assert_read("a\r\n", 3, false, 2);
    assert_read("\0\n", 2, false, 1);
    assert_read("abc\n", 4, true, 4);
    assert_read("\n", 1, true, 1);
}

static void an_empty_value_is_refused(void **state) {
    (void)state;
    assert_int_equal(read_from("", 0, false), -1);
    assert_int_equal(err.code, ERROR_SECRET_EMPTY);
    assert_int_equal(read_from("\n", 1, false), -1);
    assert_int_equal(err.code, ERROR_SECRET_EMPTY);
    assert_int_equal(read_from("", 0, true), -1);
    assert_int_equal(text.length, 77);
}

static void the_largest_value_is_taken_and_no_larger_one(void **state) {
    (void)state;
    char *bytes = calloc(1, LIMIT_SECRET_BYTES + 100u);
    assert_non_null(bytes);
    bytes[LIMIT_SECRET_BYTES] = '\n';
    assert_read(bytes, LIMIT_SECRET_BYTES, false, LIMIT_SECRET_BYTES);
    assert_read(bytes, LIMIT_SECRET_BYTES + 1u, false, LIMIT_SECRET_BYTES);
    assert_int_equal(read_from(bytes, LIMIT_SECRET_BYTES + 1u, true), -1);
    assert_int_equal(err.code, ERROR_BOX_FULL);
    for (size_t extra = 2; extra < 100; extra += 97) {
        assert_int_equal(read_from(bytes, LIMIT_SECRET_BYTES + extra, false), -1);
        assert_int_equal(err.code, ERROR_BOX_FULL);
    }
    free(bytes);
}

static void a_closed_input_is_an_error(void **state) {
    (void)state;
    assert_int_equal(value_read(-1, false, &text, &err), -1);
    assert_int_equal(err.code, ERROR_INPUT);
}

static int set_field(const char *old, const char *field, const char *value, size_t length) {
    char copy[512] = "", bytes[64];
    memcpy(bytes, value, length);
    const struct secret_text given = {.bytes = (unsigned char *)bytes, .length = length};
    struct box_entry entry = {.value = (unsigned char *)copy};
    if (old != NULL) {
        entry.length = strlen(old);
        memcpy(copy, old, entry.length);
    }
    text = (struct secret_text){.length = 77};
    return value_set_field(old != NULL ? &entry : NULL, field, &given, &text, &err);
}

static void assert_object(const char *old, const char *field, const char *value, size_t length,
                          const char *wanted) {
    assert_int_equal(set_field(old, field, value, length), 0);
    assert_int_equal(text.length, strlen(wanted));
    assert_memory_equal(text.bytes, wanted, text.length);
    secret_text_free(&text);
}

static void only_the_named_field_changes(void **state) {
    (void)state;
    assert_object(NULL, "password", "p\"q", 3, "{\"password\":\"p\\\"q\"}");
    assert_object("{}", "a", "x", 1, "{\"a\":\"x\"}");
    assert_object("{\"user\": \"u\", \"password\": \"old\", \"z\": \"\\u0000\"}", "password", "new",
                  3, "{\"user\":\"u\",\"password\":\"new\",\"z\":\"\\u0000\"}");
    assert_object("{\"a\":\"x\"}", "b", "\0\xc3\xa4", 3, "{\"a\":\"x\",\"b\":\"\\u0000\xc3\xa4\"}");
}

static void assert_refused(const char *old, const char *field, const char *value,
                           enum error_code code) {
    assert_int_equal(set_field(old, field, value, strlen(value)), -1);
    assert_int_equal(err.code, code);
    assert_int_equal(text.length, 77);
    assert_null(strstr(err.what, "canary"));
    assert_null(strstr(err.todo, "canary"));
}

static void what_is_no_object_of_strings_is_left_alone(void **state) {
    (void)state;
    const char *olds[] = {"canary",
                          "[]",
                          "\"canary\"",
                          "{\"a\":1}",
                          "{\"a\":{\"b\":\"canary\"}}",
                          "{\"a\":\"canary\",\"a\":\"b\"}",
                          "{\"a\":null}",
                          "{\"a\":\"canary\""};
    for (size_t i = 0; i < sizeof olds / sizeof *olds; i++)
        assert_refused(olds[i], "b", "x", ERROR_SECRET_FIELD);
}

static void wrong_fields_and_values_are_refused(void **state) {
    (void)state;
    char name[LIMIT_SECRET_NAME + 2] = {0};
    memset(name, 'a', LIMIT_SECRET_NAME + 1);
    const char *fields[] = {"", "a b", "a/b", "\xc3\xa4", "a\"b", name};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        assert_refused(NULL, fields[i], "x", ERROR_USAGE);
    assert_refused(NULL, "a", "canary\xff", ERROR_SECRET_FORM);
}

static void fields_beyond_the_maximum_are_refused(void **state) {
    (void)state;
    struct buffer old = buffer_make(4096);
    for (int i = 0; i < LIMIT_SECRET_FIELDS; i++)
        buffer_printf(&old, "%s\"f%d\":\"\"", i == 0 ? "{" : ",", i);
    buffer_text(&old, "}");
    struct box_entry entry = {.value = (unsigned char *)old.data, .length = old.length};
    unsigned char value[] = "x";
    const struct secret_text given = {.bytes = value, .length = 1};
    assert_int_equal(value_set_field(&entry, "one-more", &given, &text, &err), -1);
    assert_int_equal(err.code, ERROR_SECRET_FIELD);
    assert_int_equal(value_set_field(&entry, "f7", &given, &text, &err), 0);
    secret_text_free(&text);
    buffer_free(&old);
}

static void assert_list(const char *value, bool json, const char *wanted) {
    struct buffer out = buffer_make(1024);
    char *copy = strdup(value);
    const struct box_entry entry = {.value = (unsigned char *)copy, .length = strlen(value)};
    value_list_fields(&entry, json, &out);
    assert_string_equal(out.data != NULL ? out.data : "", wanted);
    buffer_free(&out);
    free(copy);
}

static void fields_are_listed_without_values(void **state) {
    (void)state;
    assert_list("{\"user\":\"canary\",\"password\":\"canary\"}", true, "\"user\",\"password\"");
    assert_list("{\"user\":\"canary\",\"password\":\"canary\"}", false, "user, password");
    assert_list("{\"a\\u001b\":{\"b\":\"canary\"}}", false, "a\\x1b");
    assert_list("canary", true, "");
    assert_list("[\"canary\"]", true, "");
    assert_list("{}", false, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_newline_at_the_end_is_dropped),
        cmocka_unit_test(an_empty_value_is_refused),
        cmocka_unit_test(the_largest_value_is_taken_and_no_larger_one),
        cmocka_unit_test(a_closed_input_is_an_error),
        cmocka_unit_test(only_the_named_field_changes),
        cmocka_unit_test(what_is_no_object_of_strings_is_left_alone),
        cmocka_unit_test(wrong_fields_and_values_are_refused),
        cmocka_unit_test(fields_beyond_the_maximum_are_refused),
        cmocka_unit_test(fields_are_listed_without_values),
    };
    secret_install_allocators();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
