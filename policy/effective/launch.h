/* launch.h: what Spark would run with, from the command line, the environment
 * and the files it reads (reference spark-security 1.1 to 1.3). Pure: the caller
 * opens and reads between launch_plan and launch_resolve. */
#ifndef ARRESTOR_POLICY_LAUNCH_H
#define ARRESTOR_POLICY_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/effective/setting.h"
#include "policy/input/input.h"
#include "policy/surface/arguments.h"
#include "policy/surface/document.h"

struct arena;
struct buffer;
struct error;

struct launch {
    const char *const *argv; /* argv[0] = spark-submit */
    size_t argc;
    const struct document_launch *written; /* where argv, environment and further settings
                                              stand in a file; NULL: they are our own */
    const char *const *environment;        /* NULL-terminated "K=V" */
    const char *conf_dir;                  /* real directory to read, e.g. a frozen copy;
                                              NULL: SPARK_CONF_DIR, else SPARK_HOME/conf */
    const char *conf_dir_label; /* name shown in origins for files of conf_dir; NULL: itself */
    const char *spark_home;     /* what input_spark_home found; NULL: SPARK_HOME */
    bool environment_is_final;  /* spark-env.sh has been sourced into `environment`: what is
                                   missing there is missing for Spark */
    const struct document_launch *sourced; /* what spark-env.sh says, as text, which stands in
                                              `environment` too: launch_source; or NULL */
};

struct launch_plan {
    const struct launch *launch; /* must outlive the plan */
    struct launch_arguments arguments;
    const char *spark_home; /* NULL: not known */
    const char *conf_dir;   /* NULL: not known */
    const char
        *properties_path;      /* the --properties-file that counts, as given, from the cwd; NULL */
    const char *defaults_path; /* spark-defaults.conf, to be opened; NULL: no conf_dir known */
    const char *defaults_label; /* its name in origins */
    const char *java_opts_path; /* conf_dir's java-opts, in the same way */
    const char *java_opts_label;
    const char *script_path; /* conf_dir's spark-env.sh, where it is still to be sourced; NULL */
    const char *script_label;
    const char **extra_paths; /* --extra-properties-file, in order (4.2) */
    size_t extra_count;
    bool defaults_in_force; /* read at all: no --properties-file, or --load-spark-defaults */
};

/* Parses the launch; opens nothing. 0, or -1: ERROR_USAGE, ERROR_SPARK as
 * arguments_parse; ERROR_MEMORY. Where arguments.launches is false there is
 * nothing to judge and launch_resolve must not be called. */
int launch_plan(const struct launch *launch, struct arena *arena, struct launch_plan *ret,
                struct error *err);

/* Adds what spark-env.sh sets, as the reader of shell scripts tells of it, to the launch that is
 * planned: as Spark's scripts source it before the launch is resolved. Where it names another
 * SPARK_CONF_DIR or SPARK_HOME, whose files are not those of the plan, the launch is open.
 * `document` and `launch` must outlive the plan. 0, or -1 with ERROR_MEMORY. */
int launch_source(struct launch *launch, const struct launch_plan *plan,
                  const struct document *document, struct arena *arena, struct error *err);

/* The same for a script that cannot be read as text: what it sets is unknown. */
int launch_source_unread(struct launch *launch, const struct origin *place, struct arena *arena,
                         struct error *err);

/* The bytes that input/ has read; NULL: not there. The version decides what
 * Spark 3.5, 4.0 … do differently; 0, 0: not known, judged as the newest. */
struct launch_sources {
    const struct input_file *properties, *defaults, *java_opts;
    int spark_major, spark_minor;
    const struct input_file *extra; /* one for each of the plan's extra_paths */
    size_t extra_count;
};

/* A setting that arrestor puts into the merged properties file. */
struct launch_pair {
    const char *key, *value;
};

/* Spark's precedence, strongest first: option of its own · --conf by position ·
 * last --extra-properties-file … first · --properties-file · spark-defaults.conf
 * (3.x: only without --properties-file; from 4.0 also with --load-spark-defaults)
 * · injected (ORIGIN_ARRESTOR) · environment, for the few keys that have a
 * variable · what spark-submit makes up (local[*], client, a name) · -Dspark.… of
 * the driver's Java options, wherever they stand. *ret and its texts live in the arena. 0, or -1
 * with *ret untouched: ERROR_SPARK for what Spark would refuse at submission, with the place; the
 * errors of properties_parse; ERROR_INPUT where the plan names a file that `sources` lacks;
 * ERROR_MEMORY.
 *
 * Beyond Spark's own SparkConf, --packages, --repositories and --exclude-packages
 * are shown in client mode too, and -Dspark.… of the driver in cluster mode. */
int launch_resolve(const struct launch_plan *plan, const struct launch_sources *sources,
                   const struct launch_pair *injected, size_t injected_count, struct arena *arena,
                   struct effective *ret, struct error *err);

/* The properties file of a frozen launch: what the files in force and the
 * injected settings say (not argv, that stays in argv), escaped so that Spark
 * reads exactly the values that launch_resolve saw. Put it in place of every word of
 * plan->arguments.properties, or insert "--properties-file PATH" at
 * plan->arguments.insert_at. 0, or -1 as launch_resolve. */
int launch_merge(const struct launch_plan *plan, const struct launch_sources *sources,
                 const struct launch_pair *injected, size_t injected_count, struct arena *arena,
                 struct buffer *out, struct error *err);

/* The launch that is written down with a command line, for launch_plan: its words
 * as argv, its environment, nothing of ours. `written` must outlive it; lists live
 * in the arena. 0, or -1 with ERROR_MEMORY. */
int written_launch(const struct document_launch *written, struct arena *arena, struct launch *ret,
                   struct error *err);

/* What is written down without a command line (a conf file, a cluster's JSON): its
 * own settings by their strength; the master from spark.master among them, else
 * MASTER_UNTOLD. Spark's version where the facts tell it. 0, or -1 with ERROR_INPUT
 * beyond LIMIT_SETTINGS, ERROR_MEMORY. */
int written_resolve(const struct document_launch *written, struct arena *arena,
                    struct effective *ret, struct error *err);

/* Spark's version as the facts of a launch tell it; 0, 0 where they do not. */
void written_version(const struct document_launch *written, int *major, int *minor);

/* A conf file judged alone, as written_resolve; `unset` is the line after its last
 * one. 0, or -1 as properties_parse. */
int file_resolve(const struct input_file *file, struct arena *arena, struct effective *ret,
                 struct error *err);

#endif
