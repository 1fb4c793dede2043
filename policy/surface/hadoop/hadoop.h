/* hadoop.h: Hadoop's site files (core-site.xml, hive-site.xml, yarn-site.xml …), as
 * org.apache.hadoop.conf.Configuration 3.3 reads them; metrics.properties and log4j2.properties
 * of Spark. Pure. */
#ifndef ARRESTOR_POLICY_HADOOP_H
#define ARRESTOR_POLICY_HADOOP_H

#include <stddef.h>

#include "policy/surface/surface.h"

struct document_builder;
struct place_map;

/* Names of facts of a launch: which site files it has ("core-site.xml"), and keys that one of
 * them has made final. */
#define HADOOP_FACT_FILE  "hadoop-file"
#define HADOOP_FACT_FINAL "hadoop-final"

/* A site file: one launch with its properties in DOCUMENT_HADOOP, open, because what else Spark is
 * started with does not stand here. Values as they stand: a name is trimmed, a value is not, an
 * empty one is none, ${…} is kept (Hadoop replaces it later). */
surface_recognise hadoop_recognise;
surface_read hadoop_read;

/* The same for a site file within another text: adds to the last launch of b what it sets. A later
 * file overwrites an earlier one, but for keys that the earlier one has made final. Unknown parts
 * may stand in their marks: where one may be properties, the launch is open. 0, or -1 with
 * ERROR_INPUT (no XML that Hadoop would read) and the place by `map`, ERROR_MEMORY. */
int hadoop_read_text(const char *bytes, size_t length, const struct place_map *map,
                     struct document_builder *b);

/* metrics.properties: each key as spark.metrics.conf.KEY, which is the same to Spark
 * (MetricsConfig.loadPropertiesFromSparkConf), in an open launch. */
surface_recognise metrics_recognise;
surface_read metrics_read;

/* log4j2.properties, log4j.properties: loose settings, because an appender may hold a
 * credential. */
surface_recognise log4j_recognise;
surface_read log4j_read;

#endif
