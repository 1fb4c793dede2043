/* input.h: opens and reads what is to be judged. The ladder is open → confine →
 * read, so that opening and reading are two calls. */
#ifndef ARRESTOR_POLICY_INPUT_H
#define ARRESTOR_POLICY_INPUT_H

#include <stddef.h>

struct arena;
struct error;

struct input_file {
    const char *path; /* as it is shown */
    const char *bytes;
    size_t length;
};

/* Opens a regular file for reading. *fd is the caller's. 0, or -1 with
 * ERROR_INPUT naming the path. Call before confinement. */
int input_open(const char *path, int *fd, struct error *err);

/* As input_open, but a file that is not there gives 0 and *fd = -1: for
 * spark-defaults.conf, which Spark does without. */
int input_open_optional(const char *path, int *fd, struct error *err);

/* Reads fd whole into the arena (at most LIMIT_INPUT_BYTES; a NUL is appended
 * beyond length). Does not close. `path` must outlive *ret. 0, or -1 with
 * ERROR_INPUT or ERROR_MEMORY. */
int input_read(int fd, const char *path, struct arena *arena, struct input_file *ret,
               struct error *err);

/* Version of the Spark in spark_home, from the name of jars/spark-core_*.jar,
 * else from the first line of RELEASE. 0, 0 where neither tells: that is no
 * error. Opens directories: call before confinement. */
void input_spark_version(const char *spark_home, int *major, int *minor);

/* Where Spark's own scripts would find SPARK_HOME (bin/find-spark-home):
 * the variable in environment ("K=V", NULL-terminated), else the directory above
 * the one that holds `program`, looked up in PATH when it has no '/', or beside it
 * the pyspark package of a virtual environment. NULL in *ret where nothing is
 * found: no error. 0, or -1 with ERROR_MEMORY. Looks at directories: call before
 * confinement. */
int input_spark_home(const char *program, const char *const *environment, struct arena *arena,
                     const char **ret, struct error *err);

#endif
