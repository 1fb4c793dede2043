/* session.h: what job source sets: on builders and SparkConf before the start, on the
 * session and on Hadoop's configuration after it, for data sources. Pure.
 *
 * A file that builds or sets anything is one launch. Its lists:
 *   DOCUMENT_CODE         builder.config, master, appName, remote, SparkConf.set, setAll …,
 *                         arguments of SparkContext, System.setProperty
 *   DOCUMENT_DEFAULTS     setIfMissing of Scala: all that spark-submit knows is stronger. That of
 *                         Python is as strong as set: its SparkConf does not see the JVM's
 *   DOCUMENT_RUNTIME      spark.conf.set, setConf and SQL's SET where they hold (effect.h);
 *                         hadoopConfiguration().set(k, v) as "spark.hadoop.k"
 *   DOCUMENT_INEFFECTIVE  spark.conf.set where Spark raises or does not look; a SparkConf
 *                         that a session was already built from, or the copy that a running
 *                         one gives away; before the start, keys that spark-submit reads
 *                         itself (effect_is_late). The last hold where the script is started
 *                         as `python app.py`: then pyspark calls spark-submit with them. A
 *                         file alone does not say so, unless it sets PYSPARK_SUBMIT_ARGS
 *                         itself; then they stay in DOCUMENT_CODE. Scala and Java never can.
 *   DOCUMENT_ENVIRONMENT  os.environ["X"] = …, os.putenv
 * It is always open: its command line and spark-defaults.conf are not told by a source.
 * Loose: .option, .options, properties of jdbc, literals that stand in for a variable, and
 * dictionaries with keys of Spark that nobody is seen to take (a test's expectation looks
 * the same, so that they are no settings of the launch). */
#ifndef ARRESTOR_POLICY_SOURCE_SESSION_H
#define ARRESTOR_POLICY_SOURCE_SESSION_H

#include "policy/surface/document.h"
#include "policy/surface/source/value.h"

struct session_setting {
    enum document_list list;
    const char *key, *value;
    struct origin origin, value_origin;
    const struct source_binding *of; /* the copy of a conf that was set, or NULL */
};

struct session {
    struct source_file *file;
    struct document_builder *b;
    bool built;          /* something of Spark is built or set */
    struct origin start; /* where first */
    bool plain_python;   /* it says itself that it is not started by spark-submit */
    struct session_setting *settings;
    size_t count, room;
    size_t bound;               /* how many there were at the last binding */
    struct source_node *submit; /* what PYSPARK_SUBMIT_ARGS is set to, or NULL */
    struct origin submit_origin;
};

/* Tells the type of a node, and does what a call or a binding does. Nodes in the order
 * of their chain. */
void session_walk(struct session *s, struct source_node *node);

/* Adds the launch, if there is one. */
void session_finish(struct session *s);

/* Keeps a setting of the session. */
void session_add(struct session *s, enum document_list list, const char *key, const char *value,
                 const struct origin *origin, const struct origin *value_origin);

#endif
