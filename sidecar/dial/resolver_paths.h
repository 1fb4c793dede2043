/* resolver_paths.h: the files without which no name can be looked up. */
#ifndef ARRESTOR_DIAL_RESOLVER_PATHS_H
#define ARRESTOR_DIAL_RESOLVER_PATHS_H

#include <stddef.h>

#include "sidecar/confine/confine.h"

/* Opens those that there are (O_PATH), for reading beneath them, at most
 * LIMIT_RESOLVER_PATHS. Before the ladder, which then allows no others. Gives how
 * many; the descriptors are the caller's. */
size_t resolver_paths_open(struct confine_path *ret);

#endif
