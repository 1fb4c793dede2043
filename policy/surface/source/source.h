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
 * Python would not run it either. Texts: the YAML that SparkKubernetesOperator is given as a
 * string, and those of scripts in strings (shell.h). */
surface_read pyspark_read;
surface_read scala_read;

/* Python and Scala within another file: adds what pyspark_read and scala_read would give. Unknown
 * parts may stand in their marks. 0, or -1 with the builder's error filled. */
document_read_text pyspark_read_text;
document_read_text scala_read_text;

/* Notebooks of Jupyter: *.ipynb, or JSON with cells. Their code cells, in order, are one source,
 * with places in the JSON; lines for the kernel (%) and the shell (!) are left out, and so are
 * cells in another language. Texts: cells that are scripts of a shell. */
surface_recognise notebook_recognise;
surface_read notebook_read;

#endif
