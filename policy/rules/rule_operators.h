/* rule_operators.h: the operators of the rule language, once, as data. Pure. */
#ifndef ARRESTOR_POLICY_RULE_OPERATORS_H
#define ARRESTOR_POLICY_RULE_OPERATORS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/rules/rule.h"

/* What is written after an operator's name. */
enum operand {
    OPERAND_BLOCKS,  /* a list of mappings */
    OPERAND_BLOCK,   /* one mapping */
    OPERAND_MASTERS, /* a kind of master, or a list of kinds */
    OPERAND_VERSION, /* MAJOR.MINOR */
    OPERAND_VALUE,   /* one value of the key's type */
    OPERAND_VALUES,  /* a list of values of the key's type */
    OPERAND_NUMBER,  /* one number of the key's type, with its unit */
    OPERAND_ITEMS,   /* a list of words that a comma list may hold */
    OPERAND_TRUE,    /* the word true, nothing else */
    OPERAND_GLOBS,   /* a list of globs over a value */
    OPERAND_KEYS,    /* a list of globs over keys */
    OPERAND_FAMILY   /* the word security */
};

struct operator_row {
    const char *name;
    enum operand operand;
    bool of_key;                 /* stands under a key: `spark.x: {name: …}` */
    bool per_setting;            /* gives one finding for each offending setting */
    const char *must, *must_not; /* what a message says is wanted, before the operands */
    const char *help;            /* one line for `policy explain` and errors */
};

/* The row of an operator. */
const struct operator_row *operator_row(enum operator_id id);

/* The operator of that name among those that stand under a key (of_key) or in
 * their place (not of_key); OPERATORS where there is none. */
enum operator_id operator_find(const char *name, bool of_key);

/* Collects the names of one of the two groups; gives their number. names has
 * room for OPERATORS. */
size_t operator_names(bool of_key, const char *names[OPERATORS]);

/* Kinds of master that a rule can name. `local` is every launch on one host:
 * local, local[…], local-cluster[…]. */
#define RULE_MASTERS 4
extern const char *const rule_masters[RULE_MASTERS];

/* Whether a master of that kind is what `word` of rule_masters says. */
bool rule_master_is(enum master_kind kind, const char *word);

/* MAJOR.MINOR, as in "4.0". 0, or -1 with the outputs untouched. */
int rule_version_parse(const char *text, int *major, int *minor);

/* Whether a list of globs matches: one does, and none that begins with '!'. */
bool globs_match(const struct rule_node *leaf, const char *text);

#endif
