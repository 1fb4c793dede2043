/* vault_location.h: where a store redirects to, as people are told. Pure. */
#ifndef ARRESTOR_VAULT_LOCATION_H
#define ARRESTOR_VAULT_LOCATION_H

#include "sidecar/base/limits.h"

struct config_address;

/* Reduces the Location of an answer (RFC 9110 section 10.2.2) to
 * scheme://host:port; a relative one is of `own`. Path, query and user are left
 * out, since they could hold anything. 0, or -1 with ret "" where it names no
 * http or https address, holds a character that no host has, or is too long. */
int vault_location_read(const char *location, const struct config_address *own,
                        char ret[LIMIT_PATH]);

#endif
