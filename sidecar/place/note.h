/* note.h: status.json beside `current`, read and written whole.
 *
 * It is prepared before a set is published and takes its name afterwards: so a
 * full tmpfs is found out while the old set stands, and whoever sees a new
 * status.json sees the new set. Between the two there may be an old one beside
 * a new set for a moment, or until the next round where place was killed. */
#ifndef ARRESTOR_PLACE_NOTE_H
#define ARRESTOR_PLACE_NOTE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sidecar/lease/set_status.h"

struct arena;
struct error;

/* What is told of the set that stands, which is `generation`, and true. Where status.json is
 * missing, damaged or about another generation: false, with no more than the number and the time at
 * which the set was made. Texts and leases lie in the arena. */
bool note_read(int directory, uint64_t generation, struct arena *arena, struct set_status *ret);

/* Writes status.json.next with exactly this mode. ERROR_PLACE_FULL or
 * ERROR_PLACE_FILE; then it is not there. 0 or -1. */
int note_prepare(int directory, const struct set_status *status, uint64_t now_ms, mode_t mode,
                 struct error *err);

/* Lets it take its name, or removes it. */
int note_commit(int directory, struct error *err);
void note_drop(int directory);

#endif
