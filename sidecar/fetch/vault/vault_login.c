#include "sidecar/fetch/vault/vault_login.h"

#include "sidecar/base/buffer.h"
#include "sidecar/fetch/vault/vault_credential.h"
#include "sidecar/fetch/vault/vault_fault.h"
#include "sidecar/fetch/vault/vault_http.h"
#include "sidecar/fetch/vault/vault_kv.h"
#include "sidecar/secret/secret_set.h"

static int read_role_id(const struct store_task *task, char **ret, struct error *err) {
    const char *literal = task->config->vault.role_id;
    if (literal == NULL)
        return vault_credential_read(task->role_id, "role_id", ret, err);
    *ret = secret_strdup(literal);
    return *ret != NULL ? 0 : error_set(err, ERROR_MEMORY, "no memory for the role_id");
}

/* The body, in secret memory: jansson has our allocators. */
static int make_body(const struct store_task *task, char **ret, struct error *err) {
    char *role_id = NULL, *secret_id = NULL, *body = NULL;
    int result = -1;
    if (read_role_id(task, &role_id, err) != 0 ||
        vault_credential_read(task->secret_id, "secret_id", &secret_id, err) != 0)
        goto out;
    json_t *root = json_pack("{s:s, s:s}", "role_id", role_id, "secret_id", secret_id);
    body = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    result = body != NULL ? 0 : error_set(err, ERROR_MEMORY, "no memory for a login");
    *ret = body;
out:
    secret_free(role_id);
    secret_free(secret_id);
    return result;
}

static int read_answer(const struct vault_answer *answer, struct store_fault *fault,
                       struct vault_grant *ret, struct error *err) {
    enum error_code code =
        answer->code != ERROR_OK ? answer->code : vault_login_code(answer->status);
    return code != ERROR_OK ? vault_fault_set(fault, code, answer, err)
                            : vault_grant_login(answer, ret, err);
}

int vault_login(const struct store_task *task, struct vault_http *http, struct store_fault *fault,
                struct vault_grant *ret, struct error *err) {
    struct buffer path = buffer_make(LIMIT_CONFIG_BYTES);
    struct vault_request request = {.once = true};
    struct vault_answer answer;
    char *body = NULL;
    int result = -1;
    buffer_text(&path, "auth/");
    vault_kv_path(task->config->vault.mount, 0, &path);
    buffer_text(&path, "/login");
    if (buffer_status(&path) != 0) {
        (void)error_set(err, ERROR_MEMORY, "no memory for a login");
        goto out;
    }
    if (make_body(task, &body, err) != 0)
        goto out;
    request.path = path.data;
    request.body = body;
    if (vault_http_ask(http, &request, &answer, err) != 0)
        goto out;
    result = read_answer(&answer, fault, ret, err);
    vault_answer_free(&answer);
out:
    secret_free(body);
    buffer_free(&path);
    return result;
}
