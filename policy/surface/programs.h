/* programs.h: the scripts in Spark's bin/ and sbin/ that end in spark-submit, and
 * what each puts before the caller's words. Used by arguments.c and by the readers of
 * files, which know a launch by it. Pure. */
#ifndef ARRESTOR_POLICY_PROGRAMS_H
#define ARRESTOR_POLICY_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

struct program {
    const char *name;
    const char *first_word; /* special first word of spark-submit, or NULL */
    const char *class_name, *application_name;
    const char *key, *value; /* what its --conf says, or NULL */
    const char *own_switch;  /* a first word that the script keeps for itself, or NULL */
};

/* The program of that path (its last component counts), or NULL. */
const struct program *program_find(const char *path);

/* Whether that path is one of them. */
bool program_is_spark(const char *path);

/* Index of the first word that is spark-submit's own: behind the program, behind
 * spark-class's class and what that class takes for itself. 0: nobody
 * can tell what it would start (another class, or none at all). */
size_t program_begin(const struct program *program, const char *const *argv, size_t argc);

/* Whether this is spark-pipelines, as a script or through spark-class. */
bool program_is_pipelines(const struct program *program, const char *const *argv, size_t argc);

/* A special word of spark-submit and the application that it stands for. `first`:
 * known in the first place only; `mixed`: unknown words behind it are the shell's. */
struct special_word {
    const char *word, *resource;
    bool first, mixed;
};

/* The row of that word, or NULL. */
const struct special_word *program_special_word(const char *word);

/* The application that a main class stands for where it is a shell or server, whose
 * arguments may stand between the options; or NULL. Spark:
 * SparkSubmitCommandBuilder.specialClasses. */
const char *program_special_class(const char *class_name);

#endif
