/* sweep_role.h: wipes the set when monitor is gone, for whatever reason. */
#ifndef ARRESTOR_SWEEP_ROLE_H
#define ARRESTOR_SWEEP_ROLE_H

#include "sidecar/confine/role_start.h"

/* The role. A first WIPE record tells the names of its directories. A second one,
 * whatever it says, asks for the wipe at once. Where the channel ends instead,
 * monitor has died: then linger_ms pass, and each directory is wiped unless
 * another monitor holds its lock (flock) by then.
 *
 * The directories must be opened for this role (openat of "."), not be copies of
 * the descriptors on which monitor holds the locks: a lock belongs to the open file
 * description, and a copy would keep it for as long as this role lives.
 *
 * Ends with 0, or the status of what went wrong. */
int sweep_role(const struct role_start *start);

#endif
