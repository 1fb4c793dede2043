/* place_role.h: renders the secrets of one round and publishes them. */
#ifndef ARRESTOR_PLACE_ROLE_H
#define ARRESTOR_PLACE_ROLE_H

#include "sidecar/confine/role_start.h"

/* The role: one task, then the end. A publish task receives a region from fetch,
 * renders every file of the configuration, compares with the frozen launch where
 * asked, publishes state and then the set, and tells monitor how it went. */
int place_role(const struct role_start *start);

#endif
