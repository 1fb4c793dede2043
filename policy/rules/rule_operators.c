#include "policy/rules/rule_operators.h"

#include <stdint.h>
#include <string.h>

#include "sidecar/base/number.h"
#include "sidecar/base/text.h"

static const struct operator_row rows[OPERATORS] = {
    [OP_ALL] = {"all", OPERAND_BLOCKS, false, false, "", "", "each of these holds"},
    [OP_ANY] = {"any", OPERAND_BLOCKS, false, false, "", "", "one of these holds"},
    [OP_NOT] = {"not", OPERAND_BLOCK, false, false, "", "", "this does not hold"},
    [OP_MASTER] = {"master", OPERAND_MASTERS, false, false, "must be", "must not be",
                   "the launch speaks to this kind of master"},
    [OP_SINCE] = {"since", OPERAND_VERSION, false, false, "needs Spark", "needs Spark before",
                  "Spark has this version, as in 4.0, or a later one"},
    [OP_BEFORE] = {"before", OPERAND_VERSION, false, false, "needs Spark before", "needs Spark",
                   "Spark has an earlier version than this one, as in 4.0"},
    [OP_EQUALS] = {"equals", OPERAND_VALUE, true, false, "must be", "must not be",
                   "the value, read as Spark reads it, is this"},
    [OP_PRESENT] = {"present", OPERAND_TRUE, true, false, "must be set", "must not be set",
                    "set to something that is not empty"},
    [OP_ABSENT] = {"absent", OPERAND_TRUE, true, false, "must not be set", "must be set",
                   "not set, or empty"},
    [OP_ONE_OF] = {"one-of", OPERAND_VALUES, true, false, "must be one of", "must be none of",
                   "the value is one of these"},
    [OP_LIKE] = {"like", OPERAND_GLOBS, true, false, "must match", "must not match",
                 "the value matches one of these globs"},
    [OP_UNLIKE] = {"unlike", OPERAND_GLOBS, true, false, "must not match", "must match",
                   "the value matches none of these globs"},
    [OP_AT_LEAST] = {"at-least", OPERAND_NUMBER, true, false, "must be at least",
                     "must be less than", "the number, time or size is this or more"},
    [OP_AT_MOST] = {"at-most", OPERAND_NUMBER, true, false, "must be at most", "must be more than",
                    "the number, time or size is this or less"},
    [OP_WITHOUT] = {"without", OPERAND_ITEMS, true, false, "must not list", "must list",
                    "no item of a comma list is one of these"},
    [OP_ITEMS_LIKE] = {"items-like", OPERAND_GLOBS, true, false, "must list only",
                       "must list something else than",
                       "each item of a comma list matches one of these globs"},
    [OP_ITEMS_UNLIKE] = {"items-unlike", OPERAND_GLOBS, true, false, "must list nothing like",
                         "must list something like",
                         "no item of a comma list matches one of these globs"},
    [OP_JVM_WITHOUT] = {"jvm-without", OPERAND_GLOBS, true, false, "must have no option like",
                        "must have an option like",
                        "no option of a Java command line matches one of these globs"},
    [OP_NO_PLAINTEXT] = {"no-plaintext", OPERAND_KEYS, false, true, "", "",
                         "no setting of these keys holds a secret in plain text"},
    [OP_NO_EMBEDDED] = {"no-embedded-secret", OPERAND_KEYS, false, true, "", "",
                        "no setting of these keys holds a secret inside its text"},
    [OP_NO_NEAR_MISS] = {"no-near-miss", OPERAND_FAMILY, false, true, "", "",
                         "no key is a slip of the hand away from a security key"},
    [OP_NO_INEFFECTIVE] = {"no-ineffective", OPERAND_FAMILY, false, true, "", "",
                           "no security key is set in the job's source where it has no effect"},
};

const struct operator_row *operator_row(enum operator_id id) {
    return &rows[id];
}

enum operator_id operator_find(const char *name, bool of_key) {
    for (size_t i = 0; i < OPERATORS; i++)
        if (rows[i].of_key == of_key && strcmp(rows[i].name, name) == 0)
            return (enum operator_id)i;
    return OPERATORS;
}

size_t operator_names(bool of_key, const char *names[OPERATORS]) {
    size_t count = 0;
    for (size_t i = 0; i < OPERATORS; i++)
        if (rows[i].of_key == of_key)
            names[count++] = rows[i].name;
    return count;
}

const char *const rule_masters[RULE_MASTERS] = {"local", "yarn", "standalone", "kubernetes"};

bool rule_master_is(enum master_kind kind, const char *word) {
    static const char *const words[] = {
        [MASTER_LOCAL] = "local",
        [MASTER_LOCAL_CLUSTER] = "local",
        [MASTER_YARN] = "yarn",
        [MASTER_STANDALONE] = "standalone",
        [MASTER_KUBERNETES] = "kubernetes",
        [MASTER_UNKNOWN] = NULL,
    };
    return words[kind] != NULL && strcmp(words[kind], word) == 0;
}

#define VERSION_MAX 99

int rule_version_parse(const char *text, int *major, int *minor) {
    char first[4] = "";
    const char *dot = strchr(text, '.');
    uint64_t left, right;
    if (dot == NULL || (size_t)(dot - text) >= sizeof first)
        return -1;
    memcpy(first, text, (size_t)(dot - text));
    if (number_parse(first, VERSION_MAX, &left) != 0 ||
        number_parse(dot + 1, VERSION_MAX, &right) != 0)
        return -1;
    *major = (int)left;
    *minor = (int)right;
    return 0;
}

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
