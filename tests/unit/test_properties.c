#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/place.h"
#include "policy/surface/properties.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"

struct parsed {
    struct arena arena;
    struct setting_list list;
    struct error err;
    int status;
};

static struct parsed parse_bytes(const char *bytes, size_t length) {
    struct parsed p = {.arena = arena_make(LIMIT_ARENA_BYTES)};
    p.status = properties_parse(bytes, length, "f.conf", &p.arena, &p.list, &p.err);
    return p;
}

static struct parsed parse(const char *text) {
    return parse_bytes(text, strlen(text));
}

/* Text and the key and value that Java reads from it. */
static void assert_pair(const char *text, const char *key, const char *value) {
    struct parsed p = parse(text);
    assert_int_equal(p.status, 0);
    assert_int_equal(p.list.count, 1);
    assert_string_equal(p.list.items[0].key, key);
    assert_string_equal(p.list.items[0].value, value);
    arena_free(&p.arena);
}

static void assert_place(const struct origin *origin, size_t line, size_t column) {
    assert_int_equal(origin->kind, ORIGIN_FILE);
    assert_string_equal(origin->file, "f.conf");
    assert_int_equal(origin->line, line);
    assert_int_equal(origin->column, column);
}

static void key_and_value_part_at_the_first_separator(void **state) {
    (void)state;
    assert_pair("a=b", "a", "b");
    assert_pair("a b", "a", "b");
    assert_pair("a:b", "a", "b");
    assert_pair("a = b", "a", "b");
    assert_pair("a \t:\f b", "a", "b");
    assert_pair("a==b", "a", "=b");
    assert_pair("a = = b", "a", "= b");
    assert_pair("a", "a", "");
    assert_pair("a=", "a", "");
    assert_pair("=b", "", "b");
    assert_pair("  a b  ", "a", "b  ");
    assert_pair("a b # why", "a", "b # why");
    assert_pair("a \"b\"", "a", "\"b\"");
}

static void escapes_are_java_s(void **state) {
    (void)state;
    assert_pair("a\\ b\\=c\\:d=e", "a b=c:d", "e");
    assert_pair("a=\\t\\n\\r\\f\\x\\\\", "a", "\t\n\r\fx\\");
    assert_pair("a=C:\\new\\dir", "a",
                "C:\new"
                "dir");
    assert_pair("a=\\u0041\\u00e9\\u20AC", "a", "A\xc3\xa9\xe2\x82\xac");
    assert_pair("a=\\ud83d\\ude00", "a", "\xf0\x9f\x98\x80");
    assert_pair("a=\\ud83d.", "a", "\xed\xa0\xbd.");
    assert_pair("\\#a=b", "#a", "b");
    assert_pair("a=b\\", "a", "b");
}

static void a_backslash_at_the_end_continues_the_line(void **state) {
    (void)state;
    assert_pair("a=b\\\n   c", "a", "bc");
    assert_pair("a=b\\\r\n\tc", "a", "bc");
    assert_pair("a=b\\\rc", "a", "bc");
    assert_pair("a=b\\\n\n", "a", "b");
    assert_pair("a=b\\\n#c", "a", "b#c");
    assert_pair("a\\\n  b=c", "ab", "c");
    assert_pair("a=b\\\\\n", "a", "b\\");
    assert_pair("a=\\\n\\\n  c", "a", "c");
    assert_pair("\\\n# c\na=b", "a", "b");
}

static void comments_and_blank_lines_are_passed(void **state) {
    (void)state;
    assert_pair("# x=y\n! z\n\n \t\n  # w \\\na=b\r\n\r\n", "a", "b");
    struct parsed p = parse("# only\n");
    assert_int_equal(p.status, 0);
    assert_int_equal(p.list.count, 0);
    arena_free(&p.arena);
}

static void every_setting_knows_its_place(void **state) {
    (void)state;
    struct parsed p = parse("# c\r\nspark.a  1\rspark.b=\\\n   2\n  spark.c\n");
    assert_int_equal(p.list.count, 3);
    assert_place(&p.list.items[0].origin, 2, 1);
    assert_place(&p.list.items[0].value_origin, 2, 10);
    assert_place(&p.list.items[1].origin, 3, 1);
    assert_place(&p.list.items[1].value_origin, 4, 4);
    assert_place(&p.list.items[2].origin, 5, 3);
    assert_place(&p.list.items[2].value_origin, 5, 10);
    arena_free(&p.arena);
}

static void duplicates_stay_in_order(void **state) {
    (void)state;
    struct parsed p = parse("a 1\nb 2\na 3\n");
    assert_int_equal(p.list.count, 3);
    assert_string_equal(p.list.items[2].key, "a");
    assert_string_equal(p.list.items[2].value, "3");
    arena_free(&p.arena);
}

static void a_byte_order_mark_sticks_to_the_first_key(void **state) {
    (void)state;
    assert_pair("\xef\xbb\xbfspark.a 1", "\xef\xbb\xbfspark.a", "1");
    assert_pair("\xef\xbb\xbf# c", "\xef\xbb\xbf#", "c");
}

/* Java replaces a malformed sequence, as far as it went well, by one U+FFFD. */
static void what_is_not_utf_8_is_replaced_as_java_does(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *value;
    } rows[] = {
        {"a=\x80", "\xef\xbf\xbd"},
        {"a=\xc3", "\xef\xbf\xbd"},
        {"a=\xe2\x82", "\xef\xbf\xbd"},
        {"a=\xe2\x82z", "\xef\xbf\xbdz"},
        {"a=\xf0\x9f\x98z", "\xef\xbf\xbdz"},
        {"a=\xed\xa0\x80", "\xef\xbf\xbd"},
        {"a=\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"a=\xe0\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"a=\xff", "\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_pair(rows[i].bytes, "a", rows[i].value);
    struct parsed p = parse("a=1\nb=\xff\n");
    assert_int_equal(p.list.invalid_line, 2);
    assert_int_equal(p.list.invalid_column, 3);
    arena_free(&p.arena);
    p = parse("a=\xc3\xa9\n");
    assert_int_equal(p.list.invalid_line, 0);
    arena_free(&p.arena);
}

static void assert_fault(const char *bytes, size_t length, enum error_code code, size_t line,
                         size_t column) {
    struct parsed p = parse_bytes(bytes, length);
    assert_int_equal(p.status, -1);
    assert_int_equal(p.err.code, code);
    assert_string_equal(p.err.where, "f.conf");
    assert_int_equal(p.err.line, line);
    assert_int_equal(p.err.column, column);
    assert_int_not_equal(p.err.todo[0], '\0');
    assert_null(p.list.items);
    arena_free(&p.arena);
}

static void a_malformed_escape_is_refused_with_its_place(void **state) {
    (void)state;
    static const char *const rows[] = {"a 1\nb=x\\u00", "a 1\nb=x\\u00zz", "a 1\nb=x\\u\n",
                                       "a 1\nb=x\\u004", "a 1\nb=x\\uu0041"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_fault(rows[i], strlen(rows[i]), ERROR_SPARK, 2, 4);
    assert_fault("k\\u12 v", 7, ERROR_SPARK, 1, 2);
}

static void a_nul_is_no_text(void **state) {
    (void)state;
    assert_fault("\x7f"
                 "ELF\0\0",
                 6, ERROR_INPUT, 0, 0);
    assert_fault("PK\x03\x04\0", 5, ERROR_INPUT, 0, 0);
    assert_fault("a=\\u0000", 8, ERROR_INPUT, 1, 3);
}

/* Cut anywhere, a file gives settings or an error, and never reads past its end. */
static void every_prefix_of_a_file_is_read_or_refused(void **state) {
    (void)state;
    static const char text[] =
        "# c\r\na\\ b = c\\\n  d\\u0041\\\\\nk:\xe2\x82\xac\\ud83d\\ude00\n\\";
    for (size_t length = 0; length < sizeof text; length++) {
        char *exact = malloc(length + 1);
        assert_non_null(exact);
        memcpy(exact, text, length);
        char *cut = realloc(exact, length > 0 ? length : 1);
        assert_non_null(cut);
        struct parsed p = parse_bytes(cut, length);
        assert_true(p.status == 0 || p.err.code == ERROR_SPARK);
        arena_free(&p.arena);
        free(cut);
    }
}

static void too_many_settings_are_refused(void **state) {
    (void)state;
    size_t count = (size_t)LIMIT_SETTINGS + 1;
    char *text = malloc(2 * count);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + 2 * i, "a\n", 2);
    struct parsed p = parse_bytes(text, 2 * count);
    assert_int_equal(p.status, -1);
    assert_int_equal(p.err.code, ERROR_INPUT);
    arena_free(&p.arena);
    p = parse_bytes(text, 2 * count - 2);
    assert_int_equal(p.status, 0);
    assert_int_equal(p.list.count, LIMIT_SETTINGS);
    arena_free(&p.arena);
    free(text);
}

static void what_is_written_reads_back_the_same(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        " ",
                                        "a b",
                                        "  x ",
                                        "=:#!",
                                        "\t\n\r\f",
                                        "\\",
                                        "\\u0041",
                                        "\xc3\xa9",
                                        "\xf0\x9f\x98\x80",
                                        "\xed\xa0\xbd",
                                        "x\xed\xb0\x80y",
                                        "#not a comment",
                                        "a\\\nb",
                                        "\x01\x1f",
                                        "\xef\xbb\xbf"};
    size_t count = sizeof texts / sizeof texts[0];
    for (size_t i = 0; i < count * count; i++) {
        struct buffer out = buffer_make(1024);
        properties_write(texts[i / count], texts[i % count], &out);
        assert_int_equal(buffer_status(&out), 0);
        struct parsed p = parse_bytes(out.data, out.length);
        assert_int_equal(p.status, 0);
        assert_int_equal(p.list.count, 1);
        assert_string_equal(p.list.items[0].key, texts[i / count]);
        assert_string_equal(p.list.items[0].value, texts[i % count]);
        arena_free(&p.arena);
        buffer_free(&out);
    }
}

static void a_value_is_trimmed_but_for_line_ends(void **state) {
    (void)state;
    static const struct {
        const char *value, *trimmed;
    } rows[] = {{" a ", "a"},
                {"\t\x01"
                 "a b\x1f",
                 "a b"},
                {"\na\r", "\na\r"},
                {" \n ", "\n"},
                {"   ", ""},
                {"", ""}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t length = 0;
        const char *start = properties_trim(rows[i].value, &length);
        assert_int_equal(length, strlen(rows[i].trimmed));
        assert_memory_equal(start, rows[i].trimmed, length);
    }
}

#define U "\xfe"
#define K "\xff"

struct within {
    struct arena arena;
    struct error err;
    struct setting_list list;
};

/* The text stands from line 7 on, each line three columns to the right. */
static struct within read_within(const char *text, int status) {
    struct within w = {.arena = arena_make(1 << 20)};
    struct place_map map;
    assert_int_equal(place_file("f.conf", text, strlen(text), &w.arena, &map), 0);
    struct place_segment *moved = arena_array(&w.arena, map.count, sizeof *moved);
    assert_non_null(moved);
    for (size_t i = 0; i < map.count; i++)
        moved[i] = (struct place_segment){map.segments[i].offset, map.segments[i].line + 6, 4};
    map.segments = moved;
    assert_int_equal(properties_parse_within(text, strlen(text), &map, &w.arena, &w.list, &w.err),
                     status);
    return w;
}

static void unknown_parts_within_another_text_are_kept_whole(void **state) {
    (void)state;
    struct within w = read_within("# " U "a\nb" K "\n"
                                  "a=x" U "{{ if eq = : \\n\n }}" K "y\\tz\\\n  w\n"
                                  "k" U "a b" K "c d\n" U "whole" K " v\n",
                                  0);
    assert_int_equal(w.list.count, 3);
    assert_string_equal(w.list.items[0].key, "a");
    assert_string_equal(w.list.items[0].value, "x" U "{{ if eq = : \\n\n }}" K "y\tzw");
    assert_place(&w.list.items[0].origin, 9, 4);
    assert_place(&w.list.items[0].value_origin, 9, 6);
    assert_string_equal(w.list.items[1].key, "k" U "a b" K "c");
    assert_string_equal(w.list.items[1].value, "d");
    assert_place(&w.list.items[1].origin, 12, 4);
    assert_string_equal(w.list.items[2].key, U "whole" K);
    arena_free(&w.arena);
}

static void what_is_not_utf_8_within_another_text_moves_no_place(void **state) {
    (void)state;
    struct within w = read_within("a=\xc3 b\nc\x80"
                                  "d\xed\xa0\x80=e\n",
                                  0);
    assert_int_equal(w.list.count, 2);
    assert_string_equal(w.list.items[0].value, "? b");
    assert_string_equal(w.list.items[1].key, "c?d???");
    assert_place(&w.list.items[1].value_origin, 8, 11);
    arena_free(&w.arena);
}

static void a_fault_within_another_text_has_its_place_there(void **state) {
    (void)state;
    struct within w = read_within("a=" U "\\uZ" K "\nb=\\uZ\n", -1);
    assert_int_equal(w.err.line, 8);
    assert_int_equal(w.err.column, 6);
    assert_int_equal(w.list.count, 0);
    arena_free(&w.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_and_value_part_at_the_first_separator),
        cmocka_unit_test(escapes_are_java_s),
        cmocka_unit_test(a_backslash_at_the_end_continues_the_line),
        cmocka_unit_test(comments_and_blank_lines_are_passed),
        cmocka_unit_test(every_setting_knows_its_place),
        cmocka_unit_test(duplicates_stay_in_order),
        cmocka_unit_test(a_byte_order_mark_sticks_to_the_first_key),
        cmocka_unit_test(what_is_not_utf_8_is_replaced_as_java_does),
        cmocka_unit_test(a_malformed_escape_is_refused_with_its_place),
        cmocka_unit_test(a_nul_is_no_text),
        cmocka_unit_test(every_prefix_of_a_file_is_read_or_refused),
        cmocka_unit_test(too_many_settings_are_refused),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(a_value_is_trimmed_but_for_line_ends),
        cmocka_unit_test(unknown_parts_within_another_text_are_kept_whole),
        cmocka_unit_test(what_is_not_utf_8_within_another_text_moves_no_place),
        cmocka_unit_test(a_fault_within_another_text_has_its_place_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
