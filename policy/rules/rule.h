/* rule.h: packs, rules and findings as data; static, so that a pack can be
 * compiled in. The language is described in policy/rules/rule_load.h. */
#ifndef ARRESTOR_POLICY_RULE_H
#define ARRESTOR_POLICY_RULE_H

#include <stddef.h>

#include "policy/effective/setting.h"

enum severity { SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
enum owner { OWNER_JOB, OWNER_CLUSTER, OWNER_PLATFORM };
enum truth { TRUTH_FALSE, TRUTH_UNKNOWN, TRUTH_TRUE };

/* Operators stand once, as data, in rule_operators.c. */
enum operator_id {
    OP_ALL,
    OP_ANY,
    OP_NOT,    /* children */
    OP_MASTER, /* fact of the surface: local, yarn, standalone, kubernetes */
    OP_SINCE,  /* fact of the surface: Spark has this version or a later one */
    OP_BEFORE, /* … an earlier one */
    OP_EQUALS, /* typed value: bool keys by their reader's rules */
    OP_PRESENT,
    OP_ABSENT, /* key set to something not empty / not set or empty */
    OP_ONE_OF, /* value is one of words */
    OP_LIKE,
    OP_UNLIKE, /* value matches one / none of globs; unset: like false, unlike true */
    OP_AT_LEAST,
    OP_AT_MOST, /* a number, a time or a size, in whatever unit it is written */
    OP_WITHOUT, /* no item of a comma list is one of words */
    OP_ITEMS_LIKE,
    OP_ITEMS_UNLIKE,   /* each item of a comma list matches one / none of globs */
    OP_JVM_WITHOUT,    /* no token of a JVM option string matches one of globs */
    OP_NO_PLAINTEXT,   /* no setting whose key matches one of globs holds a literal secret */
    OP_NO_EMBEDDED,    /* … holds a secret inside its text (URL, -D, JAAS) */
    OP_NO_NEAR_MISS,   /* no key is a slip of the hand away from a security key */
    OP_NO_INEFFECTIVE, /* no security key is set where Spark does not look for it */
    OPERATORS
};

struct rule_node {
    enum operator_id op;
    const char *key;          /* the setting it is about, or NULL */
    const char *const *words; /* operands */
    size_t word_count;
    const struct rule_node *children;
    size_t child_count;
    size_t line, column; /* in the pack's source */
};

struct rule_pair {
    const char *key, *value;
};

struct rule_example {
    const struct rule_pair *pairs;
    size_t count;
};

struct rule {
    const char *id, *title, *because;
    enum severity severity;
    enum owner owner;
    const char *each; /* "spark.sql.catalog.*": judged for each name that stands there; or NULL */
    const struct rule_node *when; /* NULL: always */
    const struct rule_node *require;
    const char *fix_text;            /* what to write when it is not one setting, or NULL */
    const struct rule_pair *fix_set; /* settings that mend it */
    size_t fix_count;
    const char *const *refs;
    size_t ref_count;
    const struct rule_example *pass, *fail;
    size_t pass_count, fail_count;
    size_t line;
};

struct pack {
    const char *name, *title;
    const char *const *includes;
    size_t include_count;
    const struct rule *rules;
    size_t rule_count;
};

enum effect { EFFECT_WARN, EFFECT_REFUSE };

struct finding {
    const struct rule *rule;
    enum effect effect;
    enum truth truth;     /* TRUTH_FALSE: violated; TRUTH_UNKNOWN: cannot be told */
    const char *key;      /* setting that decides it */
    struct origin origin; /* never a value */
    struct origin open;   /* what nobody set may be set here: only that leaves the rule untold;
                             file NULL: not so */
    const char *excerpt;  /* "key value" or "key (redacted)", cut; NULL: nobody set it */
    const char *message;  /* one sentence; values of secret keys never in it */
    const char *fix;      /* what to write */
};

enum verdict { VERDICT_PASS, VERDICT_REFUSE, VERDICT_UNKNOWN };

/* "pass", "refuse", "unknown"; "low" …; "job" …; "warn", "refuse". */
const char *verdict_name(enum verdict verdict);
const char *severity_name(enum severity severity);
const char *owner_name(enum owner owner);
const char *effect_name(enum effect effect);

#endif
