/* gate_shape.h: which launch stands behind the words that spark-env.sh was given. Pure.
 *
 * `. spark-env.sh` sees the "$@" of the script that sources it, and that is not
 * always spark-class (bin/ and sbin/ of Spark 3.5 and 4.1):
 *   spark-class            CLASS ARGUMENT…; spark-submit, spark-shell, spark-sql, run-example,
 *                          `python app.py` and PYSPARK_SUBMIT_ARGS all end here
 *   pyspark, sparkR        their own options; spark-class comes later and, because
 *                          SPARK_ENV_LOADED is set, does not source the file again
 *   spark-daemon.sh        what follows COMMAND CLASS INSTANCE
 *   start-connect-server.sh  its own options; the class stands in the script
 *   start-*.sh, stop-*.sh …  options of a daemon
 * So the script itself is looked at as well: it stands in the command line of our
 * parent, bash. */
#ifndef ARRESTOR_JUDGE_GATE_SHAPE_H
#define ARRESTOR_JUDGE_GATE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;

enum gate_kind {
    GATE_LAUNCH,  /* judge argv */
    GATE_NOTHING, /* a daemon, a client, a stop script: launches no application */
    GATE_UNTOLD   /* starts something, without spark-submit: `about` */
};

struct gate_words {
    const char *const *items;
    size_t count;
};

struct gate_shape {
    enum gate_kind kind;
    struct gate_words argv; /* GATE_LAUNCH: as arguments_parse takes it */
    const char *about;      /* GATE_UNTOLD: class or script */
};

/* words: "$@" of spark-env.sh. parent: the command line of the shell, empty where
 * it is not known. loaded: SPARK_ENV_LOADED is set, so that a script of Spark's
 * is sourcing; without it nothing is launched. A script of Spark's that is not
 * known is taken for pyspark. Texts are the caller's; lists live in the arena.
 * 0, or -1 with ERROR_MEMORY. */
int gate_shape_find(struct gate_words words, struct gate_words parent, bool loaded,
                    struct arena *arena, struct gate_shape *ret, struct error *err);

#endif
