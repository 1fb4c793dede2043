#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sidecar/base/bytes.h"
#include "sidecar/base/error.h"
#include "sidecar/secret/secret_set.h"

static struct error err;
static struct secret_set set;

static struct secret secret_of(const char *text, uint32_t index) {
    return (struct secret){
        .bytes = (const unsigned char *)text, .length = strlen(text), .index = index};
}

static struct region encode(const struct secret *secrets, size_t count, uint64_t version) {
    struct region region;
    assert_int_equal(region_make(&region, secret_set_size(secrets, count), &err), 0);
    assert_int_equal(secret_set_encode(&region, secrets, count, version, &err), 0);
    return region;
}

/* A region with these bytes; decode takes it. */
static int decode_bytes(const unsigned char *bytes, size_t size) {
    struct region region;
    assert_int_equal(region_make(&region, size, &err), 0);
    memcpy(region.bytes, bytes, size);
    memset(&set, 0xa5, sizeof set);
    error_clear(&err);
    int result = secret_set_decode(&set, &region, &err);
    assert_null(region.bytes);
    return result;
}

static void assert_malformed(const unsigned char *bytes, size_t size) {
    assert_int_equal(decode_bytes(bytes, size), -1);
    assert_int_equal(err.code, ERROR_PROTOCOL);
    assert_null(set.copy);
    assert_int_equal(set.count, 0);
}

/* Three secrets of 3, 0 and 8 bytes: 24 + (8+8) + 8 + (8+8) = 64 bytes. */
#define SAMPLE_BYTES 64
#define FIRST        24
#define SECOND       40
#define THIRD        48

static void make_sample(unsigned char bytes[SAMPLE_BYTES]) {
    const struct secret secrets[] = {secret_of("abc", 0), secret_of("", 4),
                                     secret_of("12345678", 1023)};
    struct region region = encode(secrets, 3, 7);
    assert_int_equal(region.size, SAMPLE_BYTES);
    memcpy(bytes, region.bytes, SAMPLE_BYTES);
    region_free(&region);
}

static void what_is_encoded_is_decoded(void **state) {
    (void)state;
    unsigned char bytes[SAMPLE_BYTES];
    make_sample(bytes);
    assert_int_equal(decode_bytes(bytes, sizeof bytes), 0);
    assert_int_equal(set.version, 7);
    assert_int_equal(set.count, 3);
    assert_int_equal(set.secrets[0].index, 0);
    assert_int_equal(set.secrets[0].length, 3);
    assert_memory_equal(set.secrets[0].bytes, "abc", 3);
    assert_int_equal(set.secrets[1].index, 4);
    assert_int_equal(set.secrets[1].length, 0);
    assert_int_equal(set.secrets[2].index, 1023);
    assert_memory_equal(set.secrets[2].bytes, "12345678", 8);
    assert_int_not_equal(set.kind, REGION_NONE);
    secret_set_free(&set);
    assert_null(set.copy);
    secret_set_free(&set);
}

static void an_empty_set_travels_too(void **state) {
    (void)state;
    struct region region = encode(NULL, 0, 1);
    assert_int_equal(region.size, 24);
    assert_int_equal(secret_set_decode(&set, &region, &err), 0);
    assert_int_equal(set.count, 0);
    secret_set_free(&set);
}

static void a_full_set_travels_too(void **state) {
    (void)state;
    static struct secret secrets[LIMIT_SECRETS];
    for (uint32_t i = 0; i < LIMIT_SECRETS; i++)
        secrets[i] = secret_of("value", i);
    struct region region = encode(secrets, LIMIT_SECRETS, UINT64_MAX);
    assert_int_equal(secret_set_decode(&set, &region, &err), 0);
    assert_int_equal(set.count, LIMIT_SECRETS);
    assert_int_equal(set.version, UINT64_MAX);
    assert_memory_equal(set.secrets[LIMIT_SECRETS - 1].bytes, "value", 5);
    secret_set_free(&set);
}

static void later_writes_of_the_sender_are_not_seen(void **state) {
    (void)state;
    const struct secret secret = secret_of("canary", 0);
    struct region mine = encode(&secret, 1, 1), theirs;
    assert_int_equal(region_adopt(&theirs, dup(mine.fd), &err), 0);
    assert_int_equal(secret_set_decode(&set, &theirs, &err), 0);
    memset(mine.bytes, 0xff, mine.size);
    assert_memory_equal(set.secrets[0].bytes, "canary", 6);
    assert_int_equal(set.secrets[0].length, 6);
    secret_set_free(&set);
    region_free(&mine);
}

static void sizes_beyond_a_region_are_told(void **state) {
    (void)state;
    struct secret many[5];
    for (uint32_t i = 0; i < 5; i++)
        many[i] = (struct secret){.length = LIMIT_SECRET_BYTES, .index = i};
    assert_int_equal(secret_set_size(many, 3), 24 + 3 * (8 + LIMIT_SECRET_BYTES));
    assert_int_equal(secret_set_size(many, 4), 0);
    assert_int_equal(secret_set_size(many, 5), 0);
    many[0].length = LIMIT_SECRET_BYTES + 1u;
    assert_int_equal(secret_set_size(many, 1), 0);
    many[0].length = SIZE_MAX;
    assert_int_equal(secret_set_size(many, 1), 0);
    assert_int_equal(secret_set_size(many, LIMIT_SECRETS + 1u), 0);
}

static void encoding_refuses_a_wrong_region_and_a_wrong_order(void **state) {
    (void)state;
    struct secret secrets[] = {secret_of("a", 1), secret_of("b", 1)};
    struct region region;
    size_t size = secret_set_size(secrets, 2);
    assert_int_equal(region_make(&region, size, &err), 0);
    assert_int_equal(secret_set_encode(&region, secrets, 2, 1, &err), -1);
    secrets[0].index = 2;
    assert_int_equal(secret_set_encode(&region, secrets, 2, 1, &err), -1);
    secrets[1].index = LIMIT_SECRETS;
    assert_int_equal(secret_set_encode(&region, secrets, 2, 1, &err), -1);
    assert_int_equal(err.code, ERROR_INTERNAL);
    secrets[1].index = 3;
    assert_int_equal(secret_set_encode(&region, secrets, 1, 1, &err), -1);
    assert_int_equal(secret_set_encode(&region, secrets, 2, 1, &err), 0);
    region_free(&region);
}

static void a_set_cut_at_any_byte_is_malformed(void **state) {
    (void)state;
    unsigned char bytes[SAMPLE_BYTES];
    make_sample(bytes);
    for (size_t size = 1; size < SAMPLE_BYTES; size++) {
        assert_malformed(bytes, size);
        unsigned char lying[SAMPLE_BYTES];
        memcpy(lying, bytes, size);
        if (size >= 24) {
            bytes_put_u64(lying + 16, size);
            assert_malformed(lying, size);
        }
    }
}

static void trailing_bytes_are_malformed(void **state) {
    (void)state;
    unsigned char bytes[SAMPLE_BYTES + 8] = {0};
    make_sample(bytes);
    assert_malformed(bytes, SAMPLE_BYTES + 1);
    assert_malformed(bytes, SAMPLE_BYTES + 8);
    bytes_put_u64(bytes + 16, SAMPLE_BYTES + 8);
    assert_malformed(bytes, SAMPLE_BYTES + 8);
}

struct change {
    size_t at;
    uint32_t value;
};

static void every_wrong_number_is_malformed(void **state) {
    (void)state;
    const struct change changes[] = {
        {0, 0}, /* magic */
        {4, 2}, /* count */
        {4, 4},
        {4, LIMIT_SECRETS + 1},
        {4, UINT32_MAX},
        {16, SAMPLE_BYTES - 8}, /* size */
        {16, UINT32_MAX},
        {20, 1},
        {FIRST + 4, 2},
        {FIRST + 4, 9},
        {FIRST + 4, LIMIT_SECRET_BYTES},
        {FIRST + 4, LIMIT_SECRET_BYTES + 1},
        {FIRST + 4, UINT32_MAX},
        {FIRST + 4, UINT32_MAX - 7},
        {SECOND, 0}, /* index: twice, out of order, too large */
        {SECOND, 1023},
        {THIRD, 3},
        {THIRD, LIMIT_SECRETS},
        {FIRST + 12, 1}, /* padding */
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        unsigned char bytes[SAMPLE_BYTES];
        make_sample(bytes);
        bytes_put_u32(bytes + changes[i].at, changes[i].value);
        assert_malformed(bytes, SAMPLE_BYTES);
    }
}

static void no_single_byte_change_reads_out_of_bounds(void **state) {
    (void)state;
    size_t accepted = 0;
    for (size_t at = 0; at < SAMPLE_BYTES; at++)
        for (unsigned flip = 1; flip < 256; flip += 31) {
            unsigned char bytes[SAMPLE_BYTES];
            make_sample(bytes);
            bytes[at] ^= (unsigned char)flip;
            if (decode_bytes(bytes, SAMPLE_BYTES) != 0)
                continue;
            size_t sum = 0;
            for (size_t i = 0; i < set.count; i++)
                for (size_t j = 0; j < set.secrets[i].length; j++)
                    sum += set.secrets[i].bytes[j];
            accepted += sum < 16 * 256;
            secret_set_free(&set);
        }
    assert_true(accepted > 0);
}

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
        "{\"password\":1}",
        "{\"password\":true}",
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

static void memory_that_cannot_be_had_is_null(void **state) {
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* its runtime ends the process instead */
#endif
    assert_null(secret_alloc(SIZE_MAX / 2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_is_decoded),
        cmocka_unit_test(an_empty_set_travels_too),
        cmocka_unit_test(a_full_set_travels_too),
        cmocka_unit_test(later_writes_of_the_sender_are_not_seen),
        cmocka_unit_test(sizes_beyond_a_region_are_told),
        cmocka_unit_test(encoding_refuses_a_wrong_region_and_a_wrong_order),
        cmocka_unit_test(a_set_cut_at_any_byte_is_malformed),
        cmocka_unit_test(trailing_bytes_are_malformed),
        cmocka_unit_test(every_wrong_number_is_malformed),
        cmocka_unit_test(no_single_byte_change_reads_out_of_bounds),
        cmocka_unit_test(the_whole_value_is_any_bytes),
        cmocka_unit_test(a_field_is_a_string_member),
        cmocka_unit_test(what_has_no_such_field_is_said_without_a_value),
        cmocka_unit_test(the_nearest_field_is_named),
        cmocka_unit_test(empty_values_are_told),
        cmocka_unit_test(what_is_too_large_is_not_parsed),
        cmocka_unit_test(deep_nesting_is_an_error_and_no_crash),
        cmocka_unit_test(a_wiped_heap_holds_no_value),
        cmocka_unit_test(memory_comes_zeroed_and_size_zero_is_served),
        cmocka_unit_test(memory_that_cannot_be_had_is_null),
    };
    secret_install_allocators();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
