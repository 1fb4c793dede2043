#include "sidecar/warden/warden_role.h"

#include <jansson.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/clock.h"
#include "sidecar/base/command.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/config/config.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/strongbox/box_file.h"
#include "sidecar/warden/plan.h"
#include "sidecar/warden/setup.h"

struct warden {
    struct arena arena;
    struct config config;
    struct channel monitor;
    struct plan plan;
    uint32_t round;
    bool blind; /* the store could not be looked at the last time; said once */
};

static int tell_setup(const struct warden *warden, struct error *err) {
    struct message message = {.type = MESSAGE_SETUP};
    return setup_fill(&warden->config, &message.body.setup, err) != 0
               ? -1
               : channel_send(&warden->monitor, &message, -1, err);
}

/* Version and generation of the lease table that an earlier warden's rounds
 * left; zeros where there is none, or none that can be read: then a round tells. */
static void read_leases(uint64_t *version, uint64_t *generation) {
    int fd = role_slot(ROLE_WARDEN, SLOT_LEASES);
    struct buffer text = buffer_make(LIMIT_CONFIG_BYTES);
    struct error err;
    json_int_t seen_version, seen_generation;
    if (fd < 0 || file_read(fd, "leases", &text, &err) != 0)
        goto out;
    json_t *table = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL);
    if (table != NULL &&
        json_unpack(table, "{s:I, s:{s:I}}", "generation", &seen_generation, "strongbox", "version",
                    &seen_version) == 0 &&
        seen_generation > 0 && seen_version > 0) {
        *version = (uint64_t)seen_version;
        *generation = (uint64_t)seen_generation;
    }
    json_decref(table);
out:
    buffer_free(&text);
}

/* Asks monitor for the box and reads its version. 1 seen; 0 it could not be
 * looked at (err says why); -1 the conversation is over. */
static int look_at_store(struct warden *warden, uint64_t *version, struct error *err) {
    struct message ask = {.type = MESSAGE_LOOK, .body.look.store = STORE_STRONGBOX}, answer;
    int fd = -1;
    if (channel_send(&warden->monitor, &ask, -1, err) != 0 ||
        channel_receive(&warden->monitor, &answer, &fd, err) != 1 || answer.type != MESSAGE_LOOKED)
        return -1;
    if (fd < 0) {
        error_set(err, ERROR_BOX_MISSING, "the strongbox cannot be opened: %s",
                  strerror(answer.body.looked.system_error));
        return 0;
    }
    int seen = box_file_read_version(fd, version, err) == 0 ? 1 : 0;
    (void)close(fd);
    return seen;
}

/* What a fault of a round is about, in words of the configuration. */
static void explain(const struct warden *warden, const struct message_result *result,
                    struct error *err) {
    const struct config *config = &warden->config;
    error_set(err, (enum error_code)result->code, "%s", "");
    if (result->has_position == 0)
        return;
    if (result->code == ERROR_SECRET_MISSING && result->position < config->secret_count) {
        const struct config_secret *secret = &config->secrets[result->position];
        error_set(err, ERROR_SECRET_MISSING, "secret \"%s\": the strongbox has no entry \"%s\"",
                  secret->name, secret->path);
        error_at(err, "arrestor.yaml", secret->line, secret->column);
        (void)error_todo(err, "arrestor strongbox set %s", secret->path);
    } else if (result->position < config->file_count) {
        const struct config_file *file = &config->files[result->position];
        error_set(err, (enum error_code)result->code, "file \"%s\": %s", file->name,
                  error_text((enum error_code)result->code));
        error_at(err, "arrestor.yaml", file->line, file->column);
    }
}

/* One round, asked for and awaited. 0, or -1 when the conversation is over. */
static int run_round(struct warden *warden, enum round_task task, uint64_t generation,
                     struct error *err) {
    struct message ask = {.type = MESSAGE_ROUND,
                          .body.round = {.round = ++warden->round,
                                         .task = task,
                                         .generation = generation}},
                   answer;
    if (channel_send(&warden->monitor, &ask, -1, err) != 0 ||
        channel_receive(&warden->monitor, &answer, NULL, err) != 1 || answer.type != MESSAGE_ENDED)
        return -1;
    const struct message_result *result = &answer.body.result;
    if (task == TASK_RETIRE) {
        plan_on_retired(&warden->plan);
        return 0;
    }
    if (result->code == ERROR_OK) {
        plan_on_published(&warden->plan, clock_now_ms(), result->version, result->generation);
        return 0;
    }
    plan_on_failed(&warden->plan, clock_now_ms());
    if (result->said == 0) {
        explain(warden, result, err);
        (void)role_fail(ROLE_WARDEN, err);
    }
    return 0;
}

static int look(struct warden *warden, struct error *err) {
    uint64_t version = 0;
    int seen = look_at_store(warden, &version, err);
    if (seen < 0)
        return -1;
    if (seen == 0) {
        plan_on_blind(&warden->plan, clock_now_ms());
        /* Before the first set the round that follows tells what is wrong. */
        bool first = warden->plan.generation == 0;
        if (!warden->blind && !first)
            (void)role_fail(ROLE_WARDEN, err);
        warden->blind = true;
        return first ? run_round(warden, TASK_PUBLISH, 0, err) : 0;
    }
    warden->blind = false;
    return plan_on_version(&warden->plan, clock_now_ms(), version)
               ? run_round(warden, TASK_PUBLISH, 0, err)
               : 0;
}

/* Follows the plan until the channel ends. */
static int follow_plan(struct warden *warden, struct error *err) {
    for (;;) {
        uint64_t now = clock_now_ms(), until = now;
        enum plan_step step = plan_next(&warden->plan, now, &until);
        int result = 0;
        if (step == PLAN_LOOK)
            result = look(warden, err);
        else if (step == PLAN_RETIRE)
            result = run_round(warden, TASK_RETIRE, warden->plan.generation - 1, err);
        else if (channel_wait(&warden->monitor, (int)(until - now), err) != 0)
            result = -1; /* monitor never speaks first: it has closed */
        if (result != 0)
            return 0;
    }
}

/* Says what in the configuration works but may surprise, one line each. */
static void say_lint(const struct warden *warden) {
    struct buffer out = buffer_make(LIMIT_CONFIG_BYTES);
    struct error note;
    config_lint(&warden->config, &out);
    for (size_t start = 0; start < out.length;) {
        size_t length = strcspn(out.data + start, "\n");
        error_set(&note, ERROR_CONFIG, "%.*s", (int)length, out.data + start);
        error_at(&note, "arrestor.yaml", 0, 0);
        (void)command_fail(&note);
        start += length + 1;
    }
    buffer_free(&out);
}

int warden_role(const struct role_start *start) {
    struct warden warden = {.arena = arena_make(LIMIT_ARENA_BYTES)};
    uint64_t version = 0, generation = 0;
    size_t seed = 1;
    struct error err;
    /* Else jansson would open /dev/urandom at its first object. */
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return error_status(ERROR_SYSTEM);
    json_object_seed(seed | 1u);
    if (role_enter(start, NULL, 0, &warden.monitor, &err) != 0)
        return role_fail(ROLE_WARDEN, &err);
    if (config_load(role_slot(ROLE_WARDEN, SLOT_CONFIG), "arrestor.yaml", &warden.arena,
                    &warden.config, &err) != 0 ||
        tell_setup(&warden, &err) != 0)
        return role_fail(ROLE_WARDEN, &err);
    if (warden.config.file_count == 0)
        return channel_wait(&warden.monitor, -1, &err) < 0;
    read_leases(&version, &generation);
    if (generation == 0) /* else an earlier warden has said it */
        say_lint(&warden);
    warden.plan = plan_make(clock_now_ms(), warden.config.poll_ms, warden.config.overlap_ms,
                            version, generation);
    int result = follow_plan(&warden, &err);
    arena_free(&warden.arena);
    return result;
}
