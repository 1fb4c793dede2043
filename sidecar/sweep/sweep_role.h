/* sweep_role.h: wipes the set when monitor is gone, for whatever reason. */
#ifndef ARRESTOR_SWEEP_ROLE_H
#define ARRESTOR_SWEEP_ROLE_H

#include "sidecar/confine/role_start.h"

/* The role: learns the names of its directories, then waits until its channel
 * ends (monitor wants the wipe, or died), wipes, and ends: 0, or the status of
 * what went wrong. */
int sweep_role(const struct role_start *start);

#endif
