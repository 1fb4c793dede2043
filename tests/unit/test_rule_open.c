/* What rules make of a configuration that is open, of unknown parts of a value, and of
 * settings that belong to no launch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/report/report.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "tests/unit/rule_fixture.h"

#define UNKNOWN "\xFE$SOME\xFF"

static const struct origin somewhere = {
    .kind = ORIGIN_FILE, .file = "run.sh", .line = 3, .column = 7};

static struct setting setting_of(const char *key, const char *value) {
    return (struct setting){.key = key, .value = value, .origin = somewhere};
}

/* Judges one setting, in force or loose, by the whole production pack. */
static void judge_one(struct fixture *f, const char *key, const char *value,
                      struct effective conf) {
    struct setting *only = arena_array(&f->arena, 1, sizeof *only);
    assert_non_null(only);
    *only = setting_of(key, value);
    if (conf.loose)
        conf.ignored = only;
    else
        conf.settings = only;
    (conf.loose ? &conf.ignored_count : &conf.count)[0] = 1;
    f->conf = conf;
    assert_int_equal(rule_check(&f->set, &f->conf, f->mode, &f->arena, &f->found, &f->err), 0);
}

static void begin(struct fixture *f) {
    fixture_make(f);
    use_pack(f, "spark-production");
}

static void of_an_open_configuration_what_nobody_set_is_unknown(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    judge_one(&f, "spark.master", "yarn",
              (struct effective){.master = MASTER_YARN, .open = &somewhere});
    const struct finding *found = find_finding(&f, "SPARK-AUTH-001");
    assert_non_null(found);
    assert_int_equal(found->truth, TRUTH_UNKNOWN);
    assert_int_equal(found->effect, EFFECT_WARN);
    assert_holds(found->message, "run.sh:3:7 may set it");
    assert_int_equal(rule_verdict(f.found.items, f.found.count), VERDICT_UNKNOWN);
    judge_one(&f, "spark.authenticate", "false",
              (struct effective){.master = MASTER_YARN, .open = &somewhere});
    assert_int_equal(find_finding(&f, "SPARK-AUTH-001")->truth, TRUTH_FALSE);
    fixture_free(&f);
}

static void what_only_an_open_place_leaves_untold_is_one_line(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    judge_one(&f, "spark.authenticate", "false",
              (struct effective){.master = MASTER_YARN, .open = &somewhere});
    struct report report = {.verdict = VERDICT_REFUSE,
                            .set = &f.set,
                            .findings = f.found.items,
                            .finding_count = f.found.count};
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    report_text(&report, false, &out);
    buffer_char(&out, '\0');
    assert_holds(out.data, "SPARK-AUTH-001 RPC connections are authenticated");
    const char *line = strstr(out.data, "run.sh:3:7: warning: what may be set here is unknown");
    assert_non_null(line);
    assert_holds(line, "so these cannot be told: ");
    const char *once = strstr(out.data, "SPARK-DISK-001");
    assert_true(once > line && strstr(once + 1, "SPARK-DISK-001") == NULL);
    buffer_free(&out);
    fixture_free(&f);
}

static void an_unknown_value_is_neither_true_nor_false(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    judge_one(&f, "spark.authenticate", UNKNOWN, (struct effective){.master = MASTER_YARN});
    const struct finding *found = find_finding(&f, "SPARK-AUTH-001");
    assert_non_null(found);
    assert_int_equal(found->truth, TRUTH_UNKNOWN);
    assert_string_equal(found->excerpt, "spark.authenticate $SOME");
    fixture_free(&f);
}

static void an_unknown_secret_is_not_called_plain_text(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"spark.hadoop.fs.s3a.secret.key", UNKNOWN},
        {"spark.app.url", "jdbc:postgresql://h/d?user=u&password=" UNKNOWN}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct fixture f;
        begin(&f);
        judge_one(&f, pairs[i][0], pairs[i][1], (struct effective){.master = MASTER_LOCAL});
        for (size_t k = 0; k < f.found.count; k++)
            if (strncmp(f.found.items[k].rule->id, "PLAINTEXT-", 10) == 0)
                assert_int_equal(f.found.items[k].truth, TRUTH_UNKNOWN);
        fixture_free(&f);
    }
}

static void of_a_loose_setting_only_its_own_text_is_judged(void **state) {
    (void)state;
    struct fixture f;
    begin(&f);
    judge_one(&f, "fs.s3a.secret.key", "an/invented+secret/of0this1test23",
              (struct effective){.loose = true});
    assert_int_equal(f.found.count, 1);
    assert_holds(f.found.items[0].rule->id, "PLAINTEXT-");
    judge_one(&f, "fs.s3a.endpoint", "https://s3.example.org", (struct effective){.loose = true});
    assert_int_equal(f.found.count, 0);
    fixture_free(&f);
}

static void an_unknown_part_is_shown_as_it_is_written(void **state) {
    (void)state;
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct error err = {0};
    struct setting weaker = setting_of("spark.app.name", "a-" UNKNOWN);
    struct setting stronger = setting_of("spark.app.name", "b-" UNKNOWN "-c");
    stronger.overridden = &weaker;
    struct effective conf = {.settings = &stronger, .count = 1}, shown;
    assert_int_equal(report_redact(&conf, &arena, &shown, &err), 0);
    assert_string_equal(shown.settings[0].value, "b-$SOME-c");
    assert_string_equal(shown.settings[0].overridden->value, "a-$SOME");
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_an_open_configuration_what_nobody_set_is_unknown),
        cmocka_unit_test(what_only_an_open_place_leaves_untold_is_one_line),
        cmocka_unit_test(an_unknown_value_is_neither_true_nor_false),
        cmocka_unit_test(an_unknown_secret_is_not_called_plain_text),
        cmocka_unit_test(of_a_loose_setting_only_its_own_text_is_judged),
        cmocka_unit_test(an_unknown_part_is_shown_as_it_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
