/* filter.h: seccomp by role. */
#ifndef ARRESTOR_CONFINE_FILTER_H
#define ARRESTOR_CONFINE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "sidecar/confine/confine.h"

struct error;

/* Loads the filter that allows exactly the calls of these groups (CALLS_…). Any
 * other ends the process; where the role `answers`, only a deadly one does
 * (filter_table.h), and the others go to trap.h, which must be installed. The
 * state goes to *ret: on, or off where the kernel has no seccomp. Needs
 * no-new-privs. 0, or -1 with ERROR_SYSTEM or ERROR_MEMORY. */
int filter_load(uint32_t groups, bool answers, uint8_t *ret, struct error *err);

/* For a monitor without a job: denies what none of its roles may do either, and
 * what no role's start needs. Inherited by all of them. Needs no-new-privs. 0, or
 * -1 with ERROR_SYSTEM or ERROR_MEMORY; a kernel without filters is no fault here, the roles tell.
 */
int filter_load_parent(struct error *err);

#endif
