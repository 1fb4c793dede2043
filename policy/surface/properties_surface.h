/* properties_surface.h: spark-defaults.conf and its like as a surface. Pure. */
#ifndef ARRESTOR_POLICY_PROPERTIES_SURFACE_H
#define ARRESTOR_POLICY_PROPERTIES_SURFACE_H

#include "policy/surface/surface.h"

/* SURE: a line begins with a key "spark." and a separator, and none looks like
 * another language. MAYBE: named *.conf or *.properties. */
surface_recognise properties_recognise;

/* One launch without words, whose DOCUMENT_DEFAULTS are the file's settings as
 * properties_parse gives them; a note where it is not UTF-8. */
surface_read properties_read;

#endif
