/* names.h: who is bound to what in a source file. Pure.
 *
 * A name is known where its own scope, or the nearest outer one that binds it, binds
 * it once. Bound twice, by a parameter or by a loop it is nothing that can be told. */
#ifndef ARRESTOR_POLICY_SOURCE_NAMES_H
#define ARRESTOR_POLICY_SOURCE_NAMES_H

#include "policy/surface/source/syntax.h"

/* An entry that is put into a dictionary after it was bound. */
struct source_entry {
    struct source_node *key; /* NULL: all entries of the value */
    struct source_node *value;
    struct source_entry *next;
};

struct source_binding {
    struct source_name name;
    const struct source_scope *scope;
    size_t count;                        /* how often it is bound there */
    struct source_node *first;           /* the SOURCE_BIND that binds it */
    enum source_type type;               /* of its last value so far */
    struct source_node *now;             /* the SOURCE_BIND that was walked last; NULL */
    struct source_entry *entries, *last; /* put in so far */
    bool spent;                          /* a session was built from this SparkConf */
    bool copy;                           /* a copy of a running session's conf */
};

struct source_names {
    struct source_binding *slots;
    size_t size; /* a power of two; 0: none */
};

/* The names that a chain of nodes binds. 0, or -1 when memory is exhausted. */
int names_read(struct source_node *first, struct arena *arena, struct source_names *ret);

/* The binding that a SOURCE_NAME, or "self.x", sees; NULL where nobody binds it. */
struct source_binding *names_find(const struct source_names *names, struct source_node *node);

/* The one value that the name always has, or NULL. */
struct source_node *names_value(const struct source_names *names, struct source_node *node);

/* Whether node is a loop's key or value, and of which loop: the SOURCE_BIND, or NULL. */
struct source_node *names_loop(const struct source_names *names, struct source_node *node);

#endif
