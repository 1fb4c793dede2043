/* judge_session.h: what check, effective and why do alike: open, climb the ladder
 * of the judge, read, print. */
#ifndef ARRESTOR_JUDGE_SESSION_H
#define ARRESTOR_JUDGE_SESSION_H

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/judge/judge_inputs.h"
#include "sidecar/judge/judge_policy.h"

struct invocation;

/* Option rows that several commands share. */
#define JUDGE_OPTION_FORMAT                                                                        \
    { "format", 0, "text|json", "how to print (text)" }
#define JUDGE_OPTION_SPARK                                                                         \
    { "spark", 0, "VERSION", "version of Spark, as in 3.5; else what is found, else the weakest" }
#define JUDGE_OPTION_SPARK_VERSION                                                                 \
    { "spark-version", 0, "VERSION", "the same as --spark" }
#define JUDGE_OPTION_AS                                                                            \
    { "as", 0, "KIND", "kind of the inputs (properties …); else told by what stands in them" }

struct judge_session {
    struct arena arena;
    bool json, colour;
    bool exposed; /* files could be read that nobody named: the kernel has no Landlock */
    struct judge_inputs inputs;
    struct judge_policy policy;
    struct buffer out;
};

/* Empty session; --format and the terminal are looked at. 0, or -1. */
int judge_session_make(const struct invocation *call, struct judge_session *ret, struct error *err);

/* Climbs the ladder of the judge: from here on no file can be opened, but to be read beneath
 * what judge_inputs_beneath gives. */
int judge_session_confine(struct judge_session *session, struct error *err);

/* One launch of what was named. */
struct judge_launched {
    const char *title;
    struct origin origin;
    struct effective conf;
};

/* Resolves the one file or the command line that was named, for effective and why: every
 * launch that stands in it, at least one. A document's own notes go to its first launch. */
int judge_session_resolve(struct judge_session *session, struct judge_launched **ret, size_t *count,
                          struct error *err);

/* Prints what stands in out, or err where its code says so (in JSON on standard
 * output, else on standard error), and frees the session. Gives the exit status:
 * that of err, else `status`. */
int judge_session_end(struct judge_session *session, int status, const struct error *err);

#endif
