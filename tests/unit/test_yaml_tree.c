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

static void assert_refused_at(const char *text, size_t line, size_t column, const char *what) {
    struct fixture f;
    assert_int_equal(read_yaml(&f, text), -1);
    assert_int_equal(f.err.code, ERROR_CONFIG);
    assert_string_equal(f.err.where, "t.yaml");
    if (strstr(f.err.what, what) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", what, f.err.what);
    assert_int_equal(f.err.line, line);
    assert_int_equal(f.err.column, column);
    assert_string_not_equal(f.err.todo, "");
    arena_free(&f.arena);
}

static void a_tree_keeps_line_and_column_of_every_node(void **state) {
    (void)state;
    struct fixture f;
    assert_int_equal(read_yaml(&f, "# head\na: one\nb:\n  - \"x\"\n  - {c: d}\n"), 0);
    assert_int_equal(f.root->kind, YAML_MAPPING);
    assert_int_equal(f.root->count, 2);
    const struct yaml_node *a = yaml_find(f.root, "a"), *b = yaml_find(f.root, "b");
    assert_string_equal(a->text, "one");
    assert_false(a->quoted);
    assert_int_equal(a->line, 2);
    assert_int_equal(a->column, 4);
    assert_int_equal(a->key_column, 1);
    assert_int_equal(b->key_line, 3);
    assert_int_equal(b->kind, YAML_SEQUENCE);
    assert_int_equal(b->count, 2);
    assert_true(b->first->quoted);
    assert_null(b->first->key);
    const struct yaml_node *c = yaml_find(b->first->next, "c");
    assert_string_equal(c->text, "d");
    assert_int_equal(c->line, 5);
    assert_int_equal(c->key_column, 6);
    assert_int_equal(c->column, 9);
    assert_null(b->first->next->next);
    arena_free(&f.arena);
}

static void columns_count_characters_not_bytes(void **state) {
    (void)state;
    struct fixture f;
    assert_int_equal(read_yaml(&f, "{\"\xc3\xa4\xc3\xb6\": x}"), 0);
    assert_int_equal(f.root->first->column, 8);
    assert_string_equal(f.root->first->key, "\xc3\xa4\xc3\xb6");
    arena_free(&f.arena);
}

static void json_is_read(void **state) {
    (void)state;
    struct fixture f;
    assert_int_equal(read_yaml(&f, "{\"a\": [1, true, null, \"x\\ty\"], \"b\": {}}"), 0);
    const struct yaml_node *item = yaml_find(f.root, "a")->first;
    assert_string_equal(item->text, "1");
    assert_true(yaml_is_null(item->next->next));
    assert_string_equal(item->next->next->next->text, "x\ty");
    assert_int_equal(yaml_find(f.root, "b")->kind, YAML_MAPPING);
    assert_null(yaml_find(f.root, "c"));
    assert_null(yaml_find(item, "a"));
    assert_null(yaml_find(NULL, "a"));
    arena_free(&f.arena);
}

static void crlf_and_a_byte_order_mark_change_nothing(void **state) {
    (void)state;
    struct fixture f;
    assert_int_equal(read_yaml(&f, "\xef\xbb\xbf"
                                   "a: b\r\nc: d\r\n"),
                     0);
    assert_string_equal(yaml_find(f.root, "a")->text, "b");
    assert_int_equal(yaml_find(f.root, "a")->column, 4);
    assert_string_equal(yaml_find(f.root, "c")->text, "d");
    assert_int_equal(yaml_find(f.root, "c")->line, 2);
    arena_free(&f.arena);
}

static void an_empty_document_is_no_tree(void **state) {
    (void)state;
    static const char *const texts[] = {"",      "\n\n",       "# only words\n",
                                        "---\n", "---\n...\n", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fixture f;
        assert_int_equal(read_yaml(&f, texts[i]), 0);
        assert_null(f.root);
        arena_free(&f.arena);
    }
}

static void a_duplicate_key_names_where_the_first_one_stands(void **state) {
    (void)state;
    struct fixture f;
    assert_int_equal(read_yaml(&f, "b: 1\na: 2\nc:\n  b: 3\na: 4\nb: 5\na: 6\n"), -1);
    assert_string_equal(f.err.what, "the key \"a\" stands twice");
    assert_int_equal(f.err.line, 5);
    assert_int_equal(f.err.column, 1);
    assert_non_null(strstr(f.err.todo, "line 2, column 1"));
    assert_string_equal(f.err.excerpt, "a: 4");
    arena_free(&f.arena);
    assert_refused_at("x: {\"q\": 1, q: 2}", 1, 13, "\"q\" stands twice");
}

static void what_is_beyond_plain_yaml_is_refused_where_it_stands(void **state) {
    (void)state;
    assert_refused_at("a: &x 1\n", 1, 4, "anchors");
    assert_refused_at("a: 1\nb: *x\n", 2, 4, "aliases");
    assert_refused_at("a: &x [1]\n", 1, 4, "anchors");
    assert_refused_at("a: &x {b: 1}\n", 1, 4, "anchors");
    assert_refused_at("a: !!str 1\n", 1, 4, "tags");
    assert_refused_at("a: !x [1]\n", 1, 4, "tags");
    assert_refused_at("a: !x {b: 1}\n", 1, 4, "tags");
    assert_refused_at("a:\n  <<: {b: 1}\n", 2, 3, "merge keys");
    assert_refused_at("a: 1\n---\nb: 2\n", 2, 1, "second document");
    assert_refused_at("%YAML 1.1\n---\na: 1\n", 1, 1, "directives");
    assert_refused_at("%TAG ! tag:x,2000:\n---\na: 1\n", 1, 1, "directives");
    assert_refused_at("? [a, b]\n: c\n", 1, 3, "a key must be text");
    assert_refused_at("{{a: b}: c}", 1, 2, "a key must be text");
    assert_refused_at("{\"\": c}", 1, 2, "a key is missing");
    assert_refused_at("a: \"x\\0y\"\n", 1, 4, "NUL");
}

static void a_quoted_merge_sign_is_an_ordinary_key(void **state) {
    (void)state;
    struct fixture f;
    assert_int_equal(read_yaml(&f, "'<<': b"), 0);
    assert_string_equal(yaml_find(f.root, "<<")->text, "b");
    arena_free(&f.arena);
}

static void what_is_missing_at_the_end_is_missed_in_the_last_line(void **state) {
    (void)state;
    assert_refused_at("a: {b: c", 1, 9, "not closed");
    assert_refused_at("a: 1\nb: [x", 2, 6, "not closed");
    assert_refused_at("a: {b: c\n", 2, 1, "not closed");
}

static void syntax_errors_are_said_in_human_words(void **state) {
    (void)state;
    assert_refused_at("a: 1\nb: \"open\nc: 2\n", 2, 4, "never closed");
    assert_refused_at("a: 'open\n", 1, 4, "never closed");
    assert_refused_at("a: [1, 2\nb: 3\n", 2, 2, "not closed");
    assert_refused_at("a: {b: 1\nc: 2\n", 2, 2, "not closed");
    assert_refused_at("a: b: c\n", 1, 5, "':' where no key can stand");
    assert_refused_at("a: @b\n", 1, 4, "cannot begin with");
    assert_refused_at("a:\n\tb: 1\n", 2, 1, "cannot begin with");
    assert_refused_at("a: 1\n  b: 2\n", 2, 4, "':' where no key can stand");
    assert_refused_at("  a: 1\nb: 2\n", 2, 1, "goes on after its end");
    assert_refused_at("a: \"\\q\"\n", 1, 5, "unknown escape");
    assert_refused_at("a: \"\\ud800\"\n", 1, 7, "does not exist");
    assert_refused_at("a:\n  - 1\n  b: 2\n", 3, 3, "does not fit the list");
    assert_refused_at("a: 1\nword\nb: 2\n", 2, 1, "not followed by ':'");
    assert_refused_at("a: x\n- b\n", 2, 1, "does not fit the keys");
    assert_refused_at("a: b - c\nd: - e\n", 2, 4, "'-' where no item");
}

static void text_that_is_not_utf8_is_refused_and_never_shown(void **state) {
    (void)state;
    static const char *const texts[] = {
        "a: 1\nb: \xff\xfe", "a: 1\nb: \xc0\x80",     "a: 1\nb: \xed\xa0\x80",
        "a: 1\nb: \xe2\x82", "a: 1\nb: \x07",         "a: 1\nb: \r",
        "a: 1\nb: \xc2\x85", "a: 1\nb: \xe2\x80\xa8", "a: 1\nb: \x7f"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct fixture f;
        assert_int_equal(read_yaml(&f, texts[i]), -1);
        assert_int_equal(f.err.line, 2);
        assert_int_equal(f.err.column, 4);
        assert_string_equal(f.err.excerpt, "");
        assert_string_not_equal(f.err.todo, "");
        arena_free(&f.arena);
    }
    struct fixture f;
    assert_int_equal(read_bytes(&f, "a: 1\nb: \0c", 10), -1);
    assert_non_null(strstr(f.err.what, "NUL"));
    assert_int_equal(f.err.column, 4);
    arena_free(&f.arena);
    assert_int_equal(read_bytes(&f,
                                "\xff\xfe"
                                "a\0:\0 \0b\0",
                                10),
                     -1);
    arena_free(&f.arena);
}

static char *repeat(const char *unit, size_t count, const char *tail) {
    size_t size = strlen(unit);
    char *text = malloc(size * count + strlen(tail) + 1);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * size, unit, size);
    memcpy(text + size * count, tail, strlen(tail) + 1);
    return text;
}

static void depth_is_bounded(void **state) {
    (void)state;
    struct fixture f;
    char *deep = repeat("- ", LIMIT_YAML_DEPTH, "x");
    assert_int_equal(read_yaml(&f, deep), 0);
    arena_free(&f.arena);
    free(deep);
    deep = repeat("- ", LIMIT_YAML_DEPTH + 1, "x");
    assert_refused_at(deep, 1, 2 * LIMIT_YAML_DEPTH + 1, "nested too deeply");
    free(deep);
    deep = repeat("[", 100000, "");
    assert_refused_at(deep, 1, LIMIT_YAML_DEPTH + 1, "nested too deeply");
    free(deep);
    deep = repeat("{a: ", 100000, "");
    assert_refused_at(deep, 1, 4 * LIMIT_YAML_DEPTH + 1, "nested too deeply");
    free(deep);
}

static void the_number_of_nodes_is_bounded(void **state) {
    (void)state;
    struct fixture f;
    char *many = repeat("- a\n", LIMIT_YAML_NODES - 1, "");
    assert_int_equal(read_yaml(&f, many), 0);
    assert_int_equal(f.root->count, LIMIT_YAML_NODES - 1);
    arena_free(&f.arena);
    free(many);
    many = repeat("- a\n", LIMIT_YAML_NODES, "");
    assert_refused_at(many, LIMIT_YAML_NODES, 3, "too many values");
    free(many);
}

static void a_mapping_with_very_many_keys_is_read_in_time(void **state) {
    (void)state;
    struct buffer text = buffer_make(LIMIT_INPUT_BYTES);
    for (size_t i = 0; i < LIMIT_YAML_NODES - 2; i++)
        buffer_printf(&text, "key%zu: v\n", i);
    buffer_text(&text, "key0: v\n");
    assert_int_equal(buffer_status(&text), 0);
    assert_refused_at(text.data, LIMIT_YAML_NODES - 1, 1, "\"key0\" stands twice");
    buffer_free(&text);
}

static void an_exhausted_arena_is_an_error_at_every_size(void **state) {
    (void)state;
    static const char text[] = "a: {b: [1, 2], c: x}\nd: e\n";
    size_t refused = 0;
    for (size_t limit = 0; limit < 4096; limit += 8) {
        struct arena arena = arena_make(limit);
        struct error err;
        const struct yaml_node *root = NULL;
        if (yaml_parse(text, strlen(text), "t", ERROR_CONFIG, &arena, &arena, &root, &err) != 0) {
            assert_int_equal(err.code, ERROR_MEMORY);
            assert_null(root);
            refused++;
        } else {
            assert_int_equal(root->count, 2);
        }
        arena_free(&arena);
    }
    assert_in_range(refused, 10, 500);
}

static void a_truncated_text_is_read_or_refused_with_a_place(void **state) {
    (void)state;
    static const char text[] = "version: 1\nstores: {strongbox: {box: \"/a b\\n\"}}\n"
                               "list:\n  - 'it''s'\n  - |\n    text\n  - >-\n    more\n";
    size_t refused = 0;
    for (size_t length = 0; length < sizeof text; length++) {
        struct fixture f;
        char *copy = malloc(length + 1); /* exact size, for the sanitizers */
        assert_non_null(copy);
        memcpy(copy, text, length);
        if (read_bytes(&f, copy, length) != 0) {
            assert_true(f.err.line > 0);
            assert_string_not_equal(f.err.todo, "");
            refused++;
        }
        arena_free(&f.arena);
        free(copy);
    }
    assert_in_range(refused, 20, 100);
}

static void any_flipped_byte_is_read_or_refused(void **state) {
    (void)state;
    static const char text[] = "a: {b: [1, \"2\"], c: 'x'}\nd:\n- e\n- |\n  f\n";
    size_t read = 0, refused = 0;
    for (size_t at = 0; at < sizeof text - 1; at++) {
        for (unsigned value = 0; value < 256; value += 3) {
            char copy[sizeof text];
            struct fixture f;
            memcpy(copy, text, sizeof text);
            copy[at] = (char)value;
            if (read_bytes(&f, copy, sizeof text - 1) == 0)
                read++;
            else
                refused++;
            arena_free(&f.arena);
        }
    }
    assert_true(read > 100 && refused > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_keeps_line_and_column_of_every_node),
        cmocka_unit_test(columns_count_characters_not_bytes),
        cmocka_unit_test(json_is_read),
        cmocka_unit_test(crlf_and_a_byte_order_mark_change_nothing),
        cmocka_unit_test(an_empty_document_is_no_tree),
        cmocka_unit_test(a_duplicate_key_names_where_the_first_one_stands),
        cmocka_unit_test(what_is_beyond_plain_yaml_is_refused_where_it_stands),
        cmocka_unit_test(a_quoted_merge_sign_is_an_ordinary_key),
        cmocka_unit_test(what_is_missing_at_the_end_is_missed_in_the_last_line),
        cmocka_unit_test(syntax_errors_are_said_in_human_words),
        cmocka_unit_test(text_that_is_not_utf8_is_refused_and_never_shown),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(the_number_of_nodes_is_bounded),
        cmocka_unit_test(a_mapping_with_very_many_keys_is_read_in_time),
        cmocka_unit_test(an_exhausted_arena_is_an_error_at_every_size),
        cmocka_unit_test(a_truncated_text_is_read_or_refused_with_a_place),
        cmocka_unit_test(any_flipped_byte_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
