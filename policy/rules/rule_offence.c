#include "policy/rules/rule_offence.h"

#include <string.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/plaintext/plaintext.h"
#include "policy/rules/rule_operators.h"
#include "policy/surface/unknown.h"

/* Whether what stands under a secret's key is one in plain text. */
static bool is_plain(const struct setting *setting, enum offence_kind *kind) {
    if (unknown_in(setting->value)) {
        *kind = OFFENCE_PLACEHOLDER;
        return true;
    }
    switch (plaintext_classify(setting->key, setting->value)) {
    case VALUE_LITERAL:
        *kind = OFFENCE_LITERAL;
        return true;
    case VALUE_WELL_KNOWN:
        *kind = OFFENCE_WELL_KNOWN;
        return true;
    case VALUE_FALSE_REFERENCE:
        *kind = OFFENCE_FALSE_REFERENCE;
        return true;
    case VALUE_PLACEHOLDER:
        *kind = OFFENCE_PLACEHOLDER;
        return true;
    case VALUE_HARMLESS:
    case VALUE_EMPTY:
    case VALUE_REFERENCE:
        break;
    }
    return false;
}

static bool embeds_plain(const struct setting *setting, enum offence_kind *kind) {
    size_t offset, length;
    if (!plaintext_find_within(setting->value, &offset, &length))
        return false;
    *kind =
        unknown_within(setting->value + offset, length) ? OFFENCE_PLACEHOLDER : OFFENCE_EMBEDDED;
    return true;
}

static bool holds_plain(const struct rule_node *leaf, const struct setting *setting,
                        struct offence_plain *plain, enum offence_kind *kind) {
    if (!plain->told) {
        plain->told = true;
        plain->secret = plaintext_key_is_secret(setting->key);
        plain->offends =
            plain->secret ? is_plain(setting, &plain->kind) : embeds_plain(setting, &plain->kind);
    }
    *kind = plain->kind;
    return plain->offends && plain->secret == (leaf->op == OP_NO_PLAINTEXT) &&
           globs_match(leaf, setting->key);
}

static bool is_ineffective(const struct effective *conf, const struct setting *setting,
                           enum offence_kind *kind) {
    *kind = OFFENCE_INEFFECTIVE;
    for (size_t i = 0; i < conf->ineffective_count; i++)
        if (setting == &conf->ineffective[i]) {
            const struct catalogue_entry *entry = catalogue_find(setting->key);
            return entry != NULL && entry->security;
        }
    return false;
}

bool offence_of(const struct effective *conf, const struct rule_node *leaf,
                const struct setting *setting, struct offence_plain *plain,
                enum offence_kind *kind) {
    if (leaf->op == OP_NO_INEFFECTIVE)
        return is_ineffective(conf, setting, kind);
    if (leaf->op == OP_NO_PLAINTEXT || leaf->op == OP_NO_EMBEDDED)
        return holds_plain(leaf, setting, plain, kind);
    *kind = OFFENCE_NEAR_MISS;
    return catalogue_near_miss(setting->key) != NULL;
}

enum truth offence_kind_truth(enum offence_kind kind) {
    return kind == OFFENCE_PLACEHOLDER ? TRUTH_UNKNOWN : TRUTH_FALSE;
}

const struct setting *offence_next(const struct effective *conf, struct offence_walk *walk) {
    const struct {
        const struct setting *items;
        size_t count;
    } lists[] = {{conf->settings, conf->count},
                 {conf->ignored, conf->ignored_count},
                 {conf->java, conf->java_count},
                 {conf->ineffective, conf->ineffective_count}};
    const struct setting *setting = walk->next;
    size_t index = walk->index;
    for (size_t i = 0; setting == NULL && i < sizeof lists / sizeof lists[0]; i++) {
        if (index < lists[i].count)
            setting = &lists[i].items[index];
        else
            index -= lists[i].count;
    }
    if (setting == NULL)
        return NULL;
    walk->index += walk->next == NULL ? 1 : 0;
    walk->next = setting->overridden;
    return setting;
}

enum truth offence_truth(const struct scene *scene, const struct rule_node *leaf) {
    enum truth worst = TRUTH_TRUE;
    struct offence_walk walk = {0};
    const struct setting *setting;
    while ((setting = offence_next(scene->conf, &walk)) != NULL) {
        struct offence_plain plain = {0};
        enum offence_kind kind;
        if (!offence_of(scene->conf, leaf, setting, &plain, &kind))
            continue;
        enum truth truth = offence_kind_truth(kind);
        worst = truth < worst ? truth : worst;
    }
    return worst;
}
