/* weak_landlock.h: answers landlock_create_ruleset as an older kernel does.
 *
 * What a ruleset of an older version does not handle, the running kernel does not
 * hold either; and moving a file between directories, which the first version
 * always refused, it refuses in every ruleset that does not handle it. So all that
 * is to be answered is the version, and attributes that the older one lacked. */
#ifndef ARRESTOR_TESTS_WEAK_LANDLOCK_H
#define ARRESTOR_TESTS_WEAK_LANDLOCK_H

#define LANDLOCK_ABIS 6

/* Starts the process that will answer: no child of the caller, so that nobody who
 * waits for children meets it; it ends with the last process that is answered.
 * Gives the socket that landlock_hand_over needs, or -1. */
int landlock_supervise(int abi);

/* Gives it the listener of the filter; 0, or a negative error. Closes both. */
int landlock_hand_over(int socket, int listener);

#endif
