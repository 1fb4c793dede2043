/* vault_login.h: logging in by AppRole (https://openbao.org/api-docs/auth/approle/). */
#ifndef ARRESTOR_VAULT_LOGIN_H
#define ARRESTOR_VAULT_LOGIN_H

#include "sidecar/fetch/store/store.h"
#include "sidecar/fetch/vault/vault_grant.h"

struct vault_http;

/* Logs in with role_id (of the configuration, else task->role_id) and
 * task->secret_id. The request is sent once: where its answer is lost, nobody
 * knows whether a use of the secret_id is gone. ret->token is the caller's. 0, or
 * -1 with ERROR_STORE_CREDENTIAL, ERROR_STORE_LOGIN (400, 401, 403, 404),
 * ERROR_STORE_ANSWER, or why no answer came. */
int vault_login(const struct store_task *task, struct vault_http *http, struct store_fault *fault,
                struct vault_grant *ret, struct error *err);

#endif
