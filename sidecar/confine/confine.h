/* confine.h: the only room that changes privileges.
 *
 * Every role climbs the same ladder before it reads its first input:
 *   open → drop → non-dumpable → Landlock → seccomp → first input
 * The rungs of each role stand in the role table (role_table.c). What the
 * kernel lacks is reported as degraded, never hidden. */
#ifndef ARRESTOR_CONFINE_H
#define ARRESTOR_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sidecar/base/limits.h"

struct error;

/* One row per role: id, name. The privileges stand in role_table.c. */
#define ROLE_TABLE(X)                                                                              \
    X(MONITOR, "monitor")                                                                          \
    X(SWEEP, "sweep")                                                                              \
    X(WARDEN, "warden")                                                                            \
    X(JUDGE, "judge")                                                                              \
    X(TOOL, "tool")                                                                                \
    X(DIAL, "dial")                                                                                \
    X(FETCH, "fetch")                                                                              \
    X(FETCH_NET, "fetch-net")                                                                      \
    X(PLACE, "place")
#define ROLE_ENUM(id, name) ROLE_##id,
enum role { ROLE_TABLE(ROLE_ENUM) ROLES };
#undef ROLE_ENUM

/* One row per protection: id, name as in `require:` and SECURITY.md. */
#define PROTECTION_TABLE(X)                                                                        \
    X(IDENTITY, "own-identity")                                                                    \
    X(UNDUMPABLE, "non-dumpable")                                                                  \
    X(NO_TRACER, "no-tracer")                                                                      \
    X(LANDLOCK, "landlock")                                                                        \
    X(SECCOMP, "seccomp")                                                                          \
    X(SECRET_MEMORY, "secret-memory")                                                              \
    X(UNSWAPPABLE, "unswappable")
#define PROTECTION_ENUM(id, name) PROTECTION_##id,
enum protection { PROTECTION_TABLE(PROTECTION_ENUM) PROTECTIONS };
#undef PROTECTION_ENUM

enum protection_state { STATE_UNTOLD, STATE_OFF, STATE_DEGRADED, STATE_ON };

struct protections {
    uint8_t state[PROTECTIONS]; /* enum protection_state */
};

/* What a role may do beneath an opened directory. */
enum reach { REACH_READ, REACH_PUBLISH, REACH_WIPE, REACH_REMOVE_DIRECTORY };

struct confine_path {
    int fd; /* an open directory or file, O_PATH is enough */
    enum reach reach;
};

struct confine_request {
    uid_t uid; /* to drop to; (uid_t)-1 keeps the caller's */
    gid_t gid;
    const struct confine_path *paths; /* beyond these: no file at all */
    size_t path_count;
    bool spawned; /* by monitor: dies with it where the role table says so */
};

/* Climbs the role's ladder. On success the process is confined for good. 0, or
 * -1 with ERROR_SYSTEM where a rung that exists could not be climbed; a rung
 * that the kernel lacks is degraded or off in *ret. */
int confine_climb(enum role role, const struct confine_request *request, struct protections *ret,
                  struct error *err);

/* How many system calls of this process the filter has answered with ENOSYS, in
 * a role that answers (role_table.h) instead of ending. */
unsigned confine_trapped(void);

/* Monitor's own part: non-dumpable, and parent of every orphan of the job
 * (subreaper). Nothing of it is inherited by Spark. 0, or -1 with ERROR_SYSTEM. */
int confine_monitor(struct error *err);

/* Monitor without a job (sidecar, init): no-new-privs, and a filter of what no role
 * needs, both inherited. 0, or -1 with ERROR_SYSTEM. */
int confine_childless(struct error *err);

/* Whether this process could become another user and own files for it: root with
 * CAP_SETUID, CAP_SETGID and CAP_CHOWN. */
bool confine_can_drop(void);

/* Names as in SECURITY.md, logs and `require:`; total over any value. */
const char *role_name(enum role role);
const char *protection_name(enum protection protection);
const char *protection_state_name(enum protection_state state);

/* The protection of that name, or -1. */
int protection_find(const char *name);

#endif
