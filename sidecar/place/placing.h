/* placing.h: what one task of place works on, and its steps. Only for sidecar/place. */
#ifndef ARRESTOR_PLACE_PLACING_H
#define ARRESTOR_PLACE_PLACING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/base/arena.h"
#include "sidecar/config/config.h"
#include "sidecar/lease/lease_table.h"
#include "sidecar/place/publish.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/wire/channel.h"

struct error;

struct placing {
    struct arena arena;
    struct config config;
    char digest[LEASE_DIGEST_BYTES]; /* of arrestor.yaml */
    struct channel monitor;
    struct message_round task;
    uint64_t now_ms;
    int directory, state;
    uint64_t stands;              /* the generation that readers see; 0: none */
    struct secret_set set;        /* the values to render, by today's configuration */
    struct lease_table table;     /* theirs */
    struct secret_text *texts;    /* one per rendered file */
    struct publish_item *items;   /* likewise */
    size_t count, withdrawn;      /* files rendered and left out */
    struct message_result result; /* for monitor */
    const char *blamed;           /* the secret that a fault is about, or NULL */
};

/* Wipes and frees all that it owns. */
void placing_free(struct placing *placing);

/* place_render.c: renders the files of the configuration from placing->set. With
 * leave_out, a file that needs a secret which the set has not is left out. On
 * failure result.position is the file's and blamed is set. 0 or -1. */
int placing_render(struct placing *placing, bool leave_out, struct error *err);

/* Whether the file needs a secret that the table has no lease for. */
bool placing_lacks(const struct placing *placing, const struct lease_table *table,
                   const struct config_file *file);

/* place_render.c: searches the frozen launch for what was rendered, where the task
 * says so. 0, or -1 with ERROR_PLAINTEXT_LAUNCH where that refuses the launch. */
int placing_compare(struct placing *placing, struct error *err);

/* place_round.c: the tasks. Each fills placing->result and returns 0 or -1; after
 * a failure the old set stands.
 *
 * new: what fetch sent is in placing->set. kept: fetch has nothing new, and says
 * so or why not. withdraw: publishes what stands without what has expired.
 * A set that a killed or failed round left in state: only is published by the
 * next one, whatever fetch says. */
int placing_new(struct placing *placing, bool publish, struct error *err);
int placing_kept(struct placing *placing, const struct message_kept *kept, struct error *err);
int placing_withdraw(struct placing *placing, struct error *err);

/* place_round.c: lets status.json tell of a fault: the set that stands is stale
 * from the first one on. Nothing where no set stands. secret may be NULL. 0 or -1. */
int placing_tell_fault(struct placing *placing, uint32_t code, const char *secret, uint32_t detail,
                       struct error *err);

#endif
