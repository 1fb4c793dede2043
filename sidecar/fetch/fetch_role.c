#include "sidecar/fetch/fetch_role.h"

#include <sodium.h>
#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/fetch/fetch_task.h"
#include "sidecar/fetch/fetch_tell.h"
#include "sidecar/secret/secret_set.h"

/* One round and what is said of it. */
struct round {
    enum role role;
    store_read *const *stores;
    struct arena arena;
    struct fetch_inputs inputs;
    struct store_task task;
    struct harvest *harvest; /* secret_alloc: it is too large for a stack */
    struct store_fault fault;
    enum protection_state memory;
};

static int read_stores(struct round *round, struct error *err) {
    uint32_t used = config_stores(&round->inputs.config);
    for (unsigned kind = 0; kind < STORE_KINDS; kind++) {
        if ((used & 1u << kind) == 0)
            continue;
        if (round->stores[kind] == NULL)
            return error_set(err, ERROR_INTERNAL, "no reader for store %u", kind);
        if (round->stores[kind](&round->task, round->harvest, &round->fault, err) != 0)
            return -1;
    }
    return 0;
}

static int run_round(struct round *round, const struct message_round *task, struct error *err) {
    round->harvest = secret_alloc(sizeof *round->harvest);
    if (round->harvest == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for a round");
    harvest_make(round->harvest);
    if (fetch_task_read(round->role, task, &round->arena, &round->inputs, &round->task, err) != 0)
        return -1;
    return read_stores(round, err);
}

/* place takes part in every round but one that only ends a session. What it
 * cannot be given is a fault of the round, and it is told that instead. */
static void tell_place(struct round *round, const struct message_round *task, struct error *err) {
    struct channel place = {
        .fd = role_slot(round->role, SLOT_PEER), .self = PARTY_FETCH, .peer = PARTY_PLACE};
    struct error lost;
    if (task->task == TASK_REVOKE || place.fd < 0)
        return;
    if (err->code == ERROR_OK)
        (void)fetch_tell_harvest(&place, &round->task, round->harvest, &round->memory, err);
    if (err->code != ERROR_OK)
        (void)fetch_tell_fault(&place, task->round, err->code, &round->fault, &lost);
}

static uint64_t left_of(const struct lease_session *session, uint64_t now) {
    return session->expires_ms > now ? session->expires_ms - now : 0;
}

static struct message report(const struct round *round, const struct message_round *task,
                             const struct error *err) {
    struct message message = {.type = MESSAGE_RESULT};
    struct message_result *told = &message.body.result;
    told->round = task->round;
    told->code = err->code;
    told->has_position = round->fault.position != SIZE_MAX;
    told->position = told->has_position ? (uint32_t)round->fault.position : 0;
    told->detail = round->fault.detail;
    told->secret_memory = round->memory;
    told->trapped = confine_trapped();
    memcpy(told->location, round->fault.location, sizeof told->location);
    if (round->harvest != NULL) {
        told->version = round->harvest->box_version;
        told->renewable = round->harvest->session.renewable;
        told->token_ms = left_of(&round->harvest->session, round->task.wall_ms);
    }
    return message;
}

static void end_round(struct round *round) {
    if (round->harvest != NULL)
        harvest_free(round->harvest);
    secret_free(round->harvest);
    arena_free(&round->arena);
}

int fetch_role(const struct role_start *start, store_read *const stores[STORE_KINDS]) {
    struct round round = {.role = start->role,
                          .stores = stores,
                          .arena = arena_make(LIMIT_ARENA_BYTES),
                          .fault = {.position = SIZE_MAX}};
    struct channel monitor;
    struct message task;
    struct error err;
    secret_install_allocators();
    if (sodium_init() < 0)
        return error_status(ERROR_SYSTEM);
    if (role_enter(start, NULL, 0, &monitor, &err) != 0)
        return role_fail(start->role, &err); /* nothing was read yet */
    if (channel_receive(&monitor, &task, NULL, &err) != 1 || task.type != MESSAGE_TASK)
        return error_status(ERROR_PROTOCOL);
    error_clear(&err);
    if (run_round(&round, &task.body.round, &err) == 0)
        error_clear(&err); /* a store may have met a fault and got over it */
    tell_place(&round, &task.body.round, &err);
    struct message told = report(&round, &task.body.round, &err);
    end_round(&round);
    return channel_send(&monitor, &told, -1, &err) == 0 ? 0 : error_status(ERROR_CHILD);
}
