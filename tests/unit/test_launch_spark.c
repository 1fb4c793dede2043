/* What random launches showed arrestor and Spark to see differently, each kind once
 * (tests/ref/spark). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/launch_fixture.h"

static const char *const spark_home[] = {"SPARK_HOME=/opt/spark", NULL};
static const char *const hadoop[] = {"SPARK_HOME=/opt/spark", "HADOOP_CONF_DIR=/h", NULL};

/* The value of a key in that launch; "" where it is not set, the error where it is refused. */
static void assert_launch(const char *line, const char *const *environment, const char *key,
                          const char *value) {
    struct scene s;
    if (scene_plan(&s, line, environment) != 0 || scene_resolve(&s, NULL, 0) != 0)
        fail_msg("%s: %s", line, s.err.what);
    const struct setting *found = effective_find(&s.conf, key);
    if (value == NULL)
        assert_null(found);
    else if (found == NULL)
        fail_msg("%s: %s is not set", line, key);
    else
        assert_string_equal(found->value, value);
    scene_free(&s);
}

static void assert_refused(const char *line, const char *const *environment, int major, int minor,
                           const char *part) {
    struct scene s;
    bool planned = scene_plan(&s, line, environment) == 0;
    s.sources.spark_major = major;
    s.sources.spark_minor = minor;
    s.launch.environment_is_final = true;
    assert_true(!planned || scene_resolve(&s, NULL, 0) != 0);
    assert_int_equal(s.err.code, ERROR_SPARK);
    if (strstr(s.err.what, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", s.err.what, part);
    scene_free(&s);
}

static void the_application_s_jar_is_one_of_the_jars(void **state) {
    (void)state;
    assert_launch("spark-submit --class M /x/app.jar", spark_home, "spark.jars", "/x/app.jar");
    assert_launch("spark-submit --jars a.jar --class M app.jar", spark_home, "spark.jars",
                  "a.jar,app.jar");
    assert_launch("spark-submit --conf spark.jars=a.jar --class M app.jar", spark_home,
                  "spark.jars", "a.jar,app.jar");
    assert_launch("spark-submit --driver-java-options -Dspark.jars=j.jar --class M app.jar",
                  spark_home, "spark.jars", "j.jar,app.jar");
    assert_launch("spark-submit --master yarn --deploy-mode cluster --class M app.jar", hadoop,
                  "spark.jars", NULL);
    assert_launch("spark-submit app.py", spark_home, "spark.jars", NULL);
    assert_launch("spark-submit app.R", spark_home, "spark.jars", NULL);
    assert_launch("spark-submit --class M x/", spark_home, "spark.jars", "x");
    assert_launch("spark-submit --class M app.py/", spark_home, "spark.jars", NULL);
    assert_launch("spark-sql --jars a.jar", spark_home, "spark.jars", "a.jar");
    assert_launch("run-example --jars a.jar SparkPi", spark_home, "spark.jars",
                  "a.jar,spark-examples.jar,spark-examples.jar");
}

static void python_files_and_scripts_of_r_are_sent_as_files(void **state) {
    (void)state;
    assert_launch("spark-submit --py-files a.py --files f app.py", spark_home, "spark.files",
                  "f,a.py");
    assert_launch("spark-submit --conf spark.submit.pyFiles=a.py app.py", spark_home, "spark.files",
                  "a.py");
    assert_launch("spark-submit --conf spark.files=f --py-files a.py app.py", spark_home,
                  "spark.files", "f,a.py");
    assert_launch("spark-submit --conf spark.files=f app.py", spark_home, "spark.files", "f");
    assert_launch("spark-submit --master k8s://h --deploy-mode cluster --py-files a.py app.py",
                  spark_home, "spark.files", NULL);
    assert_launch("spark-submit app.R", spark_home, "spark.files", "app.R");
    assert_launch("spark-submit --master yarn --files f app.R", hadoop, "spark.yarn.dist.files",
                  "f,app.R");
    assert_launch("spark-submit --master yarn --py-files a.py app.py", hadoop, "spark.files", NULL);
}

static void a_blank_list_of_files_takes_nothing_away(void **state) {
    (void)state;
    struct scene s;
    static const char *const blanks[] = {"", ",", " , "};
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++) {
        const char *const words[] = {"spark-submit", "--files",       blanks[i],
                                     "--conf",       "spark.files=f", "a.py"};
        assert_int_equal(scene_plan(&s, "1 2 3 4 5 6", spark_home), -1);
        s.launch.argv = words;
        assert_int_equal(launch_plan(&s.launch, &s.arena, &s.plan, &s.err), 0);
        assert_int_equal(scene_resolve(&s, NULL, 0), 0);
        assert_string_equal(effective_find(&s.conf, "spark.files")->value, "f");
        scene_free(&s);
    }
}

static void a_shell_shows_its_progress_unless_told_otherwise(void **state) {
    (void)state;
    assert_launch("spark-shell", spark_home, "spark.ui.showConsoleProgress", "true");
    assert_launch("pyspark --conf spark.ui.showConsoleProgress=false", spark_home,
                  "spark.ui.showConsoleProgress", "false");
    assert_launch("spark-shell --driver-java-options -Dspark.ui.showConsoleProgress=no", spark_home,
                  "spark.ui.showConsoleProgress", "no");
    assert_launch("spark-submit app.py", spark_home, "spark.ui.showConsoleProgress", NULL);
}

static void in_cluster_mode_the_driver_s_host_goes_wherever_it_was_said(void **state) {
    (void)state;
    assert_launch("spark-submit --master k8s://h --deploy-mode cluster --class M "
                  "--driver-java-options -Dspark.driver.host=h app.jar",
                  spark_home, "spark.driver.host", NULL);
}

static void servers_are_started_by_scripts_of_their_own(void **state) {
    (void)state;
    assert_launch("start-thriftserver.sh --hiveconf x=y --conf spark.a=1", spark_home, "spark.a",
                  "1");
    assert_launch("start-thriftserver.sh", spark_home, "spark.app.name", "Thrift JDBC/ODBC Server");
    assert_launch("/opt/spark/sbin/start-connect-server.sh --wait --conf spark.a=1", spark_home,
                  "spark.a", "1");
    assert_launch("spark-connect-shell", spark_home, "spark.plugins",
                  "org.apache.spark.sql.connect.SparkConnectPlugin");
}

static void spark_class_submits_with_two_classes(void **state) {
    (void)state;
    assert_launch("spark-class org.apache.spark.deploy.SparkSubmit --conf spark.a=1 app.py",
                  spark_home, "spark.a", "1");
    assert_launch("spark-class org.apache.spark.deploy.SparkPipelines cli.py run", spark_home,
                  "spark.api.mode", "connect");
    struct scene s;
    assert_int_equal(scene_plan(&s, "spark-class org.example.Main", spark_home), -1);
    assert_int_equal(s.err.code, ERROR_USAGE);
    scene_free(&s);
    assert_int_equal(scene_plan(&s, "spark-class", spark_home), -1);
    assert_int_equal(s.err.code, ERROR_USAGE);
    scene_free(&s);
}

static void a_shell_s_word_means_it_at_any_place(void **state) {
    (void)state;
    assert_launch("spark-submit --name n pyspark-shell-main", spark_home, "spark.app.name", "n");
    assert_launch("spark-submit --conf spark.a=1 pyspark-shell-main", spark_home, "spark.app.name",
                  "pyspark-shell");
    assert_refused("spark-submit --conf spark.a=1 pyspark-shell-main x", spark_home, 3, 5,
                   "takes no script");
    assert_launch("spark-submit pyspark-shell x", spark_home, "spark.app.name", "pyspark-shell");
}

static void a_name_from_a_path_is_quoted_as_in_a_uri(void **state) {
    (void)state;
    struct scene s;
    const char *const words[] = {"spark-submit", "/x/a b%.py"};
    assert_int_equal(scene_plan(&s, "1 2", spark_home), -1);
    s.launch.argv = words;
    assert_int_equal(launch_plan(&s.launch, &s.arena, &s.plan, &s.err), 0);
    assert_int_equal(scene_resolve(&s, NULL, 0), 0);
    assert_string_equal(effective_find(&s.conf, "spark.app.name")->value, "a%20b%25.py");
    scene_free(&s);
    assert_launch("spark-submit file:/x/a%20b.py", spark_home, "spark.app.name", "a%20b.py");
    assert_launch("spark-submit \xc3\xa9.py", spark_home, "spark.app.name", "\xc3\xa9.py");
}

static void a_size_beyond_java_s_long_is_refused(void **state) {
    (void)state;
    assert_refused("spark-submit --executor-memory 9999999999999g app.py", spark_home, 4, 3,
                   "this executor memory");
    assert_launch("spark-submit --driver-memory 8191p app.py", spark_home, "spark.driver.memory",
                  "8191p");
    assert_refused("spark-submit --driver-memory 8192p app.py", spark_home, 4, 3,
                   "this driver memory");
}

static void mesos_in_cluster_mode_needs_its_rest_server(void **state) {
    (void)state;
    assert_refused("spark-submit --master mesos://m --deploy-mode cluster app.py", spark_home, 3, 5,
                   "without its REST server");
}

static void spark_s_own_tests_need_no_hadoop(void **state) {
    (void)state;
    static const char *const testing[] = {"SPARK_HOME=/opt/spark", "SPARK_TESTING=", NULL};
    assert_launch("spark-submit --master yarn app.py", testing, "spark.master", "yarn");
    assert_refused("spark-submit --master yarn app.py", spark_home, 3, 5,
                   "without HADOOP_CONF_DIR");
}

static void a_kubernetes_master_ends_with_its_line_from_4_1(void **state) {
    (void)state;
    struct scene s;
    const char *const words[] = {"spark-submit", "--master", "k8s://h\n", "a.py"};
    for (int minor = 0; minor <= 1; minor++) {
        assert_int_equal(scene_plan(&s, "1 2 3 4", spark_home), -1);
        s.launch.argv = words;
        s.sources.spark_major = 4;
        s.sources.spark_minor = minor;
        assert_int_equal(launch_plan(&s.launch, &s.arena, &s.plan, &s.err), 0);
        assert_int_equal(scene_resolve(&s, NULL, 0), minor == 0 ? 0 : -1);
        scene_free(&s);
    }
}

static void python_is_told_its_api_beside_the_configuration(void **state) {
    (void)state;
    assert_launch("pyspark --conf spark.api.mode=classic", spark_home, "spark.api.mode", NULL);
    assert_launch("spark-shell --conf spark.api.mode=classic", spark_home, "spark.api.mode",
                  "classic");
}

static void a_word_of_4_0_is_a_jar_before(void **state) {
    (void)state;
    struct scene s;
    for (int major = 3; major <= 4; major++) {
        assert_int_equal(scene_plan(&s, "spark-submit --class M connect-shell", spark_home), 0);
        s.sources.spark_major = major;
        assert_int_equal(scene_resolve(&s, NULL, 0), 0);
        assert_int_equal(effective_find(&s.conf, "spark.jars") != NULL, major == 3);
        scene_free(&s);
    }
}

static void with_a_connect_server_of_its_own_3_x_has_no_remote(void **state) {
    (void)state;
    struct scene s;
    assert_int_equal(scene_plan(&s,
                                "spark-submit --conf spark.local.connect=1 --driver-java-options "
                                "-Dspark.remote=sc://h a.py",
                                spark_home),
                     0);
    s.sources.spark_major = 3;
    s.sources.spark_minor = 5;
    assert_int_equal(scene_resolve(&s, NULL, 0), 0);
    assert_null(effective_find(&s.conf, "spark.remote"));
    scene_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_application_s_jar_is_one_of_the_jars),
        cmocka_unit_test(python_files_and_scripts_of_r_are_sent_as_files),
        cmocka_unit_test(a_blank_list_of_files_takes_nothing_away),
        cmocka_unit_test(a_shell_shows_its_progress_unless_told_otherwise),
        cmocka_unit_test(in_cluster_mode_the_driver_s_host_goes_wherever_it_was_said),
        cmocka_unit_test(servers_are_started_by_scripts_of_their_own),
        cmocka_unit_test(spark_class_submits_with_two_classes),
        cmocka_unit_test(a_shell_s_word_means_it_at_any_place),
        cmocka_unit_test(a_name_from_a_path_is_quoted_as_in_a_uri),
        cmocka_unit_test(a_size_beyond_java_s_long_is_refused),
        cmocka_unit_test(mesos_in_cluster_mode_needs_its_rest_server),
        cmocka_unit_test(spark_s_own_tests_need_no_hadoop),
        cmocka_unit_test(a_kubernetes_master_ends_with_its_line_from_4_1),
        cmocka_unit_test(a_word_of_4_0_is_a_jar_before),
        cmocka_unit_test(with_a_connect_server_of_its_own_3_x_has_no_remote),
        cmocka_unit_test(python_is_told_its_api_beside_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
