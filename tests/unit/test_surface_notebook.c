#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/kind/kind.h"
#include "policy/surface/place.h"
#include "policy/surface/source/source.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

struct bench {
    struct arena arena;
    struct error err;
    const char *bytes;
    struct place_map lines;
    struct document document;
};

static int try_read(struct bench *s, const char *text, size_t length) {
    struct surface_input input = {.label = "a.ipynb", .length = length};
    *s = (struct bench){.arena = arena_make(LIMIT_ARENA_BYTES)};
    s->bytes = input.bytes = arena_text(&s->arena, text, length);
    assert_non_null(s->bytes);
    assert_int_equal(place_file("a.ipynb", s->bytes, length, &s->arena, &s->lines), 0);
    return kind_find("notebook")->read(&input, &s->arena, &s->document, &s->err);
}

static void read_text(struct bench *s, const char *text) {
    if (try_read(s, text, strlen(text)) != 0)
        fail_msg("%s", s->err.what);
}

static void check_written(const struct bench *s, const struct origin *place, const char *text) {
    assert_true(place->line >= 1 && place->line <= s->lines.count);
    const char *at = s->bytes + s->lines.segments[place->line - 1].offset + place->column - 1;
    assert_int_equal(strncmp(at, text, strlen(text)), 0);
}

static void check_in(const struct bench *s, const struct setting_list *list, const char *key,
                     const char *value) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].key, key) != 0)
            continue;
        assert_string_equal(list->items[i].value, value);
        check_written(s, &list->items[i].origin, key);
        check_written(s, &list->items[i].value_origin, value);
        return;
    }
    fail_msg("%s is not set", key);
}

#define CODE(lines)  "{\"cell_type\": \"code\", \"source\": [" lines "]}"
#define CELLS(cells) "{\"cells\": [\n" cells "\n], \"nbformat\": 4}"
#define BUILD        CODE("\"from pyspark.sql import SparkSession\\n\",\n\"b = SparkSession.builder\"")

static void code_cells_are_one_source_with_places_in_the_file(void **state) {
    (void)state;
    struct bench s;
    read_text(
        &s,
        CELLS("{\"cell_type\": \"markdown\", \"source\": [\"b.config('spark.no', 'x')\"]},\n" BUILD
              ",\n" CODE("\"b.config(\\\"spark.a\\\", \\\"v\\\")\\n\",\n"
                         "\"b.config('spark.b', 'w')\"") ",\n"
                                                         "{\"cell_type\": \"code\", \"source\": "
                                                         "\"x = 1\\nb.config('spark.c', 'z')\"}"));
    assert_int_equal(s.document.launch_count, 1);
    const struct setting_list *code = &s.document.launches[0].lists[DOCUMENT_CODE];
    assert_int_equal(code->count, 3);
    check_in(&s, code, "spark.a", "v");
    check_in(&s, code, "spark.b", "w");
    check_in(&s, code, "spark.c", "z");
    arena_free(&s.arena);
}

static void magics_and_braces_do_no_harm(void **state) {
    (void)state;
    struct bench s;
    read_text(
        &s,
        CELLS(BUILD ",\n" CODE(
            "\"%matplotlib inline\\n\", \"  !pip install x (\\n\",\n"
            "\"b.config('spark.a', '{{x}}')\\n\",\n"
            "\"y = f'{{%'\"") ",\n" CODE("\"%%sql\\nselect '\"") ",\n" CODE("\"%%time\\nb.config('"
                                                                            "spark.b', 'w')\"")));
    const struct setting_list *code = &s.document.launches[0].lists[DOCUMENT_CODE];
    assert_int_equal(code->count, 2);
    check_in(&s, code, "spark.a", "{{x}}");
    check_in(&s, code, "spark.b", "w");
    arena_free(&s.arena);
}

static void a_cell_may_be_a_script(void **state) {
    (void)state;
    struct bench s;
    read_text(&s, CELLS(CODE("\"%%bash\\n\",\n\"spark-submit --conf spark.a=v a.py\\n\"")));
    assert_int_equal(s.document.launch_count, 1);
    const struct document_word *word = &s.document.launches[0].words[2];
    assert_string_equal(word->text, "spark.a=v");
    check_written(&s, &word->origin, "spark.a=v");
    check_written(&s, &word->value_origin, "v a.py");
    arena_free(&s.arena);
}

static void the_language_is_told_by_the_notebook(void **state) {
    (void)state;
    struct bench s;
    read_text(&s, "{\"cells\": [" CODE("\"val c = new SparkConf().set(\\\"spark.a\\\", "
                                       "\\\"v\\\")\"") "], \"metadata\": {\"language_info\": "
                                                       "{\"name\": \"scala\"}}}");
    assert_int_equal(s.document.launch_count, 1);
    check_in(&s, &s.document.launches[0].lists[DOCUMENT_CODE], "spark.a", "v");
    arena_free(&s.arena);
    read_text(&s, "{\"cells\": [" CODE(
                      "\"spark.conf.set('spark.a', 'v')\"") "], \"metadata\": {\"kernelspec\": "
                                                            "{\"language\": \"R\"}}}");
    assert_int_equal(s.document.launch_count + s.document.loose.count, 0);
    arena_free(&s.arena);
}

static void cells_of_older_notebooks_are_read(void **state) {
    (void)state;
    struct bench s;
    read_text(&s, "{\"worksheets\": [{\"cells\": [{\"cell_type\": \"code\", \"input\": [\n"
                  "\"import pyspark\\n\",\n\"pyspark.SparkConf().set('spark.a', 'v')\"]}]}]}");
    check_in(&s, &s.document.launches[0].lists[DOCUMENT_CODE], "spark.a", "v");
    arena_free(&s.arena);
}

static void a_fault_in_a_cell_has_its_place_in_the_file(void **state) {
    (void)state;
    struct bench s;
    static const char text[] = CELLS(BUILD ",\n" CODE("\"x = 1\\n\",\n\"y = (1, 2\\n\""));
    assert_int_equal(try_read(&s, text, strlen(text)), -1);
    assert_int_equal(s.err.code, ERROR_INPUT);
    assert_true(s.err.line >= 4 && s.err.line <= 5);
    assert_string_equal(s.err.where, "a.ipynb");
    arena_free(&s.arena);
}

static void every_beginning_of_a_notebook_ends(void **state) {
    (void)state;
    static const char text[] =
        CELLS(BUILD ",\n" CODE("\"%%bash\\n\",\n\"spark-submit a.py\\n\"") ",\n" CODE("\"%x\""));
    for (size_t length = 0; length < sizeof text; length++) {
        struct bench s;
        (void)try_read(&s, text, length);
        arena_free(&s.arena);
    }
}

static void a_notebook_is_told_by_its_cells(void **state) {
    (void)state;
    static const struct {
        const char *label, *text, *kind;
    } rows[] = {
        {"a.ipynb", CELLS(""), "notebook"},
        {"standard input", CELLS(BUILD), "notebook"},
        {"a.ipynb", "print(1)\n", ""},
        {"a.json", "{\"cells\": 1}", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct surface_input input = {rows[i].label, rows[i].text, strlen(rows[i].text)};
        const struct kind *kind = kind_recognise(&input);
        assert_string_equal(kind == NULL ? "" : kind->name, rows[i].kind);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_cells_are_one_source_with_places_in_the_file),
        cmocka_unit_test(magics_and_braces_do_no_harm),
        cmocka_unit_test(a_cell_may_be_a_script),
        cmocka_unit_test(the_language_is_told_by_the_notebook),
        cmocka_unit_test(cells_of_older_notebooks_are_read),
        cmocka_unit_test(a_fault_in_a_cell_has_its_place_in_the_file),
        cmocka_unit_test(every_beginning_of_a_notebook_ends),
        cmocka_unit_test(a_notebook_is_told_by_its_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
