/* catalogue_table.h: the tables behind the catalogue, as the build's catalogue-compile
 * makes them of catalogue.tsv and kept.txt. Used inside policy/data.
 *
 * What is text stands in one block and is named by its place there, so that nothing
 * has to be relocated when the program starts. */
#ifndef ARRESTOR_POLICY_CATALOGUE_TABLE_H
#define ARRESTOR_POLICY_CATALOGUE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/data/catalogue/catalogue.h"

/* What is known of a key. Text is one string, or two behind each other. */
enum fact_kind {
    FACT_SINCE,     /* version */
    FACT_DEFAULT,   /* value */
    FACT_OLDER,     /* key, unit; number: times */
    FACT_PREPENDED, /* key, separator */
    FACT_FALLBACK,  /* key */
    FACT_WARNED,    /* version, message */
    FACT_REMOVED,   /* the one value that is still accepted */
    FACT_VALUES     /* values behind each other; number: how many */
};

struct catalogue_fact {
    uint8_t kind;     /* enum fact_kind */
    uint8_t versions; /* in which it holds, one bit a version */
    uint16_t number;
    uint32_t text;
};

struct catalogue_version {
    uint8_t major, minor;
};

/* A prefix below which names are the user's or another reader's. */
struct catalogue_prefix {
    uint32_t text;
    bool open; /* whatever stands there is meant so: no slip of the hand */
};

/* A security key, and which letters it has: most are told from another by that. */
struct catalogue_slip {
    uint64_t letters;
    uint16_t entry, length;
};

extern const char *const catalogue_text;
extern const struct catalogue_version catalogue_versions[];
extern const struct catalogue_entry catalogue_entries[];
extern const struct catalogue_fact catalogue_facts[];
extern const struct catalogue_prefix catalogue_prefixes[];
extern const struct catalogue_slip catalogue_slips[];
extern const uint16_t catalogue_slots[];  /* at a key's hash or behind: 1 + its entry; 0: none */
extern const size_t catalogue_slot_count; /* a power of two, half of them empty */
extern const size_t catalogue_version_count, catalogue_count, catalogue_prefix_count,
    catalogue_slip_count;

/* The longest family that a key stands in, or NULL. */
const struct catalogue_prefix *catalogue_find_prefix(const char *key);

/* Where the search for a key begins (FNV-1a). */
uint32_t catalogue_hash(const char *text);

/* One bit for each letter that occurs and one for each that occurs twice, so that
 * most pairs need no closer look: one slip changes at most two bits. */
uint64_t catalogue_letters(const char *text);

#endif
