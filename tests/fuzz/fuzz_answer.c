/* An answer of Vault: a first line "STATUS ASKED", and the body. What is taken is a
 * piece of the body; nothing that the store says gets into an error. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/fetch/vault/vault_answer.h"
#include "sidecar/fetch/vault/vault_credential.h"
#include "sidecar/fetch/vault/vault_fault.h"
#include "sidecar/fetch/vault/vault_grant.h"
#include "sidecar/fetch/vault/vault_kv.h"
#include "sidecar/secret/secret_set.h"
#include "tests/fuzz/fuzz.h"

#define CENTURY (100ull * 366 * 24 * 60 * 60)
#define FLAGS   (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

static json_t *load(const void *bytes, size_t length) {
    return json_loadb(bytes, length, FLAGS, NULL);
}

static void check_value(const struct vault_answer *answer, const struct vault_value *value,
                        uint64_t asked) {
    json_t *root = load(answer->body, answer->length), *cut = load(value->bytes, value->length);
    json_t *data = json_object_get(json_object_get(root, "data"), "data");
    HOLDS(json_is_object(data) && json_is_object(cut) && json_equal(data, cut));
    HOLDS(value->length <= answer->length && value->bytes[0] == '{');
    HOLDS(value->version >= 1 && (asked == 0 || asked == value->version));
    HOLDS(value->expires_ms <= LIMIT_WALL_MS);
    json_decref(cut);
    json_decref(root);
}

static void try_value(const struct vault_answer *answer, uint64_t asked) {
    struct vault_value value = {.version = 77};
    struct error err;
    error_clear(&err);
    if (vault_kv_decode(answer, asked, &value, &err) == 0) {
        HOLDS(vault_status_code(answer->status) == ERROR_OK);
        check_value(answer, &value, asked);
        secret_free(value.bytes);
        return;
    }
    HOLDS(value.version == 77 && value.bytes == NULL);
    HOLDS(error_status(err.code) == 6);
    fuzz_check_silent(&err);
}

typedef int read_grant(const struct vault_answer *answer, struct vault_grant *ret,
                       struct error *err);

static void try_grant(const struct vault_answer *answer, read_grant *read, bool with_token) {
    struct vault_grant grant = {.seconds = 77};
    struct error err;
    error_clear(&err);
    if (read(answer, &grant, &err) == 0) {
        HOLDS(grant.seconds <= CENTURY && (grant.token != NULL) == with_token);
        HOLDS(grant.token == NULL || vault_token_is_sound(grant.token));
        HOLDS(grant.token == NULL || strlen(grant.token) <= answer->length);
        secret_free(grant.token);
        return;
    }
    HOLDS(err.code == ERROR_STORE_ANSWER && grant.seconds == 77 && grant.token == NULL);
    fuzz_check_silent(&err);
}

static void try_fault(const struct vault_answer *answer) {
    struct store_fault fault = {.position = 77};
    struct error err;
    enum error_code code = vault_fault_code(answer);
    HOLDS(code < ERROR_CODES && vault_login_code(answer->status) < ERROR_CODES);
    HOLDS(vault_fault_set(&fault, ERROR_STORE_FAULT, answer, &err) == -1 && fault.position == 77);
    fuzz_check_silent(&err);
}

FUZZ_TARGET(answer, 65536) {
    struct vault_answer answer = {.is_json = true};
    const char *end = length > 0 ? memchr(bytes, '\n', length) : NULL;
    size_t head = end != NULL ? (size_t)(end - bytes) + 1 : 0;
    char line[32] = "", *rest = line;
    memcpy(line, bytes == NULL ? "" : bytes, head < sizeof line ? head : 0);
    answer.status = (uint32_t)strtoul(line, &rest, 10);
    uint64_t asked = strtoull(rest, NULL, 10);
    answer.length = answer.capacity = length - head;
    if (answer.length > 0) {
        answer.body = secret_alloc(answer.length);
        HOLDS(answer.body != NULL);
        memcpy(answer.body, bytes + head, answer.length);
    }
    try_value(&answer, asked);
    try_grant(&answer, vault_grant_login, true);
    try_grant(&answer, vault_grant_renewal, false);
    try_grant(&answer, vault_grant_lookup, false);
    try_fault(&answer);
    vault_answer_free(&answer);
}
