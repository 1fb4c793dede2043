#include "sidecar/confine/role_start.h"

#include <string.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/command.h"
#include "sidecar/base/error.h"
#include "sidecar/base/number.h"
#include "sidecar/confine/role_table.h"

static const enum party parties[ROLES] = {
    [ROLE_SWEEP] = PARTY_SWEEP,     [ROLE_WARDEN] = PARTY_WARDEN, [ROLE_JUDGE] = PARTY_JUDGE,
    [ROLE_FETCH] = PARTY_FETCH,     [ROLE_PLACE] = PARTY_PLACE,   [ROLE_DIAL] = PARTY_DIAL,
    [ROLE_FETCH_NET] = PARTY_FETCH,
};

enum party role_party(enum role role) {
    return parties[role];
}

static int parse_id(const char *text, uint32_t *ret) {
    uint64_t value = UINT32_MAX;
    if (strcmp(text, "-") != 0 && number_parse(text, UINT32_MAX - 1u, &value) != 0)
        return -1;
    *ret = (uint32_t)value;
    return 0;
}

int role_start_parse(int argc, char **argv, struct role_start *ret, struct error *err) {
    uint32_t uid, gid;
    if (argc != 4 || parse_id(argv[2], &uid) != 0 || parse_id(argv[3], &gid) != 0)
        return error_set(err, ERROR_USAGE, "roles are started by arrestor itself");
    for (int role = 0; role < ROLES; role++) {
        if (strcmp(role_table[role].name, argv[1]) != 0 || parties[role] == PARTY_MONITOR)
            continue;
        *ret = (struct role_start){.role = (enum role)role, .uid = uid, .gid = gid};
        return 0;
    }
    return error_set(err, ERROR_USAGE, "there is no role of that name");
}

static int tell_fence(const struct channel *channel, enum role role,
                      const struct protections *protections, struct error *err) {
    struct message message = {.type = MESSAGE_FENCE, .body.fence.role = role};
    _Static_assert(sizeof message.body.fence.state >= sizeof protections->state,
                   "a fence record holds every protection");
    memcpy(message.body.fence.state, protections->state, sizeof protections->state);
    return channel_send(channel, &message, -1, err);
}

int role_enter(const struct role_start *start, const struct confine_path *paths, size_t count,
               struct channel *ret, struct error *err) {
    struct channel channel = {.fd = role_slot(start->role, SLOT_CHANNEL),
                              .self = parties[start->role],
                              .peer = PARTY_MONITOR};
    struct confine_request request = {
        .uid = start->uid, .gid = start->gid, .paths = paths, .path_count = count, .spawned = true};
    struct protections protections;
    if (channel.fd < 0)
        return error_set(err, ERROR_USAGE, "roles are started by arrestor itself");
    if (confine_climb(start->role, &request, &protections, err) != 0 ||
        tell_fence(&channel, start->role, &protections, err) != 0)
        return -1;
    *ret = channel;
    return 0;
}

int role_fail(enum role role, const struct error *err) {
    struct error told = *err;
    /* Monitor has ended, and has said why. */
    if (err->code == ERROR_CHILD)
        return error_status(ERROR_CHILD);
    if (told.where[0] == '\0')
        (void)error_at(&told, role_name(role), 0, 0);
    return command_fail(&told);
}
