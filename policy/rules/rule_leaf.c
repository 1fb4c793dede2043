#include <string.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/plaintext/plaintext.h"
#include "policy/rules/rule_evaluate.h"
#include "policy/rules/rule_offence.h"
#include "policy/rules/rule_operators.h"
#include "policy/surface/java_options.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

bool globs_match(const struct rule_node *leaf, const char *text) {
    bool matched = false;
    for (size_t i = 0; i < leaf->word_count; i++) {
        const char *word = leaf->words[i];
        if (word[0] == '!' && text_glob(word + 1, text))
            return false;
        matched = matched || (word[0] != '!' && text_glob(word, text));
    }
    return matched;
}

bool value_is_open(const char *value) {
    return setting_is_unknown(value) || strstr(value, "${") != NULL;
}

static enum truth truth_of(bool holds) {
    return holds ? TRUTH_TRUE : TRUTH_FALSE;
}

static bool is_blank(char c) {
    return (unsigned char)c <= ' ';
}

/* Whether value is word but for blanks around it, which Spark's readers drop. */
static bool same_trimmed(const char *value, const char *word) {
    while (*value != '\0' && is_blank(*value))
        value++;
    size_t length = strlen(value);
    while (length > 0 && is_blank(value[length - 1]))
        length--;
    return length == strlen(word) && memcmp(value, word, length) == 0;
}

static bool is_boolean(const char *key) {
    const struct catalogue_entry *entry = catalogue_find(key);
    return entry != NULL && (entry->type == TYPE_BOOL_TYPED || entry->type == TYPE_BOOL_RAW ||
                             entry->type == TYPE_BOOL_TRANSPORT || entry->type == TYPE_BOOL_HADOOP);
}

/* A value that Spark throws at is neither true nor false: no equality holds. */
static enum truth boolean_equals(const char *key, const char *value, const char *word) {
    switch (catalogue_boolean(key, value)) {
    case CATALOGUE_TRUE:
        return truth_of(strcmp(word, "true") == 0);
    case CATALOGUE_FALSE:
        return truth_of(strcmp(word, "false") == 0);
    case CATALOGUE_UNKNOWN:
        return TRUTH_UNKNOWN;
    case CATALOGUE_INVALID:
        break;
    }
    return TRUTH_FALSE;
}

static enum truth value_equals(const char *key, const char *value, const char *word) {
    if (unknown_in(value))
        return TRUTH_UNKNOWN;
    if (is_boolean(key))
        return boolean_equals(key, value, word);
    return value_is_open(value) ? TRUTH_UNKNOWN : truth_of(same_trimmed(value, word));
}

/* For equals and one-of. */
static enum truth is_one_of(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read = scene_read(scene, leaf->key);
    if (read.value == NULL)
        return TRUTH_FALSE;
    enum truth best = TRUTH_FALSE;
    for (size_t i = 0; i < leaf->word_count; i++) {
        enum truth truth = value_equals(leaf->key, read.value, leaf->words[i]);
        best = truth > best ? truth : best;
    }
    return best;
}

static enum truth is_master(const struct scene *scene, const struct rule_node *leaf) {
    scene->marks->master = true;
    for (size_t i = 0; i < leaf->word_count; i++)
        if (rule_master_is(scene->master, leaf->words[i]))
            return TRUTH_TRUE;
    return TRUTH_FALSE;
}

static enum truth is_since(const struct scene *scene, const struct rule_node *leaf) {
    int major, minor;
    scene->marks->version = true;
    if (rule_version_parse(leaf->words[0], &major, &minor) != 0)
        return TRUTH_UNKNOWN;
    return truth_of(scene->major > major || (scene->major == major && scene->minor >= minor));
}

/* What a default says does not count: present means that somebody wrote it. */
static enum truth is_present(const struct scene *scene, const struct rule_node *leaf) {
    const struct setting *setting = effective_find(scene->conf, leaf->key);
    if (setting == NULL || same_trimmed(setting->value, ""))
        return TRUTH_FALSE;
    return setting_is_unknown(setting->value) ? TRUTH_UNKNOWN : TRUTH_TRUE;
}

static enum truth is_absent(const struct scene *scene, const struct rule_node *leaf) {
    return (enum truth)(TRUTH_TRUE - is_present(scene, leaf));
}

static enum truth is_like(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read = scene_read(scene, leaf->key);
    if (read.value == NULL)
        return TRUTH_FALSE;
    return value_is_open(read.value) ? TRUTH_UNKNOWN : truth_of(globs_match(leaf, read.value));
}

/* What matches as it stands is refused, whatever is filled in later. */
static enum truth is_unlike(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read = scene_read(scene, leaf->key);
    if (read.value == NULL)
        return TRUTH_TRUE;
    if (globs_match(leaf, read.value))
        return TRUTH_FALSE;
    return value_is_open(read.value) ? TRUTH_UNKNOWN : TRUTH_TRUE;
}

static bool is_word_of(const struct rule_node *leaf, const char *text, size_t length) {
    for (size_t i = 0; i < leaf->word_count; i++)
        if (strlen(leaf->words[i]) == length && memcmp(leaf->words[i], text, length) == 0)
            return true;
    return false;
}

/* Items as Spark's Utils.stringToSeq has them: split at commas, trimmed. */
static enum truth is_without(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read = scene_read(scene, leaf->key);
    if (read.value == NULL)
        return TRUTH_TRUE;
    for (const char *at = read.value; *at != '\0';) {
        size_t size = strcspn(at, ","), skip = 0, length = size;
        while (skip < length && is_blank(at[skip]))
            skip++;
        while (length > skip && is_blank(at[length - 1]))
            length--;
        if (is_word_of(leaf, at + skip, length - skip))
            return TRUTH_FALSE;
        at += size + (at[size] == ',' ? 1 : 0);
    }
    return value_is_open(read.value) ? TRUTH_UNKNOWN : TRUTH_TRUE;
}

/* @FILE and -XX:Flags= bring in options that do not stand here. */
static bool hides_options(const char *word) {
    return word[0] == '@' || text_starts(word, "-XX:Flags=") ||
           text_starts(word, "-XX:VMOptionsFile=");
}

static enum truth judge_word(const struct rule_node *leaf, const char *word, enum truth truth) {
    if (globs_match(leaf, word))
        return TRUTH_FALSE;
    return hides_options(word) ? TRUTH_UNKNOWN : truth;
}

/* Options with a quote that never ends are unknown: Spark's launcher refuses them. */
static enum truth judge_options(const struct scene *scene, const struct rule_node *leaf,
                                const char *place, const char *value, bool open) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct java_options options;
    struct error err;
    enum truth truth = TRUTH_UNKNOWN;
    if (java_options_read(place, value, &arena, &options, &err) == 0) {
        truth = open ? TRUTH_UNKNOWN : TRUTH_TRUE;
        for (size_t i = 0; i < options.count && truth != TRUTH_FALSE; i++)
            truth = judge_word(leaf, options.words[i], truth);
    } else if (err.code == ERROR_MEMORY) {
        scene->marks->starved = true;
    }
    arena_free(&arena);
    return truth;
}

/* What the key itself says; of the driver's keys, no other JVM hears. */
static struct reading read_options(const struct scene *scene, const char *key) {
    bool heard =
        (scene->jvms & JVM_DRIVER) != 0 || (scene->jvms != 0 && !text_starts(key, "spark.driver."));
    return heard ? scene_read(scene, key) : (struct reading){0};
}

/* Where the options that decide stand: the driver's stand in variables and in a file
 * too, which nobody fills in later. */
static enum truth find_options(const struct scene *scene, const struct rule_node *leaf,
                               struct reading *ret) {
    *ret = read_options(scene, leaf->key);
    enum truth least = ret->value == NULL ? TRUTH_TRUE
                                          : judge_options(scene, leaf, leaf->key, ret->value,
                                                          value_is_open(ret->value));
    bool driver = strcmp(leaf->key, "spark.driver.extraJavaOptions") == 0;
    for (size_t i = 0; driver && i < scene->conf->java_count; i++) {
        const struct setting *java = &scene->conf->java[i];
        if ((scene->conf->java_jvms[i] & scene->jvms) == 0)
            continue;
        enum truth truth = judge_options(scene, leaf, java->key, java->value, false);
        if (truth >= least)
            continue;
        least = truth;
        *ret = (struct reading){.setting = java, .value = java->value};
    }
    return least;
}

static enum truth is_jvm_without(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read;
    return find_options(scene, leaf, &read);
}

struct reading leaf_read(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read;
    if (leaf->op != OP_JVM_WITHOUT)
        return scene_read(scene, leaf->key);
    (void)find_options(scene, leaf, &read);
    return read;
}

bool leaf_is_open(const struct scene *scene, const struct rule_node *leaf) {
    return scene->conf->open != NULL && leaf->key != NULL &&
           effective_find(scene->conf, leaf->key) == NULL;
}

enum truth leaf_truth(const struct scene *scene, const struct rule_node *leaf) {
    static enum truth (*const leaves[OPERATORS])(const struct scene *, const struct rule_node *) = {
        [OP_MASTER] = is_master,
        [OP_SINCE] = is_since,
        [OP_EQUALS] = is_one_of,
        [OP_PRESENT] = is_present,
        [OP_ABSENT] = is_absent,
        [OP_ONE_OF] = is_one_of,
        [OP_LIKE] = is_like,
        [OP_UNLIKE] = is_unlike,
        [OP_WITHOUT] = is_without,
        [OP_JVM_WITHOUT] = is_jvm_without,
        [OP_NO_PLAINTEXT] = offence_truth,
        [OP_NO_EMBEDDED] = offence_truth,
        [OP_NO_NEAR_MISS] = offence_truth,
        [OP_NO_INEFFECTIVE] = offence_truth,
    };
    if (leaf_is_open(scene, leaf))
        return TRUTH_UNKNOWN;
    return leaves[leaf->op](scene, leaf);
}
