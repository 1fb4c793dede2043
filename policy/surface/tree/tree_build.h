/* tree_build.h: puts nodes together, in the order of libyaml's events. Private to
 * tree/. */
#ifndef ARRESTOR_POLICY_TREE_BUILD_H
#define ARRESTOR_POLICY_TREE_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/surface/tree/tree.h"
#include "policy/surface/tree/tree_template.h"
#include "sidecar/base/limits.h"

struct arena;
struct error;

/* An open sequence or mapping. */
struct build_frame {
    struct tree_node *node, *last;
    const char *key; /* of the value that comes next, or NULL */
    struct origin key_origin;
    bool is_key;  /* it is a key itself */
    bool merges;  /* has a key "<<" */
    long column;  /* its indent; -1: in brackets */
    size_t nodes; /* how many there were before it */
    size_t height;
    const char *anchor;
};

struct build_anchor {
    const char *name;
    const struct tree_node *node;
    size_t weight, height; /* nodes of it, levels below it, aliases followed */
};

/* A condition while it is open. */
struct build_condition {
    struct tree_condition shown;
    struct build_condition *outer;
};

struct builder {
    struct arena *arena;
    struct error *err;
    const struct place_map *file;
    const struct template_text *input;
    struct build_frame frames[LIMIT_TREE_DEPTH];
    size_t depth;
    struct build_anchor anchors[LIMIT_TREE_ANCHORS];
    size_t anchor_count;
    size_t nodes;                      /* of the whole input, aliases followed */
    size_t inserted, control;          /* how many of input->inserted and controls are passed */
    size_t line;                       /* where the last value ended */
    long conditions, base;             /* open ones, here and where the document begins */
    struct build_condition *condition; /* the innermost open one, or NULL */
    const struct origin *pending;      /* an insertion before the next value */
    struct tree_node *root;
};

/* Where an event stands, and what is told about its node. */
struct build_event {
    size_t begin, end;
    long column;
    bool flow;
    const char *anchor; /* or NULL; in the arena */
    const char *tag;
};

/* Forgets the document before. */
void build_start(struct builder *b);

/* What templates say between here and the event before. 0 or -1 (ERROR_MEMORY). */
int build_pass(struct builder *b, size_t offset);

/* Insertions up to there are of the scalar that was added last. 0 or -1. */
int build_claim(struct builder *b, size_t end);

/* Each 0, or -1 with ERROR_INPUT beyond a bound, ERROR_MEMORY. */
int build_scalar(struct builder *b, const struct build_event *event,
                 const struct tree_node *scalar);
int build_open(struct builder *b, const struct build_event *event, enum tree_kind kind);
int build_shut(struct builder *b);
int build_alias(struct builder *b, const struct build_event *event, const char *name);

#endif
