#include "policy/rules/rule_leaf.h"

#include <string.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/plaintext/plaintext.h"
#include "policy/rules/rule_number.h"
#include "policy/rules/rule_offence.h"
#include "policy/rules/rule_operators.h"
#include "policy/surface/java_options.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

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

/* For equals and one-of. What Spark throws at is neither of them: no equality holds. */
static enum truth is_one_of(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read = scene_read(scene, leaf->key);
    if (read.state == READING_UNKNOWN)
        return TRUTH_UNKNOWN;
    for (size_t i = 0; read.state == READING_KNOWN && i < leaf->word_count; i++)
        if (same_trimmed(read.value, leaf->words[i]))
            return TRUTH_TRUE;
    return TRUTH_FALSE;
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

static enum truth is_before(const struct scene *scene, const struct rule_node *leaf) {
    return (enum truth)(TRUTH_TRUE - is_since(scene, leaf));
}

/* -1, 0 or 1 as the value is less than the leaf's number, equal or more; 2: it is none. */
static int compare_number(const struct rule_node *leaf, const char *value) {
    const struct catalogue_entry *entry = catalogue_reader(leaf->key);
    double left, right;
    if (value == NULL || rule_number_read(entry, value, &left) != 0 ||
        rule_number_read(entry, leaf->words[0], &right) != 0)
        return 2;
    return left < right ? -1 : left > right ? 1 : 0;
}

static enum truth is_at_least(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read = scene_read(scene, leaf->key);
    if (read.state == READING_UNKNOWN)
        return TRUTH_UNKNOWN;
    int order = compare_number(leaf, read.value);
    return truth_of(order == 0 || order == 1);
}

static enum truth is_at_most(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read = scene_read(scene, leaf->key);
    if (read.state == READING_UNKNOWN)
        return TRUTH_UNKNOWN;
    return truth_of(compare_number(leaf, read.value) <= 0);
}

/* What a default says does not count: present means that somebody wrote it. */
static enum truth is_present(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read = scene_read(scene, leaf->key);
    if (read.setting == NULL || read.state == READING_UNSET)
        return read.state == READING_UNKNOWN ? TRUTH_UNKNOWN : TRUTH_FALSE;
    if (read.value == NULL || setting_is_unknown(read.value))
        return TRUTH_UNKNOWN;
    return truth_of(!same_trimmed(read.value, ""));
}

static enum truth is_absent(const struct scene *scene, const struct rule_node *leaf) {
    return (enum truth)(TRUTH_TRUE - is_present(scene, leaf));
}

static enum truth is_like(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read = scene_read(scene, leaf->key);
    if (read.state == READING_UNKNOWN)
        return TRUTH_UNKNOWN;
    return truth_of(read.value != NULL && globs_match(leaf, read.value));
}

/* What matches as it stands is refused, whatever is filled in later. */
static enum truth is_unlike(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read = scene_read(scene, leaf->key);
    if (read.value != NULL && globs_match(leaf, read.value))
        return TRUTH_FALSE;
    return read.state == READING_UNKNOWN ? TRUTH_UNKNOWN : TRUTH_TRUE;
}

static bool is_word_of(const struct rule_node *leaf, const char *text, size_t length) {
    for (size_t i = 0; i < leaf->word_count; i++)
        if (strlen(leaf->words[i]) == length && memcmp(leaf->words[i], text, length) == 0)
            return true;
    return false;
}

/* The next item of a comma list as Spark's Utils.stringToSeq has it, trimmed; false behind
 * the last. Empty ones are none. */
static bool next_item(const char **at, const char **item, size_t *length) {
    while (**at != '\0') {
        const char *start = *at;
        size_t size = strcspn(start, ","), skip = 0;
        *at = start + size + (start[size] == ',' ? 1 : 0);
        while (skip < size && is_blank(start[skip]))
            skip++;
        while (size > skip && is_blank(start[size - 1]))
            size--;
        *item = start + skip;
        *length = size - skip;
        if (*length > 0)
            return true;
    }
    return false;
}

static enum truth is_without(const struct scene *scene, const struct rule_node *leaf) {
    struct reading read = scene_read(scene, leaf->key);
    const char *at = read.value == NULL ? "" : read.value, *item;
    size_t length;
    while (next_item(&at, &item, &length))
        if (is_word_of(leaf, item, length))
            return TRUTH_FALSE;
    return read.state == READING_UNKNOWN ? TRUTH_UNKNOWN : TRUTH_TRUE;
}

/* Whether each item matches the globs, or none. An item of which a part is unknown cannot
 * be told, unless it matches as it stands and must not. */
static enum truth judge_items(const struct scene *scene, const struct rule_node *leaf,
                              bool wanted) {
    struct reading read = scene_read(scene, leaf->key);
    enum truth truth = read.state == READING_UNKNOWN ? TRUTH_UNKNOWN : TRUTH_TRUE;
    const char *at = read.value == NULL ? "" : read.value, *item;
    size_t length;
    while (next_item(&at, &item, &length)) {
        const char *text = arena_text(&scene->readings->arena, item, length);
        if (text == NULL) {
            scene->marks->starved = true;
            return TRUTH_UNKNOWN;
        }
        bool open = setting_is_unknown(text) || strstr(text, "${") != NULL;
        if (globs_match(leaf, text) != wanted && !(wanted && open))
            return TRUTH_FALSE;
    }
    return truth;
}

static enum truth is_items_like(const struct scene *scene, const struct rule_node *leaf) {
    return judge_items(scene, leaf, true);
}

static enum truth is_items_unlike(const struct scene *scene, const struct rule_node *leaf) {
    return judge_items(scene, leaf, false);
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
    struct arena *arena = &scene->readings->words;
    struct java_options options;
    struct error err;
    enum truth truth = TRUTH_UNKNOWN;
    if (java_options_read(place, value, arena, &options, &err) == 0) {
        truth = open ? TRUTH_UNKNOWN : TRUTH_TRUE;
        for (size_t i = 0; i < options.count && truth != TRUTH_FALSE; i++)
            truth = judge_word(leaf, options.words[i], truth);
    } else if (err.code == ERROR_MEMORY) {
        scene->marks->starved = true;
    }
    arena_clear(arena);
    return truth;
}

/* What the key itself says; of the driver's keys, no other JVM hears. */
static struct reading read_options(const struct scene *scene, const char *key) {
    bool heard =
        (scene->jvms & JVM_DRIVER) != 0 || (scene->jvms != 0 && !text_starts(key, "spark.driver."));
    return heard ? scene_read(scene, key) : (struct reading){0};
}

/* Which setting has the options that decide: the key's own, or what stands in front. */
static const struct setting *find_decisive(const struct scene *scene, const struct rule_node *leaf,
                                           const struct reading *read, enum truth truth) {
    const struct setting *front = read->prepended;
    bool decides = front != NULL && judge_options(scene, leaf, front->key, front->value,
                                                  read->state == READING_UNKNOWN) == truth;
    return decides ? front : read->setting;
}

/* Where the options that decide stand: the driver's stand in variables and in a file
 * too, which nobody fills in later. */
static enum truth find_options(const struct scene *scene, const struct rule_node *leaf,
                               struct reading *ret) {
    *ret = read_options(scene, leaf->key);
    bool open = ret->state == READING_UNKNOWN;
    enum truth least = open ? TRUTH_UNKNOWN : TRUTH_TRUE;
    if (ret->value != NULL) {
        least = judge_options(scene, leaf, leaf->key, ret->value, open);
        ret->setting = find_decisive(scene, leaf, ret, least);
    }
    bool driver = strcmp(leaf->key, "spark.driver.extraJavaOptions") == 0;
    for (size_t i = 0; driver && i < scene->conf->java_count; i++) {
        const struct setting *java = &scene->conf->java[i];
        if ((scene->conf->java_jvms[i] & scene->jvms) == 0)
            continue;
        enum truth truth = judge_options(scene, leaf, java->key, java->value, false);
        if (truth >= least)
            continue;
        least = truth;
        *ret = (struct reading){.state = READING_KNOWN, .setting = java, .value = java->value};
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
    if (scene->conf->open == NULL || leaf->key == NULL)
        return false;
    struct reading read = leaf_read(scene, leaf);
    return read.setting == NULL && read.state == READING_UNKNOWN;
}

enum truth leaf_truth(const struct scene *scene, const struct rule_node *leaf) {
    static enum truth (*const leaves[OPERATORS])(const struct scene *, const struct rule_node *) = {
        [OP_MASTER] = is_master,
        [OP_SINCE] = is_since,
        [OP_BEFORE] = is_before,
        [OP_EQUALS] = is_one_of,
        [OP_PRESENT] = is_present,
        [OP_ABSENT] = is_absent,
        [OP_ONE_OF] = is_one_of,
        [OP_LIKE] = is_like,
        [OP_UNLIKE] = is_unlike,
        [OP_AT_LEAST] = is_at_least,
        [OP_AT_MOST] = is_at_most,
        [OP_WITHOUT] = is_without,
        [OP_ITEMS_LIKE] = is_items_like,
        [OP_ITEMS_UNLIKE] = is_items_unlike,
        [OP_JVM_WITHOUT] = is_jvm_without,
        [OP_NO_PLAINTEXT] = offence_truth,
        [OP_NO_EMBEDDED] = offence_truth,
        [OP_NO_NEAR_MISS] = offence_truth,
        [OP_NO_INEFFECTIVE] = offence_truth,
    };
    return leaves[leaf->op](scene, leaf);
}
