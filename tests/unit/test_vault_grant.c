#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sidecar/fetch/vault/vault_grant.h"
#include "tests/unit/vault_fixture.h"

static struct error err;

typedef int grant_read(const struct vault_answer *answer, struct vault_grant *ret,
                       struct error *err);

static int read_grant(grant_read *read, const char *body, size_t length, struct vault_grant *ret) {
    struct vault_answer answer = make_answer(200, body, length);
    *ret = (struct vault_grant){.seconds = 77};
    int result = read(&answer, ret, &err);
    vault_answer_free(&answer);
    if (result != 0) {
        assert_int_equal(err.code, ERROR_STORE_ANSWER);
        assert_null(ret->token);
        assert_int_equal(ret->seconds, 77);
        assert_null(strstr(err.what, "canary"));
    }
    return result;
}

static void a_login_gives_a_token_with_its_terms(void **state) {
    (void)state;
    struct vault_grant grant;
    const char *body = "{\"auth\":{\"client_token\":\"hvs.canary\",\"lease_duration\":3600,"
                       "\"renewable\":true,\"num_uses\":0,\"token_type\":\"service\"}}";
    assert_int_equal(read_grant(vault_grant_login, body, strlen(body), &grant), 0);
    assert_string_equal(grant.token, "hvs.canary");
    assert_int_equal(grant.seconds, 3600);
    assert_true(grant.renewable && !grant.counted);
    secret_free(grant.token);
    assert_int_equal(read_grant(vault_grant_renewal, body, strlen(body), &grant), 0);
    assert_null(grant.token);
    for (size_t length = 0; length < strlen(body); length++)
        assert_int_equal(read_grant(vault_grant_login, body, length, &grant), -1);
}

static void a_look_up_gives_terms_alone(void **state) {
    (void)state;
    struct vault_grant grant;
    const char *body = "{\"data\":{\"id\":\"hvs.canary\",\"ttl\":59,\"renewable\":false,"
                       "\"num_uses\":3,\"expire_time\":null}}";
    assert_int_equal(read_grant(vault_grant_lookup, body, strlen(body), &grant), 0);
    assert_null(grant.token);
    assert_int_equal(grant.seconds, 59);
    assert_true(!grant.renewable && grant.counted);
    const char *root = "{\"data\":{\"ttl\":0}}"; /* a token for ever */
    assert_int_equal(read_grant(vault_grant_lookup, root, strlen(root), &grant), 0);
    assert_int_equal(grant.seconds, 0);
    const char *other = "{\"auth\":{\"ttl\":1}}";
    assert_int_equal(read_grant(vault_grant_lookup, other, strlen(other), &grant), -1);
}

static void terms_of_a_wrong_kind_are_refused(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "{}",
        "{\"auth\":null}",
        "{\"auth\":[]}",
        "{\"auth\":{}}",
        "{\"auth\":{\"client_token\":7}}",
        "{\"auth\":{\"client_token\":\"\"}}",
        "{\"auth\":{\"client_token\":\"a\\u0000canary\"}}",
        "{\"auth\":{\"client_token\":\"can\\nary\"}}",
        "{\"auth\":{\"client_token\":\"canary\",\"lease_duration\":-1}}",
        "{\"auth\":{\"client_token\":\"canary\",\"renewable\":1}}",
        "{\"auth\":{\"client_token\":\"canary\",\"num_uses\":\"1\"}}",
    };
    struct vault_grant grant;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(read_grant(vault_grant_login, bodies[i], strlen(bodies[i]), &grant), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_gives_a_token_with_its_terms),
        cmocka_unit_test(a_look_up_gives_terms_alone),
        cmocka_unit_test(terms_of_a_wrong_kind_are_refused),
    };
    secret_install_allocators();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
