/* fetch_tell.h: what place is told at the end of a round. */
#ifndef ARRESTOR_FETCH_TELL_H
#define ARRESTOR_FETCH_TELL_H

#include "sidecar/base/error.h"
#include "sidecar/confine/confine.h"
#include "sidecar/fetch/store/store.h"
#include "sidecar/wire/channel.h"

/* Hands the harvest to place: secrets, the lease table and the session in one
 * region, or that nothing is new. *memory says how well the region is kept, and
 * stays as it is where none was needed. 0, or -1 with ERROR_SECRET_SIZE,
 * ERROR_MEMORY, ERROR_CHILD. */
int fetch_tell_harvest(const struct channel *place, const struct store_task *task,
                       const struct harvest *harvest, enum protection_state *memory,
                       struct error *err);

/* Tells place why there is nothing: the set that stands is stale. */
int fetch_tell_fault(const struct channel *place, uint32_t round, enum error_code code,
                     const struct store_fault *fault, struct error *err);

#endif
