#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/clock.h"
#include "sidecar/base/command.h"
#include "sidecar/monitor/monitor.h"

/* The sockets between the roles of one round: each end goes to its role and is
 * closed here. */
struct round_pairs {
    int dial[2], place[2];
};

static void close_pair(int fds[2]) {
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
        fds[i] = -1;
    }
}

static bool uses_network(const struct monitor *m) {
    return (m->setup.stores & STORES_NETWORK) != 0;
}

static enum role fetch_of(const struct monitor *m) {
    return uses_network(m) ? ROLE_FETCH_NET : ROLE_FETCH;
}

static int start_dial(struct monitor *m, int fds[SLOTS], int socket, struct error *err) {
    fds[SLOT_DIAL] = socket;
    return spawn_role(m, ROLE_DIAL, fds, err) == NULL ? -1 : 0;
}

static int start_fetch(struct monitor *m, int fds[SLOTS], const struct round_pairs *pairs,
                       struct error *err) {
    fds[SLOT_DIAL] = pairs->dial[1];
    fds[SLOT_PEER] = pairs->place[0];
    return spawn_role(m, fetch_of(m), fds, err) == NULL ? -1 : 0;
}

static int start_place(struct monitor *m, int fds[SLOTS], int peer, bool compare,
                       struct error *err) {
    fds[SLOT_PEER] = peer;
    fds[SLOT_DIR] = directories_reopen(m, DIRECTORY_SET);
    fds[SLOT_STATE] = directories_reopen(m, DIRECTORY_STATE);
    if (compare) {
        fds[SLOT_LAUNCH] = m->directories[DIRECTORY_LAUNCH].fd;
        fds[SLOT_ARGUMENTS] = m->arguments;
        fds[SLOT_ENVIRONMENT] = m->recorded;
        fds[SLOT_MERGED] = m->merged;
    }
    int result = spawn_role(m, ROLE_PLACE, fds, err) == NULL ? -1 : 0;
    for (int i = 0; i < 2; i++)
        if (fds[i == 0 ? SLOT_DIR : SLOT_STATE] >= 0)
            (void)close(fds[i == 0 ? SLOT_DIR : SLOT_STATE]);
    return result;
}

/* Which roles a task has. */
static const struct {
    bool fetches, places;
} task_roles[ROUND_TASKS] = {[TASK_PUBLISH] = {true, true},
                             [TASK_RETIRE] = {false, true},
                             [TASK_WITHDRAW] = {false, true},
                             [TASK_REVOKE] = {true, false}};

static int send_task(struct monitor *m, enum role role, const struct message_round *task,
                     struct error *err) {
    struct message message = {.type = MESSAGE_TASK, .body.round = *task};
    struct child *child = spawn_find(m, role);
    if (child == NULL)
        return error_set(err, ERROR_CHILD, "%s ended before it had its task", role_name(role));
    return channel_send(&child->channel, &message, -1, err);
}

static int start_fetching(struct monitor *m, enum round_task task, int fds[SLOTS],
                          struct round_pairs *pairs, struct error *err) {
    if (round_files_open(m, task, fds, err) != 0 || channel_pair(pairs->place, err) != 0)
        return -1;
    fds[SLOT_CONFIG] = m->config;
    fds[SLOT_STORE_ENV] = m->store_environment;
    fds[SLOT_PASSPHRASE] = fds[SLOT_KEY] >= 0 ? m->passphrase : -1;
    if (!uses_network(m))
        return start_fetch(m, fds, pairs, err);
    if (m->fetch_path == NULL)
        return error_set(err, ERROR_SYSTEM, "arrestor-fetch does not lie beside arrestor");
    if (channel_pair(pairs->dial, err) != 0 || start_fetch(m, fds, pairs, err) != 0)
        return -1;
    return start_dial(m, fds, pairs->dial[0], err);
}

/* All start together, the slowest first; each climbs its ladder and waits for its
 * task. */
static int start_round(struct monitor *m, const struct message_round *task, struct error *err) {
    struct round_pairs pairs = {{-1, -1}, {-1, -1}};
    bool fetches = task_roles[task->task].fetches, places = task_roles[task->task].places;
    int fds[SLOTS], result = 0;
    spawn_clear_slots(fds);
    if (fetches)
        result = start_fetching(m, (enum round_task)task->task, fds, &pairs, err);
    if (result == 0 && places) {
        fds[SLOT_CONFIG] = m->config;
        result = start_place(m, fds, pairs.place[1], task->compare != COMPARE_NOT, err);
    }
    round_files_close(fds);
    close_pair(pairs.dial);
    close_pair(pairs.place);
    if (result == 0 && fetches && uses_network(m))
        result = send_task(m, ROLE_DIAL, task, err);
    if (result == 0 && fetches)
        result = send_task(m, fetch_of(m), task, err);
    return result == 0 && places ? send_task(m, ROLE_PLACE, task, err) : result;
}

/* A warden that waits to hear what stands has not asked for this round. */
static void tell_warden(struct monitor *m, const struct message_result *outcome) {
    struct message message = {.type = MESSAGE_ENDED, .body.result = *outcome};
    struct child *warden = m->standing_due ? NULL : spawn_get(m, m->warden);
    if (warden == NULL)
        return;
    message.body.result.round = m->round.number;
    int leases = directories_open_state(m, "leases");
    spawn_tell(warden, &message, leases);
    if (leases >= 0)
        (void)close(leases);
}

static void note_trapped(struct monitor *m, uint32_t trapped) {
    uint8_t *worst = &m->worst.state[PROTECTION_SECCOMP];
    if (trapped > 0 && *worst > STATE_DEGRADED)
        *worst = STATE_DEGRADED;
}

static void finish_round(struct monitor *m, const struct message_result *outcome) {
    static const enum role roles[] = {ROLE_DIAL, ROLE_FETCH, ROLE_FETCH_NET, ROLE_PLACE};
    m->round.running = false;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        spawn_hang_up(spawn_find(m, roles[i]));
    if (outcome->changed != 0)
        monitor_say("generation %llu: %u file%s in %s", (unsigned long long)outcome->generation,
                    outcome->files, outcome->files == 1 ? "" : "s",
                    m->directories[DIRECTORY_SET].path);
    m->set_stands = m->set_stands || outcome->changed != 0;
    m->published = m->published || outcome->changed != 0;
    if (m->round.task == TASK_PUBLISH && outcome->code == ERROR_OK) {
        m->set_stands = true;
        m->told_fault = ERROR_OK;
        m->address = m->round.address;
    }
    note_trapped(m, outcome->trapped);
    if (m->round.task != TASK_REVOKE)
        tell_warden(m, outcome);
    else if (outcome->code != ERROR_OK)
        monitor_say("the store token could not be revoked, and ends by itself: %s",
                    error_text((enum error_code)outcome->code));
}

/* A fault that lasts is tried again and again, and said once. */
static void say_once(struct monitor *m, const struct error *err) {
    if (m->told_fault != err->code)
        (void)command_fail(err);
    m->told_fault = err->code;
}

static void fail_round(struct monitor *m, const struct error *err) {
    struct message_result outcome = {.code = err->code};
    say_once(m, err);
    outcome.said = 1;
    finish_round(m, &outcome);
}

/* Numbered here: a warden that starts begins anew, and what is left of a round of the
 * one before must not be taken for its own. */
static void begin(struct monitor *m, struct message_round *task, uint64_t life_ms) {
    struct error err;
    error_clear(&err);
    task->round = m->round.number + 1;
    m->round = (struct round){.running = true,
                              .address = task->address,
                              .number = task->round,
                              .task = task->task,
                              .fetch_over = !task_roles[task->task].fetches,
                              .place_over = !task_roles[task->task].places,
                              .deadline = clock_now_ms() + life_ms};
    if (start_round(m, task, &err) != 0)
        fail_round(m, &err);
}

void round_begin(struct monitor *m, const struct message_round *asked) {
    struct message_round task = *asked;
    task.compare = m->kind != KIND_RUN || m->job_started ? COMPARE_NOT
                   : m->setup.warn != 0                  ? COMPARE_WARN
                                                         : COMPARE_REFUSE;
    task.file_mode = m->identity.drops ? 0440 : 0400;
    begin(m, &task, LIMIT_ROUND_MS);
}

bool round_begin_revoke(struct monitor *m) {
    struct message_round task = {.task = TASK_REVOKE, .address = m->address};
    int session = uses_network(m) ? directories_open_state(m, "session") : -1;
    if (session < 0)
        return false;
    (void)close(session);
    begin(m, &task, LIMIT_REVOKE_MS);
    return true;
}

static bool is_box_fault(uint32_t code) {
    return code >= ERROR_BOX_MISSING && code <= ERROR_BOX_NAME;
}

/* The path belongs to what fetch says of the box, and only monitor knows it. */
static bool say_store_fault(struct monitor *m, const struct message_result *result) {
    struct error err, ignored;
    char path[LIMIT_PATH];
    if (result->has_position != 0 || !is_box_fault(result->code) ||
        round_box_path(m, result->code == ERROR_BOX_KEY, path, sizeof path, &ignored) != 0)
        return false;
    error_set(&err, (enum error_code)result->code, "%s", "");
    error_at(&err, path, 0, 0);
    say_once(m, &err);
    return true;
}

/* What fetch alone knows, beside what place tells. */
static struct message_result join_results(const struct round *round) {
    struct message_result outcome = round->place_told ? round->place : round->fetch;
    const struct message_result *fetch = &round->fetch;
    if (!round->fetch_told)
        return outcome;
    if (fetch->code != ERROR_OK) {
        /* A set of an earlier round may be published all the same. */
        outcome = *fetch;
        if (round->place_told) {
            outcome.changed = round->place.changed;
            outcome.generation = round->place.generation;
            outcome.files = round->place.files;
        }
    }
    outcome.secret_memory = fetch->secret_memory;
    outcome.detail = fetch->detail;
    outcome.trapped = fetch->trapped;
    outcome.renewable = fetch->renewable;
    outcome.token_ms = fetch->token_ms;
    outcome.version = fetch->version;
    memcpy(outcome.location, fetch->location, sizeof outcome.location);
    return outcome;
}

/* Both must have told, or ended: what fetch says of its memory counts also when
 * place was faster, and place writes down where fetch has failed. */
static void settle_round(struct monitor *m) {
    struct round *round = &m->round;
    struct error err;
    if (!(round->fetch_told || round->fetch_over) || !(round->place_told || round->place_over))
        return;
    bool fetch_failed = round->fetch_told && round->fetch.code != ERROR_OK;
    bool done = task_roles[round->task].places ? round->place_told : round->fetch_told;
    if (!fetch_failed && !done) {
        error_set(&err, ERROR_CHILD, "a round ended before its work was done");
        fail_round(m, &err);
        return;
    }
    struct message_result outcome = join_results(round);
    outcome.said = say_store_fault(m, &outcome);
    finish_round(m, &outcome);
}

static void say_collision(const struct message_collision *collision) {
    static const struct {
        const char *before, *after;
    } kinds[COLLISION_KINDS] = {
        [COLLISION_ARGUMENT] = {"the command line, word ", ""},
        [COLLISION_ENVIRONMENT] = {"the environment, variable ", ""},
        [COLLISION_PROPERTY] = {"the properties, key ", ""},
        [COLLISION_FILE] = {"the configuration directory, ", ", line "},
    };
    char number[16] = "";
    if (collision->kind >= COLLISION_KINDS)
        return;
    if (collision->kind == COLLISION_ARGUMENT || collision->kind == COLLISION_FILE)
        (void)snprintf(number, sizeof number, "%u", collision->index);
    monitor_say("PLAINTEXT-LAUNCH-001: a secret that is delivered stands in plain text in %s%s%s%s",
                kinds[collision->kind].before,
                collision->kind == COLLISION_ARGUMENT ? "" : collision->name,
                kinds[collision->kind].after, number);
}

static void note_memory(struct monitor *m, uint8_t state) {
    uint8_t *worst = &m->worst.state[PROTECTION_SECRET_MEMORY];
    if (state != STATE_UNTOLD && (*worst == STATE_UNTOLD || state < *worst))
        *worst = state;
}

void round_record(struct monitor *m, struct child *child, const struct message *message) {
    struct round *round = &m->round;
    if (message->type == MESSAGE_COLLISION) {
        say_collision(&message->body.collision);
        return;
    }
    const struct message_result *result = &message->body.result;
    if (!round->running || result->round != round->number || result->code >= ERROR_CODES)
        return;
    if (child->role == ROLE_DIAL) {
        note_trapped(m, result->trapped);
        return;
    }
    if (child->role != ROLE_PLACE) {
        round->fetch_told = true;
        round->fetch = *result;
        if (result->code == ERROR_OK)
            note_memory(m, (uint8_t)result->secret_memory);
    } else {
        round->place_told = true;
        round->place = *result;
    }
    settle_round(m);
}

void round_child_over(struct monitor *m, const struct child *child) {
    struct round *round = &m->round;
    if (!round->running || child->round != round->number)
        return;
    round->fetch_over =
        round->fetch_over || child->role == ROLE_FETCH || child->role == ROLE_FETCH_NET;
    round->place_over = round->place_over || child->role == ROLE_PLACE;
    settle_round(m);
}

void round_timeout(struct monitor *m) {
    struct error err;
    if (!m->round.running || clock_now_ms() < m->round.deadline)
        return;
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++)
        if (m->children[i].pid != 0 && spawn_is_of_round(m->children[i].role))
            (void)kill(m->children[i].pid, SIGKILL);
    error_set(&err, ERROR_STORE_SLOW, "a round took too long, and was ended");
    fail_round(m, &err);
}

void round_look(struct monitor *m, struct child *warden, const struct message_look *look) {
    struct message message = {.type = MESSAGE_LOOKED, .body.looked.store = look->store};
    struct error err;
    char path[LIMIT_PATH];
    int fd = -1;
    errno = ENOENT;
    if (round_box_path(m, false, path, sizeof path, &err) == 0)
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    message.body.looked.system_error = fd < 0 ? errno : 0;
    spawn_tell(warden, &message, fd);
    if (fd >= 0)
        (void)close(fd);
}
