#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/yaml/yaml_tree.h"
#include "tests/unit/yaml_fixture.h"

static void null_is_only_what_is_plain(void **state) {
    (void)state;
    struct fixture f;
    assert_int_equal(read_yaml(&f, "{a: , b: ~, c: null, d: \"\", e: 'null', f: nil, g: []}"), 0);
    static const struct {
        const char *key;
        bool null;
    } rows[] = {{"a", true},  {"b", true},  {"c", true}, {"d", false},
                {"e", false}, {"f", false}, {"g", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(yaml_is_null(yaml_find(f.root, rows[i].key)), rows[i].null);
    arena_free(&f.arena);
}

static void an_unknown_key_names_the_nearest_known_one(void **state) {
    (void)state;
    static const char *const names[] = {"version", "stores", "secrets"};
    struct fixture f;
    assert_int_equal(read_yaml(&f, "version: 1\nsecerts: {}\n"), 0);
    assert_int_equal(yaml_check_keys(&f.source, f.root, names, 3, "", &f.err), -1);
    assert_string_equal(f.err.what, "unknown key \"secerts\"");
    assert_string_equal(f.err.todo, "did you mean \"secrets\"?");
    assert_int_equal(f.err.line, 2);
    assert_int_equal(f.err.column, 1);
    assert_string_equal(f.err.excerpt, "secerts: {}");
    assert_int_equal(yaml_check_keys(&f.source, f.root, names, 1, "here", &f.err), -1);
    assert_string_equal(f.err.what, "unknown key \"secerts\" in here");
    assert_string_equal(f.err.todo, "known keys are: version");
    arena_free(&f.arena);
}

static void known_keys_pass(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b"};
    struct fixture f;
    assert_int_equal(read_yaml(&f, "b: 1\na: 2\n"), 0);
    assert_int_equal(yaml_check_keys(&f.source, f.root, names, 2, "", &f.err), 0);
    assert_int_equal(yaml_check_keys(&f.source, yaml_find(f.root, "a"), names, 2, "a", &f.err), -1);
    assert_string_equal(f.err.what, "a must be a mapping, but is text");
    assert_int_equal(yaml_check_keys(&f.source, NULL, names, 2, "", &f.err), -1);
    assert_string_equal(f.err.what, "the file must be a mapping, but is empty");
    assert_string_equal(f.err.where, "t.yaml");
    arena_free(&f.arena);
}

static void a_file_that_is_one_text_is_not_shown(void **state) {
    (void)state;
    struct fixture f;
    assert_int_equal(read_yaml(&f, "c2VjcmV0IGtleSBtYXRlcmlhbA==\n"), 0);
    assert_int_equal(yaml_check_keys(&f.source, f.root, NULL, 0, "", &f.err), -1);
    assert_string_equal(f.err.excerpt, "");
    arena_free(&f.arena);
}

static void text_is_read_only_from_scalars_that_are_not_null(void **state) {
    (void)state;
    struct fixture f;
    const char *text = "untouched";
    assert_int_equal(read_yaml(&f, "a: yes\nb: [1]\nc:\nd: ''\n"), 0);
    assert_int_equal(yaml_read_text(&f.source, yaml_find(f.root, "b"), "b", &text, &f.err), -1);
    assert_string_equal(f.err.what, "b must be text, but is a list");
    assert_int_equal(yaml_read_text(&f.source, yaml_find(f.root, "c"), "c", &text, &f.err), -1);
    assert_string_equal(f.err.what, "c must be text, but is empty");
    assert_string_equal(text, "untouched");
    assert_int_equal(yaml_read_text(&f.source, yaml_find(f.root, "a"), "a", &text, &f.err), 0);
    assert_string_equal(text, "yes");
    assert_int_equal(yaml_read_text(&f.source, yaml_find(f.root, "d"), "d", &text, &f.err), 0);
    assert_string_equal(text, "");
    arena_free(&f.arena);
}

static void a_list_of_texts_is_bounded_and_flat(void **state) {
    (void)state;
    struct fixture f;
    const char *const *texts = NULL;
    size_t count = 9;
    assert_int_equal(read_yaml(&f, "a: [x, y]\nb: [x, [y]]\nc: []\nd: x\n"), 0);
    assert_int_equal(yaml_read_texts(&f.source, yaml_find(f.root, "b"), "b", 9, &f.arena, &texts,
                                     &count, &f.err),
                     -1);
    assert_int_equal(yaml_read_texts(&f.source, yaml_find(f.root, "d"), "d", 9, &f.arena, &texts,
                                     &count, &f.err),
                     -1);
    assert_int_equal(yaml_read_texts(&f.source, yaml_find(f.root, "a"), "a", 1, &f.arena, &texts,
                                     &count, &f.err),
                     -1);
    assert_string_equal(f.err.what, "a has 2 items; at most 1 are allowed");
    assert_null(texts);
    assert_int_equal(count, 9);
    assert_int_equal(yaml_read_texts(&f.source, yaml_find(f.root, "a"), "a", 2, &f.arena, &texts,
                                     &count, &f.err),
                     0);
    assert_int_equal(count, 2);
    assert_string_equal(texts[1], "y");
    assert_int_equal(yaml_read_texts(&f.source, yaml_find(f.root, "c"), "c", 2, &f.arena, &texts,
                                     &count, &f.err),
                     0);
    assert_int_equal(count, 0);
    arena_free(&f.arena);
}

static void an_excerpt_stars_out_values_of_secret_keys(void **state) {
    (void)state;
    static const struct {
        const char *line, *shown;
    } rows[] = {
        {"password: hunter2", "password: *******"},
        {"db.Password: \"hunter2\" # x", "db.Password: \"*******\" # x"},
        {"{user: u, password: hunter2, b: c}", "{user: u, password: *******, b: c}"},
        {"{\"token\": \"a\\\"b\", \"c\": 1}", "{\"token\": \"****\", \"c\": 1}"},
        {"password: \"${db.password}\"", "password: \"${db.password}\""},
        {"password: ${db.password}", "password: ${db.password}"},
        {"secrets: {db: {path: x}}", "secrets: {db: {path: x}}"},
        {"spark.hadoop.fs.s3a.secret.key  AKIA", "spark.hadoop.fs.s3a.secret.key  ****"},
        {"spark.x.token=AKIA", "spark.x.token=****"},
        {"because: the password is read", "because: the password is read"},
        {"key: /etc/box.key", "key: /etc/box.key"},
        {"password:", "password:"},
        {"password: 'open", "password: '****"},
        {"password: a}b,c", "password: *****"},
        {"password: ${a}b", "password: *****"},
        {"password: ${a} b", "password: ******"},
        {"password: \"${a}b\"", "password: \"*****\""},
        {"{password: ${a}, user: b}", "{password: ${a}, user: b}"},
        {"password: ${a} # words", "password: ${a} # words"},
        {"password: \"", "password: \""},
        {"a: https://u:hun ter@h/x", "a: https://*********@h/x"},
        {"{a: ftp://u@h, b: http://v:w@i}", "{a: ftp://******************@i}"},
        {"a: https://h/x", "a: https://h/x"},
        {"a: b@c://d", "a: b@c://d"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct yaml_source source = {rows[i].line, strlen(rows[i].line), "t", ERROR_CONFIG};
        struct error err;
        assert_int_equal(yaml_error(&source, 1, 1, &err, "%s", "x"), -1);
        assert_string_equal(err.excerpt, rows[i].shown);
        assert_int_equal(err.code, ERROR_CONFIG);
    }
}

static void a_url_that_is_cut_off_is_not_shown(void **state) {
    (void)state;
    char text[400] = "a: b\nuri: \"https://u:";
    struct fixture f;
    size_t length = strlen(text);
    memset(text + length, 'x', 300);
    memcpy(text + length + 300, "@h\n", sizeof "@h\n");
    assert_int_equal(read_yaml(&f, text), -1);
    assert_non_null(strstr(f.err.excerpt, "https://***"));
    assert_null(strstr(f.err.excerpt, "x"));
    arena_free(&f.arena);
}

static void a_syntax_error_in_a_password_does_not_show_it(void **state) {
    (void)state;
    struct fixture f;
    assert_int_equal(read_yaml(&f, "a: 1\npassword: \"canary-7f3\nb: 2\n"), -1);
    struct buffer out = buffer_make(LIMIT_LOG_LINE);
    error_format(&f.err, &out);
    assert_null(strstr(out.data, "canary"));
    assert_non_null(strstr(out.data, "t.yaml:2:11: "));
    buffer_free(&out);
    arena_free(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_only_what_is_plain),
        cmocka_unit_test(an_unknown_key_names_the_nearest_known_one),
        cmocka_unit_test(known_keys_pass),
        cmocka_unit_test(a_file_that_is_one_text_is_not_shown),
        cmocka_unit_test(text_is_read_only_from_scalars_that_are_not_null),
        cmocka_unit_test(a_list_of_texts_is_bounded_and_flat),
        cmocka_unit_test(an_excerpt_stars_out_values_of_secret_keys),
        cmocka_unit_test(a_url_that_is_cut_off_is_not_shown),
        cmocka_unit_test(a_syntax_error_in_a_password_does_not_show_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
