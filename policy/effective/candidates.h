/* candidates.h: all that is said about each key, and who wins. Used inside
 * policy/effective only. Pure. */
#ifndef ARRESTOR_POLICY_CANDIDATES_H
#define ARRESTOR_POLICY_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/effective/setting.h"

struct arena;
struct error;

/* Weakest first. From STRENGTH_INJECTED to STRENGTH_CONF is what spark-submit
 * calls its properties: the map that options fall back to. */
enum strength {
    STRENGTH_HADOOP,      /* core-site.xml and its like, as spark.hadoop.… */
    STRENGTH_JAVA_OPTION, /* -Dspark.… of the driver's JVM */
    STRENGTH_FALLBACK,    /* what spark-submit makes up: local[*], client, the name */
    STRENGTH_ENVIRONMENT,
    STRENGTH_INJECTED,
    STRENGTH_DEFAULTS,
    STRENGTH_PROPERTIES,
    STRENGTH_EXTRA,
    STRENGTH_CONF,
    STRENGTH_OPTION, /* an option of its own, such as --executor-memory */
    STRENGTH_CODE,   /* set by the job's source before SparkContext starts */
    STRENGTH_RUNTIME /* set by it later, where that has an effect */
};

struct candidate {
    struct setting setting;
    enum strength strength;
    size_t order; /* among equals the later one wins */
};

struct candidates {
    struct candidate *items;
    size_t count, capacity;
    size_t sorted; /* the first so many are sorted; only these are found */
};

/* Adds one. 0, or -1 with ERROR_MEMORY, or ERROR_INPUT beyond LIMIT_SETTINGS. */
int candidates_add(struct candidates *all, struct arena *arena, const struct setting *setting,
                   enum strength strength, struct error *err);

/* Sorts by key, strongest first: what was added until now can be found. */
void candidates_sort(struct candidates *all);

/* The strongest property (see enum strength) of that key, or NULL. */
const struct setting *candidates_property(const struct candidates *all, const char *key);

/* The strongest of all with that key, sorted or not, or NULL. */
const struct setting *candidates_strongest(const struct candidates *all, const char *key);

/* Takes every candidate of that key out. */
void candidates_remove(struct candidates *all, const char *key);

/* Fills settings and ignored of *ret, each winner with the chain it beat. */
int candidates_resolve(struct candidates *all, struct arena *arena, struct effective *ret,
                       struct error *err);

#endif
