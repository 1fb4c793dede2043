/* tree.h: YAML and JSON as people write it around Spark, with the place of every
 * byte. Pure.
 *
 * Beside sidecar/yaml, which is strict because it reads our own files, this one
 * takes what a cluster, a template engine or a service would take: several
 * documents in a stream, duplicate keys, tags, merge keys, bytes that are not
 * UTF-8 ('?' stands instead), lines of Helm, Jinja and ERB. The structure is told
 * by libyaml, whose port reads manifests in Kubernetes; JSON is read by its YAML
 * grammar. */
#ifndef ARRESTOR_POLICY_TREE_H
#define ARRESTOR_POLICY_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/surface/place.h"
#include "policy/surface/setting.h"

struct arena;
struct error;

enum tree_kind {
    TREE_SCALAR,
    TREE_SEQUENCE,
    TREE_MAPPING,
    TREE_BROKEN /* a document that cannot be read: text says why, origin where */
};

/* What stands between {{ if }}, {% for %} … and its end. */
struct tree_condition {
    size_t branches; /* parted by "else" and its like */
    bool whole;      /* one of them is always taken: the last one is an "else" */
    bool nested;     /* in another one that begins in the same document */
};

/* A node and all it points to live in the arena. Texts end with a NUL. */
struct tree_node {
    enum tree_kind kind;
    const char *text; /* of a scalar, with its unknown parts in marks (unknown.h); else "" */
    size_t length;
    bool quoted;              /* in quotes, or a block scalar: never a number, boolean or null */
    const char *tag;          /* a local one ("!Ref"), else NULL; a scalar with one is unknown as a
                                 whole, but for !Sub, where only its ${…} are */
    const char *key;          /* in a mapping; "" for one that is no scalar; else NULL */
    struct origin origin;     /* of a scalar: the first byte within its quotes, or of its
                                 block; else where the node begins */
    struct origin key_origin; /* as origin, of the key */
    struct place_map map;     /* of a scalar's text */
    const struct tree_node *parent; /* below an alias or a merge: of the anchored node;
 a root's children have an equal node */
    const struct tree_node *first, *next;
    size_t count;              /* of children; those of a merge key count */
    size_t last_line;          /* the last line of what is written in it */
    const struct origin *open; /* where a template inserts text that may be further children
                                  (or, into an empty scalar, all of them); NULL */
    const struct tree_condition *condition; /* the innermost one of its document; NULL: none */
    size_t branch;                          /* which of it, from 1 on */
};

/* Reads all documents of a stream into an array, empty ones left out. A merge key's children stand
 * before those of the mapping itself, so that the last one of a name always wins.
 * Columns count bytes. `label` must outlive the tree; bytes need not. Work and
 * memory are linear in length.
 *
 * What a template fills in becomes an unknown part of a scalar or key, also where it
 * stands unquoted; a line of its own that only controls ("{{- if … }}", "{% … %}",
 * "<% … %>") is blank, and one that inserts text is noted in the node it stands in.
 *
 * 0, or -1 with the outputs untouched: ERROR_INPUT where there is a NUL byte, where a
 * bound is passed (LIMIT_TREE_DEPTH, LIMIT_TREE_NODES after aliases are followed), or
 * where no document can be read; ERROR_MEMORY. */
int tree_parse(const char *bytes, size_t length, const char *label, struct arena *arena,
               const struct tree_node **documents, size_t *count, struct error *err);

/* As tree_parse, of a text within another file: its bytes stand where map says, and
 * unknown parts in their marks stay unknown. */
int tree_parse_text(const char *bytes, size_t length, const struct place_map *map,
                    struct arena *arena, const struct tree_node **documents, size_t *count,
                    struct error *err);

/* The child of that key, the last one of several; NULL where there is none, or where
 * `mapping` is none or NULL. */
const struct tree_node *tree_find(const struct tree_node *mapping, const char *key);

/* The node at "spec.driver.env", keys parted by dots; NULL where there is none. */
const struct tree_node *tree_path(const struct tree_node *node, const char *path);

/* The text of a scalar; NULL for NULL and for other nodes. */
const char *tree_text(const struct tree_node *node);

/* The text of the scalar at a path, or NULL. */
const char *tree_path_text(const struct tree_node *node, const char *path);

/* Whether nothing is written there: NULL, or a plain "", "~" or "null". */
bool tree_is_null(const struct tree_node *node);

/* Whether the text of a scalar in a mapping holds whatever a template decides: no condition is
 * around it, or a sibling says the same without one, or in each other branch of it. */
bool tree_is_certain(const struct tree_node *node);

/* A text that may be there or not: an unknown part (unknown.h) of what is written; of KEY=VALUE,
 * where `pair`, only the value is. NULL when memory is exhausted. */
const char *tree_doubt(struct arena *arena, const char *text, bool pair);

/* Where a further child of that node would go: the line after its last one, the
 * column of its first. Kind ORIGIN_UNSET. */
struct origin tree_unset(const struct tree_node *node);

#endif
