#include <string.h>

#include "sidecar/fetch/store/store.h"

void harvest_make(struct harvest *harvest) {
    memset(harvest, 0, sizeof *harvest);
}

void harvest_free(struct harvest *harvest) {
    for (size_t i = 0; i < LIMIT_SECRETS; i++)
        secret_free(harvest->bytes[i]);
    secret_free(harvest->session_text);
    harvest_make(harvest);
}

/* The lease that stands under this name, where it is of the same store. */
static const struct lease *find_before(const struct store_task *task, const struct lease *lease) {
    const struct lease *found = lease_find(task->before, lease->name);
    return found != NULL && strcmp(found->store, lease->store) == 0 ? found : NULL;
}

void harvest_put(struct harvest *harvest, const struct store_task *task, size_t position,
                 unsigned char *bytes, size_t length, uint64_t version, uint64_t expires_ms) {
    const struct config_secret *secret = &task->config->secrets[position];
    struct lease lease = {.name = secret->name,
                          .store = config_store_name(secret->store),
                          .version = version,
                          .fetched_ms = task->wall_ms,
                          .expires_ms = expires_ms};
    const struct lease *before = find_before(task, &lease);
    if (before != NULL && before->version == version)
        lease.fetched_ms = before->fetched_ms;
    secret_free(harvest->bytes[position]);
    harvest->bytes[position] = bytes;
    harvest->lengths[position] = length;
    harvest->leases[position] = lease;
}

/* Both none, or less apart than clocks are. */
static bool is_same_expiry(uint64_t a, uint64_t b) {
    return (a == 0) == (b == 0) && (a > b ? a - b : b - a) <= LIMIT_SKEW_MS;
}

bool harvest_has_moved(const struct harvest *harvest, const struct store_task *task) {
    for (size_t i = 0; i < task->config->secret_count; i++) {
        const struct lease *before = find_before(task, &harvest->leases[i]);
        if (before != NULL && !is_same_expiry(before->expires_ms, harvest->leases[i].expires_ms))
            return true;
    }
    return false;
}

bool harvest_is_unchanged(const struct harvest *harvest, const struct store_task *task) {
    size_t count = task->config->secret_count;
    if (task->before->count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (harvest->bytes[i] == NULL)
            return false;
        const struct lease *before = find_before(task, &harvest->leases[i]);
        if (before == NULL || before->version != harvest->leases[i].version)
            return false;
    }
    return true;
}
