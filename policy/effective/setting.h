/* setting.h: key, value and origin; the effective configuration. */
#ifndef ARRESTOR_POLICY_SETTING_H
#define ARRESTOR_POLICY_SETTING_H

#include <stdbool.h>
#include <stddef.h>

enum origin_kind {
    ORIGIN_FILE,        /* file, line, column */
    ORIGIN_ARGV,        /* argv: index into the vector after `--`, 0 = spark-submit */
    ORIGIN_ENVIRONMENT, /* variable */
    ORIGIN_ARRESTOR,    /* injected by arrestor run */
    ORIGIN_UNSET        /* nobody set it; file and line (or argv) say where it would go */
};

struct origin {
    enum origin_kind kind;
    const char *file;
    size_t line, column; /* 1-based */
    size_t argv;
    const char *variable;
};

struct setting {
    const char *key;
    const char *value;
    struct origin origin;             /* where the key stands */
    struct origin value_origin;       /* where the value stands (same file, later column) */
    const struct setting *overridden; /* what it beat: the next weaker one, or NULL */
};

/* Settings in the order of their source, duplicates kept. Bytes that are not
 * UTF-8 were read as U+FFFD; invalid_line says where the first stood (0: none). */
struct setting_list {
    const struct setting *items;
    size_t count;
    size_t invalid_line, invalid_column;
};

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

/* Something a reader should know that is no setting: a properties file that
 * switches spark-defaults.conf off, an option after the application … */
struct note {
    struct origin origin;
    const char *text; /* one sentence, never with a value */
};

struct effective {
    const struct setting *settings; /* sorted by key (strcmp), one per key */
    size_t count;
    enum master_kind master;
    struct origin unset;          /* origin given to findings about keys that nobody set */
    int spark_major, spark_minor; /* 0, 0: not known */

    /* Keys without the literal prefix "spark.": Spark drops them with a warning,
     * but they stand in the file or in the process list all the same, so that
     * rules about plain text look here too. Sorted as settings. */
    const struct setting *ignored;
    size_t ignored_count;

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

/* Whether this value cannot be told here, because something is yet to be filled
 * in: "{{ … }}", "{% … %}", "<% … %>". A rule about it ends in unknown. */
bool setting_is_unknown(const char *value);

/* One line for messages: "conf/spark-defaults.conf:3:1", "argument 4",
 * "environment variable MASTER", "arrestor". Written into text (always
 * terminated, cut to size). */
void origin_describe(const struct origin *origin, char *text, size_t size);

#endif
