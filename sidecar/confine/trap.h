/* trap.h: a call that the filter does not list, answered instead of fatal. */
#ifndef ARRESTOR_CONFINE_TRAP_H
#define ARRESTOR_CONFINE_TRAP_H

#include <stdbool.h>

struct error;

/* Whether this architecture's registers are known here; where not, an unlisted
 * call ends every role. */
bool trap_is_possible(void);

/* Installs the handler of SIGSYS: the call that was stopped gives ENOSYS and is
 * counted (confine_trapped). Comes before filter_load. 0, or -1 with
 * ERROR_SYSTEM. Source: seccomp(2), SECCOMP_RET_TRAP. */
int trap_install(struct error *err);

#endif
