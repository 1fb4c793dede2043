#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/config/config.h"
#include "tests/unit/config_fixture.h"

static void directories_leave_room_for_what_place_appends(void **state) {
    (void)state;
    char text[512];
    for (size_t length = LIMIT_PATH - 42; length < LIMIT_PATH; length++) {
        char path[LIMIT_PATH + 1] = "/";
        memset(path + 1, 'd', length - 1);
        (void)snprintf(text, sizeof text, HEAD "deliver: {dir: %s}\n", path);
        struct fixture f;
        assert_int_equal(parse(&f, text), length < LIMIT_PATH - 40 ? 0 : -1);
        arena_free(&f.arena);
    }
}

static void state_and_dir_lie_side_by_side(void **state) {
    (void)state;
    struct fixture f;
    assert_parses(&f, HEAD "deliver: {dir: /run/a, state: /run/ab}\n");
    arena_free(&f.arena);
    assert_refused(HEAD "deliver: {dir: /run/a, state: /run/a}\n", 2, 31, "one in the other", "");
    assert_refused(HEAD "deliver: {dir: /run/a, state: /run/a/s}\n", 2, 31, "one in the other", "");
    assert_refused(HEAD "deliver: {state: /run, dir: /run/a}\n", 2, 18, "one in the other", "");
}

static void a_reference_names_a_declared_secret(void **state) {
    (void)state;
    assert_refused(FILES "f: {raw: \"${bd.x}\"}\n", 5, 14, "no secret is named \"bd\"", "declare");
    assert_refused(HEAD "secrets: {orders: {store: strongbox, path: x}}\n"
                        "deliver: {files: {f: {raw: \"${order}\"}}}\n",
                   3, 28, "no secret is named \"order\"", "did you mean \"orders\"?");
    assert_refused(HEAD "deliver: {files: {f: {raw: '${db}'}}}\n", 2, 28, "no secret is named",
                   "secrets: {db:");
}

static void a_raw_file_is_one_whole_reference(void **state) {
    (void)state;
    static const char *const values[] = {"db",         "${db",   "${}",    "${.x}",
                                         "${db.}",     "${db }", "x${db}", "${db}x",
                                         "${db}${db}", "${d b}", "$db",    ""};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, FILES "f: {raw: \"%s\"}\n", values[i]);
        assert_refused(text, 5, 14, "not one whole reference", "nothing around it");
    }
    assert_refused(FILES "f: {raw: }\n", 5, 14, "must be text, but is empty", "");
}

static void a_file_has_exactly_one_form(void **state) {
    (void)state;
    assert_refused(FILES "f: {raw: '${db}', properties: {a: b}}\n", 5, 5,
                   "exactly one of raw or properties, but has 2", "raw or properties");
    assert_refused(FILES "f: {}\n", 5, 5, "exactly one of raw or properties, but has 0", "raw");
    assert_refused(FILES "f: x\n", 5, 8, "must be a mapping", "");
    assert_refused(FILES "f: {properties: {}}\n", 5, 21, "has 0 keys", "1 to 64");
    assert_refused(FILES "f: {properties: [a]}\n", 5, 21, "must be a mapping", "");
    assert_refused(FILES "f: {raw: '${db}'}\n    f: {raw: '${db}'}\n", 6, 5, "stands twice",
                   "line 5");
}

static void a_file_name_stays_in_its_directory(void **state) {
    (void)state;
    static const struct {
        const char *name, *what;
    } rows[] = {
        {"a/b", "holds a '/'"},         {"/etc/passwd", "holds a '/'"},
        {".hidden", "begins with '.'"}, {"..", "begins with '.'"},
        {"current", "arrestor uses"},   {"status.json", "arrestor uses"},
        {"lock", "arrestor uses"},      {"\"a\\nb\"", "not printable ASCII"},
        {"\xc3\xa4", "not printable"},  {"\"a\\x7fb\"", "not printable ASCII"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, FILES "%s: {raw: '${db}'}\n", rows[i].name);
        assert_refused(text, 5, 5, rows[i].what, "plain name");
    }
    char longest[LIMIT_FILE_NAME + 2] = "", text[512];
    struct fixture f;
    memset(longest, 'n', LIMIT_FILE_NAME);
    (void)snprintf(text, sizeof text, FILES "%s: {raw: '${db}'}\n", longest);
    assert_parses(&f, text);
    arena_free(&f.arena);
    longest[LIMIT_FILE_NAME] = 'n';
    (void)snprintf(text, sizeof text, FILES "%s: {raw: '${db}'}\n", longest);
    assert_refused(text, 5, 5, "is too long", "128");
}

static void a_plaintext_secret_in_our_own_file_is_refused_and_not_shown(void **state) {
    (void)state;
    static const char *const rows[] = {
        "password: canary7f3",
        "db.Password: 'canary7f3'",
        "javax.net.ssl.keyStorePassword: canary7f3",
        "fs.s3a.secret.key: canary7f3",
        "sessionToken: canary7f3",
        "url: 'jdbc:postgresql://h/d?user=u&password=canary7f3'",
        "uri: mongodb://u:canary7f3@h/d",
        "password: '${db.password}canary7f3'",
        "url: 'jdbc:x?password=canary7f3${db}'",
        "password: [canary7f3",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        struct fixture f;
        (void)snprintf(text, sizeof text, FILES "f:\n      properties:\n        %s\n", rows[i]);
        assert_int_equal(parse(&f, text), -1);
        struct buffer out = buffer_make(LIMIT_LOG_LINE);
        error_format(&f.err, &out);
        if (strstr(out.data, "canary") != NULL)
            fail_msg("shown: %s", out.data);
        assert_int_equal(f.err.line, i == 9 ? 8 : 7);
        buffer_free(&out);
        arena_free(&f.arena);
    }
}

static void keys_around_a_secret_may_be_literal(void **state) {
    (void)state;
    struct fixture f;
    assert_parses(&f, FILES "f: {properties: {sasl.oauthbearer.token.endpoint.url: https://a/t,\n"
                            "      hadoop.security.credential.provider.path: x, user: etl,\n"
                            "      url: \"jdbc:postgresql://h:5432/d?ssl=true\"}}\n");
    assert_int_equal(f.config.files[0].property_count, 4);
    arena_free(&f.arena);
}

static void text_and_reference_do_not_mix(void **state) {
    (void)state;
    assert_refused(FILES "f: {properties: {url: 'jdbc:${db.host}'}}\n", 5, 27, "mixes text",
                   "one whole reference");
    assert_refused(FILES "f: {properties: {url: '${db.a}${db.b}'}}\n", 5, 27, "mixes text", "");
    assert_refused(FILES "f: {properties: {user: ''}}\n", 5, 28, "is empty", "reference or text");
    assert_refused(FILES "f: {properties: {user: }}\n", 5, 28, "is empty", "");
}

static const char *lint(struct fixture *f, struct buffer *out, const char *text) {
    assert_parses(f, text);
    *out = buffer_make(LIMIT_LOG_LINE);
    config_lint(&f->config, out);
    assert_int_equal(buffer_status(out), 0);
    arena_free(&f->arena);
    return out->data != NULL ? out->data : "";
}

static void fields_that_change_together_in_two_raw_files_are_warned_of(void **state) {
    (void)state;
    struct fixture f;
    struct buffer out;
    const char *text = lint(&f, &out,
                            FILES "u: {raw: '${db.username}'}\n    x: {raw: '${db.username}'}\n"
                                  "    p: {raw: '${db.password}'}\n");
    assert_holds(text, "lines 5 and 7: the files u and p hold different fields of the secret db");
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    buffer_free(&out);
    assert_string_equal(lint(&f, &out, FILES "u: {raw: '${db.a}'}\n    p: {raw: '${db.a}'}\n"), "");
    buffer_free(&out);
    assert_string_equal(lint(&f, &out,
                             FILES "u: {properties: {a: '${db.a}', b: '${db.b}'}}\n"
                                   "    p: {raw: '${db.a}'}\n"),
                        "");
    buffer_free(&out);
    assert_holds(lint(&f, &out, FILES "u: {raw: '${db}'}\n    p: {raw: '${db.a}'}\n"), "u and p");
    buffer_free(&out);
    assert_string_equal(lint(&f, &out, HEAD), "");
    buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directories_leave_room_for_what_place_appends),
        cmocka_unit_test(state_and_dir_lie_side_by_side),
        cmocka_unit_test(a_reference_names_a_declared_secret),
        cmocka_unit_test(a_raw_file_is_one_whole_reference),
        cmocka_unit_test(a_file_has_exactly_one_form),
        cmocka_unit_test(a_file_name_stays_in_its_directory),
        cmocka_unit_test(a_plaintext_secret_in_our_own_file_is_refused_and_not_shown),
        cmocka_unit_test(keys_around_a_secret_may_be_literal),
        cmocka_unit_test(text_and_reference_do_not_mix),
        cmocka_unit_test(fields_that_change_together_in_two_raw_files_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
