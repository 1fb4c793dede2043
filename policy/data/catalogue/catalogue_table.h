/* catalogue_table.h: the catalogue's rows. Used inside policy/data/catalogue. */
#ifndef ARRESTOR_POLICY_CATALOGUE_TABLE_H
#define ARRESTOR_POLICY_CATALOGUE_TABLE_H

#include <stddef.h>

#include "policy/data/catalogue/catalogue.h"

struct catalogue_row {
    const char *key;
    enum catalogue_type type;
    const char *default_3;            /* as Spark 3.x has it; NULL: unset */
    const char *default_4;            /* from since_4 on, where it differs; NULL: as default_3 */
    int changed_major, changed_minor; /* version from which default_4 holds */
    bool security;
};

extern const struct catalogue_row catalogue_rows[];
extern const struct catalogue_entry catalogue_entries[];
extern const size_t catalogue_count;

#endif
