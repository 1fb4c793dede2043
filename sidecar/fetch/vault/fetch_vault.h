/* fetch_vault.h: the store "vault": HashiCorp Vault or OpenBao, KV version 2. */
#ifndef ARRESTOR_FETCH_VAULT_H
#define ARRESTOR_FETCH_VAULT_H

#include "sidecar/fetch/store/store.h"

/* A store_read (store.h) on the sockets that come over task->dial. Reads the
 * newest version of each secret, or the pinned one, as the compact JSON object
 * that the store holds, with the caller's token or one of its own (AppRole); all
 * or none: the fault of the first secret that cannot be had, by configuration
 * order among the answers that came, is the round's. task->revoke ends only a
 * session of arrestor's own. Installs the allocators of libcurl and OpenSSL at its
 * first call in a process (vault_memory.h).
 *
 * Codes: STORE_… of error.h, SECRET_MISSING, SECRET_DELETED, SECRET_KIND; detail
 * is the HTTP status, or with STORE_CA and STORE_TLS OpenSSL's verdict on the
 * certificate (X509_V_ERR_…), where there is one. */
store_read fetch_vault;

#endif
