/* arguments.h: the command line of spark-submit and its shells, parsed as Spark
 * does it twice (launcher's SparkSubmitCommandBuilder and SparkSubmitOptionParser,
 * then SparkSubmitArguments; reference spark-security 1.1, 1.3, 1.4). Pure. */
#ifndef ARRESTOR_POLICY_ARGUMENTS_H
#define ARRESTOR_POLICY_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/surface/setting.h"

struct arena;
struct document_launch;
struct error;

/* Options with a value that are kept: id, name. The five that spark-submit turns
 * into settings by position (--driver-memory …) and --conf stand in `conf`. */
#define ARGUMENT_TABLE(X)                                                                          \
    X(MASTER, "--master")                                                                          \
    X(REMOTE, "--remote")                                                                          \
    X(DEPLOY_MODE, "--deploy-mode")                                                                \
    X(CLASS, "--class")                                                                            \
    X(NAME, "--name")                                                                              \
    X(JARS, "--jars")                                                                              \
    X(FILES, "--files")                                                                            \
    X(ARCHIVES, "--archives")                                                                      \
    X(PY_FILES, "--py-files")                                                                      \
    X(PACKAGES, "--packages")                                                                      \
    X(EXCLUDE_PACKAGES, "--exclude-packages")                                                      \
    X(REPOSITORIES, "--repositories")                                                              \
    X(PRINCIPAL, "--principal")                                                                    \
    X(KEYTAB, "--keytab")                                                                          \
    X(PROXY_USER, "--proxy-user")                                                                  \
    X(QUEUE, "--queue")                                                                            \
    X(NUM_EXECUTORS, "--num-executors")                                                            \
    X(EXECUTOR_MEMORY, "--executor-memory")                                                        \
    X(EXECUTOR_CORES, "--executor-cores")                                                          \
    X(TOTAL_EXECUTOR_CORES, "--total-executor-cores")                                              \
    X(DRIVER_CORES, "--driver-cores")
#define ARGUMENT_ENUM(id, name) ARGUMENT_##id,
enum argument_id { ARGUMENT_TABLE(ARGUMENT_ENUM) ARGUMENTS };
#undef ARGUMENT_ENUM

/* text is NULL where the option was not given; argv is the index of the word
 * that holds it (both of `--name X` and of `--name=X`: the word with X). */
struct argument {
    const char *text;
    size_t argv;
};

/* One --properties-file or --extra-properties-file. To replace it, write the new
 * path into argv[argv], with "--properties-file=" before it where joined. */
struct properties_argument {
    const char *path;
    size_t argv;
    bool joined; /* "--properties-file=PATH" in one word */
    bool extra;  /* --extra-properties-file (Spark 4.2) */
};

struct launch_arguments {
    const char *program; /* "spark-submit", "pyspark" …, from a table */
    bool launches;       /* false: --help, --version, --status, --kill: nothing to judge */
    const char *special; /* the option that makes it so, "" where there are no arguments */
    bool mixed;          /* a shell or server: unknown words are its own arguments */
    size_t insert_at;    /* where further options may be inserted into argv */
    struct argument values[ARGUMENTS];
    struct setting_list conf; /* --conf, -c and the five converted, in order, duplicates kept */
    const struct properties_argument *properties; /* in order; the last plain one counts */
    size_t properties_count;
    struct argument load_defaults; /* --load-spark-defaults (4.0) */
    struct argument supervise;
    struct argument driver_default_class_path; /* the word of --driver-default-class-path (4.0) */
    struct argument resource;     /* the application: jar, .py, .R, "spark-shell" … */
    size_t application_arguments; /* index of the first, argc where there is none */
    const struct origin *open;    /* where something unknown may add options; NULL */
    const struct note *notes; /* options that do nothing where they stand, switches with a value */
    size_t note_count;
};

/* Parses argv (argv[0] is the program; only its last path component counts).
 * Known programs: spark-submit, spark2-submit, spark3-submit, spark-shell,
 * spark-connect-shell, pyspark, spark-sql, sparkR, run-example, spark-pipelines,
 * start-thriftserver.sh, start-connect-server.sh, and spark-class with a class that
 * submits. Texts point into argv or live in the arena. 0, or -1:
 * ERROR_USAGE "arrestor cannot tell what X would launch" for another program;
 * ERROR_SPARK for what spark-submit itself refuses: an unknown option (the
 * nearest is named), a missing value, --conf without '=', no application. */
int arguments_parse(const char *const *argv, size_t argc, struct arena *arena,
                    struct launch_arguments *ret, struct error *err);

/* The same for a launch that is written down (NULL: as arguments_parse); argv are
 * its words. Errors carry the place of the word in its file. What a word with
 * unknown parts (unknown.h) could be is no error: an option with an unknown name, a
 * --conf with an unknown key and a word of which nothing is known make the launch
 * open, and an open launch is not refused for what it does not know or lacks. A
 * word of which nothing is known is the application where no option and nothing
 * that looks like an application follows it. */
int arguments_parse_written(const char *const *argv, size_t argc,
                            const struct document_launch *written, struct arena *arena,
                            struct launch_arguments *ret, struct error *err);

#endif
