#include <string.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/plaintext/plaintext.h"
#include "policy/rules/rule_load.h"
#include "policy/rules/rule_loader.h"
#include "policy/rules/rule_number.h"
#include "policy/rules/rule_operators.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

/* A star in a key stands for a name of each. */
static int check_starred(const struct loader *l, const struct yaml_node *node, struct error *err) {
    const char *star = strchr(node->key, '*');
    if (l->each != NULL && text_starts(node->key, l->each) && strchr(star + 1, '*') == NULL &&
        (star[1] == '.' || star[1] == '\0'))
        return 0;
    yaml_error_key(&l->source, node, err, "%s: a star stands for the names of each", node->key);
    return l->each == NULL ? error_todo(err, "write each: %.*s in the rule",
                                        (int)(star + 1 - node->key), node->key)
                           : error_todo(err, "write %s or %s.KEY", l->each, l->each);
}

int loader_check_key(const struct loader *l, const struct yaml_node *node, struct error *err) {
    if (strchr(node->key, '*') != NULL)
        return check_starred(l, node, err);
    if (catalogue_find(node->key) != NULL || plaintext_key_is_secret(node->key))
        return 0;
    yaml_error_key(&l->source, node, err, "%s is not in the catalogue of Spark's keys", node->key);
    const char *near = catalogue_near_miss(node->key);
    if (near != NULL)
        return error_todo(err, "did you mean %s?", near);
    return error_todo(err, "a rule about a key that Spark does not read would never hold");
}

static bool type_is_boolean(enum catalogue_type type) {
    return type == TYPE_BOOL_TYPED || type == TYPE_BOOL_RAW || type == TYPE_BOOL_TRANSPORT ||
           type == TYPE_BOOL_HADOOP;
}

static bool type_is_number(enum catalogue_type type) {
    return type >= TYPE_INT && type <= TYPE_BYTES;
}

static bool is_integer(const char *text) {
    const char *digits = text[0] == '-' ? text + 1 : text;
    return digits[0] != '\0' && strspn(digits, "0123456789") == strlen(digits);
}

int loader_check_value(const struct loader *l, const struct yaml_node *node, const char *key,
                       struct error *err) {
    const struct catalogue_entry *entry = catalogue_reader(key);
    double number;
    if (entry == NULL)
        return 0;
    if (type_is_boolean(entry->type) && strcmp(node->text, "true") != 0 &&
        strcmp(node->text, "false") != 0) {
        yaml_error_value(&l->source, node, err, "%s is true or false, not %s", key, node->text);
        return error_todo(err, "write %s: true, or %s: false", key, key);
    }
    if (entry->type == TYPE_INT && !is_integer(node->text))
        return yaml_error_value(&l->source, node, err, "%s is a whole number, not %s", key,
                                node->text);
    if (!type_is_number(entry->type) || rule_number_read(entry, node->text, &number) == 0)
        return 0;
    yaml_error_value(&l->source, node, err, "%s cannot be %s", key, node->text);
    return error_todo(err, "write a number%s",
                      entry->type == TYPE_TIME    ? " with its unit, as in 30s"
                      : entry->type == TYPE_BYTES ? " with its unit, as in 64m"
                                                  : "");
}

/* Which types of key an operator speaks of; the others say nothing with it. */
struct fit {
    enum operator_id op;
    bool boolean, list, options, number, other;
};

static const struct fit fits[] = {
    {OP_EQUALS, true, false, true, true, true},
    {OP_ONE_OF, true, false, true, true, true},
    {OP_LIKE, false, false, true, true, true},
    {OP_UNLIKE, false, false, true, true, true},
    {OP_AT_LEAST, false, false, false, true, false},
    {OP_AT_MOST, false, false, false, true, false},
    {OP_WITHOUT, false, true, false, false, false},
    {OP_ITEMS_LIKE, false, true, false, false, true},
    {OP_ITEMS_UNLIKE, false, true, false, false, true},
    {OP_JVM_WITHOUT, false, false, true, false, false},
};

static bool operator_fits(enum operator_id op, enum catalogue_type type) {
    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++) {
        if (fits[i].op != op)
            continue;
        return type_is_boolean(type)      ? fits[i].boolean
               : type == TYPE_LIST        ? fits[i].list
               : type == TYPE_JVM_OPTIONS ? fits[i].options
               : type_is_number(type)     ? fits[i].number
                                          : fits[i].other;
    }
    return true;
}

int loader_check_operator(const struct loader *l, const struct yaml_node *node, const char *key,
                          enum operator_id op, struct error *err) {
    const struct catalogue_entry *entry = catalogue_reader(key);
    if (entry == NULL || operator_fits(op, entry->type))
        return 0;
    yaml_error_key(&l->source, node, err, "%s: %s says nothing about a key of this type", key,
                   operator_row(op)->name);
    if (type_is_boolean(entry->type))
        return error_todo(err, "write %s: true, or %s: false", key, key);
    if (entry->type == TYPE_LIST)
        return error_todo(err, "it holds a comma list: write {without: […]}, {items-like: […]}, "
                               "{items-unlike: […]} or {present: true}");
    return error_todo(err, "write {one-of: […]}, {like: […]} or {unlike: […]}");
}

/* Whether some node is an operator about each setting. Nodes nest at most
 * LIMIT_YAML_DEPTH deep. */
static bool has_per_setting(const struct rule_node *node) {
    if (operator_row(node->op)->per_setting)
        return true;
    for (size_t i = 0; i < node->child_count; i++)
        if (has_per_setting(&node->children[i]))
            return true;
    return false;
}

static bool is_all_per_setting(const struct rule_node *require) {
    if (require->op != OP_ALL)
        return operator_row(require->op)->per_setting;
    for (size_t i = 0; i < require->child_count; i++)
        if (!operator_row(require->children[i].op)->per_setting)
            return false;
    return true;
}

static bool has_plaintext(const struct rule_node *require) {
    if (require->op == OP_NO_PLAINTEXT || require->op == OP_NO_EMBEDDED)
        return true;
    for (size_t i = 0; i < require->child_count; i++)
        if (has_plaintext(&require->children[i]))
            return true;
    return false;
}

static int lint_places(const struct loader *l, const struct yaml_node *node,
                       const struct rule *rule, struct error *err) {
    if (rule->when != NULL && has_per_setting(rule->when)) {
        yaml_error_value(&l->source, yaml_find(node, "when"), err,
                         "an operator about each setting cannot stand in when");
        return error_todo(err, "write it at the top of require");
    }
    if (has_per_setting(rule->require) && !is_all_per_setting(rule->require)) {
        yaml_error_value(&l->source, yaml_find(node, "require"), err,
                         "an operator about each setting stands alone at the top of require");
        return error_todo(err, "split the rule in two");
    }
    return 0;
}

/* Nodes nest at most LIMIT_YAML_DEPTH deep. */
static bool has_star(const struct rule_node *node) {
    if (node->key != NULL && strchr(node->key, '*') != NULL)
        return true;
    for (size_t i = 0; i < node->child_count; i++)
        if (has_star(&node->children[i]))
            return true;
    return false;
}

static int lint_each(const struct loader *l, const struct yaml_node *node, const struct rule *rule,
                     struct error *err) {
    if (rule->each != NULL && has_per_setting(rule->require)) {
        yaml_error_value(&l->source, yaml_find(node, "each"), err,
                         "an operator about each setting has no names to stand for");
        return error_todo(err, "leave out each: it looks at every setting as it is");
    }
    if (rule->each == NULL || (rule->when != NULL && has_star(rule->when)) ||
        has_star(rule->require))
        return 0;
    yaml_error_value(&l->source, yaml_find(node, "each"), err, "no key of the rule has the star");
    return error_todo(err, "write %s or %s.KEY in when or require", rule->each, rule->each);
}

int loader_lint_rule(const struct loader *l, const struct yaml_node *node, const struct rule *rule,
                     struct error *err) {
    if (lint_places(l, node, rule, err) != 0 || lint_each(l, node, rule, err) != 0)
        return -1;
    bool named = text_starts(rule->id, RULE_PLAINTEXT_PREFIX);
    if (named == has_plaintext(rule->require))
        return 0;
    yaml_error_value(&l->source, yaml_find(node, "id"), err,
                     named ? "%s: no PLAINTEXT operator stands in this rule"
                           : "%s: the id of a rule about plain text begins " RULE_PLAINTEXT_PREFIX,
                     rule->id);
    return error_todo(err, "rename the rule");
}
