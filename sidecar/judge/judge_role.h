/* judge_role.h: the judge of a frozen launch, as a process of its own. */
#ifndef ARRESTOR_JUDGE_ROLE_H
#define ARRESTOR_JUDGE_ROLE_H

#include "sidecar/confine/role_start.h"

/* The role: opens what the frozen command line names, climbs the ladder, judges
 * with unknown refusing for critical and high rules, prints findings to standard
 * error, writes the merged properties, and sends the verdict. Ends with 0 once
 * that was sent; anything else is no verdict. */
int judge_role(const struct role_start *start);

#endif
