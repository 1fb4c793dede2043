/* yaml_text.h: what is said about YAML text before and while libyaml reads it.
 * Private to yaml/. */
#ifndef ARRESTOR_YAML_TEXT_H
#define ARRESTOR_YAML_TEXT_H

#include <yaml.h>

#include "sidecar/yaml/yaml_tree.h"

/* Refuses bytes that are not UTF-8, control characters and line ends other than
 * LF and CRLF, which libyaml would count differently from an editor. 0 or -1. */
int yaml_check_text(const struct yaml_source *source, struct error *err);

/* Says in our words what made libyaml give up. Returns -1. */
int yaml_explain(const struct yaml_source *source, const yaml_parser_t *parser, struct error *err);

#endif
