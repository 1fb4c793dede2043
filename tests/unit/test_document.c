#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "policy/effective/launch.h"
#include "policy/surface/document.h"
#include "policy/surface/kind/kind.h"
#include "policy/surface/place.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

struct bench {
    struct arena arena;
    struct error err;
    struct document document;
};

static struct bench make_bench(void) {
    return (struct bench){.arena = arena_make(LIMIT_ARENA_BYTES)};
}

static struct origin at(size_t line, size_t column) {
    return (struct origin){.kind = ORIGIN_FILE, .file = "job.yaml", .line = line, .column = column};
}

static void an_unknown_part_survives_joining_and_is_shown_without_its_marks(void **state) {
    (void)state;
    struct bench s = make_bench();
    struct buffer out = buffer_make(64);
    buffer_text(&out, "spark.ui.enabled=");
    unknown_add(&out, "$UI", 3);
    buffer_char(&out, '\0');
    assert_true(unknown_in(out.data));
    assert_true(setting_is_unknown(strchr(out.data, '=') + 1));
    assert_string_equal(unknown_show(&s.arena, out.data), "spark.ui.enabled=$UI");
    assert_false(unknown_in("plain \xc3\xa9 text"));
    buffer_free(&out);
    arena_free(&s.arena);
}

static void marks_from_outside_are_taken_out(void **state) {
    (void)state;
    char text[] = "a\xFE"
                  "b\xFF";
    unknown_forbid(text, strlen(text));
    assert_string_equal(text, "a?b?");
}

static struct document_builder begin(struct bench *s) {
    struct document_builder b = document_begin(&s->arena, &s->err);
    struct origin start = at(1, 1);
    document_launch(&b, "SparkApplication etl/pi", &start);
    return b;
}

static void words(struct document_builder *b, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct origin word = at(10 + i, 3), value = at(10 + i, 30);
        document_word(b, list[i], &word, &value);
    }
}

/* Resolves the only launch. 0 or -1. */
static int resolve(struct bench *s, struct effective *ret) {
    struct launch_sources sources = {0};
    struct launch *launch = arena_array(&s->arena, 1, sizeof *launch);
    struct launch_plan *plan = arena_array(&s->arena, 1, sizeof *plan);
    assert_true(launch != NULL && plan != NULL);
    assert_int_equal(written_launch(&s->document.launches[0], &s->arena, launch, &s->err), 0);
    assert_int_equal(launch_plan(launch, &s->arena, plan, &s->err), 0);
    return launch_resolve(plan, &sources, NULL, 0, &s->arena, ret, &s->err);
}

static void a_written_launch_is_resolved_with_the_places_of_its_file(void **state) {
    (void)state;
    static const char *const argv[] = {"spark-submit", "--master", "yarn",      "--conf",
                                       "spark.a=1",    "--conf",   "spark.b=2", "app.py"};
    struct bench s = make_bench();
    struct document_builder b = begin(&s);
    struct origin variable = at(3, 7), fallback = at(4, 9), code = at(5, 5);
    words(&b, argv, 8);
    document_set(&b, DOCUMENT_ENVIRONMENT, "HADOOP_CONF_DIR", "/etc/hadoop", &variable, NULL);
    document_set(&b, DOCUMENT_DEFAULTS, "spark.a", " 0 ", &fallback, NULL);
    document_set(&b, DOCUMENT_DEFAULTS, "spark.c", " 3 ", &fallback, NULL);
    document_set(&b, DOCUMENT_CODE, "spark.b", "4", &code, NULL);
    document_set(&b, DOCUMENT_HADOOP, "fs.x", "5", &fallback, NULL);
    assert_int_equal(document_end(&b, &s.document), 0);

    struct effective conf;
    assert_int_equal(resolve(&s, &conf), 0);

    const struct setting *a = effective_find(&conf, "spark.a");
    assert_string_equal(a->value, "1");
    assert_int_equal(a->origin.kind, ORIGIN_FILE);
    assert_int_equal(a->origin.line, 14);
    assert_int_equal(a->origin.column, 3);
    assert_int_equal(a->value_origin.column, 30);
    assert_string_equal(a->overridden->value, "0");
    assert_string_equal(effective_find(&conf, "spark.b")->value, "4");
    assert_string_equal(effective_find(&conf, "spark.c")->value, "3");
    assert_string_equal(effective_find(&conf, "spark.hadoop.fs.x")->value, "5");
    assert_int_equal(conf.master, MASTER_YARN);
    arena_free(&s.arena);
}

static void of_a_variable_that_is_set_twice_the_last_value_counts(void **state) {
    (void)state;
    static const char *const argv[] = {"spark-submit", "app.py"};
    struct bench s = make_bench();
    struct document_builder b = begin(&s);
    struct origin first = at(3, 7), last = at(4, 7);
    words(&b, argv, 2);
    document_set(&b, DOCUMENT_ENVIRONMENT, "MASTER", "local", &first, NULL);
    document_set(&b, DOCUMENT_ENVIRONMENT, "MASTER", "spark://h:1", &last, NULL);
    assert_int_equal(document_end(&b, &s.document), 0);
    struct effective conf;
    assert_int_equal(resolve(&s, &conf), 0);
    const struct setting *master = effective_find(&conf, "spark.master");
    assert_string_equal(master->value, "spark://h:1");
    assert_int_equal(master->origin.line, 4);
    arena_free(&s.arena);
}

static void what_spark_refuses_in_a_written_launch_is_told_with_its_place(void **state) {
    (void)state;
    static const char *const argv[] = {"spark-submit", "--master", "nowhere", "app.py"};
    struct bench s = make_bench();
    struct document_builder b = begin(&s);
    words(&b, argv, 4);
    assert_int_equal(document_end(&b, &s.document), 0);
    struct effective conf;
    assert_int_equal(resolve(&s, &conf), -1);
    assert_int_equal(s.err.code, ERROR_SPARK);
    assert_string_equal(s.err.where, "job.yaml");
    assert_int_equal(s.err.line, 12);
    arena_free(&s.arena);
}

static void what_has_no_command_line_is_resolved_by_strength(void **state) {
    (void)state;
    struct bench s = make_bench();
    struct document_builder b = begin(&s);
    struct origin here = at(2, 2);
    document_set(&b, DOCUMENT_CODE, "spark.a", "code", &here, NULL);
    document_set(&b, DOCUMENT_CONF, "spark.a", "conf", &here, NULL);
    document_set(&b, DOCUMENT_DEFAULTS, "spark.master", "k8s://h", &here, NULL);
    document_set(&b, DOCUMENT_FACTS, DOCUMENT_FACT_VERSION, "3.5.1", &here, NULL);
    assert_int_equal(document_end(&b, &s.document), 0);
    struct effective conf;
    assert_int_equal(written_resolve(&s.document.launches[0], &s.arena, &conf, &s.err), 0);
    assert_string_equal(effective_find(&conf, "spark.a")->value, "code");
    assert_string_equal(effective_find(&conf, "spark.a")->overridden->value, "conf");
    assert_int_equal(conf.master, MASTER_KUBERNETES);
    assert_int_equal(conf.spark_major, 3);
    assert_int_equal(conf.spark_minor, 5);
    arena_free(&s.arena);
}

static void a_setting_before_any_launch_is_a_fault_of_the_reader(void **state) {
    (void)state;
    struct bench s = make_bench();
    struct document_builder b = document_begin(&s.arena, &s.err);
    struct origin here = at(1, 1);
    document_set(&b, DOCUMENT_CONF, "k", "v", &here, NULL);
    document_launch(&b, "late", &here);
    assert_int_equal(document_end(&b, &s.document), -1);
    assert_int_equal(s.err.code, ERROR_INTERNAL);
    arena_free(&s.arena);
}

static void too_many_launches_are_refused(void **state) {
    (void)state;
    struct bench s = make_bench();
    struct document_builder b = document_begin(&s.arena, &s.err);
    struct origin here = at(1, 1);
    for (size_t i = 0; i <= LIMIT_LAUNCHES; i++)
        document_launch(&b, "one", &here);
    assert_int_equal(document_end(&b, &s.document), -1);
    assert_int_equal(s.err.code, ERROR_INPUT);
    arena_free(&s.arena);
}

static void a_joined_document_is_the_same_again(void **state) {
    (void)state;
    static const char *const argv[] = {"spark-submit", "app.py"};
    struct bench s = make_bench();
    struct document_builder b = begin(&s);
    struct origin here = at(7, 1);
    words(&b, argv, 2);
    document_open(&b, &here);
    document_set(&b, DOCUMENT_CONF, "k", "v", &here, NULL);
    document_add_loose(&b, "PASSWORD", "x", &here, NULL);
    document_note(&b, &here, "a note");
    struct document inner, outer;
    assert_int_equal(document_end(&b, &inner), 0);
    struct document_builder around = document_begin(&s.arena, &s.err);
    document_join(&around, &inner);
    assert_int_equal(document_end(&around, &outer), 0);
    assert_int_equal(outer.launch_count, 1);
    assert_int_equal(outer.launches[0].word_count, 2);
    assert_int_equal(outer.launches[0].words[1].value_origin.column, 30);
    assert_int_equal(outer.launches[0].open->line, 7);
    assert_int_equal(outer.launches[0].lists[DOCUMENT_CONF].count, 1);
    assert_string_equal(outer.loose.items[0].key, "PASSWORD");
    assert_int_equal(outer.note_count, 1);
    arena_free(&s.arena);
}

static void a_place_is_found_from_an_offset(void **state) {
    (void)state;
    struct bench s = make_bench();
    static const char text[] = "one\n\nthree";
    struct place_map map;
    assert_int_equal(place_file("f", text, strlen(text), &s.arena, &map), 0);
    struct origin e = place_find(&map, 7), gap = place_find(&map, 4), end = place_find(&map, 99);
    assert_int_equal(e.line, 3);
    assert_int_equal(e.column, 3);
    assert_int_equal(gap.line, 2);
    assert_int_equal(gap.column, 1);
    assert_int_equal(end.line, 3);
    arena_free(&s.arena);
}

static const char *recognise(const char *label, const char *text) {
    struct surface_input input = {.label = label, .bytes = text, .length = strlen(text)};
    const struct kind *kind = kind_recognise(&input);
    return kind == NULL ? "" : kind->name;
}

static void a_kind_is_told_by_content_and_not_by_name_alone(void **state) {
    (void)state;
    assert_string_equal(recognise("any", "# c\nspark.master yarn\nspark.a=1\n"), "properties");
    assert_string_equal(recognise("a.txt", "spark.sparkContext.setLogLevel('x')\nimport os\n"), "");
    assert_string_equal(recognise("a.py", "spark.conf.set(\"spark.a\", 1)\n"), "pyspark");
    assert_string_equal(recognise("empty.conf", ""), "properties");
    static const char prose[] = "# Settings\n\n## Memory\nspark.executor.memory sets it\n";
    assert_string_equal(recognise("README", prose), "");
    assert_string_equal(recognise("docs/Readme.txt", "spark.x y\n"), "");
    assert_string_equal(recognise("docs/tuning.md", "spark.x y\n"), "");
    assert_string_equal(recognise("notes.txt", prose), "");
    assert_string_equal(recognise("settings.txt", "# two\nspark.x y\nspark.z=1\n"), "properties");
    assert_string_equal(recognise("spark-defaults.conf.template", prose), "properties");
    assert_string_equal(recognise("a.md/spark.conf.j2", prose), "properties");
    assert_string_equal(recognise("standard input", prose), "properties");
    assert_string_equal(recognise("empty", ""), "");
    assert_ptr_equal(kind_find("properties"), &kind_table[0]);
    assert_null(kind_find("no such"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_part_survives_joining_and_is_shown_without_its_marks),
        cmocka_unit_test(marks_from_outside_are_taken_out),
        cmocka_unit_test(a_written_launch_is_resolved_with_the_places_of_its_file),
        cmocka_unit_test(of_a_variable_that_is_set_twice_the_last_value_counts),
        cmocka_unit_test(what_spark_refuses_in_a_written_launch_is_told_with_its_place),
        cmocka_unit_test(what_has_no_command_line_is_resolved_by_strength),
        cmocka_unit_test(a_setting_before_any_launch_is_a_fault_of_the_reader),
        cmocka_unit_test(too_many_launches_are_refused),
        cmocka_unit_test(a_joined_document_is_the_same_again),
        cmocka_unit_test(a_place_is_found_from_an_offset),
        cmocka_unit_test(a_kind_is_told_by_content_and_not_by_name_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
