/* shell.h: scripts of sh and bash in which Spark is started, and command lines
 * that are written as one string. Nothing is executed: what a script says is
 * followed as far as it does not depend on the world. Pure. */
#ifndef ARRESTOR_POLICY_SHELL_H
#define ARRESTOR_POLICY_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/surface/document.h"
#include "policy/surface/place.h"
#include "policy/surface/surface.h"

struct arena;
struct error;

/* A script by its name (.sh, .bash, spark-env.sh), its first line, or its form. */
surface_recognise shell_recognise;

/* Launches: each command that starts Spark, with its words and the variables that
 * it would be given. Loose settings: variables that are assigned a known value, and
 * defaults of "${NAME:-default}". A launch without words whose list is
 * DOCUMENT_ENVIRONMENT: what spark-env.sh sets for every launch, or the daemon that
 * a command starts. A launch with DOCUMENT_DEFAULTS: a properties file that the
 * script writes. ERROR_INPUT also for a quote or a block that is never closed. */
surface_read shell_read;

/* A text in a script that another reader knows: what is written to a YAML, JSON or
 * XML file, handed to kubectl, or an argument of the AWS command line. */
struct shell_inner {
    const char *bytes; /* NUL behind; unknown parts in their marks */
    size_t length;
    const struct place_map *map;
    const char *hint; /* "kubernetes", "emr", or the name of the file that is written */
};

struct shell_reading {
    struct document document;
    const struct shell_inner *inner;
    size_t inner_count;
};

/* As shell_read, with the inner texts, which shell_read leaves out. */
int shell_read_inner(const struct surface_input *input, struct arena *arena,
                     struct shell_reading *ret, struct error *err);

/* A script within another file: its launches and loose settings are added to b,
 * its inner texts are left out. Unknown parts may stand in their marks. 0, or -1
 * with the builder's error filled. */
int shell_read_text(const char *bytes, size_t length, const struct place_map *map,
                    struct document_builder *b);

/* As shell_read_text, with the inner texts. *inner lives in the builder's arena and is
 * untouched on failure, as *count is. */
int shell_read_text_inner(const char *bytes, size_t length, const struct place_map *map,
                          struct document_builder *b, const struct shell_inner **inner,
                          size_t *count);

/* The words of one command line, as sh splits them: quotes and backslashes taken
 * away, variables and substitutions unknown, and no character but these special
 * ("a;b", "a|b" and "#" are text). A word's value_origin is set where it holds a '='.
 * *ret lives in the arena. 0, or -1 with *ret untouched: ERROR_INPUT (a quote that is
 * never closed, a NUL, more than LIMIT_ARGUMENTS words), ERROR_MEMORY. */
int shell_split(const char *bytes, size_t length, const struct place_map *map, struct arena *arena,
                struct document_word **ret, size_t *count, struct error *err);

#endif
