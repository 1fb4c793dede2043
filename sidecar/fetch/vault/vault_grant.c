#include "sidecar/fetch/vault/vault_grant.h"

#include <string.h>

#include "sidecar/fetch/vault/vault_credential.h"
#include "sidecar/secret/secret_set.h"

static int malformed(struct error *err, const char *what) {
    return error_set(err, ERROR_STORE_ANSWER, "the answer has no %s", what);
}

/* num_uses is a number, 0 where uses are not counted. */
static int read_uses(json_t *grant, bool *counted) {
    const json_t *uses = json_object_get(grant, "num_uses");
    if (uses != NULL && !json_is_null(uses) && !json_is_number(uses))
        return -1;
    *counted = json_number_value(uses) > 0;
    return 0;
}

static int read_terms(json_t *grant, const char *seconds, struct vault_grant *ret,
                      struct error *err) {
    const json_t *renewable = json_object_get(grant, "renewable");
    if (!json_is_object(grant))
        return malformed(err, "grant");
    if (vault_answer_seconds(grant, seconds, &ret->seconds) != 0)
        return malformed(err, "duration");
    if (renewable != NULL && !json_is_boolean(renewable) && !json_is_null(renewable))
        return malformed(err, "renewable");
    if (read_uses(grant, &ret->counted) != 0)
        return malformed(err, "num_uses");
    ret->renewable = json_is_true(renewable);
    return 0;
}

static int read_token(const json_t *grant, struct vault_grant *ret, struct error *err) {
    const json_t *token = json_object_get(grant, "client_token");
    if (!json_is_string(token) || strlen(json_string_value(token)) != json_string_length(token) ||
        !vault_token_is_sound(json_string_value(token)))
        return malformed(err, "token");
    ret->token = secret_strdup(json_string_value(token));
    return ret->token != NULL ? 0 : error_set(err, ERROR_MEMORY, "no memory for a token");
}

static int read_grant(const struct vault_answer *answer, const char *member, const char *seconds,
                      bool with_token, struct vault_grant *ret, struct error *err) {
    struct vault_grant grant = {.token = NULL};
    json_t *root = vault_answer_parse(answer, err);
    if (root == NULL)
        return -1;
    json_t *object = json_object_get(root, member);
    int result = read_terms(object, seconds, &grant, err);
    if (result == 0 && with_token)
        result = read_token(object, &grant, err);
    json_decref(root);
    if (result == 0)
        *ret = grant;
    return result;
}

int vault_grant_login(const struct vault_answer *answer, struct vault_grant *ret,
                      struct error *err) {
    return read_grant(answer, "auth", "lease_duration", true, ret, err);
}

int vault_grant_renewal(const struct vault_answer *answer, struct vault_grant *ret,
                        struct error *err) {
    return read_grant(answer, "auth", "lease_duration", false, ret, err);
}

int vault_grant_lookup(const struct vault_answer *answer, struct vault_grant *ret,
                       struct error *err) {
    return read_grant(answer, "data", "ttl", false, ret, err);
}
