/* strongbox_job.h: what each subcommand of `arrestor strongbox` does. */
#ifndef ARRESTOR_STRONGBOX_STRONGBOX_JOB_H
#define ARRESTOR_STRONGBOX_STRONGBOX_JOB_H

#include <limits.h>
#include <stdbool.h>

struct error;

/* A checked command line. */
struct strongbox_job {
    const char *name;  /* of the secret; NULL where the subcommand takes none */
    const char *field; /* --field, or NULL */
    bool keep_newline, json;
    bool box_given, key_given; /* by an option, not by the default rule */
    char box[PATH_MAX], key[PATH_MAX];
};

/* Each opens what it needs, climbs the ladder of role tool, and only then reads
 * key, box or value. 0, or -1 with err; nothing has changed then, but that init
 * may have made directories or a key. */

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

#endif
