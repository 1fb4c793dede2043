/* fetch_role.h: gets the secrets of one round and hands them to place. */
#ifndef ARRESTOR_FETCH_ROLE_H
#define ARRESTOR_FETCH_ROLE_H

#include "sidecar/confine/role_start.h"

/* The role: one round, then the end. Opens no file and no socket: box, key and
 * configuration come as descriptors, and what it says of a fault is a code. */
int fetch_role(const struct role_start *start);

#endif
