#include "policy/report/report_policy.h"

#include <string.h>

#include "policy/report/report_json.h"
#include "policy/rules/rule_operators.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/text.h"

static void add_text(struct buffer *out, const char *text) {
    text_escape(out, text, strlen(text));
}

static void list_pack(struct buffer *out, const struct pack *pack) {
    add_text(out, pack->name);
    buffer_text(out, ": ");
    add_text(out, pack->title);
    for (size_t i = 0; i < pack->include_count; i++) {
        buffer_text(out, i == 0 ? "; includes " : ", ");
        add_text(out, pack->includes[i]);
    }
    buffer_char(out, '\n');
    for (size_t i = 0; i < pack->rule_count; i++) {
        const struct rule *rule = &pack->rules[i];
        buffer_printf(out, "  %-22s %-9s %-8s ", rule->id, severity_name(rule->severity),
                      owner_name(rule->owner));
        add_text(out, rule->title);
        buffer_char(out, '\n');
    }
}

void report_packs_text(const struct pack *const *packs, size_t count, struct buffer *out) {
    for (size_t i = 0; i < count; i++)
        list_pack(out, packs[i]);
}

static void json_rule_head(struct buffer *out, const struct rule *rule) {
    json_field(out, "rule", rule->id);
    buffer_text(out, ", ");
    json_field(out, "title", rule->title);
    buffer_text(out, ", ");
    json_field(out, "severity", severity_name(rule->severity));
    buffer_text(out, ", ");
    json_field(out, "owner", owner_name(rule->owner));
}

static void json_pack(struct buffer *out, const struct pack *pack) {
    buffer_char(out, '{');
    json_field(out, "pack", pack->name);
    buffer_text(out, ", ");
    json_field(out, "title", pack->title);
    buffer_text(out, ", \"includes\": ");
    json_texts(out, pack->includes, pack->include_count);
    buffer_text(out, ", \"rules\": [");
    for (size_t i = 0; i < pack->rule_count; i++) {
        buffer_text(out, i == 0 ? "\n  {" : ",\n  {");
        json_rule_head(out, &pack->rules[i]);
        buffer_char(out, '}');
    }
    buffer_text(out, "]}");
}

void report_packs_json(const struct pack *const *packs, size_t count, struct buffer *out) {
    buffer_text(out, "{\"packs\": [");
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i == 0 ? "\n " : ",\n ");
        json_pack(out, packs[i]);
    }
    buffer_text(out, "]}\n");
}

static void add_node(struct buffer *out, const struct rule_node *node, size_t depth) {
    const struct operator_row *row = operator_row(node->op);
    buffer_printf(out, "%*s- ", (int)(depth * 2), "");
    if (node->key != NULL) {
        add_text(out, node->key);
        buffer_char(out, ' ');
    }
    buffer_text(out, row->name);
    for (size_t i = 0; i < node->word_count; i++) {
        buffer_text(out, i == 0 ? ": " : ", ");
        add_text(out, node->words[i]);
    }
    if (node->child_count > 0)
        buffer_printf(out, ": %s", row->help);
    buffer_char(out, '\n');
    /* Nodes nest at most LIMIT_YAML_DEPTH deep. */
    for (size_t i = 0; i < node->child_count; i++)
        add_node(out, &node->children[i], depth + 1);
}

static void add_fix(struct buffer *out, const struct rule *rule) {
    buffer_text(out, "write\n");
    for (size_t i = 0; i < rule->fix_count; i++) {
        buffer_text(out, "  ");
        add_text(out, rule->fix_set[i].key);
        buffer_char(out, ' ');
        add_text(out, rule->fix_set[i].value);
        buffer_char(out, '\n');
    }
    if (rule->fix_text == NULL)
        return;
    buffer_text(out, "  ");
    add_text(out, rule->fix_text);
    buffer_char(out, '\n');
}

void report_rule_text(const struct rule *rule, struct buffer *out) {
    buffer_printf(out, "%s: ", rule->id);
    add_text(out, rule->title);
    buffer_printf(out, "\nseverity %s, owner %s\nwhy\n  ", severity_name(rule->severity),
                  owner_name(rule->owner));
    add_text(out, rule->because);
    if (rule->each != NULL) {
        buffer_text(out, "\nfor each name in\n  ");
        add_text(out, rule->each);
    }
    buffer_text(out, rule->when != NULL ? "\nwhen\n" : "\n");
    if (rule->when != NULL)
        add_node(out, rule->when, 1);
    buffer_text(out, "require\n");
    add_node(out, rule->require, 1);
    add_fix(out, rule);
    for (size_t i = 0; i < rule->ref_count; i++) {
        buffer_text(out, i == 0 ? "see " : ", ");
        add_text(out, rule->refs[i]);
    }
    buffer_text(out, rule->ref_count > 0 ? "\n" : "");
}

void report_rule_json(const struct rule *rule, struct buffer *out) {
    buffer_char(out, '{');
    json_rule_head(out, rule);
    buffer_text(out, ", ");
    json_field(out, "because", rule->because);
    buffer_text(out, ", \"set\": {");
    for (size_t i = 0; i < rule->fix_count; i++) {
        buffer_text(out, i == 0 ? "" : ", ");
        json_field(out, rule->fix_set[i].key, rule->fix_set[i].value);
    }
    buffer_text(out, "}, ");
    json_field(out, "fix", rule->fix_text);
    buffer_text(out, ", \"refs\": ");
    json_texts(out, rule->refs, rule->ref_count);
    buffer_text(out, "}\n");
}

struct tally {
    size_t rules, examples, mutants, faults;
};

static struct tally count_tests(const struct report_test *tests, size_t count) {
    struct tally tally = {0};
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < tests[i].pack->rule_count; j++) {
            const struct rule_test *test = &tests[i].tests[j];
            tally.rules++;
            tally.examples += test->examples;
            tally.mutants += test->mutants;
            tally.faults += test->fault_count;
        }
    return tally;
}

static void add_faults(struct buffer *out, const struct report_test *test) {
    for (size_t i = 0; i < test->pack->rule_count; i++)
        for (size_t j = 0; j < test->tests[i].fault_count; j++) {
            const struct rule_fault *fault = &test->tests[i].faults[j];
            add_text(out, test->source);
            buffer_printf(out, ":%zu:%zu: %s: ", fault->line, fault->column, fault->rule->id);
            add_text(out, fault->what);
            buffer_char(out, '\n');
        }
}

void report_tests_text(const struct report_test *tests, size_t count, struct buffer *out) {
    struct tally tally = count_tests(tests, count);
    for (size_t i = 0; i < count; i++)
        add_faults(out, &tests[i]);
    buffer_printf(out, "%zu rules, %zu examples, %zu mutants: %zu faults\n", tally.rules,
                  tally.examples, tally.mutants, tally.faults);
}

static void json_faults(struct buffer *out, const struct report_test *test, bool *first) {
    for (size_t i = 0; i < test->pack->rule_count; i++)
        for (size_t j = 0; j < test->tests[i].fault_count; j++) {
            const struct rule_fault *fault = &test->tests[i].faults[j];
            buffer_text(out, *first ? "\n  {" : ",\n  {");
            json_field(out, "rule", fault->rule->id);
            buffer_text(out, ", ");
            json_field(out, "file", test->source);
            buffer_printf(out, ", \"line\": %zu, \"column\": %zu, ", fault->line, fault->column);
            json_field(out, "message", fault->what);
            buffer_char(out, '}');
            *first = false;
        }
}

void report_tests_json(const struct report_test *tests, size_t count, struct buffer *out) {
    struct tally tally = count_tests(tests, count);
    bool first = true;
    buffer_printf(out, "{\"rules\": %zu, \"examples\": %zu, \"mutants\": %zu, \"faults\": [",
                  tally.rules, tally.examples, tally.mutants);
    for (size_t i = 0; i < count; i++)
        json_faults(out, &tests[i], &first);
    buffer_text(out, "]}\n");
}
