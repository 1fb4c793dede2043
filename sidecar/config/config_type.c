#include <string.h>

#include "sidecar/config/config_read.h"

/* Where the value of this row goes. */
static void *field_at(const struct config_reader *r, size_t offset) {
    return (char *)r->target + offset;
}

static int read_section(struct config_reader *r, const struct config_key *key,
                        const struct yaml_node *node, const char *what) {
    return config_read_section(r, node, what, key->section, r->target);
}

static int read_reference(struct config_reader *r, const struct config_key *key,
                          const struct yaml_node *node, const char *what) {
    return config_read_reference(r, node, what, field_at(r, key->offset));
}

static int read_text(struct config_reader *r, const struct config_key *key,
                     const struct yaml_node *node, const char *what) {
    return yaml_read_text(&r->source, node, what, field_at(r, key->offset), r->err);
}

static int read_path(struct config_reader *r, const struct config_key *key,
                     const struct yaml_node *node, const char *what) {
    return config_read_path(r, node, what, (size_t)key->most, field_at(r, key->offset));
}

static int read_directory(struct config_reader *r, const struct config_key *key,
                          const struct yaml_node *node, const char *what) {
    return config_read_directory(r, node, what, (size_t)key->most, field_at(r, key->offset));
}

static int read_period(struct config_reader *r, const struct config_key *key,
                       const struct yaml_node *node, const char *what) {
    return config_read_period(r, node, what, key->least, field_at(r, key->offset));
}

static int read_number(struct config_reader *r, const struct config_key *key,
                       const struct yaml_node *node, const char *what) {
    return config_read_number(r, node, what, key->least, key->most, field_at(r, key->offset));
}

static int read_switch(struct config_reader *r, const struct config_key *key,
                       const struct yaml_node *node, const char *what) {
    static const char *const names[] = {"false", "true", NULL};
    size_t index;
    if (config_read_choice(r, node, what, names, &index) != 0)
        return -1;
    *(bool *)field_at(r, key->offset) = index == 1;
    return 0;
}

_Static_assert(sizeof(enum config_mode) == sizeof(unsigned) &&
                   sizeof(enum store_kind) == sizeof(unsigned),
               "a choice is written as an unsigned number");

static int read_choice(struct config_reader *r, const struct config_key *key,
                       const struct yaml_node *node, const char *what) {
    size_t index;
    if (config_read_choice(r, node, what, key->choices, &index) != 0)
        return -1;
    const unsigned value = (unsigned)index;
    memcpy(field_at(r, key->offset), &value, sizeof value);
    return 0;
}

static int read_word(struct config_reader *r, const struct config_key *key,
                     const struct yaml_node *node, const char *what) {
    return config_read_word(r, node, what, key->others, (size_t)key->most,
                            field_at(r, key->offset));
}

static int read_words(struct config_reader *r, const struct config_key *key,
                      const struct yaml_node *node, const char *what) {
    return config_read_words(r, node, what, key->others, (size_t)key->most,
                             field_at(r, key->offset), field_at(r, key->count_offset));
}

int config_read_typed(struct config_reader *r, const struct config_key *key,
                      const struct yaml_node *node, const char *what) {
    static config_value_reader *const readers[CONFIG_TYPES] = {
        [CONFIG_SECTION] = read_section,
        [CONFIG_REFERENCE] = read_reference,
        [CONFIG_TEXT] = read_text,
        [CONFIG_PATH] = read_path,
        [CONFIG_DIRECTORY] = read_directory,
        [CONFIG_PERIOD] = read_period,
        [CONFIG_NUMBER] = read_number,
        [CONFIG_SWITCH] = read_switch,
        [CONFIG_CHOICE] = read_choice,
        [CONFIG_WORD] = read_word,
        [CONFIG_WORDS] = read_words,
        [CONFIG_ADDRESS] = config_read_address,
        [CONFIG_ADDRESSES] = config_read_addresses};
    return readers[key->type](r, key, node, what);
}
