#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/programs.h"
#include "policy/surface/shell/shell.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

struct split {
    struct arena arena;
    struct error err;
    struct place_map map;
    struct document_word *words;
    size_t count;
    int status;
};

static struct split split(const char *text, size_t length) {
    struct split s = {.arena = arena_make(LIMIT_ARENA_BYTES)};
    assert_int_equal(place_file("line", text, length, &s.arena, &s.map), 0);
    s.status = shell_split(text, length, &s.map, &s.arena, &s.words, &s.count, &s.err);
    return s;
}

/* The words with '|' behind each; unknown parts in < and >. */
static void show(const struct split *s, char *out, size_t size) {
    size_t at = 0;
    for (size_t i = 0; i < s->count; i++) {
        for (const char *p = s->words[i].text; *p != '\0' && at + 2 < size; p++)
            out[at++] = (char)(*p == UNKNOWN_OPEN ? '<' : *p == UNKNOWN_CLOSE ? '>' : *p);
        out[at++] = '|';
    }
    out[at] = '\0';
}

static void words_are_split_as_sh_does(void **state) {
    (void)state;
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"", ""},
        {" \t\n ", ""},
        {"a b", "a|b|"},
        {"  a\n\tb  ", "a|b|"},
        {"--conf spark.a=1 --conf 'spark.b=x y'", "--conf|spark.a=1|--conf|spark.b=x y|"},
        {"\"a b\"c'd e'", "a bcd e|"},
        {"a\\ b c\\\nd", "a b|cd|"},
        {"'' \"\"", "||"},
        {"\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d|"},
        {"a;b a|b a&b (c) #d <e", "a;b|a|b|a&b|(c)|#d|<e|"},
        {"x=$A y=${B:-c} z=\"$(d e)\" `f`", "x=<$A>|y=<${B:-c}>|z=<$(d e)>|<`f`>|"},
        {"$", "$|"},
        {"a$ $'b\\n\\x41' $\"c\"", "a$|b\nA|c|"},
        {"local[*] ~/x {{ a b }}c ${{ secrets.X }}",
         "local[*]|<~>/x|<{{ a b }}>c|<${{ secrets.X }}>|"},
        {"a=\xFEx y\xFF"
         "b c",
         "a=<x y>b|c|"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char shown[256];
        struct split s = split(rows[i].line, strlen(rows[i].line));
        assert_int_equal(s.status, 0);
        show(&s, shown, sizeof shown);
        assert_string_equal(shown, rows[i].words);
        arena_free(&s.arena);
    }
}

static void a_word_and_its_value_have_their_places(void **state) {
    (void)state;
    static const char line[] = "--conf 'spark.a=1'\n \\\n  \"spark.b\"=\"x\"";
    struct split s = split(line, sizeof line - 1);
    assert_int_equal(s.count, 3);
    assert_int_equal(s.words[0].origin.column, 1);
    assert_int_equal(s.words[0].value_origin.kind, ORIGIN_UNSET);
    assert_int_equal(s.words[1].origin.line, 1);
    assert_int_equal(s.words[1].origin.column, 9);
    assert_int_equal(s.words[1].value_origin.column, 17);
    assert_int_equal(s.words[2].origin.line, 3);
    assert_int_equal(s.words[2].origin.column, 4);
    assert_int_equal(s.words[2].value_origin.line, 3);
    assert_int_equal(s.words[2].value_origin.column, 14);
    arena_free(&s.arena);
}

static void what_is_never_closed_is_told_with_its_place(void **state) {
    (void)state;
    static const struct {
        const char *line;
        size_t column;
    } rows[] = {{"a 'b", 3}, {"a \"b", 3}, {"a $(b", 3}, {"a ${b", 3}, {"a `b", 3}, {"$'b", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct split s = split(rows[i].line, strlen(rows[i].line));
        assert_int_equal(s.status, -1);
        assert_int_equal(s.err.code, ERROR_INPUT);
        assert_int_equal(s.err.line, 1);
        assert_int_equal(s.err.column, rows[i].column);
        assert_null(s.words);
        arena_free(&s.arena);
    }
}

static void a_nul_is_refused(void **state) {
    (void)state;
    struct split s = split("a\0b", 3);
    assert_int_equal(s.status, -1);
    assert_int_equal(s.err.code, ERROR_INPUT);
    assert_int_equal(s.err.column, 2);
    arena_free(&s.arena);
}

static void deep_nesting_and_many_words_are_refused_not_suffered(void **state) {
    (void)state;
    static const char *const pieces[] = {"$(",  "${a:-", "\"$(", "`",   "{{",
                                         "$((", "a ",    "\\a",  "\xFE"};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        size_t piece = strlen(pieces[i]), length = 1000000 / piece * piece;
        char *text = malloc(length + 1);
        assert_non_null(text);
        for (size_t at = 0; at < length; at += piece)
            memcpy(text + at, pieces[i], piece);
        text[length] = '\0';
        struct split s = split(text, length);
        if (s.status != 0)
            assert_int_equal(s.err.code, ERROR_INPUT);
        free(text);
        arena_free(&s.arena);
    }
}

static void programs_of_spark_are_known_by_the_last_part_of_their_path(void **state) {
    (void)state;
    assert_true(program_is_spark("/opt/spark/bin/spark-submit"));
    assert_true(program_is_spark("pyspark"));
    assert_true(program_is_spark("pyspark3"));
    assert_true(program_is_spark("spark3-shell"));
    assert_true(program_is_spark("sbin/start-thriftserver.sh"));
    assert_false(program_is_spark("spark-submit.sh"));
    assert_false(program_is_spark("spark-submit/"));
    assert_false(program_is_spark(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_split_as_sh_does),
        cmocka_unit_test(a_word_and_its_value_have_their_places),
        cmocka_unit_test(what_is_never_closed_is_told_with_its_place),
        cmocka_unit_test(a_nul_is_refused),
        cmocka_unit_test(deep_nesting_and_many_words_are_refused_not_suffered),
        cmocka_unit_test(programs_of_spark_are_known_by_the_last_part_of_their_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
