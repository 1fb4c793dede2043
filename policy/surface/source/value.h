/* value.h: what an expression of a source file is worth, as far as it can be told
 * without running it. Pure. */
#ifndef ARRESTOR_POLICY_SOURCE_VALUE_H
#define ARRESTOR_POLICY_SOURCE_VALUE_H

#include "policy/surface/place.h"
#include "policy/surface/source/names.h"

struct source_file {
    const struct source_text *text;
    struct arena *arena;
    struct place_map map;
    struct source_names names;
    size_t work;  /* against LIMIT_SOURCE_WORK: what comes later is unknown */
    bool starved; /* memory was exhausted */
};

/* Its text, with unknown parts in their marks; in the arena, "" where memory is
 * exhausted. A number or a word is its text as str() gives it. */
const char *value_text(struct source_file *file, struct source_node *node);

/* As value_text, and *map tells where its bytes stand. */
const char *value_mapped(struct source_file *file, struct source_node *node, struct place_map *map);

/* The node that stands behind names: the literal itself where a name is bound once. */
struct source_node *value_leaf(const struct source_file *file, struct source_node *node);

/* Where the first byte of its text stands: within the quotes of a literal. */
struct origin value_origin(struct source_file *file, struct source_node *node);

/* Whether it is a text that is wholly known. */
bool value_is_known(struct source_file *file, struct source_node *node);

/* Whether it is a WORD of that spelling: None, True … */
bool value_is_word(const struct source_file *file, struct source_node *node, const char *word);

/* The environment's variable that it reads, "" where none, in the arena; *fallback is the
 * literal that stands in for it, or NULL. */
const char *value_variable(struct source_file *file, struct source_node *node,
                           struct source_node **fallback);

/* The argument of that name, else at that position (SIZE_MAX: by name only), or NULL. */
struct source_node *value_argument(struct source_node *call, const char *name, size_t position);

/* How many arguments a call has that stand by position and without stars. */
size_t value_positions(struct source_node *call);

#endif
