#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/secret/secret_set.h"

static struct error err;

static int field_of(const char *value, size_t length, const char *field, struct secret_text *text) {
    const struct secret secret = {.bytes = (const unsigned char *)value, .length = length};
    error_clear(&err);
    return secret_field(&secret, field, text, &err);
}

static void assert_field(const char *value, const char *field, const char *wanted, size_t length) {
    struct secret_text text;
    assert_int_equal(field_of(value, strlen(value), field, &text), 0);
    assert_int_equal(text.length, length);
    assert_memory_equal(text.bytes, wanted, length);
    assert_int_equal(text.bytes[length], 0);
    secret_text_free(&text);
    assert_null(text.bytes);
}

static void assert_no_field(const char *value, size_t length, const char *field,
                            enum error_code code) {
    struct secret_text text = {.length = 77};
    assert_int_equal(field_of(value, length, field, &text), -1);
    assert_int_equal(err.code, code);
    assert_int_equal(text.length, 77);
    assert_null(strstr(err.what, "canary"));
    assert_null(strstr(err.todo, "canary"));
    assert_string_equal(err.excerpt, "");
}

static void the_whole_value_is_any_bytes(void **state) {
    (void)state;
    struct secret_text text;
    assert_int_equal(field_of("a\0\xff{", 4, NULL, &text), 0);
    assert_int_equal(text.length, 4);
    assert_memory_equal(text.bytes, "a\0\xff{", 4);
    secret_text_free(&text);
}

static void a_field_is_a_string_member(void **state) {
    (void)state;
    assert_field("{\"user\":\"etl\",\"password\":\"p\"}", "password", "p", 1);
    assert_field(" {\"p\" : \"a\\u0000b\\u00e4\\n\"} ", "p", "a\0b\xc3\xa4\n", 6);
    assert_field("{\"\":\"x\"}", "", "x", 1);
}

static void integers_and_booleans_give_their_text(void **state) {
    (void)state;
    assert_field("{\"port\":5432}", "port", "5432", 4);
    assert_field("{\"port\":-0}", "port", "0", 1);
    assert_field("{\"n\":-9223372036854775808}", "n", "-9223372036854775808", 20);
    assert_field("{\"tls\":true,\"n\":1.5}", "tls", "true", 4);
    assert_field("{\"tls\":false}", "tls", "false", 5);
}

static void what_has_no_such_field_is_said_without_a_value(void **state) {
    (void)state;
    static const char *const values[] = {
        "canary",
        "\"canary\"",
        "[\"canary\"]",
        "{",
        "{\"a\":\"canary\"",
        "{\"a\":\"canary\"} x",
        "{\"a\":\"canary\",}",
        "{\"password\":\"canary\",\"password\":\"canary2\"}",
        "{\"password\":{\"x\":\"canary\"}}",
        "{\"password\":[\"canary\"]}",
        "{\"password\":1.5}",
        "{\"password\":1e3}",
        "{\"password\":12345678901234567890}",
        "{\"password\":null}",
        "{\"Password\":\"canary\"}",
        "{\"password\":\"canary\xff\"}",
        "{\"password\\u0000\":\"canary\"}",
        "null",
        " ",
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_no_field(values[i], strlen(values[i]), "password", ERROR_SECRET_FIELD);
}

static void the_nearest_field_is_named(void **state) {
    (void)state;
    const char *value = "{\"password\":\"canary\",\"user\":\"canary\"}";
    assert_no_field(value, strlen(value), "pasword", ERROR_SECRET_FIELD);
    assert_non_null(strstr(err.todo, "\"password\""));
}

static void empty_values_are_told(void **state) {
    (void)state;
    assert_no_field("", 0, NULL, ERROR_SECRET_EMPTY);
    assert_no_field("", 0, "password", ERROR_SECRET_EMPTY);
    assert_no_field("{\"password\":\"\"}", 15, "password", ERROR_SECRET_EMPTY);
}

static void what_is_too_large_is_not_parsed(void **state) {
    (void)state;
    size_t size = LIMIT_SECRET_BYTES + 1u;
    char *value = malloc(size);
    assert_non_null(value);
    memset(value, 'a', size);
    assert_no_field(value, size, NULL, ERROR_SECRET_SIZE);
    assert_no_field(value, size, "password", ERROR_SECRET_SIZE);
    free(value);
}

static void deep_nesting_is_an_error_and_no_crash(void **state) {
    (void)state;
    size_t size = LIMIT_SECRET_BYTES;
    char *value = malloc(size);
    assert_non_null(value);
    memset(value, '[', size);
    assert_no_field(value, size, "password", ERROR_SECRET_FIELD);
    free(value);
}

/* Occurrences of needle in the writable heap, as an outsider sees it. */
static size_t count_in_heap(const unsigned char *needle, size_t length) {
    FILE *maps = fopen("/proc/self/maps", "re");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char line[512];
    size_t hits = 0;
    assert_non_null(maps);
    assert_true(memory >= 0);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end;
        if (strstr(line, "[heap]") == NULL || sscanf(line, "%lx-%lx", &start, &end) != 2)
            continue;
        size_t size = end - start;
        unsigned char *copy =
            mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(copy != MAP_FAILED);
        assert_int_equal(pread(memory, copy, size, (off_t)start), (ssize_t)size);
        const unsigned char *at = copy;
        while ((at = memmem(at, size - (size_t)(at - copy), needle, length)) != NULL) {
            hits++;
            at += length;
        }
        assert_int_equal(munmap(copy, size), 0);
    }
    assert_int_equal(fclose(maps), 0);
    assert_int_equal(close(memory), 0);
    return hits;
}

/* The needle is made at run time, so that it stands in no literal. */
static void make_needle(unsigned char needle[24]) {
    for (size_t i = 0; i < 24; i++)
        needle[i] = (unsigned char)('a' + (i * 7 + 3) % 26);
}

static void a_wiped_heap_holds_no_value(void **state) {
    (void)state;
    unsigned char needle[24];
    char json[256];
    make_needle(needle);
    unsigned char *left = malloc(64);
    assert_non_null(left);
    memcpy(left, needle, sizeof needle);
    if (count_in_heap(needle, sizeof needle) == 0) { /* valgrind, sanitizers: another heap */
        free(left);
        skip();
    }
    memset(left, 0, sizeof needle);
    struct secret_text text;
    /* The allocator's own lists overwrite the start of freed memory: the needle
     * stands behind that. */
    int length = snprintf(json, sizeof json, "{\"p\":\"%0100d%.24s\"}", 0, (const char *)needle);
    assert_int_equal(field_of(json, (size_t)length, "p", &text), 0);
    assert_true(count_in_heap(needle, sizeof needle) >= 1);
    secret_text_free(&text);
    assert_int_equal(count_in_heap(needle, sizeof needle), 0);
    free(left);
}

static void memory_comes_zeroed_and_size_zero_is_served(void **state) {
    (void)state;
    for (size_t round = 0; round < 4; round++) {
        unsigned char *bytes = secret_alloc(100);
        assert_non_null(bytes);
        for (size_t i = 0; i < 100; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xa5, 100);
        secret_free(bytes);
    }
    void *nothing = secret_alloc(0);
    assert_non_null(nothing);
    secret_free(nothing);
    secret_free(NULL);
}

static void what_is_moved_keeps_its_bytes_and_is_wiped_where_it_was(void **state) {
    (void)state;
    unsigned char needle[24];
    make_needle(needle);
    char *bytes =
        secret_strdup("0123456789abcdef0123456789abcdef-and-the-needle-comes-behind-this");
    assert_non_null(bytes);
    size_t length = strlen(bytes);
    memcpy(bytes + length - sizeof needle, needle, sizeof needle);
    assert_ptr_equal(secret_realloc(bytes, 8), bytes);
    char *moved = secret_realloc(bytes, 300 * 1024);
    assert_non_null(moved);
    assert_memory_equal(moved, "0123456789abcdef", 16);
    assert_memory_equal(moved + length - sizeof needle, needle, sizeof needle);
    for (size_t i = length + 1; i < 300 * 1024; i++)
        assert_int_equal(moved[i], 0);
    secret_free(moved);
    assert_int_equal(count_in_heap(needle, sizeof needle), 0);
    void *made = secret_realloc(NULL, 10);
    assert_non_null(made);
    secret_free(made);
}

static void memory_that_cannot_be_had_is_null(void **state) {
    (void)state;
#ifdef SANITIZED
    skip(); /* its runtime ends the process instead */
#endif
    assert_null(secret_alloc(SIZE_MAX / 2));
    assert_null(secret_calloc(SIZE_MAX / 2, 4));
    char *stays = secret_strdup("stays");
    assert_null(secret_realloc(stays, SIZE_MAX / 2));
    assert_string_equal(stays, "stays");
    secret_free(stays);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_value_is_any_bytes),
        cmocka_unit_test(a_field_is_a_string_member),
        cmocka_unit_test(integers_and_booleans_give_their_text),
        cmocka_unit_test(what_has_no_such_field_is_said_without_a_value),
        cmocka_unit_test(the_nearest_field_is_named),
        cmocka_unit_test(empty_values_are_told),
        cmocka_unit_test(what_is_too_large_is_not_parsed),
        cmocka_unit_test(deep_nesting_is_an_error_and_no_crash),
        cmocka_unit_test(a_wiped_heap_holds_no_value),
        cmocka_unit_test(memory_comes_zeroed_and_size_zero_is_served),
        cmocka_unit_test(what_is_moved_keeps_its_bytes_and_is_wiped_where_it_was),
        cmocka_unit_test(memory_that_cannot_be_had_is_null),
    };
    secret_install_allocators();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
