/* Which launch stands behind "$@" of spark-env.sh. The words and command lines are
 * those that Spark 3.5.7 and 4.1.1 gave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/judge/gate_shape.h"

#define MOST 16

struct found {
    struct arena arena;
    struct gate_shape shape;
};

/* Words are separated by single blanks; '~' stands for a blank in one. */
static struct gate_words split(struct arena *arena, const char *line) {
    char *copy = arena_text(arena, line, strlen(line)), *rest = NULL;
    const char **items = arena_array(arena, MOST, sizeof *items);
    size_t count = 0;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL && count < MOST;
         word = strtok_r(NULL, " ", &rest)) {
        for (char *p = strchr(word, '~'); p != NULL; p = strchr(p, '~'))
            *p = ' ';
        items[count++] = word;
    }
    return (struct gate_words){items, count};
}

static struct found find(const char *words, const char *parent, bool loaded) {
    struct found found = {.arena = arena_make(LIMIT_ARENA_BYTES)};
    struct error err;
    assert_int_equal(gate_shape_find(split(&found.arena, words), split(&found.arena, parent),
                                     loaded, &found.arena, &found.shape, &err),
                     0);
    return found;
}

static void assert_launch(const char *words, const char *parent, const char *expected) {
    struct found found = find(words, parent, true);
    struct gate_words want = split(&found.arena, expected);
    assert_int_equal(found.shape.kind, GATE_LAUNCH);
    assert_int_equal(found.shape.argv.count, want.count);
    for (size_t i = 0; i < want.count; i++)
        assert_string_equal(found.shape.argv.items[i], want.items[i]);
    assert_null(found.shape.argv.items[want.count]);
    arena_free(&found.arena);
}

static void assert_kind(const char *words, const char *parent, bool loaded, enum gate_kind kind) {
    struct found found = find(words, parent, loaded);
    if (found.shape.kind != kind)
        fail_msg("\"%s\" in \"%s\": kind %d", words, parent, (int)found.shape.kind);
    arena_free(&found.arena);
}

static void what_spark_class_submits_is_a_launch(void **state) {
    (void)state;
    assert_launch("org.apache.spark.deploy.SparkSubmit --conf a=b app.py",
                  "bash /opt/spark/bin/spark-class org.apache.spark.deploy.SparkSubmit --conf a=b",
                  "spark-submit --conf a=b app.py");
    assert_launch("org.apache.spark.deploy.SparkSubmit --class org.apache.spark.repl.Main",
                  "bash /opt/spark/bin/spark-class",
                  "spark-submit --class "
                  "org.apache.spark.repl.Main");
    assert_launch("org.apache.spark.deploy.SparkSubmit", "bash spark-class", "spark-submit");
    assert_launch("org.apache.spark.deploy.SparkPipelines /x/cli.py run --conf a=b",
                  "bash /opt/spark/bin/spark-class", "spark-pipelines run --conf a=b");
}

static void a_launch_is_seen_without_the_command_line_of_the_shell(void **state) {
    (void)state;
    assert_launch("org.apache.spark.deploy.SparkSubmit app.py", "", "spark-submit app.py");
    assert_launch("org.apache.spark.deploy.SparkSubmit app.py", "timeout 5 arrestor",
                  "spark-submit app.py");
    assert_launch("org.apache.spark.deploy.SparkSubmit app.py", "bash -c x", "spark-submit app.py");
}

static void shells_give_their_own_options(void **state) {
    (void)state;
    assert_launch("--conf a=b", "bash /venv/bin/pyspark --conf a=b", "pyspark --conf a=b");
    assert_launch("", "bash /venv/bin/pyspark", "pyspark");
    assert_launch("", "/bin/bash -x /opt/spark/bin/sparkR", "sparkR");
}

static void a_script_of_spark_that_nobody_knows_is_taken_for_pyspark(void **state) {
    (void)state;
    assert_launch("--conf a=b", "bash /usr/bin/pyspark3 --conf a=b", "pyspark --conf a=b");
    assert_launch("", "", "pyspark");
    assert_launch("", "bash -c text /opt/spark/bin/spark-class", "pyspark");
}

static void without_spark_nothing_is_launched_and_it_is_said(void **state) {
    (void)state;
    assert_kind("", "-bash", false, GATE_UNTOLD);
    assert_kind("--conf a=b", "bash /opt/etc/profile.sh", false, GATE_UNTOLD);
}

static void servers_are_launches_of_their_class(void **state) {
    (void)state;
    assert_launch("--name Thrift --conf q=r",
                  "bash /s/sbin/spark-daemon.sh submit org.T 1 --name Thrift --conf q=r",
                  "spark-submit --class org.T --name Thrift --conf q=r");
    assert_launch("--conf q=r", "bash spark-daemon.sh --config /etc submit org.T 1 --conf q=r",
                  "spark-submit --class org.T --conf q=r");
    assert_launch("--wait --conf q=r", "bash /s/sbin/start-connect-server.sh --wait --conf q=r",
                  "spark-submit --class org.apache.spark.sql.connect.service.SparkConnectServer "
                  "--name Spark~Connect~server --conf q=r");
}

static void daemons_and_clients_pass_in_silence(void **state) {
    (void)state;
    static const char *const classes[] = {
        "org.apache.spark.deploy.master.Master --host x",
        "org.apache.spark.deploy.worker.Worker spark://x:7077",
        "org.apache.spark.deploy.history.HistoryServer",
        "org.apache.spark.launcher.Main org.apache.spark.deploy.SparkSubmit app.py",
        "org.apache.spark.executor.CoarseGrainedExecutorBackend",
        "org.apache.hive.beeline.BeeLine -u x",
    };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        assert_kind(classes[i], "bash /s/bin/spark-class", true, GATE_NOTHING);
    assert_kind("", "bash /s/bin/spark-class", true, GATE_NOTHING);
    assert_kind("--properties-file x", "bash /s/sbin/start-history-server.sh", true, GATE_NOTHING);
    assert_kind("spark://x:7077", "bash /s/sbin/start-worker.sh spark://x:7077", true,
                GATE_NOTHING);
    assert_kind("", "bash /s/sbin/stop-master.sh", true, GATE_NOTHING);
    assert_kind("", "bash /s/sbin/spark-daemon.sh status org.M 1", true, GATE_NOTHING);
    assert_kind("", "bash /s/sbin/spark-daemon.sh start org.M 1", true, GATE_NOTHING);
    assert_kind("", "bash /s/sbin/spark-daemon.sh", true, GATE_NOTHING);
    assert_kind("", "bash /s/sbin/spark-daemon.sh submit", true, GATE_NOTHING);
    assert_kind("", "bash /s/sbin/spark-daemon.sh --config /x", true, GATE_NOTHING);
}

static void a_class_of_somebody_else_is_told_apart(void **state) {
    (void)state;
    struct found found = find("com.example.App x", "bash /s/bin/spark-class", true);
    assert_int_equal(found.shape.kind, GATE_UNTOLD);
    assert_string_equal(found.shape.about, "com.example.App");
    arena_free(&found.arena);
    assert_kind("App", "bash /s/bin/spark-class", true, GATE_UNTOLD);
    assert_kind("org.apache.spark.examples.SparkPi", "bash spark-class", true, GATE_UNTOLD);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_spark_class_submits_is_a_launch),
        cmocka_unit_test(a_launch_is_seen_without_the_command_line_of_the_shell),
        cmocka_unit_test(shells_give_their_own_options),
        cmocka_unit_test(a_script_of_spark_that_nobody_knows_is_taken_for_pyspark),
        cmocka_unit_test(without_spark_nothing_is_launched_and_it_is_said),
        cmocka_unit_test(servers_are_launches_of_their_class),
        cmocka_unit_test(daemons_and_clients_pass_in_silence),
        cmocka_unit_test(a_class_of_somebody_else_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
