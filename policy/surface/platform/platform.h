/* platform.h: launches as cloud platforms and gateways write them down, in JSON and
 * YAML: Amazon EMR (clusters, steps, job runs, security configurations), the Step
 * Functions and CloudFormation that hold them, Databricks, Livy, Dataproc, Glue
 * (reference spark-security 5.6 to 5.9, 5.11, 5.12). Pure.
 *
 * One walker reads them all: shapes are told by their keys wherever they stand in a
 * document, so that a step is a step in a file of its own, in a state machine and in
 * a stack. What the platform sets by itself and what is no guess (YARN on EMR)
 * stands among the defaults, at the place of the launch. */
#ifndef ARRESTOR_POLICY_PLATFORM_H
#define ARRESTOR_POLICY_PLATFORM_H

#include <stddef.h>

#include "policy/surface/surface.h"

struct document_builder;
struct place_map;

/* By the keys in the first bytes; what looks like a program is none. */
surface_recognise emr_recognise;
surface_recognise step_functions_recognise;
surface_recognise cloudformation_recognise;
surface_recognise databricks_recognise;
surface_recognise livy_recognise;
surface_recognise livy_conf_recognise;
surface_recognise dataproc_recognise;
surface_recognise glue_recognise;

/* As surface_read, for all of them but livy.conf. */
surface_read platform_read;

/* The same for text within another file (a here-document in a script): its launches,
 * loose settings and notes are added to b. 0, or -1 with the builder's error filled. */
int platform_read_text(const char *bytes, size_t length, const struct place_map *map,
                       struct document_builder *b);

/* livy.conf of a Livy server (LivyConf): no launch; its settings are loose. */
surface_read livy_conf_read;

#endif
