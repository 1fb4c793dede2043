/* judge_inputs.h: the files and the launch that a command was told to judge.
 * Opening and reading are two calls, because the ladder stands between them. */
#ifndef ARRESTOR_JUDGE_INPUTS_H
#define ARRESTOR_JUDGE_INPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "policy/effective/launch.h"
#include "policy/input/input.h"
#include "sidecar/base/error.h"
#include "sidecar/judge/judge_documents.h"

struct arena;
struct invocation;

/* One opened file or directory. fd -1 and fault.code OK: it is not there, and need not be. */
struct judge_input {
    const char *path, *label;
    int fd;
    struct error fault; /* why it could not be opened */
    bool is_directory;  /* to be walked */
    dev_t device;       /* of what was named */
    ino_t inode;
    int around;         /* of a file that may name others: its directory, opened; -1 */
    const char *beside; /* … and how that is shown */
};

struct judge_inputs {
    struct judge_input *items; /* named files, or those of the launch in the order of its plan */
    size_t count;
    bool is_launch;
    struct launch launch;
    struct launch_plan plan;
    int spark_major, spark_minor; /* 0, 0: not known */
    const struct kind *as;        /* --as, or NULL */
};

struct confine_path;

/* What a launch reads, once it was read. */
struct judge_sources {
    struct input_file properties, defaults, java_opts, script;
    struct input_file *extra;
    struct launch_sources sources;
};

/* Opens the files and directories that the operands name ("-" is standard input), or the
 * files that the launch after "--" reads. A named file that cannot be opened is kept with its
 * fault; one of a launch is an error. *ret stays where it is: the plan points
 * into it. 0, or -1 with ERROR_USAGE (nothing to judge, both kinds, a launch that
 * starts nothing), ERROR_INPUT, ERROR_SPARK, ERROR_MEMORY. */
int judge_inputs_open(const struct invocation *call, char *const *operands, size_t count,
                      struct arena *arena, struct judge_inputs *ret, struct error *err);

/* Plans ret->launch, which the caller has filled, and opens what it reads. A launch
 * that starts nothing (plan.arguments.launches) has nothing to open. 0, or -1 with
 * the errors of launch_plan, ERROR_INPUT, ERROR_MEMORY. */
int judge_inputs_open_launch(struct judge_inputs *inputs, struct arena *arena, struct error *err);

/* What is to be read after the ladder, beneath which files can still be opened: named
 * directories, and those of files that may name others. 0, or -1 with ERROR_MEMORY. */
int judge_inputs_beneath(const struct judge_inputs *inputs, struct arena *arena,
                         struct confine_path **ret, size_t *count, struct error *err);

/* Reads one opened file whole. 0 or -1. */
int judge_inputs_read(const struct judge_input *input, struct arena *arena, struct input_file *ret,
                      struct error *err);

/* Reads all that the launch reads, and adds to it what spark-env.sh sets. *ret stays where
 * it is. 0 or -1. */
int judge_inputs_sources(struct judge_inputs *inputs, struct arena *arena,
                         struct judge_sources *ret, struct error *err);

/* What the command line asks for, and where an input lies. */
struct judge_wish judge_inputs_wish(const struct judge_inputs *inputs);
struct judge_place judge_inputs_place(const struct judge_input *input);

/* Closes what was opened, but for standard input. */
void judge_inputs_close(struct judge_inputs *inputs);

#endif
