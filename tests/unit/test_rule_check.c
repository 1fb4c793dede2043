#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/rules/rule_test.h"
#include "tests/unit/rule_fixture.h"

static void judge_rule(struct fixture *f, const char *require, const char *conf) {
    char text[2048];
    (void)snprintf(text, sizeof text, RULE_HEAD "  require: %s\n" RULE_TAIL, require);
    load_rules(f, text);
    judge(f, conf);
}

static void a_finding_names_the_leaf_that_decides(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    judge_rule(&f, "{any: [{master: local}, {spark.acls.enable: true}, {spark.ui.enabled: false}]}",
               "spark.master yarn\nspark.acls.enable false\n");
    assert_int_equal(f.found.count, 1);
    const struct finding *finding = &f.found.items[0];
    assert_string_equal(finding->key, "spark.acls.enable");
    assert_int_equal(finding->origin.kind, ORIGIN_FILE);
    assert_string_equal(finding->origin.file, "t.conf");
    assert_int_equal(finding->origin.line, 2);
    assert_int_equal(finding->origin.column, 1);
    assert_int_equal(finding->truth, TRUTH_FALSE);
    assert_int_equal(finding->effect, EFFECT_REFUSE);
    assert_string_equal(finding->message, "spark.acls.enable is false; it must be true");
    assert_string_equal(finding->excerpt, "spark.acls.enable false");
    fixture_free(&f);
}

static void a_key_that_nobody_set_says_so_with_its_default(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    judge_rule(&f, "{not: {spark.ui.enabled: true}}", "spark.master yarn\n");
    const struct finding *finding = &f.found.items[0];
    assert_int_equal(finding->origin.kind, ORIGIN_UNSET);
    assert_string_equal(finding->origin.file, "t.conf");
    assert_null(finding->excerpt);
    assert_holds(finding->message, "spark.ui.enabled is not set (default of Spark 4.3: true)");
    assert_holds(finding->message, "it must not be true");
    fixture_free(&f);
}

static void a_message_tells_how_a_reader_takes_a_value(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    judge_rule(&f, "{spark.authenticate: true}", "spark.authenticate yes\n");
    assert_holds(f.found.items[0].message, "is yes, which Spark refuses to read as true or false");
    judge_rule(&f, "{spark.network.crypto.enabled: true}", "spark.network.crypto.enabled 1\n");
    assert_holds(f.found.items[0].message, "is 1, which its reader takes for false");
    judge_rule(&f, "{spark.authenticate: true}", "spark.authenticate ${env:A}\n");
    assert_holds(f.found.items[0].message, "spark.authenticate cannot be told here");
    judge_rule(&f, "{spark.authenticate: true, spark.acls.enable: true}", "");
    assert_holds(f.found.items[0].message, "likewise spark.acls.enable");
    judge_rule(&f, "{master: yarn}", "spark.master local\n");
    assert_string_equal(f.found.items[0].key, "spark.master");
    assert_holds(f.found.items[0].message, "the master must be yarn");
    fixture_free(&f);
}

static void a_message_tells_why_another_key_decides(void **state) {
    (void)state;
    static const struct {
        const char *require, *conf, *key, *message;
    } rows[] = {
        {"{spark.ssl.ui.enabled: true}", "spark.ssl.enabled false\n", "spark.ssl.enabled",
         "spark.ssl.enabled is false, from which spark.ssl.ui.enabled inherits; it must be true"},
        {"{spark.ssl.ui.keyStore: {present: true}}", "spark.ssl.enabled false\n",
         "spark.ssl.enabled",
         "spark.ssl.enabled is false, so that spark.ssl.ui.keyStore is not read; it must be set"},
        {"{spark.executor.memoryOverhead: {absent: true}}",
         "spark.yarn.executor.memoryOverhead 1g\n", "spark.yarn.executor.memoryOverhead",
         "spark.yarn.executor.memoryOverhead is 1g, the older name of "
         "spark.executor.memoryOverhead; it must not be set"},
        {"{spark.authenticate.secret.driver.file: {absent: true}}",
         "spark.authenticate.secret.file /s\n", "spark.authenticate.secret.file",
         "which is read where spark.authenticate.secret.driver.file is not set"},
        {"{spark.driver.extraJavaOptions: {jvm-without: [-agent*]}}",
         "spark.driver.defaultJavaOptions -agentlib:x\n", "spark.driver.defaultJavaOptions",
         "which stands in front of spark.driver.extraJavaOptions"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        fixture_make(&f);
        judge_rule(&f, rows[i].require, rows[i].conf);
        assert_int_equal(f.found.count, 1);
        assert_string_equal(f.found.items[0].key, rows[i].key);
        assert_holds(f.found.items[0].message, rows[i].message);
        assert_int_equal(f.found.items[0].origin.line, 1);
        fixture_free(&f);
    }
}

static void a_value_in_a_message_is_escaped_and_cut(void **state) {
    (void)state;
    char conf[512];
    size_t used = (size_t)snprintf(conf, sizeof conf, "spark.eventLog.dir /tmp/\\u001b[2J");
    for (int i = 0; i < 60; i++)
        used += (size_t)snprintf(conf + used, sizeof conf - used, "\xc3\xa9");
    struct fixture f;
    fixture_make(&f);
    judge_rule(&f, "{spark.eventLog.dir: {unlike: [/tmp/*]}}", conf);
    const char *message = f.found.items[0].message;
    assert_holds(message, "/tmp/\\x1b[2J");
    assert_holds(message, "\xc3\xa9…; it must not match");
    assert_lacks(message, "\x1b");
    assert_true(strlen(message) < 200);
    fixture_free(&f);
}

#define PLAINTEXT                                                                                  \
    "pack: t\ntitle: T\nrules:\n- id: PLAINTEXT-A\n  title: T\n  severity: high\n  owner: job\n"   \
    "  require: {no-plaintext: [\"*s3*\"]}\n" RULE_TAIL                                            \
    "- id: PLAINTEXT-B\n  title: T\n  severity: critical\n  owner: job\n"                          \
    "  require: {no-plaintext: [\"*\"], no-embedded-secret: [\"*\"]}\n" RULE_TAIL
#define CANARY "can4ry/Wvalue+of0the7tests"

static void each_offending_setting_has_one_finding(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    load_rules(&f, PLAINTEXT);
    judge(&f, "spark.hadoop.fs.s3a.secret.key " CANARY "\nspark.app.name x\n"
              "spark.app.client.secret " CANARY "\n"
              "spark.app.url jdbc:x://h/d?password=" CANARY "\n");
    assert_int_equal(f.found.count, 3);
    const struct finding *s3 = find_finding(&f, "PLAINTEXT-A");
    assert_string_equal(s3->key, "spark.hadoop.fs.s3a.secret.key");
    assert_int_equal(s3->origin.line, 1);
    assert_string_equal(s3->excerpt, "spark.hadoop.fs.s3a.secret.key (redacted)");
    assert_holds(find_finding(&f, "PLAINTEXT-B")->message, "plain text");
    for (size_t i = 0; i < f.found.count; i++) {
        assert_lacks(f.found.items[i].message, "can4ry");
        assert_lacks(f.found.items[i].excerpt, "can4ry");
        assert_lacks(f.found.items[i].fix, "can4ry");
    }
    fixture_free(&f);
}

static void a_secret_that_is_overridden_or_ignored_stands_there_all_the_same(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    load_rules(&f, PLAINTEXT);
    judge(&f, "spark.hadoop.fs.s3a.secret.key " CANARY "\nspark.hadoop.fs.s3a.secret.key =\n"
              "fs.s3a.secret.key " CANARY "\n");
    assert_int_equal(f.found.count, 2);
    assert_int_equal(f.found.items[0].origin.line, 1);
    assert_holds(f.found.items[0].message, "although another setting overrides it");
    assert_int_equal(f.found.items[1].origin.line, 3);
    fixture_free(&f);
}

static void a_placeholder_gives_way_to_a_violation(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    load_rules(&f, PLAINTEXT);
    judge(&f, "spark.hadoop.fs.s3a.secret.key {{ key }}\n");
    assert_int_equal(f.found.count, 1);
    assert_int_equal(f.found.items[0].truth, TRUTH_UNKNOWN);
    assert_int_equal(f.found.items[0].effect, EFFECT_WARN);
    assert_int_equal(rule_verdict(f.found.items, f.found.count), VERDICT_UNKNOWN);
    assert_holds(f.found.items[0].message, "filled in later");
    f.mode.strict_unknown = true;
    judge(&f, "spark.hadoop.fs.s3a.secret.key {{ key }}\n");
    assert_int_equal(f.found.items[0].effect, EFFECT_REFUSE);
    fixture_free(&f);
}

/* How many findings a rule has where the driver and another JVM have these options. */
static size_t count_beside(const char *require, const char *driver, const char *other,
                           unsigned jvms) {
    char text[2048];
    struct fixture f;
    fixture_make(&f);
    (void)snprintf(text, sizeof text, RULE_HEAD "  require: %s\n" RULE_TAIL, require);
    load_rules(&f, text);
    (void)snprintf(text, sizeof text, "spark.driver.extraJavaOptions %s\n", driver);
    read_conf(&f, text);
    const struct setting java = {.key = "SPARK_LAUNCHER_OPTS", .value = other};
    f.conf.java = &java;
    f.conf.java_jvms = &jvms;
    f.conf.java_count = 1;
    assert_int_equal(rule_check(&f.set, &f.conf, f.mode, &f.arena, &f.found, &f.err), 0);
    size_t count = f.found.count;
    fixture_free(&f);
    return count;
}

static void each_jvm_is_judged_by_its_own_options(void **state) {
    (void)state;
#define DRIVER(globs) "{spark.driver.extraJavaOptions: {jvm-without: [" globs "]}}"
#define CLOSED        "{any: [" DRIVER("-Dport") ", {not: " DRIVER("-Dhost") "}]}"
#define ZONE          "{not: " DRIVER("-Dzone") "}"
#define BOTH          "{all: [" ZONE ", " DRIVER("-Dport") "]}"
    static const struct {
        const char *require, *driver, *other;
        unsigned jvms;
        size_t count;
    } cases[] = {
        {CLOSED, "-Dport", "-Dhost", JVM_LAUNCHER, 1},
        {CLOSED, "-Dport", "-Dhost", JVM_SUBMIT | JVM_LAUNCHER, 1},
        {CLOSED, "-Dport", "-Dhost", JVM_DRIVER, 0},
        {CLOSED, "-Dhost", "-Dport", JVM_LAUNCHER, 1},
        {CLOSED, "-Dhost", "-Dport", JVM_SUBMIT, 1},
        {CLOSED, "-Xmx1g", "-Dport -Dhost", JVM_LAUNCHER, 0},
        {CLOSED, "-Dport -Dhost", "-Xmx1g", JVM_LAUNCHER, 0},
        {ZONE, "-Dzone", "-Xmx1g", JVM_LAUNCHER, 0},
        {ZONE, "-Xmx1g", "-Dzone", JVM_LAUNCHER, 1},
        {ZONE, "-Xmx1g", "-Dzone", JVM_DRIVER | JVM_LAUNCHER, 0},
        {BOTH, "-Dzone", "-Xmx1g", JVM_SUBMIT, 0},
        {BOTH, "-Dzone", "-Dport", JVM_SUBMIT, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (count_beside(cases[i].require, cases[i].driver, cases[i].other, cases[i].jvms) !=
            cases[i].count)
            fail_msg("case %zu", i);
}

static void a_near_miss_names_the_key_that_was_meant(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    load_rules(&f, RULE_HEAD "  require: {no-near-miss: security}\n" RULE_TAIL);
    judge(&f, "spark.authenticate.true\nspark.my.own true\nspark.executor.memory 1g\n");
    assert_int_equal(f.found.count, 1);
    assert_string_equal(f.found.items[0].key, "spark.authenticate.true");
    assert_holds(f.found.items[0].message, "spark.authenticate was probably meant");
    assert_holds(f.found.items[0].fix, "write spark.authenticate, or remove");
    fixture_free(&f);
}

static const struct origin somewhere = {
    .kind = ORIGIN_FILE, .file = "submit.sh", .line = 7, .column = 9};

static void judge_again(struct fixture *f) {
    assert_int_equal(rule_check(&f->set, &f->conf, f->mode, &f->arena, &f->found, &f->err), 0);
}

static void a_security_key_without_effect_is_found_and_no_other_one(void **state) {
    (void)state;
    struct fixture f;
    const struct setting dead[] = {
        {.key = "spark.authenticate", .value = "true", .origin = somewhere},
        {.key = "spark.sql.shuffle.partitions", .value = "8", .origin = somewhere}};
    fixture_make(&f);
    load_rules(&f, RULE_HEAD "  require: {no-ineffective: security}\n" RULE_TAIL);
    judge(&f, "spark.authenticate true\n");
    assert_int_equal(f.found.count, 0);
    f.conf.ineffective = dead;
    f.conf.ineffective_count = 2;
    judge_again(&f);
    assert_int_equal(f.found.count, 1);
    assert_int_equal(f.found.items[0].origin.line, 7);
    assert_holds(f.found.items[0].message, "without effect");
    fixture_free(&f);
}

static void effect_and_verdict_follow_truth_severity_and_mode(void **state) {
    (void)state;
    static const struct {
        const char *severity;
        bool warn, strict, open;
        enum effect effect;
        enum verdict verdict;
    } rows[] = {
        {"low", false, false, false, EFFECT_REFUSE, VERDICT_REFUSE},
        {"critical", false, false, false, EFFECT_REFUSE, VERDICT_REFUSE},
        {"critical", true, true, false, EFFECT_WARN, VERDICT_PASS},
        {"critical", false, false, true, EFFECT_WARN, VERDICT_UNKNOWN},
        {"critical", false, true, true, EFFECT_REFUSE, VERDICT_REFUSE},
        {"high", false, true, true, EFFECT_REFUSE, VERDICT_REFUSE},
        {"medium", false, true, true, EFFECT_WARN, VERDICT_UNKNOWN},
        {"critical", true, true, true, EFFECT_WARN, VERDICT_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        struct fixture f;
        fixture_make(&f);
        (void)snprintf(text, sizeof text,
                       "pack: t\ntitle: T\nrules:\n- id: T-1\n  title: T\n  severity: %s\n"
                       "  owner: job\n  require: {spark.authenticate: true}\n" RULE_TAIL,
                       rows[i].severity);
        load_rules(&f, text);
        f.mode = (struct check_mode){.warn = rows[i].warn, .strict_unknown = rows[i].strict};
        judge(&f, rows[i].open ? "spark.authenticate {{ a }}\n" : "spark.authenticate false\n");
        assert_int_equal(f.found.items[0].effect, rows[i].effect);
        assert_int_equal(rule_verdict(f.found.items, f.found.count), rows[i].verdict);
        fixture_free(&f);
    }
    assert_int_equal(rule_verdict(NULL, 0), VERDICT_PASS);
}

static void the_gravest_finding_comes_first(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    use_pack(&f, "spark-production");
    judge(&f, "spark.master yarn\nspark.eventLog.enabled true\nspark.ui.enabled {{ ui }}\n");
    for (size_t i = 1; i < f.found.count; i++) {
        const struct finding *before = &f.found.items[i - 1], *after = &f.found.items[i];
        assert_true(before->effect >= after->effect);
        if (before->effect == after->effect)
            assert_true(before->rule->severity >= after->rule->severity);
    }
    assert_true(f.found.count > 4);
    fixture_free(&f);
}

static void no_rules_never_pass(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    read_conf(&f, "");
    assert_int_equal(rule_check(&f.set, &f.conf, f.mode, &f.arena, &f.found, &f.err), -1);
    assert_int_equal(f.err.code, ERROR_POLICY);
    fixture_free(&f);
}

static void more_findings_than_there_may_be_are_an_error(void **state) {
    (void)state;
    size_t room = (LIMIT_FINDINGS + 8) * 48, used = 0;
    char *conf = malloc(room);
    assert_non_null(conf);
    for (int i = 0; i <= LIMIT_FINDINGS; i++)
        used += (size_t)snprintf(conf + used, room - used, "spark.app.k%d.secret x%07d-aZ\n", i, i);
    struct fixture f;
    fixture_make(&f);
    load_rules(&f, PLAINTEXT);
    read_conf(&f, conf);
    assert_int_equal(rule_check(&f.set, &f.conf, f.mode, &f.arena, &f.found, &f.err), -1);
    assert_int_equal(f.err.code, ERROR_INPUT);
    assert_holds(f.err.what, "4096 findings");
    fixture_free(&f);
    free(conf);
}

static void assert_fault(const char *rule, const char *what) {
    struct fixture f;
    struct rule_test test;
    char text[1024];
    fixture_make(&f);
    (void)snprintf(text, sizeof text, RULE_HEAD "%s  because: B\n  fix: F\n", rule);
    load_rules(&f, text);
    assert_int_equal(rule_test(&f.pack.rules[0], &f.arena, &test, &f.err), 0);
    if (what == NULL) {
        if (test.fault_count > 0)
            fail_msg("%s", test.faults[0].what);
        assert_true(test.examples > 0 && test.mutants > 0);
    } else {
        bool found = false;
        for (size_t i = 0; i < test.fault_count; i++)
            found = found || strstr(test.faults[i].what, what) != NULL;
        if (!found)
            fail_msg("no fault \"%s\" among %zu", what, test.fault_count);
    }
    fixture_free(&f);
}

static void examples_must_notice_every_leaf(void **state) {
    (void)state;
    assert_fault("  require: {spark.authenticate: true}\n"
                 "  examples: {pass: {spark.authenticate: \"true\"}, fail: {}}\n",
                 NULL);
    assert_fault("  require: {spark.authenticate: true}\n"
                 "  examples: {pass: {}, fail: {spark.authenticate: \"true\"}}\n",
                 "pass example 1 is violated");
    assert_fault("  require: {spark.authenticate: true}\n"
                 "  examples: {pass: {spark.authenticate: \"true\"}, fail: {spark.authenticate: "
                 "\"{{ x }}\"}}\n",
                 "fail example 1 cannot be told");
    assert_fault(
        "  require: {spark.authenticate: true, spark.acls.enable: true}\n  examples: {pass: "
        "{spark.authenticate: \"true\", spark.acls.enable: \"true\"}, fail: {}}\n",
        "when spark.authenticate is left out");
    assert_fault("  when: {not: {master: local}}\n  require: {spark.authenticate: true}\n"
                 "  examples: {pass: {spark.authenticate: \"true\"}, fail: {}}\n",
                 "when master is without local");
    assert_fault("  require: {spark.eventLog.dir: {unlike: [/a, /b]}}\n"
                 "  examples: {pass: {}, fail: {spark.eventLog.dir: /a}}\n",
                 "when spark.eventLog.dir is without /b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_names_the_leaf_that_decides),
        cmocka_unit_test(a_key_that_nobody_set_says_so_with_its_default),
        cmocka_unit_test(a_message_tells_how_a_reader_takes_a_value),
        cmocka_unit_test(a_message_tells_why_another_key_decides),
        cmocka_unit_test(a_value_in_a_message_is_escaped_and_cut),
        cmocka_unit_test(each_offending_setting_has_one_finding),
        cmocka_unit_test(a_secret_that_is_overridden_or_ignored_stands_there_all_the_same),
        cmocka_unit_test(a_placeholder_gives_way_to_a_violation),
        cmocka_unit_test(each_jvm_is_judged_by_its_own_options),
        cmocka_unit_test(a_near_miss_names_the_key_that_was_meant),
        cmocka_unit_test(a_security_key_without_effect_is_found_and_no_other_one),
        cmocka_unit_test(effect_and_verdict_follow_truth_severity_and_mode),
        cmocka_unit_test(the_gravest_finding_comes_first),
        cmocka_unit_test(no_rules_never_pass),
        cmocka_unit_test(more_findings_than_there_may_be_are_an_error),
        cmocka_unit_test(examples_must_notice_every_leaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
