/* inner.h: documents with the texts of other surfaces that stand in them: a manifest in
 * a script, a script in a manifest, a DAG, a block of a workflow. Private to kind/.
 *
 * The rooms of the surfaces know little of each other, so their readers hand such texts
 * out (document_text), and here each is read where it stands, and what stands in it, to a
 * bounded depth. A fault in such a text is a note at its place. */
#ifndef ARRESTOR_POLICY_KIND_INNER_H
#define ARRESTOR_POLICY_KIND_INNER_H

#include "policy/surface/surface.h"

/* shell_read, pyspark_read, ci_read, notebook_read, kubernetes_read, settings_read, platform_read,
 * and what their inner texts say behind it. */
surface_read inner_read_shell;
surface_read inner_read_python;
surface_read inner_read_ci;
surface_read inner_read_notebook;
surface_read inner_read_kubernetes;
surface_read inner_read_settings;
surface_read inner_read_platform;

#endif
