#include "tests/unit/platform_fixture.h"

static void a_state_that_adds_a_step_is_a_step(void **state) {
    (void)state;
    struct bench s = bench_read(
        "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Task\",\n"
        " \"Resource\": \"arn:aws:states:::elasticmapreduce:addStep.sync\",\n"
        " \"Parameters\": {\"ClusterId.$\": \"$.id\", \"Step\": {\"Name\": \"x\",\n"
        "  \"ActionOnFailure\": \"CONTINUE\", \"HadoopJarStep\": {\"Jar\": "
        "\"command-runner.jar\",\n"
        "   \"Args\": [\"spark-submit\", \"--conf\", \"spark.a=${Value}\", \"x.py\"]}}},\n"
        " \"End\": true}}}");
    assert_int_equal(s.document.launch_count, 1);
    assert_string_equal(bench_words(&s, 0), "spark-submit --conf spark.a=<${Value}> x.py");
    bench_free(&s);
}

static void arguments_of_run_time_are_unknown_one_by_one(void **state) {
    (void)state;
    struct bench s =
        bench_read("{\"StartAt\": \"A\", \"States\": {\"A\": {\"Parameters\": {\"Step\": {\n"
                   "  \"HadoopJarStep\": {\"Jar\": \"command-runner.jar\",\n"
                   "   \"Args.$\": \"States.Array('spark-submit', '--conf', 'spark.a=1', $.file,"
                   " States.Format('{}, {}', $.x, 'y'))\"}}}}}}");
    assert_string_equal(bench_words(&s, 0), "spark-submit --conf spark.a=1 <$.file> "
                                            "<States.Format('{}, {}', $.x, 'y')>");
    const struct origin *place = &s.document.launches[0].words[2].origin;
    assert_memory_equal(bench_at(s.text, place), "spark.a=1", 9);
    assert_null(s.document.launches[0].open);
    bench_free(&s);
}

static void arguments_that_are_one_path_open_the_launch(void **state) {
    (void)state;
    struct bench s = bench_read(
        "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Parameters\": {\"Step\": {\n"
        "  \"HadoopJarStep\": {\"Jar\": \"command-runner.jar\", \"Args.$\": \"$.args\"}}}}}}");
    assert_int_equal(s.document.launch_count, 1);
    assert_int_equal(s.document.launches[0].word_count, 0);
    assert_non_null(s.document.launches[0].open);
    assert_int_equal(s.document.launches[0].open->line, 2);
    bench_free(&s);
}

static void a_job_run_in_a_state_is_a_job_run(void **state) {
    (void)state;
    struct bench s = bench_read(
        "{\"StartAt\": \"A\", \"States\": {\"A\": {\n"
        " \"Resource\": \"arn:aws:states:::emr-containers:startJobRun.sync\",\n"
        " \"Parameters\": {\"ReleaseLabel\": \"emr-7.2.0-latest\", \"JobDriver\": {\n"
        "  \"SparkSubmitJobDriver\": {\"EntryPoint.$\": \"$.file\",\n"
        "   \"SparkSubmitParameters\": \"--conf spark.a=1\"}},\n"
        "  \"ConfigurationOverrides\": {\"ApplicationConfiguration\": [{\n"
        "   \"Classification\": \"spark-defaults\", \"Properties\": {\"spark.b.$\": "
        "\"$.b\"}}]}}},\n"
        " \"B\": {\"Resource\": \"arn:aws:states:::emr-serverless:startJobRun.sync\",\n"
        " \"Arguments\": {\"JobDriver\": {\"SparkSubmit\": {\"EntryPoint\": \"{% $f %}\",\n"
        "   \"EntryPointArguments\": [\"{% $x %}\"], \"SparkSubmitParameters.$\": \"$.p\"}}}}}}");
    assert_int_equal(s.document.launch_count, 2);
    assert_string_equal(bench_words(&s, 0), "spark-submit --conf spark.a=1 <${$.file}>");
    assert_true(unknown_in(bench_get(&s, 0, DOCUMENT_DEFAULTS, "spark.b")));
    assert_null(s.document.launches[0].open);
    assert_string_equal(bench_words(&s, 1), "spark-submit <{% $f %}> <{% $x %}>");
    assert_non_null(s.document.launches[1].open);
    bench_free(&s);
}

static const char stack[] = "AWSTemplateFormatVersion: '2010-09-09'\n"
                            "Resources:\n"
                            "  Lake:\n"
                            "    Type: AWS::EMR::Cluster\n"
                            "    Properties:\n"
                            "      Name: lake\n"
                            "      ReleaseLabel: emr-7.3.0\n"
                            "      Instances: {}\n"
                            "      Configurations:\n"
                            "        - Classification: spark-defaults\n"
                            "          ConfigurationProperties:\n"
                            "            spark.authenticate: \"true\"\n"
                            "            spark.hadoop.fs.s3a.secret.key: !Ref Secret\n"
                            "            spark.jars: !Sub \"s3://${Bucket}/a.jar\"\n"
                            "  Other:\n"
                            "    Type: AWS::EMR::Cluster\n"
                            "    Properties:\n"
                            "      Name: other\n"
                            "      ReleaseLabel: emr-6.12.0\n"
                            "      Instances: {}\n"
                            "  Job:\n"
                            "    Type: AWS::EMR::Step\n"
                            "    Properties:\n"
                            "      Name: job\n"
                            "      JobFlowId: !Ref Lake\n"
                            "      HadoopJarStep:\n"
                            "        Jar: command-runner.jar\n"
                            "        Args:\n"
                            "          - spark-submit\n"
                            "          - --name\n"
                            "          - !Ref Name\n"
                            "          - Fn::Join: ['', ['s3://', !Ref Bucket, '/x.py']]\n"
                            "  Lost:\n"
                            "    Type: AWS::EMR::Step\n"
                            "    Properties:\n"
                            "      JobFlowId: j-1\n"
                            "      HadoopJarStep:\n"
                            "        Jar: command-runner.jar\n"
                            "        Args: [spark-submit, x.py]\n";

static void a_step_of_a_stack_runs_on_the_cluster_that_it_names(void **state) {
    (void)state;
    struct bench s = bench_read(stack);
    assert_int_equal(s.document.launch_count, 3);
    assert_string_equal(bench_words(&s, 0),
                        "spark-submit --name <!Ref Name> s3://<!Ref Bucket>/x.py");
    assert_string_equal(bench_get(&s, 0, DOCUMENT_FACTS, "spark-version"), "3.5");
    assert_string_equal(bench_effective(&s, 0, "spark.authenticate"), "true");
    assert_true(unknown_in(bench_effective(&s, 0, "spark.hadoop.fs.s3a.secret.key")));
    const char *jars = bench_effective(&s, 0, "spark.jars");
    assert_memory_equal(jars, "s3://", 5);
    assert_string_equal(jars + strlen(jars) - 6, "/a.jar");
    assert_null(s.document.launches[0].open);
    bench_free(&s);
}

static void a_step_that_may_run_on_several_clusters_is_open(void **state) {
    (void)state;
    struct bench s = bench_read(stack);
    assert_string_equal(bench_words(&s, 1), "spark-submit x.py");
    assert_non_null(s.document.launches[1].open);
    assert_null(bench_get(&s, 1, DOCUMENT_FACTS, "release"));
    assert_string_equal(s.document.launches[2].title, "EMR cluster other");
    assert_string_equal(bench_get(&s, 2, DOCUMENT_FACTS, "spark-version"), "3.4");
    bench_free(&s);
}

static void a_state_machine_in_a_string_keeps_its_places(void **state) {
    (void)state;
    struct bench s = bench_read(
        "{\"Resources\": {\"M\": {\"Type\": \"AWS::StepFunctions::StateMachine\", \"Properties\": "
        "{\n"
        " \"DefinitionString\": {\"Fn::Sub\": \"{\\\"StartAt\\\": \\\"A\\\", \\\"States\\\": "
        "{\\\"A\\\":"
        " {\\\"Parameters\\\": {\\\"Step\\\": {\\\"HadoopJarStep\\\": {\\\"Jar\\\":"
        " \\\"command-runner.jar\\\", \\\"Args\\\": [\\\"spark-submit\\\", \\\"--conf\\\","
        " \\\"spark.password=pw-1\\\", \\\"s3://${Bucket}/x.py\\\"]}}}}}}\"}}}}}");
    assert_int_equal(s.document.launch_count, 1);
    assert_string_equal(bench_words(&s, 0),
                        "spark-submit --conf spark.password=pw-1 s3://<${Bucket}>/x.py");
    const struct document_word *word = &s.document.launches[0].words[2];
    assert_memory_equal(bench_at(s.text, &word->origin), "spark.password=pw-1", 19);
    assert_memory_equal(bench_at(s.text, &word->value_origin), "pw-1", 4);
    bench_free(&s);
}

static void a_state_machine_in_a_block_keeps_its_places(void **state) {
    (void)state;
    struct bench s =
        bench_read("Resources:\n"
                   "  M:\n"
                   "    Properties:\n"
                   "      DefinitionString: !Sub |\n"
                   "        {\"StartAt\": \"A\", \"States\": {\"A\": {\"Parameters\":\n"
                   "          {\"Step\": {\"HadoopJarStep\": {\n"
                   "            \"Args\": [\"spark-submit\",\n"
                   "              \"--conf\", \"spark.a=${A}b\", \"x.py\"]}}}}}}\n");
    assert_string_equal(bench_words(&s, 0), "spark-submit --conf spark.a=<${A}>b x.py");
    const struct document_word *word = &s.document.launches[0].words[2];
    assert_int_equal(word->origin.line, 8);
    assert_int_equal(word->origin.column, 26);
    bench_free(&s);
}

static void a_state_machine_of_joined_pieces_is_read(void **state) {
    (void)state;
    struct bench s = bench_read(
        "{\"Resources\": {\"M\": {\"Properties\": {\"DefinitionString\": {\"Fn::Join\": [\"\", [\n"
        " \"{\\\"StartAt\\\": \\\"A\\\", \\\"States\\\": {\\\"A\\\": {\\\"P\\\": "
        "{\\\"HadoopJarStep\\\":\",\n"
        " \"{\\\"Args\\\": [\\\"spark-submit\\\", \\\"\", {\"Ref\": \"File\"}, "
        "\"\\\"]}}}}}\"]]}}}}}");
    assert_string_equal(bench_words(&s, 0), "spark-submit <${File}>");
    bench_free(&s);
}

static void a_security_configuration_in_a_stack_is_read(void **state) {
    (void)state;
    struct bench s = bench_read(
        "Resources:\n  S:\n    Type: AWS::EMR::SecurityConfiguration\n    Properties:\n"
        "      SecurityConfiguration:\n        EncryptionConfiguration:\n"
        "          EnableInTransitEncryption: true\n"
        "  T:\n    Properties:\n      SecurityConfiguration: '{\"EncryptionConfiguration\":"
        " {\"EnableAtRestEncryption\": false}}'\n"
        "  U:\n    Properties:\n      SecurityConfiguration: !Ref S\n");
    assert_string_equal(bench_loose(&s, "emr.security.EnableInTransitEncryption"), "true");
    assert_string_equal(bench_loose(&s, "emr.security.EnableAtRestEncryption"), "false");
    assert_int_equal(s.document.note_count, 0);
    bench_free(&s);
}

static void a_held_document_that_is_none_is_said(void **state) {
    (void)state;
    struct bench s = bench_read("Resources:\n  M:\n    DefinitionString: '{\"a\": [}'\n");
    assert_int_equal(s.document.note_count, 1);
    assert_int_equal(s.document.notes[0].origin.line, 3);
    bench_free(&s);
}

static void a_truncated_stack_is_read_or_refused(void **state) {
    (void)state;
    bench_truncate(stack);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_that_adds_a_step_is_a_step),
        cmocka_unit_test(arguments_of_run_time_are_unknown_one_by_one),
        cmocka_unit_test(arguments_that_are_one_path_open_the_launch),
        cmocka_unit_test(a_job_run_in_a_state_is_a_job_run),
        cmocka_unit_test(a_step_of_a_stack_runs_on_the_cluster_that_it_names),
        cmocka_unit_test(a_step_that_may_run_on_several_clusters_is_open),
        cmocka_unit_test(a_state_machine_in_a_string_keeps_its_places),
        cmocka_unit_test(a_state_machine_in_a_block_keeps_its_places),
        cmocka_unit_test(a_state_machine_of_joined_pieces_is_read),
        cmocka_unit_test(a_security_configuration_in_a_stack_is_read),
        cmocka_unit_test(a_held_document_that_is_none_is_said),
        cmocka_unit_test(a_truncated_stack_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
