#include "sidecar/fetch/fetch_role.h"

#include <sodium.h>
#include <unistd.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/config/config.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/fetch/strongbox/fetch_strongbox.h"
#include "sidecar/secret/region.h"
#include "sidecar/secret/secret_set.h"

static int hand_over(struct region *region, uint32_t round, struct error *err) {
    struct channel peer = {
        .fd = role_slot(ROLE_FETCH, SLOT_PEER), .self = PARTY_FETCH, .peer = PARTY_PLACE};
    struct message message = {.type = MESSAGE_SECRETS, .body.secrets.round = round};
    int fd = region_give(region);
    if (fd < 0)
        return error_set(err, ERROR_SYSTEM, "a region cannot be passed on");
    int result = channel_send(&peer, &message, fd, err);
    (void)close(fd);
    return result;
}

static enum protection_state memory_state(enum region_kind kind) {
    return kind == REGION_SECRET ? STATE_ON : kind == REGION_LOCKED ? STATE_DEGRADED : STATE_OFF;
}

/* One round from the box to place. Fills what is told to monitor. */
static int fetch_round(const struct config *config, uint32_t round, struct message_result *told,
                       struct error *err) {
    struct region region;
    size_t position = SIZE_MAX;
    int result = fetch_strongbox(role_slot(ROLE_FETCH, SLOT_BOX), role_slot(ROLE_FETCH, SLOT_KEY),
                                 config, &region, &told->version, &position, err);
    told->has_position = result != 0 && position != SIZE_MAX;
    told->position = told->has_position ? (uint32_t)position : 0;
    if (result != 0)
        return -1;
    told->secret_memory = memory_state(region.kind);
    return hand_over(&region, round, err);
}

int fetch_role(const struct role_start *start) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct channel monitor;
    struct message task, told = {.type = MESSAGE_RESULT};
    struct config config;
    struct error err;
    secret_install_allocators();
    if (sodium_init() < 0 || role_enter(start, NULL, 0, &monitor, &err) != 0)
        return error_status(ERROR_SYSTEM);
    if (channel_receive(&monitor, &task, NULL, &err) != 1 || task.type != MESSAGE_TASK)
        return error_status(ERROR_PROTOCOL);
    error_clear(&err);
    told.body.result.round = task.body.round.round;
    if (config_load(role_slot(ROLE_FETCH, SLOT_CONFIG), "arrestor.yaml", &arena, &config, &err) ==
        0)
        (void)fetch_round(&config, task.body.round.round, &told.body.result, &err);
    told.body.result.code = err.code;
    arena_free(&arena);
    return channel_send(&monitor, &told, -1, &err) == 0 ? 0 : error_status(ERROR_CHILD);
}
