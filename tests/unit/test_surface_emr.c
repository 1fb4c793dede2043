#include "tests/unit/platform_fixture.h"

static void classifications_go_to_the_files_that_spark_reads(void **state) {
    (void)state;
    struct bench s = bench_read(
        "[\n"
        "  {\"Classification\": \"spark-defaults\", \"Properties\": {\n"
        "    \"spark.authenticate\": \"true\", \"spark.x\": \"a\\\"b\"}},\n"
        "  {\"classification\": \"spark-hive-site\", \"properties\": {\"javax.k\": \"hive\"}},\n"
        "  {\"Classification\": \"core-site\", \"Properties\": {\"fs.s3a.k\": \"v\",\n"
        "    \"javax.k\": \"core\"}},\n"
        "  {\"Classification\": \"spark-env\", \"Configurations\": [\n"
        "    {\"Classification\": \"export\", \"Properties\": {\"AWS_SECRET_ACCESS_KEY\": "
        "\"one\"}}\n"
        "  ]}\n"
        "]\n");
    assert_int_equal(s.document.launch_count, 1);
    assert_string_equal(s.document.launches[0].title, "EMR cluster");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "platform"), "emr");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_DEFAULTS, "spark.authenticate"), "true");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_DEFAULTS, "spark.x"), "a\"b");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_DEFAULTS, "spark.master"), "yarn");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_HADOOP, "fs.s3a.k"), "v");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_HADOOP, "javax.k"), "hive");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_ENVIRONMENT, "AWS_SECRET_ACCESS_KEY"), "one");
    assert_int_equal(s.document.loose.count, 0);
    assert_int_equal(s.document.launches[0].lists[DOCUMENT_DEFAULTS].items[1].value_origin.line, 3);
    assert_int_equal(s.document.launches[0].lists[DOCUMENT_DEFAULTS].items[1].value_origin.column,
                     28);
    bench_free(&s);
}

static void what_no_launch_reads_is_loose(void **state) {
    (void)state;
    struct bench s = bench_read(
        "[{\"Classification\": \"hive-site\", \"Properties\":"
        " {\"javax.jdo.option.ConnectionPassword\": \"pw\"}},\n"
        " {\"Classification\": \"hadoop-env\", \"Properties\": {}, \"Configurations\": [\n"
        "  {\"Classification\": \"export\", \"Properties\": {\"TOKEN\": \"t\"}}]},\n"
        " {\"Classification\": \"livy-conf\", \"Properties\": {\"livy.keystore.password\": "
        "\"k\"}}]");
    assert_string_equal(bench_loose(&s, "javax.jdo.option.ConnectionPassword"), "pw");
    assert_string_equal(bench_loose(&s, "TOKEN"), "t");
    assert_string_equal(bench_loose(&s, "livy.keystore.password"), "k");
    assert_int_equal(s.document.launches[0].lists[DOCUMENT_ENVIRONMENT].count, 0);
    assert_null(bench_get(&s, 0, DOCUMENT_HADOOP, "javax.jdo.option.ConnectionPassword"));
    bench_free(&s);
}

static const char job_flow[] =
    "{\n"
    "  \"Name\": \"nightly\", \"ReleaseLabel\": \"emr-7.1.0\",\n"
    "  \"Configurations\": [{\"Classification\": \"spark-defaults\", \"Properties\": {\n"
    "    \"spark.authenticate\": \"true\", \"spark.ui.enabled\": \"true\"}}],\n"
    "  \"Instances\": {\"InstanceGroups\": [\n"
    "    {\"InstanceRole\": \"MASTER\", \"InstanceType\": \"m5.xlarge\", \"Configurations\": [\n"
    "      {\"Classification\": \"spark-defaults\", \"Properties\": {\"spark.ui.enabled\": "
    "\"no\"}}]},\n"
    "    {\"InstanceRole\": \"CORE\", \"InstanceType\": \"m5.xlarge\", \"Configurations\": [\n"
    "      {\"Classification\": \"spark-defaults\", \"Properties\": {\"spark.core\": \"1\"}}]}]},\n"
    "  \"Steps\": [\n"
    "    {\"Name\": \"etl\", \"ActionOnFailure\": \"CONTINUE\", \"HadoopJarStep\": {\n"
    "      \"Jar\": \"command-runner.jar\",\n"
    "      \"Args\": [\"spark-submit\", \"--deploy-mode\", \"cluster\",\n"
    "               \"--conf\", \"spark.authenticate=false\", \"s3://b/etl.py\", \"--day\", 3]}},\n"
    "    {\"Name\": \"copy\", \"HadoopJarStep\": {\"Jar\": \"command-runner.jar\",\n"
    "      \"Args\": [\"s3-dist-cp\", \"--src\", \"x\"]}},\n"
    "    {\"Name\": \"jar\", \"HadoopJarStep\": {\"Jar\": \"s3://b/own.jar\",\n"
    "      \"Args\": [\"spark-submit\", \"x\"]}}]\n"
    "}\n";

static void a_step_has_its_clusters_settings_as_defaults(void **state) {
    (void)state;
    struct bench s = bench_read(job_flow);
    assert_int_equal(s.document.launch_count, 2);
    assert_string_equal(s.document.launches[0].title, "EMR step etl");
    assert_string_equal(bench_words(&s, 0), "spark-submit --deploy-mode cluster --conf "
                                            "spark.authenticate=false s3://b/etl.py --day 3");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "release"), "emr-7.1.0");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "spark-version"), "3.5");
    struct effective conf = bench_resolve(&s, 0);
    const struct setting *auth = effective_find(&conf, "spark.authenticate");
    assert_int_equal(conf.master, MASTER_YARN);
    assert_string_equal(auth->value, "false");
    assert_int_equal(auth->value_origin.line, 14);
    assert_int_equal(auth->value_origin.column, 46);
    assert_string_equal(auth->overridden->value, "true");
    assert_int_equal(auth->overridden->value_origin.line, 4);
    assert_string_equal(effective_find(&conf, "spark.ui.enabled")->value, "no");
    assert_null(effective_find(&conf, "spark.core"));
    bench_free(&s);
}

static void a_group_that_runs_no_step_stands_alone(void **state) {
    (void)state;
    struct bench s = bench_read(job_flow);
    assert_string_equal(s.document.launches[1].title, "EMR configurations");
    assert_string_equal(bench_get(&s, 1, DOCUMENT_DEFAULTS, "spark.core"), "1");
    assert_null(bench_get(&s, 1, DOCUMENT_DEFAULTS, "spark.authenticate"));
    bench_free(&s);
}

static void a_step_of_type_spark_is_submitted(void **state) {
    (void)state;
    struct bench s = bench_read(
        "[{\"Type\": \"Spark\", \"Name\": \"p\", \"ActionOnFailure\": \"CONTINUE\",\n"
        "  \"Args\": [\"--class\", \"a.B\", \"s3://b/a.jar\"]},\n"
        " {\"Type\": \"CUSTOM_JAR\", \"Jar\": \"command-runner.jar\", \"ActionOnFailure\": \"C\",\n"
        "  \"Args\": [\"/usr/bin/spark-submit\", \"x.py\"]},\n"
        " {\"Type\": \"HIVE\", \"ActionOnFailure\": \"C\", \"Args\": [\"-f\", \"x.q\"]}]");
    assert_int_equal(s.document.launch_count, 2);
    assert_string_equal(bench_words(&s, 0), "spark-submit --class a.B s3://b/a.jar");
    assert_string_equal(bench_words(&s, 1), "/usr/bin/spark-submit x.py");
    bench_free(&s);
}

static void a_script_in_a_step_is_followed(void **state) {
    (void)state;
    struct bench s =
        bench_read("{\"Configurations\": [{\"Classification\": \"spark-defaults\",\n"
                   "   \"Properties\": {\"spark.a\": \"1\"}}],\n"
                   " \"Steps\": [{\"HadoopJarStep\": {\"Jar\": \"command-runner.jar\", \"Args\":\n"
                   "  [\"bash\", \"-c\", \"aws s3 cp s3://b/x . && spark-submit --conf 'spark.b=2' "
                   "x.py\"]}}]}");
    assert_int_equal(s.document.launch_count, 1);
    assert_string_equal(bench_words(&s, 0), "spark-submit --conf spark.b=2 x.py");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_DEFAULTS, "spark.a"), "1");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "platform"), "emr");
    bench_free(&s);
}

static void a_job_on_eks_is_split_as_a_shell_does(void **state) {
    (void)state;
    struct bench s = bench_read(
        "{\"name\": \"pi\", \"releaseLabel\": \"emr-6.15.0-latest\", \"virtualClusterId\": \"v\",\n"
        " \"jobDriver\": {\"sparkSubmitJobDriver\": {\"entryPoint\": \"s3://b/pi.py\",\n"
        "  \"entryPointArguments\": [\"10\"],\n"
        "  \"sparkSubmitParameters\": \"--conf spark.a=1 --conf \\\"spark.b=x y\\\""
        " --conf spark.c=z\"}},\n"
        " \"configurationOverrides\": {\"applicationConfiguration\": [\n"
        "  {\"classification\": \"spark-defaults\", \"properties\": {\"spark.a\": \"0\"}},\n"
        "  {\"classification\": \"emr-job-submitter\", \"properties\": {\"jobsubmitter.k\": "
        "\"v\"}}],\n"
        "  \"monitoringConfiguration\": {}}}");
    assert_int_equal(s.document.launch_count, 1);
    assert_string_equal(s.document.launches[0].title, "EMR on EKS job pi");
    assert_string_equal(
        bench_words(&s, 0),
        "spark-submit --conf spark.a=1 --conf spark.b=x y --conf spark.c=z s3://b/pi.py 10");
    const struct document_word *word = &s.document.launches[0].words[6];
    const char *there = bench_at(s.text, &word->origin);
    assert_memory_equal(there, "spark.c=z", 9);
    assert_string_equal(bench_effective(&s, 0, "spark.a"), "1");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "spark-version"), "3.4");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "platform"), "emr-eks");
    assert_int_equal(bench_resolve(&s, 0).master, MASTER_KUBERNETES);
    assert_string_equal(bench_loose(&s, "jobsubmitter.k"), "v");
    bench_free(&s);
}

static void a_sql_job_is_given_its_file(void **state) {
    (void)state;
    struct bench s = bench_read("jobDriver:\n  sparkSqlJobDriver:\n    entryPoint: s3://b/q.sql\n"
                                "    sparkSqlParameters: --conf spark.a=1 --hivevar x=y\n");
    assert_string_equal(bench_words(&s, 0), "spark-sql --conf spark.a=1 --hivevar x=y -f "
                                            "s3://b/q.sql");
    bench_free(&s);
}

static void a_serverless_job_has_a_master_that_is_not_told(void **state) {
    (void)state;
    struct bench s = bench_read(
        "{\"applicationId\": \"a\", \"jobDriver\": {\"sparkSubmit\": {\"entryPoint\": "
        "\"s3://b/x.py\",\n"
        "  \"sparkSubmitParameters\": \"--conf spark.emr-serverless.driverEnv.PASSWORD=pw\"}}}");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "platform"), "emr-serverless");
    assert_int_equal(bench_resolve(&s, 0).master, MASTER_UNTOLD);
    assert_string_equal(bench_effective(&s, 0, "spark.emr-serverless.driverEnv.PASSWORD"), "pw");
    bench_free(&s);
}

static void a_serverless_application_has_settings_of_its_own(void **state) {
    (void)state;
    struct bench s = bench_read(
        "{\"releaseLabel\": \"emr-7.0.0\", \"runtimeConfiguration\": [{\"classification\":"
        " \"spark-defaults\", \"properties\": {\"spark.a\": \"1\"}}]}");
    assert_string_equal(s.document.launches[0].title, "EMR Serverless application");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_DEFAULTS, "spark.a"), "1");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "spark-version"), "3.5");
    bench_free(&s);
}

static void a_release_that_is_not_known_tells_no_version(void **state) {
    (void)state;
    struct bench s = bench_read("{\"ReleaseLabel\": \"emr-5.36.0\", \"Instances\": {}}");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "release"), "emr-5.36.0");
    assert_null(bench_get(&s, 0, DOCUMENT_FACTS, "spark-version"));
    bench_free(&s);
}

static void a_security_configuration_is_flat_for_rules(void **state) {
    (void)state;
    struct bench s =
        bench_read("{\"EncryptionConfiguration\": {\"EnableInTransitEncryption\": false,\n"
                   "  \"EnableAtRestEncryption\": true, \"AtRestEncryptionConfiguration\": {\n"
                   "   \"S3EncryptionConfiguration\": {\"EncryptionMode\": \"SSE-S3\"}}},\n"
                   " \"AuthenticationConfiguration\": {\"KerberosConfiguration\":"
                   " {\"Provider\": \"ClusterDedicatedKdc\"}}}");
    assert_int_equal(s.document.launch_count, 0);
    assert_string_equal(bench_loose(&s, "emr.security.EnableInTransitEncryption"), "false");
    assert_string_equal(bench_loose(&s, "emr.security.AtRestEncryptionConfiguration."
                                        "S3EncryptionConfiguration.EncryptionMode"),
                        "SSE-S3");
    assert_string_equal(bench_loose(&s, "emr.security.KerberosConfiguration.Provider"),
                        "ClusterDedicatedKdc");
    bench_free(&s);
}

static void an_encryption_configuration_of_another_service_is_none(void **state) {
    (void)state;
    struct bench s = bench_read("{\"StartAt\": \"A\", \"EncryptionConfiguration\":"
                                " {\"KmsKeyId\": \"k\", \"Type\": \"CUSTOMER_MANAGED_KMS_KEY\"}}");
    assert_int_equal(s.document.loose.count, 0);
    bench_free(&s);
}

static void kerberos_passwords_beside_a_cluster_are_loose(void **state) {
    (void)state;
    struct bench s = bench_read("{\"ReleaseLabel\": \"emr-7.0.0\", \"Instances\": {},\n"
                                " \"KerberosAttributes\": {\"KdcAdminPassword\": \"pw\"}}");
    assert_string_equal(bench_loose(&s, "KdcAdminPassword"), "pw");
    bench_free(&s);
}

static void a_truncated_job_flow_is_read_or_refused(void **state) {
    (void)state;
    bench_truncate(job_flow);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classifications_go_to_the_files_that_spark_reads),
        cmocka_unit_test(what_no_launch_reads_is_loose),
        cmocka_unit_test(a_step_has_its_clusters_settings_as_defaults),
        cmocka_unit_test(a_group_that_runs_no_step_stands_alone),
        cmocka_unit_test(a_step_of_type_spark_is_submitted),
        cmocka_unit_test(a_script_in_a_step_is_followed),
        cmocka_unit_test(a_job_on_eks_is_split_as_a_shell_does),
        cmocka_unit_test(a_sql_job_is_given_its_file),
        cmocka_unit_test(a_serverless_job_has_a_master_that_is_not_told),
        cmocka_unit_test(a_serverless_application_has_settings_of_its_own),
        cmocka_unit_test(a_release_that_is_not_known_tells_no_version),
        cmocka_unit_test(a_security_configuration_is_flat_for_rules),
        cmocka_unit_test(an_encryption_configuration_of_another_service_is_none),
        cmocka_unit_test(kerberos_passwords_beside_a_cluster_are_loose),
        cmocka_unit_test(a_truncated_job_flow_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
