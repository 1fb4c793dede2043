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
 * script writes. Texts: what is written to a YAML, JSON, XML or Python file, handed to kubectl
 * or python, or an argument of the AWS command line. ERROR_INPUT also for a quote or a block that
 * is never closed. */
surface_read shell_read;

/* A script within another file: its launches, loose settings and texts are added to b.
 * Unknown parts may stand in their marks. 0, or -1 with the builder's error filled. */
document_read_text shell_read_text;

/* The words of one command line, as sh splits them: quotes and backslashes taken
 * away, variables and substitutions unknown, and no character but these special
 * ("a;b", "a|b" and "#" are text). A word's value_origin is set where it holds a '='.
 * *ret lives in the arena. 0, or -1 with *ret untouched: ERROR_INPUT (a quote that is
 * never closed, a NUL, more than LIMIT_ARGUMENTS words), ERROR_MEMORY. */
int shell_split(const char *bytes, size_t length, const struct place_map *map, struct arena *arena,
                struct document_word **ret, size_t *count, struct error *err);

#endif
