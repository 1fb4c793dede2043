/* rule_scene.h: the ways a launch may turn out, and what keys say in each. Pure.
 * Private to this room. */
#ifndef ARRESTOR_POLICY_RULE_SCENE_H
#define ARRESTOR_POLICY_RULE_SCENE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/effective/reading.h"
#include "policy/effective/setting.h"
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

/* Text with the name at hand in place of its star; text itself where it has none. NULL, with
 * the scene starved, where memory is exhausted. */
const char *scene_name(const struct scene *scene, const char *text);

#endif
