#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/rules/rule_test.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/file.h"
#include "sidecar/base/text.h"
#include "tests/unit/rule_fixture.h"

#define CANARY "can4ry/Wvalue+of0the7tests"

/* What a cluster needs, so that a test can break one line of it. */
#define SAFE                                                                                       \
    "spark.authenticate true\nspark.network.crypto.enabled true\n"                                 \
    "spark.network.crypto.saslFallback false\nspark.io.encryption.enabled true\n"                  \
    "spark.ssl.ui.enabled true\nspark.ui.filters org.example.SignIn\nspark.acls.enable true\n"

static void judge_by(struct fixture *f, const char *pack, const char *conf) {
    fixture_make(f);
    use_pack(f, pack);
    judge(f, conf);
}

/* Exactly these rules fire, one finding each; ids with blanks between. */
static void assert_fires(const char *pack, const char *conf, const char *ids) {
    struct fixture f;
    struct buffer found = buffer_make(LIMIT_LOG_LINE);
    judge_by(&f, pack, conf);
    for (size_t i = 0; i < f.found.count; i++)
        buffer_printf(&found, "%s%s", i > 0 ? " " : "", f.found.items[i].rule->id);
    buffer_text(&found, "");
    if (strcmp(found.data != NULL ? found.data : "", ids) != 0)
        fail_msg("\"%s\" gives \"%s\", not \"%s\"", conf, found.data, ids);
    for (size_t i = 0; i < f.found.count; i++) {
        assert_lacks(f.found.items[i].message, "can4ry");
        assert_lacks(f.found.items[i].fix, "can4ry");
        if (f.found.items[i].excerpt != NULL)
            assert_lacks(f.found.items[i].excerpt, "can4ry");
    }
    buffer_free(&found);
    fixture_free(&f);
}

static void every_example_of_every_rule_holds_and_notices(void **state) {
    (void)state;
    assert_int_equal(builtin_pack_count, 2);
    for (size_t i = 0; i < builtin_pack_count; i++)
        for (size_t j = 0; j < builtin_packs[i]->rule_count; j++) {
            struct arena arena = arena_make(LIMIT_ARENA_BYTES);
            struct error err;
            struct rule_test test;
            assert_int_equal(rule_test(&builtin_packs[i]->rules[j], &arena, &test, &err), 0);
            if (test.fault_count > 0)
                fail_msg("%s: %s", builtin_packs[i]->rules[j].id, test.faults[0].what);
            assert_true(test.examples >= 2 && test.mutants >= 2);
            arena_free(&arena);
        }
}

static void every_rule_says_all_that_a_report_needs(void **state) {
    (void)state;
    for (size_t i = 0; i < builtin_pack_count; i++)
        for (size_t j = 0; j < builtin_packs[i]->rule_count; j++) {
            const struct rule *rule = &builtin_packs[i]->rules[j];
            assert_true(strlen(rule->title) > 10);
            assert_true(strlen(rule->because) > 20);
            assert_true(rule->fix_count > 0 || rule->fix_text != NULL);
            assert_true(rule->ref_count > 0);
            assert_true(rule->line > 0 && rule->require->line > rule->line);
        }
    assert_non_null(pack_find("spark-production"));
    assert_null(pack_find("spark"));
}

static void the_default_pack_includes_the_baseline(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    use_pack(&f, RULE_DEFAULT_PACK);
    assert_non_null(rule_set_find(&f.set, "SPARK-AUTH-001"));
    assert_non_null(rule_set_find(&f.set, "PLAINTEXT-S3A-001"));
    fixture_free(&f);
}

static void each_network_rule_fires_on_a_cluster_alone(void **state) {
    (void)state;
    static const char *const masters[] = {"yarn", "spark://h:7077", "k8s://https://h:6443"};
    static const struct {
        const char *line, *ids;
    } rows[] = {
        {"", ""},
        {"spark.authenticate false\n", "SPARK-AUTH-001"},
        {"spark.network.crypto.enabled false\n", "SPARK-CRYPTO-001"},
        {"spark.network.crypto.saslFallback true\n", "SPARK-CRYPTO-002"},
        {"spark.ssl.ui.enabled false\n", "SPARK-TLS-001"},
        {"spark.acls.enable false\n", "SPARK-ACL-001"},
        {"spark.admin.acls ada,*\n", "SPARK-ACL-002"},
    };
    char conf[1024];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t j = 0; j < sizeof masters / sizeof masters[0]; j++) {
            (void)snprintf(conf, sizeof conf, SAFE "%sspark.master %s\n", rows[i].line, masters[j]);
            assert_fires("spark-production", conf, rows[i].ids);
        }
        (void)snprintf(conf, sizeof conf, SAFE "%s", rows[i].line);
        assert_fires("spark-production", conf, rows[i].ids);
        (void)snprintf(conf, sizeof conf, SAFE "%sspark.master local-cluster[2,1,512]\n",
                       rows[i].line);
        assert_fires("spark-production", conf, "");
    }
}

static void disk_and_event_log_count_on_one_host_too(void **state) {
    (void)state;
    static const char *const masters[] = {"local", "local[*]", "local-cluster[2,1,512]", "yarn"};
    char conf[1024];
    for (size_t i = 0; i < sizeof masters / sizeof masters[0]; i++) {
        (void)snprintf(conf, sizeof conf,
                       SAFE "spark.io.encryption.enabled false\nspark.master %s\n", masters[i]);
        assert_fires("spark-production", conf, "SPARK-DISK-001");
        (void)snprintf(conf, sizeof conf, SAFE "spark.eventLog.enabled true\nspark.master %s\n",
                       masters[i]);
        assert_fires("spark-production", conf, "SPARK-EVENTLOG-001");
    }
    assert_fires("spark-production", "spark.master local\n", "SPARK-DISK-001");
}

static void a_ui_that_is_off_needs_no_protection(void **state) {
    (void)state;
    assert_fires("spark-production",
                 "spark.authenticate true\nspark.network.crypto.enabled true\n"
                 "spark.network.crypto.saslFallback false\nspark.io.encryption.enabled true\n"
                 "spark.ui.enabled false\nspark.master spark://h:7077\n",
                 "");
}

static void the_filter_of_the_ui_is_yarn_s_own_on_yarn(void **state) {
    (void)state;
    assert_fires("spark-production", SAFE "spark.ui.filters =\nspark.master yarn\n", "");
    assert_fires("spark-production", SAFE "spark.ui.filters =\nspark.master k8s://https://h\n",
                 "SPARK-UI-001");
    assert_fires("spark-production", SAFE "spark.ui.filters =\n", "SPARK-UI-001");
}

static void an_empty_conf_is_an_unsafe_one(void **state) {
    (void)state;
    struct fixture f;
    judge_by(&f, "spark-production", "");
    assert_int_equal(rule_verdict(f.found.items, f.found.count), VERDICT_REFUSE);
    assert_non_null(find_finding(&f, "SPARK-AUTH-001"));
    fixture_free(&f);
    assert_fires("spark-baseline", "", "");
}

static void each_plaintext_setting_belongs_to_one_rule(void **state) {
    (void)state;
    static const struct {
        const char *key, *value, *id;
    } rows[] = {
        {"spark.hadoop.fs.s3a.access.key", CANARY, "PLAINTEXT-S3A-001"},
        {"spark.hadoop.fs.s3a.secret.key", CANARY, "PLAINTEXT-S3A-001"},
        {"spark.hadoop.fs.s3a.session.token", CANARY, "PLAINTEXT-S3A-001"},
        {"spark.hadoop.fs.s3a.bucket.lake.secret.key", CANARY, "PLAINTEXT-S3A-001"},
        {"spark.sql.catalog.lake.s3.secret-access-key", CANARY, "PLAINTEXT-S3A-001"},
        {"fs.s3a.secret.key", CANARY, "PLAINTEXT-S3A-001"},
        {"spark.hadoop.javax.jdo.option.ConnectionPassword", CANARY, "PLAINTEXT-JDBC-001"},
        {"spark.app.jdbc.password", CANARY, "PLAINTEXT-JDBC-001"},
        {"spark.app.source", "jdbc:postgresql://h/d?user=u&password=" CANARY, "PLAINTEXT-JDBC-001"},
        {"spark.mongodb.read.connection.uri", "mongodb://u:can4ryWvalueOf0@h/d",
         "PLAINTEXT-JDBC-001"},
        {"spark.ssl.keyStorePassword", CANARY, "PLAINTEXT-KEYSTORE-001"},
        {"spark.ssl.ui.keyPassword", CANARY, "PLAINTEXT-KEYSTORE-001"},
        {"spark.ssl.historyServer.trustStorePassword", CANARY, "PLAINTEXT-KEYSTORE-001"},
        {"spark.kafka.clusters.a.ssl.keystore.password", CANARY, "PLAINTEXT-KEYSTORE-001"},
        {"spark.authenticate.secret", CANARY, "PLAINTEXT-SPARK-001"},
        {"spark.connect.authenticate.token", CANARY, "PLAINTEXT-SPARK-001"},
        {"spark.remote", "sc://h:443/;use_ssl=true;token=" CANARY, "PLAINTEXT-SPARK-001"},
        {"spark.executorEnv.AWS_SECRET_ACCESS_KEY", CANARY, "PLAINTEXT-ENV-001"},
        {"spark.yarn.appMasterEnv.DB_PASSWORD", CANARY, "PLAINTEXT-ENV-001"},
        {"spark.kubernetes.driverEnv.DB_PASSWORD", CANARY, "PLAINTEXT-ENV-001"},
        {"spark.hadoop.fs.azure.account.key.acct.dfs.core.windows.net", CANARY,
         "PLAINTEXT-OTHER-001"},
        {"spark.sql.catalog.lake.credential", CANARY, "PLAINTEXT-OTHER-001"},
        {"spark.driver.extraJavaOptions", "-Xss1m -Dapp.db.password=" CANARY,
         "PLAINTEXT-OTHER-001"},
        {"spark.app.sasl.jaas.config",
         "Scram required username=\\\"u\\\" password=\\\"" CANARY "\\\";", "PLAINTEXT-OTHER-001"},
    };
    char conf[1024];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(conf, sizeof conf, "%s %s\n", rows[i].key, rows[i].value);
        assert_fires("spark-baseline", conf, rows[i].id);
    }
}

static void jvm_ports_are_seen_in_every_place_of_options(void **state) {
    (void)state;
#define JMX "-Dcom.sun.management.jmxremote."
    static const struct {
        const char *options, *id;
    } rows[] = {
        {JMX "port=9010", "JVM-JMX-001"},
        {JMX "port=9010 " JMX "authenticate=false " JMX "ssl=false", "JVM-JMX-001"},
        {JMX "port=9010 " JMX "authenticate=true " JMX "ssl=false", "JVM-JMX-001"},
        {JMX "port=9010 " JMX "authenticate=true", ""},
        {"-Dcom.sun.management.jmxremote", ""},
        {"-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=5005", "JVM-DEBUG-001"},
        {"-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005", "JVM-DEBUG-001"},
        {"-agentlib:jdwp=transport=dt_socket,server=y,address=0.0.0.0:5005", "JVM-DEBUG-001"},
        {"-Xdebug -Xrunjdwp:transport=dt_socket,server=y,address=8000", "JVM-DEBUG-001"},
        {"-agentlib:jdwp=transport=dt_socket,server=y,address=127.0.0.1:5005", ""},
        {"-agentlib:jdwp=transport=dt_socket,server=y,address=localhost:5005", ""},
        {"-Xss4m -XX:+UseG1GC -Dapp.name=x", ""},
    };
    static const char *const keys[] = {
        "spark.driver.extraJavaOptions", "spark.driver.defaultJavaOptions",
        "spark.executor.extraJavaOptions", "spark.executor.defaultJavaOptions",
        "spark.yarn.am.extraJavaOptions"};
    char conf[1024];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t j = 0; j < sizeof keys / sizeof keys[0]; j++) {
            (void)snprintf(conf, sizeof conf, "%s %s\n", keys[j], rows[i].options);
            assert_fires("spark-baseline", conf, rows[i].id);
        }
}

static void a_misspelt_security_key_is_a_finding(void **state) {
    (void)state;
    assert_fires("spark-baseline", "spark.authenticate.true\n", "SPARK-TYPO-001");
    assert_fires("spark-baseline", "spark.network.crypto.enable true\n", "SPARK-TYPO-001");
    assert_fires("spark-baseline", "spark.ui.acls.enable true\n", "SPARK-TYPO-001");
}

static void harmless_settings_give_no_finding(void **state) {
    (void)state;
    assert_fires("spark-baseline",
                 "spark.app.name etl\nspark.master yarn\nspark.executor.memory 4g\n"
                 "spark.executor.cores 2\nspark.sql.shuffle.partitions 200\n"
                 "spark.dynamicAllocation.enabled true\nspark.serializer "
                 "org.apache.spark.serializer.KryoSerializer\nspark.my.company.setting 1\n"
                 "spark.driver.extraJavaOptions -Xss4m -XX:+UseG1GC\n"
                 "spark.hadoop.fs.s3a.endpoint s3.eu-west-1.amazonaws.com\n"
                 "spark.hadoop.fs.s3a.aws.credentials.provider "
                 "com.amazonaws.auth.WebIdentityTokenCredentialsProvider\n"
                 "spark.sql.catalog.lake org.apache.iceberg.spark.SparkCatalog\n"
                 "spark.sql.catalog.lake.uri https://rest.example.org\n"
                 "spark.kubernetes.driver.secrets.db /etc/secrets\n"
                 "spark.kubernetes.driver.secretKeyRef.DB_PASSWORD db:password\n"
                 "spark.kubernetes.authenticate.driver.serviceAccountName spark\n"
                 "spark.ssl.ui.keyStore /etc/spark/ui.p12\n"
                 "spark.hadoop.hadoop.security.credential.provider.path jceks://file/etc/x.jceks\n"
                 "spark.eventLog.dir hdfs:///logs\nspark.eventLog.enabled true\n"
                 "spark.hadoop.javax.jdo.option.ConnectionURL jdbc:postgresql://h/hive?ssl=true\n"
                 "spark.executorEnv.TZ UTC\nspark.yarn.queue etl\n",
                 "");
}

static void judge_example(const char *name, const char *master) {
    struct buffer text = buffer_make(LIMIT_INPUT_BYTES);
    struct error err;
    int fd = file_open(name, &err);
    if (fd < 0)
        fail_msg("%s: run from the root of the tree", name);
    assert_int_equal(file_read(fd, name, &text, &err), 0);
    buffer_printf(&text, "\n%s%s\n", master[0] != '\0' ? "spark.master " : "", master);
    assert_fires("spark-production", text.data, "");
    buffer_free(&text);
}

static void the_hardened_examples_pass_everywhere(void **state) {
    (void)state;
    static const char *const names[] = {"examples/spark-defaults-hardened.conf",
                                        "examples/spark-defaults-hardened-ui.conf"};
    static const char *const masters[] = {
        "",      "yarn",     "spark://h:7077",        "k8s://https://h:6443",
        "local", "local[4]", "local-cluster[2,1,512]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (size_t j = 0; j < sizeof masters / sizeof masters[0]; j++)
            judge_example(names[i], masters[j]);
}

/* The text of a compiled pack and of its source say the same. */
static void what_is_compiled_in_is_what_stands_in_the_source(void **state) {
    (void)state;
    for (size_t i = 0; i < builtin_pack_count; i++) {
        char path[128];
        struct fixture f;
        struct buffer text = buffer_make(LIMIT_PACK_BYTES);
        fixture_make(&f);
        (void)snprintf(path, sizeof path, "policy/data/packs/%s.yaml", builtin_packs[i]->name);
        int fd = file_open(path, &f.err);
        if (fd < 0)
            fail_msg("%s: run from the root of the tree", path);
        assert_int_equal(file_read(fd, path, &text, &f.err), 0);
        assert_int_equal(load_bytes(&f, text.data, text.length), 0);
        assert_int_equal(f.pack.rule_count, builtin_packs[i]->rule_count);
        for (size_t j = 0; j < f.pack.rule_count; j++) {
            const struct rule *source = &f.pack.rules[j], *rule = &builtin_packs[i]->rules[j];
            assert_string_equal(source->id, rule->id);
            assert_string_equal(source->because, rule->because);
            assert_int_equal(source->severity, rule->severity);
            assert_int_equal(source->require->op, rule->require->op);
            assert_int_equal(source->pass_count, rule->pass_count);
            assert_int_equal(source->fail_count, rule->fail_count);
        }
        buffer_free(&text);
        fixture_free(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_of_every_rule_holds_and_notices),
        cmocka_unit_test(every_rule_says_all_that_a_report_needs),
        cmocka_unit_test(the_default_pack_includes_the_baseline),
        cmocka_unit_test(each_network_rule_fires_on_a_cluster_alone),
        cmocka_unit_test(disk_and_event_log_count_on_one_host_too),
        cmocka_unit_test(a_ui_that_is_off_needs_no_protection),
        cmocka_unit_test(the_filter_of_the_ui_is_yarn_s_own_on_yarn),
        cmocka_unit_test(an_empty_conf_is_an_unsafe_one),
        cmocka_unit_test(each_plaintext_setting_belongs_to_one_rule),
        cmocka_unit_test(jvm_ports_are_seen_in_every_place_of_options),
        cmocka_unit_test(a_misspelt_security_key_is_a_finding),
        cmocka_unit_test(harmless_settings_give_no_finding),
        cmocka_unit_test(the_hardened_examples_pass_everywhere),
        cmocka_unit_test(what_is_compiled_in_is_what_stands_in_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
