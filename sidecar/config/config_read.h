/* config_read.h: what the readers of single sections share. Private to config/.
 *
 * A key of arrestor.yaml is one row of a table. The reader takes name, type and
 * bounds from the row, and so does `arrestor schema`: what one accepts and what
 * the other describes are the same text. */
#ifndef ARRESTOR_CONFIG_READ_H
#define ARRESTOR_CONFIG_READ_H

#include "sidecar/config/config.h"
#include "sidecar/yaml/yaml_tree.h"

struct arena;
struct error;
struct config_key;

struct config_reader {
    struct yaml_source source;
    struct arena *arena;
    struct config *config; /* filled as the sections are read */
    void *target;          /* what the offsets of the current section's rows are into */
    size_t referenced;     /* the last secret that a reference named: the next is near it */
    struct error *err;
};

enum config_type {
    CONFIG_LATER,      /* the design names it, this version refuses it, but not as a slip */
    CONFIG_SECTION,    /* a mapping with the keys of `section` */
    CONFIG_EACH,       /* a mapping of names that people choose, each to such a mapping */
    CONFIG_PROPERTIES, /* a mapping of names that people choose to references or text */
    CONFIG_REFERENCE,  /* ${secret} or ${secret.field} */
    CONFIG_TEXT,
    CONFIG_PATH,      /* shorter than `most` bytes, as written */
    CONFIG_DIRECTORY, /* absolute, shorter than `most` bytes, no odd component */
    CONFIG_PERIOD,    /* 500ms, 2s, 5m, 1h: `least` ms … 24h */
    CONFIG_NUMBER,    /* least … most */
    CONFIG_SWITCH,    /* true or false */
    CONFIG_CHOICE,    /* one of `choices` */
    CONFIG_WORD,      /* 1 … most letters, digits and `others` */
    CONFIG_WORDS,     /* a list of at most `most` different ones */
    CONFIG_ADDRESS,   /* scheme://host[:port] */
    CONFIG_ADDRESSES, /* a list of at most `most` */
    CONFIG_TYPES
};

/* Takes its node and `what`, the dotted path of the node as it stands in
 * messages. 0, or -1 with the error filled. */
typedef int config_value_reader(struct config_reader *r, const struct config_key *key,
                                const struct yaml_node *node, const char *what);

struct config_section {
    const struct config_key *keys;
    size_t count;
    const char *const *one_of; /* of these keys exactly one is there; ends with NULL */
};

struct config_key {
    const char *name;
    enum config_type type;
    bool required;
    const char *help;     /* one line, for editors */
    const char *standard; /* the default as one would write it, a list as JSON; NULL: none */
    const char *sample;   /* what one could write, the same way; NULL: the default */
    const char *pattern;  /* of a text, or of the names of CONFIG_EACH; NULL: the type's own */
    size_t offset;        /* of what is filled, in the section's target */
    size_t count_offset;  /* CONFIG_WORDS: where the number of them goes */
    uint64_t least, most;
    const char *others;
    const char *const *choices; /* ends with NULL */
    const struct config_section *section;
    config_value_reader *read; /* instead of the type's own; CONFIG_LATER: how it is refused */
};

/* The top of the file. */
extern const struct config_section config_top;

/* Sections that stand in files of their own. */
extern const struct config_section config_secret_section, config_deliver_section,
    config_vault_section;
config_value_reader config_read_secrets, config_read_vault, config_read_address,
    config_read_addresses;

/* Reads a mapping: first refuses what is unknown, not supported or missing, then
 * reads what is there in the order of keys, not of the file, into target. A null
 * section is empty. */
int config_read_section(struct config_reader *r, const struct yaml_node *node, const char *what,
                        const struct config_section *section, void *target);

/* Whether there is no such section without a key in it. */
bool config_needs_keys(const struct config_section *section);

/* Readers of single values. Outputs are untouched on failure. A path is as it was
 * written; a directory is absolute and has no '.', '..' or empty component. Both
 * are shorter than `most` bytes. */
int config_read_path(struct config_reader *r, const struct yaml_node *node, const char *what,
                     size_t most, const char **ret);
int config_read_directory(struct config_reader *r, const struct yaml_node *node, const char *what,
                          size_t most, const char **ret);
int config_read_period(struct config_reader *r, const struct yaml_node *node, const char *what,
                       uint64_t least, uint64_t *ret);
int config_read_number(struct config_reader *r, const struct yaml_node *node, const char *what,
                       uint64_t least, uint64_t most, uint64_t *ret);

/* Text of 1 … most characters, each a letter, a digit or one of `others`. */
int config_read_word(struct config_reader *r, const struct yaml_node *node, const char *what,
                     const char *others, size_t most, const char **ret);

/* A list of different words. */
int config_read_words(struct config_reader *r, const struct yaml_node *node, const char *what,
                      const char *others, size_t most, const char *const **ret, size_t *count);

/* Index of text among names, which end with NULL; -1 with an error that names the
 * nearest. */
int config_read_choice(struct config_reader *r, const struct yaml_node *node, const char *what,
                       const char *const *names, size_t *ret);

/* Reads a value as the type of its row says, whatever reader the row names. */
config_value_reader config_read_typed;

/* Whether all of text is letters, digits or others; false for empty text. */
bool config_is_word(const char *text, const char *others);

/* Whether path has no '.', '..' or empty part, also at its ends. */
bool config_is_plain_path(const char *path);

/* An array of the arena, or NULL with the error filled. */
void *config_make_array(struct config_reader *r, size_t count, size_t size);

/* ${secret} or ${secret.field}, the whole text of node. */
int config_read_reference(struct config_reader *r, const struct yaml_node *node, const char *what,
                          struct config_reference *ret);

#endif
