/* catalogue_table.h: the catalogue's rows. Used inside policy/data/catalogue. */
#ifndef ARRESTOR_POLICY_CATALOGUE_TABLE_H
#define ARRESTOR_POLICY_CATALOGUE_TABLE_H

#include <stddef.h>

#include "policy/data/catalogue/catalogue.h"

extern const struct catalogue_entry catalogue_entries[];
extern const size_t catalogue_count;

#endif
