#include "policy/rules/rule_offence.h"

#include "policy/data/catalogue/catalogue.h"
#include "policy/plaintext/plaintext.h"

static bool holds_plaintext(const struct rule_node *leaf, const struct setting *setting,
                            enum offence_kind *kind) {
    if (!globs_match(leaf, setting->key) || !plaintext_key_is_secret(setting->key))
        return false;
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

static bool holds_embedded(const struct rule_node *leaf, const struct setting *setting,
                           enum offence_kind *kind) {
    size_t offset, length;
    if (!globs_match(leaf, setting->key) ||
        !plaintext_find_embedded(setting->key, setting->value, &offset, &length))
        return false;
    *kind = OFFENCE_EMBEDDED;
    return true;
}

bool offence_of(const struct rule_node *leaf, const struct setting *setting,
                enum offence_kind *kind) {
    if (leaf->op == OP_NO_PLAINTEXT)
        return holds_plaintext(leaf, setting, kind);
    if (leaf->op == OP_NO_EMBEDDED)
        return holds_embedded(leaf, setting, kind);
    *kind = OFFENCE_NEAR_MISS;
    return catalogue_near_miss(setting->key) != NULL;
}

enum truth offence_kind_truth(enum offence_kind kind) {
    return kind == OFFENCE_PLACEHOLDER ? TRUTH_UNKNOWN : TRUTH_FALSE;
}

const struct setting *offence_next(const struct effective *conf, struct offence_walk *walk) {
    const struct setting *setting = walk->next;
    if (setting == NULL) {
        size_t index = walk->index++;
        if (index < conf->count)
            setting = &conf->settings[index];
        else if (index - conf->count < conf->ignored_count)
            setting = &conf->ignored[index - conf->count];
        else if (index - conf->count - conf->ignored_count < conf->java_count)
            setting = &conf->java[index - conf->count - conf->ignored_count];
        else
            return NULL;
    }
    walk->next = setting->overridden;
    return setting;
}

enum truth offence_truth(const struct scene *scene, const struct rule_node *leaf) {
    enum truth worst = TRUTH_TRUE;
    struct offence_walk walk = {0};
    const struct setting *setting;
    while ((setting = offence_next(scene->conf, &walk)) != NULL) {
        enum offence_kind kind;
        if (!offence_of(leaf, setting, &kind))
            continue;
        enum truth truth = offence_kind_truth(kind);
        worst = truth < worst ? truth : worst;
    }
    return worst;
}
