/* yaml_tree.h: YAML text to a tree that keeps line and column of every node.
 *
 * The one adapter to libyaml. Strict: one document, UTF-8, no anchors, aliases
 * or tags, no duplicate keys, scalar keys only. JSON is YAML and passes too.
 * Every scalar is text; what a number or a truth value is, its reader says. */
#ifndef ARRESTOR_YAML_TREE_H
#define ARRESTOR_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct arena;

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
    enum yaml_kind kind;
    size_t line, column;           /* 1-based, where the value starts; columns are characters */
    const char *text;              /* scalar: NUL-terminated, no NUL inside; else NULL */
    bool quoted;                   /* scalar written with '…', "…", | or > */
    const char *key;               /* name of this node in its mapping; NULL elsewhere */
    size_t key_line, key_column;   /* where that name stands */
    const struct yaml_node *first; /* first child of a sequence or mapping */
    const struct yaml_node *next;  /* next sibling */
    size_t count;                  /* children */
};

/* The text a tree was read from, for the errors of whoever reads the tree. */
struct yaml_source {
    const char *bytes;
    size_t length;
    const char *name; /* a path; stands in errors */
    int code;         /* an error_code, for all errors but memory */
};

/* Parses bytes: the nodes into one arena, the texts that they point to into another,
 * which may outlive it (or the same twice). name (a path) stands in errors. An empty
 * document gives *ret = NULL and 0. 0, or -1 with `code` (an error_code), place
 * and excerpt; *ret is then untouched. At most LIMIT_YAML_NODES values; sequences
 * and mappings nest at most LIMIT_YAML_DEPTH deep. Line ends are LF or CRLF. */
int yaml_parse(const char *bytes, size_t length, const char *name, int code, struct arena *tree,
               struct arena *texts, const struct yaml_node **ret, struct error *err);

/* The child of that name, or NULL (also for a node that is no mapping). */
const struct yaml_node *yaml_find(const struct yaml_node *mapping, const char *key);

/* Whether node is NULL or a plain scalar that YAML reads as null: nothing, ~ or
 * null. Quoted text never is. */
bool yaml_is_null(const struct yaml_node *node);

/* Fills err with source->code, the place, the sentence and the line as excerpt.
 * In the excerpt, values of keys that sound like a secret are starred out, and
 * error_todo may be called afterwards. Returns -1. */
int yaml_error(const struct yaml_source *source, size_t line, size_t column, struct error *err,
               const char *format, ...) __attribute__((format(printf, 5, 6)));

/* yaml_error at the value of a node, or at its key (its value where it has none). */
int yaml_error_value(const struct yaml_source *source, const struct yaml_node *node,
                     struct error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int yaml_error_key(const struct yaml_source *source, const struct yaml_node *node,
                   struct error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Checks that node is of that kind; `what` names it in the error, as in
 * "secrets.db". 0 or -1. */
int yaml_expect(const struct yaml_source *source, const struct yaml_node *node, enum yaml_kind kind,
                const char *what, struct error *err);

/* Checks that mapping is one and has no key but those of names. The error stands
 * at the first unknown key and names the nearest known one, or all of them.
 * `what` names the mapping, "" for the top of the file. 0 or -1. */
int yaml_check_keys(const struct yaml_source *source, const struct yaml_node *mapping,
                    const char *const *names, size_t count, const char *what, struct error *err);

/* The text of a scalar that is not null (quoted empty text passes). *ret lies in
 * the tree. 0 or -1, then *ret is untouched. */
int yaml_read_text(const struct yaml_source *source, const struct yaml_node *node, const char *what,
                   const char **ret, struct error *err);

/* A sequence of texts, at most `most`; [] gives count 0. The array is the
 * arena's, the texts are the tree's. 0 or -1, then the outputs are untouched. */
int yaml_read_texts(const struct yaml_source *source, const struct yaml_node *node,
                    const char *what, size_t most, struct arena *arena, const char *const **ret,
                    size_t *count, struct error *err);

#endif
