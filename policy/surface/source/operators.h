/* operators.h: what Airflow's operators, boto3 and the like are given in source: words of
 * a spark-submit, steps and configurations of EMR, manifests. Pure. */
#ifndef ARRESTOR_POLICY_SOURCE_OPERATORS_H
#define ARRESTOR_POLICY_SOURCE_OPERATORS_H

#include "policy/surface/source/source.h"
#include "policy/surface/source/value.h"

struct operators {
    struct source_file *file;
    struct document_builder *b;
    struct source_node *sequence; /* the list whose words are those of the last launch */
};

/* A node of the chain: a call of an operator, or a literal that holds a command line. */
void operators_walk(struct operators *o, struct source_node *node);

/* What is left when all is walked: dictionaries with keys of Spark that nobody has read. */
void operators_finish(struct operators *o, struct source_node *first);

#endif
