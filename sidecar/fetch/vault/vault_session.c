#include "sidecar/fetch/vault/vault_session.h"

#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/fetch/vault/vault_credential.h"
#include "sidecar/fetch/vault/vault_fault.h"
#include "sidecar/fetch/vault/vault_grant.h"
#include "sidecar/fetch/vault/vault_http.h"
#include "sidecar/fetch/vault/vault_login.h"
#include "sidecar/wire/message.h"

#define LOOKUP_SELF "auth/token/lookup-self"
#define RENEW_SELF  "auth/token/renew-self"
#define REVOKE_SELF "auth/token/revoke-self"

bool vault_session_is_ours(const struct store_task *task) {
    return task->before->session.held && task->before->session.ours && task->session >= 0;
}

static bool logs_in(const struct vault_session *session) {
    return session->task->config->vault.auth == VAULT_AUTH_APPROLE;
}

static bool is_past(const struct vault_session *session, const struct lease_session *lease) {
    return lease->expires_ms != 0 && lease->expires_ms <= session->task->wall_ms;
}

/* The terms of the token from now on. */
static void set_terms(struct vault_session *session, const struct vault_grant *grant) {
    uint64_t now = session->task->wall_ms;
    session->lease =
        (struct lease_session){.held = logs_in(session),
                               .ours = logs_in(session),
                               .renewable = grant->renewable,
                               .expires_ms = grant->seconds > 0 ? now + grant->seconds * 1000 : 0,
                               .issued_ms = now};
}

static int ask(const struct vault_session *session, const char *path, const char *body,
               const char *token, struct vault_answer *answer, struct error *err) {
    struct vault_request request = {.path = path, .token = token, .body = body};
    return vault_http_ask(session->http, &request, answer, err);
}

typedef int read_grant(const struct vault_answer *answer, struct vault_grant *ret,
                       struct error *err);

/* Looks at an answer about the token. 1: it lives, terms taken; 0: the store denies
 * it, or answers with the code `no`; -1. */
static int take_terms(struct vault_session *session, const struct vault_answer *answer,
                      read_grant *read, enum error_code no, struct error *err) {
    struct vault_grant grant;
    enum error_code code = vault_fault_code(answer);
    if (code == ERROR_STORE_DENIED || code == no)
        return 0;
    if (code != ERROR_OK)
        return vault_fault_set(session->fault, code, answer, err);
    if (read(answer, &grant, err) != 0)
        return -1;
    if (grant.counted)
        return error_set(err, ERROR_STORE_LOGIN, "the token may be used only so many times");
    set_terms(session, &grant);
    session->verdict = VERDICT_LIVES;
    return 1;
}

/* 1: the token lives; 0: the store does not say so; -1. */
static int look_up(struct vault_session *session, struct error *err) {
    struct vault_answer answer;
    session->verdict = VERDICT_DEAD;
    if (ask(session, LOOKUP_SELF, NULL, session->token, &answer, err) != 0)
        return -1;
    int result = take_terms(session, &answer, vault_grant_lookup, ERROR_STORE_DENIED, err);
    vault_answer_free(&answer);
    return result;
}

/* 1: renewed, or at its maximum, which OpenBao answers with 500: it lives on as it
 * is, and is renewed no more; 0: the store does not renew it (400 for what is not
 * renewable); -1. */
static int renew(struct vault_session *session, struct error *err) {
    struct vault_answer answer;
    int result = 1;
    if (ask(session, RENEW_SELF, "{}", session->token, &answer, err) != 0)
        return -1;
    if (vault_fault_code(&answer) == ERROR_STORE_FAULT)
        session->lease.renewable = false;
    else
        result = take_terms(session, &answer, vault_grant_renewal, ERROR_STORE_REQUEST, err);
    vault_answer_free(&answer);
    return result;
}

/* Tells the store that a token is not needed any more. */
static enum error_code revoke(const struct vault_session *session, const char *token) {
    struct vault_answer answer;
    struct error ignored;
    if (ask(session, REVOKE_SELF, "{}", token, &answer, &ignored) != 0)
        return ignored.code;
    enum error_code code = vault_fault_code(&answer);
    vault_answer_free(&answer);
    return code;
}

/* keep_old: the present token may live, and is revoked when the new one works. */
static int log_in(struct vault_session *session, bool keep_old, struct error *err) {
    struct vault_grant grant;
    if (vault_login(session->task, session->http, session->fault, &grant, err) != 0)
        return -1;
    if (grant.counted) {
        (void)revoke(session, grant.token);
        secret_free(grant.token);
        return error_set(err, ERROR_STORE_LOGIN,
                         "the role's tokens may be used only so many times");
    }
    if (keep_old && session->old == NULL)
        session->old = session->token;
    else
        secret_free(session->token);
    session->token = grant.token;
    session->fresh = true;
    session->verdict = VERDICT_LIVES;
    set_terms(session, &grant);
    return 0;
}

/* Renews or asks, as the round wants it. 1, 0 or -1. */
static int ask_about_given(struct vault_session *session, bool is_known, struct error *err) {
    uint32_t flags = session->task->flags;
    int result = 0;
    if (is_known && (flags & (ROUND_RENEW | ROUND_LOGIN)) == 0)
        return 1;
    if (is_known && session->lease.renewable && (flags & ROUND_RENEW) != 0)
        result = renew(session, err);
    return result != 0 ? result : look_up(session, err);
}

/* A token of the caller's. What the store does not tell of it (a policy may
 * forbid even to ask) is no fault: reading shows whether it is good. */
static int begin_given(struct vault_session *session, struct error *err) {
    const struct store_task *task = session->task;
    const struct lease_session *known = &task->before->session;
    bool is_known = known->issued_ms != 0 && !known->ours && !is_past(session, known);
    if (vault_session_is_ours(task))
        session->old = vault_session_read(task->session, &task->config->vault);
    if (vault_credential_read(task->token, "store token", &session->token, err) != 0)
        return -1;
    if (!vault_token_is_sound(session->token))
        return error_set(err, ERROR_STORE_CREDENTIAL, "the store token is no token");
    set_terms(session, &(struct vault_grant){.renewable = false});
    if (is_known)
        session->lease = *known;
    return ask_about_given(session, is_known, err) < 0 ? -1 : 0;
}

/* Whether the token of state: is still one to work with: 1, 0 or -1. */
static int try_held(struct vault_session *session, struct error *err) {
    uint32_t flags = session->task->flags;
    if ((flags & ROUND_LOGIN) != 0)
        return 0;
    if ((flags & ROUND_RENEW) != 0)
        return session->lease.renewable ? renew(session, err) : 0;
    return is_past(session, &session->lease) ? look_up(session, err) : 1;
}

static int begin_own(struct vault_session *session, struct error *err) {
    if (vault_session_is_ours(session->task))
        session->token = vault_session_read(session->task->session, &session->task->config->vault);
    if (session->token == NULL)
        return log_in(session, false, err);
    session->lease = session->task->before->session;
    int lives = try_held(session, err);
    if (lives != 0)
        return lives < 0 ? -1 : 0;
    return log_in(session, session->verdict != VERDICT_DEAD, err);
}

int vault_session_begin(struct vault_session *session, struct error *err) {
    return logs_in(session) ? begin_own(session, err) : begin_given(session, err);
}

int vault_session_heal(struct vault_session *session, struct error *err) {
    int lives = session->verdict == VERDICT_LIVES;
    if (session->verdict == VERDICT_NONE)
        lives = look_up(session, err);
    if (lives != 0)
        return lives < 0 ? -1 : 0;
    if (logs_in(session))
        return log_in(session, false, err) == 0 ? 1 : -1;
    return error_set(err, ERROR_STORE_TOKEN, "the store does not know the token");
}

static bool is_as_before(const struct lease_session *now, const struct lease_session *before) {
    return now->held == before->held && now->ours == before->ours &&
           now->renewable == before->renewable && now->expires_ms == before->expires_ms &&
           now->issued_ms == before->issued_ms;
}

int vault_session_keep(struct vault_session *session, struct harvest *harvest, struct error *err) {
    if (session->old != NULL)
        (void)revoke(session, session->old);
    harvest->session = session->lease;
    harvest->session_changed =
        session->fresh || !is_as_before(&session->lease, &session->task->before->session);
    return session->lease.held
               ? vault_session_format(session->token,
                                      session->task->config->vault.addresses[0].text,
                                      &harvest->session_text, &harvest->session_length, err)
               : 0;
}

void vault_session_drop(struct vault_session *session, struct harvest *harvest,
                        const struct error *err) {
    bool answers = err->code != ERROR_STORE_UNREACHABLE && err->code != ERROR_STORE_SLOW;
    if (session->fresh && answers)
        (void)revoke(session, session->token);
    harvest->session = session->fresh ? session->task->before->session : session->lease;
}

int vault_session_end(struct vault_session *session, struct error *err) {
    struct vault_answer answer;
    session->token = vault_session_read(session->task->session, &session->task->config->vault);
    if (session->token == NULL)
        return 0;
    if (ask(session, REVOKE_SELF, "{}", session->token, &answer, err) != 0)
        return -1;
    enum error_code code = vault_fault_code(&answer);
    bool done = code == ERROR_OK || code == ERROR_STORE_DENIED || code == ERROR_STORE_REQUEST ||
                code == ERROR_SECRET_MISSING;
    if (!done)
        (void)vault_fault_set(session->fault, code, &answer, err);
    vault_answer_free(&answer);
    return done ? 0 : -1;
}

void vault_session_free(struct vault_session *session) {
    secret_free(session->token);
    secret_free(session->old);
    session->token = session->old = NULL;
}
