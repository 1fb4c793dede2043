/* shape.h: what the readers of platform/ share. Private to platform/. */
#ifndef ARRESTOR_POLICY_PLATFORM_SHAPE_H
#define ARRESTOR_POLICY_PLATFORM_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/surface/document.h"
#include "policy/surface/place.h"
#include "policy/surface/tree/tree.h"

struct arena;
struct error;

struct nodes {
    const struct tree_node **items;
    size_t count, room;
};

struct platform {
    struct document_builder *b;
    struct arena *arena;
    struct error *err;
    const char *label;
    bool held;             /* reads a document that stands in a string of another one */
    bool substitutes;      /* a stack, a state machine or a bundle: ${…} is filled in */
    struct nodes clusters; /* of this document */
    struct nodes used;     /* clusters and configurations that a launch has taken in */
    size_t settings;       /* added so far, over all launches */
    size_t looked;         /* nodes that were looked at for other ones, over all launches */
};

/* Text with the place of each byte. */
struct platform_text {
    const char *text;
    struct place_map map;
    struct origin origin; /* of its first byte */
};

/* A list for platform_put that is none of a launch. */
#define PLATFORM_LOOSE DOCUMENT_LISTS

/* Out of memory: everything after it fails too. */
void platform_starve(struct platform *p);

/* Counts nodes that a launch looks through outside its own: launches times nodes is not
 * linear. False, and everything after it fails, beyond LIMIT_SETTINGS of them. */
bool platform_spend(struct platform *p, size_t nodes);

/* Adds a node to a list; whether it stands there. */
void nodes_add(struct platform *p, struct nodes *nodes, const struct tree_node *node);
bool nodes_have(const struct nodes *nodes, const struct tree_node *node);

/* The child of that name, written in PascalCase, with its first letter small, or with
 * ".$" behind it (Step Functions); the last one of several, NULL where there is none. */
const struct tree_node *platform_find(const struct tree_node *mapping, const char *name);

/* platform_find along a path parted by dots. */
const struct tree_node *platform_path(const struct tree_node *node, const char *path);

/* Whether what stands there is told at run time or deployment only, as a whole: a
 * path of Step Functions, Ref, Fn::If … */
bool platform_is_intrinsic(const struct tree_node *node);

/* The text of a scalar, or of Fn::Sub, Fn::Join and their like, unknown parts in
 * marks. False where it is neither, or NULL, or memory is exhausted. */
bool platform_text(struct platform *p, const struct tree_node *node, struct platform_text *ret);

/* The text of a child, for titles and comparisons; "" where there is none. */
const char *platform_child(struct platform *p, const struct tree_node *mapping, const char *name);

/* Begins a launch at a node, with its platform as a fact; a further setting of it is written in
 * that form. */
void platform_launch(struct platform *p, const char *title, const struct tree_node *at,
                     const char *platform, enum written_form form);

/* One setting, to a list of the launch or to PLATFORM_LOOSE. */
void platform_set(struct platform *p, enum document_list list, const char *key,
                  const struct origin *key_origin, const struct platform_text *value);

/* A child of a mapping as a setting; nothing where it has no text. */
void platform_put(struct platform *p, enum document_list list, const struct tree_node *child);

/* All children of a mapping; what is not told there opens the launch. */
void platform_put_all(struct platform *p, enum document_list list, const struct tree_node *mapping);

/* A fact from a child of a mapping, if it is there. */
void platform_fact(struct platform *p, const char *fact, const struct tree_node *mapping,
                   const char *name);

/* What the platform sets by itself, unless somebody else sets it: spark.master. NULL:
 * it does, and it is not known which. */
void platform_master(struct platform *p, const struct tree_node *at, const char *master);

/* Words of the launch: a fixed one, a node's text, all items of a sequence. */
void platform_word(struct platform *p, const char *word, const struct tree_node *at);
void platform_word_node(struct platform *p, const struct tree_node *node);
void platform_words(struct platform *p, const struct tree_node *sequence);

/* The first '=' that is in no unknown part, or NULL. */
const char *platform_equals(const char *text);

/* "--conf", then "KEY=VALUE" of a child of a mapping, or of a child under another key. */
void platform_conf(struct platform *p, const char *key, const struct tree_node *child);

/* The words of one command line in a string, as a shell splits them. */
void platform_split(struct platform *p, const struct tree_node *node);

/* The words of the command line that a scalar holds, with their places; none where it is
 * no scalar or cannot be split, which the builder then knows. Gives their number. */
size_t platform_command_words(struct platform *p, const struct tree_node *node,
                              struct document_word **words);

/* Something unknown may add to the launch where the node stands, if there is a node. */
void platform_open(struct platform *p, const struct tree_node *node);

/* A sentence at a node. */
void platform_note(struct platform *p, const struct tree_node *at, const char *text);

/* Spark's version as a fact, where the platform's release is known to hold it. */
void platform_emr_release(struct platform *p, const struct tree_node *mapping);
void platform_databricks_release(struct platform *p, const struct tree_node *mapping);

/* Readers of one shape each: `node` is the mapping (or list) that has it. */
void emr_collect_cluster(struct platform *p, const struct tree_node *node);
void emr_read_step(struct platform *p, const struct tree_node *node);
void emr_read_cli_step(struct platform *p, const struct tree_node *node);
void emr_read_job(struct platform *p, const struct tree_node *node);
void emr_read_security(struct platform *p, const struct tree_node *node);
void emr_read_kerberos(struct platform *p, const struct tree_node *node);
void emr_read_unused(struct platform *p);
void emr_read_configurations(struct platform *p, const struct tree_node *list);
void databricks_read_task(struct platform *p, const struct tree_node *node);
void databricks_read_cluster(struct platform *p, const struct tree_node *node);
void livy_read_batch(struct platform *p, const struct tree_node *node);
void livy_read_session(struct platform *p, const struct tree_node *node);
void dataproc_read_job(struct platform *p, const struct tree_node *node);
void dataproc_read_cluster(struct platform *p, const struct tree_node *node);
void glue_read_job(struct platform *p, const struct tree_node *node);

/* Lists of classifications: whether a node is one, and its settings into the last launch. */
bool emr_is_configurations(const struct tree_node *node);
void emr_put_configurations(struct platform *p, const struct tree_node *list);

#endif
