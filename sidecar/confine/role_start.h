/* role_start.h: how a role that monitor has exec'd begins. */
#ifndef ARRESTOR_CONFINE_ROLE_START_H
#define ARRESTOR_CONFINE_ROLE_START_H

#include "sidecar/confine/confine.h"
#include "sidecar/wire/channel.h"

struct error;

/* What stands on a role's command line: arrestor role NAME UID GID. */
struct role_start {
    enum role role;
    uid_t uid; /* (uid_t)-1: stays who it is */
    gid_t gid;
};

/* Which end of a channel a role is; monitor for those that have none. */
enum party role_party(enum role role);

/* Reads those words. 0, or -1 with ERROR_USAGE: the word is not for people. */
int role_start_parse(int argc, char **argv, struct role_start *ret, struct error *err);

/* Climbs the ladder with these paths, opens the channel to monitor and tells it
 * which protections are in force. Afterwards the role may read its first input.
 * 0, or -1. */
int role_enter(const struct role_start *start, const struct confine_path *paths, size_t count,
               struct channel *ret, struct error *err);

/* Prints err to standard error, for roles that hold no secret. Gives its status. */
int role_fail(enum role role, const struct error *err);

#endif
