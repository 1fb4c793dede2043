#include <string.h>

#include "policy/rules/rule_loader.h"
#include "policy/rules/rule_operators.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

static int read_block(struct loader *l, const struct yaml_node *mapping, struct rule_node *ret,
                      struct error *err);

/* Room for count more nodes of the rule at hand. */
static struct rule_node *take_nodes(struct loader *l, const struct yaml_node *at, size_t count,
                                    struct error *err) {
    if (count > LIMIT_RULE_NODES - l->nodes) {
        yaml_error_value(&l->source, at, err, "a rule has at most %d conditions", LIMIT_RULE_NODES);
        error_todo(err, "split it into several rules");
        return NULL;
    }
    l->nodes += count;
    return loader_take(l, count, sizeof(struct rule_node), err);
}

static int read_words(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                      struct error *err) {
    if (yaml_read_texts(&l->source, node, node->key, LIMIT_RULE_NODES, l->arena, &ret->words,
                        &ret->word_count, err) != 0)
        return -1;
    if (ret->word_count == 0)
        return yaml_error_value(&l->source, node, err, "%s: the list is empty", node->key);
    for (size_t i = 0; i < ret->word_count; i++)
        if (ret->words[i][0] == '\0')
            return yaml_error_value(&l->source, node, err, "%s: an empty text says nothing",
                                    node->key);
    return 0;
}

static int read_word(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                     struct error *err) {
    const char **words = loader_take(l, 1, sizeof *words, err);
    if (words == NULL ||
        yaml_read_text(&l->source, node, node->key != NULL ? node->key : "value", words, err) != 0)
        return -1;
    ret->words = words;
    ret->word_count = 1;
    return 0;
}

static int read_blocks(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                       struct error *err) {
    if (yaml_expect(&l->source, node, YAML_SEQUENCE, node->key, err) != 0)
        return -1;
    if (node->count == 0)
        return yaml_error_value(&l->source, node, err, "%s: the list is empty", node->key);
    struct rule_node *children = take_nodes(l, node, node->count, err);
    if (children == NULL)
        return -1;
    ret->children = children;
    ret->child_count = node->count;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        if (read_block(l, child, children++, err) != 0)
            return -1;
    return 0;
}

static int read_one_block(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                          struct error *err) {
    struct rule_node *child = take_nodes(l, node, 1, err);
    if (child == NULL)
        return -1;
    ret->children = child;
    ret->child_count = 1;
    return read_block(l, node, child, err);
}

static int read_masters(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                        struct error *err) {
    int status =
        node->kind == YAML_SEQUENCE ? read_words(l, node, ret, err) : read_word(l, node, ret, err);
    for (size_t i = 0; status == 0 && i < ret->word_count; i++) {
        bool known = false;
        for (size_t j = 0; j < RULE_MASTERS; j++)
            known = known || strcmp(ret->words[i], rule_masters[j]) == 0;
        if (known)
            continue;
        yaml_error_value(&l->source, node, err, "%s is no kind of master", ret->words[i]);
        const char *near = text_nearest(ret->words[i], rule_masters, RULE_MASTERS);
        if (near != NULL)
            return error_todo(err, "did you mean %s?", near);
        return error_todo(err, "write one of local, yarn, standalone, kubernetes");
    }
    return status;
}

static int read_version(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                        struct error *err) {
    if (read_word(l, node, ret, err) != 0)
        return -1;
    int major, minor;
    if (rule_version_parse(ret->words[0], &major, &minor) == 0)
        return 0;
    yaml_error_value(&l->source, node, err, "%s is no version of Spark", ret->words[0]);
    return error_todo(err, "write it as in since: \"4.0\"");
}

static int read_value(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                      struct error *err) {
    if (read_word(l, node, ret, err) != 0)
        return -1;
    if (ret->words[0][0] == '\0') {
        yaml_error_value(&l->source, node, err, "%s: an empty value says nothing", ret->key);
        return error_todo(err, "write {absent: true}");
    }
    if (loader_check_operator(l, node, ret->key, ret->op, err) != 0)
        return -1;
    return loader_check_value(l, node, ret->key, err);
}

static int read_values(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                       struct error *err) {
    if (loader_check_operator(l, node, ret->key, ret->op, err) != 0 ||
        read_words(l, node, ret, err) != 0)
        return -1;
    for (const struct yaml_node *word = node->first; word != NULL; word = word->next)
        if (loader_check_value(l, word, ret->key, err) != 0)
            return -1;
    return 0;
}

static int read_number(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                       struct error *err) {
    if (loader_check_operator(l, node, ret->key, ret->op, err) != 0 ||
        read_word(l, node, ret, err) != 0)
        return -1;
    return loader_check_value(l, node, ret->key, err);
}

/* A list of which each glob begins with '!' would never match. */
static int check_globs(struct loader *l, const struct yaml_node *node, const struct rule_node *ret,
                       struct error *err) {
    for (size_t i = 0; i < ret->word_count; i++)
        if (ret->words[i][0] != '!')
            return 0;
    yaml_error_value(&l->source, node, err, "%s: no glob is left to match", node->key);
    return error_todo(err, "begin with a glob without '!'");
}

static int read_items(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                      struct error *err) {
    if (loader_check_operator(l, node, ret->key, ret->op, err) != 0)
        return -1;
    return read_words(l, node, ret, err);
}

static int read_globs(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                      struct error *err) {
    if (loader_check_operator(l, node, ret->key, ret->op, err) != 0)
        return -1;
    if (read_words(l, node, ret, err) != 0)
        return -1;
    return check_globs(l, node, ret, err);
}

static int read_true(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                     struct error *err) {
    (void)ret;
    const char *text;
    if (yaml_read_text(&l->source, node, node->key, &text, err) != 0)
        return -1;
    if (strcmp(text, "true") == 0)
        return 0;
    yaml_error_value(&l->source, node, err, "%s is followed by true, nothing else", node->key);
    return error_todo(err, "write {%s: true}, or its opposite", operator_row(ret->op)->name);
}

static int read_family(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                       struct error *err) {
    if (read_word(l, node, ret, err) != 0)
        return -1;
    if (strcmp(ret->words[0], "security") == 0)
        return 0;
    yaml_error_value(&l->source, node, err, "%s is no family of keys", ret->words[0]);
    return error_todo(err, "write %s: security", node->key);
}

/* A list of key globs: what has no wildcard must be a key that exists. */
static int read_keys(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                     struct error *err) {
    if (read_words(l, node, ret, err) != 0 || check_globs(l, node, ret, err) != 0)
        return -1;
    for (const struct yaml_node *word = node->first; word != NULL; word = word->next) {
        struct yaml_node named = *word;
        named.key = word->text + (word->text[0] == '!' ? 1 : 0);
        named.key_line = word->line;
        named.key_column = word->column;
        if (strpbrk(word->text, "*?") == NULL && loader_check_key(l, &named, err) != 0)
            return -1;
    }
    return 0;
}

static int read_operand(struct loader *l, const struct yaml_node *node, struct rule_node *ret,
                        struct error *err) {
    static int (*const readers[])(struct loader *, const struct yaml_node *, struct rule_node *,
                                  struct error *) = {
        [OPERAND_BLOCKS] = read_blocks,   [OPERAND_BLOCK] = read_one_block,
        [OPERAND_MASTERS] = read_masters, [OPERAND_VERSION] = read_version,
        [OPERAND_NUMBER] = read_number,   [OPERAND_ITEMS] = read_items,
        [OPERAND_VALUE] = read_value,     [OPERAND_VALUES] = read_values,
        [OPERAND_TRUE] = read_true,       [OPERAND_GLOBS] = read_globs,
        [OPERAND_KEYS] = read_keys,       [OPERAND_FAMILY] = read_family};
    return readers[operator_row(ret->op)->operand](l, node, ret, err);
}

static int unknown_operator(struct loader *l, const struct yaml_node *entry, bool of_key,
                            struct error *err) {
    const char *names[OPERATORS];
    size_t count = operator_names(of_key, names);
    yaml_error_key(&l->source, entry, err, "unknown operator %s", entry->key);
    const char *near = text_nearest(entry->key, names, count);
    if (near != NULL)
        return error_todo(err, "did you mean %s?", near);
    struct buffer list = buffer_make(LIMIT_ERROR_TODO);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&list, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", names[i]);
    error_todo(err, "write %s", list.data != NULL ? list.data : "");
    buffer_free(&list);
    return -1;
}

static int read_key_operator(struct loader *l, const struct yaml_node *entry, const char *key,
                             struct rule_node *ret, struct error *err) {
    enum operator_id op = operator_find(entry->key, true);
    if (op == OPERATORS)
        return unknown_operator(l, entry, true, err);
    *ret = (struct rule_node){
        .op = op, .key = key, .line = entry->key_line, .column = entry->key_column};
    return read_operand(l, entry, ret, err);
}

/* `spark.x: {present: true, unlike: […]}`: all of them. */
static int read_key_operators(struct loader *l, const struct yaml_node *entry,
                              struct rule_node *ret, struct error *err) {
    if (entry->count == 0)
        return yaml_error_value(&l->source, entry, err, "%s: nothing is said about it", entry->key);
    if (entry->count == 1)
        return read_key_operator(l, entry->first, entry->key, ret, err);
    struct rule_node *children = take_nodes(l, entry, entry->count, err);
    if (children == NULL)
        return -1;
    *ret = (struct rule_node){.op = OP_ALL,
                              .children = children,
                              .child_count = entry->count,
                              .line = entry->key_line,
                              .column = entry->key_column};
    for (const struct yaml_node *child = entry->first; child != NULL; child = child->next)
        if (read_key_operator(l, child, entry->key, children++, err) != 0)
            return -1;
    return 0;
}

static int read_key(struct loader *l, const struct yaml_node *entry, struct rule_node *ret,
                    struct error *err) {
    if (loader_check_key(l, entry, err) != 0)
        return -1;
    if (entry->kind == YAML_MAPPING)
        return read_key_operators(l, entry, ret, err);
    if (entry->kind == YAML_SEQUENCE) {
        yaml_error_value(&l->source, entry, err, "%s: a list says not what it is for", entry->key);
        return error_todo(err, "write {one-of: […]}, {like: […]} or {unlike: […]}");
    }
    *ret = (struct rule_node){
        .op = OP_EQUALS, .key = entry->key, .line = entry->key_line, .column = entry->key_column};
    return read_value(l, entry, ret, err);
}

static int read_entry(struct loader *l, const struct yaml_node *entry, struct rule_node *ret,
                      struct error *err) {
    if (text_starts(entry->key, "spark."))
        return read_key(l, entry, ret, err);
    enum operator_id op = operator_find(entry->key, false);
    if (op == OPERATORS)
        return unknown_operator(l, entry, false, err);
    *ret = (struct rule_node){.op = op, .line = entry->key_line, .column = entry->key_column};
    return read_operand(l, entry, ret, err);
}

static int read_block(struct loader *l, const struct yaml_node *mapping, struct rule_node *ret,
                      struct error *err) {
    const char *what = mapping->key != NULL ? mapping->key : "a condition";
    if (yaml_expect(&l->source, mapping, YAML_MAPPING, what, err) != 0)
        return -1;
    if (mapping->count == 0)
        return yaml_error_value(&l->source, mapping, err, "%s is empty", what);
    if (mapping->count == 1)
        return read_entry(l, mapping->first, ret, err);
    struct rule_node *children = take_nodes(l, mapping, mapping->count, err);
    if (children == NULL)
        return -1;
    *ret = (struct rule_node){.op = OP_ALL,
                              .children = children,
                              .child_count = mapping->count,
                              .line = mapping->line,
                              .column = mapping->column};
    for (const struct yaml_node *entry = mapping->first; entry != NULL; entry = entry->next)
        if (read_entry(l, entry, children++, err) != 0)
            return -1;
    return 0;
}

int loader_read_expression(struct loader *l, const struct yaml_node *mapping,
                           const struct rule_node **ret, struct error *err) {
    struct rule_node *root = take_nodes(l, mapping, 1, err);
    if (root == NULL || read_block(l, mapping, root, err) != 0)
        return -1;
    *ret = root;
    return 0;
}
