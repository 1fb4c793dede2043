/* vault_session.h: the store token of a round: found, renewed, replaced, ended.
 *
 * A token given by the caller is used as it is, renewed where it can be, never
 * revoked. A token that arrestor logged in for (AppRole) comes from state: and is
 * kept as long as it lives, because what was leased with it ends with it; only
 * where the store itself says that it is dead, or cannot renew it, or warden asks,
 * a new one is logged in for, at most once in a round. A login is never sent twice:
 * a secret_id may have been good for one use. */
#ifndef ARRESTOR_VAULT_SESSION_H
#define ARRESTOR_VAULT_SESSION_H

#include "sidecar/fetch/store/store.h"

struct vault_http;

/* What the store has said of the token in this round. */
enum vault_verdict { VERDICT_NONE, VERDICT_LIVES, VERDICT_DEAD };

struct vault_session {
    const struct store_task *task;
    struct vault_http *http;
    struct store_fault *fault;
    char *token;                /* secret_alloc; what requests are made with */
    char *old;                  /* ours, replaced in this round; revoked when the new one works */
    struct lease_session lease; /* of token */
    bool fresh;                 /* token is by a login of this round */
    enum vault_verdict verdict; /* on token */
};

/* Whether the task has a session in state: that is arrestor's own. */
bool vault_session_is_ours(const struct store_task *task);

/* Finds a token to work with; task, http and fault are set by the caller. 0, or -1
 * with ERROR_STORE_CREDENTIAL, ERROR_STORE_LOGIN (refused, or a token of counted
 * uses), or what the store's answer means. */
int vault_session_begin(struct vault_session *session, struct error *err);

/* After a request was denied: 1 where a new token is there and it may be tried
 * again; 0 where the token lives, so that the denial stands; -1 with
 * ERROR_STORE_TOKEN (the caller's token is dead) or as vault_session_begin. */
int vault_session_heal(struct vault_session *session, struct error *err);

/* After success: revokes what was replaced, and tells the harvest. 0, or -1 with
 * ERROR_MEMORY. */
int vault_session_keep(struct vault_session *session, struct harvest *harvest, struct error *err);

/* After a failure: revokes a token of this round, since nobody will know it, and
 * tells the harvest what still stands. */
void vault_session_drop(struct vault_session *session, struct harvest *harvest,
                        const struct error *err);

/* Ends arrestor's own session. A store that does not know the token (any more) is
 * fine. 0, or -1 with what the answer means. */
int vault_session_end(struct vault_session *session, struct error *err);

/* Wipes. */
void vault_session_free(struct vault_session *session);

#endif
