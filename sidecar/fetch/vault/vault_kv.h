/* vault_kv.h: secrets of the KV version 2 engine: paths and answers. Pure.
 * API: https://openbao.org/api-docs/secret/kv/kv-v2/#read-secret-version */
#ifndef ARRESTOR_VAULT_KV_H
#define ARRESTOR_VAULT_KV_H

#include "sidecar/fetch/vault/vault_answer.h"

struct buffer;

/* Appends `path` with each segment percent-encoded (RFC 3986: only unreserved
 * characters stand as they are) and ?version=N where a version is pinned. */
void vault_kv_path(const char *path, uint64_t version, struct buffer *out);

struct vault_value {
    unsigned char *bytes; /* secret_alloc, the caller's: data.data without blanks */
    size_t length;
    uint64_t version;
    uint64_t expires_ms; /* delete_version_after: when the store deletes it; 0: never */
};

/* Decodes the answer to a read. `asked` is the pinned version or 0. 0, or -1 with
 * ERROR_SECRET_DELETED (404 with the metadata of a deleted or destroyed version),
 * ERROR_SECRET_MISSING (404 else), ERROR_SECRET_KIND (200, but not the shape of a
 * KV v2 secret), ERROR_STORE_ANSWER, ERROR_MEMORY, or what the status means. *ret
 * is untouched then. */
int vault_kv_decode(const struct vault_answer *answer, uint64_t asked, struct vault_value *ret,
                    struct error *err);

#endif
