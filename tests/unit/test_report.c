#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "policy/report/report.h"
#include "policy/report/report_policy.h"
#include "policy/rules/rule_hide.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/text.h"
#include "tests/unit/rule_fixture.h"

#define CANARY "can4ry/Wvalue+of0the7tests"

/* Every place where a value could slip through, and control characters. */
#define UNSAFE                                                                                     \
    "spark.master yarn\nspark.hadoop.fs.s3a.secret.key " CANARY "\n"                               \
    "spark.hadoop.fs.s3a.secret.key " CANARY "2\nfs.s3a.secret.key " CANARY "\n"                   \
    "spark.driver.extraJavaOptions -Dcom.sun.management.jmxremote.port=1 -Dx.password=" CANARY     \
    "\nspark.app.url jdbc:x://h/d?password=" CANARY "\nspark.authenticate.sercet " CANARY "\n"     \
    "spark.executorEnv.DB_PASSWORD " CANARY "\nspark.eventLog.enabled true\n"                      \
    "spark.eventLog.dir /tmp/\\u001b[31m\"x\\u0007\\\\\\u00e9\nspark.acls.enable {{ acls }}\n"

struct texts {
    struct fixture f;
    struct report report;
    struct buffer out;
};

static const char *const inputs[] = {"t.conf"};

static void make_report(struct texts *t, const char *conf) {
    fixture_make(&t->f);
    use_pack(&t->f, "spark-production");
    judge(&t->f, conf);
    t->out = buffer_make(LIMIT_REPORT_BYTES);
    t->report = (struct report){.verdict = rule_verdict(t->f.found.items, t->f.found.count),
                                .set = &t->f.set,
                                .findings = t->f.found.items,
                                .finding_count = t->f.found.count,
                                .notes = t->f.conf.notes,
                                .note_count = t->f.conf.note_count,
                                .inputs = inputs,
                                .input_count = 1};
}

static void free_report(struct texts *t) {
    buffer_free(&t->out);
    fixture_free(&t->f);
}

static json_t *parse(const struct buffer *out) {
    json_error_t err;
    assert_int_equal(buffer_status(out), 0);
    json_t *root = json_loadb(out->data, out->length, JSON_REJECT_DUPLICATES, &err);
    if (root == NULL)
        fail_msg("%d:%d: %s\n%s", err.line, err.column, err.text, out->data);
    return root;
}

static const char *text_at(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        fail_msg("%s is no text", name);
    return json_string_value(value);
}

static void json_has_every_promised_member(void **state) {
    (void)state;
    struct texts t;
    make_report(&t, UNSAFE);
    report_json(&t.report, &t.out);
    json_t *root = parse(&t.out);
    assert_string_equal(text_at(root, "verdict"), "refuse");
    assert_string_equal(text_at(root, "mode"), "enforce");
    assert_int_equal(json_array_size(json_object_get(root, "packs")), 2);
    assert_int_equal(json_array_size(json_object_get(root, "inputs")), 1);
    assert_null(json_object_get(root, "error"));
    const json_t *findings = json_object_get(root, "findings");
    assert_int_equal(json_array_size(findings), t.f.found.count);
    for (size_t i = 0; i < json_array_size(findings); i++) {
        static const char *const names[] = {"rule", "title", "severity", "effect",  "owner",
                                            "key",  "fix",   "message",  "because", "truth"};
        const json_t *finding = json_array_get(findings, i);
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++)
            assert_true(strlen(text_at(finding, names[j])) > 0);
        assert_true(json_is_array(json_object_get(finding, "refs")));
        const json_t *origin = json_object_get(finding, "origin");
        assert_string_equal(text_at(origin, "file"), "t.conf");
        assert_true(json_integer_value(json_object_get(origin, "line")) > 0);
        assert_true(json_integer_value(json_object_get(origin, "column")) > 0);
    }
    json_decref(root);
    free_report(&t);
}

static void a_value_is_in_no_output(void **state) {
    (void)state;
    struct texts t;
    struct effective shown;
    make_report(&t, UNSAFE);
    report_json(&t.report, &t.out);
    report_text(&t.report, true, &t.out);
    report_text(&t.report, false, &t.out);
    assert_int_equal(report_redact(&t.f.conf, &t.f.arena, &shown, &t.f.err), 0);
    report_effective_text(&shown, &t.out);
    report_effective_json(&shown, &t.out);
    for (size_t i = 0; i < shown.count; i++) {
        const struct report_why why = {.key = shown.settings[i].key, .conf = &shown};
        report_why_text(&why, &t.out);
        report_why_json(&why, &t.out);
    }
    assert_holds(t.out.data, "(redacted)");
    assert_lacks(t.out.data, "can4ry");
    free_report(&t);
}

static void a_value_under_a_misspelt_secret_is_hidden(void **state) {
    (void)state;
    static const struct {
        const char *key;
        bool hidden;
    } rows[] = {
        {"spark.hadoop.fs.s3a.sercet.key", true},
        {"spark.app.pasword", true},
        {"spark.app.DB_PASSWRD", true},
        {"spark.authenticate.sercet", true},
        {"spark.app.name", false},
        {"spark.executor.memory", false},
        {"spark.authenticate.true", false},
        {"spark.authenticate", false},
        {"", false},
        {"...", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rule_must_hide(rows[i].key, "x") != rows[i].hidden)
            fail_msg("%s", rows[i].key);
}

static void text_cannot_move_the_cursor(void **state) {
    (void)state;
    struct texts t;
    make_report(&t, UNSAFE);
    report_text(&t.report, false, &t.out);
    for (size_t i = 0; i < t.out.length; i++) {
        unsigned char c = (unsigned char)t.out.data[i];
        if ((c < 0x20 && c != '\n') || c == 0x7f)
            fail_msg("byte %02x in text", c);
    }
    assert_true(text_is_utf8(t.out.data, t.out.length));
    free_report(&t);
}

static void text_names_place_rule_reason_and_what_to_write(void **state) {
    (void)state;
    struct texts t;
    make_report(&t, "spark.master yarn\n  spark.authenticate false\n");
    report_text(&t.report, false, &t.out);
    assert_holds(t.out.data, "t.conf:2:3: refused, critical: SPARK-AUTH-001 RPC connections");
    assert_holds(t.out.data, "      spark.authenticate false\n      ^~~~~~~~~~~~~~~~~~\n");
    assert_holds(t.out.data, "  why     Whoever reaches");
    assert_holds(t.out.data, "  fix     spark.authenticate true\n");
    assert_holds(t.out.data, "  owner   cluster\n");
    assert_holds(t.out.data, "verdict: refuse: ");
    assert_holds(t.out.data, "mode: warn");
    assert_holds(t.out.data, "spark-baseline");
    assert_lacks(t.out.data, "\033");
    for (const char *at = t.out.data; at != NULL;
         at = strchr(at, '\n') != NULL ? strchr(at, '\n') + 1 : NULL)
        assert_true(strcspn(at, "\n") < 160);
    buffer_free(&t.out);
    t.out = buffer_make(LIMIT_REPORT_BYTES);
    report_text(&t.report, true, &t.out);
    assert_holds(t.out.data, "\033[1;31mrefused, critical\033[0m");
    free_report(&t);
}

static void a_pass_says_what_it_rests_on(void **state) {
    (void)state;
    struct texts t;
    make_report(&t, "spark.master local\nspark.io.encryption.enabled true\n");
    report_text(&t.report, false, &t.out);
    assert_string_equal(
        t.out.data, "verdict: pass: 0 violations; 19 rules of spark-production, spark-baseline\n");
    free_report(&t);
}

static void mode_warn_is_said_and_refuses_nothing(void **state) {
    (void)state;
    struct texts t;
    fixture_make(&t.f);
    t.f.mode.warn = true;
    use_pack(&t.f, "spark-production");
    judge(&t.f, UNSAFE);
    t.out = buffer_make(LIMIT_REPORT_BYTES);
    t.report = (struct report){.verdict = rule_verdict(t.f.found.items, t.f.found.count),
                               .warn = true,
                               .set = &t.f.set,
                               .findings = t.f.found.items,
                               .finding_count = t.f.found.count};
    report_text(&t.report, false, &t.out);
    assert_holds(t.out.data, "mode: warn, nothing refuses");
    assert_lacks(t.out.data, "refused,");
    assert_lacks(t.out.data, "New to this");
    report_rule_ids(t.f.found.items, t.f.found.count, &t.out);
    buffer_free(&t.out);
    t.out = buffer_make(LIMIT_REPORT_BYTES);
    report_json(&t.report, &t.out);
    json_t *root = parse(&t.out);
    assert_string_equal(text_at(root, "mode"), "warn");
    assert_string_not_equal(text_at(root, "verdict"), "refuse");
    json_decref(root);
    free_report(&t);
}

static void errors_stand_in_json(void **state) {
    (void)state;
    struct texts t;
    struct error errors[2];
    make_report(&t, UNSAFE);
    error_set(&errors[0], ERROR_INPUT, "no such \"file\"\x01\xff");
    error_at(&errors[0], "a.conf", 3, 4);
    error_todo(&errors[0], "look again");
    errors[1] = errors[0];
    t.report.errors = errors;
    t.report.error_count = 2;
    report_json(&t.report, &t.out);
    json_t *root = parse(&t.out);
    const json_t *err = json_object_get(root, "error");
    assert_string_equal(text_at(err, "code"), "input");
    assert_string_equal(text_at(err, "where"), "a.conf");
    assert_string_equal(text_at(err, "fix"), "look again");
    assert_holds(text_at(err, "message"), "no such \"file\"");
    assert_int_equal(json_integer_value(json_object_get(err, "line")), 3);
    assert_int_equal(json_array_size(json_object_get(root, "errors")), 2);
    json_decref(root);
    buffer_free(&t.out);
    t.out = buffer_make(LIMIT_REPORT_BYTES);
    report_error_json(&errors[0], &t.out);
    root = parse(&t.out);
    assert_string_equal(text_at(json_object_get(root, "error"), "code"), "input");
    json_decref(root);
    free_report(&t);
}

static void origins_of_every_kind_are_json(void **state) {
    (void)state;
    static const struct origin origins[] = {
        {.kind = ORIGIN_FILE, .file = "f", .line = 2, .column = 3},
        {.kind = ORIGIN_ARGV, .argv = 4},
        {.kind = ORIGIN_ENVIRONMENT, .variable = "MASTER"},
        {.kind = ORIGIN_ARRESTOR},
        {.kind = ORIGIN_UNSET, .file = "f", .line = 9},
        {.kind = ORIGIN_UNSET, .argv = 1},
    };
    static const char *const wanted[] = {
        "\"origin\": {\"file\": \"f\", \"line\": 2, \"column\": 3}",
        "\"origin\": {\"argv\": 4}",
        "\"origin\": {\"variable\": \"MASTER\"}",
        "\"origin\": {\"arrestor\": true}",
        "\"origin\": {\"file\": \"f\", \"line\": 9, \"column\": 1, \"unset\": true}",
        "\"origin\": {\"argv\": 1, \"unset\": true}",
    };
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        const struct setting setting = {.key = "spark.x", .value = "1", .origin = origins[i]};
        const struct effective conf = {.settings = &setting, .count = 1};
        struct buffer out = buffer_make(LIMIT_LOG_LINE);
        report_effective_json(&conf, &out);
        assert_holds(out.data, wanted[i]);
        json_decref(parse(&out));
        buffer_free(&out);
    }
}

static void rule_ids_are_one_bounded_line(void **state) {
    (void)state;
    struct texts t;
    make_report(&t, UNSAFE);
    report_rule_ids(t.f.found.items, t.f.found.count, &t.out);
    assert_holds(t.out.data, "PLAINTEXT-S3A-001");
    assert_null(strchr(t.out.data, '\n'));
    assert_null(strstr(strstr(t.out.data, "PLAINTEXT-S3A-001") + 1, "PLAINTEXT-S3A-001"));
    free_report(&t);

    static struct rule rules[100];
    static struct finding findings[100];
    static char ids[100][24];
    for (size_t i = 0; i < 100; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "RULE-NUMBER-%03zu", i);
        rules[i].id = ids[i];
        findings[i] = (struct finding){.rule = &rules[i], .effect = EFFECT_REFUSE};
    }
    struct buffer out = buffer_make(LIMIT_RULE_LIST - 1);
    report_rule_ids(findings, 100, &out);
    assert_int_equal(buffer_status(&out), 0);
    assert_true(out.length < LIMIT_RULE_LIST);
    assert_true(out.length > LIMIT_RULE_LIST - 32);
    assert_true(text_ends(out.data, " …"));
    buffer_free(&out);
    out = buffer_make(LIMIT_RULE_LIST);
    report_rule_ids(findings, 0, &out);
    assert_int_equal(out.length, 0);
    buffer_free(&out);
}

static void effective_shows_what_overrides_what(void **state) {
    (void)state;
    struct texts t;
    struct effective shown;
    make_report(&t, "spark.a 1\nspark.a 2\nb 3\n");
    assert_int_equal(report_redact(&t.f.conf, &t.f.arena, &shown, &t.f.err), 0);
    report_effective_text(&shown, &t.out);
    assert_string_equal(t.out.data, "t.conf:2:1\tspark.a 2\nt.conf:1:1\tspark.a 1\t(overridden)\n"
                                    "t.conf:3:1\tb 3\t(ignored by Spark: the key does not begin "
                                    "with \"spark.\")\n");
    buffer_free(&t.out);
    t.out = buffer_make(LIMIT_REPORT_BYTES);
    report_effective_json(&shown, &t.out);
    json_t *root = parse(&t.out);
    const json_t *setting = json_array_get(json_object_get(root, "settings"), 0);
    assert_string_equal(text_at(setting, "value"), "2");
    const json_t *weaker = json_array_get(json_object_get(setting, "overrides"), 0);
    assert_string_equal(text_at(weaker, "value"), "1");
    assert_int_equal(json_array_size(json_object_get(root, "ignored")), 1);
    json_decref(root);
    free_report(&t);
}

static void why_tells_the_chain_the_default_and_the_nearest(void **state) {
    (void)state;
    struct texts t;
    make_report(&t, "spark.authenticate false\nspark.authenticate true\n");
    struct report_why why = {
        .key = "spark.authenticate", .conf = &t.f.conf, .fallback = "false", .known = true};
    report_why_text(&why, &t.out);
    assert_string_equal(t.out.data, "spark.authenticate is true\n  set at      t.conf:2:1\n"
                                    "  overrides   t.conf:1:1, false\n  default     false\n");
    why.key = "spark.acls.enable";
    report_why_text(&why, &t.out);
    assert_holds(t.out.data, "spark.acls.enable is not set; Spark's default is false\n");
    why = (struct report_why){
        .key = "spark.authentcate", .conf = &t.f.conf, .nearest = "spark.authenticate"};
    report_why_text(&why, &t.out);
    assert_holds(t.out.data, "did you mean spark.authenticate?");
    buffer_free(&t.out);
    t.out = buffer_make(LIMIT_REPORT_BYTES);
    report_why_json(&why, &t.out);
    json_t *root = parse(&t.out);
    assert_string_equal(text_at(root, "nearest"), "spark.authenticate");
    assert_true(json_is_null(json_object_get(root, "value")));
    assert_true(json_is_false(json_object_get(root, "set")));
    json_decref(root);
    free_report(&t);
}

static void packs_rules_and_tests_are_reported(void **state) {
    (void)state;
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    report_packs_text(builtin_packs, builtin_pack_count, &out);
    assert_holds(out.data, "spark-production: The hardening policy; includes spark-baseline");
    assert_holds(out.data, "SPARK-AUTH-001");
    for (size_t i = 0; i < builtin_pack_count; i++)
        for (size_t j = 0; j < builtin_packs[i]->rule_count; j++) {
            const struct rule *rule = &builtin_packs[i]->rules[j];
            buffer_free(&out);
            out = buffer_make(LIMIT_REPORT_BYTES);
            report_rule_text(rule, &out);
            assert_holds(out.data, rule->id);
            assert_holds(out.data, "require");
            buffer_free(&out);
            out = buffer_make(LIMIT_REPORT_BYTES);
            report_rule_json(rule, &out);
            json_decref(parse(&out));
        }
    buffer_free(&out);
    out = buffer_make(LIMIT_REPORT_BYTES);
    report_packs_json(builtin_packs, builtin_pack_count, &out);
    json_decref(parse(&out));
    const struct rule_fault fault = {&builtin_packs[0]->rules[0], 3, 4, "no \"example\""};
    struct rule_test tests[64] = {
        {.examples = 2, .mutants = 3, .faults = &fault, .fault_count = 1}};
    const struct report_test test = {builtin_packs[0], "a.yaml", tests};
    buffer_free(&out);
    out = buffer_make(LIMIT_REPORT_BYTES);
    report_tests_text(&test, 1, &out);
    assert_holds(out.data, "a.yaml:3:4: PLAINTEXT-ENV-001: no \"example\"\n");
    assert_holds(out.data, "10 rules, 2 examples, 3 mutants: 1 faults");
    buffer_free(&out);
    out = buffer_make(LIMIT_REPORT_BYTES);
    report_tests_json(&test, 1, &out);
    json_decref(parse(&out));
    buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_every_promised_member),
        cmocka_unit_test(a_value_is_in_no_output),
        cmocka_unit_test(a_value_under_a_misspelt_secret_is_hidden),
        cmocka_unit_test(text_cannot_move_the_cursor),
        cmocka_unit_test(text_names_place_rule_reason_and_what_to_write),
        cmocka_unit_test(a_pass_says_what_it_rests_on),
        cmocka_unit_test(mode_warn_is_said_and_refuses_nothing),
        cmocka_unit_test(errors_stand_in_json),
        cmocka_unit_test(origins_of_every_kind_are_json),
        cmocka_unit_test(rule_ids_are_one_bounded_line),
        cmocka_unit_test(effective_shows_what_overrides_what),
        cmocka_unit_test(why_tells_the_chain_the_default_and_the_nearest),
        cmocka_unit_test(packs_rules_and_tests_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
