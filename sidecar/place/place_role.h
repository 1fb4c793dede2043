/* place_role.h: renders the secrets of one round and publishes them. */
#ifndef ARRESTOR_PLACE_ROLE_H
#define ARRESTOR_PLACE_ROLE_H

#include "sidecar/confine/role_start.h"

/* The role: one task (PUBLISH, RETIRE, WITHDRAW), then it ends.
 *
 * It always tells RESULT: `code` is what went wrong here, OK also where it was told
 * KEPT with a fault, which fetch tells itself; `generation` is the one that stands
 * now, `changed` whether this task made it, `files` how many it has. `position` is
 * a place in the configuration's files. Ends with 0, or the status of what made it
 * impossible to tell. */
int place_role(const struct role_start *start);

#endif
