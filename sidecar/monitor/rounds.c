#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/base/clock.h"
#include "sidecar/base/command.h"
#include "sidecar/monitor/monitor.h"
#include "sidecar/strongbox/box_default.h"
#include "sidecar/strongbox/box_file.h"

/* The descriptors of one round, closed together once both roles have theirs. */
struct round_files {
    int box, key, peer[2];
};

static void close_files(struct round_files *files) {
    const int fds[] = {files->box, files->key, files->peer[0], files->peer[1]};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

static int store_path(const struct monitor *m, bool key, char *path, size_t size,
                      struct error *err) {
    const char *named = key ? m->setup.key : m->setup.box;
    if (named[0] != '\0') {
        /* A relative path is meant from where arrestor.yaml lies. */
        const char *slash = m->config_path != NULL ? strrchr(m->config_path, '/') : NULL;
        int prefix = named[0] == '/' || slash == NULL ? 0 : (int)(slash - m->config_path) + 1;
        int length = snprintf(path, size, "%.*s%s", prefix, m->config_path, named);
        return length > 0 && (size_t)length < size
                   ? 0
                   : error_set(err, ERROR_CONFIG, "the path of the strongbox is too long");
    }
    return key ? box_default_key(m->environment, geteuid(), path, size, err)
               : box_default_path(m->environment, geteuid(), path, size, err);
}

/* Opens box or key for a role; what is wrong with it is said here, because only
 * monitor knows the path. */
static int open_store_file(struct monitor *m, bool key, struct error *err) {
    char path[LIMIT_PATH];
    if (store_path(m, key, path, sizeof path, err) != 0)
        return -1;
    return key ? box_file_open_key(path, err) : box_file_open(path, err);
}

static int open_files(struct monitor *m, struct round_files *files, struct error *err) {
    *files = (struct round_files){-1, -1, {-1, -1}};
    files->box = open_store_file(m, false, err);
    if (files->box < 0)
        return -1;
    files->key = open_store_file(m, true, err);
    if (files->key < 0)
        return -1;
    return channel_pair(files->peer, err);
}

static int start_place(struct monitor *m, int peer, bool compare, struct error *err) {
    int fds[SLOTS];
    spawn_clear_slots(fds);
    fds[SLOT_CONFIG] = m->config;
    fds[SLOT_PEER] = peer;
    fds[SLOT_DIR] = m->directories[DIRECTORY_SET].fd;
    fds[SLOT_STATE] = m->directories[DIRECTORY_STATE].fd;
    if (compare) {
        fds[SLOT_LAUNCH] = m->directories[DIRECTORY_LAUNCH].fd;
        fds[SLOT_ARGUMENTS] = m->arguments;
        fds[SLOT_ENVIRONMENT] = m->recorded;
        fds[SLOT_MERGED] = m->merged;
    }
    return spawn_role(m, ROLE_PLACE, fds, err) == NULL ? -1 : 0;
}

static int start_fetch(struct monitor *m, const struct round_files *files, struct error *err) {
    int fds[SLOTS];
    spawn_clear_slots(fds);
    fds[SLOT_CONFIG] = m->config;
    fds[SLOT_BOX] = files->box;
    fds[SLOT_KEY] = files->key;
    fds[SLOT_PEER] = files->peer[0];
    return spawn_role(m, ROLE_FETCH, fds, err) == NULL ? -1 : 0;
}

static int send_task(struct monitor *m, enum role role, const struct message_round *task,
                     struct error *err) {
    struct message message = {.type = MESSAGE_TASK, .body.round = *task};
    struct child *child = spawn_find(m, role);
    if (child == NULL)
        return error_set(err, ERROR_CHILD, "%s ended before it had its task", role_name(role));
    return channel_send(&child->channel, &message, -1, err);
}

/* Both start together; each climbs its ladder and waits for its task. */
static int start_round(struct monitor *m, struct message_round *task, struct error *err) {
    struct round_files files = {-1, -1, {-1, -1}};
    bool publish = task->task == TASK_PUBLISH;
    int result = publish ? open_files(m, &files, err) : 0;
    if (result == 0)
        result = start_place(m, files.peer[1], task->compare != COMPARE_NOT, err);
    if (result == 0 && publish)
        result = start_fetch(m, &files, err);
    close_files(&files);
    if (result == 0 && publish)
        result = send_task(m, ROLE_FETCH, task, err);
    return result == 0 ? send_task(m, ROLE_PLACE, task, err) : -1;
}

static void finish_round(struct monitor *m, const struct message_result *outcome) {
    struct message message = {.type = MESSAGE_ENDED, .body.result = *outcome};
    struct child *warden = spawn_find(m, ROLE_WARDEN);
    struct error err;
    bool publish = m->round.task == TASK_PUBLISH;
    message.body.result.round = m->round.number;
    m->round.running = false;
    spawn_hang_up(spawn_find(m, ROLE_FETCH));
    spawn_hang_up(spawn_find(m, ROLE_PLACE));
    if (publish && outcome->code == ERROR_OK)
        monitor_say("generation %llu: %u file%s in %s", (unsigned long long)outcome->generation,
                    outcome->files, outcome->files == 1 ? "" : "s",
                    m->directories[DIRECTORY_SET].path);
    if (publish && !m->first_round_over) {
        m->first_round_over = true;
        m->first_round_code = (enum error_code)outcome->code;
    }
    if (warden != NULL && warden->channel.fd >= 0)
        (void)channel_send(&warden->channel, &message, -1, &err);
}

static void fail_round(struct monitor *m, const struct error *err) {
    struct message_result outcome = {.code = err->code};
    (void)command_fail(err);
    outcome.said = 1;
    finish_round(m, &outcome);
}

void round_begin(struct monitor *m, const struct message_round *asked) {
    struct message_round task = *asked;
    struct error err;
    error_clear(&err);
    task.compare = m->job_started       ? COMPARE_NOT
                   : m->setup.warn != 0 ? COMPARE_WARN
                                        : COMPARE_REFUSE;
    task.file_mode = m->identity.drops ? 0440 : 0400;
    m->round = (struct round){.running = true,
                              .number = task.round,
                              .task = task.task,
                              .fetch_over = task.task == TASK_RETIRE,
                              .deadline = clock_now_ms() + LIMIT_ROUND_MS};
    if (start_round(m, &task, &err) != 0)
        fail_round(m, &err);
}

/* The path belongs to what fetch says of the box, and only monitor knows it. */
static bool say_store_fault(const struct monitor *m, const struct message_result *result) {
    struct error err, ignored;
    char path[LIMIT_PATH];
    if (result->has_position != 0 || error_status((enum error_code)result->code) != 6 ||
        store_path(m, result->code == ERROR_BOX_KEY, path, sizeof path, &ignored) != 0)
        return false;
    error_set(&err, (enum error_code)result->code, "%s", "");
    error_at(&err, path, 0, 0);
    (void)command_fail(&err);
    return true;
}

/* Both must have told, or ended: what fetch says of its memory counts also when
 * place was faster, and place ends without a word where fetch has failed. */
static void settle_round(struct monitor *m) {
    struct round *round = &m->round;
    struct error err;
    bool fetch_failed = round->fetch_told && round->fetch.code != ERROR_OK;
    bool fetch_done = round->fetch_told || round->fetch_over;
    if (fetch_failed || (round->place_told && fetch_done)) {
        struct message_result outcome = fetch_failed ? round->fetch : round->place;
        outcome.said = say_store_fault(m, &outcome);
        finish_round(m, &outcome);
    } else if (round->place_over && fetch_done) {
        error_set(&err, ERROR_CHILD, "a round ended before its work was done");
        fail_round(m, &err);
    }
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

void round_record(struct monitor *m, struct child *child, const struct message *message) {
    struct round *round = &m->round;
    if (message->type == MESSAGE_COLLISION) {
        say_collision(&message->body.collision);
        return;
    }
    const struct message_result *result = &message->body.result;
    if (!round->running || result->round != round->number || result->code >= ERROR_CODES)
        return;
    if (child->role == ROLE_FETCH) {
        round->fetch_told = true;
        round->fetch = *result;
        if (result->code == ERROR_OK)
            m->worst.state[PROTECTION_SECRET_MEMORY] = (uint8_t)result->secret_memory;
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
    round->fetch_over = round->fetch_over || child->role == ROLE_FETCH;
    round->place_over = round->place_over || child->role == ROLE_PLACE;
    settle_round(m);
}

void round_timeout(struct monitor *m) {
    struct error err;
    if (!m->round.running || clock_now_ms() < m->round.deadline)
        return;
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++)
        if (m->children[i].pid != 0 &&
            (m->children[i].role == ROLE_FETCH || m->children[i].role == ROLE_PLACE))
            (void)kill(m->children[i].pid, SIGKILL);
    error_set(&err, ERROR_STORE, "a round took longer than %d seconds", LIMIT_ROUND_MS / 1000);
    fail_round(m, &err);
}

void round_look(struct monitor *m, struct child *warden, const struct message_look *look) {
    struct message message = {.type = MESSAGE_LOOKED, .body.looked.store = look->store};
    struct error err;
    char path[LIMIT_PATH];
    int fd = -1;
    errno = ENOENT;
    if (store_path(m, false, path, sizeof path, &err) == 0)
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    message.body.looked.system_error = fd < 0 ? errno : 0;
    (void)channel_send(&warden->channel, &message, fd, &err);
    if (fd >= 0)
        (void)close(fd);
}
