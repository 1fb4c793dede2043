/* submit.h: Airflow's SparkSubmitOperator. Pure. */
#ifndef ARRESTOR_POLICY_SOURCE_SUBMIT_H
#define ARRESTOR_POLICY_SOURCE_SUBMIT_H

#include "policy/surface/source/operators.h"

/* A launch with the words in the order in which Airflow's SparkSubmitHook
 * (_build_spark_submit_command) writes them. What its connection gives is unknown: the
 * master, and the deploy mode where the operator names none; its queue, principal and
 * keytab are not told. env_vars go into the process's environment; on Kubernetes and YARN,
 * which the connection decides, they are settings of the driver's instead. */
void submit_read(struct operators *o, struct source_node *call);

#endif
