/* redirect.h: where a store says that it is to be found instead. Pure.
 *
 * A redirect is never followed blindly: only to what the configuration names. */
#ifndef ARRESTOR_WARDEN_REDIRECT_H
#define ARRESTOR_WARDEN_REDIRECT_H

#include "sidecar/base/limits.h"

struct config_vault;

/* Reads `location` (scheme://host:port, which a store wrote) as config reads an
 * address, and so nothing else passes. Gives the index of the address (`address:`,
 * then `also:`) with the same scheme, host and port, or -1. text (LIMIT_PATH bytes,
 * or NULL) is the address to write into `also:`, "" where it is none. */
int redirect_find(const struct config_vault *vault, const char *location, char *text);

#endif
