/* gate_peer.h: who stands above the gate. */
#ifndef ARRESTOR_JUDGE_GATE_PEER_H
#define ARRESTOR_JUDGE_GATE_PEER_H

#include <stdbool.h>

#include "sidecar/judge/gate_shape.h"

struct arena;

/* Whether `arrestor run` is sourcing spark-env.sh: descriptor GATE_FD is a socket,
 * its other end is open, and the process that made it is an ancestor of ours with
 * our user or root's. Then run judges the frozen launch itself.
 *
 * A guard rail, no boundary: whoever starts Spark can make such a socket, as he
 * can set SPARK_ENV_LOADED=1 or name another SPARK_CONF_DIR. It only must not
 * come about by accident, which is why no environment variable counts: those are
 * inherited by everything that is started later. */
bool gate_peer_is_run(void);

/* The command line of our parent, in the arena; empty where it cannot be read. */
struct gate_words gate_peer_parent(struct arena *arena);

#endif
