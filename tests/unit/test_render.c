#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sidecar/base/error.h"
#include "sidecar/render/render.h"

/* A configuration of two secrets, db and api, and a set that holds what a test
 * puts there. */
struct fixture {
    struct config config;
    struct config_secret names[2];
    struct config_property properties[4];
    struct config_file file;
    struct secret_set set;
    struct secret_text text;
    struct error err;
};

static void prepare(struct fixture *f, enum form form) {
    memset(f, 0, sizeof *f);
    f->names[0] = (struct config_secret){.name = "db"};
    f->names[1] = (struct config_secret){.name = "api"};
    f->config = config_default();
    f->config.secrets = f->names;
    f->config.secret_count = 2;
    f->file = (struct config_file){.name = "job.file", .form = form, .properties = f->properties};
}

static void give(struct fixture *f, uint32_t index, const char *bytes, size_t length) {
    f->set.secrets[f->set.count++] =
        (struct secret){.bytes = (const unsigned char *)bytes, .length = length, .index = index};
}

static void add_reference(struct fixture *f, const char *key, size_t secret, const char *field) {
    f->properties[f->file.property_count++] = (struct config_property){
        .key = key, .is_reference = true, .reference = {.secret = secret, .field = field}};
}

static void add_literal(struct fixture *f, const char *key, const char *text) {
    f->properties[f->file.property_count++] = (struct config_property){.key = key, .literal = text};
}

static int render(struct fixture *f) {
    return render_file(&f->config, &f->file, &f->set, &f->text, &f->err);
}

static void assert_rendered(struct fixture *f, const char *bytes, size_t length) {
    if (render(f) != 0)
        fail_msg("%s", f->err.what);
    assert_int_equal(f->text.length, length);
    assert_memory_equal(f->text.bytes, bytes, length);
    secret_text_free(&f->text);
}

/* Refused with that code, in words that name the file and `place` but no value. */
static void assert_refused(struct fixture *f, enum error_code code, const char *place) {
    assert_int_equal(render(f), -1);
    assert_int_equal(f->err.code, code);
    assert_null(f->text.bytes);
    assert_non_null(strstr(f->err.what, "job.file"));
    if (strstr(f->err.what, place) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", place, f->err.what);
    assert_null(strstr(f->err.what, "canary"));
    assert_null(strstr(f->err.todo, "canary"));
    assert_string_equal(f->err.excerpt, "");
}

static void raw_is_the_bytes_and_nothing_more(void **state) {
    (void)state;
    struct fixture f;
    prepare(&f, FORM_RAW);
    give(&f, 0, "a\0b\xff\n", 5);
    assert_rendered(&f, "a\0b\xff\n", 5);
}

static void raw_takes_a_field_where_one_is_named(void **state) {
    (void)state;
    static const char json[] = "{\"password\": \"p\\u00e4ss\", \"n\": 1}";
    struct fixture f;
    prepare(&f, FORM_RAW);
    f.file.raw = (struct config_reference){.secret = 1, .field = "password"};
    give(&f, 0, "other", 5);
    give(&f, 1, json, strlen(json));
    assert_rendered(&f, "p\xc3\xa4ss", 5);
}

static void a_secret_that_the_store_did_not_give_is_missing(void **state) {
    (void)state;
    struct fixture f;
    prepare(&f, FORM_RAW);
    f.file.raw.secret = 1;
    give(&f, 0, "canary", 6);
    assert_refused(&f, ERROR_SECRET_MISSING, "${api}");
    prepare(&f, FORM_PROPERTIES);
    add_literal(&f, "user", "etl");
    add_reference(&f, "password", 0, "p");
    assert_refused(&f, ERROR_SECRET_MISSING, "${db.p}");
}

static void a_missing_field_names_file_secret_and_field(void **state) {
    (void)state;
    static const char json[] = "{\"password\": \"canary\"}";
    struct fixture f;
    prepare(&f, FORM_PROPERTIES);
    add_reference(&f, "password", 0, "pasword");
    give(&f, 0, json, strlen(json));
    assert_refused(&f, ERROR_SECRET_FIELD, "${db.pasword}");
    assert_non_null(strstr(f.err.todo, "password"));
}

static void an_empty_value_is_refused_in_every_form(void **state) {
    (void)state;
    struct fixture f;
    prepare(&f, FORM_RAW);
    give(&f, 0, "", 0);
    assert_refused(&f, ERROR_SECRET_EMPTY, "${db}");
    prepare(&f, FORM_PROPERTIES);
    add_reference(&f, "a", 0, "x");
    give(&f, 0, "{\"x\": \"\"}", 9);
    assert_refused(&f, ERROR_SECRET_EMPTY, "${db.x}");
    prepare(&f, FORM_PROPERTIES);
    add_literal(&f, "url", "");
    assert_refused(&f, ERROR_SECRET_EMPTY, "url");
    prepare(&f, FORM_PROPERTIES);
    assert_refused(&f, ERROR_SECRET_EMPTY, "empty");
}

static void properties_are_one_line_each_in_their_order(void **state) {
    (void)state;
    static const char json[] = "{\"username\": \"etl\", \"password\": \"s3cret\"}";
    static const char lines[] = "user=etl\nurl=jdbc\\:postgresql\\://h/d\npassword=s3cret\nb=x\n";
    struct fixture f;
    prepare(&f, FORM_PROPERTIES);
    add_reference(&f, "user", 0, "username");
    add_literal(&f, "url", "jdbc:postgresql://h/d");
    add_reference(&f, "password", 0, "password");
    add_reference(&f, "b", 1, NULL);
    give(&f, 0, json, strlen(json));
    give(&f, 1, "x", 1);
    assert_rendered(&f, lines, strlen(lines));
}

static void values_are_escaped_as_java_reads_them(void **state) {
    (void)state;
    static const struct {
        const char *value, *line;
    } rows[] = {
        {"plain", "k=plain\n"},
        {" lead", "k=\\ lead\n"},
        {"  two", "k=\\  two\n"},
        {"a b ", "k=a b \n"},
        {"a\\b", "k=a\\\\b\n"},
        {"a=b:c#d!e", "k=a\\=b\\:c\\#d\\!e\n"},
        {"\t\n\r\f", "k=\\t\\n\\r\\f\n"},
        {"\x01\x7f", "k=\\u0001\\u007F\n"},
        {"\x0b", "k=\\u000B\n"},
        {"\xc2\x80", "k=\\u0080\n"},
        {"\xc3\xa4", "k=\\u00E4\n"},
        {"\xdf\xbf", "k=\\u07FF\n"},
        {"\xe2\x82\xac", "k=\\u20AC\n"},
        {"\xef\xbf\xbf", "k=\\uFFFF\n"},
        {"\xf0\x90\x80\x80", "k=\\uD800\\uDC00\n"},
        {"\xf0\x9f\x94\xa5", "k=\\uD83D\\uDD25\n"},
        {"\xf4\x8f\xbf\xbf", "k=\\uDBFF\\uDFFF\n"},
        {"~\"'${x}", "k=~\"'${x}\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;
        prepare(&f, FORM_PROPERTIES);
        add_reference(&f, "k", 0, NULL);
        give(&f, 0, rows[i].value, strlen(rows[i].value));
        assert_rendered(&f, rows[i].line, strlen(rows[i].line));
    }
}

static void keys_are_escaped_with_all_their_blanks(void **state) {
    (void)state;
    struct fixture f;
    prepare(&f, FORM_PROPERTIES);
    add_literal(&f, " a b ", "x");
    add_literal(&f, "#k=!:\\", " #");
    add_literal(&f, "\xc3\xa4\n", "\\");
    static const char lines[] = "\\ a\\ b\\ =x\n"
                                "\\#k\\=\\!\\:\\\\=\\ \\#\n"
                                "\\u00E4\\n=\\\\\n";
    assert_rendered(&f, lines, strlen(lines));
}

static void what_no_properties_file_can_carry_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } rows[] = {{"canary\0x", 8},          {"\0", 1},
                {"canary\xff", 7},         {"canary\xc0\x80", 8},
                {"canary\xed\xa0\x80", 9}, {"canary\xf4\x90\x80\x80", 10},
                {"canary\xe2\x82", 8}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;
        prepare(&f, FORM_PROPERTIES);
        add_literal(&f, "a", "b");
        add_reference(&f, "k", 0, NULL);
        char *exact = malloc(rows[i].length);
        assert_non_null(exact);
        memcpy(exact, rows[i].bytes, rows[i].length);
        give(&f, 0, exact, rows[i].length);
        assert_refused(&f, ERROR_SECRET_FORM, "${db}");
        assert_string_not_equal(f.err.todo, "");
        free(exact);
    }
    struct fixture f;
    prepare(&f, FORM_PROPERTIES);
    add_reference(&f, "k", 0, "x");
    give(&f, 0, "{\"x\": \"a\\u0000b\"}", 17);
    assert_refused(&f, ERROR_SECRET_FORM, "${db.x}");
}

static void a_file_that_would_outgrow_a_region_is_refused(void **state) {
    (void)state;
    struct fixture f;
    prepare(&f, FORM_PROPERTIES);
    add_reference(&f, "k", 0, NULL);
    char *large = malloc(LIMIT_SECRET_BYTES);
    assert_non_null(large);
    memset(large, 'x', LIMIT_SECRET_BYTES);
    give(&f, 0, large, LIMIT_SECRET_BYTES);
    assert_int_equal(render(&f), 0);
    assert_int_equal(f.text.length, LIMIT_SECRET_BYTES + 3);
    secret_text_free(&f.text);
    memset(large, 1, LIMIT_SECRET_BYTES);
    assert_refused(&f, ERROR_SECRET_SIZE, "bytes");
    free(large);
}

static void what_the_configuration_cannot_mean_is_an_internal_error(void **state) {
    (void)state;
    struct fixture f;
    prepare(&f, (enum form)7);
    assert_int_equal(render(&f), -1);
    assert_int_equal(f.err.code, ERROR_INTERNAL);
    prepare(&f, FORM_RAW);
    f.file.raw.secret = 2;
    assert_int_equal(render(&f), -1);
    assert_int_equal(f.err.code, ERROR_INTERNAL);
    prepare(&f, FORM_PROPERTIES);
    f.file.property_count = LIMIT_FILE_PROPERTIES + 1;
    assert_int_equal(render(&f), -1);
    assert_int_equal(f.err.code, ERROR_INTERNAL);
}

static void the_longest_names_still_leave_room_for_the_reason(void **state) {
    (void)state;
    char name[LIMIT_SECRET_NAME + 1] = "", file[LIMIT_FILE_NAME + 1] = "job.file";
    struct fixture f;
    memset(name, 'n', LIMIT_SECRET_NAME);
    memset(file + 8, 'f', LIMIT_FILE_NAME - 8);
    prepare(&f, FORM_RAW);
    f.names[0].name = name;
    f.file.name = file;
    f.file.raw.field = "x";
    give(&f, 0, "canary", 6);
    assert_refused(&f, ERROR_SECRET_FIELD, "not a JSON object");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_is_the_bytes_and_nothing_more),
        cmocka_unit_test(raw_takes_a_field_where_one_is_named),
        cmocka_unit_test(a_secret_that_the_store_did_not_give_is_missing),
        cmocka_unit_test(a_missing_field_names_file_secret_and_field),
        cmocka_unit_test(an_empty_value_is_refused_in_every_form),
        cmocka_unit_test(properties_are_one_line_each_in_their_order),
        cmocka_unit_test(values_are_escaped_as_java_reads_them),
        cmocka_unit_test(keys_are_escaped_with_all_their_blanks),
        cmocka_unit_test(what_no_properties_file_can_carry_is_refused),
        cmocka_unit_test(a_file_that_would_outgrow_a_region_is_refused),
        cmocka_unit_test(what_the_configuration_cannot_mean_is_an_internal_error),
        cmocka_unit_test(the_longest_names_still_leave_room_for_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
