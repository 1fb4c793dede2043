/* warden_role.h: reads the configuration, decides when, keeps the leases. */
#ifndef ARRESTOR_WARDEN_ROLE_H
#define ARRESTOR_WARDEN_ROLE_H

#include "sidecar/confine/role_start.h"

/* The role: tells monitor what the configuration says (SETUP), hears what stands
 * (STANDING), then follows its plan: asks for rounds and, where the strongbox is
 * the only store, for its file, whose version tells when one is due; says what is
 * wrong and what to do. Has no file, no network and never a value; ends with its
 * channel. */
int warden_role(const struct role_start *start);

#endif
