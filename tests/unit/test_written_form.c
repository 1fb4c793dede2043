#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "policy/effective/launch.h"
#include "policy/rules/rule_message.h"
#include "policy/surface/kind/kind.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

static void resolve(const struct document_launch *written, struct arena *arena,
                    struct effective *ret, struct error *err) {
    struct launch launch;
    struct launch_plan plan;
    struct launch_sources sources = {0};
    if (written->word_count == 0) {
        assert_int_equal(written_resolve(written, arena, ret, err), 0);
        return;
    }
    assert_int_equal(written_launch(written, arena, &launch, err), 0);
    assert_int_equal(launch_plan(&launch, arena, &plan, err), 0);
    assert_int_equal(launch_resolve(&plan, &sources, NULL, 0, arena, ret, err), 0);
}

/* What to write at the place where the last launch sets spark.k, and where it would set
 * something else. */
static void check_fix(const char *label, const char *text, const char *there, const char *beside) {
    const struct rule_pair pair = {.key = "spark.k", .value = "v"};
    const struct rule rule = {.fix_set = &pair, .fix_count = 1};
    struct surface_input input = {.label = label, .bytes = text, .length = strlen(text)};
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct document document;
    struct effective conf;
    struct error err;
    const struct kind *kind = kind_recognise(&input);
    assert_non_null(kind);
    assert_int_equal(kind->read(&input, &arena, &document, &err), 0);
    assert_true(document.launch_count > 0);
    const struct document_launch *launch = &document.launches[document.launch_count - 1];
    resolve(launch, &arena, &conf, &err);
    const struct setting *found = effective_find(&conf, "spark.k");
    assert_non_null(found);
    assert_string_equal(message_of_fix(&rule, NULL, &found->origin, &arena), there);
    assert_string_equal(message_of_fix(&rule, NULL, &launch->unset, &arena), beside);
    arena_free(&arena);
}

#define OPERATOR                                                                                   \
    "apiVersion: sparkoperator.k8s.io/v1beta2\nkind: SparkApplication\nmetadata: {name: pi}\n"     \
    "spec:\n  mainApplicationFile: a.py\n  sparkConf:\n    spark.k: x\n"

static const char property[] = "spark.k v", option[] = "--conf spark.k=v",
                  yaml[] = "spark.k: \"v\"", json[] = "\"spark.k\": \"v\"",
                  call[] = ".config(\"spark.k\", \"v\")";

static void a_fix_is_written_as_its_place_wants_it(void **state) {
    (void)state;
    check_fix("a.conf", "spark.k x\n", property, property);
    check_fix("a.sh", "#!/bin/sh\nspark-submit --conf spark.k=x a.py\n", option, option);
    check_fix("a.sh", "#!/bin/sh\necho 'spark.k x' > a.conf\n", property, property);
    check_fix("a.yaml", OPERATOR, yaml, yaml);
    check_fix("v.yaml", "sparkConf:\n  spark.k: x\n", yaml, yaml);
    check_fix("a.yaml",
              "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
              "  - command: [spark-submit, --conf, spark.k=x, a.py]\n",
              option, option);
    check_fix("a.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  a.conf: |\n    spark.k x\n",
              property, property);
    check_fix("a.json",
              "{\"file\": \"a.jar\", \"className\": \"C\", \"conf\": {\"spark.k\": \"x\"}}", json,
              json);
    check_fix("a.py",
              "from pyspark.sql import SparkSession\n"
              "SparkSession.builder.config('spark.k', 'x').getOrCreate()\n",
              call, call);
    check_fix("dag.py",
              "from airflow import DAG\n"
              "SparkSubmitOperator(application='a.py', conf={'spark.k': 'x'})\n",
              json, json);
}

static void a_text_within_another_one_keeps_its_own_form(void **state) {
    (void)state;
    check_fix("a.sh", "#!/bin/sh\nkubectl apply -f - <<E\n" OPERATOR "E\n", yaml, yaml);
    check_fix("dag.py",
              "from airflow import DAG\n"
              "BashOperator(bash_command='spark-submit --conf spark.k=x a.py')\n",
              option, option);
}

static void a_place_that_says_no_form_is_a_file_of_properties_or_a_command_line(void **state) {
    (void)state;
    const struct rule_pair pair = {.key = "spark.k", .value = "v"};
    const struct rule rule = {.fix_set = &pair, .fix_count = 1};
    const struct origin file = {.kind = ORIGIN_UNSET, .file = "x"}, words = {.kind = ORIGIN_ARGV};
    struct arena arena = arena_make(1 << 16);
    assert_string_equal(message_of_fix(&rule, NULL, &file, &arena), property);
    assert_string_equal(message_of_fix(&rule, NULL, &words, &arena), option);
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fix_is_written_as_its_place_wants_it),
        cmocka_unit_test(a_text_within_another_one_keeps_its_own_form),
        cmocka_unit_test(a_place_that_says_no_form_is_a_file_of_properties_or_a_command_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
