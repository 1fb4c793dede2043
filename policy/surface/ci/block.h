/* block.h: a block of a shell, and the variables that it is given. Private to ci/. */
#ifndef ARRESTOR_POLICY_CI_BLOCK_H
#define ARRESTOR_POLICY_CI_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/surface/document.h"
#include "policy/surface/shell/shell.h"
#include "policy/surface/tree/tree.h"

struct ci_variable {
    const struct tree_node *node;
    bool doubtful; /* one of several values, or given under a condition */
};

struct ci {
    struct document_builder *b;
    const struct tree_node *root;
    struct ci_variable *variables; /* of the block at hand, weakest first */
    size_t variable_count, variable_room;
    const struct tree_node **pieces; /* of the block at hand */
    size_t piece_count, piece_room;
    size_t once;  /* bytes of blocks that may still be read: aliases repeat them */
    size_t again; /* the same of what several blocks share: variables, before_script: */
    size_t names; /* that were looked up */
    bool shared;  /* pieces that are added belong to other blocks too */
    bool expands; /* "$NAME" in a variable is filled in */
    bool cut;     /* it was noted that a bound is reached */
};

/* The builder fails: memory is exhausted. */
void ci_starve(struct ci *ci);

/* Pays for that many bytes of what is shared. Whether they may still be read. */
bool ci_pay(struct ci *ci, size_t bytes);

/* The variables of a mapping, stronger than those before. A later one of the same name
 * wins. Back to an earlier variable_count takes them away again. */
void ci_add_variables(struct ci *ci, const struct tree_node *mapping);

/* The same of variables that a block has under a condition, or with one of several values:
 * unknown. */
void ci_add_doubtful(struct ci *ci, const struct tree_node *mapping);

/* The same of those variables at hand that a script names with a '=' behind it: it may give
 * them another value. */
void ci_add_rewritten(struct ci *ci, const struct tree_node *script);

/* Those of a mapping whose value is known, as loose settings. */
void ci_tell_variables(struct ci *ci, const struct tree_node *mapping);

/* Adds a scalar to the block at hand; pieces follow each other in one shell. */
void ci_add_piece(struct ci *ci, const struct tree_node *piece);

/* Reads the pieces as one script, behind the variables; then there are none. */
void ci_read_block(struct ci *ci);

/* A workflow or an action of GitHub; a pipeline of GitLab. */
void ci_read_github(struct ci *ci);
void ci_read_gitlab(struct ci *ci);

#endif
