#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "sidecar/base/error.h"
#include "tests/unit/box_fixture.h"

static struct error err;

struct sealed {
    unsigned char *bytes;
    size_t length;
};

static void put(struct box *box, const char *name, const char *value) {
    assert_int_equal(box_set(box, name, (const unsigned char *)value, strlen(value), &err), 0);
}

static struct sealed seal(struct box *box) {
    struct sealed sealed;
    assert_int_equal(box_seal(box, fixture_key, &sealed.bytes, &sealed.length, &err), 0);
    return sealed;
}

/* Two entries with values of the same length, version 1. */
static struct sealed make_sample(void) {
    struct box box;
    box_make(&box);
    put(&box, "db", "canary-one");
    put(&box, "lake", "canary-two");
    struct sealed sealed = seal(&box);
    box_free(&box);
    return sealed;
}

static void assert_closed(const unsigned char *bytes, size_t length, enum error_code code) {
    struct box box = {.count = 77};
    error_clear(&err);
    assert_int_equal(box_open(bytes, length, fixture_key, &box, &err), -1);
    assert_int_equal(err.code, code);
    assert_string_not_equal(err.what, "");
    assert_string_not_equal(err.todo, "");
    assert_int_equal(box.count, 0);
    assert_null(box.entries);
}

static void assert_value(const struct box *box, const char *name, const char *value) {
    const struct box_entry *entry = box_find(box, name);
    assert_non_null(entry);
    assert_int_equal(entry->length, strlen(value));
    assert_memory_equal(entry->value, value, strlen(value));
}

static void what_is_sealed_opens_with_its_key(void **state) {
    (void)state;
    struct sealed sealed = make_sample();
    struct box box;
    assert_int_equal(box_open(sealed.bytes, sealed.length, fixture_key, &box, &err), 0);
    assert_int_equal(box.count, 2);
    assert_int_equal(box.version, 1);
    assert_value(&box, "db", "canary-one");
    assert_value(&box, "lake", "canary-two");
    assert_null(box_find(&box, "da"));
    box_free(&box);
    assert_null(memmem(sealed.bytes, sealed.length, "canary", 6));
    assert_null(memmem(sealed.bytes, sealed.length, "lake", 4));
    free(sealed.bytes);
}

static void an_empty_box_opens(void **state) {
    (void)state;
    struct box box;
    box_make(&box);
    struct sealed sealed = seal(&box);
    box_free(&box);
    assert_int_equal(box_open(sealed.bytes, sealed.length, fixture_key, &box, &err), 0);
    assert_int_equal(box.count, 0);
    box_free(&box);
    free(sealed.bytes);
}

static void a_box_made_from_the_description_opens(void **state) {
    (void)state;
    unsigned char plain[256], bytes[512];
    bytes_put_u32(plain, 2);
    size_t size = fixture_entry(plain, 4, "a/b", "x");
    size = fixture_entry(plain, size, "a0", "yz");
    struct box box;
    assert_int_equal(box_open(bytes, fixture_seal(bytes, plain, size), fixture_key, &box, &err), 0);
    assert_int_equal(box.version, 41);
    assert_memory_equal(box.id, fixture_id, 16);
    assert_value(&box, "a/b", "x");
    assert_value(&box, "a0", "yz");
    box_free(&box);
}

static void what_is_sealed_follows_the_description(void **state) {
    (void)state;
    struct sealed sealed = make_sample();
    unsigned char own[32], plain[256], wanted[256];
    unsigned long long size = 0;
    fixture_derive(fixture_key, sealed.bytes + 32, "arrestor-box-key", own);
    assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(
                         plain, &size, NULL, sealed.bytes + 128, sealed.length - 128, sealed.bytes,
                         128, sealed.bytes + 80, own),
                     0);
    bytes_put_u32(wanted, 2);
    size_t end = fixture_entry(wanted, 4, "db", "canary-one");
    end = fixture_entry(wanted, end, "lake", "canary-two");
    assert_int_equal(size, end);
    assert_memory_equal(plain, wanted, end);
    free(sealed.bytes);
}

static void each_seal_counts_up_and_has_a_nonce_of_its_own(void **state) {
    (void)state;
    struct box box;
    struct box_prelude first, second;
    box_make(&box);
    put(&box, "db", "x");
    struct sealed one = seal(&box), two = seal(&box);
    assert_int_equal(box.version, 2);
    assert_int_equal(box_read_prelude(one.bytes, one.length, &first, &err), 0);
    assert_int_equal(box_read_prelude(two.bytes, two.length, &second, &err), 0);
    assert_int_equal(first.version, 1);
    assert_int_equal(second.version, 2);
    assert_memory_equal(first.id, second.id, 16);
    assert_memory_not_equal(first.nonce, second.nonce, 24);
    assert_memory_not_equal(one.bytes + 128, two.bytes + 128, one.length - 128);
    box_free(&box);
    free(one.bytes);
    free(two.bytes);
}

static void the_prelude_alone_tells_the_version(void **state) {
    (void)state;
    struct sealed sealed = make_sample();
    struct box_prelude prelude;
    assert_int_equal(box_read_prelude(sealed.bytes, BOX_PRELUDE_BYTES, &prelude, &err), 0);
    assert_int_equal(prelude.format, BOX_FORMAT);
    assert_int_equal(prelude.version, 1);
    assert_int_equal(prelude.body_bytes, sealed.length - BOX_PRELUDE_BYTES);
    free(sealed.bytes);
}

static void a_damaged_byte_anywhere_is_said_to_be_damage(void **state) {
    (void)state;
    struct sealed sealed = make_sample();
    const unsigned char flips[] = {0x01, 0x80, 0xff};
    for (size_t at = 0; at < sealed.length; at++)
        for (size_t i = 0; i < sizeof flips; i++) {
            sealed.bytes[at] ^= flips[i];
            assert_closed(sealed.bytes, sealed.length, ERROR_BOX_DAMAGED);
            sealed.bytes[at] ^= flips[i];
        }
    free(sealed.bytes);
}

static void a_damaged_prelude_yields_no_version(void **state) {
    (void)state;
    struct sealed sealed = make_sample();
    for (size_t at = 0; at < BOX_PRELUDE_BYTES; at++) {
        struct box_prelude prelude = {.version = 77};
        sealed.bytes[at] ^= 0x10;
        assert_int_equal(box_read_prelude(sealed.bytes, BOX_PRELUDE_BYTES, &prelude, &err), -1);
        assert_int_equal(err.code, ERROR_BOX_DAMAGED);
        assert_int_equal(prelude.version, 77);
        sealed.bytes[at] ^= 0x10;
    }
    free(sealed.bytes);
}

static void a_box_cut_at_any_byte_is_said_to_be_cut_short(void **state) {
    (void)state;
    struct sealed sealed = make_sample();
    for (size_t length = 0; length < sealed.length; length++) {
        unsigned char *cut = malloc(length + 1);
        assert_non_null(cut);
        memcpy(cut, sealed.bytes, length);
        assert_closed(cut, length, ERROR_BOX_TRUNCATED);
        free(cut);
    }
    free(sealed.bytes);
}

static void bytes_behind_the_end_are_damage(void **state) {
    (void)state;
    struct sealed sealed = make_sample();
    unsigned char *longer = calloc(1, sealed.length + 1);
    assert_non_null(longer);
    memcpy(longer, sealed.bytes, sealed.length);
    assert_closed(longer, sealed.length + 1, ERROR_BOX_DAMAGED);
    free(longer);
    free(sealed.bytes);
}

static void what_is_no_box_is_said_to_be_none(void **state) {
    (void)state;
    const char *texts[] = {"x", "{\"db\": \"x\"}", "ARRSTBOY", "\x7fPNG"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_closed((const unsigned char *)texts[i], strlen(texts[i]), ERROR_BOX_DAMAGED);
        assert_non_null(strstr(err.what, "not a strongbox"));
    }
    unsigned char zeros[4096] = {0};
    assert_closed(zeros, sizeof zeros, ERROR_BOX_DAMAGED);
}

static void another_key_is_said_to_be_the_wrong_one(void **state) {
    (void)state;
    struct sealed sealed = make_sample();
    struct box box;
    for (size_t at = 0; at < BOX_KEY_BYTES; at++) {
        unsigned char key[BOX_KEY_BYTES];
        memcpy(key, fixture_key, sizeof key);
        key[at] ^= 1;
        assert_int_equal(box_open(sealed.bytes, sealed.length, key, &box, &err), -1);
        assert_int_equal(err.code, ERROR_BOX_WRONG_KEY);
        assert_null(box.entries);
    }
    free(sealed.bytes);
}

static void a_newer_format_is_said_to_be_newer(void **state) {
    (void)state;
    struct sealed sealed = make_sample();
    struct box_prelude prelude;
    bytes_put_u32(sealed.bytes + 8, 2);
    assert_closed(sealed.bytes, sealed.length, ERROR_BOX_DAMAGED);
    fixture_checksum(sealed.bytes);
    assert_closed(sealed.bytes, sealed.length, ERROR_BOX_NEWER);
    assert_int_equal(box_read_prelude(sealed.bytes, 128, &prelude, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_NEWER);
    memset(sealed.bytes + 12, 0xff, 92);
    fixture_checksum(sealed.bytes);
    assert_closed(sealed.bytes, 128, ERROR_BOX_NEWER);
    free(sealed.bytes);
}

struct prelude_change {
    size_t at;
    uint64_t value;
    enum error_code code;
};

static void a_forged_prelude_with_a_right_checksum_does_not_open(void **state) {
    (void)state;
    const struct prelude_change changes[] = {
        {8, 0, ERROR_BOX_DAMAGED},                /* format 0 */
        {8, 1 | (1ull << 32), ERROR_BOX_DAMAGED}, /* reserved */
        {16, 2, ERROR_BOX_DAMAGED},               /* version */
        {24, 0, ERROR_BOX_DAMAGED},               /* body */
        {24, 19, ERROR_BOX_DAMAGED},
        {24, 20, ERROR_BOX_DAMAGED},
        {24, LIMIT_BOX_BYTES - 128, ERROR_BOX_TRUNCATED},
        {24, LIMIT_BOX_BYTES - 127, ERROR_BOX_DAMAGED},
        {24, UINT64_MAX, ERROR_BOX_DAMAGED},
        {24, UINT64_MAX - 127, ERROR_BOX_DAMAGED},
        {32, 7, ERROR_BOX_WRONG_KEY}, /* id */
        {48, 7, ERROR_BOX_WRONG_KEY}, /* key check */
        {80, 7, ERROR_BOX_DAMAGED},   /* nonce */
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct sealed sealed = make_sample();
        bytes_put_u64(sealed.bytes + changes[i].at, changes[i].value);
        fixture_checksum(sealed.bytes);
        assert_closed(sealed.bytes, sealed.length, changes[i].code);
        free(sealed.bytes);
    }
}

static void two_boxes_with_one_key_cannot_swap_bodies(void **state) {
    (void)state;
    struct sealed one = make_sample(), two = make_sample();
    assert_int_equal(one.length, two.length);
    assert_memory_not_equal(one.bytes + 32, two.bytes + 32, 16);
    memcpy(one.bytes + 128, two.bytes + 128, one.length - 128);
    assert_closed(one.bytes, one.length, ERROR_BOX_DAMAGED);
    memcpy(one.bytes + 80, two.bytes + 80, 24);
    fixture_checksum(one.bytes);
    assert_closed(one.bytes, one.length, ERROR_BOX_DAMAGED);
    free(one.bytes);
    free(two.bytes);
}

static void an_older_body_cannot_stand_under_a_newer_version(void **state) {
    (void)state;
    struct box box;
    box_make(&box);
    put(&box, "db", "x");
    struct sealed one = seal(&box), two = seal(&box);
    memcpy(two.bytes + 80, one.bytes + 80, 24);
    memcpy(two.bytes + 128, one.bytes + 128, one.length - 128);
    fixture_checksum(two.bytes);
    assert_closed(two.bytes, two.length, ERROR_BOX_DAMAGED);
    box_free(&box);
    free(one.bytes);
    free(two.bytes);
}

/* In the plaintext of the sample: "db" with its value, then "lake" with its. */
static void a_value_cannot_be_moved_to_another_name(void **state) {
    (void)state;
    struct sealed sealed = make_sample();
    unsigned char moved[10], *first = sealed.bytes + 128 + 4 + 8 + 2;
    unsigned char *second = first + 10 + 8 + 4;
    memcpy(moved, first, 10);
    memcpy(first, second, 10);
    memcpy(second, moved, 10);
    assert_closed(sealed.bytes, sealed.length, ERROR_BOX_DAMAGED);
    free(sealed.bytes);
}

static void assert_hostile(const unsigned char *plain, size_t size) {
    unsigned char bytes[1024];
    assert_true(size + 128 + TAG <= sizeof bytes);
    assert_closed(bytes, fixture_seal(bytes, plain, size), ERROR_BOX_DAMAGED);
}

static void contents_that_make_no_sense_do_not_open(void **state) {
    (void)state;
    const char *pairs[][4] = {
        {"b", "x", "a", "x"},  /* out of order */
        {"a", "x", "a", "y"},  /* twice */
        {"a", "x", "b", ""},   /* no value */
        {"", "x", "a", "x"},   /* no name */
        {"/a", "x", "b", "x"}, /* no name of ours */
        {"a", "x", "b c", "x"}, {"a", "x", "b\n", "x"}, {"a", "x", "\xff", "x"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        unsigned char plain[256];
        bytes_put_u32(plain, 2);
        size_t size = fixture_entry(plain, 4, pairs[i][0], pairs[i][1]);
        assert_hostile(plain, fixture_entry(plain, size, pairs[i][2], pairs[i][3]));
    }
}

static void contents_cut_at_any_byte_do_not_open(void **state) {
    (void)state;
    unsigned char plain[256];
    bytes_put_u32(plain, 2);
    size_t size = fixture_entry(plain, 4, "a", "xyz");
    size = fixture_entry(plain, size, "b", "xyz");
    for (size_t cut = 0; cut < size; cut++)
        assert_hostile(plain, cut);
    plain[size] = 0;
    assert_hostile(plain, size + 1);
}

static void wrong_numbers_inside_do_not_open(void **state) {
    (void)state;
    const uint32_t numbers[] = {0,
                                1,
                                3,
                                LIMIT_SECRET_NAME + 1,
                                LIMIT_BOX_ENTRIES + 1,
                                LIMIT_SECRET_BYTES + 1,
                                INT32_MAX,
                                UINT32_MAX};
    const size_t places[] = {0, 4, 8};
    for (size_t place = 0; place < sizeof places / sizeof *places; place++)
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            unsigned char plain[256];
            bytes_put_u32(plain, 2);
            size_t size = fixture_entry(plain, 4, "ab", "xy");
            size = fixture_entry(plain, size, "b", "x");
            bytes_put_u32(plain + places[place], numbers[i]);
            assert_hostile(plain, size);
        }
}

static void names_with_nul_inside_do_not_open(void **state) {
    (void)state;
    unsigned char plain[64];
    bytes_put_u32(plain, 1);
    size_t size = fixture_entry(plain, 4, "abc", "x");
    plain[13] = '\0';
    assert_hostile(plain, size);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_with_its_key),
        cmocka_unit_test(an_empty_box_opens),
        cmocka_unit_test(a_box_made_from_the_description_opens),
        cmocka_unit_test(what_is_sealed_follows_the_description),
        cmocka_unit_test(each_seal_counts_up_and_has_a_nonce_of_its_own),
        cmocka_unit_test(the_prelude_alone_tells_the_version),
        cmocka_unit_test(a_damaged_byte_anywhere_is_said_to_be_damage),
        cmocka_unit_test(a_damaged_prelude_yields_no_version),
        cmocka_unit_test(a_box_cut_at_any_byte_is_said_to_be_cut_short),
        cmocka_unit_test(bytes_behind_the_end_are_damage),
        cmocka_unit_test(what_is_no_box_is_said_to_be_none),
        cmocka_unit_test(another_key_is_said_to_be_the_wrong_one),
        cmocka_unit_test(a_newer_format_is_said_to_be_newer),
        cmocka_unit_test(a_forged_prelude_with_a_right_checksum_does_not_open),
        cmocka_unit_test(two_boxes_with_one_key_cannot_swap_bodies),
        cmocka_unit_test(an_older_body_cannot_stand_under_a_newer_version),
        cmocka_unit_test(a_value_cannot_be_moved_to_another_name),
        cmocka_unit_test(contents_that_make_no_sense_do_not_open),
        cmocka_unit_test(contents_cut_at_any_byte_do_not_open),
        cmocka_unit_test(wrong_numbers_inside_do_not_open),
        cmocka_unit_test(names_with_nul_inside_do_not_open),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
