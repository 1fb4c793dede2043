#include "sidecar/fetch/vault/fetch_vault.h"

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/fetch/vault/vault_fault.h"
#include "sidecar/fetch/vault/vault_http.h"
#include "sidecar/fetch/vault/vault_kv.h"
#include "sidecar/fetch/vault/vault_memory.h"
#include "sidecar/fetch/vault/vault_session.h"
#include "sidecar/fetch/vault/vault_time.h"

/* The secrets of one round while they are read. */
struct reading {
    const struct vault_session *session;
    struct harvest *harvest;
    struct buffer path;              /* of the last request */
    size_t positions[LIMIT_SECRETS]; /* what is still to be had */
    size_t count;
    struct store_fault fault; /* of the lowest position so far */
    struct error err;
};

static size_t count_secrets(const struct config *config) {
    size_t count = 0;
    for (size_t i = 0; i < config->secret_count; i++)
        count += config->secrets[i].store == STORE_VAULT;
    return count;
}

static void list_missing(struct reading *reading) {
    const struct config *config = reading->session->task->config;
    reading->count = 0;
    for (size_t i = 0; i < config->secret_count; i++)
        if (config->secrets[i].store == STORE_VAULT && reading->harvest->bytes[i] == NULL)
            reading->positions[reading->count++] = i;
}

static int prepare(void *context, size_t index, struct vault_request *ret, struct error *err) {
    struct reading *reading = context;
    size_t position = reading->positions[index];
    const struct config_secret *secret = &reading->session->task->config->secrets[position];
    buffer_free(&reading->path);
    vault_kv_path(secret->path, secret->version, &reading->path);
    if (buffer_status(&reading->path) != 0)
        return error_set(err, ERROR_MEMORY, "no memory for a path");
    *ret = (struct vault_request){.path = reading->path.data, .token = reading->session->token};
    return 0;
}

static int take_value(struct reading *reading, size_t position, const struct vault_answer *answer,
                      struct store_fault *fault, struct error *err) {
    const struct store_task *task = reading->session->task;
    struct vault_value value;
    if (answer->code != ERROR_OK)
        return vault_fault_set(fault, answer->code, answer, err);
    if (vault_kv_decode(answer, task->config->secrets[position].version, &value, err) != 0)
        return vault_fault_set(fault, err->code, answer, err);
    harvest_put(reading->harvest, task, position, value.bytes, value.length, value.version,
                vault_time_ours(value.expires_ms, answer->date_ms, task->wall_ms));
    return 0;
}

static bool take(void *context, size_t index, const struct vault_answer *answer) {
    struct reading *reading = context;
    struct store_fault fault = {.position = reading->positions[index]};
    struct error err;
    if (take_value(reading, fault.position, answer, &fault, &err) == 0)
        return true;
    if (fault.position < reading->fault.position) {
        reading->fault = fault;
        reading->err = err;
    }
    return false;
}

/* Reads what is missing in the harvest. 0, or -1 with the fault of the lowest
 * position. */
static int read_missing(struct reading *reading, struct store_fault *fault, struct error *err) {
    struct vault_batch batch = {.context = reading, .prepare = prepare, .take = take};
    reading->fault = (struct store_fault){.position = SIZE_MAX};
    reading->path = buffer_make(LIMIT_CONFIG_BYTES);
    list_missing(reading);
    batch.count = reading->count;
    int result = vault_http_run(reading->session->http, &batch, err);
    buffer_free(&reading->path);
    if (result != 0 || reading->fault.position == SIZE_MAX)
        return result;
    *fault = reading->fault;
    *err = reading->err;
    return -1;
}

static int read_all(struct vault_session *session, struct harvest *harvest, struct error *err) {
    struct reading reading = {.session = session, .harvest = harvest};
    if (read_missing(&reading, session->fault, err) == 0)
        return 0;
    if (err->code != ERROR_STORE_DENIED)
        return -1;
    struct error denied = *err;
    struct store_fault at = *session->fault;
    *session->fault = (struct store_fault){.position = SIZE_MAX};
    int healed = vault_session_heal(session, err);
    if (healed == 0) {
        *session->fault = at;
        *err = denied;
    }
    return healed > 0 ? read_missing(&reading, session->fault, err) : -1;
}

static int run_round(struct vault_session *session, struct harvest *harvest, struct error *err) {
    if (vault_session_begin(session, err) == 0 && read_all(session, harvest, err) == 0)
        return vault_session_keep(session, harvest, err);
    vault_session_drop(session, harvest, err);
    return -1;
}

/* Monitor waits for LIMIT_REVOKE_MS; a store that is slow is to be said so before. */
#define REVOKE_MS (LIMIT_REVOKE_MS * 4 / 5)

static int connect_store(const struct store_task *task, struct vault_http **ret,
                         struct error *err) {
    const struct config_vault *vault = &task->config->vault;
    struct vault_http_setup setup = {
        .address = task->address,
        .tls_name = vault->tls_name,
        .namespace_path = vault->namespace_path,
        .ca = task->ca,
        .dial = task->dial,
        .round = task->round,
        .sockets = task->revoke ? 1 : count_secrets(task->config),
        .limit_ms = task->revoke ? REVOKE_MS : LIMIT_ANSWER_MS,
    };
    return vault_http_open(ret, &setup, err);
}

int fetch_vault(const struct store_task *task, struct harvest *harvest, struct store_fault *fault,
                struct error *err) {
    struct vault_session session = {.task = task, .fault = fault};
    if (task->revoke && !vault_session_is_ours(task))
        return 0;
    if (vault_memory_install(err) != 0 || connect_store(task, &session.http, err) != 0)
        return -1;
    int result =
        task->revoke ? vault_session_end(&session, err) : run_round(&session, harvest, err);
    vault_session_free(&session);
    vault_http_close(session.http);
    return result;
}
