/* selftest_claim.h: finds the claims and runs one of them. */
#ifndef ARRESTOR_MONITOR_SELFTEST_CLAIM_H
#define ARRESTOR_MONITOR_SELFTEST_CLAIM_H

#include <stddef.h>

#include "sidecar/base/limits.h"

struct error;

enum claim_state { CLAIM_ON, CLAIM_DEGRADED, CLAIM_OFF, CLAIM_BROKEN, CLAIM_STATES };

/* One executable "NN-name". */
struct claim {
    char file[LIMIT_CLAIM_NAME]; /* "NN-name" */
    unsigned number;
};

struct claim_list {
    char directory[4096];
    char arrestor[4096]; /* this very executable; what the claims are about */
    struct claim claims[LIMIT_CLAIMS];
    size_t count; /* by rising number */
};

struct claim_outcome {
    enum claim_state state;
    char detail[LIMIT_CLAIM_BYTES]; /* one line, as the claim wrote it */
};

/* Lists the claims beside this executable, or where it is installed. 0, or -1
 * with ERROR_SYSTEM where there are none, ERROR_INTERNAL where there are two of a
 * number or more than LIMIT_CLAIMS. */
int claim_list_find(struct claim_list *ret, struct error *err);

/* Runs one claim for at most LIMIT_CLAIM_MS and reads its line. One that cannot
 * be started, takes too long, dies, or whose status contradicts its line is
 * broken, and detail says so. */
void claim_run(const struct claim_list *list, const struct claim *claim, char **environment,
               struct claim_outcome *ret);

/* "on", "degraded", "off", "broken". */
const char *claim_state_name(enum claim_state state);

#endif
