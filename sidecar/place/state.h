/* state.h: what outlives a renewal: the lease table and the raw values.
 *
 * Published into deliver.state like a set: `leases` (JSON, no value in it) and
 * `values` (the region's bytes). Only this service reads them. */
#ifndef ARRESTOR_PLACE_STATE_H
#define ARRESTOR_PLACE_STATE_H

#include <stdint.h>

#include "sidecar/secret/secret_set.h"

struct error;

/* Publishes the state of this set as `generation`, files 0400. 0 or -1. */
int state_publish(int directory, uint64_t generation, const struct secret_set *set,
                  struct error *err);

#endif
