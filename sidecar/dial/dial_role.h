/* dial_role.h: the role that opens connections and passes them on. */
#ifndef ARRESTOR_DIAL_ROLE_H
#define ARRESTOR_DIAL_ROLE_H

struct role_start;

/* Looks up the store's address of one round and hands connected sockets, or why
 * there are none, to fetch. Never sees a secret. Gives its exit status. */
int dial_role(const struct role_start *start);

#endif
