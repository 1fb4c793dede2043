/* compare.h: does a delivered secret stand in the launch itself?
 *
 * The frozen bytes of argv, environment, merged properties and configuration
 * directories are searched for the values that are about to be delivered; only
 * the place is told. Names of users, hosts and databases are no secrets, and a
 * value shorter than LIMIT_COMPARE_MIN is not searched for. */
#ifndef ARRESTOR_PLACE_COMPARE_H
#define ARRESTOR_PLACE_COMPARE_H

#include <stddef.h>

#include "sidecar/config/config.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/wire/channel.h"

struct error;

/* Descriptors of the frozen launch; -1 where there is none. */
struct frozen_launch {
    int arguments, environment, merged, directory;
};

/* Searches, and sends one COLLISION record for each place. *found is their
 * number. 0, or -1 where a frozen part cannot be read. */
int compare_launch(const struct config *config, const struct secret_set *set,
                   const struct frozen_launch *launch, const struct channel *monitor,
                   uint32_t round, size_t *found, struct error *err);

/* Whether `needle` stands in `text` as a word of its own: no letter or digit
 * touches it. Offset in *ret. Pure; for the unit. */
int compare_find(const char *text, size_t length, const unsigned char *needle, size_t size,
                 size_t *ret);

#endif
