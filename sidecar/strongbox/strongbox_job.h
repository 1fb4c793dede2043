/* strongbox_job.h: what each subcommand of `arrestor strongbox` does. */
#ifndef ARRESTOR_STRONGBOX_STRONGBOX_JOB_H
#define ARRESTOR_STRONGBOX_STRONGBOX_JOB_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct error;

/* A checked command line. */
struct strongbox_job {
    const char *name;  /* of the secret; NULL where the subcommand takes none */
    const char *field; /* --field, or NULL */
    bool keep_newline, json;
    bool box_given, key_given; /* by an option, not by the default rule */
    int passphrase_fd;         /* of the key file; init: of the one it makes. -1: not given */
    int new_passphrase_fd;     /* of rekey; -1: not given */
    bool passphrase;           /* a new one is asked for at the terminal */
    bool no_passphrase, keep_key;
    uint32_t memory_kib; /* for Argon2id; 0: not given */
    char box[PATH_MAX], key[PATH_MAX];
};

/* Each opens what it needs, climbs the ladder of role tool, and only then reads
 * key, passphrase, box or value. 0, or -1 with err; nothing has changed then, but
 * that init may have made directories or a key. */

/* Makes the key where there is none, and an empty box. */
int strongbox_init(struct strongbox_job *job, struct error *err);

/* Adds or replaces a secret, or one field of it, with the value on standard
 * input or, where that is a terminal, the one typed there. */
int strongbox_set(struct strongbox_job *job, struct error *err);

/* Writes a secret or one field of it to standard output. */
int strongbox_get(struct strongbox_job *job, struct error *err);

/* Writes names, sizes and fields to standard output, never a value. */
int strongbox_list(struct strongbox_job *job, struct error *err);

/* Removes a secret. */
int strongbox_rm(struct strongbox_job *job, struct error *err);

/* Gives the box a new key, or with keep_key the key file another passphrase. Killed
 * at any moment, key file and box still open each other. */
int strongbox_rekey(struct strongbox_job *job, struct error *err);

#endif
