#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/config/config.h"
#include "sidecar/fetch/vault/vault_location.h"

static const struct config_address own = {
    .text = "https://vault.here:8200", .tls = true, .host = "vault.here", .port = 8200};

static void assert_location(const char *location, const char *wanted) {
    char got[LIMIT_PATH];
    memset(got, 'x', sizeof got);
    int result = vault_location_read(location, &own, got);
    assert_string_equal(got, wanted != NULL ? wanted : "");
    assert_int_equal(result, wanted != NULL ? 0 : -1);
}

static void an_address_is_reduced_to_scheme_host_and_port(void **state) {
    (void)state;
    assert_location("https://vault-1.example:8200/v1/secret/data/x?token=canary",
                    "https://vault-1.example:8200");
    assert_location("HTTP://a", "http://a:80");
    assert_location("https://a/", "https://a:443");
    assert_location("https://a:/", "https://a:443");
    assert_location("https://a?x", "https://a:443");
    assert_location("https://a#x", "https://a:443");
    assert_location("https://[2001:db8::1]:8200/", "https://[2001:db8::1]:8200");
    assert_location("https://10.0.0.1:65535", "https://10.0.0.1:65535");
    assert_location("//other:1/x", "https://other:1");
}

static void a_relative_one_is_of_the_server_itself(void **state) {
    (void)state;
    static const char *const relative[] = {"/v1/x", "x", "../x", "?a", "", "./a:b", "/a:b"};
    for (size_t i = 0; i < sizeof relative / sizeof *relative; i++)
        assert_location(relative[i], "https://vault.here:8200");
}

static void what_is_no_address_is_not_told(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "ftp://a/",
        "javascript:x",
        "https:",
        "https:/a",
        "https:a",
        "https://",
        "https:///x",
        "https://user:canary@a/",
        "https://a:0/",
        "https://a:65536/",
        "https://a:123456789/",
        "https://a:8x/",
        "https://a b/",
        "https://a\x1b[31m/",
        "https://a\xc3\xa4/",
        "https://a\"/",
        "https://[::1/",
        "https://[]/",
        "https://[::1]x/",
        "https://[canary]/",
        "https://a:-1/",
        "https://a\\b/",
        "https://%61/",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_location(wrong[i], NULL);
}

static void what_is_too_long_is_not_told(void **state) {
    (void)state;
    char text[2 * LIMIT_PATH] = "https://";
    memset(text + 8, 'a', LIMIT_HOST_NAME);
    assert_location(text, NULL); /* the host fits, the whole does not */
    memset(text + 8, 'a', 2 * LIMIT_PATH - 9);
    assert_location(text, NULL);
    memset(text + 8, '\0', sizeof text - 8);
    memset(text + 8, 'a', LIMIT_PATH - 1 - 8 - 4);
    char wanted[LIMIT_PATH];
    memcpy(wanted, text, LIMIT_PATH - 1 - 4);
    memcpy(wanted + LIMIT_PATH - 1 - 4, ":443", 5);
    assert_location(text, wanted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_reduced_to_scheme_host_and_port),
        cmocka_unit_test(a_relative_one_is_of_the_server_itself),
        cmocka_unit_test(what_is_no_address_is_not_told),
        cmocka_unit_test(what_is_too_long_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
