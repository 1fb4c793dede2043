/* publish.h: one whole generation into a directory, or nothing.
 *
 * A directory of ours holds generations g-000001, g-000002 … (a seventh digit
 * follows g-999999) and one symbolic link `current` to the newest. A new one is made and filled
 * first; then the link is renamed over the old one. So a reader of one file, or one that has opened
 * a generation's directory, never sees a mix, and a killed writer leaves a generation that nothing
 * points to, which the next one removes. */
#ifndef ARRESTOR_PLACE_PUBLISH_H
#define ARRESTOR_PLACE_PUBLISH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

struct publish_item {
    const char *name;
    const unsigned char *bytes;
    size_t length;
};

/* *ret: number of the generation that `current` points to; 0: there is none yet.
 * 0, or -1 with ERROR_PLACE_FILE where the link cannot be read: that is no sign that
 * none stands. */
int publish_look(int directory, uint64_t *ret, struct error *err);

/* The same for who only tells of it: 0 also where the link cannot be read. */
uint64_t publish_current(int directory);

/* Publishes items as `generation`, with exactly this file mode (the caller has
 * umask 0); the generation's directory gets the mode and group of `directory`.
 * Removes what is neither current nor the one before. ERROR_NO_TMPFS unless
 * directory lies on tmpfs or ramfs, ERROR_PLACE_FULL, ERROR_PLACE_FILE (also
 * where the numbers have come to LIMIT_GENERATION); then the old set stands.
 * 0 or -1. */
int publish_generation(int directory, uint64_t generation, const struct publish_item *items,
                       size_t count, mode_t mode, struct error *err);

/* Makes one file that must not be there yet, with exactly this mode. Where it
 * fails, a part of it may lie there. ERROR_PLACE_FULL or ERROR_PLACE_FILE naming
 * the file. 0 or -1. */
int publish_file(int directory, const struct publish_item *item, mode_t mode, struct error *err);

/* Removes all generations up to `newest`, but never the current one. 0 or -1. */
int publish_retire(int directory, uint64_t newest, struct error *err);

#endif
