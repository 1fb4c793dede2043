/* source.h: job source: what PySpark, Scala and Java write into their configuration as
 * literals, and Airflow's operators. Pure.
 *
 * Nothing is run. A literal call is told with its effect (session.h); what is computed is
 * unknown. A verdict over source is never complete: every launch of it is open. */
#ifndef ARRESTOR_POLICY_SOURCE_H
#define ARRESTOR_POLICY_SOURCE_H

#include "policy/surface/document.h"
#include "policy/surface/place.h"
#include "policy/surface/surface.h"

/* Python that mentions pyspark or Spark's classes; of Airflow, an import of it and an
 * operator that starts Spark; Scala and Java that import org.apache.spark. */
surface_recognise pyspark_recognise;
surface_recognise airflow_recognise;
surface_recognise scala_recognise;

/* ERROR_INPUT also for strings that never end and, in Python, brackets that do not pair:
 * Python would not run it either. */
surface_read pyspark_read;
surface_read scala_read;

/* A text in source that another reader knows: the YAML that SparkKubernetesOperator is
 * given as a string. */
struct source_inner {
    const char *bytes; /* NUL behind; unknown parts in their marks */
    size_t length;
    struct place_map map;
    const char *hint; /* "kubernetes" */
};

struct source_reading {
    struct document document;
    const struct source_inner *inner;
    size_t inner_count;
};

/* As pyspark_read, with the inner texts, which pyspark_read leaves out. */
int source_read_inner(const struct surface_input *input, struct arena *arena,
                      struct source_reading *ret, struct error *err);

#endif
