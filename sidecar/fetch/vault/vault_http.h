/* vault_http.h: the one adapter from libcurl: requests to answers.
 *
 * libcurl speaks on the sockets that dial has connected and opens none: it is
 * given each by CURLOPT_OPENSOCKETFUNCTION, looks nothing up (CURLOPT_RESOLVE),
 * and its call of connect(2), which 7.88 makes although it was told that the
 * socket is connected, is answered with 0 by the filter of the role. A request
 * takes one socket at a time; connections are kept. Nothing is followed, no
 * proxy, netrc, cookie or configuration file is looked at, and every buffer of
 * libcurl and OpenSSL lies in secret/'s zeroing memory.
 * Options: https://curl.se/libcurl/c/curl_easy_setopt.html */
#ifndef ARRESTOR_VAULT_HTTP_H
#define ARRESTOR_VAULT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/fetch/vault/vault_answer.h"

struct config_address;
struct error;

/* All stays the caller's, and must live as long as the connection. */
struct vault_http_setup {
    const struct config_address *address;
    const char *tls_name;       /* checked instead of the host's name, or NULL */
    const char *namespace_path; /* X-Vault-Namespace, or NULL */
    int ca;                     /* PEM, read by pread; needed for https */
    int dial;                   /* connected sockets come here */
    uint32_t round;
    size_t sockets;    /* how many dial was asked for */
    uint32_t limit_ms; /* for one request with its answer */
};

struct vault_request {
    const char *path;  /* behind /v1/, percent-encoded; copied */
    const char *token; /* NULL: none; copied */
    const char *body;  /* NULL: GET; else POST of this JSON, not copied */
    bool once;         /* never sent a second time, even if the connection broke */
};

struct vault_http;

/* Waits for the first socket and sets up what is common to all requests. 0, or
 * -1 with the errors of vault_sockets_wait, ERROR_STORE_CA (https, and the CA
 * cannot be read), ERROR_CONFIG (a name that cannot be sent), ERROR_MEMORY. */
int vault_http_open(struct vault_http **ret, const struct vault_http_setup *setup,
                    struct error *err);

/* Ends all connections and wipes. NULL is fine. */
void vault_http_close(struct vault_http *http);

/* One request. *ret is the caller's (vault_answer_free); a store that does not
 * answer is no error of this function but stands in ret->code. 0, or -1 with
 * ERROR_STORE_SLOW (too late in the round to begin), ERROR_MEMORY or
 * ERROR_INTERNAL. */
int vault_http_ask(struct vault_http *http, const struct vault_request *request,
                   struct vault_answer *ret, struct error *err);

/* Many requests, as many at a time as there are connections. */
struct vault_batch {
    size_t count;
    void *context;
    /* Fills request number `index`; what it points to lives until its answer. */
    int (*prepare)(void *context, size_t index, struct vault_request *ret, struct error *err);
    /* Looks at an answer, in the order in which they come; it is freed
     * afterwards. false: no further request is begun. */
    bool (*take)(void *context, size_t index, const struct vault_answer *answer);
};

/* Runs a batch until every request that was begun is answered. 0, or -1 as
 * vault_http_ask, or with what `prepare` said; what was on its way is abandoned. */
int vault_http_run(struct vault_http *http, const struct vault_batch *batch, struct error *err);

#endif
