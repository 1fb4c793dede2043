#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/document.h"
#include "policy/surface/source/source.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

struct bench {
    struct arena arena;
    struct error err;
    struct document document;
};

static void expect_refused(const char *text, size_t line, size_t column) {
    struct bench s = {.arena = arena_make(LIMIT_ARENA_BYTES)};
    struct surface_input input = {.label = "job.py", .bytes = text, .length = strlen(text)};
    s.document.launch_count = 77;
    assert_int_equal(pyspark_read(&input, &s.arena, &s.document, &s.err), -1);
    assert_int_equal(s.err.code, ERROR_INPUT);
    assert_int_equal(s.err.line, line);
    assert_int_equal(s.err.column, column);
    assert_int_equal(s.document.launch_count, 77);
    arena_free(&s.arena);
}

static void what_python_would_not_run_is_refused_with_its_place(void **state) {
    (void)state;
    expect_refused("a = 1\nb = 'open\nc = 2\n", 2, 5);
    expect_refused("a = '''open\n", 1, 5);
    expect_refused("f(1,\n  [2,\n", 2, 3);
    expect_refused("x = {1: 2]\n", 1, 5);
    expect_refused("f'{x'\n", 1, 1);
}

static void every_beginning_of_a_source_is_read_or_refused(void **state) {
    (void)state;
    static const char text[] =
        "import os as o\nclass A(B):\n  x: T = {'spark.a': f'{b}', **c}\n"
        "  def f(self, k='v', *a, **b):\n    self.c = SparkConf()\n"
        "    for k, v in self.x.items(): self.c.set(k, v)\n"
        "    a, b = lambda y: y, [i for i in z]\n    a += 'x' \"\"\"y\"\"\"\n"
        "    spark.sql('SET a=b'); x['k'] = -1 if a else not b\n";
    for (size_t length = 0; length < sizeof text; length++) {
        struct bench s = {.arena = arena_make(LIMIT_ARENA_BYTES)};
        char *copy = test_malloc(length + 1);
        memcpy(copy, text, length);
        copy[length] = '\0';
        struct surface_input input = {.label = "job.py", .bytes = copy, .length = length};
        for (int scala = 0; scala < 2; scala++)
            if ((scala ? scala_read : pyspark_read)(&input, &s.arena, &s.document, &s.err) != 0)
                assert_int_equal(s.err.code, ERROR_INPUT);
        test_free(copy);
        arena_free(&s.arena);
    }
}

static void read_repeated(surface_read *read, const char *before, const char *part, size_t times) {
    size_t size = strlen(part), first = strlen(before);
    char *text = test_malloc(first + size * times + 1);
    memcpy(text, before, first);
    for (size_t i = 0; i < times; i++)
        memcpy(text + first + i * size, part, size);
    text[first + size * times] = '\0';
    struct bench s = {.arena = arena_make(LIMIT_ARENA_BYTES)};
    struct surface_input input = {.label = "job.py", .bytes = text, .length = strlen(text)};
    if (read(&input, &s.arena, &s.document, &s.err) != 0)
        assert_true(s.err.code == ERROR_INPUT);
    test_free(text);
    arena_free(&s.arena);
}

static void hostile_sources_end_in_bounded_time_and_memory(void **state) {
    (void)state;
    static const char *const parts[] = {"(",       "[",
                                        "{",       "f'{",
                                        "a.",      ".set('a',b)",
                                        "a=a+a\n", "'x' ",
                                        "lambda ", "for ",
                                        "def f(",  "not ",
                                        "b=b.b(",  "{**a,",
                                        "f\"{{",   "x['k']=x\n",
                                        "\\\n",    "spark.sql('SET a=b')\n",
                                        "a,b=",    "\"\"\"a\"\"\"",
                                        "/*",      "s\"${",
                                        "if a:"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        read_repeated(pyspark_read, "b = SparkConf()", parts[i], 20000);
        read_repeated(scala_read, "val b = new SparkConf()\n", parts[i], 20000);
    }
    read_repeated(pyspark_read, "a = '", "x", 10 * 1024 * 1024);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_python_would_not_run_is_refused_with_its_place),
        cmocka_unit_test(every_beginning_of_a_source_is_read_or_refused),
        cmocka_unit_test(hostile_sources_end_in_bounded_time_and_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
