/* kubernetes.h: manifests of Kubernetes in which Spark is launched or configured,
 * and settings maps in other YAML. Pure.
 *
 * Each object becomes what its operator makes of it, in the operator's order
 * (reference spark-security 5.3 to 5.5, 1.11):
 * - SparkApplication and ScheduledSparkApplication of sparkoperator.k8s.io: the argv
 *   of spark-submit; its webhook's env of driver and executor as the settings that
 *   have the same effect.
 * - SparkApplication of spark.stackable.tech: the spark-submit line that its job runs
 *   in a shell.
 * - SparkApplication and SparkCluster of spark.apache.org, SparkConnect: settings
 *   without a command line; what the operator adds where it is missing is
 *   DOCUMENT_DEFAULTS.
 * - Pods and what holds a pod template: a launch for each container whose command
 *   starts Spark.
 * - ConfigMap: its properties files; its site files of Hadoop are settings of the launches
 *   of the stream that mount it, else loose; ConfigMap, Secret and variables of containers:
 *   loose settings. A List, a workflow's manifest: what they hold. */
#ifndef ARRESTOR_POLICY_KUBERNETES_H
#define ARRESTOR_POLICY_KUBERNETES_H

#include <stddef.h>

#include "policy/surface/document.h"
#include "policy/surface/place.h"
#include "policy/surface/surface.h"

/* A stream with an object of one of the three operators. */
surface_recognise spark_application_recognise;

/* Any other manifest: apiVersion at the beginning of a line, or of a JSON object. */
surface_recognise kubernetes_recognise;

/* Both. A document of the stream that cannot be read is noted. */
surface_read kubernetes_read;

/* YAML with a key "spark.…", "sparkConf" or SPARK_… somewhere, or with a command line
 * of spark-submit. */
surface_recognise settings_recognise;

/* Every mapping whose keys begin with "spark." is a launch without words, and so is a
 * text below sparkConf or a key *.properties or *.conf; variables are loose settings;
 * command lines of Spark in texts are launches. */
surface_read settings_read;

/* A manifest within another file (a script's here-document, a DAG's string): adds what
 * kubernetes_read would give. 0, or -1 with the builder's error filled. */
int kubernetes_read_text(const char *bytes, size_t length, const struct place_map *map,
                         struct document_builder *b);

#endif
