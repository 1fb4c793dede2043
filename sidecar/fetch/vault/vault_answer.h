/* vault_answer.h: what an answer of Vault or OpenBao means. Pure.
 *
 * API: https://openbao.org/api-docs/ (HTTP status codes, errors) and
 * .../secret/kv/kv-v2/. Nothing that a store says ends up in a struct error. */
#ifndef ARRESTOR_VAULT_ANSWER_H
#define ARRESTOR_VAULT_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sidecar/base/error.h"

/* One answer, or why there is none. */
struct vault_answer {
    enum error_code code; /* OK: the server has answered, and what follows counts */
    uint32_t detail;      /* with STORE_CA, STORE_TLS: X509_V_ERR_…, or 0 */
    uint32_t status;      /* HTTP */
    uint64_t date_ms;     /* the server's clock, since 1970; 0: not told */
    bool is_json;         /* Content-Type says so, or says nothing */
    unsigned char *body;  /* secret_alloc; NULL: empty */
    size_t length, capacity;
    char location[LIMIT_PATH]; /* of a redirect: scheme://host:port, or "" */
};

/* Wipes and frees the body; the answer is empty afterwards. */
void vault_answer_free(struct vault_answer *answer);

/* What a status means where nothing more is known: OK for 2xx. Total. */
enum error_code vault_status_code(uint32_t status);

/* As vault_status_code, for a login, where 400, 401, 403 and 404 refuse it. */
enum error_code vault_login_code(uint32_t status);

/* The body as a JSON object: UTF-8, no member twice, at most LIMIT_ANSWER_DEPTH
 * deep; integers that do not fit become reals. The caller owns it (json_decref).
 * NULL with ERROR_STORE_ANSWER where it is none. */
json_t *vault_answer_parse(const struct vault_answer *answer, struct error *err);

/* A number of seconds, 0 … 100 years, that stands under key; absent or null is 0.
 * 0, or -1 with *ret untouched. */
int vault_answer_seconds(json_t *object, const char *key, uint64_t *ret);

#endif
