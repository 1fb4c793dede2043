/* vault_grant.h: what a login, a renewal or a look-up says of a token. Pure.
 * API: https://openbao.org/api-docs/auth/token/ and .../auth/approle/ */
#ifndef ARRESTOR_VAULT_GRANT_H
#define ARRESTOR_VAULT_GRANT_H

#include "sidecar/fetch/vault/vault_answer.h"

struct vault_grant {
    char *token;      /* secret_alloc, the caller's (secret_free); NULL: none was asked for */
    uint64_t seconds; /* what is left of its life; 0: for ever */
    bool renewable;
    bool counted; /* it may be used only so many times */
};

/* `auth` of a login; the token must be there. 0, or -1 with ERROR_STORE_ANSWER or
 * ERROR_MEMORY, *ret untouched. */
int vault_grant_login(const struct vault_answer *answer, struct vault_grant *ret,
                      struct error *err);

/* `auth` of a renewal; the token is left out. As vault_grant_login. */
int vault_grant_renewal(const struct vault_answer *answer, struct vault_grant *ret,
                        struct error *err);

/* `data` of lookup-self; the token is left out. As vault_grant_login. */
int vault_grant_lookup(const struct vault_answer *answer, struct vault_grant *ret,
                       struct error *err);

#endif
