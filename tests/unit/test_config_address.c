#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/config/config_address.h"

static struct config_address parse(struct arena *arena, const char *text) {
    struct config_address address = {0};
    struct error err;
    if (config_address_parse(text, arena, &address, &err) != 0)
        fail_msg("%s: %s", text, err.what);
    return address;
}

static void assert_refused(const char *text, const char *what) {
    struct arena arena = arena_make(LIMIT_CONFIG_BYTES);
    struct config_address address = {.port = 7};
    struct error err;
    if (config_address_parse(text, &arena, &address, &err) == 0)
        fail_msg("taken: %s", text);
    assert_int_equal(err.code, ERROR_CONFIG);
    if (strstr(err.what, what) == NULL)
        fail_msg("%s: \"%s\" is not in \"%s\"", text, what, err.what);
    assert_string_not_equal(err.todo, "");
    assert_int_equal(address.port, 7);
    arena_free(&arena);
}

static void an_address_is_scheme_host_and_port(void **state) {
    (void)state;
    static const struct {
        const char *text, *kept, *host;
        bool tls;
        uint16_t port;
    } rows[] = {
        {"https://vault.prod:8200", "https://vault.prod:8200", "vault.prod", true, 8200},
        {"https://vault.prod:8200/", "https://vault.prod:8200", "vault.prod", true, 8200},
        {"http://127.0.0.1:1", "http://127.0.0.1:1", "127.0.0.1", false, 1},
        {"https://h:65535", "https://h:65535", "h", true, 65535},
        {"https://h:08200", "https://h:08200", "h", true, 8200},
        {"HTTPS://Vault.Prod", "HTTPS://Vault.Prod", "vault.prod", true, 443},
        {"hTTp://localhost/", "hTTp://localhost", "localhost", false, 80},
        {"https://[::1]:8200/", "https://[::1]:8200", "::1", true, 8200},
        {"https://[2001:DB8::5]", "https://[2001:DB8::5]", "2001:db8::5", true, 443},
        {"https://[::ffff:10.0.0.1]", "https://[::ffff:10.0.0.1]", "::ffff:10.0.0.1", true, 443},
        {"https://vault_1.local", "https://vault_1.local", "vault_1.local", true, 443},
        {"https://1.example", "https://1.example", "1.example", true, 443},
        {"https://xn--bcher-kva.example", "https://xn--bcher-kva.example", "xn--bcher-kva.example",
         true, 443},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena = arena_make(LIMIT_CONFIG_BYTES);
        struct config_address address = parse(&arena, rows[i].text);
        assert_string_equal(address.text, rows[i].kept);
        assert_string_equal(address.host, rows[i].host);
        assert_int_equal(address.tls, rows[i].tls);
        assert_int_equal(address.port, rows[i].port);
        arena_free(&arena);
    }
}

static void what_is_no_address_is_refused_with_what_to_write(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"", "does not begin with"},
        {"vault.prod:8200", "does not begin with"},
        {"https:/vault", "does not begin with"},
        {"httpss://vault", "does not begin with"},
        {"unix:///run/vault.sock", "does not begin with"},
        {" https://vault", "does not begin with"},
        {"https://", "no valid host"},
        {"https:///", "no valid host"},
        {"https://:8200", "no valid host"},
        {"https://h:0", "not a number of 1 to 65535"},
        {"https://h:65536", "not a number of 1 to 65535"},
        {"https://h:99999999999999999999", "not a number of 1 to 65535"},
        {"https://h:", "not a number of 1 to 65535"},
        {"https://h:+1", "not a number of 1 to 65535"},
        {"https://h:82x", "not a number of 1 to 65535"},
        {"https://h/v1", "more than scheme, host and port"},
        {"https://h//", "more than scheme, host and port"},
        {"https://h?a", "more than scheme, host and port"},
        {"https://h/#a", "more than scheme, host and port"},
        {"https://h\\x", "more than scheme, host and port"},
        {"https://h 1", "blank or a control"},
        {"https://h\n", "blank or a control"},
        {"https://h\x7f", "blank or a control"},
        {"https://b\xc3\xbc"
         "cher.example",
         "not ASCII"},
        {"https://-h", "no valid host"},
        {"https://h-.x", "no valid host"},
        {"https://a..b", "no valid host"},
        {"https://.a", "no valid host"},
        {"https://a.", "no valid host"},
        {"https://a%41", "no valid host"},
        {"https://a,b", "no valid host"},
        {"https://127.1", "no valid host"},
        {"https://256.0.0.1", "no valid host"},
        {"https://1.2.3.4.5", "no valid host"},
        {"https://0x7f.0x1", "no valid host"},
        {"https://2130706433", "no valid host"},
        {"https://::1", "more than one ':'"},
        {"https://a:1:2", "more than one ':'"},
        {"https://[::1", "without its ']'"},
        {"https://[::1]8200", "goes on after its ']'"},
        {"https://[::g]", "no IPv6 address"},
        {"https://[]", "no IPv6 address"},
        {"https://[fe80::1%eth0]", "no IPv6 address"},
        {"https://[127.0.0.1]", "no IPv6 address"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_refused(rows[i][0], rows[i][1]);
}

static void a_user_or_password_is_refused_and_never_shown(void **state) {
    (void)state;
    static const char *const rows[] = {
        "https://canary@h:8200", "https://u:canary@h", "https://@h",
        "https://u:ca/nary@h",   "https://h/@x",       "https://u:canary@[::1]:99999"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena = arena_make(LIMIT_CONFIG_BYTES);
        struct config_address address;
        struct error err;
        assert_int_equal(config_address_parse(rows[i], &arena, &address, &err), -1);
        assert_non_null(strstr(err.what, "user name or password"));
        assert_null(strstr(err.what, "canary"));
        assert_null(strstr(err.todo, "canary"));
        arena_free(&arena);
    }
}

static void a_name_has_at_most_253_characters_and_a_label_63(void **state) {
    (void)state;
    char host[400] = "", text[512];
    struct arena arena = arena_make(LIMIT_CONFIG_BYTES);
    memset(host, 'a', 63);
    (void)snprintf(text, sizeof text, "https://%s.b", host);
    (void)parse(&arena, text);
    memset(host, 'a', 64);
    (void)snprintf(text, sizeof text, "https://%s.b", host);
    assert_refused(text, "no valid host");
    for (size_t i = 0; i < 253; i++)
        host[i] = i % 2 == 0 ? 'a' : '.';
    host[253] = '\0';
    (void)snprintf(text, sizeof text, "https://%s", host);
    (void)parse(&arena, text);
    (void)snprintf(text, sizeof text, "https://%s.a", host);
    assert_refused(text, "too long");
    arena_free(&arena);
}

static void http_stays_on_this_machine_unless_told(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int result;
    } rows[] = {{"http://127.0.0.1:8200", 0},
                {"http://127.255.1.2", 0},
                {"http://[::1]", 0},
                {"http://[0:0:0:0:0:0:0:1]", 0},
                {"http://LocalHost", 0},
                {"https://vault", 0},
                {"http://vault", -1},
                {"http://128.0.0.1", -1},
                {"http://[::2]", -1},
                {"http://localhost.x", -1},
                {"http://0.0.0.0", -1},
                {"http://127.0.0.1.nip.io", -1},
                {"http://[::ffff:127.0.0.1]", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena = arena_make(LIMIT_CONFIG_BYTES);
        struct config_address address = parse(&arena, rows[i].text);
        struct error err;
        if (config_address_check(&address, false, &err) != rows[i].result)
            fail_msg("%s", rows[i].text);
        if (rows[i].result != 0) {
            assert_non_null(strstr(err.what, "clear text"));
            assert_non_null(strstr(err.todo, "allow-http: true"));
        }
        assert_int_equal(config_address_check(&address, true, &err), 0);
        arena_free(&arena);
    }
}

static void two_ways_to_write_one_address_are_equal(void **state) {
    (void)state;
    struct arena arena = arena_make(LIMIT_CONFIG_BYTES);
    struct config_address a = parse(&arena, "https://Vault:443/"),
                          b = parse(&arena, "HTTPS://vault");
    struct config_address c = parse(&arena, "http://vault:443"), d = parse(&arena, "https://vaul");
    assert_true(config_address_equal(&a, &b));
    assert_false(config_address_equal(&a, &c));
    assert_false(config_address_equal(&a, &d));
    arena_free(&arena);
}

static void memory_that_runs_out_is_an_error(void **state) {
    (void)state;
    size_t refused = 0;
    for (size_t limit = 0; limit < 256; limit += 8) {
        struct arena arena = arena_make(limit);
        struct config_address address;
        struct error err;
        if (config_address_parse("https://vault:8200", &arena, &address, &err) != 0) {
            assert_int_equal(err.code, ERROR_MEMORY);
            refused++;
        }
        arena_free(&arena);
    }
    assert_in_range(refused, 1, 31);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_scheme_host_and_port),
        cmocka_unit_test(what_is_no_address_is_refused_with_what_to_write),
        cmocka_unit_test(a_user_or_password_is_refused_and_never_shown),
        cmocka_unit_test(a_name_has_at_most_253_characters_and_a_label_63),
        cmocka_unit_test(http_stays_on_this_machine_unless_told),
        cmocka_unit_test(two_ways_to_write_one_address_are_equal),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
