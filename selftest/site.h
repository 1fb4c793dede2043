/* site.h: what one user of arrestor has, and the job that is launched there.
 *
 * The job is the claim itself: a link named spark-submit leads back to it, so
 * that a launch needs neither Spark nor Python. */
#ifndef ARRESTOR_SELFTEST_SITE_H
#define ARRESTOR_SELFTEST_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct site {
    const char *path, *box, *key, *yaml, *conf, *home;
    const char *secret; /* a canary: the one secret of the box */
};

/* A configuration that every pack lets pass, one "key value" a line. */
extern const char site_safe[];

/* Makes a site with these settings in conf/spark-defaults.conf. Its set is one
 * file "value" with the secret. */
void site_make(struct site *ret, const char *settings);

/* Rewrites arrestor.yaml with these further top-level lines ("" for none). */
void site_configure(const struct site *site, const char *lines);

struct outcome {
    int status; /* as a shell tells it: 128+n for a signal */
    char out[65536], err[65536];
};

/* Runs `arrestor WORD…` to its end; words end with NULL. input goes to standard
 * input (NULL: nothing). variables: further "NAME=VALUE", ends with NULL; may be
 * NULL. */
void site_command(const struct site *site, const char *const *words, const char *input,
                  const char *const *variables, struct outcome *ret);

/* Runs `arrestor run -c YAML -- spark-submit job.py` to its end. */
void site_launch(const struct site *site, const char *const *variables, struct outcome *ret);

/* Starts the same; gives monitor's pid once the job waits (job_wait). */
pid_t site_launch_waiting(const struct site *site);

/* Lets a waiting job end, and waits for monitor. */
void site_let_go(const struct site *site, pid_t monitor);

/* What the job has reported, "" where it never started. */
void site_report(const struct site *site, char *text, size_t size);

/* Pids of the children of a process; gives their number. */
size_t site_children(pid_t parent, pid_t *ret, size_t count);

/* Whether one of the process's words is that role's name: "arrestor role NAME". */
bool site_is_role(pid_t pid, const char *role);

/* ---- In the job ---- */

/* Whether this process was started as the job of a site. */
bool job_is_me(char **argv);

/* Appends a line to what site_report gives. */
void job_report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says that it waits, and waits until it is let go; 20 s at most. */
void job_wait(void);

#endif
