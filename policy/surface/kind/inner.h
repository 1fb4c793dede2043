/* inner.h: documents with the texts of other surfaces that stand in them: a manifest in
 * a script, a DAG, a block of a workflow. Private to kind/.
 *
 * The rooms of the surfaces know little of each other, so their readers hand such texts
 * out, and here each is read where it stands. What stands in an inner text itself is
 * left to that text's reader (a manifest reads its scripts); their own inner texts are
 * left out, so that nothing goes deeper than that. A fault in an inner text is a note at
 * its place. */
#ifndef ARRESTOR_POLICY_KIND_INNER_H
#define ARRESTOR_POLICY_KIND_INNER_H

#include "policy/surface/surface.h"

/* shell_read, pyspark_read, ci_read, and what their inner texts say behind it. */
surface_read inner_read_shell;
surface_read inner_read_python;
surface_read inner_read_ci;

#endif
