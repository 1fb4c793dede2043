#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/fetch/vault/vault_answer.h"
#include "sidecar/fetch/vault/vault_options.h"
#include "tests/unit/vault_fixture.h"

static struct error err;

struct status_case {
    uint32_t status;
    enum error_code code;
};

static void every_status_has_its_meaning(void **state) {
    (void)state;
    static const struct status_case cases[] = {
        {0, ERROR_STORE_ANSWER},
        {100, ERROR_STORE_ANSWER},
        {199, ERROR_STORE_ANSWER},
        {200, ERROR_OK},
        {204, ERROR_OK},
        {299, ERROR_OK},
        {300, ERROR_STORE_ANSWER},
        {301, ERROR_STORE_REDIRECT},
        {302, ERROR_STORE_REDIRECT},
        {303, ERROR_STORE_REDIRECT},
        {304, ERROR_STORE_ANSWER},
        {305, ERROR_STORE_ANSWER},
        {307, ERROR_STORE_REDIRECT},
        {308, ERROR_STORE_REDIRECT},
        {309, ERROR_STORE_ANSWER},
        {400, ERROR_STORE_REQUEST},
        {401, ERROR_STORE_DENIED},
        {402, ERROR_STORE_REQUEST},
        {403, ERROR_STORE_DENIED},
        {404, ERROR_SECRET_MISSING},
        {405, ERROR_STORE_REQUEST},
        {408, ERROR_STORE_SLOW},
        {412, ERROR_STORE_STALE_READ},
        {429, ERROR_STORE_BUSY},
        {471, ERROR_STORE_REQUEST},
        {472, ERROR_STORE_SEALED},
        {473, ERROR_STORE_SEALED},
        {474, ERROR_STORE_SEALED},
        {499, ERROR_STORE_REQUEST},
        {500, ERROR_STORE_FAULT},
        {501, ERROR_STORE_SEALED},
        {502, ERROR_STORE_FAULT},
        {503, ERROR_STORE_SEALED},
        {504, ERROR_STORE_FAULT},
        {530, ERROR_STORE_SEALED},
        {599, ERROR_STORE_FAULT},
        {600, ERROR_STORE_ANSWER},
        {UINT32_MAX, ERROR_STORE_ANSWER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (vault_status_code(cases[i].status) != cases[i].code)
            fail_msg("%u", (unsigned)cases[i].status);
}

static void a_login_is_refused_by_four_of_them(void **state) {
    (void)state;
    for (uint32_t status = 0; status < 700; status++) {
        bool refuses = status == 400 || status == 401 || status == 403 || status == 404;
        assert_int_equal(vault_login_code(status),
                         refuses ? ERROR_STORE_LOGIN : vault_status_code(status));
    }
}

static void every_result_of_the_library_has_a_code(void **state) {
    (void)state;
    assert_int_equal(vault_options_code(CURLE_OK, 77), ERROR_OK);
    assert_int_equal(vault_options_code(CURLE_OPERATION_TIMEDOUT, 0), ERROR_STORE_SLOW);
    assert_int_equal(vault_options_code(CURLE_GOT_NOTHING, 0), ERROR_STORE_UNREACHABLE);
    assert_int_equal(vault_options_code(CURLE_FILESIZE_EXCEEDED, 0), ERROR_STORE_SIZE);
    for (int result = 1; result < (int)CURL_LAST; result++)
        assert_int_not_equal(vault_options_code((CURLcode)result, 0), ERROR_OK);
}

static void a_verdict_on_a_certificate_tells_the_ca_from_the_name(void **state) {
    (void)state;
    static const long ca[] = {2, 7, 9, 10, 18, 19, 20, 21, 22, 27};
    static const long name[] = {0, 1, 62, 64};
    for (size_t i = 0; i < sizeof ca / sizeof *ca; i++)
        assert_int_equal(vault_options_code(CURLE_PEER_FAILED_VERIFICATION, ca[i]), ERROR_STORE_CA);
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        assert_int_equal(vault_options_code(CURLE_PEER_FAILED_VERIFICATION, name[i]),
                         ERROR_STORE_HOST);
    assert_int_equal(vault_options_code(CURLE_PEER_FAILED_VERIFICATION, 26), ERROR_STORE_TLS);
    assert_int_equal(vault_options_code(CURLE_PEER_FAILED_VERIFICATION, -1), ERROR_STORE_TLS);
}

static int parse(const char *body, size_t length) {
    struct vault_answer answer = make_answer(200, body, length);
    memset(&err, 0, sizeof err);
    json_t *root = vault_answer_parse(&answer, &err);
    vault_answer_free(&answer);
    if (root == NULL) {
        assert_int_equal(err.code, ERROR_STORE_ANSWER);
        assert_null(strstr(err.what, "canary"));
        return -1;
    }
    assert_int_equal(err.code, ERROR_OK);
    json_decref(root);
    return 0;
}

static void only_a_json_object_is_an_answer(void **state) {
    (void)state;
    static const char *const taken[] = {"{}", " {\"a\":1}\n",
                                        "{\"a\":123456789012345678901234567890}",
                                        "{\"a\":\"\\u0000\"}", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}"};
    static const char *const refused[] = {"",
                                          " ",
                                          "[]",
                                          "1",
                                          "\"canary\"",
                                          "null",
                                          "{",
                                          "{}{}",
                                          "{\"a\":1,}",
                                          "{'a':1}",
                                          "canary",
                                          "{\"a\":1,\"a\":2}",
                                          "{\"a\":1,\"\\u0061\":2}",
                                          "{\"a\":{\"b\":1,\"b\":2}}",
                                          "{\"a\":\"\xff\"}",
                                          "{\"a\":\"\xc0\x80\"}",
                                          "{\"a\":\"\xed\xa0\x80\"}",
                                          "{\"a\":\"\\ud800\"}",
                                          "{\"a\":1e999}",
                                          "{\"a\":01}",
                                          "{\"a\":NaN}",
                                          "{\"a\\u0000\":1}",
                                          "\xef\xbb\xbf{}",
                                          "{\"a\":\"\n\"}",
                                          "<html>canary</html>"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (parse(taken[i], strlen(taken[i])) != 0)
            fail_msg("refused: %s", taken[i]);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (parse(refused[i], strlen(refused[i])) == 0)
            fail_msg("taken: %s", refused[i]);
    assert_int_equal(parse("{}\0", 3), -1);
    assert_int_equal(parse("{\"a\":\"\0\"}", 9), -1);
}

static void what_is_said_to_be_something_else_is_not_looked_at(void **state) {
    (void)state;
    struct vault_answer answer = make_answer(200, "{}", 2);
    answer.is_json = false;
    assert_null(vault_answer_parse(&answer, &err));
    assert_int_equal(err.code, ERROR_STORE_ANSWER);
    vault_answer_free(&answer);
    assert_null(answer.body);
}

static int parse_nest(size_t depth, const char *open, const char *close) {
    size_t each = strlen(open), length = 0;
    char *text = malloc(depth * (each + 1) + 8);
    assert_non_null(text);
    for (size_t i = 0; i < depth; i++, length += each)
        memcpy(text + length, open, each);
    text[length++] = '1';
    for (size_t i = 0; i < depth; i++)
        memcpy(text + length++, close, 1);
    int result = parse(text, length);
    free(text);
    return result;
}

static void depth_is_bounded(void **state) {
    (void)state;
    assert_int_equal(parse_nest(LIMIT_ANSWER_DEPTH, "{\"a\":", "}"), 0);
    assert_int_equal(parse_nest(LIMIT_ANSWER_DEPTH + 1, "{\"a\":", "}"), -1);
    assert_int_equal(parse_nest(100000, "{\"a\":", "}"), -1);
    assert_int_equal(parse_nest(100000, "[", "]"), -1);
}

static void assert_seconds(const char *text, int result, uint64_t wanted) {
    json_t *object = json_loads(text, JSON_DECODE_INT_AS_REAL, NULL);
    uint64_t got = 77;
    assert_non_null(object);
    assert_int_equal(vault_answer_seconds(object, "ttl", &got), result);
    assert_int_equal(got, result == 0 ? wanted : 77);
    json_decref(object);
}

static void seconds_are_a_number_within_a_century(void **state) {
    (void)state;
    assert_seconds("{\"ttl\":60}", 0, 60);
    assert_seconds("{\"ttl\":0}", 0, 0);
    assert_seconds("{}", 0, 0);
    assert_seconds("{\"ttl\":null}", 0, 0);
    assert_seconds("{\"ttl\":2764800}", 0, 2764800);
    assert_seconds("{\"ttl\":-1}", -1, 0);
    assert_seconds("{\"ttl\":1e300}", -1, 0);
    assert_seconds("{\"ttl\":18446744073709551616}", -1, 0);
    assert_seconds("{\"ttl\":\"60\"}", -1, 0);
    assert_seconds("{\"ttl\":true}", -1, 0);
    assert_seconds("{\"ttl\":[]}", -1, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_meaning),
        cmocka_unit_test(a_login_is_refused_by_four_of_them),
        cmocka_unit_test(every_result_of_the_library_has_a_code),
        cmocka_unit_test(a_verdict_on_a_certificate_tells_the_ca_from_the_name),
        cmocka_unit_test(only_a_json_object_is_an_answer),
        cmocka_unit_test(what_is_said_to_be_something_else_is_not_looked_at),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(seconds_are_a_number_within_a_century),
    };
    secret_install_allocators();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
