/* role.h: what a role can do, tried from inside its ladder or seen from outside. */
#ifndef ARRESTOR_SELFTEST_ROLE_H
#define ARRESTOR_SELFTEST_ROLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sidecar/confine/confine.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/wire/message.h"

/* What came of one attempt inside a role. */
struct attempt {
    int signal; /* that ended the role; 0 where it lived */
    long result;
    int error;        /* errno, where the result is negative */
    unsigned trapped; /* calls that the filter has answered with ENOSYS */
    struct protections protections;
};

/* Whether monitor starts it as a process of its own. */
bool role_is_spawned(enum role role);

/* The uid that the role has in production: it drops where that is possible. */
uid_t role_uid(enum role role);

/* Forks, climbs the ladder of the role with these paths, and does act(context). */
struct attempt role_try(enum role role, const struct confine_path *paths, size_t count,
                        long (*act)(const void *context), const void *context);

/* A role of the real executable that has climbed its ladder and waits for its
 * first input. */
struct waiting_role {
    pid_t pid;
    int channel; /* our end */
    struct message_fence fence;
};

/* Starts it as monitor does, with its channel and no other descriptor. `traced`:
 * this process is its tracer from the first instruction on; where that is not
 * possible the claim is degraded, and says so. */
struct waiting_role role_start_real(enum role role, bool traced);
void role_end(struct waiting_role *role);

/* Becomes `uid` where that needs a change, without any capability, and dumpable
 * again, as a process of that user is that was not started by root. */
void role_become(uid_t uid);

/* A process that has done so, and rests. */
pid_t role_neighbour(uid_t uid);

#endif
