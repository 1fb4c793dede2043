/* fetch_strongbox.h: the store "strongbox": an open box and key to a region.
 * Knows no path and opens nothing. */
#ifndef ARRESTOR_FETCH_STRONGBOX_H
#define ARRESTOR_FETCH_STRONGBOX_H

#include <stddef.h>
#include <stdint.h>

struct config;
struct error;
struct region;

/* Reads the box with the key, both by pread from offset 0 and neither closed,
 * takes the configuration's secrets whose store is the strongbox, in the order of
 * the configuration, and writes them as a secret_set (index: place in
 * config->secrets) into a new region, which the caller owns. *version is the
 * box's. All else that held a value is wiped before return.
 *
 * 0, or -1 with *ret and *version untouched: ERROR_SECRET_MISSING with
 * *fault_index the place of the secret in config->secrets (else untouched),
 * ERROR_SECRET_SIZE, the errors of box_file_read_key and box_file_load, those of
 * region_make. The text names a secret, never a byte of a value. */
int fetch_strongbox(int box_fd, int key_fd, const struct config *config, struct region *ret,
                    uint64_t *version, size_t *fault_index, struct error *err);

#endif
