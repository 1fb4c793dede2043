/* fetch_task.h: what a round starts from, read from the role's descriptors. */
#ifndef ARRESTOR_FETCH_TASK_H
#define ARRESTOR_FETCH_TASK_H

#include "sidecar/confine/confine.h"
#include "sidecar/fetch/store/store.h"

struct arena;
struct message_round;

struct fetch_inputs {
    struct config config;
    struct lease_table before;
};

/* Reads configuration, the caller's words and the lease table, and fills the task
 * from them and the record. A lease table that cannot be read counts as none: then
 * all is had anew. 0, or -1 with ERROR_CONFIG or ERROR_PROTOCOL. Memory is the
 * arena's; the task points into *inputs. */
int fetch_task_read(enum role role, const struct message_round *round, struct arena *arena,
                    struct fetch_inputs *inputs, struct store_task *task, struct error *err);

#endif
