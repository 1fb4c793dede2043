#include "sidecar/fetch/vault/vault_answer.h"

#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/base/json_text.h"
#include "sidecar/fetch/vault/vault_json.h"
#include "sidecar/secret/secret_set.h"

#define CENTURY_SECONDS (100.0 * 366 * 24 * 60 * 60)

/* The first row that fits. Health statuses (472 …) come from a balancer that
 * passes on what sys/health said; 501 is a store that was never initialised. */
static const struct {
    uint32_t from, to;
    enum error_code code;
} status_table[] = {
    {200, 299, ERROR_OK},
    {301, 303, ERROR_STORE_REDIRECT},
    {307, 308, ERROR_STORE_REDIRECT},
    {401, 401, ERROR_STORE_DENIED},
    {403, 403, ERROR_STORE_DENIED},
    {404, 404, ERROR_SECRET_MISSING},
    {408, 408, ERROR_STORE_SLOW},
    {412, 412, ERROR_STORE_STALE_READ},
    {429, 429, ERROR_STORE_BUSY},
    {472, 474, ERROR_STORE_SEALED},
    {400, 499, ERROR_STORE_REQUEST},
    {501, 501, ERROR_STORE_SEALED},
    {503, 503, ERROR_STORE_SEALED},
    {530, 530, ERROR_STORE_SEALED},
    {500, 599, ERROR_STORE_FAULT},
};

static const uint32_t login_refusals[] = {400, 401, 403, 404};

void vault_answer_free(struct vault_answer *answer) {
    secret_free(answer->body);
    memset(answer, 0, sizeof *answer);
}

enum error_code vault_status_code(uint32_t status) {
    for (size_t i = 0; i < sizeof status_table / sizeof *status_table; i++)
        if (status >= status_table[i].from && status <= status_table[i].to)
            return status_table[i].code;
    return ERROR_STORE_ANSWER;
}

enum error_code vault_login_code(uint32_t status) {
    for (size_t i = 0; i < sizeof login_refusals / sizeof *login_refusals; i++)
        if (status == login_refusals[i])
            return ERROR_STORE_LOGIN;
    return vault_status_code(status);
}

json_t *vault_answer_parse(const struct vault_answer *answer, struct error *err) {
    struct vault_span text = {.bytes = (const char *)answer->body, .length = answer->length};
    json_t *root = NULL;
    const char *fault = "the answer is no JSON object";
    if (!answer->is_json)
        fault = "the answer is said to be something else than JSON";
    else if (!vault_json_is_shallow(text, LIMIT_ANSWER_DEPTH))
        fault = "the answer nests too deep";
    else if (text.length > 0 &&
             json_text_load(text.bytes, text.length,
                            JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL,
                            &root, err) != 0)
        return NULL;
    if (json_is_object(root))
        return root;
    json_decref(root);
    (void)error_set(err, ERROR_STORE_ANSWER, "%s", fault);
    return NULL;
}

int vault_answer_seconds(json_t *object, const char *key, uint64_t *ret) {
    const json_t *value = json_object_get(object, key);
    double seconds = json_is_null(value) || value == NULL ? 0 : json_number_value(value);
    if (value != NULL && !json_is_null(value) && !json_is_number(value))
        return -1;
    if (!(seconds >= 0 && seconds <= CENTURY_SECONDS))
        return -1;
    *ret = (uint64_t)seconds;
    return 0;
}
