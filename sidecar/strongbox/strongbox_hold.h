/* strongbox_hold.h: what a subcommand holds open, and the key that it finds. */
#ifndef ARRESTOR_STRONGBOX_STRONGBOX_HOLD_H
#define ARRESTOR_STRONGBOX_STRONGBOX_HOLD_H

#include "sidecar/strongbox/box_key.h"
#include "sidecar/strongbox/prompt.h"
#include "sidecar/strongbox/strongbox_job.h"

struct error;

/* What the key file has given; secret memory. */
struct hold_keys {
    struct box_key_file file; /* as it was read last */
    size_t line;              /* which of it opens the box */
    unsigned char key[BOX_KEY_BYTES];
};

/* Descriptors are -1 where nothing is open. */
struct hold {
    int box, key;
    int box_directory, key_directory; /* only for a change */
    struct prompt prompt;             /* closed where there is no terminal */
    uint64_t memory_limit;
    struct secret_text passphrase; /* of the key file; bytes NULL: none was needed */
    struct hold_keys *keys;
};

/* Makes it empty: hold_close may be called at any time from then on. */
void hold_make(struct hold *hold);

/* Opens a prompt; without a terminal it stays closed, which is an error only where
 * `needed`. Looks how much memory there is. Before the ladder. 0 or -1. */
int hold_open_prompt(struct hold *hold, enum prompt_kind kind, bool needed, struct error *err);

/* Opens box and key file and, for a change, the directories that they lie in, then
 * climbs the ladder of role tool. 0, or -1 with the errors of box_file_open_pair
 * and strongbox_open_parent. */
int hold_open(struct hold *hold, const struct strongbox_job *job, bool change, struct error *err);

/* Reads the key file and finds the key of the box that is open as box_fd; where it
 * needs a passphrase and there is none yet, asks for it once: on the descriptor
 * that the job names, else at the terminal. What was found last is taken without
 * paying Argon2id again. The errors of box_file_read_prelude, box_file_read_keys
 * and box_key_find name their path. 0 or -1. */
int hold_unlock(struct hold *hold, const struct strongbox_job *job, int box_fd, int key_fd,
                struct error *err);

/* The same without a box: for the first line of a key file, which must have no
 * other. */
int hold_unlock_key(struct hold *hold, const struct strongbox_job *job, struct error *err);

/* Finds the key of a box that has just been locked, where a rekey has changed it
 * meanwhile. Nobody is asked any more, because others wait for the lock. 0 or -1,
 * as hold_unlock. */
int hold_renew(struct hold *hold, const struct strongbox_job *job, int lock, struct error *err);

/* Under the box's lock: removes what killed writers have left beside box and key
 * file, and ends a rekey of this box that was cut off. */
void hold_tidy(const struct hold *hold, const struct strongbox_job *job, const struct box *box);

/* Closes and wipes. */
void hold_close(struct hold *hold);

#endif
