/* drop.h: giving up identity and capabilities. */
#ifndef ARRESTOR_CONFINE_DROP_H
#define ARRESTOR_CONFINE_DROP_H

#include <stdbool.h>
#include <sys/types.h>

struct error;

/* Becomes uid and gid for good, with no further group, and verifies that root
 * cannot be had again. Only root can; 0, or -1 with ERROR_SYSTEM. */
int drop_identity(uid_t uid, gid_t gid, struct error *err);

/* Becomes a login user with all groups of that user (initgroups), for the job.
 * Async-signal-safe once `groups` was looked up. 0, or -1 with errno. */
int drop_to_job(uid_t uid, gid_t gid, const gid_t *groups, size_t count);

/* Whether CAP_SETUID, CAP_SETGID and CAP_CHOWN are in force. */
bool drop_is_possible(void);

/* Takes all capabilities but `keep` out of the bounding set, so that no program
 * that is ever started gives them back. Needs CAP_SETPCAP, so it comes before
 * drop_identity; without it nothing happens, and there is nothing to give back. */
void drop_bounding_set(unsigned keep);

/* Empties all capability sets but `keep` (bits of linux/capability.h, below 32).
 * 0, or -1 with ERROR_SYSTEM. */
int drop_capabilities(unsigned keep, struct error *err);

#endif
