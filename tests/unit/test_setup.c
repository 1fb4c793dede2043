/* What monitor learns of arrestor.yaml. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sidecar/base/error.h"
#include "sidecar/confine/confine.h"
#include "sidecar/warden/setup.h"

static void the_defaults_need_nothing_of_monitor(void **state) {
    (void)state;
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    assert_int_equal(setup_fill(&config, &setup, &err), 0);
    assert_int_equal(setup.files + setup.secrets + setup.require + setup.warn, 0);
    assert_int_equal(setup.stores + setup.needs, 0);
    assert_string_equal(setup.dir, "");
}

static void required_protections_become_bits(void **state) {
    (void)state;
    static const char *const names[] = {"landlock", "secret-memory"};
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    config.require = names;
    config.require_count = 2;
    config.mode = MODE_WARN;
    assert_int_equal(setup_fill(&config, &setup, &err), 0);
    assert_int_equal(setup.require, 1u << PROTECTION_LANDLOCK | 1u << PROTECTION_SECRET_MEMORY);
    assert_int_equal(setup.warn, 1);
}

static void an_unknown_protection_is_told_with_the_nearest(void **state) {
    (void)state;
    static const char *const names[] = {"landlok"};
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    config.require = names;
    config.require_count = 1;
    memset(&setup, 0xdb, sizeof setup);
    assert_int_equal(setup_fill(&config, &setup, &err), -1);
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_string_equal(err.todo, "did you mean landlock?");
    assert_int_equal(setup.files, 0xdbdbdbdb);
}

static void a_path_that_does_not_fit_a_record_is_refused(void **state) {
    (void)state;
    char path[LIMIT_PATH + 1];
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    config.box = path;
    assert_int_equal(setup_fill(&config, &setup, &err), -1);
    path[sizeof path - 2] = '\0';
    assert_int_equal(setup_fill(&config, &setup, &err), 0);
}

static void variables_that_are_kept_are_one_line_of_words(void **state) {
    (void)state;
    static const char *const names[] = {"LD_LIBRARY_PATH", "ENV"};
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    config.keep_env = names;
    config.keep_env_count = 2;
    assert_int_equal(setup_fill(&config, &setup, &err), 0);
    assert_string_equal(setup.keep_env, "LD_LIBRARY_PATH ENV ");
}

static const struct config_secret in_vault[] = {{.name = "db", .store = STORE_VAULT, .path = "p"},
                                                {.name = "k", .path = "k"}};
static const struct config_address addresses[] = {
    {.text = "http://127.0.0.1:8200", .host = "127.0.0.1", .port = 8200},
    {.text = "https://v:8200", .tls = true, .host = "v", .port = 8200}};

static void a_token_is_needed_where_vault_is_used(void **state) {
    (void)state;
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    config.secrets = in_vault;
    config.secret_count = 2;
    config.vault.addresses = addresses;
    config.vault.address_count = 1;
    config.vault.token_file = "keys/token";
    assert_int_equal(setup_fill(&config, &setup, &err), 0);
    assert_int_equal(setup.stores, 1u << STORE_VAULT | 1u << STORE_STRONGBOX);
    assert_int_equal(setup.needs, SETUP_NEEDS_TOKEN);
    assert_string_equal(setup.token, "keys/token");
    assert_string_equal(setup.ca, "");
}

static void a_ca_is_needed_when_any_address_is_tls(void **state) {
    (void)state;
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    config.secrets = in_vault;
    config.secret_count = 1;
    config.vault.addresses = addresses;
    config.vault.address_count = 2;
    config.vault.ca = "/ca.pem";
    config.vault.auth = VAULT_AUTH_APPROLE;
    config.vault.role_id_file = "r";
    config.vault.secret_id_file = "s";
    assert_int_equal(setup_fill(&config, &setup, &err), 0);
    assert_int_equal(setup.stores, 1u << STORE_VAULT);
    assert_int_equal(setup.needs, SETUP_NEEDS_CA | SETUP_NEEDS_LOGIN);
    assert_string_equal(setup.ca, "/ca.pem");
    assert_string_equal(setup.role_id, "r");
    assert_string_equal(setup.secret_id, "s");
}

static void a_vault_that_nothing_lies_in_needs_nothing(void **state) {
    (void)state;
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    config.secrets = in_vault + 1;
    config.secret_count = 1;
    config.vault.addresses = addresses;
    config.vault.address_count = 2;
    assert_int_equal(setup_fill(&config, &setup, &err), 0);
    assert_int_equal(setup.stores, 1u << STORE_STRONGBOX);
    assert_int_equal(setup.needs, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_need_nothing_of_monitor),
        cmocka_unit_test(required_protections_become_bits),
        cmocka_unit_test(an_unknown_protection_is_told_with_the_nearest),
        cmocka_unit_test(a_path_that_does_not_fit_a_record_is_refused),
        cmocka_unit_test(variables_that_are_kept_are_one_line_of_words),
        cmocka_unit_test(a_token_is_needed_where_vault_is_used),
        cmocka_unit_test(a_ca_is_needed_when_any_address_is_tls),
        cmocka_unit_test(a_vault_that_nothing_lies_in_needs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
