/* stores.vault, secrets in Vault, and what the environment completes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/config/config.h"
#include "tests/unit/config_fixture.h"

#define VAULT   HEAD "stores: {vault: {"
#define ADDRESS VAULT "address: 'https://v:8200'"
#define IN_IT   "secrets: {db: {store: vault, path: secret/data/db}}\n"

static void a_full_section_is_read_whole(void **state) {
    (void)state;
    struct fixture f;
    assert_parses(&f,
                  HEAD "stores:\n  vault:\n"
                       "    auth: {approle: {role-id: a1-b2, secret-id-file: k/s, mount: t/a}}\n"
                       "    namespace: team/x\n    tls-name: vault.internal\n    ca: ca.pem\n"
                       "    also: ['https://w:8200', 'http://x']\n"
                       "    address: https://v:8200/\n    allow-http: true\n" IN_IT);
    const struct config_vault *v = &f.config.vault;
    assert_int_equal(v->address_count, 3);
    assert_string_equal(v->addresses[0].text, "https://v:8200");
    assert_string_equal(v->addresses[1].host, "w");
    assert_false(v->addresses[2].tls);
    assert_true(v->allow_http);
    assert_string_equal(v->ca, "ca.pem");
    assert_string_equal(v->tls_name, "vault.internal");
    assert_string_equal(v->namespace_path, "team/x");
    assert_int_equal(v->auth, VAULT_AUTH_APPROLE);
    assert_string_equal(v->role_id, "a1-b2");
    assert_null(v->role_id_file);
    assert_string_equal(v->secret_id_file, "k/s");
    assert_string_equal(v->mount, "t/a");
    assert_int_equal(v->line, 3);
    assert_int_equal(v->column, 3);
    assert_int_equal(f.config.secrets[0].store, STORE_VAULT);
    assert_string_equal(f.config.secrets[0].path, "secret/data/db");
    assert_int_equal(f.config.secrets[0].version, 0);
    arena_free(&f.arena);
}

static void without_auth_it_is_a_token(void **state) {
    (void)state;
    static const char *const rows[] = {ADDRESS "}}\n", ADDRESS ", auth: {token: }}}\n",
                                       ADDRESS ", auth: {token: {}}}}\n"};
    struct fixture f;
    for (size_t i = 0; i < 3; i++) {
        assert_parses(&f, rows[i]);
        assert_int_equal(f.config.vault.auth, VAULT_AUTH_TOKEN);
        assert_null(f.config.vault.token_file);
        assert_string_equal(f.config.vault.mount, "approle");
        arena_free(&f.arena);
    }
    assert_parses(&f, ADDRESS ", auth: {token: {file: /run/t}}}}\n");
    assert_string_equal(f.config.vault.token_file, "/run/t");
    arena_free(&f.arena);
}

static void addresses_are_refused_where_they_stand(void **state) {
    (void)state;
    assert_refused(VAULT "address: vault}}\n", 2, 27, "stores.vault.address: the address does not",
                   "https://");
    assert_refused(VAULT "address: 'http://v'}}\n", 2, 27, "clear text", "allow-http: true");
    assert_refused(VAULT "address: 'http://v', allow-http: false}}\n", 2, 27, "clear text", "");
    assert_refused(VAULT "allow-http: yes}}\n", 2, 30, "cannot be \"yes\"", "false or true");
    assert_refused(ADDRESS ", also: ['https://w', 'http://x']}}\n", 2, 65, "clear text", "");
    assert_refused(ADDRESS ", also: [x]}}\n", 2, 52, "stores.vault.also: the address", "");
    assert_refused(ADDRESS ", also: 'https://w'}}\n", 2, 51, "must be a list", "");
    assert_refused(ADDRESS ", also: ['https://V:8200/']}}\n", 2, 52, "an address twice", "one");
    assert_refused(VAULT "also: ['https://w']}}\n", 2, 18, "stands without address", "address:");
    assert_refused(ADDRESS ", also: [a, b, c, d, e, f, g, h]}}\n", 2, 51, "at most 7", "shorten");
}

static void other_keys_are_checked_too(void **state) {
    (void)state;
    assert_refused(VAULT "adress: x}}\n", 2, 18, "\"adress\" in stores.vault", "\"address\"?");
    assert_refused(VAULT "namespace: /a}}\n", 2, 29, "not a path within Vault", "team/a");
    assert_refused(VAULT "namespace: a//b}}\n", 2, 29, "not a path within Vault", "");
    assert_refused(VAULT "namespace: 'a b'}}\n", 2, 29, "not a name", "letters");
    assert_refused(VAULT "tls-name: 'a:1'}}\n", 2, 28, "not a name", "");
    assert_refused(VAULT "ca: ''}}\n", 2, 22, "has 0 bytes", "path");
    assert_refused(VAULT "auth: }}\n", 2, 24, "must be a mapping", "");
    assert_refused(VAULT "auth: {}}}\n", 2, 18, "exactly one of token or approle, but has 0", "");
    assert_refused(VAULT "auth: {token: {}, approle: {}}}}\n", 2, 18, "but has 2", "token");
    assert_refused(VAULT "auth: {approle: }}}\n", 2, 34, "must be a mapping", "");
    assert_refused(VAULT "auth: {approle: {role-id: r}}}}\n", 2, 25, "has no secret-id-file",
                   "secret-id-file: /");
    assert_refused(VAULT "auth: {approle: {secret-id-file: s}}}}\n", 2, 25,
                   "exactly one of role-id or role-id-file, but has 0", "role-id");
    assert_refused(VAULT "auth: {approle: {role-id: r, role-id-file: f, secret-id-file: s}}}}\n", 2,
                   25, "but has 2", "role-id");
    assert_refused(VAULT "auth: {approle: {role-id: r, secret-id-file: s, mount: a/}}}}\n", 2, 73,
                   "not a path within Vault", "");
}

static void nothing_that_may_be_a_credential_is_shown(void **state) {
    (void)state;
    static const char *const rows[] = {
        VAULT "address: 'https://u:canary7f3@h'}}\n",
        VAULT "address: 'u:canary7f3@h'}}\n",
        VAULT "adress: 'https://u:canary7f3@h'}}\n",
        VAULT "ca: '', address: 'https://u:canary7f3@h'}}\n",
        VAULT "auth: {token: canary7f3}}}\n",
        VAULT "auth: {tokn: canary7f3}}}\n",
        VAULT "auth: {token: [canary7f3]}}}\n",
        VAULT "auth: canary7f3}}\n",
        VAULT "auth: {approle: {role-id: r, secret-id: canary7f3}}}}\n",
        VAULT "auth: {approle: {role-id: r, secretid: canary7f3}}}}\n",
        VAULT "auth: {approle: {role-id: r, secret-id: {x: canary7f3}}}}}\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;
        assert_int_equal(parse(&f, rows[i]), -1);
        assert_int_equal(f.err.line, 2);
        struct buffer out = buffer_make(LIMIT_LOG_LINE);
        error_format(&f.err, &out);
        if (strstr(out.data, "canary") != NULL)
            fail_msg("shown: %s", out.data);
        buffer_free(&out);
        arena_free(&f.arena);
    }
    assert_refused(rows[4], 2, 32, "token is a secret in plain text", "token: {file: FILE}");
    assert_refused(rows[8], 2, 58, "secret-id is a secret in plain text", "write secret-id-file");
}

static void a_path_in_vault_is_one_that_its_api_takes(void **state) {
    (void)state;
    static const char *const rows[][3] = {
        {"/secret/data/x", "begins with /", "write path: secret/data/x"},
        {"v1/secret/data/x", "begins with v1/", "write path: secret/data/x"},
        {"/v1/secret/data/x", "begins with /v1/", "write path: secret/data/x"},
        {"''", "empty, '.' or '..'", "secret/data/NAME"},
        {"a//b", "empty, '.' or '..'", "secret/data/NAME"},
        {"a/../b", "empty, '.' or '..'", ""},
        {"a/./b", "empty, '.' or '..'", ""},
        {"a/", "empty, '.' or '..'", ""},
        {"..", "empty, '.' or '..'", ""},
        {"'a?b'", "holds a blank", "printable ASCII"},
        {"'a#b'", "holds a blank", ""},
        {"'a%62'", "holds a blank", ""},
        {"'a\\b'", "holds a blank", ""},
        {"'a\"b'", "holds a blank", ""},
        {"'a b'", "holds a blank", ""},
        {"\xc3\xa4", "holds a blank", ""},
        {"\"a\\x7fb\"", "holds a blank", ""},
    };
    char text[600];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)snprintf(text, sizeof text, HEAD "secrets: {db: {store: vault, path: %s}}\n",
                       rows[i][0]);
        assert_refused(text, 2, 36, rows[i][1], rows[i][2]);
    }
    char longest[LIMIT_PATH + 2] = "";
    struct fixture f;
    memset(longest, 'p', LIMIT_PATH);
    (void)snprintf(text, sizeof text, HEAD "secrets: {db: {path: %s, store: vault}}\n", longest);
    assert_parses(&f, text);
    arena_free(&f.arena);
    longest[LIMIT_PATH] = 'p';
    (void)snprintf(text, sizeof text, HEAD "secrets: {db: {path: %s, store: vault}}\n", longest);
    assert_refused(text, 2, 22, "longer than 256 bytes", "256");
}

static void a_version_is_a_number_and_only_vault_has_them(void **state) {
    (void)state;
    struct fixture f;
    assert_parses(&f, HEAD "secrets: {db: {version: 2147483648, store: vault, path: s/data/x}}\n");
    assert_int_equal(f.config.secrets[0].version, 2147483648u);
    arena_free(&f.arena);
    static const char *const values[] = {"0", "2147483649", "-1", "1.0", "x", "''", "'1 '"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       HEAD "secrets: {db: {store: vault, path: p, version: %s}}\n", values[i]);
        assert_refused(text, 2, 48, "secrets.db.version is not a number", "1 to 2147483648");
    }
    assert_refused(HEAD "secrets: {db: {store: strongbox, path: p, version: 1}}\n", 2, 43,
                   "secrets.db.version needs store: vault", "leave version: out");
}

static void the_poll_is_the_longest_of_the_stores_in_use(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t poll_ms;
        uint32_t stores;
    } rows[] = {
        {HEAD IN_IT, 60000, 1u << STORE_VAULT},
        {DB, 2000, 1u << STORE_STRONGBOX},
        {HEAD "secrets: {a: {store: vault, path: x}, b: {store: strongbox, path: y}}\n", 60000,
         1u << STORE_VAULT | 1u << STORE_STRONGBOX},
        {HEAD "deliver: {poll: 7s}\n" IN_IT, 7000, 1u << STORE_VAULT},
        {HEAD "stores: {vault: {address: 'https://v'}}\n", 2000, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;
        assert_parses(&f, rows[i].text);
        assert_int_equal(f.config.poll_ms, rows[i].poll_ms);
        assert_int_equal(config_stores(&f.config), rows[i].stores);
        arena_free(&f.arena);
    }
}

/* Parses text, then completes it by words ("A=1\0B=2"). */
static int complete(struct fixture *f, const char *text, const char *words, size_t length) {
    assert_parses(f, text);
    int fd = file_seal_bytes("words", words, length, &f->err);
    assert_true(fd >= 0);
    struct config before = f->config;
    int result = config_load_environment(fd, &f->arena, &f->config, &f->err);
    if (result != 0)
        assert_memory_equal(&before, &f->config, sizeof before);
    assert_int_equal(close(fd), 0);
    return result;
}
#define COMPLETE(f, text, words) complete(f, text, words "", sizeof words)

static void the_environment_completes_what_the_file_does_not_say(void **state) {
    (void)state;
    struct fixture f;
    assert_int_equal(COMPLETE(&f, HEAD IN_IT,
                              "XVAULT_ADDR=no\0VAULT_ADDRESS=no\0VAULT_ADDR=https://e:1/\0"
                              "VAULT_CACERT=/ca.pem\0VAULT_NAMESPACE=team/a/\0"
                              "VAULT_TLS_SERVER_NAME=n.x"),
                     0);
    assert_int_equal(f.config.vault.address_count, 1);
    assert_string_equal(f.config.vault.addresses[0].text, "https://e:1");
    assert_string_equal(f.config.vault.ca, "/ca.pem");
    assert_string_equal(f.config.vault.namespace_path, "team/a");
    assert_string_equal(f.config.vault.tls_name, "n.x");
    arena_free(&f.arena);
    assert_int_equal(COMPLETE(&f, ADDRESS ", ca: c, namespace: n, tls-name: t}}\n" IN_IT,
                              "VAULT_ADDR=bad\0VAULT_CACERT=bad\0VAULT_NAMESPACE=/\0"
                              "VAULT_TLS_SERVER_NAME=:"),
                     0);
    assert_string_equal(f.config.vault.addresses[0].text, "https://v:8200");
    assert_string_equal(f.config.vault.ca, "c");
    arena_free(&f.arena);
}

static void a_bad_variable_is_told_by_its_name(void **state) {
    (void)state;
    static const struct {
        const char *word, *where, *what;
    } rows[] = {
        {"VAULT_ADDR=vault:8200", "VAULT_ADDR", "does not begin with"},
        {"VAULT_ADDR=http://vault:8200", "VAULT_ADDR", "clear text"},
        {"VAULT_ADDR=https://u:canary@h", "VAULT_ADDR", "user name or password"},
        {"VAULT_CACERT=ca.pem", "VAULT_CACERT", "not an absolute path"},
        {"VAULT_NAMESPACE=a b", "VAULT_NAMESPACE", "not the path"},
        {"VAULT_NAMESPACE=/", "VAULT_NAMESPACE", "not the path"},
        {"VAULT_TLS_SERVER_NAME=a\nb", "VAULT_TLS_SERVER_NAME", "not the name"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;
        assert_int_equal(complete(&f, HEAD IN_IT, rows[i].word, strlen(rows[i].word)), -1);
        assert_int_equal(f.err.code, ERROR_CONFIG);
        assert_string_equal(f.err.where, rows[i].where);
        assert_holds(f.err.what, rows[i].what);
        assert_string_not_equal(f.err.todo, "");
        assert_string_equal(f.err.excerpt, "");
        arena_free(&f.arena);
    }
}

static void what_needs_no_vault_is_not_bothered_by_its_variables(void **state) {
    (void)state;
    struct fixture f;
    assert_int_equal(COMPLETE(&f, DB, "VAULT_ADDR=bad\0VAULT_NAMESPACE=/"), 0);
    assert_int_equal(f.config.vault.address_count, 0);
    arena_free(&f.arena);
}

static void a_secret_of_vault_needs_an_address(void **state) {
    (void)state;
    struct fixture f;
    assert_int_equal(COMPLETE(&f, HEAD IN_IT, "VAULT_ADDR="), -1);
    assert_int_equal(f.err.code, ERROR_CONFIG);
    assert_int_equal(f.err.line, 2);
    assert_int_equal(f.err.column, 11);
    assert_holds(f.err.what, "the secret db lies in vault");
    assert_holds(f.err.todo, "VAULT_ADDR");
    arena_free(&f.arena);
    assert_parses(&f, HEAD IN_IT);
    assert_int_equal(config_load_environment(-1, &f.arena, &f.config, &f.err), -1);
    arena_free(&f.arena);
    assert_parses(&f, ADDRESS "}}\n" IN_IT);
    assert_int_equal(config_load_environment(-1, &f.arena, &f.config, &f.err), 0);
    arena_free(&f.arena);
}

static void a_path_that_is_none_of_kv_version_2_is_warned_of(void **state) {
    (void)state;
    static const struct {
        const char *path, *says;
    } rows[] = {
        {"secret/data/db", NULL},
        {"team/kv/data/db", NULL},
        {"secret/db", "line 2: the path of the secret db has no part `data`"},
        {"secret/a/b", "write secret/data/a/b\n"},
        {"data/db", "write data/data/db\n"},
        {"db", "write db/data/NAME\n"},
        {"secret/database/x", "write secret/data/database/x\n"},
        {"secret/x/data", "write secret/data/x/data\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        struct fixture f;
        struct buffer out = buffer_make(LIMIT_LOG_LINE);
        (void)snprintf(text, sizeof text, HEAD "secrets: {db: {store: vault, path: %s}}\n",
                       rows[i].path);
        assert_parses(&f, text);
        config_lint(&f.config, &out);
        if (rows[i].says == NULL)
            assert_null(out.data);
        else
            assert_holds(out.data, rows[i].says);
        buffer_free(&out);
        arena_free(&f.arena);
    }
}

static const char sample[] =
    ADDRESS ", also: ['https://w', 'https://[::1]'], ca: c, tls-name: t, namespace: n,\n"
            "  auth: {approle: {role-id: r, secret-id-file: s, mount: m}}}}\n" IN_IT;

static void a_truncated_section_is_read_or_refused_with_a_reason(void **state) {
    (void)state;
    size_t refused = 0;
    for (size_t length = 0; length < sizeof sample; length++) {
        struct fixture f;
        char copy[sizeof sample] = "";
        memcpy(copy, sample, length);
        if (parse(&f, copy) != 0)
            refused++;
        arena_free(&f.arena);
    }
    assert_in_range(refused, 150, sizeof sample - 5);
}

static void memory_that_runs_out_anywhere_is_an_error(void **state) {
    (void)state;
    static const char words[] = "VAULT_ADDR=https://e\0VAULT_CACERT=/c\0VAULT_NAMESPACE=n\0"
                                "VAULT_TLS_SERVER_NAME=t";
    static const char *const texts[] = {sample, HEAD IN_IT};
    struct error err;
    int fd = file_seal_bytes("words", words, sizeof words, &err);
    size_t refused = 0, taken = 0;
    for (size_t limit = 0; limit < 16000; limit += 8) {
        const char *text = texts[limit / 8 % 2];
        struct arena arena = arena_make(limit);
        struct config config;
        bool good = config_parse(text, strlen(text), "a", &arena, &config, &err) == 0 &&
                    config_load_environment(fd, &arena, &config, &err) == 0;
        taken += good;
        refused += !good;
        if (!good)
            assert_int_equal(err.code, ERROR_MEMORY);
        arena_free(&arena);
    }
    assert_int_equal(close(fd), 0);
    assert_in_range(refused, 50, 1950);
    assert_in_range(taken, 50, 1950);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_section_is_read_whole),
        cmocka_unit_test(without_auth_it_is_a_token),
        cmocka_unit_test(addresses_are_refused_where_they_stand),
        cmocka_unit_test(other_keys_are_checked_too),
        cmocka_unit_test(nothing_that_may_be_a_credential_is_shown),
        cmocka_unit_test(a_path_in_vault_is_one_that_its_api_takes),
        cmocka_unit_test(a_version_is_a_number_and_only_vault_has_them),
        cmocka_unit_test(the_poll_is_the_longest_of_the_stores_in_use),
        cmocka_unit_test(the_environment_completes_what_the_file_does_not_say),
        cmocka_unit_test(a_bad_variable_is_told_by_its_name),
        cmocka_unit_test(what_needs_no_vault_is_not_bothered_by_its_variables),
        cmocka_unit_test(a_secret_of_vault_needs_an_address),
        cmocka_unit_test(a_path_that_is_none_of_kv_version_2_is_warned_of),
        cmocka_unit_test(a_truncated_section_is_read_or_refused_with_a_reason),
        cmocka_unit_test(memory_that_runs_out_anywhere_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
