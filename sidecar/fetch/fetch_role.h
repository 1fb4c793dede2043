/* fetch_role.h: gets the secrets of one round and hands them to place. */
#ifndef ARRESTOR_FETCH_ROLE_H
#define ARRESTOR_FETCH_ROLE_H

#include "sidecar/confine/role_start.h"
#include "sidecar/fetch/store/store.h"

/* The roles fetch and fetch-net: one round, then the end. Opens no file and no
 * socket: stores, keys and configuration come as descriptors, and what it says of
 * a fault is a code. `stores` has a reader for each kind of store that this
 * executable knows, else NULL. */
int fetch_role(const struct role_start *start, store_read *const stores[STORE_KINDS]);

#endif
