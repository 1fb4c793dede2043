/* status_read.h: finds and reads the status.json of a set. */
#ifndef ARRESTOR_STATUS_STATUS_READ_H
#define ARRESTOR_STATUS_STATUS_READ_H

#include "sidecar/base/command.h"
#include "sidecar/lease/set_status.h"

struct arena;
struct error;

/* Where the set is looked for. */
struct status_place {
    const char *path; /* of the directory; NULL: the configuration names it */
    int config;       /* arrestor.yaml, open; -1: none */
    const char *config_path;
    int reach; /* beneath this directory everything may be read */
};

/* Finds --dir, else the configuration (command_config), else what lies above
 * $ARRESTOR_DIR, and opens what must be open before the ladder. Text of *ret lies
 * in the arena or the call. ERROR_USAGE where nothing tells which set is meant,
 * ERROR_CONFIG where the configuration cannot be opened, ERROR_INPUT where the
 * directory cannot. 0 or -1. */
int status_find(const struct invocation *call, struct arena *arena, struct status_place *ret,
                struct error *err);

/* Climbs the ladder of role tool. 0, or -1 with ERROR_SYSTEM. */
int status_confine(const struct status_place *place, struct error *err);

/* Completes place->path by deliver.dir of the configuration, where it is still to
 * be found. ERROR_CONFIG or ERROR_USAGE. 0 or -1. Closes the configuration. */
int status_resolve(const struct invocation *call, struct arena *arena, struct status_place *place,
                   struct error *err);

/* Reads the status of the set in this directory. Refused are a status.json that is
 * a link, no file, larger than LIMIT_LEASE_BYTES, or of another owner than its
 * directory and the set that stands; and a directory where no set stands. Texts
 * lie in the arena. 0, or -1 with ERROR_INPUT naming the path. Seed jansson before. */
int status_read(const char *path, struct arena *arena, struct set_status *ret, struct error *err);

/* As status_read, without the secrets (set_status_parse_head). */
int status_read_head(const char *path, struct arena *arena, struct set_status *ret,
                     struct error *err);

#endif
