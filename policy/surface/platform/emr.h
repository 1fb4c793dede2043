/* emr.h: clusters of Amazon EMR and what their configurations are to a launch.
 * Private to platform/. */
#ifndef ARRESTOR_POLICY_PLATFORM_EMR_H
#define ARRESTOR_POLICY_PLATFORM_EMR_H

#include "policy/surface/platform/shape.h"

/* The cluster that a step runs on, as far as this document tells: one around it, the
 * one that it names, or the only one. NULL where there is none, or where several
 * could be it (*ambiguous). */
const struct tree_node *emr_find_cluster(const struct platform *p, const struct tree_node *step,
                                         bool *ambiguous);

/* To the last launch: YARN, the cluster's configurations and those of its primary
 * instances, where steps run. `cluster` may be NULL. */
void emr_put_cluster(struct platform *p, const struct tree_node *cluster,
                     const struct tree_node *at);

#endif
