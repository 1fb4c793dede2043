/* rule_evaluate.h: three-valued truth of a condition (strong Kleene). Pure.
 * Private to this room.
 *
 * FALSE < UNKNOWN < TRUE, so that "all" is the least, "any" the greatest and
 * "not" the mirror. UNKNOWN is what a template or a reference leaves open. */
#ifndef ARRESTOR_POLICY_RULE_EVALUATE_H
#define ARRESTOR_POLICY_RULE_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/effective/reading.h"
#include "policy/effective/setting.h"
#include "policy/rules/rule.h"
#include "sidecar/base/arena.h"

/* What evaluation says beside a truth. */
struct scene_marks {
    bool starved;         /* memory was exhausted: then no truth is to be relied on */
    bool version, master; /* something was read that hangs on the scene's */
};

/* The most readings of one rule that are kept; what is beyond is read again. */
#define READINGS_KEPT 32

/* What was read for a rule: its scenes read the same keys again and again. */
struct scene_readings {
    struct arena arena; /* for what a reading is made of */
    struct arena words; /* of the options that a leaf looks at, while it does */
    struct {
        const char *key; /* as the leaf has it: the same pointer */
        int major, minor;
        struct reading reading;
    } kept[READINGS_KEPT];
    size_t count;
};

/* One way the launch may turn out: what the input leaves open is tried in turn. */
struct scene {
    const struct effective *conf;
    enum master_kind master;
    int major, minor; /* Spark's version */
    unsigned jvms;    /* whose options are read as the driver's: one enum jvm, or JVM_ALL */
    const char *name; /* what the star in a rule's keys stands for; NULL: the rule has none */
    struct scene_marks *marks; /* set, never cleared */
    struct scene_readings *readings;
};

/* The most scenes that one effective configuration stands for. */
#define SCENES (CATALOGUE_VERSIONS * 3 * 4)

/* Lists them: a version that is not known is tried as each of the catalogue, a master
 * that is not told as each kind of cluster. Each JVM that options on this host reach
 * is judged by itself, and all of them as one. *marks, cleared at first, is theirs to
 * set. Gives their number. */
size_t scene_list(const struct effective *conf, struct scene_marks *marks,
                  struct scene_readings *readings, struct scene scenes[SCENES]);

/* Empty readings, and readings that are wiped, for the next rule or for good. */
struct scene_readings readings_make(void);
void readings_clear(struct scene_readings *readings);
void readings_free(struct scene_readings *readings);

/* Begins to try scenes: number 0. */
size_t scene_first(const struct scene *scenes);

/* The scene to try after number i, `count` behind the last. One that differs only in what
 * none before it, of the same JVMs, has read would say the same and is left out. */
size_t scene_after(const struct scene *scenes, size_t count, size_t i);

/* What a key says to its own reader in a scene. What somebody may still fill in is
 * unknown: ${…} that is left over, unless the reader takes it as it stands. */
struct reading scene_read(const struct scene *scene, const char *pattern);

/* Truth of a node. Nodes nest at most LIMIT_YAML_DEPTH deep. */
enum truth rule_truth(const struct scene *scene, const struct rule_node *node);

/* Truth of "when implies require" for a whole rule. In a scene of another JVM than
 * the driver's, a rule that a JVM without any options breaks asks something of the
 * driver alone: it is TRUE there, and is judged with all JVMs as one instead, so
 * that what they have still counts against it. Any other rule is TRUE in that one. */
enum truth rule_holds(const struct scene *scene, const struct rule *rule);

/* The leaf that makes node miss `wanted` (its truth is not `wanted`): the first
 * failing part of an "all", the first alternative with a key of an "any".
 * *negated tells whether the leaf stands under an odd number of "not". */
const struct rule_node *rule_decisive(const struct scene *scene, const struct rule_node *node,
                                      enum truth wanted, bool *negated);

/* The names that a rule's `each` stands for: those under which one of its keys with a
 * star is set. A rule without `each` has one, NULL. They live in the arena. 0, or -1:
 * ERROR_INPUT for more than LIMIT_EACH_NAMES, ERROR_MEMORY. */
int rule_names(const struct rule *rule, const struct effective *conf, struct arena *arena,
               const char *const **ret, size_t *count, struct error *err);

/* Text with the name at hand in place of its star; text itself where it has none. NULL, with
 * the scene starved, where memory is exhausted. */
const char *scene_name(const struct scene *scene, const char *text);

/* What a leaf with a key has read: the setting is the one that decided, which may stand
 * under another key, or beside the configuration. */
struct reading leaf_read(const struct scene *scene, const struct rule_node *leaf);

/* Whether nothing here decides what the leaf's key says, but something unknown may. */
bool leaf_is_open(const struct scene *scene, const struct rule_node *leaf);

/* Truth of one leaf; in rule_leaf.c, one function for each operator. */
enum truth leaf_truth(const struct scene *scene, const struct rule_node *leaf);

/* Whether a list of globs matches: one does, and none that begins with '!'. */
bool globs_match(const struct rule_node *leaf, const char *text);

#endif
