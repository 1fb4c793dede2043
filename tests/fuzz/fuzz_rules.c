/* A pack of rules, and behind a line "====" a conf that it judges: what is loaded is
 * within its bounds, findings are sound and show nothing that must be hidden. */
#include <string.h>

#include "policy/effective/launch.h"
#include "policy/report/report.h"
#include "policy/report/report_policy.h"
#include "policy/rules/rule_check.h"
#include "policy/rules/rule_hide.h"
#include "policy/rules/rule_load.h"
#include "policy/rules/rule_test.h"
#include "tests/fuzz/fuzz.h"

/* Mutants are tried of small packs only: each is a run over all examples. */
#define TESTED_RULES 4

static size_t count_nodes(const struct rule_node *node) {
    size_t count = 1;
    HOLDS(node->op < OPERATORS && node->word_count <= LIMIT_YAML_NODES);
    for (size_t i = 0; i < node->word_count; i++)
        HOLDS(node->words[i] != NULL);
    for (size_t i = 0; i < node->child_count; i++)
        count += count_nodes(&node->children[i]);
    return count;
}

static void check_rule(const struct rule *rule, size_t lines) {
    HOLDS(rule->id[0] != '\0' && rule->title != NULL && rule->because[0] != '\0');
    HOLDS(rule->severity <= SEVERITY_CRITICAL && rule->owner <= OWNER_PLATFORM);
    HOLDS(rule->pass_count > 0 && rule->fail_count > 0 && rule->require != NULL);
    HOLDS(rule->fix_text != NULL || rule->fix_count > 0);
    HOLDS(rule->line >= 1 && rule->line <= lines);
    size_t nodes = count_nodes(rule->require);
    nodes += rule->when != NULL ? count_nodes(rule->when) : 0;
    HOLDS(nodes <= 2 * LIMIT_RULE_NODES);
}

static void check_pack(const struct pack *pack, size_t lines) {
    HOLDS(pack->name != NULL && pack->rule_count <= LIMIT_RULES);
    HOLDS(pack->rule_count > 0 || pack->include_count > 0);
    for (size_t i = 0; i < pack->rule_count; i++) {
        check_rule(&pack->rules[i], lines);
        for (size_t j = 0; j < i; j++)
            HOLDS(strcmp(pack->rules[i].id, pack->rules[j].id) != 0);
    }
}

static void check_reports(const struct pack *pack) {
    struct buffer text = buffer_make(LIMIT_REPORT_BYTES), json;
    for (size_t i = 0; i < pack->rule_count; i++) {
        json = buffer_make(LIMIT_REPORT_BYTES);
        report_rule_text(&pack->rules[i], &text);
        report_rule_json(&pack->rules[i], &json);
        HOLDS(buffer_status(&json) == 0 && fuzz_is_json(json.data, json.length));
        buffer_free(&json);
    }
    HOLDS(buffer_status(&text) == 0);
    buffer_free(&text);
}

static void check_test_report(const struct pack *pack, const struct rule_test *tests) {
    struct report_test report = {.pack = pack, .source = "fuzz.yaml", .tests = tests};
    struct buffer text = buffer_make(LIMIT_REPORT_BYTES), json = text;
    report_tests_text(&report, 1, &text);
    report_tests_json(&report, 1, &json);
    HOLDS(buffer_status(&text) == 0 && fuzz_is_json(json.data, json.length));
    buffer_free(&json);
    buffer_free(&text);
    json = text = buffer_make(LIMIT_REPORT_BYTES);
    report_packs_text(&pack, 1, &text);
    report_packs_json(&pack, 1, &json);
    HOLDS(buffer_status(&text) == 0 && fuzz_is_json(json.data, json.length));
    buffer_free(&json);
    buffer_free(&text);
}

static void check_tests(const struct pack *pack, size_t lines, struct arena *arena) {
    struct rule_test tests[TESTED_RULES];
    struct error err;
    if (pack->rule_count > TESTED_RULES)
        return;
    for (size_t i = 0; i < pack->rule_count; i++) {
        const struct rule_test *test = &tests[i];
        HOLDS(rule_test(&pack->rules[i], arena, &tests[i], &err) == 0);
        HOLDS(test->examples == pack->rules[i].pass_count + pack->rules[i].fail_count);
        for (size_t j = 0; j < test->fault_count; j++)
            HOLDS(test->faults[j].what != NULL && test->faults[j].line <= lines);
    }
    check_test_report(pack, tests);
}

/* Whether the canary stands in the conf only where it must be hidden. */
static bool is_hidden(const struct setting *settings, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (const struct setting *s = &settings[i]; s != NULL; s = s->overridden)
            if (strstr(s->key, FUZZ_CANARY) != NULL ||
                (strstr(s->value, FUZZ_CANARY) != NULL && !rule_must_hide(s->key, s->value)))
                return false;
    return true;
}

static void check_finding(const struct finding *finding, const struct rule_set *set, bool hidden) {
    HOLDS(rule_set_find(set, finding->rule->id) == finding->rule);
    HOLDS(finding->truth == TRUTH_FALSE || finding->truth == TRUTH_UNKNOWN);
    HOLDS(finding->message != NULL && finding->message[0] != '\0');
    if (!hidden)
        return;
    HOLDS(strstr(finding->message, FUZZ_CANARY) == NULL);
    HOLDS(finding->excerpt == NULL || strstr(finding->excerpt, FUZZ_CANARY) == NULL);
    HOLDS(finding->fix == NULL || strstr(finding->fix, FUZZ_CANARY) == NULL);
}

static void check_verdict(const struct rule_set *set, const struct effective *conf,
                          const struct finding_list *found, bool hidden) {
    struct buffer text = buffer_make(LIMIT_REPORT_BYTES), json = text, ids = text;
    struct report report = {.set = set,
                            .findings = found->items,
                            .finding_count = found->count,
                            .notes = conf->notes,
                            .note_count = conf->note_count};
    report.verdict = rule_verdict(found->items, found->count);
    HOLDS(report.verdict != VERDICT_PASS || found->count == 0 ||
          found->items[0].effect == EFFECT_WARN);
    report_text(&report, false, &text);
    report_json(&report, &json);
    report_rule_ids(found->items, found->count, &ids);
    HOLDS(buffer_status(&text) == 0 && fuzz_is_json(json.data, json.length));
    HOLDS(ids.length < LIMIT_RULE_LIST);
    if (hidden) {
        HOLDS(!fuzz_contains(text.data, text.length, FUZZ_CANARY));
        HOLDS(!fuzz_contains(json.data, json.length, FUZZ_CANARY));
    }
    buffer_free(&ids);
    buffer_free(&json);
    buffer_free(&text);
}

static void judge(const struct pack *pack, const char *bytes, size_t length, bool quoted,
                  struct arena *arena) {
    struct input_file file = {"fuzz.conf", bytes, length};
    struct check_mode mode = {.strict_unknown = length % 2 == 0, .warn = length % 3 == 0};
    struct finding_list found, again;
    struct rule_set set;
    struct effective conf;
    struct error err;
    if (rule_set_collect(&pack, 1, arena, &set, &err) != 0) {
        HOLDS(err.code == ERROR_POLICY);
        fuzz_check_error(&err);
        return;
    }
    if (file_resolve(&file, arena, &conf, &err) != 0 ||
        rule_check(&set, &conf, mode, arena, &found, &err) != 0) {
        fuzz_check_error(&err);
        return;
    }
    bool hidden = !quoted && is_hidden(conf.settings, conf.count) &&
                  is_hidden(conf.ignored, conf.ignored_count);
    HOLDS(found.count <= LIMIT_FINDINGS);
    for (size_t i = 0; i < found.count; i++) {
        check_finding(&found.items[i], &set, hidden);
        HOLDS(!mode.warn || found.items[i].effect == EFFECT_WARN);
        HOLDS(i == 0 || found.items[i].effect <= found.items[i - 1].effect);
    }
    HOLDS(rule_check(&set, &conf, mode, arena, &again, &err) == 0 && again.count == found.count);
    check_verdict(&set, &conf, &found, hidden);
}

FUZZ_TARGET(rules, 16384) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES), other = arena_make(LIMIT_ARENA_BYTES);
    struct pack pack = {.name = "untouched"};
    struct error err;
    size_t size = 0;
    const char *text = fuzz_section(&bytes, &length, &other, &size);
    error_clear(&err);
    if (rule_load(text, size, "fuzz.yaml", &arena, &pack, &err) != 0) {
        HOLDS(err.code == ERROR_POLICY && strcmp(pack.name, "untouched") == 0);
        HOLDS(strcmp(err.where, "fuzz.yaml") == 0 && pack.rules == NULL);
        fuzz_check_place(&err, text, size);
        if (fuzz_is_secret_yaml(text, size))
            fuzz_check_silent(&err);
    } else {
        size_t lines = fuzz_count_lines(text, size);
        check_pack(&pack, lines);
        check_reports(&pack);
        check_tests(&pack, lines, &arena);
        judge(&pack, bytes, length, fuzz_contains(text, size, FUZZ_CANARY), &arena);
    }
    arena_free(&other);
    arena_free(&arena);
}
