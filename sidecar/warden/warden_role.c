#include "sidecar/warden/warden_role.h"

#include <jansson.h>
#include <limits.h>
#include <malloc.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/clock.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/config/config.h"
#include "sidecar/confine/role_table.h"
#include "sidecar/lease/lease_table.h"
#include "sidecar/strongbox/box_file.h"
#include "sidecar/warden/plan.h"
#include "sidecar/warden/redirect.h"
#include "sidecar/warden/setup.h"
#include "sidecar/warden/warden_say.h"

struct warden {
    struct arena arena;
    struct config config;
    char digest[LEASE_DIGEST_BYTES];
    struct channel monitor;
    struct plan plan;
    int64_t ahead; /* wall clock before monotonic clock, as the round began */
};

static int tell_setup(const struct warden *warden, struct error *err) {
    struct message message = {.type = MESSAGE_SETUP};
    return setup_fill(&warden->config, &message.body.setup, err) != 0
               ? -1
               : channel_send(&warden->monitor, &message, -1, err);
}

static int read_config(struct warden *warden, struct error *err) {
    int fd = role_slot(ROLE_WARDEN, SLOT_CONFIG);
    struct buffer text = buffer_make(LIMIT_CONFIG_BYTES);
    int result = config_load(fd, "arrestor.yaml", &warden->arena, &warden->config, err);
    if (result == 0)
        result = config_load_environment(role_slot(ROLE_WARDEN, SLOT_STORE_ENV), &warden->arena,
                                         &warden->config, err);
    if (result == 0 && fd >= 0)
        result = file_read(fd, "arrestor.yaml", &text, err);
    if (result == 0)
        lease_digest(text.data != NULL ? text.data : "", text.length, warden->digest);
    buffer_free(&text);
    return result;
}

/* Closes fd. false where there is no table, or none that can be read: then a round
 * makes a new one. */
static bool read_table(int fd, struct arena *arena, struct lease_table *ret) {
    struct buffer text = buffer_make(LIMIT_LEASE_BYTES);
    struct error err;
    bool found =
        fd >= 0 && file_read(fd, "leases", &text, &err) == 0 &&
        lease_table_parse(text.data != NULL ? text.data : "", text.length, arena, ret, &err) == 0;
    if (fd >= 0)
        (void)close(fd);
    buffer_free(&text);
    return found;
}

/* Whether the set was made from this table and by this configuration. */
static bool is_current(const struct warden *warden, const struct lease_table *table,
                       uint64_t generation) {
    const struct config *config = &warden->config;
    if (generation == 0 || table->generation != generation ||
        strcmp(table->config, warden->digest) != 0 || table->count != config->secret_count)
        return false;
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->leases[i].name, config->secrets[i].name) != 0)
            return false;
    return true;
}

/* Waits until warden may begin. 1 it may; 0 the conversation is over; -1. */
static int hear_standing(struct warden *warden, struct error *err) {
    struct message message;
    struct lease_table table;
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    int fd = -1, got = channel_receive(&warden->monitor, &message, &fd, err);
    if (got != 1)
        return got;
    if (message.type != MESSAGE_STANDING)
        return error_set(err, ERROR_PROTOCOL, "monitor says %s first", message_name(message.type));
    uint64_t generation = message.body.standing.generation;
    bool found = read_table(fd, &arena, &table);
    if (!found && generation == 0) /* else an earlier warden has said it */
        warden_say_lint(&warden->config);
    plan_on_standing(&warden->plan, clock_now_ms(), clock_wall_ms(), generation,
                     found ? &table : NULL, found && is_current(warden, &table, generation));
    arena_free(&arena);
    return 1;
}

/* Asks monitor for the box and reads its version. 0, or -1 when the conversation
 * is over. */
static int look(struct warden *warden, struct error *err) {
    struct message ask = {.type = MESSAGE_LOOK, .body.look.store = STORE_STRONGBOX}, answer;
    uint64_t version;
    int fd = -1;
    if (channel_send(&warden->monitor, &ask, -1, err) != 0 ||
        channel_receive(&warden->monitor, &answer, &fd, err) != 1 || answer.type != MESSAGE_LOOKED)
        return -1;
    if (fd >= 0 && box_file_read_version(fd, &version, err) == 0)
        plan_on_looked(&warden->plan, clock_now_ms(), version);
    else
        plan_on_blind(&warden->plan, clock_now_ms());
    if (fd >= 0)
        (void)close(fd);
    return 0;
}

static struct plan_outcome read_result(const struct warden *warden,
                                       const struct message_result *result) {
    bool known = result->code < ERROR_CODES;
    return (struct plan_outcome){
        .code = known ? (enum error_code)result->code : ERROR_INTERNAL,
        .has_position = result->has_position != 0,
        .position = result->position,
        .said = result->said != 0,
        .changed = result->changed != 0,
        .generation = result->generation,
        .version = result->version,
        .renewable = result->renewable != 0,
        .token_ms = result->token_ms,
        .redirect = result->code == ERROR_STORE_REDIRECT
                        ? redirect_find(&warden->config.vault, result->location, NULL)
                        : -1};
}

static int64_t wall_ahead(void) {
    return (int64_t)clock_wall_ms() - (int64_t)clock_now_ms();
}

static bool was_clock_set(const struct warden *warden) {
    int64_t moved = wall_ahead() - warden->ahead;
    return moved > LIMIT_SKEW_MS || moved < -LIMIT_SKEW_MS;
}

/* Plans by how a round ended, and says what people should hear. Closes fd. */
static void take_result(struct warden *warden, const struct plan_action *action,
                        const struct message_result *result, int fd) {
    struct plan *plan = &warden->plan;
    struct plan_outcome outcome = read_result(warden, result);
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct lease_table table;
    enum plan_note note = plan_on_ended(plan, clock_now_ms(), &outcome);
    if (!read_table(fd, &arena, &table) || was_clock_set(warden))
        plan_on_no_table(plan);
    else
        plan_on_table(plan, clock_now_ms(), clock_wall_ms(), &table);
    arena_free(&arena);
    if (action->step == PLAN_WITHDRAW)
        warden_say_withdrawn(plan, result);
    warden_say_ended(&warden->config, plan, note, result, action->address);
}

/* One round, asked for and awaited. 0, or -1 when the conversation is over. */
static int run_round(struct warden *warden, const struct plan_action *action, struct error *err) {
    static const enum round_task tasks[] = {[PLAN_PUBLISH] = TASK_PUBLISH,
                                            [PLAN_RETIRE] = TASK_RETIRE,
                                            [PLAN_WITHDRAW] = TASK_WITHDRAW};
    struct message answer, ask = {.type = MESSAGE_ROUND,
                                  .body.round = {.task = tasks[action->step],
                                                 .flags = action->flags,
                                                 .address = action->address,
                                                 .generation = action->generation,
                                                 .before_ms = action->before_ms}};
    int fd = -1;
    plan_on_begun(&warden->plan, action);
    warden->ahead = wall_ahead();
    if (channel_send(&warden->monitor, &ask, -1, err) != 0 ||
        channel_receive(&warden->monitor, &answer, &fd, err) != 1 || answer.type != MESSAGE_ENDED)
        return -1;
    take_result(warden, action, &answer.body.result, fd);
    return 0;
}

static int give_up(struct warden *warden, const struct plan_action *action, struct error *err) {
    struct message message = {.type = MESSAGE_GIVE_UP, .body.give_up.code = action->code};
    uint64_t waited = clock_now_ms() - warden->plan.started;
    if (warden->plan.failures > 1)
        warden_say_given_up(&warden->plan, waited);
    if (channel_send(&warden->monitor, &message, -1, err) == 0)
        (void)channel_wait(&warden->monitor, -1, err);
    return -1;
}

/* Nothing until then; monitor never speaks first, so a record is its end. */
static int wait_until(struct warden *warden, uint64_t now, uint64_t until, struct error *err) {
    uint64_t pause = until - now;
    int timeout = until == PLAN_NEVER ? -1 : pause > INT_MAX ? INT_MAX : (int)pause;
    return channel_wait(&warden->monitor, timeout, err) != 0 ? -1 : 0;
}

/* Follows the plan until the channel ends. */
static void follow_plan(struct warden *warden, struct error *err) {
    int result = 0;
    while (result == 0) {
        uint64_t now = clock_now_ms();
        struct plan_action action = plan_next(&warden->plan, now);
        if (action.step == PLAN_WAIT) {
            /* What the configuration and the lease table took goes back: at rest we
             * hold what we need, and a poll comes once a minute. */
            (void)malloc_trim(0);
            result = wait_until(warden, now, action.until, err);
        } else if (action.step == PLAN_LOOK) {
            result = look(warden, err);
        } else if (action.step == PLAN_GIVE_UP) {
            result = give_up(warden, &action, err);
        } else {
            result = run_round(warden, &action, err);
        }
    }
}

static struct plan_settings make_settings(const struct config *config, uint64_t seed) {
    return (struct plan_settings){.poll_ms = config->poll_ms,
                                  .overlap_ms = config->overlap_ms,
                                  .wait_ms = config->wait_ms,
                                  .grace_ms = config->grace_ms,
                                  .addresses = (uint32_t)config->vault.address_count,
                                  .looks = config_stores(config) == 1u << STORE_STRONGBOX,
                                  .logs_in = config->vault.auth == VAULT_AUTH_APPROLE,
                                  .seed = seed};
}

int warden_role(const struct role_start *start) {
    struct warden warden = {.arena = arena_make(LIMIT_ARENA_BYTES)};
    uint64_t seed = 1;
    struct error err;
    /* Else jansson would open /dev/urandom at its first object. */
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return error_status(ERROR_SYSTEM);
    json_object_seed((size_t)seed | 1u);
    if (role_enter(start, NULL, 0, &warden.monitor, &err) != 0 || read_config(&warden, &err) != 0 ||
        tell_setup(&warden, &err) != 0)
        return role_fail(ROLE_WARDEN, &err);
    struct plan_settings settings = make_settings(&warden.config, seed);
    warden.plan = plan_make(&settings);
    if (hear_standing(&warden, &err) == 1) {
        if (warden.config.file_count > 0)
            follow_plan(&warden, &err);
        else /* nothing is delivered: warden is there until monitor ends */
            (void)channel_wait(&warden.monitor, -1, &err);
    }
    arena_free(&warden.arena);
    return 0;
}
