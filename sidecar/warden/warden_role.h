/* warden_role.h: reads the configuration, decides when, keeps the leases. */
#ifndef ARRESTOR_WARDEN_ROLE_H
#define ARRESTOR_WARDEN_ROLE_H

#include "sidecar/confine/role_start.h"

/* The role: tells monitor what the configuration says (SETUP), then follows its
 * plan: asks for the store's file, reads its version, asks for a round when it
 * changed. Has no file, no network and never a value; ends with its channel. */
int warden_role(const struct role_start *start);

#endif
