#include "sidecar/place/place_role.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/clock.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/place/placing.h"

#define CONFIG_NAME "arrestor.yaml"

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

/* The configuration, and the digest of its bytes, by which a lease table tells
 * whether it was made by the same. */
static int load_config(struct placing *placing, struct error *err) {
    int fd = role_slot(ROLE_PLACE, SLOT_CONFIG), result = 0;
    struct buffer text = buffer_make(LIMIT_CONFIG_BYTES);
    placing->config = config_default();
    if (fd >= 0)
        result = file_read(fd, CONFIG_NAME, &text, err) != 0 ||
                         config_parse(text.data, text.length, CONFIG_NAME, &placing->arena,
                                      &placing->config, err) != 0
                     ? -1
                     : 0;
    lease_digest(text.data, text.length, placing->digest);
    buffer_free(&text);
    return result;
}

static int take_secrets(struct placing *placing, const struct message_secrets *secrets, int fd,
                        struct error *err) {
    struct region region;
    if (region_adopt(&region, fd, err) != 0 || secret_set_decode(&placing->set, &region, err) != 0)
        return -1;
    placing->result.version = placing->set.version;
    return placing_new(placing, secrets->publish != 0, err);
}

/* What fetch says, or that it says nothing: then it has died. */
static int publish_task(struct placing *placing, struct error *err) {
    struct channel peer = {
        .fd = role_slot(ROLE_PLACE, SLOT_PEER), .self = PARTY_PLACE, .peer = PARTY_FETCH};
    struct message message;
    int fd = -1;
    int got = channel_receive(&peer, &message, &fd, err);
    if (got == 0)
        return error_set(err, ERROR_CHILD, "fetch ended without a word");
    if (got < 0)
        return -1;
    const struct message_secrets *secrets = &message.body.secrets;
    const struct message_kept *kept = &message.body.kept;
    if (message.type == MESSAGE_SECRETS && secrets->round == placing->task.round)
        return take_secrets(placing, secrets, fd, err);
    if (message.type == MESSAGE_KEPT && kept->round == placing->task.round &&
        kept->code < ERROR_CODES)
        return placing_kept(placing, kept, err);
    if (fd >= 0)
        (void)close(fd);
    return error_set(err, ERROR_PROTOCOL, "fetch sent another round");
}

/* The old states are nobody's any more: roles were handed what they read. */
static int retire_task(const struct placing *placing, struct error *err) {
    return publish_retire(placing->directory, placing->task.generation, err) != 0 ||
                   publish_retire(placing->state, LIMIT_GENERATION, err) != 0
               ? -1
               : 0;
}

static int run_task(struct placing *placing, struct error *err) {
    struct error ignored;
    if (placing->task.task == TASK_RETIRE)
        return retire_task(placing, err);
    if (load_config(placing, err) != 0)
        return -1;
    int result = placing->task.task == TASK_WITHDRAW ? placing_withdraw(placing, err)
                                                     : publish_task(placing, err);
    if (result != 0)
        (void)placing_tell_fault(placing, err->code, placing->blamed, 0, &ignored);
    return result;
}

int place_role(const struct role_start *start) {
    static struct placing placing; /* a secret_set is larger than a stack frame should be */
    struct confine_path paths[3];
    struct message task, told = {.type = MESSAGE_RESULT};
    struct error err;
    secret_install_allocators();
    (void)umask(0);
    placing.arena = arena_make(LIMIT_ARENA_BYTES);
    placing.directory = role_slot(ROLE_PLACE, SLOT_DIR);
    placing.state = role_slot(ROLE_PLACE, SLOT_STATE);
    if (sodium_init() < 0 ||
        role_enter(start, paths, list_paths(paths), &placing.monitor, &err) != 0)
        return error_status(ERROR_SYSTEM);
    if (channel_receive(&placing.monitor, &task, NULL, &err) != 1 || task.type != MESSAGE_TASK ||
        task.body.round.task > TASK_WITHDRAW)
        return error_status(ERROR_PROTOCOL);
    error_clear(&err);
    placing.task = task.body.round;
    placing.now_ms = clock_wall_ms();
    if (publish_look(placing.directory, &placing.stands, &err) != 0 ||
        run_task(&placing, &err) != 0)
        placing.result.code = err.code;
    placing.result.round = placing.task.round;
    placing.result.generation = placing.stands;
    told.body.result = placing.result;
    placing_free(&placing);
    return channel_send(&placing.monitor, &told, -1, &err) == 0 ? 0 : error_status(ERROR_CHILD);
}
