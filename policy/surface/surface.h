/* surface.h: what every reader of a surface looks like. Pure. */
#ifndef ARRESTOR_POLICY_SURFACE_H
#define ARRESTOR_POLICY_SURFACE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct document;
struct error;

struct surface_input {
    const char *label; /* its path, for origins and errors; must outlive what is read */
    const char *bytes; /* a NUL stands behind the last one */
    size_t length;
};

/* The last part of its path. */
const char *surface_name(const struct surface_input *input);

/* Whether the name is one of prose (README, *.md, *.log …), in which a line may look like
 * anything. */
bool surface_is_prose(const struct surface_input *input);

/* How sure a recogniser is: the surest one reads the input. */
enum surface_certainty {
    SURFACE_NO,
    SURFACE_MAYBE,  /* by its name, or by a form that others have too */
    SURFACE_LIKELY, /* by the name and the form */
    SURFACE_SURE    /* by what only this surface has: apiVersion, "Classification" … */
};

/* Looks at the name and at a bounded part of the bytes; allocates nothing. */
typedef enum surface_certainty surface_recognise(const struct surface_input *input);

/* Reads an input whole. An input that it reads but that says nothing about Spark
 * gives an empty document and 0. 0, or -1 with *ret untouched: ERROR_INPUT (what
 * is not of that form, with its place), ERROR_MEMORY. Work and memory are linear
 * in the input but for bounds of limits.h. */
typedef int surface_read(const struct surface_input *input, struct arena *arena,
                         struct document *ret, struct error *err);

#endif
