#include "policy/rules/rule_load.h"

#include <string.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/rules/rule_loader.h"
#include "policy/rules/rule_operators.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/yaml/yaml_tree.h"

/* An id is short, because a line of LIMIT_RULE_LIST bytes names many. */
#define ID_BYTES      48
#define REFS          16
#define EXAMPLES      64
#define EXAMPLE_PAIRS 64

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

void *loader_take(struct loader *l, size_t count, size_t size, struct error *err) {
    void *memory = arena_array(l->arena, count, size);
    if (memory == NULL)
        error_set(err, ERROR_MEMORY, "memory is exhausted while reading %s", l->source.name);
    return memory;
}

static bool is_word(const char *text, const char *alphabet, size_t most) {
    size_t length = strlen(text);
    return length > 0 && length <= most && text[0] != '-' && strspn(text, alphabet) == length;
}

static int read_id(struct loader *l, const struct yaml_node *node, struct rule *rule,
                   struct error *err) {
    if (yaml_read_text(&l->source, node, "id", &rule->id, err) != 0)
        return -1;
    if (is_word(rule->id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", ID_BYTES) &&
        strchr(rule->id, '-') != NULL)
        return 0;
    yaml_error_value(&l->source, node, err, "%s is no id of a rule", rule->id);
    return error_todo(err, "write capitals, digits and dashes, as in TEAM-AUTH-001");
}

static int read_title(struct loader *l, const struct yaml_node *node, struct rule *rule,
                      struct error *err) {
    return yaml_read_text(&l->source, node, "title", &rule->title, err);
}

static int read_because(struct loader *l, const struct yaml_node *node, struct rule *rule,
                        struct error *err) {
    return yaml_read_text(&l->source, node, "because", &rule->because, err);
}

/* The place of a word in names; the enums count in the same order. */
static int read_choice(struct loader *l, const struct yaml_node *node, const char *const *names,
                       size_t count, size_t *ret, struct error *err) {
    const char *text;
    if (yaml_read_text(&l->source, node, node->key, &text, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], text) == 0) {
            *ret = i;
            return 0;
        }
    yaml_error_value(&l->source, node, err, "%s cannot be %s", node->key, text);
    const char *near = text_nearest(text, names, count);
    if (near != NULL)
        return error_todo(err, "did you mean %s?", near);
    return error_todo(err, "write one of %s, %s, %s%s%s", names[0], names[1], names[2],
                      count > 3 ? ", " : "", count > 3 ? names[3] : "");
}

static int read_severity(struct loader *l, const struct yaml_node *node, struct rule *rule,
                         struct error *err) {
    static const char *const names[] = {"low", "medium", "high", "critical"};
    size_t choice;
    if (read_choice(l, node, names, COUNT(names), &choice, err) != 0)
        return -1;
    rule->severity = (enum severity)choice;
    return 0;
}

static int read_owner(struct loader *l, const struct yaml_node *node, struct rule *rule,
                      struct error *err) {
    static const char *const names[] = {"job", "cluster", "platform"};
    size_t choice;
    if (read_choice(l, node, names, COUNT(names), &choice, err) != 0)
        return -1;
    rule->owner = (enum owner)choice;
    return 0;
}

/* A family of names, its last part a star. */
static int read_each(struct loader *l, const struct yaml_node *node, struct rule *rule,
                     struct error *err) {
    if (yaml_read_text(&l->source, node, "each", &rule->each, err) != 0)
        return -1;
    const char *star = strchr(rule->each, '*');
    bool whole =
        text_starts(rule->each, "spark.") && star != NULL && star[1] == '\0' && star[-1] == '.';
    if (whole && catalogue_family(rule->each) != NULL) {
        l->each = rule->each;
        return 0;
    }
    yaml_error_value(&l->source, node, err, "%s is no family of names", rule->each);
    return error_todo(err, "write it as in each: spark.sql.catalog.*");
}

static int read_when(struct loader *l, const struct yaml_node *node, struct rule *rule,
                     struct error *err) {
    return loader_read_expression(l, node, &rule->when, err);
}

static int read_require(struct loader *l, const struct yaml_node *node, struct rule *rule,
                        struct error *err) {
    return loader_read_expression(l, node, &rule->require, err);
}

static int read_refs(struct loader *l, const struct yaml_node *node, struct rule *rule,
                     struct error *err) {
    return yaml_read_texts(&l->source, node, "refs", REFS, l->arena, &rule->refs, &rule->ref_count,
                           err);
}

/* A mapping of settings. */
static int read_pairs(struct loader *l, const struct yaml_node *node, const char *what,
                      const struct rule_pair **ret, size_t *count, struct error *err) {
    if (yaml_expect(&l->source, node, YAML_MAPPING, what, err) != 0)
        return -1;
    if (node->count > EXAMPLE_PAIRS)
        return yaml_error_value(&l->source, node, err, "%s: at most %d settings", what,
                                EXAMPLE_PAIRS);
    struct rule_pair *pairs = loader_take(l, node->count, sizeof *pairs, err);
    if (pairs == NULL)
        return -1;
    *ret = pairs;
    *count = node->count;
    for (const struct yaml_node *entry = node->first; entry != NULL; entry = entry->next) {
        pairs->key = entry->key;
        if (yaml_read_text(&l->source, entry, entry->key, &pairs->value, err) != 0)
            return -1;
        pairs++;
    }
    return 0;
}

static int read_fix_set(struct loader *l, const struct yaml_node *node, struct rule *rule,
                        struct error *err) {
    if (read_pairs(l, node, "fix.set", &rule->fix_set, &rule->fix_count, err) != 0)
        return -1;
    if (node->count == 0)
        return yaml_error_value(&l->source, node, err, "fix.set is empty");
    for (const struct yaml_node *entry = node->first; entry != NULL; entry = entry->next)
        if (loader_check_key(l, entry, err) != 0 ||
            loader_check_value(l, entry, entry->key, err) != 0)
            return -1;
    return 0;
}

static int read_fix(struct loader *l, const struct yaml_node *node, struct rule *rule,
                    struct error *err) {
    static const char *const names[] = {"set", "text"};
    if (node->kind == YAML_SCALAR)
        return yaml_read_text(&l->source, node, "fix", &rule->fix_text, err);
    if (yaml_check_keys(&l->source, node, names, COUNT(names), "fix", err) != 0)
        return -1;
    const struct yaml_node *set = yaml_find(node, "set"), *text = yaml_find(node, "text");
    if (set == NULL && text == NULL)
        return yaml_error_value(&l->source, node, err, "fix says nothing");
    if (set != NULL && read_fix_set(l, set, rule, err) != 0)
        return -1;
    return text == NULL ? 0 : yaml_read_text(&l->source, text, "fix.text", &rule->fix_text, err);
}

static int check_version(const struct loader *l, const struct yaml_node *example,
                         struct error *err) {
    const struct yaml_node *version = yaml_find(example, RULE_EXAMPLE_VERSION);
    int major, minor;
    if (version == NULL || rule_version_parse(version->text, &major, &minor) == 0)
        return 0;
    yaml_error_value(&l->source, version, err, "%s is no version of Spark", version->text);
    return error_todo(err, "write it as in version: \"4.0\"");
}

/* One mapping, or a list of them. */
static int read_example_list(struct loader *l, const struct yaml_node *node, const char *what,
                             const struct rule_example **ret, size_t *count, struct error *err) {
    bool many = node->kind == YAML_SEQUENCE;
    size_t wanted = many ? node->count : 1;
    if (wanted == 0 || wanted > EXAMPLES)
        return yaml_error_value(&l->source, node, err, "%s: between 1 and %d examples", what,
                                EXAMPLES);
    struct rule_example *examples = loader_take(l, wanted, sizeof *examples, err);
    if (examples == NULL)
        return -1;
    *ret = examples;
    *count = wanted;
    const struct yaml_node *at = many ? node->first : node;
    for (size_t i = 0; i < wanted; i++, at = at->next)
        if (read_pairs(l, at, what, &examples[i].pairs, &examples[i].count, err) != 0 ||
            check_version(l, at, err) != 0)
            return -1;
    return 0;
}

static int read_examples(struct loader *l, const struct yaml_node *node, struct rule *rule,
                         struct error *err) {
    static const char *const names[] = {"pass", "fail"};
    if (yaml_check_keys(&l->source, node, names, COUNT(names), "examples", err) != 0)
        return -1;
    const struct yaml_node *pass = yaml_find(node, "pass"), *fail = yaml_find(node, "fail");
    if (pass == NULL || fail == NULL) {
        yaml_error_key(&l->source, node, err, "%s: an example that %s is missing", rule->id,
                       pass == NULL ? "passes" : "fails");
        return error_todo(err, "write %s: {…} under examples", pass == NULL ? "pass" : "fail");
    }
    if (read_example_list(l, pass, "pass", &rule->pass, &rule->pass_count, err) != 0)
        return -1;
    return read_example_list(l, fail, "fail", &rule->fail, &rule->fail_count, err);
}

static const struct field {
    const char *name;
    int (*read)(struct loader *, const struct yaml_node *, struct rule *, struct error *);
    bool optional;
} fields[] = {
    {"id", read_id, false},
    {"title", read_title, false},
    {"severity", read_severity, false},
    {"owner", read_owner, false},
    {"each", read_each, true},
    {"when", read_when, true},
    {"require", read_require, false},
    {"because", read_because, false},
    {"fix", read_fix, false},
    {"refs", read_refs, true},
    {"examples", read_examples, false},
};

static int missing_field(const struct loader *l, const struct yaml_node *node, const char *name,
                         const struct rule *rule, struct error *err) {
    yaml_error_value(&l->source, node, err, "%s has no %s", rule->id != NULL ? rule->id : "a rule",
                     name);
    return error_todo(err, "write %s: …", name);
}

static int read_rule(struct loader *l, const struct yaml_node *node, struct rule *rule,
                     struct error *err) {
    const char *names[COUNT(fields)];
    for (size_t i = 0; i < COUNT(fields); i++)
        names[i] = fields[i].name;
    if (yaml_check_keys(&l->source, node, names, COUNT(names), "a rule", err) != 0)
        return -1;
    l->nodes = 0;
    l->each = NULL;
    rule->line = node->line;
    for (size_t i = 0; i < COUNT(fields); i++) {
        const struct yaml_node *value = yaml_find(node, fields[i].name);
        if (value == NULL && fields[i].optional)
            continue;
        if (value == NULL)
            return missing_field(l, node, fields[i].name, rule, err);
        if (fields[i].read(l, value, rule, err) != 0)
            return -1;
    }
    return loader_lint_rule(l, node, rule, err);
}

static int check_unique(const struct loader *l, const struct yaml_node *node,
                        const struct rule *rules, size_t count, struct error *err) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rules[i].id, rules[count].id) != 0)
            continue;
        yaml_error_value(&l->source, yaml_find(node, "id"), err,
                         "%s is the id of two rules; the other stands in line %zu", rules[i].id,
                         rules[i].line);
        return error_todo(err, "give one of them an id of its own");
    }
    return 0;
}

static int read_rules(struct loader *l, const struct yaml_node *node, struct pack *pack,
                      struct error *err) {
    if (yaml_expect(&l->source, node, YAML_SEQUENCE, "rules", err) != 0)
        return -1;
    if (node->count > LIMIT_RULES)
        return yaml_error_value(&l->source, node, err, "a pack has at most %d rules", LIMIT_RULES);
    struct rule *rules = loader_take(l, node->count, sizeof *rules, err);
    if (rules == NULL)
        return -1;
    size_t count = 0;
    for (const struct yaml_node *at = node->first; at != NULL; at = at->next, count++)
        if (read_rule(l, at, &rules[count], err) != 0 ||
            check_unique(l, at, rules, count, err) != 0)
            return -1;
    pack->rules = rules;
    pack->rule_count = count;
    return 0;
}

static int read_includes(struct loader *l, const struct yaml_node *node, struct pack *pack,
                         struct error *err) {
    if (yaml_read_texts(&l->source, node, "includes", LIMIT_PACKS, l->arena, &pack->includes,
                        &pack->include_count, err) != 0)
        return -1;
    for (size_t i = 0; i < pack->include_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(pack->includes[i], pack->includes[j]) == 0)
                return yaml_error_value(&l->source, node, err, "%s is included twice",
                                        pack->includes[i]);
    return 0;
}

static int read_name(struct loader *l, const struct yaml_node *root, struct pack *pack,
                     struct error *err) {
    const struct yaml_node *name = yaml_find(root, "pack"), *title = yaml_find(root, "title");
    if (name == NULL || title == NULL) {
        yaml_error_value(&l->source, root, err, "the pack has no %s",
                         name == NULL ? "name" : "title");
        return error_todo(err, "write %s: …", name == NULL ? "pack" : "title");
    }
    if (yaml_read_text(&l->source, name, "pack", &pack->name, err) != 0 ||
        yaml_read_text(&l->source, title, "title", &pack->title, err) != 0)
        return -1;
    if (is_word(pack->name, "abcdefghijklmnopqrstuvwxyz0123456789-", ID_BYTES))
        return 0;
    yaml_error_value(&l->source, name, err, "%s is no name of a pack", pack->name);
    return error_todo(err, "write small letters, digits and dashes, as in my-team");
}

static int read_pack(struct loader *l, const struct yaml_node *root, struct pack *pack,
                     struct error *err) {
    static const char *const names[] = {"pack", "title", "includes", "rules"};
    if (yaml_check_keys(&l->source, root, names, COUNT(names), "", err) != 0 ||
        read_name(l, root, pack, err) != 0)
        return -1;
    const struct yaml_node *includes = yaml_find(root, "includes");
    const struct yaml_node *rules = yaml_find(root, "rules");
    if (includes != NULL && read_includes(l, includes, pack, err) != 0)
        return -1;
    if (rules != NULL && read_rules(l, rules, pack, err) != 0)
        return -1;
    if (pack->rule_count > 0 || pack->include_count > 0)
        return 0;
    yaml_error_value(&l->source, root, err, "the pack has no rules: it would pass everything");
    return error_todo(err, "write rules: …, or includes: [spark-baseline]");
}

int rule_load(const char *bytes, size_t length, const char *name, struct arena *arena,
              struct pack *ret, struct error *err) {
    struct loader l = {.source = {bytes, length, name, ERROR_POLICY}, .arena = arena};
    const struct yaml_node *root;
    if (yaml_parse(bytes, length, name, ERROR_POLICY, arena, arena, &root, err) != 0)
        return -1;
    if (root == NULL) {
        error_set(err, ERROR_POLICY, "the pack is empty: it would pass everything");
        error_at(err, name, 1, 1);
        return error_todo(err, "write pack: NAME, title: … and rules: …");
    }
    struct pack pack = {0};
    if (read_pack(&l, root, &pack, err) != 0)
        return -1;
    *ret = pack;
    return 0;
}
