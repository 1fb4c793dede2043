#include "sidecar/dial/dial_role.h"

#include <stdlib.h>
#include <unistd.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/config/config.h"
#include "sidecar/confine/role_start.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/dial/dial.h"
#include "sidecar/dial/resolver_paths.h"

static int enter(const struct role_start *start, struct channel *monitor, struct error *err) {
    struct confine_path paths[LIMIT_RESOLVER_PATHS];
    size_t count = resolver_paths_open(paths);
    int result = role_enter(start, paths, count, monitor, err);
    for (size_t i = 0; i < count; i++)
        (void)close(paths[i].fd);
    return result;
}

/* A name server that does not answer is waited for within the round's time. */
static int bound_look_up(struct error *err) {
    return setenv("RES_OPTIONS", "timeout:2 attempts:2", 1) == 0
               ? 0
               : error_set(err, ERROR_MEMORY, "%s", "");
}

static size_t count_sockets(const struct config *config, const struct message_round *task) {
    size_t count = 0;
    if (task->task != TASK_REVOKE)
        for (size_t i = 0; i < config->secret_count && count < LIMIT_SOCKETS; i++)
            count += config->secrets[i].store == STORE_VAULT ? 1 : 0;
    return count > 0 ? count : 1;
}

/* Gives how many sockets there are, or -1. */
static int connect_store(const struct config *config, const struct message_round *task,
                         int *sockets, int *system_error, struct error *err) {
    const struct config_vault *vault = &config->vault;
    if (task->address >= vault->address_count)
        return error_set(err, ERROR_CONFIG, "the store has no address of this number");
    struct dial_request request = {.address = &vault->addresses[task->address],
                                   .allow_http = vault->allow_http,
                                   .count = count_sockets(config, task),
                                   .limit_ms = LIMIT_DIAL_MS,
                                   .system_error = system_error};
    return dial_connect(&request, sockets, err);
}

static int dial_round(const struct message_round *task, int *sockets, int *system_error,
                      struct error *err) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct config config;
    int result = -1;
    if (config_load(role_slot(ROLE_DIAL, SLOT_CONFIG), "arrestor.yaml", &arena, &config, err) ==
            0 &&
        config_load_environment(role_slot(ROLE_DIAL, SLOT_STORE_ENV), &arena, &config, err) == 0)
        result = connect_store(&config, task, sockets, system_error, err);
    arena_free(&arena);
    return result;
}

/* One record for each socket, or one that says why there is none. */
static int hand_over(struct message_dialed dialed, const int *sockets, int count,
                     struct error *err) {
    struct channel fetch = {
        .fd = role_slot(ROLE_DIAL, SLOT_DIAL), .self = PARTY_DIAL, .peer = PARTY_FETCH};
    struct message message = {.type = MESSAGE_DIALED, .body.dialed = dialed};
    int result = count > 0 ? 0 : channel_send(&fetch, &message, -1, err);
    for (int i = 0; i < count && result == 0; i++)
        result = channel_send(&fetch, &message, sockets[i], err);
    return result;
}

/* What the filter had to answer is monitor's to say; the rest of the result is for
 * fetch alone. */
static int tell_trapped(struct channel *monitor, uint32_t round, struct error *err) {
    struct message message = {.type = MESSAGE_RESULT,
                              .body.result = {.round = round, .trapped = confine_trapped()}};
    return message.body.result.trapped == 0 ? 0 : channel_send(monitor, &message, -1, err);
}

int dial_role(const struct role_start *start) {
    struct channel monitor;
    struct message task;
    struct error err;
    int sockets[LIMIT_SOCKETS], system_error = 0;
    if (bound_look_up(&err) != 0 || enter(start, &monitor, &err) != 0)
        return role_fail(ROLE_DIAL, &err);
    if (channel_receive(&monitor, &task, NULL, &err) != 1 || task.type != MESSAGE_TASK)
        return error_status(ERROR_PROTOCOL);
    error_clear(&err);
    int count = dial_round(&task.body.round, sockets, &system_error, &err);
    struct message_dialed dialed = {.round = task.body.round.round,
                                    .code = count > 0 ? ERROR_OK : err.code,
                                    .system_error = system_error};
    return tell_trapped(&monitor, dialed.round, &err) == 0 &&
                   hand_over(dialed, sockets, count, &err) == 0
               ? 0
               : error_status(ERROR_CHILD);
}
