/* properties_surface.h: spark-defaults.conf and its like as a surface. Pure. */
#ifndef ARRESTOR_POLICY_PROPERTIES_SURFACE_H
#define ARRESTOR_POLICY_PROPERTIES_SURFACE_H

#include "policy/surface/setting.h"
#include "policy/surface/surface.h"

struct document_builder;

/* SURE, LIKELY: more lines begin with a key "spark." and a separator than with anything else;
 * in prose by its name (README, *.md) never, and under another extension than that of a
 * configuration a line behind '#' is anything else too. MAYBE: named *.conf or
 * *.properties. */
surface_recognise properties_recognise;

/* One launch without words, whose DOCUMENT_DEFAULTS are the file's settings as
 * properties_parse gives them; a note where it is not UTF-8. */
surface_read properties_read;

/* Adds settings to DOCUMENT_DEFAULTS of the last launch; a key that may be any
 * (setting_is_any) leaves that open. */
void properties_set(const struct setting_list *list, struct document_builder *b);

#endif
