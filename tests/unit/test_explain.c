/* What people read of a fault: where it stands, what is wrong, what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "sidecar/base/buffer.h"
#include "sidecar/warden/explain.h"
#include "sidecar/warden/redirect.h"
#include "tests/unit/config_fixture.h"

static const char approle[] =
    HEAD "stores:\n"
         "  vault:\n"
         "    address: https://vault.prod:8200\n"
         "    also: [\"https://[2001:db8::2]:8200\"]\n"
         "    ca: /etc/ssl/vault.pem\n"
         "    namespace: team-a\n"
         "    auth: {approle: {role-id-file: /run/role, secret-id-file: /run/secret-id}}\n"
         "secrets:\n"
         "  db: {store: vault, path: secret/data/etl/db}\n"
         "  pin: {store: vault, path: secret/data/pin, version: 3}\n"
         "  box: {store: strongbox, path: orders-db}\n"
         "deliver:\n"
         "  dir: /run/arrestor\n"
         "  files:\n"
         "    db.properties: {properties: {user: \"${db.user}\", password: \"${db.password}\"}}\n"
         "    pin: {raw: \"${pin}\"}\n";

static const char token[] = HEAD "stores:\n"
                                 "  vault:\n"
                                 "    address: http://127.0.0.1:8200\n"
                                 "    auth: {token: {file: /run/token}}\n"
                                 "secrets:\n"
                                 "  db: {store: vault, path: secret/data/etl/db}\n";

static struct error explain(const char *text, struct explain_fault fault) {
    struct fixture f;
    struct error err;
    assert_parses(&f, text);
    if (fault.location == NULL)
        fault.location = "";
    explain_fault(&f.config, &fault, &err);
    arena_free(&f.arena);
    return err;
}

static struct error explain_at(const char *text, enum error_code code, uint32_t position,
                               uint32_t detail) {
    return explain(text,
                   (struct explain_fault){
                       .code = code, .has_position = true, .position = position, .detail = detail});
}

static struct error explain_store(const char *text, enum error_code code, uint32_t detail) {
    return explain(text, (struct explain_fault){.code = code, .detail = detail});
}

static bool has_row(enum error_code code) {
    for (size_t i = 0; i < explain_row_count; i++)
        if (explain_rows[i].code == code)
            return true;
    return false;
}

static void every_code_of_a_secret_that_could_not_be_had_has_a_row(void **state) {
    (void)state;
    for (int code = 0; code < ERROR_CODES; code++)
        if (error_status((enum error_code)code) == 6 && !has_row((enum error_code)code))
            fail_msg("%s has no row", error_name((enum error_code)code));
}

/* A row that asks for a place must not be taken without one. */
static void every_code_ends_with_a_row_for_any_fault_of_its_kind(void **state) {
    (void)state;
    for (size_t i = 0; i < explain_row_count; i++) {
        const struct explain_row *row = &explain_rows[i];
        bool last = i + 1 == explain_row_count || explain_rows[i + 1].code != row->code;
        if (last != (row->when == WHEN_ALWAYS))
            fail_msg("row %zu of %s", i, error_name(row->code));
        if (row->about == ABOUT_SECRET)
            assert_true(row->when == WHEN_SECRET || row->when == WHEN_BOX_SECRET);
        if (row->about == ABOUT_FILE)
            assert_int_equal(row->when, WHEN_FILE);
        const struct explain_row *next = row + 1;
        if (!last) {
            assert_int_equal(row->transient, next->transient);
            assert_int_equal(row->elsewhere, next->elsewhere);
        }
    }
    for (size_t i = 0; i < explain_row_count; i++) /* rows of a code stand together */
        for (size_t j = i + 2; j < explain_row_count; j++)
            if (explain_rows[j].code == explain_rows[i].code)
                assert_int_equal(explain_rows[j - 1].code, explain_rows[i].code);
}

static void no_word_is_left_unfilled(void **state) {
    (void)state;
    static const char *const texts[] = {approle, token, DB, HEAD};
    static const uint32_t positions[] = {0, 1, 2, 3, UINT32_MAX};
    for (int code = 0; code < ERROR_CODES; code++)
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            for (size_t j = 0; j < sizeof positions / sizeof *positions; j++)
                for (int has = 0; has < 2; has++) {
                    struct error err = explain(
                        texts[i],
                        (struct explain_fault){.code = (enum error_code)code,
                                               .has_position = has != 0,
                                               .position = positions[j],
                                               .address = positions[j],
                                               .location = has != 0 ? "https://x:1" : "%s%n\n"});
                    assert_int_equal(err.code, code);
                    assert_true(err.what[0] != '\0');
                    for (const char *p = err.what; (p = strchr(p, '{')) != NULL; p++)
                        assert_true(p > err.what && p[-1] == '$');
                    for (const char *p = err.todo; (p = strchr(p, '{')) != NULL; p++)
                        assert_true(p[1] == ' ' || p[1] == 'r');
                    assert_null(strstr(err.what, "%n"));
                }
}

static void what_waiting_may_heal_is_known(void **state) {
    (void)state;
    static const enum error_code heal[] = {
        ERROR_STORE_ADDRESS, ERROR_STORE_UNREACHABLE, ERROR_STORE_SLOW,       ERROR_STORE_SEALED,
        ERROR_STORE_BUSY,    ERROR_STORE_FAULT,       ERROR_STORE_STALE_READ, ERROR_CHILD};
    static const enum error_code last[] = {
        ERROR_STORE_DENIED,   ERROR_SECRET_MISSING, ERROR_STORE_CA,     ERROR_STORE_HOST,
        ERROR_STORE_LOGIN,    ERROR_STORE_ANSWER,   ERROR_PLACE_FULL,   ERROR_PLAINTEXT_LAUNCH,
        ERROR_STORE_REDIRECT, ERROR_SYSTEM,         ERROR_SECRET_EMPTY, (enum error_code)9999};
    for (size_t i = 0; i < sizeof heal / sizeof *heal; i++)
        assert_true(explain_is_transient(heal[i]));
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        assert_false(explain_is_transient(last[i]));
    assert_true(explain_is_elsewhere(ERROR_STORE_UNREACHABLE));
    assert_false(explain_is_elsewhere(ERROR_STORE_DENIED));
}

static void a_denied_secret_names_its_path_and_the_policy_to_write(void **state) {
    (void)state;
    struct error err = explain_at(approle, ERROR_STORE_DENIED, 0, 403);
    assert_string_equal(err.where, "arrestor.yaml");
    assert_int_equal(err.line, 10);
    assert_int_equal(err.column, 3);
    assert_holds(err.what, "secret \"db\"");
    assert_holds(err.what, "secret/data/etl/db in namespace team-a (HTTP 403)");
    assert_holds(err.todo, "path \"secret/data/etl/db\" { capabilities = [\"read\"] }");
}

static void a_missing_secret_names_the_command_that_writes_it(void **state) {
    (void)state;
    struct error err = explain_at(approle, ERROR_SECRET_MISSING, 0, 404);
    assert_holds(err.what, "there is no secret at secret/data/etl/db");
    assert_holds(err.todo, "bao kv put -mount=secret etl/db KEY=VALUE");
    err = explain_at(approle, ERROR_SECRET_MISSING, 1, 404);
    assert_holds(err.what, "there is no version 3 at secret/data/pin");
    assert_int_equal(err.line, 11);
    err = explain_at(approle, ERROR_SECRET_MISSING, 2, 0);
    assert_holds(err.what, "the strongbox has no entry \"orders-db\"");
    assert_string_equal(err.todo, "arrestor strongbox set orders-db");
    err = explain_at(approle, ERROR_SECRET_DELETED, 1, 404);
    assert_holds(err.todo, "bao kv undelete -versions=N -mount=secret pin");
}

static void a_file_that_cannot_be_written_names_its_references(void **state) {
    (void)state;
    struct error err = explain_at(approle, ERROR_SECRET_FIELD, 0, 0);
    assert_int_equal(err.line, 16);
    assert_holds(err.what, "file \"db.properties\"");
    assert_holds(err.what, "${db.user}, ${db.password}");
    err = explain_at(approle, ERROR_SECRET_EMPTY, 1, 0);
    assert_holds(err.what, "file \"pin\": ${pin} is empty");
}

static void a_store_fault_names_the_address_and_stands_at_its_section(void **state) {
    (void)state;
    struct error err = explain_store(approle, ERROR_STORE_UNREACHABLE, 0);
    assert_holds(err.what, "https://vault.prod:8200");
    assert_true(err.line >= 3 && err.line <= 4);
    err = explain(approle, (struct explain_fault){.code = ERROR_STORE_SLOW, .address = 1});
    assert_holds(err.what, "https://[2001:db8::2]:8200 did not answer");
    err = explain_store(approle, ERROR_STORE_CA, 0);
    assert_holds(err.what, "/etc/ssl/vault.pem");
    err = explain_store(approle, ERROR_STORE_HOST, 0);
    assert_holds(err.what, "is not for vault.prod");
    for (uint32_t detail = 9; detail <= 10; detail++) {
        err = explain_store(approle, ERROR_STORE_CA, detail);
        assert_holds(err.what, "by the clock of this machine");
        assert_holds(err.todo, "date -u");
    }
    err = explain_store(token, ERROR_STORE_CA, 0);
    assert_holds(err.what, "the CA bundle of this system");
}

static void a_refused_login_names_the_file_of_the_secret_id(void **state) {
    (void)state;
    struct error err = explain_store(approle, ERROR_STORE_LOGIN, 400);
    assert_holds(err.what, "auth/approle/login in namespace team-a (HTTP 400)");
    assert_holds(err.todo, "/run/secret-id");
    assert_holds(err.todo, "/run/role");
    err = explain_store(token, ERROR_STORE_TOKEN, 403);
    assert_holds(err.todo, "/run/token");
    err = explain_store(approle, ERROR_STORE_CREDENTIAL, 0);
    assert_holds(err.todo, "/run/secret-id");
}

static struct error explain_redirect(const char *location) {
    return explain(approle,
                   (struct explain_fault){.code = ERROR_STORE_REDIRECT, .location = location});
}

static void a_redirect_tells_what_to_write(void **state) {
    (void)state;
    struct error err = explain_redirect("https://Vault2.prod:8200/");
    assert_holds(err.todo, "also: [https://Vault2.prod:8200]");
    static const char *const hostile[] = {"", "javascript:alert(1)", "https://u:hunter2@x:1",
                                          "https://x:1/hunter2", "https://hunter2\n:1"};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        err = explain_redirect(hostile[i]);
        assert_null(strstr(err.what, "hunter2"));
        assert_null(strstr(err.todo, "hunter2"));
        assert_holds(err.what, "what is no address");
    }
}

static void a_redirect_is_known_by_scheme_host_and_port(void **state) {
    (void)state;
    static const struct {
        const char *location;
        int found;
    } rows[] = {{"https://vault.prod:8200", 0},
                {"HTTPS://VAULT.prod:8200/", 0},
                {"https://[2001:db8::2]:8200", 1},
                {"https://[2001:DB8::2]:8200", 1},
                {"http://vault.prod:8200", -1},
                {"https://vault.prod", -1},
                {"https://vault.prod:8201", -1},
                {"https://vault.prod.evil:8200", -1},
                {"https://vault.prod:8200@evil:1", -1},
                {"vault.prod:8200", -1},
                {"", -1},
                {"https://", -1}};
    struct fixture f;
    assert_parses(&f, approle);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (redirect_find(&f.config.vault, rows[i].location, NULL) != rows[i].found)
            fail_msg("%s", rows[i].location);
    arena_free(&f.arena);
}

static void the_longest_names_fit_or_are_cut(void **state) {
    (void)state;
    struct config_secret secret = {.store = STORE_VAULT, .line = 1, .column = 1};
    struct config config = config_default();
    struct error err;
    char *name = malloc(LIMIT_LOG_LINE);
    assert_non_null(name);
    memset(name, 'n', LIMIT_LOG_LINE - 1);
    name[LIMIT_LOG_LINE - 1] = '\0';
    secret.name = secret.path = name;
    config.secrets = &secret;
    config.secret_count = 1;
    for (int code = 0; code < ERROR_CODES; code++) {
        struct explain_fault fault = {
            .code = (enum error_code)code, .has_position = true, .location = name};
        explain_fault(&config, &fault, &err);
        assert_true(memchr(err.what, '\0', sizeof err.what) != NULL && err.what[0] != '\0');
        assert_non_null(memchr(err.todo, '\0', sizeof err.todo));
    }
    free(name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_of_a_secret_that_could_not_be_had_has_a_row),
        cmocka_unit_test(every_code_ends_with_a_row_for_any_fault_of_its_kind),
        cmocka_unit_test(no_word_is_left_unfilled),
        cmocka_unit_test(what_waiting_may_heal_is_known),
        cmocka_unit_test(a_denied_secret_names_its_path_and_the_policy_to_write),
        cmocka_unit_test(a_missing_secret_names_the_command_that_writes_it),
        cmocka_unit_test(a_file_that_cannot_be_written_names_its_references),
        cmocka_unit_test(a_store_fault_names_the_address_and_stands_at_its_section),
        cmocka_unit_test(a_refused_login_names_the_file_of_the_secret_id),
        cmocka_unit_test(a_redirect_tells_what_to_write),
        cmocka_unit_test(a_redirect_is_known_by_scheme_host_and_port),
        cmocka_unit_test(the_longest_names_fit_or_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
