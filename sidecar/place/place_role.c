#include "sidecar/place/place_role.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/config/config.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/place/compare.h"
#include "sidecar/place/publish.h"
#include "sidecar/place/state.h"
#include "sidecar/render/render.h"
#include "sidecar/secret/secret_set.h"

/* All that one publish task works on; freed in one place. */
struct placing {
    struct arena arena;
    struct config config;
    struct secret_set set;
    struct secret_text *texts; /* one per file of the configuration */
    struct publish_item *items;
    int directory, state;
};

static size_t list_paths(struct confine_path *paths) {
    static const struct {
        enum slot slot;
        enum reach reach;
    } rows[] = {{SLOT_DIR, REACH_PUBLISH}, {SLOT_STATE, REACH_PUBLISH}, {SLOT_LAUNCH, REACH_READ}};
    size_t count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int fd = role_slot(ROLE_PLACE, rows[i].slot);
        if (fd >= 0)
            paths[count++] = (struct confine_path){fd, rows[i].reach};
    }
    return count;
}

/* 1: the set is here; 0: fetch gave up, and has told why; -1. */
static int receive_set(struct placing *placing, uint32_t round, struct error *err) {
    struct channel peer = {
        .fd = role_slot(ROLE_PLACE, SLOT_PEER), .self = PARTY_PLACE, .peer = PARTY_FETCH};
    struct region region;
    struct message message;
    int fd = -1;
    int got = channel_receive(&peer, &message, &fd, err);
    if (got != 1)
        return got;
    if (message.type != MESSAGE_SECRETS || message.body.secrets.round != round) {
        (void)close(fd);
        return error_set(err, ERROR_PROTOCOL, "fetch sent another round");
    }
    if (region_adopt(&region, fd, err) != 0 || secret_set_decode(&placing->set, &region, err) != 0)
        return -1;
    return 1;
}

/* Renders every file; *position is the one that failed. */
static int render_all(struct placing *placing, size_t *position, struct error *err) {
    size_t count = placing->config.file_count;
    placing->texts = calloc(count + 1, sizeof *placing->texts);
    placing->items = calloc(count + 1, sizeof *placing->items);
    if (placing->texts == NULL || placing->items == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the files of the set");
    for (size_t i = 0; i < count; i++) {
        const struct config_file *file = &placing->config.files[i];
        *position = i;
        if (render_file(&placing->config, file, &placing->set, &placing->texts[i], err) != 0)
            return -1;
        placing->items[i] = (struct publish_item){.name = file->name,
                                                  .bytes = placing->texts[i].bytes,
                                                  .length = placing->texts[i].length};
    }
    *position = SIZE_MAX;
    return 0;
}

static int compare(struct placing *placing, const struct channel *monitor,
                   const struct message_round *task, struct error *err) {
    struct frozen_launch launch = {.arguments = role_slot(ROLE_PLACE, SLOT_ARGUMENTS),
                                   .environment = role_slot(ROLE_PLACE, SLOT_ENVIRONMENT),
                                   .merged = role_slot(ROLE_PLACE, SLOT_MERGED),
                                   .directory = role_slot(ROLE_PLACE, SLOT_LAUNCH)};
    size_t found = 0;
    if (compare_launch(&placing->config, &placing->set, &launch, monitor, task->round, &found,
                       err) != 0)
        return -1;
    return found == 0 || task->compare == COMPARE_WARN
               ? 0
               : error_set(err, ERROR_PLAINTEXT_LAUNCH, "%s", "");
}

static int publish_all(struct placing *placing, const struct message_round *task,
                       struct message_result *told, struct error *err) {
    uint64_t set = publish_current(placing->directory), state = publish_current(placing->state);
    uint64_t generation = (set > state ? set : state) + 1;
    /* State first: what a store has issued is never lost, and a set that is not
     * published yet is published again from it. */
    if (state_publish(placing->state, generation, &placing->set, err) != 0 ||
        publish_generation(placing->directory, generation, placing->items,
                           placing->config.file_count, (mode_t)task->file_mode, err) != 0)
        return -1;
    told->generation = generation;
    told->version = placing->set.version;
    told->files = (uint32_t)placing->config.file_count;
    return 0;
}

/* 1 told has the outcome; 0 nothing to tell; -1. */
static int publish_task(struct placing *placing, const struct channel *monitor,
                        const struct message_round *task, struct message_result *told,
                        struct error *err) {
    size_t position = SIZE_MAX;
    int got = config_load(role_slot(ROLE_PLACE, SLOT_CONFIG), "arrestor.yaml", &placing->arena,
                          &placing->config, err);
    if (got == 0)
        got = receive_set(placing, task->round, err);
    if (got != 1)
        return got;
    if (render_all(placing, &position, err) != 0) {
        told->has_position = position != SIZE_MAX;
        told->position = told->has_position ? (uint32_t)position : 0;
        return -1;
    }
    if (task->compare != COMPARE_NOT && compare(placing, monitor, task, err) != 0)
        return -1;
    return publish_all(placing, task, told, err) == 0 ? 1 : -1;
}

static void free_placing(struct placing *placing) {
    for (size_t i = 0; placing->texts != NULL && i < placing->config.file_count; i++)
        secret_text_free(&placing->texts[i]);
    free(placing->texts);
    free(placing->items);
    secret_set_free(&placing->set);
    arena_free(&placing->arena);
}

static int retire_task(const struct placing *placing, const struct message_round *task,
                       struct error *err) {
    return publish_retire(placing->directory, task->generation, err) != 0 ||
                   publish_retire(placing->state, task->generation, err) != 0
               ? -1
               : 1;
}

int place_role(const struct role_start *start) {
    static struct placing placing; /* a secret_set is larger than a stack frame should be */
    struct confine_path paths[3];
    struct channel monitor;
    struct message task, told = {.type = MESSAGE_RESULT};
    struct error err;
    secret_install_allocators();
    (void)umask(0);
    placing.arena = arena_make(LIMIT_ARENA_BYTES);
    placing.directory = role_slot(ROLE_PLACE, SLOT_DIR);
    placing.state = role_slot(ROLE_PLACE, SLOT_STATE);
    if (role_enter(start, paths, list_paths(paths), &monitor, &err) != 0)
        return error_status(ERROR_SYSTEM);
    if (channel_receive(&monitor, &task, NULL, &err) != 1 || task.type != MESSAGE_TASK)
        return error_status(ERROR_PROTOCOL);
    error_clear(&err);
    const struct message_round *round = &task.body.round;
    told.body.result.round = round->round;
    int done = round->task == TASK_RETIRE
                   ? retire_task(&placing, round, &err)
                   : publish_task(&placing, &monitor, round, &told.body.result, &err);
    free_placing(&placing);
    told.body.result.code = err.code;
    if (done == 0)
        return 0;
    return channel_send(&monitor, &told, -1, &err) == 0 ? 0 : error_status(ERROR_CHILD);
}
