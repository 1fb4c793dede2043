#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/rules/rule_operators.h"
#include "tests/unit/rule_fixture.h"

static void assert_refused(const char *text, size_t line, size_t column, const char *what,
                           const char *todo) {
    struct fixture f;
    fixture_make(&f);
    if (load_bytes(&f, text, strlen(text)) == 0)
        fail_msg("taken: %s", text);
    assert_holds(f.err.what, what);
    assert_holds(f.err.todo, todo);
    if (f.err.line != line || f.err.column != column)
        fail_msg("\"%s\" stands at %zu:%zu", f.err.what, f.err.line, f.err.column);
    fixture_free(&f);
}

/* The nth line of RULE_HEAD is 8, where `require` stands in these. */
static void assert_require_refused(const char *require, size_t column, const char *what,
                                   const char *todo) {
    char text[1024];
    (void)snprintf(text, sizeof text, RULE_HEAD "  require: %s\n" RULE_TAIL, require);
    assert_refused(text, 8, column, what, todo);
}

static const struct rule_node *load_require(struct fixture *f, const char *require) {
    char text[1024];
    (void)snprintf(text, sizeof text, RULE_HEAD "  require: %s\n" RULE_TAIL, require);
    fixture_make(f);
    load_rules(f, text);
    return f->pack.rules[0].require;
}

static void every_field_of_a_rule_is_read(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    load_rules(&f, "pack: my-team\ntitle: Ours\nrules:\n"
                   "  - id: TEAM-AUTH-001\n    title: RPC\n    severity: critical\n"
                   "    owner: cluster\n    when: {not: {master: local}}\n"
                   "    require: {spark.authenticate: true}\n    because: Why.\n"
                   "    fix: {set: {spark.authenticate: \"true\"}, text: And more.}\n"
                   "    refs: [a, b]\n    examples:\n      pass: {spark.authenticate: \"true\"}\n"
                   "      fail: [{}, {spark.master: yarn}]\n");
    const struct rule *rule = &f.pack.rules[0];
    assert_string_equal(f.pack.name, "my-team");
    assert_int_equal(f.pack.rule_count, 1);
    assert_string_equal(rule->id, "TEAM-AUTH-001");
    assert_int_equal(rule->severity, SEVERITY_CRITICAL);
    assert_int_equal(rule->owner, OWNER_CLUSTER);
    assert_int_equal(rule->when->op, OP_NOT);
    assert_int_equal(rule->when->children[0].op, OP_MASTER);
    assert_int_equal(rule->require->op, OP_EQUALS);
    assert_string_equal(rule->require->key, "spark.authenticate");
    assert_string_equal(rule->require->words[0], "true");
    assert_int_equal(rule->fix_count, 1);
    assert_string_equal(rule->fix_text, "And more.");
    assert_int_equal(rule->ref_count, 2);
    assert_int_equal(rule->pass_count, 1);
    assert_int_equal(rule->fail_count, 2);
    assert_int_equal(rule->fail[0].count, 0);
    assert_int_equal(rule->line, 4);
    fixture_free(&f);
}

static void several_entries_all_hold(void **state) {
    (void)state;
    struct fixture f;
    const struct rule_node *node =
        load_require(&f, "{spark.authenticate: true, any: [{master: [yarn, local]}, {since: "
                         "\"4.0\"}], spark.eventLog.dir: {present: true, unlike: [/tmp]}}");
    assert_int_equal(node->op, OP_ALL);
    assert_int_equal(node->child_count, 3);
    assert_int_equal(node->children[0].op, OP_EQUALS);
    assert_int_equal(node->children[1].op, OP_ANY);
    assert_int_equal(node->children[1].children[0].word_count, 2);
    assert_int_equal(node->children[1].children[1].op, OP_SINCE);
    assert_int_equal(node->children[2].op, OP_ALL);
    assert_int_equal(node->children[2].children[1].op, OP_UNLIKE);
    fixture_free(&f);
}

static void every_operator_under_a_key_is_read(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum operator_id op;
    } rows[] = {
        {"{spark.ui.filters: {present: true}}", OP_PRESENT},
        {"{spark.ui.filters: {absent: true}}", OP_ABSENT},
        {"{spark.eventLog.dir: {equals: /x}}", OP_EQUALS},
        {"{spark.eventLog.dir: {one-of: [/x, /y]}}", OP_ONE_OF},
        {"{spark.eventLog.dir: {like: [/x*]}}", OP_LIKE},
        {"{spark.eventLog.dir: {unlike: [/x*, \"!/xy*\"]}}", OP_UNLIKE},
        {"{spark.admin.acls: {without: [\"*\"]}}", OP_WITHOUT},
        {"{spark.jars: {items-like: [\"hdfs:*\"]}}", OP_ITEMS_LIKE},
        {"{spark.jars: {items-unlike: [\"http:*\"]}}", OP_ITEMS_UNLIKE},
        {"{spark.network.timeout: {at-least: 30s}}", OP_AT_LEAST},
        {"{spark.executor.memory: {at-most: 64g}}", OP_AT_MOST},
        {"{before: \"4.0\"}", OP_BEFORE},
        {"{spark.driver.extraJavaOptions: {jvm-without: [-X*]}}", OP_JVM_WITHOUT},
        {"{no-near-miss: security}", OP_NO_NEAR_MISS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        assert_int_equal(load_require(&f, rows[i].text)->op, rows[i].op);
        fixture_free(&f);
    }
}

static void an_unknown_operator_names_the_nearest(void **state) {
    (void)state;
    assert_require_refused("{spark.ui.filters: {presents: true}}", 32, "unknown operator presents",
                           "did you mean present?");
    assert_require_refused("{anny: []}", 13, "unknown operator anny", "did you mean any?");
    assert_require_refused("{zzzzzzzz: []}", 13, "unknown operator zzzzzzzz", "no-near-miss");
}

static void a_key_that_spark_does_not_read_is_refused(void **state) {
    (void)state;
    assert_require_refused("{spark.authentcate: true}", 13, "spark.authentcate is not in the",
                           "did you mean spark.authenticate?");
    assert_require_refused("{all: [{spark.nobody.knows: 1}]}", 20, "spark.nobody.knows", "never");
}

static void a_glob_of_keys_needs_no_entry(void **state) {
    (void)state;
    struct fixture f;
    fixture_make(&f);
    load_rules(&f, "pack: t\ntitle: T\nrules:\n- id: PLAINTEXT-1\n  title: T\n  severity: high\n"
                   "  owner: job\n  require: {no-plaintext: [spark.nobody.*]}\n" RULE_TAIL);
    fixture_free(&f);
    assert_refused("pack: t\ntitle: T\nrules:\n- id: PLAINTEXT-1\n  title: T\n  severity: high\n"
                   "  owner: job\n  require: {no-plaintext: [spark.nobody.knows]}\n" RULE_TAIL,
                   8, 28, "spark.nobody.knows", "");
}

static void a_value_of_another_type_is_refused(void **state) {
    (void)state;
    assert_require_refused("{spark.authenticate: yes}", 33, "true or false, not yes",
                           "write spark.authenticate: true");
    assert_require_refused("{spark.io.encryption.keySizeBits: big}", 46, "whole number", "");
    assert_require_refused("{spark.authenticate: {like: [t*]}}", 34, "says nothing", "true");
    assert_require_refused("{spark.admin.acls: {one-of: [\"*\"]}}", 32, "says nothing", "without");
    assert_require_refused("{spark.eventLog.dir: {jvm-without: [x]}}", 34, "says nothing", "");
    assert_require_refused("{spark.ui.filters: [a]}", 31, "a list says not", "one-of");
    assert_require_refused("{spark.eventLog.dir: \"\"}", 33, "an empty value", "absent: true");
    assert_require_refused("{spark.eventLog.dir: {present: false}}", 43, "followed by true", "");
    assert_require_refused("{master: yran}", 21, "yran is no kind of master", "did you mean yarn?");
    assert_require_refused("{spark.network.timeout: {at-least: soon}}", 47, "cannot be soon",
                           "30s");
    assert_require_refused("{spark.executor.memory: {at-most: 2min}}", 46, "cannot be 2min", "64m");
    assert_require_refused("{spark.eventLog.dir: {at-most: 2}}", 34, "says nothing", "");
    assert_require_refused("{since: four}", 20, "four is no version", "4.0");
    assert_require_refused("{no-near-miss: all}", 27, "all is no family", "security");
}

static void a_star_needs_its_each(void **state) {
    (void)state;
#define EACH_HEAD RULE_HEAD "  each: "
    assert_require_refused("{spark.sql.catalog.*.uri: x}", 13, "a star stands for the names",
                           "write each: spark.sql.catalog.*");
    assert_refused(EACH_HEAD "spark.sql.catalog.*\n  require: {spark.ui.enabled: true}\n" RULE_TAIL,
                   8, 9, "no key of the rule has the star", "spark.sql.catalog.*.KEY");
    assert_refused(EACH_HEAD
                   "spark.sql.catalog.*\n  require: {spark.kafka.clusters.*.x: a}\n" RULE_TAIL,
                   9, 13, "a star stands for the names", "write spark.sql.catalog.*");
    assert_refused(EACH_HEAD "spark.ui.*\n  require: {spark.ui.*.x: a}\n" RULE_TAIL, 8, 9,
                   "spark.ui.* is no family", "spark.sql.catalog.*");
    assert_refused(EACH_HEAD "spark.sql.catalog.*\n  when: {spark.sql.catalog.*.x: a}\n"
                             "  require: {no-near-miss: security}\n" RULE_TAIL,
                   8, 9, "each setting has no names", "leave out each");
    assert_refused(EACH_HEAD "spark.sql.catalog.\n  require: {spark.ui.enabled: true}\n" RULE_TAIL,
                   8, 9, "is no family", "");
    assert_refused(EACH_HEAD
                   "spark.sql.catalog.*\n  require: {spark.sql.catalog.*x: a}\n" RULE_TAIL,
                   9, 13, "a star stands for", "");
}

static void a_condition_that_says_nothing_is_refused(void **state) {
    (void)state;
    assert_require_refused("{}", 12, "require is empty", "");
    assert_require_refused("{all: []}", 18, "the list is empty", "");
    assert_require_refused("{not: {}}", 18, "not is empty", "");
    assert_require_refused("{spark.eventLog.dir: {}}", 33, "nothing is said", "");
    assert_require_refused("{spark.eventLog.dir: {like: []}}", 40, "the list is empty", "");
    assert_require_refused("{spark.eventLog.dir: {like: [\"!x\"]}}", 40, "no glob is left", "'!'");
    assert_require_refused("nothing", 12, "", "");
}

static void plaintext_operators_have_their_place_and_their_name(void **state) {
    (void)state;
    assert_refused(RULE_HEAD "  require: {no-plaintext: [\"*\"]}\n" RULE_TAIL, 4, 7,
                   "begins PLAINTEXT-", "rename");
    assert_refused("pack: t\ntitle: T\nrules:\n- id: PLAINTEXT-1\n  title: T\n  severity: low\n"
                   "  owner: job\n  require: {spark.authenticate: true}\n" RULE_TAIL,
                   4, 7, "no PLAINTEXT operator", "rename");
}

static void an_operator_about_each_setting_stands_alone(void **state) {
    (void)state;
    assert_require_refused("{any: [{no-near-miss: security}, {spark.authenticate: true}]}", 12,
                           "stands alone at the top", "split");
    assert_refused(RULE_HEAD "  when: {no-near-miss: security}\n"
                             "  require: {spark.authenticate: true}\n" RULE_TAIL,
                   8, 9, "cannot stand in when", "");
}

static void what_a_rule_must_have_is_asked_for(void **state) {
    (void)state;
    static const struct {
        const char *text, *what;
    } rows[] = {
        {"- title: T\n", "a rule has no id"},
        {"- id: T-1\n", "T-1 has no title"},
        {"- id: T-1\n  title: T\n", "T-1 has no severity"},
        {"- id: T-1\n  title: T\n  severity: low\n", "T-1 has no owner"},
        {"- id: T-1\n  title: T\n  severity: low\n  owner: job\n", "T-1 has no require"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "pack: t\ntitle: T\nrules:\n%s", rows[i].text);
        assert_refused(text, 4, 3, rows[i].what, "write ");
    }
#define REQUIRE "  require: {spark.authenticate: true}\n"
    assert_refused(RULE_HEAD REQUIRE "  fix: F\n  examples: {pass: {}, fail: {}}\n", 4, 3,
                   "T-1 has no because", "");
    assert_refused(RULE_HEAD REQUIRE "  because: B\n  examples: {pass: {}, fail: {}}\n", 4, 3,
                   "T-1 has no fix", "");
    assert_refused(RULE_HEAD REQUIRE "  because: B\n  fix: F\n", 4, 3, "T-1 has no examples", "");
    assert_refused(RULE_HEAD REQUIRE "  because: B\n  fix: F\n  examples: {pass: {}}\n", 11, 3,
                   "an example that fails is missing", "fail");
}

static void an_unknown_field_names_the_nearest(void **state) {
    (void)state;
    assert_refused(RULE_HEAD "  requires: {spark.authenticate: true}\n" RULE_TAIL, 8, 3, "requires",
                   "require");
    assert_refused("pack: t\ntitel: T\nrules: []\n", 2, 1, "titel", "title");
}

static void an_id_is_unique_and_well_formed(void **state) {
    (void)state;
    char text[2048];
#define ONE                                                                                        \
    "- id: T-1\n  title: T\n  severity: low\n  owner: job\n  require: {spark.authenticate: "       \
    "true}\n" RULE_TAIL
    (void)snprintf(text, sizeof text, "pack: t\ntitle: T\nrules:\n%s%s", ONE, ONE);
    assert_refused(text, 12, 7, "T-1 is the id of two rules; the other stands in line 4", "");
    assert_refused("pack: t\ntitle: T\nrules:\n- id: lower-1\n", 4, 7, "is no id", "capitals");
    assert_refused("pack: t\ntitle: T\nrules:\n- id: NODASH\n", 4, 7, "is no id", "capitals");
    assert_refused("pack: t\ntitle: T\nrules:\n- id: T-1\n  title: T\n  severity: hihg\n", 6, 13,
                   "severity cannot be hihg", "did you mean high?");
    assert_refused("pack: t\ntitle: T\nrules:\n- id: T-1\n  title: T\n  severity: low\n"
                   "  owner: nobody\n",
                   7, 10, "owner cannot be nobody", "job, cluster, platform");
}

static void a_pack_without_rules_is_refused(void **state) {
    (void)state;
    assert_refused("", 1, 1, "would pass everything", "rules");
    assert_refused("# only a comment\n", 1, 1, "would pass everything", "rules");
    assert_refused("pack: t\ntitle: T\n", 1, 1, "no rules", "includes");
    assert_refused("pack: t\ntitle: T\nrules: []\n", 1, 1, "no rules", "includes");
    assert_refused("title: T\n", 1, 1, "the pack has no name", "pack");
    assert_refused("pack: Bad Name\ntitle: T\n", 1, 7, "is no name", "small letters");
    assert_refused("pack: t\ntitle: T\nincludes: [a, a]\n", 3, 11, "included twice", "");
}

static void a_fix_and_examples_are_checked(void **state) {
    (void)state;
#define BODY "  require: {spark.authenticate: true}\n  because: B\n"
    assert_refused(RULE_HEAD BODY "  fix: {set: {spark.authentcate: \"true\"}}\n", 10, 15,
                   "spark.authentcate", "spark.authenticate");
    assert_refused(RULE_HEAD BODY "  fix: {set: {spark.authenticate: \"on\"}}\n", 10, 35,
                   "true or false", "");
    assert_refused(RULE_HEAD BODY "  fix: {}\n", 10, 8, "fix says nothing", "");
    assert_refused(RULE_HEAD BODY "  fix: F\n  examples: {pass: {version: x}, fail: {}}\n", 11, 30,
                   "x is no version", "4.0");
    assert_refused(RULE_HEAD BODY "  fix: F\n  examples: {pass: [], fail: {}}\n", 11, 20,
                   "between 1", "");
}

static void a_rule_has_a_bounded_number_of_conditions(void **state) {
    (void)state;
    size_t room = 64u * 1024u, used = 0;
    char *text = malloc(room);
    assert_non_null(text);
    used += (size_t)snprintf(text, room, RULE_HEAD "  require:\n    any:\n");
    for (int i = 0; i <= LIMIT_RULE_NODES; i++)
        used += (size_t)snprintf(text + used, room - used, "    - {spark.authenticate: true}\n");
    (void)snprintf(text + used, room - used, RULE_TAIL);
    assert_refused(text, 10, 5, "at most 256 conditions", "split");
    free(text);
}

/* Every prefix and every single changed byte is loaded or refused, never worse. */
static void a_damaged_pack_is_read_or_refused(void **state) {
    (void)state;
    static const char pack[] =
        RULE_HEAD "  when: {not: {master: local}}\n"
                  "  require: {any: [{spark.authenticate: true}, {spark.ui.filters: {present: "
                  "true}}]}\n" RULE_TAIL;
    size_t length = sizeof pack - 1;
    char copy[sizeof pack];
    for (size_t i = 0; i <= length; i++) {
        struct fixture f;
        fixture_make(&f);
        (void)load_bytes(&f, pack, i);
        fixture_free(&f);
        static const char changes[] = {'\0', '{', '"', '\n', (char)0xff, ':', '-', '['};
        for (size_t j = 0; j < sizeof changes && i < length; j++) {
            memcpy(copy, pack, sizeof pack);
            copy[i] = changes[j];
            fixture_make(&f);
            (void)load_bytes(&f, copy, length);
            fixture_free(&f);
        }
    }
}

static void a_deep_condition_is_refused(void **state) {
    (void)state;
    char text[2048] = RULE_HEAD "  require: ";
    size_t used = strlen(text);
    for (int i = 0; i < 100; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "{not: ");
    struct fixture f;
    fixture_make(&f);
    assert_int_equal(load_bytes(&f, text, used), -1);
    fixture_free(&f);
}

static const struct rule rule_a = {.id = "A-1"}, rule_b = {.id = "B-1"}, rule_again = {.id = "A-1"};

static void packs_are_collected_once_and_without_conflict(void **state) {
    (void)state;
    static const char *const baseline[] = {"spark-baseline"}, *const wrong[] = {"spark-basline"};
    const struct pack one = {.name = "one", .rules = &rule_a, .rule_count = 1};
    const struct pack two = {.name = "two", .rules = &rule_b, .rule_count = 1};
    const struct pack again = {.name = "again", .rules = &rule_again, .rule_count = 1};
    const struct pack same = {.name = "one", .rules = &rule_b, .rule_count = 1};
    const struct pack more = {.name = "more",
                              .includes = baseline,
                              .include_count = 1,
                              .rules = &rule_a,
                              .rule_count = 1};
    const struct pack lost = {.name = "lost", .includes = wrong, .include_count = 1};
    const struct pack empty = {.name = "empty"};
    struct fixture f;
    fixture_make(&f);
    struct rule_set set;
#define COLLECT(...)                                                                               \
    rule_set_collect((const struct pack *const[]){__VA_ARGS__},                                    \
                     sizeof((const struct pack *const[]){__VA_ARGS__}) / sizeof(struct pack *),    \
                     &f.arena, &set, &f.err)
    assert_int_equal(COLLECT(&one, &two, &one), 0);
    assert_int_equal(set.count, 2);
    assert_int_equal(set.pack_count, 2);
    assert_ptr_equal(rule_set_find(&set, "B-1"), &rule_b);
    assert_null(rule_set_find(&set, "C-1"));
    assert_int_equal(COLLECT(&more, pack_find("spark-production")), 0);
    assert_int_equal(set.pack_count, 3);
    assert_string_equal(set.packs[0]->name, "spark-baseline");
    assert_int_equal(COLLECT(&one, &again), -1);
    assert_holds(f.err.what, "two packs have a rule A-1");
    assert_int_equal(COLLECT(&one, &same), -1);
    assert_holds(f.err.what, "two packs are called one");
    assert_int_equal(COLLECT(&lost), -1);
    assert_holds(f.err.todo, "did you mean spark-baseline?");
    assert_int_equal(COLLECT(&empty), -1);
    assert_int_equal(f.err.code, ERROR_POLICY);
    fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_a_rule_is_read),
        cmocka_unit_test(several_entries_all_hold),
        cmocka_unit_test(every_operator_under_a_key_is_read),
        cmocka_unit_test(an_unknown_operator_names_the_nearest),
        cmocka_unit_test(a_key_that_spark_does_not_read_is_refused),
        cmocka_unit_test(a_glob_of_keys_needs_no_entry),
        cmocka_unit_test(a_value_of_another_type_is_refused),
        cmocka_unit_test(a_star_needs_its_each),
        cmocka_unit_test(a_condition_that_says_nothing_is_refused),
        cmocka_unit_test(plaintext_operators_have_their_place_and_their_name),
        cmocka_unit_test(an_operator_about_each_setting_stands_alone),
        cmocka_unit_test(what_a_rule_must_have_is_asked_for),
        cmocka_unit_test(an_unknown_field_names_the_nearest),
        cmocka_unit_test(an_id_is_unique_and_well_formed),
        cmocka_unit_test(a_pack_without_rules_is_refused),
        cmocka_unit_test(a_fix_and_examples_are_checked),
        cmocka_unit_test(a_rule_has_a_bounded_number_of_conditions),
        cmocka_unit_test(a_damaged_pack_is_read_or_refused),
        cmocka_unit_test(a_deep_condition_is_refused),
        cmocka_unit_test(packs_are_collected_once_and_without_conflict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
