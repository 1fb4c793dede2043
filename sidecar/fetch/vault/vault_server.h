/* vault_server.h: what all requests to one server have in common. */
#ifndef ARRESTOR_VAULT_SERVER_H
#define ARRESTOR_VAULT_SERVER_H

#include <curl/curl.h>
#include <openssl/types.h>
#include <stdint.h>

#include "sidecar/base/buffer.h"

struct config_address;
struct error;

struct vault_server {
    const struct config_address *address;
    const char *namespace_path; /* X-Vault-Namespace, or NULL */
    uint32_t limit_ms;          /* for one request with its answer */
    X509_STORE *trust;          /* NULL: no TLS */
    struct buffer origin;       /* "https://name:8200/v1/" */
    struct buffer host;         /* for the Host header; empty: that of the origin */
    struct curl_slist *resolve; /* keeps libcurl from looking the name up */
};

/* Names the server and reads its CA bundle by pread; the other members are those
 * of the caller. tls_name NULL: the host's. 0, or -1 with ERROR_STORE_CA (https,
 * and the bundle cannot be read, is no PEM or larger than LIMIT_CA_BYTES),
 * ERROR_CONFIG (a name that cannot be sent), ERROR_MEMORY; the caller frees in
 * every case. */
int vault_server_name(struct vault_server *server, const char *tls_name, int ca, struct error *err);

/* Frees what vault_server_name made. */
void vault_server_free(struct vault_server *server);

#endif
