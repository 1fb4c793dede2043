/* words.h: words of command lines that stand in source. Pure. */
#ifndef ARRESTOR_POLICY_SOURCE_WORDS_H
#define ARRESTOR_POLICY_SOURCE_WORDS_H

#include "policy/surface/document.h"
#include "policy/surface/source/value.h"

/* Adds the words of one command line to the launch that has begun. Where it does not
 * split, a note says so. */
void words_split(struct source_file *file, struct document_builder *b, struct source_node *node);

/* Adds a word for each item of a list; what is not told opens the launch. */
void words_list(struct source_file *file, struct document_builder *b, struct source_node *node);

/* Adds an option and its value, unless the value is None, False or "". */
void words_option(struct source_file *file, struct document_builder *b, const char *option,
                  struct source_node *value);

/* Adds "--conf" and "KEY=VALUE" for each entry; what is not told opens the launch. */
void words_conf(struct source_file *file, struct document_builder *b, struct source_node *mapping);

/* A list of settings of the launch from a mapping; what is not told opens it. */
void words_settings(struct source_file *file, struct document_builder *b, enum document_list list,
                    struct source_node *mapping);

#endif
