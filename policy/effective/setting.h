/* setting.h: the effective configuration: one setting per key. Pure. */
#ifndef ARRESTOR_POLICY_SETTING_H
#define ARRESTOR_POLICY_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/surface/setting.h"

/* Which cluster manager the launch speaks to. MASTER_UNTOLD: an input that does
 * not say (a file alone): judged as a cluster, the weakest result counts. */
enum master_kind {
    MASTER_UNTOLD,
    MASTER_LOCAL,
    MASTER_LOCAL_CLUSTER,
    MASTER_YARN,
    MASTER_STANDALONE,
    MASTER_KUBERNETES,
    MASTER_UNKNOWN
};

/* The JVMs of one launch that options on this host reach. Where the driver runs on
 * this host, it is spark-submit's JVM. */
enum jvm {
    JVM_DRIVER = 1,
    JVM_SUBMIT = 2,   /* spark-submit's, where the driver runs in the cluster */
    JVM_LAUNCHER = 4, /* org.apache.spark.launcher.Main, which writes the command line */
    JVM_ALL = 7
};

struct effective {
    const struct setting *settings; /* sorted by key (strcmp), one per key */
    size_t count;
    enum master_kind master;
    struct origin unset;          /* origin given to findings about keys that nobody set */
    int spark_major, spark_minor; /* 0, 0: not known */

    /* Where something that cannot be told may add settings or take them away: what
     * is not set here is unknown, not unset; what is set may be set otherwise. NULL:
     * all is known. */
    const struct origin *open;

    /* Keys without the literal prefix "spark.": Spark drops them with a warning,
     * but they stand in the file or in the process list all the same, so that
     * rules about plain text look here too. */
    const struct setting *ignored;
    size_t ignored_count;

    /* Options that Java is given beside the configuration, in the order of its
     * command line; the key is the name of the variable or the file. */
    const struct setting *java;
    const unsigned *java_jvms; /* of each: every enum jvm that it reaches, or'ed */
    size_t java_count;

    /* What the job's source sets where Spark raises or does not look. */
    const struct setting *ineffective;
    size_t ineffective_count;

    bool loose; /* settings of no launch: what nobody set says nothing */

    const struct note *notes;
    size_t note_count;
};

/* The setting with exactly this key, or NULL. Binary search. */
const struct setting *effective_find(const struct effective *conf, const char *key);

/* Name for messages: "yarn", "local", "not told" … */
const char *master_name(enum master_kind kind);

/* Whether driver and executors share one host (local, local[…], local-cluster[…]). */
bool master_is_one_host(enum master_kind kind);

/* Kind of a master as SparkContext would read it: "yarn", "local", "local[4]",
 * "local[*, 3]", "local-cluster[2,1,1024]", "spark://…", "k8s://…". A template
 * gives MASTER_UNTOLD; all else MASTER_UNKNOWN, which is judged as a cluster. */
enum master_kind master_classify(const char *master);

#endif
