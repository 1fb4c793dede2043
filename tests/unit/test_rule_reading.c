#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/rule_truth.h"

static void a_key_says_what_its_own_reader_hears(void **state) {
    (void)state;
    static const struct row rows[] = {
        /* An older name, which the key itself overrides. */
        {"{spark.executor.memoryOverhead: {like: [\"512*\"]}}",
         "spark.yarn.executor.memoryOverhead 512m\n", TRUTH_TRUE},
        {"{spark.executor.memoryOverhead: {like: [\"512*\"]}}",
         "spark.yarn.executor.memoryOverhead 512m\nspark.executor.memoryOverhead 1g\n",
         TRUTH_FALSE},
        {"{spark.executor.memoryOverhead: {present: true}}",
         "spark.yarn.executor.memoryOverhead 512m\n", TRUTH_TRUE},
        /* The key that is read in its place. */
        {"{spark.authenticate.secret.driver.file: /s}", "spark.authenticate.secret.file /s\n",
         TRUTH_TRUE},
        {"{spark.authenticate.secret.driver.file: {absent: true}}",
         "spark.authenticate.secret.file /s\n", TRUTH_FALSE},
        /* TLS: from spark.ssl, if that is on; nothing of what is off. */
        {"{spark.ssl.ui.enabled: true}", "spark.ssl.enabled true\n", TRUTH_TRUE},
        {"{spark.ssl.ui.enabled: true}", "spark.ssl.enabled true\nspark.ssl.ui.enabled false\n",
         TRUTH_FALSE},
        {"{spark.ssl.rpc.enabled: true}", "spark.ssl.enabled true\n", TRUTH_FALSE},
        {"{spark.ssl.ui.keyStore: /k}", "spark.ssl.enabled true\nspark.ssl.keyStore /k\n",
         TRUTH_TRUE},
        {"{spark.ssl.ui.keyStore: /k}", "spark.ssl.ui.enabled true\nspark.ssl.keyStore /k\n",
         TRUTH_FALSE},
        {"{spark.ssl.ui.keyStore: {present: true}}", "spark.ssl.ui.keyStore /k\n", TRUTH_FALSE},
        {"{spark.ssl.ui.keyStore: {present: true}}",
         "spark.ssl.ui.enabled {{ ui }}\nspark.ssl.ui.keyStore /k\n", TRUTH_UNKNOWN},
        /* ${…}, where the reader resolves it. */
        {"{spark.authenticate: true}", "spark.authenticate ${spark.my.auth}\nspark.my.auth true\n",
         TRUTH_TRUE},
        {"{spark.authenticate: true}", "spark.authenticate ${spark.my.auth}\nspark.my.auth no\n",
         TRUTH_FALSE},
        {"{spark.authenticate: true}",
         "spark.authenticate ${spark.my.auth}\nspark.my.auth {{ auth }}\n", TRUTH_UNKNOWN},
        {"{spark.authenticate: true}", "spark.authenticate ${AUTH}\n", TRUTH_UNKNOWN},
        /* What Spark puts in front. */
        {"{spark.driver.extraJavaOptions: {jvm-without: [-agent*]}}",
         "spark.driver.defaultJavaOptions -agentlib:x\nspark.driver.extraJavaOptions -Xss1m\n",
         TRUTH_FALSE},
        {"{spark.executor.extraJavaOptions: {jvm-without: [-agent*]}}",
         "spark.executor.defaultJavaOptions -agentlib:x\n", TRUTH_FALSE},
        {"{spark.executor.extraJavaOptions: {jvm-without: [-agent*]}}",
         "spark.driver.defaultJavaOptions -agentlib:x\n", TRUTH_TRUE},
        /* Hadoop takes the default for what is no boolean. */
        {"{spark.hadoop.fs.s3a.connection.ssl.enabled: true}",
         "spark.hadoop.fs.s3a.connection.ssl.enabled off\n", TRUTH_TRUE},
        {"{spark.hadoop.fs.s3a.connection.ssl.enabled: true}",
         "spark.hadoop.fs.s3a.connection.ssl.enabled False\n", TRUTH_FALSE},
    };
    ASSERT_ROWS(rows);
}

/* Whether a rule can be told over that value, and whether it is the one or the other. */
static char letter_of(const char *key, const char *value) {
    char yes[128], no[128], conf[128];
    (void)snprintf(yes, sizeof yes, "{%s: true}", key);
    (void)snprintf(no, sizeof no, "{%s: false}", key);
    (void)snprintf(conf, sizeof conf, "%s=%s\n", key, value);
    enum truth is_true = truth_of(yes, conf), is_false = truth_of(no, conf);
    assert_true(is_true != TRUTH_TRUE || is_false != TRUTH_TRUE);
    return is_true == TRUTH_TRUE      ? 't'
           : is_false == TRUTH_TRUE   ? 'f'
           : is_true == TRUTH_UNKNOWN ? 'u'
                                      : 'i';
}

static void each_reader_has_its_own_idea_of_a_boolean(void **state) {
    (void)state;
    static const char *const values[] = {"true", "TRUE", "true\\t",  "false",   "False",   "yes",
                                         "1",    "",     "${env:X}", "{{ x }}", "false\\t"};
    static const struct {
        const char *key, *letters; /* by value: true, false, invalid, unknown */
    } rows[] = {
        {"spark.authenticate", "tttffiiiuuf"},
        {"spark.ssl.ui.enabled", "tttffiiiiuf"},
        {"spark.network.crypto.enabled", "tttffffffuf"},
        {"spark.hadoop.fs.s3a.connection.ssl.enabled", "tttfftttuuf"},
        {"spark.hadoop.hadoop.security.authorization", "tttfffffuuf"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++)
            if (letter_of(rows[i].key, values[j]) != rows[i].letters[j])
                fail_msg("%s=\"%s\" is %c, not %c", rows[i].key, values[j],
                         letter_of(rows[i].key, values[j]), rows[i].letters[j]);
}

/* Truth of a rule over each catalog, or bucket. */
static enum truth truth_of_each(const char *each, const char *require, const char *conf) {
    char text[1024];
    struct fixture f;
    (void)snprintf(text, sizeof text, RULE_HEAD "  each: %s\n  require: %s\n" RULE_TAIL, each,
                   require);
    fixture_make(&f);
    load_rules(&f, text);
    read_conf(&f, conf);
    enum truth truth = truth_of_rule(&f);
    fixture_free(&f);
    return truth;
}

static void a_star_stands_for_each_name_that_is_there(void **state) {
    (void)state;
#define CATALOGS "spark.sql.catalog.*"
#define BUCKETS  "spark.hadoop.fs.s3a.bucket.*"
    static const struct {
        const char *each, *require, *conf;
        enum truth truth;
    } rows[] = {
        {CATALOGS, "{" CATALOGS ".uri: {unlike: [\"http:*\"]}}", "", TRUTH_TRUE},
        {CATALOGS, "{" CATALOGS ".uri: {unlike: [\"http:*\"]}}",
         "spark.sql.catalog.a.uri https://x\nspark.sql.catalog.b.uri http://x\n", TRUTH_FALSE},
        {CATALOGS, "{" CATALOGS ".uri: {unlike: [\"http:*\"]}}",
         "spark.sql.catalog.a.uri https://x\nspark.sql.catalog.b.uri {{ b }}\n", TRUTH_UNKNOWN},
        /* The keys of a rule speak of the same name. */
        {CATALOGS,
         "{any: [{not: {" CATALOGS ".type: rest}}, {" CATALOGS ".uri: {like: [\"https:*\"]}}]}",
         "spark.sql.catalog.a.type rest\nspark.sql.catalog.a.uri https://x\n"
         "spark.sql.catalog.b.type hive\nspark.sql.catalog.b.uri thrift://x\n",
         TRUTH_TRUE},
        {CATALOGS,
         "{any: [{not: {" CATALOGS ".type: rest}}, {" CATALOGS ".uri: {like: [\"https:*\"]}}]}",
         "spark.sql.catalog.a.type rest\n", TRUTH_FALSE},
        /* What stands deeper is another key. */
        {CATALOGS, "{" CATALOGS ".uri: {absent: true}}", "spark.sql.catalog.a.b.uri x\n",
         TRUTH_TRUE},
        {CATALOGS, "{" CATALOGS ": {unlike: [\"x*\"]}}", "spark.sql.catalog.a xy\n", TRUTH_FALSE},
        /* Buckets have dots in their names, Hadoop's types, and fall back on all. */
        {BUCKETS, "{" BUCKETS ".connection.ssl.enabled: true}",
         "spark.hadoop.fs.s3a.bucket.my.logs.connection.ssl.enabled False\n", TRUTH_FALSE},
        {BUCKETS, "{" BUCKETS ".connection.ssl.enabled: true}",
         "spark.hadoop.fs.s3a.bucket.my.logs.connection.ssl.enabled yes\n", TRUTH_TRUE},
        {BUCKETS,
         "{" BUCKETS ".endpoint: {present: true}, " BUCKETS ".connection.ssl.enabled: true}",
         "spark.hadoop.fs.s3a.bucket.b.endpoint h\nspark.hadoop.fs.s3a.connection.ssl.enabled "
         "false\n",
         TRUTH_FALSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (truth_of_each(rows[i].each, rows[i].require, rows[i].conf) != rows[i].truth)
            fail_msg("%s over \"%s\"", rows[i].require, rows[i].conf);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_says_what_its_own_reader_hears),
        cmocka_unit_test(each_reader_has_its_own_idea_of_a_boolean),
        cmocka_unit_test(a_star_stands_for_each_name_that_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
