/* store.h: what every store's reader is given and fills. No I/O of its own. */
#ifndef ARRESTOR_FETCH_STORE_STORE_H
#define ARRESTOR_FETCH_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/config/config.h"
#include "sidecar/lease/lease_table.h"
#include "sidecar/secret/secret_set.h"

struct error;

/* The task. Descriptors are -1 where monitor had none to give. */
struct store_task {
    const struct config *config;
    const struct lease_table *before;     /* what stands; count 0: nothing */
    uint32_t round, flags;                /* ROUND_… */
    bool revoke;                          /* only end the session */
    const struct config_address *address; /* of the store over the network */
    uint64_t wall_ms;
    int box, key, passphrase;
    int dial; /* connected sockets come here */
    int ca, token, role_id, secret_id, session;
};

/* What was had. Bytes lie in secret_alloc memory and are the harvest's. */
struct harvest {
    unsigned char *bytes[LIMIT_SECRETS]; /* by place in config->secrets; NULL: not had */
    size_t lengths[LIMIT_SECRETS];
    struct lease leases[LIMIT_SECRETS];
    uint64_t box_version;
    struct lease_session session;
    unsigned char *session_text; /* content of state:/session; NULL: none */
    size_t session_length;
    bool session_changed; /* another token, or other terms, than before: state must be written */
};

/* Where a fault is, beyond struct error. */
struct store_fault {
    size_t position; /* in config->secrets; SIZE_MAX: about no single one */
    uint32_t detail; /* HTTP status; with STORE_CA, STORE_TLS: X509_V_ERR_…; or 0 */
    char location[LIMIT_PATH];
};

/* Reads all secrets of the configuration that are this store's, or ends the
 * session (task->revoke). 0, or -1 with code in err and *fault filled; the text
 * in err is for tests only: what people read is made by warden from code,
 * position and detail, because what a store says could hold a value. */
typedef int store_read(const struct store_task *task, struct harvest *harvest,
                       struct store_fault *fault, struct error *err);

/* Makes it empty; wipes and frees all bytes. */
void harvest_make(struct harvest *harvest);
void harvest_free(struct harvest *harvest);

/* Takes ownership of bytes (secret_alloc) as the value at `position`, with its
 * lease: fetched_ms is kept from `before` where the version is the same. */
void harvest_put(struct harvest *harvest, const struct store_task *task, size_t position,
                 unsigned char *bytes, size_t length, uint64_t version, uint64_t expires_ms);

/* Whether a lease ends at another time than it did: the store has said so, or a clock
 * was set. Only for a harvest of which harvest_is_unchanged holds. */
bool harvest_has_moved(const struct harvest *harvest, const struct store_task *task);

/* Whether every secret has the version that stands, and the same names stand. */
bool harvest_is_unchanged(const struct harvest *harvest, const struct store_task *task);

#endif
