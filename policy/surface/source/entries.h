/* entries.h: the entries of a mapping in source, however it is written. Pure. */
#ifndef ARRESTOR_POLICY_SOURCE_ENTRIES_H
#define ARRESTOR_POLICY_SOURCE_ENTRIES_H

#include "policy/surface/source/value.h"

struct source_pair {
    struct source_node *key; /* NULL: the label of the value, as of dict(a=1) */
    struct source_node *value;
};

typedef void entries_take(void *state, const struct source_pair *pair);

/* Each entry of a mapping: a literal, dict(…), Map(…), pairs in a list, .items(), a name of
 * one of these and what was put into it so far. False where some of it cannot be told. */
bool entries_each(struct source_file *file, struct source_node *node, entries_take *take,
                  void *state);

/* Text and place of the key of a pair. */
const char *entries_key(struct source_file *file, const struct source_pair *pair);
struct origin entries_place(struct source_file *file, const struct source_pair *pair);

/* The value of that key in a literal mapping or call with named arguments, or NULL. */
struct source_node *entries_find(struct source_file *file, struct source_node *node,
                                 const char *key);

#endif
