/* type.h: which object of Spark an expression is. Pure. */
#ifndef ARRESTOR_POLICY_SOURCE_TYPE_H
#define ARRESTOR_POLICY_SOURCE_TYPE_H

#include "policy/surface/source/names.h"

/* By its parts, whose types are told, and by the names that people use: a function's
 * `spark` is a session. */
enum source_type type_tell(const struct source_names *names, struct source_node *node);

#endif
