/* java_options.h: the words of a Java command line as Spark's launcher splits
 * them (CommandBuilderUtils.parseOptionString). Pure. */
#ifndef ARRESTOR_POLICY_JAVA_OPTIONS_H
#define ARRESTOR_POLICY_JAVA_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;

struct java_options {
    const char *const *words;
    size_t count;
};

/* Splits text at blanks; '…' and "…" group, a backslash outside '…' takes the
 * next character as it is. Words live in the arena. 0, or -1: ERROR_SPARK for a
 * quote or escape that never ends (the launcher throws), ERROR_MEMORY. */
int java_options_split(const char *text, struct arena *arena, struct java_options *ret,
                       struct error *err);

/* As java_options_split, as the reader of the place of that name does it: the JVM
 * itself, for the variables JAVA_TOOL_OPTIONS, JDK_JAVA_OPTIONS and _JAVA_OPTIONS,
 * takes a backslash for itself. */
int java_options_read(const char *place, const char *text, struct arena *arena,
                      struct java_options *ret, struct error *err);

/* "-Dkey=value" as key (in the arena) and value ("" where there is no '='). False
 * for any other word, and where memory is exhausted. */
bool java_options_property(const char *word, struct arena *arena, const char **key,
                           const char **value);

#endif
