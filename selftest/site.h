/* site.h: what one user of arrestor has, and the job that is launched there.
 *
 * The job is the claim itself: a link named spark-submit leads back to it, so
 * that a launch needs neither Spark nor Python. */
#ifndef ARRESTOR_SELFTEST_SITE_H
#define ARRESTOR_SELFTEST_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "selftest/older.h"

struct site {
    const char *path, *box, *key, *yaml, *conf, *home;
    const char *secret;  /* a canary: the one secret of the box */
    const char *program; /* that is started; NULL: arrestor */
    enum older older;    /* what the kernel lacks for each arrestor that is started */
};

/* A configuration that every pack lets pass, one "key value" a line. */
extern const char site_safe[];

/* A configuration for site_configure: changes are looked for ten times a second. */
extern const char site_lively[];

/* The beginning of most claims: in the job does job() and ends with what it gives;
 * else claim_begin and a site with site_safe. */
void site_begin(struct site *ret, int argc, char **argv, int (*job)(void));

/* Makes a site with these settings in conf/spark-defaults.conf. Its set is one
 * file "value" with the secret. */
void site_make(struct site *ret, const char *settings);

/* Rewrites arrestor.yaml with these further top-level lines ("" for none). */
void site_configure(const struct site *site, const char *lines);

/* Makes of arrestor.yaml one with a Vault on loopback, and this `auth:`. */
void site_use_vault(const struct site *site, unsigned port, const char *auth);

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

/* Starts the same, and gives monitor's pid. What it says is in a file of the site
 * (site_said). */
pid_t site_start(const struct site *site, const char *const *variables);

/* The same; returns once the job waits (job_wait). */
pid_t site_launch_waiting(const struct site *site);

/* What arrestor has said on standard error since site_launch_waiting. */
void site_said(const struct site *site, char *text, size_t size);

/* Whether it has said that within 10 s. */
bool site_says(const struct site *site, const char *words);

/* Lets a waiting job end, and waits for monitor. */
void site_let_go(const struct site *site, pid_t monitor);

/* Where the set lies, as a job that does job_hold_set was told: the directory that
 * has `current`. Lives for ever. */
const char *site_set(const struct site *site);

/* Gives the one secret another value. */
void site_store(const struct site *site, const char *value);

/* The same, and waits up to 10 s until the file "value"
 * of the set has it. */
void site_rotate(const struct site *site, const char *value);

/* What the job has reported, "" where it never started. */
void site_report(const struct site *site, char *text, size_t size);

/* Pids of the children of a process; gives their number. */
size_t site_children(pid_t parent, pid_t *ret, size_t count);

/* Whether one of the process's words is that role's name: "arrestor role NAME". */
bool site_is_role(pid_t pid, const char *role);

/* The child of monitor that has this role, or 0. */
pid_t site_role(pid_t monitor, const char *role);

/* ---- In the job ---- */

/* Whether this process was started as the job of a site. */
bool job_is_me(char **argv);

/* Appends a line to what site_report gives. */
void job_report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says that it waits, and waits until it is let go; 20 s at most. */
void job_wait(void);

/* A whole job: tells where its set is once it has read "value" there, keeps the
 * value in its memory, and waits. Its status. */
int job_hold_set(void);

/* Reports "started" and nothing else. Gives 0. */
int job_tell_start(void);

#endif
