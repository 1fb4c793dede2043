#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/surface/properties.h"
#include "tests/unit/launch_fixture.h"

static const char *const spark_home[] = {"SPARK_HOME=/opt/spark", NULL};

static void assert_note(const struct scene *s, const char *part) {
    for (size_t i = 0; i < s->conf.note_count; i++)
        if (strstr(s->conf.notes[i].text, part) != NULL)
            return;
    fail_msg("no note says \"%s\"", part);
}

static void masters_are_told_apart_as_spark_context_does(void **state) {
    (void)state;
    static const struct {
        const char *master;
        enum master_kind kind;
    } rows[] = {
        {"local", MASTER_LOCAL},
        {"local[4]", MASTER_LOCAL},
        {"local[*]", MASTER_LOCAL},
        {"local[*,3]", MASTER_LOCAL},
        {"local[2 , 3]", MASTER_LOCAL},
        {"local-cluster[2,1,1024]", MASTER_LOCAL_CLUSTER},
        {"local-cluster[ 2 , 1 , 1024 ]", MASTER_LOCAL_CLUSTER},
        {"yarn", MASTER_YARN},
        {"spark://h:7077", MASTER_STANDALONE},
        {"k8s://https://h", MASTER_KUBERNETES},
        {"localhost:7077", MASTER_UNKNOWN},
        {"local[x]", MASTER_UNKNOWN},
        {"local[]", MASTER_UNKNOWN},
        {"local[4", MASTER_UNKNOWN},
        {"local-cluster[2,1]", MASTER_UNKNOWN},
        {"", MASTER_UNKNOWN},
        {"Local", MASTER_UNKNOWN},
        {"local ", MASTER_UNKNOWN},
        {"yarn-client", MASTER_UNKNOWN},
        {"sparkles", MASTER_UNKNOWN},
        {"mesos://h", MASTER_UNKNOWN},
        {"{{ master }}", MASTER_UNTOLD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (master_classify(rows[i].master) != rows[i].kind)
            fail_msg("%s is taken for %s", rows[i].master,
                     master_name(master_classify(rows[i].master)));
    assert_true(master_is_one_host(MASTER_LOCAL) && master_is_one_host(MASTER_LOCAL_CLUSTER));
    assert_false(master_is_one_host(MASTER_UNTOLD) || master_is_one_host(MASTER_UNKNOWN));
}

static void an_unset_key_would_go_to_the_file_in_force(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t line;
    } rows[] = {{"", 1},       {"a 1", 2}, {"a 1\n", 2}, {"a 1\r\nb 2\r\n", 3},
                {"a\rb\r", 3}, {"\n\n", 3}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene s;
        struct input_file file = scene_file("f.conf", rows[i].text);
        memset(&s, 0, sizeof s);
        s.arena = arena_make(LIMIT_ARENA_BYTES);
        assert_int_equal(file_resolve(&file, &s.arena, &s.conf, &s.err), 0);
        assert_int_equal(s.conf.unset.kind, ORIGIN_UNSET);
        assert_int_equal(s.conf.unset.line, rows[i].line);
        assert_int_equal(s.conf.unset.column, 1);
        assert_int_equal(s.conf.master, MASTER_UNTOLD);
        scene_free(&s);
    }
}

static void a_file_alone_tells_its_master_if_it_has_one(void **state) {
    (void)state;
    struct scene s;
    struct input_file file = scene_file("f.conf", "spark.master  yarn \nother 1\nspark.a \xff\n");
    memset(&s, 0, sizeof s);
    s.arena = arena_make(LIMIT_ARENA_BYTES);
    assert_int_equal(file_resolve(&file, &s.arena, &s.conf, &s.err), 0);
    assert_int_equal(s.conf.master, MASTER_YARN);
    assert_int_equal(s.conf.count, 2);
    assert_int_equal(s.conf.ignored_count, 1);
    assert_note(&s, "is not UTF-8");
    scene_free(&s);
}

static void templates_are_unknown(void **state) {
    (void)state;
    assert_true(setting_is_unknown("{{ x }}"));
    assert_true(setting_is_unknown("a-{{x}}-b"));
    assert_true(setting_is_unknown("{% if x %}"));
    assert_true(setting_is_unknown("<%= x %>"));
    assert_false(setting_is_unknown("{x}"));
    assert_false(setting_is_unknown("}}{{"));
    assert_false(setting_is_unknown("${env:X}"));
    assert_false(setting_is_unknown(""));
}

/* Frozen and original launch must give Spark the same properties. */
static void the_merged_file_says_what_the_files_said(void **state) {
    (void)state;
    struct scene s;
    static const struct launch_pair injected[] = {{"spark.b", "weak"}, {"spark.i", "in jected "}};
    assert_int_equal(scene_plan(&s,
                                "spark-submit --conf spark.a=argv --load-spark-defaults "
                                "--properties-file p a.py",
                                spark_home),
                     0);
    scene_properties(&s, "spark.a file\nspark.b = \\n x\\\\\\u00e9 \nforeign 1\n");
    scene_defaults(&s, "spark.b never\nspark.d \xc3\xa9\\ud800\n");
    struct buffer out = buffer_make(4096);
    assert_int_equal(launch_merge(&s.plan, &s.sources, injected, 2, &s.arena, &out, &s.err), 0);
    assert_string_equal(out.data,
                        "spark.a=file\nspark.b=\\n x\\\\\xc3\xa9\nspark.d=\xc3\xa9\\ud800\n"
                        "spark.i=in jected\n");
    struct scene frozen;
    assert_int_equal(scene_plan(&frozen,
                                "spark-submit --conf spark.a=argv --properties-file p a.py",
                                spark_home),
                     0);
    assert_int_equal(scene_resolve(&s, injected, 2), 0);
    scene_properties(&frozen, out.data);
    assert_int_equal(scene_resolve(&frozen, NULL, 0), 0);
    assert_int_equal(frozen.conf.count, s.conf.count);
    for (size_t i = 0; i < s.conf.count; i++) {
        assert_string_equal(frozen.conf.settings[i].key, s.conf.settings[i].key);
        assert_string_equal(frozen.conf.settings[i].value, s.conf.settings[i].value);
    }
    scene_free(&frozen);
    struct buffer small = buffer_make(10);
    assert_int_equal(launch_merge(&s.plan, &s.sources, injected, 2, &s.arena, &small, &s.err), -1);
    buffer_free(&small);
    buffer_free(&out);
    scene_free(&s);
}

static void an_origin_is_described_in_one_line(void **state) {
    (void)state;
    static const struct {
        struct origin origin;
        const char *text;
    } rows[] = {
        {{.kind = ORIGIN_FILE, .file = "f", .line = 3, .column = 7}, "f:3:7"},
        {{.kind = ORIGIN_ARGV, .argv = 4}, "argument 4"},
        {{.kind = ORIGIN_ENVIRONMENT, .variable = "MASTER"}, "environment variable MASTER"},
        {{.kind = ORIGIN_ARRESTOR}, "arrestor"},
        {{.kind = ORIGIN_UNSET, .file = "f", .line = 9}, "f:9 (not set)"},
        {{.kind = ORIGIN_UNSET}, "not set"},
    };
    char text[64];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        origin_describe(&rows[i].origin, text, sizeof text);
        assert_string_equal(text, rows[i].text);
    }
    origin_describe(&rows[2].origin, text, 5);
    assert_string_equal(text, "envi");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masters_are_told_apart_as_spark_context_does),
        cmocka_unit_test(an_unset_key_would_go_to_the_file_in_force),
        cmocka_unit_test(a_file_alone_tells_its_master_if_it_has_one),
        cmocka_unit_test(templates_are_unknown),
        cmocka_unit_test(the_merged_file_says_what_the_files_said),
        cmocka_unit_test(an_origin_is_described_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
