/* setter.h: the calls of job source that set something. Pure. */
#ifndef ARRESTOR_POLICY_SOURCE_SETTER_H
#define ARRESTOR_POLICY_SOURCE_SETTER_H

#include "policy/surface/source/session.h"

/* What a call sets, if it is one of them. Its parts have their types. */
void setter_call(struct session *s, struct source_node *call);

/* A variable that is put into the process's environment. */
void setter_environment(struct session *s, struct source_node *name, struct source_node *value);

/* The words of PYSPARK_SUBMIT_ARGS, if the file sets it, to the launch that has begun:
 * pyspark's gateway calls spark-submit with them. */
void setter_submit_words(struct session *s);

#endif
