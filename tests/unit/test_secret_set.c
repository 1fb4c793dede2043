#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
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

static void the_two_special_entries_come_last_and_are_found(void **state) {
    (void)state;
    const struct secret secrets[] = {secret_of("abc", 3), secret_of("{}", SECRET_INDEX_LEASES),
                                     secret_of("token", SECRET_INDEX_SESSION)};
    const struct secret between[] = {secret_of("abc", LIMIT_SECRETS)};
    struct region region = encode(secrets, 3, 7);
    assert_int_equal(secret_set_decode(&set, &region, &err), 0);
    assert_int_equal(set.count, 3);
    assert_int_equal(secret_set_find(&set, SECRET_INDEX_LEASES)->length, 2);
    assert_memory_equal(secret_set_find(&set, SECRET_INDEX_SESSION)->bytes, "token", 5);
    assert_null(secret_set_find(&set, 4));
    secret_set_free(&set);
    assert_int_equal(region_make(&region, secret_set_size(between, 1), &err), 0);
    assert_int_equal(secret_set_encode(&region, between, 1, 7, &err), -1);
    region_free(&region);
}

/* Takes ownership, as from state:. */
static int decode_copy_of(const unsigned char *bytes, size_t size) {
    unsigned char *copy = secret_alloc(size);
    memcpy(copy, bytes, size);
    memset(&set, 0xa5, sizeof set);
    return secret_set_decode_bytes(&set, copy, size, &err);
}

static void ordinary_memory_holds_the_same_layout(void **state) {
    (void)state;
    const struct secret secrets[] = {secret_of("abc", 0), secret_of("", 4),
                                     secret_of("12345678", 1023)};
    unsigned char sample[SAMPLE_BYTES], bytes[SAMPLE_BYTES + 8] = {0};
    make_sample(sample);
    assert_int_equal(secret_set_encode_bytes(bytes, SAMPLE_BYTES, secrets, 3, 7, &err), 0);
    assert_memory_equal(bytes, sample, SAMPLE_BYTES);
    assert_int_equal(secret_set_encode_bytes(bytes, SAMPLE_BYTES - 1, secrets, 3, 7, &err), -1);
    assert_int_equal(err.code, ERROR_INTERNAL);
    assert_int_equal(decode_copy_of(sample, SAMPLE_BYTES), 0);
    assert_int_equal(set.version, 7);
    assert_memory_equal(set.secrets[2].bytes, "12345678", 8);
    secret_set_free(&set);
    for (size_t size = 0; size <= SAMPLE_BYTES + 8; size++) {
        if (size == SAMPLE_BYTES)
            continue;
        assert_int_equal(decode_copy_of(bytes, size), -1);
        assert_int_equal(err.code, ERROR_PROTOCOL);
        assert_null(set.copy);
    }
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
        cmocka_unit_test(the_two_special_entries_come_last_and_are_found),
        cmocka_unit_test(ordinary_memory_holds_the_same_layout),
    };
    secret_install_allocators();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
