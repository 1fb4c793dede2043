#include "tests/unit/platform_fixture.h"

static const char job[] =
    "{\"name\": \"nightly\",\n"
    " \"job_clusters\": [{\"job_cluster_key\": \"small\", \"new_cluster\": {\n"
    "   \"spark_version\": \"14.3.x-scala2.12\", \"node_type_id\": \"m5\", \"num_workers\": 2,\n"
    "   \"data_security_mode\": \"NONE\",\n"
    "   \"docker_image\": {\"url\": \"reg/x:1\", \"basic_auth\": {\"username\": \"u\","
    " \"password\": \"pw\"}},\n"
    "   \"init_scripts\": [{\"dbfs\": {\"destination\": \"dbfs:/i.sh\"}}],\n"
    "   \"spark_conf\": {\"spark.a\": \"1\", \"spark.key\": \"{{secrets/s/k}}\"},\n"
    "   \"spark_env_vars\": {\"TOKEN\": \"t\"}}}],\n"
    " \"tasks\": [\n"
    "  {\"task_key\": \"one\", \"job_cluster_key\": \"small\", \"spark_submit_task\":\n"
    "   {\"parameters\": [\"--conf\", \"spark.a=2\", \"--class\", \"a.B\", \"dbfs:/a.jar\"]}},\n"
    "  {\"task_key\": \"two\", \"job_cluster_key\": \"small\", \"spark_python_task\":\n"
    "   {\"python_file\": \"x.py\", \"parameters\": [\"--password\", \"pw2\", \"token=t2\"]}},\n"
    "  {\"task_key\": \"three\", \"existing_cluster_id\": \"c\", \"notebook_task\":\n"
    "   {\"notebook_path\": \"/x\", \"base_parameters\": {\"secret\": \"s3\"}}}]}\n";

static void a_databricks_task_has_its_clusters_settings(void **state) {
    (void)state;
    struct bench s = bench_read(job);
    assert_int_equal(s.document.launch_count, 3);
    assert_string_equal(s.document.launches[0].title, "Databricks task one");
    assert_string_equal(bench_words(&s, 0),
                        "spark-submit --conf spark.a=2 --class a.B dbfs:/a.jar");
    assert_string_equal(bench_effective(&s, 0, "spark.a"), "2");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_DEFAULTS, "spark.a"), "1");
    assert_int_equal(bench_resolve(&s, 0).master, MASTER_UNTOLD);
    assert_string_equal(bench_effective(&s, 1, "spark.a"), "1");
    assert_string_equal(bench_get(&s, 1, DOCUMENT_ENVIRONMENT, "TOKEN"), "t");
    assert_true(unknown_in(bench_get(&s, 1, DOCUMENT_CONF, "spark.key")));
    assert_null(s.document.launches[1].open);
    assert_non_null(s.document.launches[2].open);
    bench_free(&s);
}

static void facts_of_databricks_are_told(void **state) {
    (void)state;
    struct bench s = bench_read(job);
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "platform"), "databricks");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "release"), "14.3.x-scala2.12");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "spark-version"), "3.5");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "image"), "reg/x:1");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "data-security-mode"), "NONE");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "init-script"), "dbfs:/i.sh");
    bench_free(&s);
}

static void credentials_beside_databricks_settings_are_loose(void **state) {
    (void)state;
    struct bench s = bench_read(job);
    assert_int_equal(s.document.loose.count, 5);
    assert_string_equal(s.document.loose.items[1].key, "password");
    assert_string_equal(s.document.loose.items[1].value, "pw");
    assert_string_equal(s.document.loose.items[2].value, "pw2");
    assert_string_equal(bench_loose(&s, "token"), "t2");
    assert_string_equal(bench_loose(&s, "secret"), "s3");
    bench_free(&s);
}

static void a_cluster_of_no_task_stands_alone(void **state) {
    (void)state;
    struct bench s = bench_read("cluster_name: x\nspark_version: 17.3.x-scala2.13\n"
                                "spark_conf:\n  spark.master: local[*, 4]\n");
    assert_string_equal(s.document.launches[0].title, "Databricks cluster x");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "spark-version"), "4.0");
    assert_string_equal(bench_effective(&s, 0, "spark.master"), "local[*, 4]");
    bench_free(&s);
}

static void what_a_bundle_fills_in_is_unknown(void **state) {
    (void)state;
    struct bench s = bench_read("bundle:\n  name: b\nresources:\n  jobs:\n    j:\n      tasks:\n"
                                "        - task_key: t\n          new_cluster:\n"
                                "            spark_version: ${var.version}\n"
                                "            spark_conf:\n"
                                "              spark.a: x-${var.a}-y\n"
                                "          spark_python_task:\n            python_file: x.py\n");
    assert_int_equal(s.document.launch_count, 1);
    const char *value = bench_get(&s, 0, DOCUMENT_CONF, "spark.a");
    assert_string_equal(unknown_show(&s.arena, value), "x-${var.a}-y");
    assert_int_equal(value[2], UNKNOWN_OPEN);
    assert_true(unknown_in(bench_get(&s, 0, DOCUMENT_FACTS, "release")));
    assert_null(bench_get(&s, 0, DOCUMENT_FACTS, "spark-version"));
    bench_free(&s);
}

static const char batch[] =
    "{\"file\": \"/a.jar\", \"className\": \"a.B\", \"name\": \"n\", \"proxyUser\": \"u\",\n"
    " \"queue\": \"q\", \"args\": [\"x\", \"y\"], \"driverMemory\": \"2g\", \"numExecutors\": 3,\n"
    " \"jars\": [\"hdfs:///1.jar\", \"hdfs:///2.jar\"], \"pyFiles\": [\"z.zip\"],\n"
    " \"conf\": {\"spark.driver.memory\": \"1g\", \"spark.jars\": \"hdfs:///0.jar\",\n"
    "  \"spark.master\": \"local\", \"spark.a\": \"b\\\"c\"}}\n";

static void a_livy_batch_is_submitted_as_livy_does(void **state) {
    (void)state;
    struct bench s = bench_read(batch);
    assert_string_equal(s.document.launches[0].title, "Livy batch n");
    assert_string_equal(bench_words(&s, 0),
                        "spark-submit --name n --class a.B --conf spark.driver.memory=1g"
                        " --conf spark.master=local --conf spark.a=b\"c"
                        " --conf spark.master=<livy.spark.master>"
                        " --conf spark.submit.deployMode=<livy.spark.deploy-mode>"
                        " --conf spark.jars=hdfs:///1.jar,hdfs:///2.jar,hdfs:///0.jar"
                        " --py-files z.zip --conf spark.driver.memory=2g"
                        " --conf spark.executor.instances=3 --proxy-user u --queue q /a.jar x y");
    assert_string_equal(bench_effective(&s, 0, "spark.driver.memory"), "2g");
    assert_string_equal(bench_effective(&s, 0, "spark.a"), "b\"c");
    assert_int_equal(bench_resolve(&s, 0).master, MASTER_UNTOLD);
    struct effective conf = bench_resolve(&s, 0);
    assert_int_equal(effective_find(&conf, "spark.driver.memory")->origin.line, 2);
    bench_free(&s);
}

static void a_livy_session_runs_livys_own_driver(void **state) {
    (void)state;
    struct bench s = bench_read("{\"kind\": \"pyspark\", \"name\": \"n\", \"executorCores\": 2,\n"
                                " \"conf\": {\"spark.a\": \"1\", \"livy.rsc.x\": \"2\",\n"
                                "  \"spark.submit.deployMode\": \"client\"}}");
    assert_string_equal(s.document.launches[0].title, "Livy session n");
    assert_string_equal(bench_effective(&s, 0, "spark.a"), "1");
    assert_string_equal(bench_effective(&s, 0, "spark.__livy__.livy.rsc.x"), "2");
    assert_string_equal(bench_effective(&s, 0, "spark.executor.cores"), "2");
    assert_string_equal(bench_effective(&s, 0, "spark.app.name"), "n");
    assert_int_equal(s.document.note_count, 1);
    assert_int_equal(s.document.notes[0].origin.line, 3);
    bench_free(&s);
}

static void livy_conf_has_loose_settings(void **state) {
    (void)state;
    static const char text[] = "# Livy\nlivy.keystore.password = pw\nlivy.spark.master=yarn\n";
    struct surface_input input = {.label = LABEL, .bytes = text, .length = strlen(text)};
    struct bench s = {.arena = arena_make(LIMIT_ARENA_BYTES), .text = text};
    assert_int_equal(livy_conf_read(&input, &s.arena, &s.document, &s.err), 0);
    bench_check_places(&s);
    assert_int_equal(s.document.launch_count, 0);
    assert_string_equal(bench_loose(&s, "livy.keystore.password"), "pw");
    assert_string_equal(bench_loose(&s, "livy.spark.master"), "yarn");
    bench_free(&s);
}

static void dataproc_properties_go_to_their_files(void **state) {
    (void)state;
    struct bench s = bench_read(
        "{\"config\": {\"softwareConfig\": {\"imageVersion\": \"2.1\", \"properties\": {\n"
        "  \"spark:spark.a\": \"1\", \"core:fs.k\": \"2\", \"spark-env:V\": \"3\","
        " \"hive:javax.p\": \"4\"}}},\n"
        " \"jobs\": [{\"pysparkJob\": {\"mainPythonFileUri\": \"gs://b/x.py\","
        " \"properties\": {\"spark.b\": \"5\"}}}]}");
    assert_int_equal(s.document.launch_count, 2);
    assert_string_equal(bench_get(&s, 0, DOCUMENT_DEFAULTS, "spark.a"), "1");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_HADOOP, "fs.k"), "2");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_ENVIRONMENT, "V"), "3");
    assert_string_equal(bench_loose(&s, "hive:javax.p"), "4");
    assert_string_equal(bench_get(&s, 1, DOCUMENT_CONF, "spark.b"), "5");
    assert_int_equal(bench_resolve(&s, 1).master, MASTER_YARN);
    bench_free(&s);
}

static void settings_of_glue_are_chained_in_one_argument(void **state) {
    (void)state;
    struct bench s = bench_read(
        "{\"Type\": \"AWS::Glue::Job\", \"Properties\": {\"GlueVersion\": \"4.0\",\n"
        " \"Command\": {\"Name\": \"glueetl\", \"ScriptLocation\": \"s3://b/x.py\"},\n"
        " \"DefaultArguments\": {\"--conf\": \"spark.a=1 --conf spark.b=2\",\n"
        "  \"--db_password\": \"pw\"}, \"NonOverridableArguments\": {\"--conf\": \"spark.a=3\"}}}");
    assert_int_equal(s.document.launch_count, 1);
    assert_string_equal(bench_effective(&s, 0, "spark.a"), "3");
    assert_string_equal(bench_effective(&s, 0, "spark.b"), "2");
    assert_string_equal(bench_loose(&s, "db_password"), "pw");
    bench_free(&s);
}

static void an_equals_sign_in_an_unknown_part_parts_nothing(void **state) {
    (void)state;
    struct bench s = bench_read("{\"Command\": {\"Name\": \"glueetl\"}, \"DefaultArguments\":"
                                " {\"--conf\": \"x${A=b}y --conf spark.b=2\"}}");
    assert_int_equal(s.document.launches[0].lists[DOCUMENT_CONF].count, 1);
    assert_string_equal(bench_get(&s, 0, DOCUMENT_CONF, "spark.b"), "2");
    assert_non_null(s.document.launches[0].open);
    bench_free(&s);
}

static void kinds_are_told_by_their_keys(void **state) {
    (void)state;
    assert_string_equal(bench_kind("x", job), "databricks");
    assert_string_equal(bench_kind("x", batch), "livy");
    assert_string_equal(bench_kind("x", "[{\"classification\": \"spark\"}]"), "emr");
    assert_string_equal(bench_kind("x.yaml", "# c\n\n- Classification: spark\n"), "emr");
    assert_string_equal(bench_kind("x", "{\"a\": {\"HadoopJarStep\" : {}}}"), "emr");
    assert_string_equal(bench_kind("x", "StartAt: a\nStates: {}\nHadoopJarStep: {}\n"),
                        "step-functions");
    assert_string_equal(bench_kind("x", "AWSTemplateFormatVersion: x\n"), "cloudformation");
    assert_string_equal(bench_kind("x", "Resources: {A: {Type: \"AWS::EMR::Step\"}}\n"),
                        "cloudformation");
    assert_string_equal(bench_kind("livy.conf", "#x\nlivy.a = b\n"), "livy-conf");
    assert_string_equal(bench_kind("livy.conf.template", "# livy.a = b\n"), "livy-conf");
    assert_string_equal(bench_kind("x", "{\"sparkBatch\": {}}"), "dataproc");
    assert_string_equal(bench_kind("x", "{\"Command\": {}, \"DefaultArguments\": {}}"), "glue");
}

static void programs_and_manifests_are_of_no_platform(void **state) {
    (void)state;
    assert_string_equal(bench_kind("x.py", "x = 1\ny = {\"Classification\": \"spark\"}\n"), "");
    assert_string_not_equal(
        bench_kind("x.sh", "aws emr x --y '[{\"Classification\":\"spark\"}]'\n"), "emr");
    assert_string_equal(bench_kind("README.md", "[{\"Classification\": \"spark\"}]\n"), "");
    assert_string_equal(bench_kind("x.yaml", "apiVersion: v1\ndata:\n  Classification: x\n"), "");
    assert_string_equal(bench_kind("x.json", "{\"MyClassification\": 1, \"Classifications\": 2}"),
                        "");
    assert_string_equal(bench_kind("x.json", "{\"a\": \"Classification\"}"), "");
    assert_string_equal(
        bench_kind("values.yaml", "resources: {}\ntype: x\nproperties: {}\ntransform: x\n"), "");
    assert_string_equal(bench_kind("x.yaml", "kind: Secret\nconf: {}\n"), "");
}

static void many_launches_cannot_make_one_cluster_large(void **state) {
    (void)state;
    size_t room = 4000000;
    char *text = test_malloc(room);
    int used = snprintf(text, room,
                        "{\"Configurations\": [{\"Classification\": \"spark-defaults\","
                        " \"Properties\": {");
    for (int i = 0; i < 4000; i++)
        used += snprintf(text + used, room - (size_t)used, "%s\"spark.k%d\": \"v\"",
                         i == 0 ? "" : ",", i);
    used += snprintf(text + used, room - (size_t)used, "}}], \"Steps\": [");
    for (int i = 0; i < 4000; i++)
        used += snprintf(text + used, room - (size_t)used,
                         "%s{\"HadoopJarStep\": {\"Args\": [\"spark-submit\", \"x.py\"]}}",
                         i == 0 ? "" : ",");
    used += snprintf(text + used, room - (size_t)used, "]}");
    struct bench s;
    assert_int_equal(bench_try(&s, text, (size_t)used), -1);
    assert_int_equal(s.err.code, ERROR_INPUT);
    bench_free(&s);
    test_free(text);
}

/* 20,000 pieces with a delimiter of 20,000 bytes. */
static void pieces_cannot_be_joined_to_any_length(void **state) {
    (void)state;
    size_t room = 200000;
    char *text = test_malloc(room);
    int used = snprintf(text, room,
                        "{\"HadoopJarStep\": {\"Args\": [\"spark-submit\","
                        " {\"Fn::Join\": [\"%020000d\", [\"x\"",
                        0);
    for (int i = 0; i < 20000; i++)
        used += snprintf(text + used, room - (size_t)used, ", \"x\"");
    used += snprintf(text + used, room - (size_t)used, "]]}]}}");
    struct bench s;
    assert_int_equal(bench_try(&s, text, (size_t)used), -1);
    assert_int_equal(s.err.code, ERROR_INPUT);
    bench_free(&s);
    test_free(text);
}

static void an_alias_is_walked_once_more_and_no_further(void **state) {
    (void)state;
    struct bench s = bench_read("a: &x\n  - {Classification: spark-defaults, Properties: {k: v}}\n"
                                "b: *x\nc: *x\n");
    assert_true(s.document.launch_count >= 1);
    bench_free(&s);
}

static void text_within_another_file_has_its_places(void **state) {
    (void)state;
    static const char file[] = "aws emr create-cluster --configurations '\n"
                               "  [{\"Classification\": \"spark-defaults\", \"Properties\":\n"
                               "    {\"spark.a\": \"1\"}}]'\n";
    struct bench s = {.arena = arena_make(LIMIT_ARENA_BYTES), .text = file};
    struct place_segment segments[] = {{0, 2, 3}, {53, 3, 5}};
    struct place_map map = {.file = LABEL, .segments = segments, .count = 2};
    static const char text[] = "[{\"Classification\": \"spark-defaults\", \"Properties\":\n"
                               "{\"spark.a\": \"1\"}}]";
    segments[1].offset = (size_t)(strchr(text, '\n') + 1 - text);
    struct document_builder b = document_begin(&s.arena, &s.err);
    assert_int_equal(platform_read_text(text, strlen(text), &map, &b), 0);
    assert_int_equal(document_end(&b, &s.document), 0);
    bench_check_places(&s);
    assert_string_equal(bench_get(&s, 0, DOCUMENT_DEFAULTS, "spark.a"), "1");
    assert_int_equal(s.document.launches[0].lists[DOCUMENT_DEFAULTS].items[1].origin.line, 3);
    bench_free(&s);
}

static void truncated_requests_are_read_or_refused(void **state) {
    (void)state;
    bench_truncate(job);
    bench_truncate(batch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_databricks_task_has_its_clusters_settings),
        cmocka_unit_test(facts_of_databricks_are_told),
        cmocka_unit_test(credentials_beside_databricks_settings_are_loose),
        cmocka_unit_test(a_cluster_of_no_task_stands_alone),
        cmocka_unit_test(what_a_bundle_fills_in_is_unknown),
        cmocka_unit_test(a_livy_batch_is_submitted_as_livy_does),
        cmocka_unit_test(a_livy_session_runs_livys_own_driver),
        cmocka_unit_test(livy_conf_has_loose_settings),
        cmocka_unit_test(dataproc_properties_go_to_their_files),
        cmocka_unit_test(settings_of_glue_are_chained_in_one_argument),
        cmocka_unit_test(an_equals_sign_in_an_unknown_part_parts_nothing),
        cmocka_unit_test(kinds_are_told_by_their_keys),
        cmocka_unit_test(programs_and_manifests_are_of_no_platform),
        cmocka_unit_test(many_launches_cannot_make_one_cluster_large),
        cmocka_unit_test(pieces_cannot_be_joined_to_any_length),
        cmocka_unit_test(an_alias_is_walked_once_more_and_no_further),
        cmocka_unit_test(text_within_another_file_has_its_places),
        cmocka_unit_test(truncated_requests_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
