#include "sidecar/fetch/fetch_tell.h"

#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/secret/region.h"
#include "sidecar/secret/secret_set.h"

static enum protection_state memory_state(enum region_kind kind) {
    return kind == REGION_SECRET ? STATE_ON : kind == REGION_LOCKED ? STATE_DEGRADED : STATE_OFF;
}

static int format_leases(const struct store_task *task, const struct harvest *harvest,
                         struct buffer *out, struct error *err) {
    struct lease_table table = {.box_version = harvest->box_version,
                                .session = harvest->session,
                                .leases = harvest->leases,
                                .count = task->config->secret_count};
    lease_table_format(&table, out);
    return buffer_status(out) == 0 ? 0
                                   : error_set(err, ERROR_MEMORY, "the lease table is too large");
}

/* By rising index, the special ones last. Gives how many there are. */
static size_t list_secrets(const struct store_task *task, const struct harvest *harvest,
                           const struct buffer *leases, struct secret *ret) {
    size_t count = 0;
    for (size_t i = 0; i < task->config->secret_count; i++)
        ret[count++] = (struct secret){
            .bytes = harvest->bytes[i], .length = harvest->lengths[i], .index = (uint32_t)i};
    ret[count++] = (struct secret){.bytes = (const unsigned char *)leases->data,
                                   .length = leases->length,
                                   .index = SECRET_INDEX_LEASES};
    if (harvest->session_text != NULL)
        ret[count++] = (struct secret){.bytes = harvest->session_text,
                                       .length = harvest->session_length,
                                       .index = SECRET_INDEX_SESSION};
    return count;
}

static int fill_region(const struct store_task *task, const struct harvest *harvest,
                       const struct buffer *leases, struct region *ret, struct error *err) {
    struct secret secrets[LIMIT_SECRETS + 2];
    struct region region;
    size_t count = list_secrets(task, harvest, leases, secrets);
    size_t size = secret_set_size(secrets, count);
    if (size == 0) {
        error_set(err, ERROR_SECRET_SIZE, "the %zu secrets of one set have more than %u bytes",
                  task->config->secret_count, LIMIT_REGION_BYTES);
        return error_todo(err, "deliver fewer or smaller secrets in one set");
    }
    if (region_make(&region, size, err) != 0)
        return -1;
    if (secret_set_encode(&region, secrets, count, harvest->box_version, err) != 0) {
        region_free(&region);
        return -1;
    }
    *ret = region;
    return 0;
}

static int hand_over(const struct channel *place, const struct store_task *task,
                     struct region *region, bool publish, struct error *err) {
    struct message message = {.type = MESSAGE_SECRETS,
                              .body.secrets = {.round = task->round,
                                               .count = (uint32_t)task->config->secret_count,
                                               .publish = publish}};
    int fd = region_give(region);
    if (fd < 0)
        return error_set(err, ERROR_SYSTEM, "a region cannot be passed on");
    int result = channel_send(place, &message, fd, err);
    (void)close(fd);
    return result;
}

static int tell_kept(const struct channel *place, const struct message_kept *kept,
                     struct error *err) {
    struct message message = {.type = MESSAGE_KEPT, .body.kept = *kept};
    return channel_send(place, &message, -1, err);
}

int fetch_tell_harvest(const struct channel *place, const struct store_task *task,
                       const struct harvest *harvest, enum protection_state *memory,
                       struct error *err) {
    struct buffer leases = buffer_make(LIMIT_LEASE_BYTES);
    struct region region;
    bool publish = (task->flags & ROUND_FORCE) != 0 || !harvest_is_unchanged(harvest, task);
    if (!publish && !harvest->session_changed && !harvest_has_moved(harvest, task))
        return tell_kept(place, &(struct message_kept){.round = task->round}, err);
    int result = format_leases(task, harvest, &leases, err);
    if (result == 0)
        result = fill_region(task, harvest, &leases, &region, err);
    if (result == 0) {
        *memory = memory_state(region.kind);
        result = hand_over(place, task, &region, publish, err);
    }
    buffer_free(&leases);
    return result;
}

int fetch_tell_fault(const struct channel *place, uint32_t round, enum error_code code,
                     const struct store_fault *fault, struct error *err) {
    bool has_position = fault->position != SIZE_MAX;
    struct message_kept kept = {.round = round,
                                .code = code,
                                .has_position = has_position,
                                .position = has_position ? (uint32_t)fault->position : 0,
                                .detail = fault->detail};
    return tell_kept(place, &kept, err);
}
