#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "policy/surface/document.h"
#include "policy/surface/source/source.h"
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

static struct bench read_text(const char *text) {
    struct bench s = {.arena = arena_make(LIMIT_ARENA_BYTES)};
    struct surface_input input = {.label = "dag.py", .bytes = text, .length = strlen(text)};
    if (pyspark_read(&input, &s.arena, &s.document, &s.err) != 0)
        fail_msg("%zu:%zu: %s", s.err.line, s.err.column, s.err.what);
    return s;
}

/* The words of a launch, a bar between two, marks shown as < and >. */
static void expect_words(const struct bench *s, size_t launch, const char *expected) {
    struct buffer out = buffer_make(4096);
    assert_true(launch < s->document.launch_count);
    const struct document_launch *l = &s->document.launches[launch];
    for (size_t i = 0; i < l->word_count; i++) {
        buffer_text(&out, i == 0 ? "" : "|");
        for (const char *p = l->words[i].text; *p != '\0'; p++)
            buffer_char(&out, *p == UNKNOWN_OPEN ? '<' : *p == UNKNOWN_CLOSE ? '>' : *p);
    }
    assert_string_equal(out.data, expected);
    buffer_free(&out);
}

static void the_words_of_the_operator_are_in_the_order_of_airflows_hook(void **state) {
    (void)state;
    struct bench s = read_text("from airflow import DAG\n"
                               "run = SparkSubmitOperator(\n"
                               "    task_id='etl', application='/opt/{{ ds }}.py', conn_id='c',\n"
                               "    conf={'spark.a': 'x y', 'spark.b': SECRET},\n"
                               "    driver_memory='1g', name='n', verbose=True, jars=None,\n"
                               "    use_krb5ccache=True, proxy_user='p', files='',\n"
                               "    env_vars={'PW': 'hunter2'}, properties_file='p.conf',\n"
                               "    num_executors=2, application_args=['--x', 'y'])\n");
    expect_words(&s, 0,
                 "spark-submit|--master|<connection>|--conf|spark.a=x y|--conf|spark.b=<SECRET>|"
                 "--properties-file|p.conf|--num-executors|2|--driver-memory|1g|--conf|"
                 "spark.kerberos.renewal.credentials=ccache|--proxy-user|p|--name|n|--verbose|"
                 "--deploy-mode|<connection>|/opt/{{ ds }}.py|--x|y");
    const struct document_launch *l = &s.document.launches[0];
    assert_string_equal(l->title, "SparkSubmitOperator etl");
    assert_null(l->open);
    assert_int_equal(l->words[4].origin.line, 4);
    assert_int_equal(l->words[4].origin.column, 12);
    assert_int_equal(l->words[4].value_origin.column, 23);
    assert_string_equal(l->lists[DOCUMENT_ENVIRONMENT].items[0].value, "hunter2");
    arena_free(&s.arena);
}

static void arguments_that_are_passed_whole_are_taken_or_open_the_launch(void **state) {
    (void)state;
    struct bench s = read_text("ARGS = {'conf': {'spark.a': '1'}, 'executor_memory': '2g'}\n"
                               "a = SparkSubmitOperator(application='a.py', deploy_mode='client', "
                               "name='n', **ARGS)\n"
                               "b = SparkSubmitOperator(application='a.py', deploy_mode='client', "
                               "name='n', **kwargs)\n"
                               "c = SparkSubmitOperator(application='a.py', conf=make())\n");
    expect_words(&s, 0,
                 "spark-submit|--master|<connection>|--conf|spark.a=1|--executor-memory|2g|"
                 "--name|n|--deploy-mode|client|a.py");
    assert_null(s.document.launches[0].open);
    assert_non_null(s.document.launches[1].open);
    assert_non_null(s.document.launches[2].open);
    arena_free(&s.arena);
}

static void steps_and_job_drivers_of_emr_are_command_lines(void **state) {
    (void)state;
    struct bench s = read_text(
        "STEPS = [{'HadoopJarStep': {'Jar': 'command-runner.jar',\n"
        "    'Args': ['spark-submit', '--conf', 'spark.a=b', 's3://x/y.py']}}]\n"
        "JOB = {'sparkSubmit': {'entryPoint': 's3://a.py', 'entryPointArguments': ['1'],\n"
        "    'sparkSubmitParameters': \"--conf spark.a='b c' --conf spark.d=e\"}}\n"
        "CONF = [{'Classification': 'spark-defaults', 'Properties': {'spark.x': 'y'}},\n"
        "        {'classification': 'core-site', 'properties': {'fs.x': 'z'}}]\n");
    expect_words(&s, 0, "spark-submit|--conf|spark.a=b|s3://x/y.py");
    expect_words(&s, 1, "spark-submit|--conf|spark.a=b c|--conf|spark.d=e|s3://a.py|1");
    assert_string_equal(s.document.launches[2].lists[DOCUMENT_DEFAULTS].items[0].value, "y");
    assert_string_equal(s.document.launches[3].lists[DOCUMENT_HADOOP].items[0].key, "fs.x");
    assert_int_equal(s.document.loose.count, 0);
    arena_free(&s.arena);
}

static void a_manifest_in_a_string_is_handed_on_with_its_places(void **state) {
    (void)state;
    struct bench s = read_text("k = SparkKubernetesOperator(\n    application_file=\"\"\"kind: X\n"
                               "spec: \\x41\n\"\"\")\n"
                               "f = SparkKubernetesOperator(application_file='pi.yaml')\n");
    assert_int_equal(s.document.text_count, 1);
    assert_string_equal(s.document.texts[0].bytes, "kind: X\nspec: A\n");
    assert_string_equal(s.document.texts[0].hint, "kubernetes");
    struct origin spec = place_find(&s.document.texts[0].map, strlen("kind: X\nspec: "));
    assert_int_equal(spec.line, 3);
    assert_int_equal(spec.column, 7);
    assert_int_equal(s.document.note_count, 1);
    arena_free(&s.arena);
}

static void command_lines_in_lists_and_strings_are_launches(void **state) {
    (void)state;
    struct bench s =
        read_text("subprocess.run(['/opt/spark/bin/spark-submit', '--conf', 'a=b'] + more)\n"
                  "b = BashOperator(task_id='x', bash_command='cd /x && spark-submit --conf "
                  "spark.q=r app.py')\n"
                  "os.environ['PYSPARK_SUBMIT_ARGS'] = '--conf spark.z=1 pyspark-shell'\n");
    expect_words(&s, 0, "/opt/spark/bin/spark-submit|--conf|a=b");
    assert_non_null(s.document.launches[0].open);
    expect_words(&s, 1, "spark-submit|--conf|spark.q=r|app.py");
    expect_words(&s, 2, "spark-submit|--conf|spark.z=1|pyspark-shell");
    arena_free(&s.arena);
}

static void settings_that_nobody_takes_are_of_no_launch(void **state) {
    (void)state;
    struct bench s = read_text("x = LivyOperator(conf={'': '0', 'spark.a': '1'})\n"
                               "expected = {'spark.b': '2', 'other': '3'}\n"
                               "@task.pyspark(config_kwargs={'spark.c': '4'})\n"
                               "def f(spark):\n    pass\n");
    assert_string_equal(s.document.launches[0].lists[DOCUMENT_CONF].items[0].key, "spark.a");
    assert_string_equal(s.document.launches[1].lists[DOCUMENT_CODE].items[0].key, "spark.c");
    assert_int_equal(s.document.loose.count, 1);
    assert_string_equal(s.document.loose.items[0].key, "spark.b");
    arena_free(&s.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_of_the_operator_are_in_the_order_of_airflows_hook),
        cmocka_unit_test(arguments_that_are_passed_whole_are_taken_or_open_the_launch),
        cmocka_unit_test(steps_and_job_drivers_of_emr_are_command_lines),
        cmocka_unit_test(a_manifest_in_a_string_is_handed_on_with_its_places),
        cmocka_unit_test(command_lines_in_lists_and_strings_are_launches),
        cmocka_unit_test(settings_that_nobody_takes_are_of_no_launch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
