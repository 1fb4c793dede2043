/* config_read.h: what the readers of single sections share. Private to config/.
 *
 * A reader takes its node and `what`, the dotted path of the node as it stands
 * in messages, and returns 0, or -1 with the error filled. */
#ifndef ARRESTOR_CONFIG_READ_H
#define ARRESTOR_CONFIG_READ_H

#include "sidecar/config/config.h"
#include "sidecar/yaml/yaml_tree.h"

struct arena;
struct error;

struct config_reader {
    struct yaml_source source;
    struct arena *arena;
    struct config *config; /* filled as the sections are read */
    struct error *err;
};

typedef int config_section_reader(struct config_reader *r, const struct yaml_node *node,
                                  const char *what);

/* A key that a section may have. Without a reader it is one that the design
 * names and this version does not do yet: refused, but not as a slip. */
struct config_key {
    const char *name;
    config_section_reader *read;
};

/* Reads a mapping: first refuses what is unknown or not supported, then reads
 * what is there in the order of keys, not of the file. A null section is empty. */
int config_read_section(struct config_reader *r, const struct yaml_node *node, const char *what,
                        const struct config_key *keys, size_t count);

/* Readers of single values. Outputs are untouched on failure. A path is as it was
 * written; a directory is absolute and has no '.', '..' or empty component. Both
 * are shorter than `most` bytes. */
int config_read_path(struct config_reader *r, const struct yaml_node *node, const char *what,
                     size_t most, const char **ret);
int config_read_directory(struct config_reader *r, const struct yaml_node *node, const char *what,
                          size_t most, const char **ret);
int config_read_period(struct config_reader *r, const struct yaml_node *node, const char *what,
                       uint64_t least, uint64_t *ret);

/* Text of 1 … most characters, each a letter, a digit or one of `others`. */
int config_read_word(struct config_reader *r, const struct yaml_node *node, const char *what,
                     const char *others, size_t most, const char **ret);

/* A list of different words. */
int config_read_words(struct config_reader *r, const struct yaml_node *node, const char *what,
                      const char *others, size_t most, const char *const **ret, size_t *count);

/* Index of text among names; -1 with an error that names the nearest. */
int config_read_choice(struct config_reader *r, const struct yaml_node *node, const char *what,
                       const char *const *names, size_t count, size_t *ret);

/* Whether all of text is letters, digits or others; false for empty text. */
bool config_is_word(const char *text, const char *others);

/* An array of the arena, or NULL with the error filled. */
void *config_make_array(struct config_reader *r, size_t count, size_t size);

config_section_reader config_read_secrets, config_read_deliver;

/* ${secret} or ${secret.field}, the whole text of node. */
int config_read_reference(struct config_reader *r, const struct yaml_node *node, const char *what,
                          struct config_reference *ret);

#endif
