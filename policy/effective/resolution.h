/* resolution.h: one launch being resolved. Used inside policy/effective only. */
#ifndef ARRESTOR_POLICY_RESOLUTION_H
#define ARRESTOR_POLICY_RESOLUTION_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/effective/candidates.h"
#include "policy/effective/launch.h"

/* As SparkSubmit tells them apart, by the first letters of the master alone. */
enum manager {
    MANAGER_YARN = 1,
    MANAGER_STANDALONE = 2,
    MANAGER_MESOS = 4,
    MANAGER_LOCAL = 8,
    MANAGER_KUBERNETES = 16,
    MANAGERS = 31
};

enum deployment { DEPLOY_CLIENT = 1, DEPLOY_CLUSTER = 2, DEPLOYMENTS = 3 };

struct resolution {
    const struct launch_plan *plan;
    const struct launch_sources *sources;
    struct arena *arena;
    struct error *err;
    struct argument values[ARGUMENTS]; /* of the plan, as resolution_word leaves them */
    struct candidates candidates;
    struct note *notes;
    size_t note_count, note_capacity;
    struct setting *java;
    unsigned *java_jvms;
    size_t java_count;
    struct origin unset; /* where a setting that nobody made would go */

    struct setting master, remote, deploy_mode; /* value NULL: nobody says */
    enum manager manager;
    enum deployment deployment;
};

/* Fills `values`. Call first. 0, or -1 with ERROR_MEMORY. */
int resolution_take_words(struct resolution *r);

/* Whether this Spark is at least major.minor; an unknown one is the newest. */
bool resolution_since(const struct resolution *r, int major, int minor);

/* The place in the file where the launch is written down, for a word or variable
 * of it; any other origin as it is. value: that of a setting's value. */
struct origin resolution_place(const struct resolution *r, const struct origin *origin, bool value);

/* Adds one candidate; its value as it is. 0 or -1. */
int resolution_add(struct resolution *r, const struct setting *setting, enum strength strength);

/* Adds a note. 0, or -1 with ERROR_MEMORY. */
int resolution_note(struct resolution *r, const struct origin *origin, const char *text);

/* Value of an option, else the property `key`, else the property `alternative`,
 * else the environment variable; the last two may be NULL, id may be ARGUMENTS.
 * The result's value is NULL where nobody says; its key is `key`. */
struct setting resolution_look(const struct resolution *r, enum argument_id id, const char *key,
                               const char *alternative, const char *variable);

/* Value of an environment variable of the launch, or NULL. */
const char *resolution_variable(const struct resolution *r, const char *name);

/* What bash leaves of a word of the command line: bin/spark-class drops every
 * carriage return (3.4 and later). NULL when memory is exhausted. */
const char *resolution_word(const struct resolution *r, const char *text);

/* Whether bin/spark-submit's launcher runs the driver in the JVM that it starts;
 * it knows neither MASTER nor DEPLOY_MODE. Spark: SparkSubmitCommandBuilder. */
bool resolution_runs_driver(const struct resolution *r);

/* Whether 3.x is to start its own Connect server: then a remote is none. */
bool resolution_is_local_connect(const struct resolution *r);

/* What an application is, by its name alone; a Python or R shell is both. All that
 * is none of them, and not "spark-internal", is taken for a jar. Spark:
 * SparkSubmit.isShell, isPython, isR, isUserJar. */
bool resource_is_shell(const struct resolution *r, const char *resource);
bool resource_is_python(const char *resource);
bool resource_is_r(const char *resource);
bool resource_is_jar(const struct resolution *r, const char *resource);

/* Text of the application's resource or main class, "" where there is none. */
const char *resolution_resource(const struct resolution *r);
const char *resolution_class(const struct resolution *r);

/* Fills err with ERROR_SPARK and the place of `about` (NULL: the command line).
 * The sentence goes on after "Spark refuses ". Returns -1. */
int resolution_refuse(struct resolution *r, const struct origin *about, const char *what,
                      const char *todo);

/* Adds what a written launch has beside its command line, each list at its strength. */
int launch_add_written(struct resolution *r, const struct document_launch *written,
                       bool defaults_in_force);

/* The steps, in this order (launch_*.c). Each 0 or -1. */
int launch_add_properties(struct resolution *r, const struct launch_pair *injected,
                          size_t injected_count);
int launch_find_cluster(struct resolution *r);
int launch_check(struct resolution *r);
int launch_assign(struct resolution *r);
int launch_add_java_options(struct resolution *r);
int launch_finish(struct resolution *r);

#endif
