/* kind.h: the table of surfaces: each form in which a launch is written down, how
 * it is recognised, and its reader. Pure. */
#ifndef ARRESTOR_POLICY_KIND_H
#define ARRESTOR_POLICY_KIND_H

#include <stddef.h>

#include "policy/surface/document.h"
#include "policy/surface/surface.h"

struct kind {
    const char *name;    /* as --as takes it and reports show it */
    const char *summary; /* for --help */
    surface_recognise *recognise;
    surface_read *read;
};

/* All kinds; where two are equally sure of an input the first one has it. */
extern const struct kind kind_table[];
extern const size_t kind_count;

/* The kind of that name, or NULL. */
const struct kind *kind_find(const char *name);

/* The kind that is surest of an input, or NULL where none knows it. */
const struct kind *kind_recognise(const struct surface_input *input);

#endif
