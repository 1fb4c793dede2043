#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/base/buffer.h"
#include "sidecar/fetch/vault/vault_kv.h"
#include "tests/unit/vault_fixture.h"

/* As OpenBao 2.7 writes it. */
#define KV(data, version, time, destroyed)                                                         \
    "{\"request_id\":\"r\",\"lease_id\":\"\",\"renewable\":false,\"lease_duration\":0,"            \
    "\"data\":{\"data\":" data ",\"metadata\":{\"created_time\":\"2026-01-01T00:00:00Z\","         \
    "\"custom_metadata\":null,\"deletion_time\":\"" time "\",\"destroyed\":" destroyed             \
    ",\"version\":" version "}},\"wrap_info\":null,\"warnings\":null,\"auth\":null}\n"
#define VALUE "{\"password\":\"canary\",\"port\":5432}"

static struct error err;

static int decode(uint32_t status, const char *body, size_t length, uint64_t asked,
                  struct vault_value *value) {
    struct vault_answer answer = make_answer(status, body, length);
    *value = (struct vault_value){.length = 77, .version = 77};
    memset(&err, 0, sizeof err);
    int result = vault_kv_decode(&answer, asked, value, &err);
    vault_answer_free(&answer);
    if (result != 0) {
        assert_null(value->bytes);
        assert_int_equal(value->length, 77);
        assert_int_equal(value->version, 77);
        assert_null(strstr(err.what, "canary"));
    }
    return result;
}

static void assert_value(const char *body, uint64_t asked, const char *wanted, uint64_t version,
                         uint64_t expires_ms) {
    struct vault_value value;
    if (decode(200, body, strlen(body), asked, &value) != 0)
        fail_msg("%s: %s", body, err.what);
    assert_int_equal(value.length, strlen(wanted));
    assert_memory_equal(value.bytes, wanted, value.length);
    assert_int_equal(value.version, version);
    assert_int_equal(value.expires_ms, expires_ms);
    secret_free(value.bytes);
}

static void assert_fault(uint32_t status, const char *body, uint64_t asked, enum error_code code) {
    struct vault_value value;
    assert_int_equal(decode(status, body, strlen(body), asked, &value), -1);
    if (err.code != code)
        fail_msg("%s: %s", body, error_name(err.code));
}

static void a_path_is_encoded_by_segment(void **state) {
    (void)state;
    static const struct {
        const char *path, *wanted;
        uint64_t version;
    } cases[] = {
        {"secret/data/db", "secret/data/db", 0},
        {"secret/data/db", "secret/data/db?version=18446744073709551615", UINT64_MAX},
        {"a b/c+d", "a%20b/c%2Bd", 0},
        {"\xc3\xa4/%2F/?x=1#y", "%C3%A4/%252F/%3Fx%3D1%23y", 0},
        {"A-Z_a.z~0/9", "A-Z_a.z~0/9?version=3", 3},
        {"\x01\x7f\xff\"\\", "%01%7F%FF%22%5C", 0},
        {"", "", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out = buffer_make(1024);
        vault_kv_path(cases[i].path, cases[i].version, &out);
        assert_string_equal(out.data != NULL ? out.data : "", cases[i].wanted);
        buffer_free(&out);
    }
}

static void a_value_comes_with_its_version(void **state) {
    (void)state;
    assert_value(KV(VALUE, "3", "", "false"), 0, VALUE, 3, 0);
    assert_value(KV(VALUE, "3", "", "false"), 3, VALUE, 3, 0);
    assert_value(KV("{}", "1", "", "false"), 0, "{}", 1, 0);
    assert_value(KV("{ \"b\" : 1.10,\n\"a\": 123456789012345678901234567890 }", "1", "", "false"),
                 0, "{\"b\":1.10,\"a\":123456789012345678901234567890}", 1, 0);
    assert_value(KV("{\"data\":{\"data\":1}}", "9007199254740992", "", "false"), 0,
                 "{\"data\":{\"data\":1}}", 9007199254740992u, 0);
    assert_value("{\"data\":{\"metadata\":{\"version\":2,\"deletion_time\":null},\"data\":{}}}", 0,
                 "{}", 2, 0);
    assert_value("{\"data\":{\"metadata\":{\"version\":2},\"data\":{}}}", 0, "{}", 2, 0);
}

static void a_time_of_deletion_is_an_expiry(void **state) {
    (void)state;
    assert_value(KV(VALUE, "1", "2026-11-21T13:57:06.357088286Z", "false"), 0, VALUE, 1,
                 1795269426357u);
    assert_fault(200, KV(VALUE, "1", "tomorrow", "false"), 0, ERROR_STORE_ANSWER);
    assert_fault(200, "{\"data\":{\"metadata\":{\"version\":2,\"deletion_time\":7},\"data\":{}}}",
                 0, ERROR_STORE_ANSWER);
}

static void another_shape_is_another_kind(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "{}",
        "{\"data\":null}",
        "{\"data\":[]}",
        "{\"data\":{\"password\":\"canary\"}}",
        "{\"data\":{\"data\":\"canary\",\"metadata\":{\"version\":1}}}",
        "{\"data\":{\"data\":{\"a\":1}}}",
        "{\"data\":{\"data\":{\"a\":1},\"metadata\":{}}}",
        "{\"data\":{\"data\":{\"a\":1},\"metadata\":[1]}}",
        KV("null", "1", "", "false"),
        KV("[1]", "1", "", "false"),
        KV(VALUE, "0", "", "false"),
        KV(VALUE, "-1", "", "false"),
        KV(VALUE, "1.5", "", "false"),
        KV(VALUE, "1e300", "", "false"),
        KV(VALUE, "\"1\"", "", "false"),
        KV(VALUE, "null", "", "false"),
        KV(VALUE, "18446744073709551616", "", "false"),
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_fault(200, bodies[i], 0, ERROR_SECRET_KIND);
}

static void another_version_than_asked_for_is_no_answer(void **state) {
    (void)state;
    assert_fault(200, KV(VALUE, "3", "", "false"), 2, ERROR_STORE_ANSWER);
}

static void a_name_that_is_written_with_escapes_is_no_answer(void **state) {
    (void)state;
    assert_fault(200, "{\"d\\u0061ta\":{\"data\":{},\"metadata\":{\"version\":1}}}", 0,
                 ERROR_STORE_ANSWER);
}

static void what_is_missing_is_told_from_what_was_deleted(void **state) {
    (void)state;
    assert_fault(404, "{\"errors\":[]}", 0, ERROR_SECRET_MISSING);
    assert_fault(404, "", 0, ERROR_SECRET_MISSING);
    assert_fault(404, "<html>canary</html>", 0, ERROR_SECRET_MISSING);
    assert_fault(404, KV("null", "1", "", "false"), 0, ERROR_SECRET_MISSING);
    assert_fault(404, KV("null", "1", "2026-11-21T13:57:06Z", "false"), 0, ERROR_SECRET_DELETED);
    assert_fault(404, KV("null", "1", "", "true"), 0, ERROR_SECRET_DELETED);
    assert_fault(404, "{\"data\":{\"metadata\":{\"destroyed\":\"true\"}}}", 0,
                 ERROR_SECRET_MISSING);
}

static void a_status_that_is_no_success_is_never_a_value(void **state) {
    (void)state;
    for (uint32_t status = 0; status < 700; status++)
        if (vault_status_code(status) != ERROR_OK && status != 404)
            assert_fault(status, KV(VALUE, "1", "", "false"), 0, vault_status_code(status));
}

static void an_answer_cut_at_any_byte_gives_no_value(void **state) {
    (void)state;
    const char *body = KV(VALUE, "3", "", "false");
    struct vault_value value;
    for (size_t length = 0; length + 1 < strlen(body); length++) { /* the newline may be missing */
        assert_int_equal(decode(200, body, length, 0, &value), -1);
        assert_int_equal(err.code, ERROR_STORE_ANSWER);
    }
}

static void no_changed_byte_is_fatal(void **state) {
    (void)state;
    const char *body = KV(VALUE, "3", "2026-11-21T13:57:06Z", "false");
    static const char spoilers[] = "\"\\{}[],:\0\xff 9";
    size_t length = strlen(body), taken = 0;
    char *copy = malloc(length);
    assert_non_null(copy);
    for (size_t i = 0; i < length; i++)
        for (size_t s = 0; s < sizeof spoilers - 1; s++) {
            struct vault_value value;
            memcpy(copy, body, length);
            copy[i] = spoilers[s];
            if (decode(200, copy, length, 0, &value) != 0)
                continue;
            assert_true(value.length > 0 && value.length <= length);
            assert_int_equal(value.bytes[0], '{');
            secret_free(value.bytes);
            taken++;
        }
    assert_true(taken > 0);
    free(copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_encoded_by_segment),
        cmocka_unit_test(a_value_comes_with_its_version),
        cmocka_unit_test(a_time_of_deletion_is_an_expiry),
        cmocka_unit_test(another_shape_is_another_kind),
        cmocka_unit_test(another_version_than_asked_for_is_no_answer),
        cmocka_unit_test(a_name_that_is_written_with_escapes_is_no_answer),
        cmocka_unit_test(what_is_missing_is_told_from_what_was_deleted),
        cmocka_unit_test(a_status_that_is_no_success_is_never_a_value),
        cmocka_unit_test(an_answer_cut_at_any_byte_gives_no_value),
        cmocka_unit_test(no_changed_byte_is_fatal),
    };
    secret_install_allocators();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
