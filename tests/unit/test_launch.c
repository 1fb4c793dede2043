#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/launch_fixture.h"

static const char *const spark_home[] = {"SPARK_HOME=/opt/spark", NULL};

static void resolve_line(struct scene *s, const char *line) {
    if (scene_plan(s, line, spark_home) != 0 || scene_resolve(s, NULL, 0) != 0)
        fail_msg("%s: %s", line, s->err.what);
}

static void assert_value(const struct scene *s, const char *key, const char *value) {
    const struct setting *found = effective_find(&s->conf, key);
    if (value == NULL) {
        assert_null(found);
        return;
    }
    if (found == NULL)
        fail_msg("%s is not set", key);
    assert_string_equal(found->value, value);
}

static void assert_note(const struct scene *s, const char *part) {
    for (size_t i = 0; i < s->conf.note_count; i++)
        if (strstr(s->conf.notes[i].text, part) != NULL)
            return;
    fail_msg("no note says \"%s\"", part);
}

static void the_plan_names_the_files_to_read(void **state) {
    (void)state;
    struct scene s;
    static const char *const own[] = {"SPARK_HOME=/opt/spark", "SPARK_CONF_DIR=/etc/spark", NULL};
    static const char *const empty[] = {"SPARK_HOME=/opt/spark", "SPARK_CONF_DIR=", NULL};
    assert_int_equal(scene_plan(&s, "spark-submit a.py", spark_home), 0);
    assert_string_equal(s.plan.defaults_path, "/opt/spark/conf/spark-defaults.conf");
    assert_null(s.plan.properties_path);
    assert_true(s.plan.defaults_in_force);
    scene_free(&s);
    assert_int_equal(scene_plan(&s, "spark-submit a.py", own), 0);
    assert_string_equal(s.plan.defaults_path, "/etc/spark/spark-defaults.conf");
    scene_free(&s);
    assert_int_equal(scene_plan(&s, "spark-submit a.py", empty), 0);
    assert_string_equal(s.plan.conf_dir, "/opt/spark/conf");
    scene_free(&s);
    assert_int_equal(
        scene_plan(&s, "spark-submit --properties-file p --properties-file q a.py", NULL), 0);
    assert_string_equal(s.plan.properties_path, "q");
    assert_false(s.plan.defaults_in_force);
    assert_null(s.plan.defaults_path);
    scene_free(&s);
}

static void a_frozen_copy_keeps_the_name_of_its_origin(void **state) {
    (void)state;
    struct scene s;
    assert_int_equal(scene_plan(&s, "spark-submit a.py", spark_home), 0);
    s.launch.conf_dir = "/run/copy";
    s.launch.conf_dir_label = "/etc/spark";
    assert_int_equal(launch_plan(&s.launch, &s.arena, &s.plan, &s.err), 0);
    assert_string_equal(s.plan.defaults_path, "/run/copy/spark-defaults.conf");
    scene_defaults(&s, "spark.a 1\n");
    assert_int_equal(scene_resolve(&s, NULL, 0), 0);
    assert_string_equal(effective_find(&s.conf, "spark.a")->origin.file,
                        "/etc/spark/spark-defaults.conf");
    assert_string_equal(s.conf.unset.file, "/etc/spark/spark-defaults.conf");
    scene_free(&s);
}

static void the_stronger_source_wins_and_keeps_what_it_beat(void **state) {
    (void)state;
    struct scene s;
    static const char *const env[] = {"SPARK_EXECUTOR_MEMORY=1g", NULL};
    static const struct launch_pair injected[] = {{"spark.executor.memory", "2g"},
                                                  {"spark.mine", " 7 "}};
    assert_int_equal(scene_plan(&s,
                                "spark-submit --master yarn --conf spark.executor.memory=4g "
                                "--executor-memory 5g a.py",
                                env),
                     0);
    scene_defaults(&s, "spark.executor.memory 3g\n");
    s.plan.defaults_path = s.plan.defaults_label = "d";
    assert_int_equal(scene_resolve(&s, injected, 2), 0);
    const struct setting *memory = effective_find(&s.conf, "spark.executor.memory");
    static const struct {
        const char *value;
        enum origin_kind kind;
    } chain[] = {
        {"5g", ORIGIN_ARGV}, {"4g", ORIGIN_ARGV}, {"3g", ORIGIN_FILE}, {"2g", ORIGIN_ARRESTOR}};
    for (size_t i = 0; i < 4; i++, memory = memory->overridden) {
        assert_non_null(memory);
        assert_string_equal(memory->value, chain[i].value);
        assert_int_equal(memory->origin.kind, chain[i].kind);
    }
    assert_null(memory);
    assert_value(&s, "spark.mine", "7");
    scene_free(&s);
}

static void settings_are_sorted_and_found(void **state) {
    (void)state;
    struct scene s;
    resolve_line(
        &s,
        "spark-submit --conf spark.z=1 --conf spark.a=2 --conf spark.m=3 --conf spark.a=4 a.py");
    for (size_t i = 1; i < s.conf.count; i++)
        assert_true(strcmp(s.conf.settings[i - 1].key, s.conf.settings[i].key) < 0);
    assert_value(&s, "spark.a", "4");
    assert_string_equal(effective_find(&s.conf, "spark.a")->overridden->value, "2");
    assert_value(&s, "spark.m", "3");
    assert_value(&s, "spark.absent", NULL);
    scene_free(&s);
}

static void a_properties_file_switches_the_defaults_off(void **state) {
    (void)state;
    struct scene s;
    assert_int_equal(scene_plan(&s, "spark-submit --properties-file p a.py", spark_home), 0);
    scene_properties(&s, "spark.a 1\n");
    scene_defaults(&s, "spark.a 2\nspark.b 2\n");
    assert_int_equal(scene_resolve(&s, NULL, 0), 0);
    assert_value(&s, "spark.a", "1");
    assert_value(&s, "spark.b", NULL);
    assert_note(&s, "switches spark-defaults.conf off");
    scene_free(&s);
}

static void load_spark_defaults_reads_both_from_4_0(void **state) {
    (void)state;
    struct scene s;
    const char *line = "spark-submit --load-spark-defaults --properties-file p a.py";
    assert_int_equal(scene_plan(&s, line, spark_home), 0);
    scene_properties(&s, "spark.a 1\n");
    scene_defaults(&s, "spark.a 2\nspark.b 2\n");
    s.sources.spark_major = 4;
    assert_int_equal(scene_resolve(&s, NULL, 0), 0);
    assert_value(&s, "spark.a", "1");
    assert_value(&s, "spark.b", "2");
    s.sources.spark_major = 3;
    s.sources.spark_minor = 5;
    assert_int_equal(scene_resolve(&s, NULL, 0), -1);
    assert_int_equal(s.err.code, ERROR_SPARK);
    assert_non_null(strstr(s.err.what, "this version does not know"));
    scene_free(&s);
}

static void extra_files_overwrite_from_4_2(void **state) {
    (void)state;
    struct scene s;
    const struct input_file extra[] = {scene_file("x", "spark.a x\nspark.b x\nspark.c x\n"),
                                       scene_file("y", "spark.b y\nspark.c y\n")};
    assert_int_equal(scene_plan(&s,
                                "spark-submit --extra-properties-file x --conf spark.c=c "
                                "--extra-properties-file y a.py",
                                spark_home),
                     0);
    assert_int_equal(s.plan.extra_count, 2);
    assert_true(s.plan.defaults_in_force);
    scene_defaults(&s, "spark.a d\nspark.d d\n");
    assert_int_equal(scene_resolve(&s, NULL, 0), -1);
    assert_int_equal(s.err.code, ERROR_INPUT);
    s.sources.extra = extra;
    s.sources.extra_count = 2;
    assert_int_equal(scene_resolve(&s, NULL, 0), 0);
    assert_value(&s, "spark.a", "x");
    assert_value(&s, "spark.b", "y");
    assert_value(&s, "spark.c", "c");
    assert_value(&s, "spark.d", "d");
    scene_free(&s);
}

static void foreign_keys_are_kept_apart(void **state) {
    (void)state;
    struct scene s;
    assert_int_equal(scene_plan(&s, "spark-submit --conf fs.s3a.secret.key=x a.py", spark_home), 0);
    scene_defaults(&s, "fs.s3a.secret.key y\n\xef\xbb\xbfspark.b 1\nsparkles 1\n");
    assert_int_equal(scene_resolve(&s, NULL, 0), 0);
    assert_int_equal(s.conf.ignored_count, 3);
    assert_string_equal(s.conf.ignored[0].key, "fs.s3a.secret.key");
    assert_string_equal(s.conf.ignored[0].value, "x");
    assert_string_equal(s.conf.ignored[0].overridden->value, "y");
    assert_value(&s, "fs.s3a.secret.key", NULL);
    scene_free(&s);
}

static void a_setting_knows_file_line_and_column(void **state) {
    (void)state;
    struct scene s;
    assert_int_equal(scene_plan(&s, "spark-submit --properties-file p a.py", spark_home), 0);
    scene_properties(&s, "# c\n  spark.a   1  \n");
    assert_int_equal(scene_resolve(&s, NULL, 0), 0);
    const struct setting *found = effective_find(&s.conf, "spark.a");
    assert_string_equal(found->value, "1");
    assert_string_equal(found->origin.file, "job.properties");
    assert_int_equal(found->origin.line, 2);
    assert_int_equal(found->origin.column, 3);
    assert_int_equal(found->value_origin.column, 13);
    assert_int_equal(s.conf.unset.line, 3);
    assert_int_equal(s.conf.unset.kind, ORIGIN_UNSET);
    scene_free(&s);
}

static void a_launch_without_a_master_is_local(void **state) {
    (void)state;
    struct scene s;
    resolve_line(&s, "spark-submit a.py");
    assert_int_equal(s.conf.master, MASTER_LOCAL);
    assert_value(&s, "spark.master", "local[*]");
    assert_value(&s, "spark.submit.deployMode", "client");
    assert_value(&s, "spark.app.name", "a.py");
    assert_int_equal(s.conf.unset.kind, ORIGIN_UNSET);
    assert_null(s.conf.unset.file);
    scene_free(&s);
    resolve_line(&s, "spark-submit --remote sc://h a.py");
    assert_int_equal(s.conf.master, MASTER_UNKNOWN);
    assert_value(&s, "spark.master", NULL);
    scene_free(&s);
}

static void options_speak_only_where_spark_listens(void **state) {
    (void)state;
    struct scene s;
    resolve_line(&s, "spark-submit --master local --executor-memory 2g --queue q a.py");
    assert_value(&s, "spark.executor.memory", NULL);
    assert_value(&s, "spark.yarn.queue", NULL);
    assert_note(&s, "does nothing with this master");
    scene_free(&s);
    resolve_line(
        &s, "spark-submit --master k8s://h --deploy-mode cluster --conf spark.driver.host=x a.py");
    assert_value(&s, "spark.master", "k8s://https://h");
    assert_value(&s, "spark.driver.host", NULL);
    assert_note(&s, "dropped by Spark");
    scene_free(&s);
}

static void carriage_returns_of_the_command_line_are_dropped(void **state) {
    (void)state;
    struct scene s;
    resolve_line(&s, "spark-submit --conf spark.a=1\r --name n\r a.py");
    assert_value(&s, "spark.a", "1");
    assert_value(&s, "spark.app.name", "n");
    s.sources.spark_major = 3;
    s.sources.spark_minor = 3;
    assert_int_equal(scene_resolve(&s, NULL, 0), 0);
    assert_value(&s, "spark.a", "1\r");
    scene_free(&s);
}

static void java_properties_are_the_weakest(void **state) {
    (void)state;
    struct scene s;
    static const char *const env[] = {"SPARK_HOME=/opt/spark",
                                      "SPARK_SUBMIT_OPTS=-Dspark.a=s -Dspark.b=s", NULL};
    static const struct launch_pair injected[] = {{"spark.c", "i"}};
    assert_int_equal(
        scene_plan(&s, "spark-submit --driver-java-options -Dspark.b=d;-Dspark.c=d a.py", env), 0);
    scene_defaults(&s, "");
    assert_int_equal(scene_resolve(&s, injected, 1), 0);
    assert_value(&s, "spark.a", "s");
    assert_int_equal(effective_find(&s.conf, "spark.a")->origin.kind, ORIGIN_ENVIRONMENT);
    assert_value(&s, "spark.b", "d;-Dspark.c=d");
    assert_value(&s, "spark.c", "i");
    scene_free(&s);
}

static void what_spark_would_refuse_is_told_with_its_place(void **state) {
    (void)state;
    struct scene s;
    assert_int_equal(scene_plan(&s, "spark-submit a.py", spark_home), 0);
    scene_defaults(&s, "# c\nspark.master.rest.enabled yes\n");
    s.conf.count = 77;
    assert_int_equal(scene_resolve(&s, NULL, 0), -1);
    assert_int_equal(s.conf.count, 77);
    assert_int_equal(s.err.code, ERROR_SPARK);
    assert_string_equal(s.err.where, "/opt/spark/conf/spark-defaults.conf");
    assert_int_equal(s.err.line, 2);
    assert_int_equal(s.err.column, 27);
    assert_non_null(strstr(s.err.todo, "true or false"));
    scene_free(&s);
    assert_int_equal(scene_plan(&s, "spark-submit --deploy-mode both a.py", spark_home), 0);
    assert_int_equal(scene_resolve(&s, NULL, 0), -1);
    assert_non_null(strstr(s.err.what, "argument 2"));
    scene_free(&s);
}

static void yarn_needs_its_directory_once_spark_env_has_run(void **state) {
    (void)state;
    struct scene s;
    resolve_line(&s, "spark-submit --master yarn a.py");
    assert_note(&s, "HADOOP_CONF_DIR");
    s.launch.environment_is_final = true;
    assert_int_equal(scene_resolve(&s, NULL, 0), -1);
    assert_non_null(strstr(s.err.what, "HADOOP_CONF_DIR"));
    scene_free(&s);
}

static void options_of_java_stand_beside_the_settings_in_their_order(void **state) {
    (void)state;
    static const char *const env[] = {"SPARK_HOME=/opt/spark",
                                      "_JAVA_OPTIONS=-Dspark.c=5",
                                      "SPARK_SUBMIT_OPTS=-Dspark.b=4",
                                      "SPARK_SUBMIT_OPTS=",
                                      "JAVA_TOOL_OPTIONS=-Dspark.a=1 -Dspark.b=1",
                                      "SPARK_LAUNCHER_OPTS=-Dspark.d=6",
                                      NULL};
    struct scene s;
    assert_int_equal(scene_plan(&s, "spark-submit a.py", env), 0);
    assert_string_equal(s.plan.java_opts_path, "/opt/spark/conf/java-opts");
    scene_java_opts(&s, "-Dspark.b=2\n\n-Dspark.c=3 \"-Dspark.b=2 too\"");
    assert_int_equal(scene_resolve(&s, NULL, 0), 0);
    assert_string_equal(effective_find(&s.conf, "spark.a")->value, "1");
    assert_string_equal(effective_find(&s.conf, "spark.b")->value, "2 too");
    assert_int_equal(effective_find(&s.conf, "spark.b")->origin.line, 3);
    assert_string_equal(effective_find(&s.conf, "spark.c")->value, "5");
    assert_null(effective_find(&s.conf, "spark.d"));
    static const char *const keys[] = {"JAVA_TOOL_OPTIONS", "java-opts", "java-opts",
                                       "_JAVA_OPTIONS", "SPARK_LAUNCHER_OPTS"};
    assert_int_equal(s.conf.java_count, sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < s.conf.java_count; i++)
        assert_string_equal(s.conf.java[i].key, keys[i]);
    scene_free(&s);
}

static void a_backslash_escapes_for_sparks_launcher_and_not_for_the_jvm(void **state) {
    (void)state;
    static const char *const env[] = {"SPARK_HOME=/s",
                                      "JAVA_TOOL_OPTIONS=-Dx=\"\\\" -Dspark.a=1 -Dy=\"z\"",
                                      "SPARK_SUBMIT_OPTS=-Dx=\"\\\" -Dspark.b=1\"", NULL};
    struct scene s;
    assert_int_equal(scene_plan(&s, "spark-submit a.py", env), 0);
    assert_int_equal(scene_resolve(&s, NULL, 0), 0);
    assert_string_equal(effective_find(&s.conf, "spark.a")->value, "1");
    assert_null(effective_find(&s.conf, "spark.b"));
    scene_java_opts(&s, "-Xmx1g\n'open\n");
    assert_int_equal(scene_resolve(&s, NULL, 0), -1);
    assert_int_equal(s.err.code, ERROR_SPARK);
    assert_string_equal(s.err.where, "/s/conf/java-opts");
    assert_int_equal(s.err.line, 2);
    scene_free(&s);
}

static void options_of_java_reach_the_jvms_that_read_them(void **state) {
    (void)state;
    static const char *const env[] = {"SPARK_HOME=/s",           "HADOOP_CONF_DIR=/h",
                                      "JAVA_TOOL_OPTIONS=-Xa",   "SPARK_SUBMIT_OPTS=-Xb",
                                      "SPARK_LAUNCHER_OPTS=-Xc", NULL};
    static const struct {
        const char *line;
        unsigned jvms[3];
    } cases[] = {
        {"spark-submit a.py", {JVM_DRIVER | JVM_LAUNCHER, JVM_DRIVER, JVM_LAUNCHER}},
        {"spark-submit --master yarn --deploy-mode cluster a.py",
         {JVM_SUBMIT | JVM_LAUNCHER, JVM_SUBMIT, JVM_LAUNCHER}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene s;
        assert_int_equal(scene_plan(&s, cases[i].line, env), 0);
        assert_int_equal(scene_resolve(&s, NULL, 0), 0);
        assert_int_equal(s.conf.java_count, 3);
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(s.conf.java_jvms[j], cases[i].jvms[j]);
        scene_free(&s);
    }
}

static void java_opts_with_a_nul_are_refused_where_it_stands(void **state) {
    (void)state;
    static const char *const env[] = {"SPARK_HOME=/s", NULL};
    static const char text[] = "-Xmx1g\n-Da=b\0-agentlib:jdwp=x\n";
    struct scene s;
    assert_int_equal(scene_plan(&s, "spark-submit a.py", env), 0);
    scene_java_opts(&s, "");
    s.java_opts.bytes = text;
    for (size_t length = 0; length < sizeof text; length++) {
        s.java_opts.length = length;
        assert_int_equal(scene_resolve(&s, NULL, 0), length > 12 ? -1 : 0);
    }
    assert_int_equal(s.err.code, ERROR_SPARK);
    assert_string_equal(s.err.where, "/s/conf/java-opts");
    assert_int_equal(s.err.line, 2);
    assert_int_equal(s.err.column, 6);
    scene_free(&s);
}

/* With less and less memory the answer is an error, never half a configuration. */
static void exhausted_memory_is_told(void **state) {
    (void)state;
    static const struct launch_pair injected[] = {{"spark.i", " 1 "}};
    static const char *const env[] = {"SPARK_HOME=/opt/spark", "JAVA_TOOL_OPTIONS=-Dspark.j=1",
                                      NULL};
    bool done = false;
    for (size_t limit = 0; !done && limit < 1024 * 1024; limit += 40) {
        struct scene s;
        assert_int_equal(scene_plan(&s,
                                    "spark-submit --master k8s://h --conf spark.a=1\r --jars j "
                                    "--properties-file p a.py",
                                    env),
                         0);
        scene_properties(&s,
                         "spark.b 1 \nspark.c=\xff\nspark.driver.extraJavaOptions=-Dspark.d=1\n");
        scene_java_opts(&s, "-Dspark.k=1\n-Dspark.l=2\n");
        struct arena arena = arena_make(limit);
        s.conf.count = 77;
        int status = launch_plan(&s.launch, &arena, &s.plan, &s.err);
        if (status == 0)
            status = launch_resolve(&s.plan, &s.sources, injected, 1, &arena, &s.conf, &s.err);
        done = status == 0;
        if (!done) {
            assert_int_equal(s.err.code, ERROR_MEMORY);
            assert_int_equal(s.conf.count, 77);
        }
        arena_free(&arena);
        scene_free(&s);
    }
    assert_true(done);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_names_the_files_to_read),
        cmocka_unit_test(a_frozen_copy_keeps_the_name_of_its_origin),
        cmocka_unit_test(the_stronger_source_wins_and_keeps_what_it_beat),
        cmocka_unit_test(settings_are_sorted_and_found),
        cmocka_unit_test(a_properties_file_switches_the_defaults_off),
        cmocka_unit_test(load_spark_defaults_reads_both_from_4_0),
        cmocka_unit_test(extra_files_overwrite_from_4_2),
        cmocka_unit_test(foreign_keys_are_kept_apart),
        cmocka_unit_test(a_setting_knows_file_line_and_column),
        cmocka_unit_test(a_launch_without_a_master_is_local),
        cmocka_unit_test(options_speak_only_where_spark_listens),
        cmocka_unit_test(carriage_returns_of_the_command_line_are_dropped),
        cmocka_unit_test(java_properties_are_the_weakest),
        cmocka_unit_test(what_spark_would_refuse_is_told_with_its_place),
        cmocka_unit_test(yarn_needs_its_directory_once_spark_env_has_run),
        cmocka_unit_test(options_of_java_stand_beside_the_settings_in_their_order),
        cmocka_unit_test(a_backslash_escapes_for_sparks_launcher_and_not_for_the_jvm),
        cmocka_unit_test(options_of_java_reach_the_jvms_that_read_them),
        cmocka_unit_test(java_opts_with_a_nul_are_refused_where_it_stands),
        cmocka_unit_test(exhausted_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
