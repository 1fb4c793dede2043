/* effect.h: what a setter in job source does to Spark. Pure.
 *
 * What is set after the start (reference spark-security 1.2 and 5.13, and
 * org.apache.spark.sql.RuntimeConfig of 3.5): a static SQL key raises
 * CANNOT_MODIFY_STATIC_CONFIG, a key of the core that Spark has registered raises
 * CANNOT_MODIFY_CONFIG, any other key of the core is taken and never looked at. A key
 * without "spark." gets into the Hadoop configuration of queries; "spark.hadoop.x" gets
 * there by that whole name, so that nobody finds it. */
#ifndef ARRESTOR_POLICY_SOURCE_EFFECT_H
#define ARRESTOR_POLICY_SOURCE_EFFECT_H

#include <stdbool.h>

enum source_effect {
    EFFECT_SESSION, /* a setting of SQL or of a data source: from there on it holds */
    EFFECT_HADOOP,  /* as "spark.hadoop." + key */
    EFFECT_NONE     /* Spark raises, or does not look */
};

/* What spark.conf.set, SQLContext.setConf and SQL's SET do with that key. */
enum source_effect effect_at_runtime(const char *key);

/* Whether the key is read before job source runs: it is too late for it where
 * spark-submit has started the job. */
bool effect_is_late(const char *key);

#endif
