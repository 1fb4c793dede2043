#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/arguments.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"

#define MOST 24

struct parsed {
    struct arena arena;
    struct launch_arguments a;
    struct error err;
    int status;
};

/* Parses a command line whose words are separated by single blanks. */
static struct parsed parse(const char *line) {
    struct parsed p = {.arena = arena_make(LIMIT_ARENA_BYTES)};
    char *copy = arena_text(&p.arena, line, strlen(line));
    const char *argv[MOST];
    size_t argc = 0;
    for (char *word = strtok(copy, " "); word != NULL && argc < MOST; word = strtok(NULL, " "))
        argv[argc++] = word;
    p.status = arguments_parse(argv, argc, &p.arena, &p.a, &p.err);
    return p;
}

static void assert_argument(const struct argument *argument, const char *text, size_t argv) {
    assert_non_null(argument->text);
    assert_string_equal(argument->text, text);
    assert_int_equal(argument->argv, argv);
}

static void assert_conf(const struct parsed *p, size_t index, const char *key, const char *value,
                        size_t argv) {
    assert_true(index < p->a.conf.count);
    const struct setting *s = &p->a.conf.items[index];
    assert_string_equal(s->key, key);
    assert_string_equal(s->value, value);
    assert_int_equal(s->origin.kind, ORIGIN_ARGV);
    assert_int_equal(s->origin.argv, argv);
    assert_int_equal(s->value_origin.argv, argv);
}

static void assert_refused(const char *line, const char *what, const char *todo) {
    struct parsed p = parse(line);
    if (p.status == 0)
        fail_msg("taken: %s", line);
    assert_int_equal(p.err.code, ERROR_SPARK);
    if (strstr(p.err.what, what) == NULL || strstr(p.err.todo, todo) == NULL)
        fail_msg("%s: \"%s\", \"%s\"", line, p.err.what, p.err.todo);
    assert_null(p.a.program);
    arena_free(&p.arena);
}

static void settings_come_in_every_spelling(void **state) {
    (void)state;
    struct parsed p = parse("spark-submit --conf spark.a=1 -c spark.b=x=y --conf=spark.c= app.py");
    assert_int_equal(p.status, 0);
    assert_int_equal(p.a.conf.count, 3);
    assert_conf(&p, 0, "spark.a", "1", 2);
    assert_conf(&p, 1, "spark.b", "x=y", 4);
    assert_conf(&p, 2, "spark.c", "", 5);
    assert_argument(&p.a.resource, "app.py", 6);
    assert_int_equal(p.a.application_arguments, 7);
    arena_free(&p.arena);
}

static void five_options_are_settings_where_they_stand(void **state) {
    (void)state;
    struct parsed p = parse("spark-submit --conf spark.driver.memory=9g --driver-memory 1g "
                            "--driver-java-options -Da --driver-library-path /l "
                            "--driver-class-path /c --driver-default-class-path=/d a.jar");
    assert_int_equal(p.a.conf.count, 6);
    assert_conf(&p, 0, "spark.driver.memory", "9g", 2);
    assert_conf(&p, 1, "spark.driver.memory", "1g", 4);
    assert_conf(&p, 2, "spark.driver.extraJavaOptions", "-Da", 6);
    assert_conf(&p, 3, "spark.driver.extraLibraryPath", "/l", 8);
    assert_conf(&p, 4, "spark.driver.extraClassPath", "/c", 10);
    assert_conf(&p, 5, "spark.driver.defaultExtraClassPath", "/d", 11);
    assert_argument(&p.a.driver_default_class_path, "/d", 11);
    arena_free(&p.arena);
}

static void the_last_option_of_a_name_counts(void **state) {
    (void)state;
    struct parsed p =
        parse("spark-submit --master yarn --name=a --master local --name b --queue q x");
    assert_argument(&p.a.values[ARGUMENT_MASTER], "local", 5);
    assert_argument(&p.a.values[ARGUMENT_NAME], "b", 7);
    assert_argument(&p.a.values[ARGUMENT_QUEUE], "q", 9);
    assert_null(p.a.values[ARGUMENT_CLASS].text);
    arena_free(&p.arena);
}

static void every_properties_file_is_told_with_its_word(void **state) {
    (void)state;
    struct parsed p = parse("spark-submit --properties-file /a --properties-file=/b "
                            "--extra-properties-file /c a.jar");
    assert_int_equal(p.a.properties_count, 3);
    assert_string_equal(p.a.properties[0].path, "/a");
    assert_int_equal(p.a.properties[0].argv, 2);
    assert_false(p.a.properties[0].joined);
    assert_string_equal(p.a.properties[1].path, "/b");
    assert_int_equal(p.a.properties[1].argv, 3);
    assert_true(p.a.properties[1].joined);
    assert_false(p.a.properties[1].extra);
    assert_true(p.a.properties[2].extra);
    assert_int_equal(p.a.insert_at, 1);
    arena_free(&p.arena);
}

static void words_behind_the_application_configure_nothing(void **state) {
    (void)state;
    struct parsed p = parse("spark-submit app.py in --conf spark.a=1 --master=yarn --mine -c x");
    assert_int_equal(p.a.conf.count, 0);
    assert_null(p.a.values[ARGUMENT_MASTER].text);
    assert_int_equal(p.a.application_arguments, 2);
    assert_int_equal(p.a.note_count, 2);
    assert_int_equal(p.a.notes[0].origin.argv, 3);
    assert_int_equal(p.a.notes[1].origin.argv, 5);
    arena_free(&p.arena);
}

static void a_switch_with_a_value_is_on_and_noted(void **state) {
    (void)state;
    struct parsed p =
        parse("spark-submit --load-spark-defaults=false --supervise --verbose -v a.jar");
    assert_non_null(p.a.load_defaults.text);
    assert_int_equal(p.a.load_defaults.argv, 1);
    assert_int_equal(p.a.supervise.argv, 2);
    assert_int_equal(p.a.note_count, 1);
    assert_int_equal(p.a.notes[0].origin.argv, 1);
    arena_free(&p.arena);
}

static void an_option_eats_what_follows_and_is_noted(void **state) {
    (void)state;
    struct parsed p = parse("spark-submit --name --conf app.py");
    assert_argument(&p.a.values[ARGUMENT_NAME], "--conf", 2);
    assert_argument(&p.a.resource, "app.py", 3);
    assert_int_equal(p.a.note_count, 1);
    arena_free(&p.arena);
}

static void shells_mix_their_own_words_in(void **state) {
    (void)state;
    struct parsed p = parse("spark-shell -i init.scala --conf spark.a=1 --unknown=x --name n");
    assert_int_equal(p.status, 0);
    assert_true(p.a.mixed);
    assert_conf(&p, 0, "spark.a", "1", 4);
    assert_argument(&p.a.resource, "spark-shell", 0);
    assert_argument(&p.a.values[ARGUMENT_NAME], "n", 7);
    assert_argument(&p.a.values[ARGUMENT_CLASS], "org.apache.spark.repl.Main", 0);
    assert_int_equal(p.a.application_arguments, 1);
    arena_free(&p.arena);
}

static void each_program_of_the_table_is_known(void **state) {
    (void)state;
    static const struct {
        const char *line, *program, *resource;
        size_t insert_at;
    } rows[] = {
        {"spark-submit a.jar", "spark-submit", "a.jar", 1},
        {"/opt/spark/bin/spark-submit a.jar", "spark-submit", "a.jar", 1},
        {"spark2-submit a.jar", "spark2-submit", "a.jar", 1},
        {"./spark3-submit a.jar", "spark3-submit", "a.jar", 1},
        {"spark-shell", "spark-shell", "spark-shell", 1},
        {"pyspark", "pyspark", "pyspark-shell", 1},
        {"spark-sql -e x", "spark-sql", "spark-internal", 1},
        {"sparkR", "sparkR", "sparkr-shell", 1},
        {"run-example SparkPi 10", "run-example", "spark-examples.jar", 1},
        {"spark-submit pyspark-shell-main --conf a=b", "spark-submit", "pyspark-shell", 2},
        {"spark-submit --class org.apache.spark.sql.connect.service.SparkConnectServer x y",
         "spark-submit", "spark-internal", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct parsed p = parse(rows[i].line);
        if (p.status != 0)
            fail_msg("%s: %s", rows[i].line, p.err.what);
        assert_string_equal(p.a.program, rows[i].program);
        assert_string_equal(p.a.resource.text, rows[i].resource);
        assert_int_equal(p.a.insert_at, rows[i].insert_at);
        assert_true(p.a.launches);
        arena_free(&p.arena);
    }
    struct parsed p = parse("run-example SparkPi 10");
    assert_argument(&p.a.values[ARGUMENT_CLASS], "org.apache.spark.examples.SparkPi", 1);
    arena_free(&p.arena);
}

/* Spark 4.1: deploy.SparkPipelines. */
static void pipelines_run_over_connect_and_mix_their_own_words_in(void **state) {
    (void)state;
    struct parsed p = parse("spark-pipelines run --conf a=b --spec x --name its-own");
    assert_int_equal(p.status, 0);
    assert_true(p.a.launches);
    assert_argument(&p.a.values[ARGUMENT_REMOTE], "local", 0);
    assert_null(p.a.values[ARGUMENT_NAME].text);
    assert_conf(&p, 0, "spark.api.mode", "connect", 0);
    assert_conf(&p, 1, "a", "b", 3);
    assert_string_equal(p.a.resource.text, "cli.py");
    arena_free(&p.arena);
    p = parse("spark-pipelines --remote sc://host run");
    assert_argument(&p.a.values[ARGUMENT_REMOTE], "sc://host", 2);
    arena_free(&p.arena);
}

static void another_program_cannot_be_told(void **state) {
    (void)state;
    static const char *const rows[] = {"",
                                       "python app.py",
                                       "/bin/spark-submit.sh a.jar",
                                       "Spark-Submit a.jar",
                                       "spark-class x",
                                       "spark-submit/ x"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct parsed p = parse(rows[i]);
        assert_int_equal(p.status, -1);
        assert_int_equal(p.err.code, ERROR_USAGE);
        assert_non_null(strstr(p.err.what, "cannot tell"));
        arena_free(&p.arena);
    }
}

static void some_command_lines_launch_nothing(void **state) {
    (void)state;
    static const struct {
        const char *line, *special;
    } rows[] = {{"spark-submit", ""},
                {"spark-submit --version", "--version"},
                {"spark-submit --conf spark.a=1 --help", "--help"},
                {"spark-submit -h", "-h"},
                {"spark-submit --status 1 --master spark://h", "--status"},
                {"spark-submit --kill=1", "--kill"},
                {"pyspark --version", "--version"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct parsed p = parse(rows[i].line);
        assert_int_equal(p.status, 0);
        assert_false(p.a.launches);
        assert_string_equal(p.a.special, rows[i].special);
        arena_free(&p.arena);
    }
}

static void what_spark_submit_refuses_is_refused(void **state) {
    (void)state;
    assert_refused("spark-submit --conf", "argument 1: --conf needs a value", "behind it");
    assert_refused("spark-submit --conf spark.a app.py", "argument 2: is no setting", "");
    assert_refused("spark-submit --execut-memory 1g x", "refuses the option --execut-memory",
                   "did you mean --executor-memory?");
    assert_refused("spark-submit --Conf spark.a=1 x", "--Conf", "did you mean --conf?");
    assert_refused("spark-submit --conf= x", "refuses the option --conf", "two words");
    assert_refused("spark-submit -c=spark.a=1 x", "refuses the option -c", "two words");
    assert_refused("spark-submit --conf=spark.a=1\r x", "refuses the option --conf", "two words");
    assert_refused("spark-submit --conf=spark.a=1\xe2\x80\xa8 x", "--conf", "two words");
    assert_refused("spark-submit --conf spark.a=1", "no application", "jar");
    assert_refused("spark-submit - x", "refuses the option -", "");
    assert_refused("pyspark app.py", "this shell takes no script", "");
    assert_refused("sparkR app.R", "this shell takes no script", "");
    assert_refused("run-example --name x", "no example class", "");
}

static void an_error_never_repeats_a_value(void **state) {
    (void)state;
    static const char *const rows[] = {"spark-submit --pasword=s3cret-value x",
                                       "spark-submit --conf s3cret-value x"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct parsed p = parse(rows[i]);
        assert_int_equal(p.status, -1);
        assert_null(strstr(p.err.what, "s3cret"));
        assert_null(strstr(p.err.todo, "s3cret"));
        arena_free(&p.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_come_in_every_spelling),
        cmocka_unit_test(five_options_are_settings_where_they_stand),
        cmocka_unit_test(the_last_option_of_a_name_counts),
        cmocka_unit_test(every_properties_file_is_told_with_its_word),
        cmocka_unit_test(words_behind_the_application_configure_nothing),
        cmocka_unit_test(a_switch_with_a_value_is_on_and_noted),
        cmocka_unit_test(an_option_eats_what_follows_and_is_noted),
        cmocka_unit_test(shells_mix_their_own_words_in),
        cmocka_unit_test(each_program_of_the_table_is_known),
        cmocka_unit_test(pipelines_run_over_connect_and_mix_their_own_words_in),
        cmocka_unit_test(another_program_cannot_be_told),
        cmocka_unit_test(some_command_lines_launch_nothing),
        cmocka_unit_test(what_spark_submit_refuses_is_refused),
        cmocka_unit_test(an_error_never_repeats_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
