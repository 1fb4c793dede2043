#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/clock.h"
#include "sidecar/monitor/monitor.h"

/* A role that dies at once is started again this often, not more. */
#define RESTART_MS 1000

static struct child *spawn_warden(struct monitor *m, int config, struct error *err) {
    int fds[SLOTS];
    spawn_clear_slots(fds);
    fds[SLOT_CONFIG] = config;
    fds[SLOT_STORE_ENV] = m->store_environment;
    return spawn_role(m, ROLE_WARDEN, fds, err);
}

/* Steps until warden `pid` has told its setup or has ended. */
static int await_setup(struct monitor *m, pid_t pid, const bool *told, struct error *err) {
    m->watched = pid;
    m->watched_over = false;
    while (!*told && !m->watched_over)
        if (loop_step(m, -1, err) != 0)
            return -1;
    m->watched = 0;
    return 0;
}

int keep_start_warden(struct monitor *m, struct error *err) {
    const struct child *warden = spawn_warden(m, m->config, err);
    if (warden == NULL)
        return -1;
    m->warden = warden->pid;
    m->standing_due = true;
    if (m->setup_told)
        return 0;
    if (await_setup(m, warden->pid, &m->setup_told, err) != 0)
        return -1;
    if (m->setup_told)
        return 0;
    /* Warden has said what is wrong; its status tells which kind it is. */
    bool refused = WIFEXITED(m->watched_status) &&
                   WEXITSTATUS(m->watched_status) == error_status(ERROR_CONFIG);
    m->said = refused;
    return error_set(err, refused ? ERROR_CONFIG : ERROR_CHILD, "warden did not start");
}

int keep_start_sweep(struct monitor *m, struct error *err) {
    static const struct {
        enum slot inside, parent;
    } slots[DIRECTORIES] = {[DIRECTORY_SET] = {SLOT_DIR, SLOT_DIR_PARENT},
                            [DIRECTORY_STATE] = {SLOT_STATE, SLOT_STATE_PARENT},
                            [DIRECTORY_LAUNCH] = {SLOT_LAUNCH, SLOT_LAUNCH_PARENT}};
    struct message message = {.type = MESSAGE_WIPE};
    int fds[SLOTS];
    spawn_clear_slots(fds);
    if (m->kind == KIND_SIDECAR)
        message.body.wipe.linger_ms = LIMIT_LINGER_MS;
    for (int i = 0; i < DIRECTORIES; i++) {
        const struct memory_directory *directory = &m->directories[i];
        fds[slots[i].inside] = directories_reopen(m, (enum directory_role)i);
        fds[slots[i].parent] = directory->made ? directory->parent : -1;
        message.body.wipe.remove[i] = directory->made;
        (void)message_text(message.body.wipe.name[i], LIMIT_PATH, directory->name);
    }
    const struct child *sweep = spawn_role(m, ROLE_SWEEP, fds, err);
    for (int i = 0; i < DIRECTORIES; i++)
        if (fds[slots[i].inside] >= 0)
            (void)close(fds[slots[i].inside]);
    return sweep == NULL ? -1 : channel_send(&sweep->channel, &message, -1, err);
}

/* Whether role is missing and may be started now. */
static bool is_due(struct monitor *m, enum role role, bool alive) {
    uint64_t now = clock_now_ms();
    if (alive || now < m->restart_at[role])
        return false;
    m->restart_at[role] = now + RESTART_MS;
    return true;
}

static void start_again(struct monitor *m) {
    struct error err;
    int result = 0;
    if (m->set_stands && is_due(m, ROLE_WARDEN, m->warden != 0)) {
        monitor_say("warden is started again; the set stands");
        result = keep_start_warden(m, &err);
    } else if (m->kind != KIND_INIT && is_due(m, ROLE_SWEEP, spawn_is_alive(m, ROLE_SWEEP))) {
        monitor_say("sweep is started again; the set stands");
        result = keep_start_sweep(m, &err);
    }
    if (result != 0)
        (void)command_fail(&err);
}

/* Warden hears it between two rounds only: an answer that was meant for the one
 * before it would confuse it. */
static void tell_standing(struct monitor *m) {
    struct child *warden = spawn_get(m, m->warden);
    struct message message = {.type = MESSAGE_STANDING};
    if (!m->standing_due || m->round.running || warden == NULL || !m->setup_told)
        return;
    int leases = directories_open_state(m, "leases");
    /* init makes its set anew, with the token that is held. */
    if (m->kind != KIND_INIT)
        message.body.standing.generation = directories_generation(m);
    m->set_stands = m->set_stands || message.body.standing.generation > 0;
    m->standing_due = false;
    spawn_tell(warden, &message, leases);
    if (leases >= 0)
        (void)close(leases);
}

/* What cannot change under a set that stands. */
static bool same_place(const struct message_setup *a, const struct message_setup *b) {
    return strcmp(a->dir, b->dir) == 0 && strcmp(a->state, b->state) == 0 &&
           strcmp(a->user, b->user) == 0 && strcmp(a->job_user, b->job_user) == 0 &&
           a->require == b->require;
}

static int hear_candidate(struct monitor *m, int config, struct error *err) {
    const struct child *candidate = spawn_warden(m, config, err);
    if (candidate == NULL)
        return -1;
    m->candidate = candidate->pid;
    m->candidate_told = false;
    if (await_setup(m, m->candidate, &m->candidate_told, err) != 0)
        return -1;
    if (!m->candidate_told)
        return error_set(err, ERROR_CONFIG, "the new arrestor.yaml is not taken");
    if (!same_place(&m->setup, &m->candidate_setup))
        return error_set(err, ERROR_CONFIG,
                         "deliver.dir, deliver.state, user, job-user and require cannot change "
                         "while a set stands");
    if (m->candidate_setup.files == 0)
        return error_set(err, ERROR_CONFIG, "the new arrestor.yaml delivers nothing");
    while (m->round.running && m->end_signal == 0)
        if (loop_step(m, -1, err) != 0)
            return -1;
    return m->end_signal == 0 && spawn_get(m, m->candidate) != NULL
               ? 0
               : error_set(err, ERROR_CHILD, "its warden has ended");
}

/* Steps until no round runs; a running one has its deadline. */
static void await_round(struct monitor *m) {
    struct error err;
    while (m->round.running && loop_step(m, -1, &err) == 0)
        continue;
    m->round.running = false;
}

void keep_revoke(struct monitor *m) {
    /* What it may have just been given must be known, or it is never revoked. */
    if (m->round.running && m->round.deadline > clock_now_ms() + LIMIT_REVOKE_MS)
        m->round.deadline = clock_now_ms() + LIMIT_REVOKE_MS;
    await_round(m);
    if (round_begin_revoke(m))
        await_round(m);
}

/* The new warden takes over whole, or the old one goes on. */
static void reload(struct monitor *m) {
    struct error err;
    m->reload = false;
    int config = m->config_path == NULL ? -1 : credentials_seal_config(m, &err);
    if (m->config_path == NULL)
        (void)error_set(&err, ERROR_CONFIG, "there is no arrestor.yaml to read again");
    if (config < 0 || hear_candidate(m, config, &err) != 0) {
        (void)command_fail(&err);
        monitor_say("the configuration stays as it was");
        spawn_hang_up(spawn_get(m, m->candidate));
        m->candidate = 0;
        if (config >= 0)
            (void)close(config);
        return;
    }
    /* Under the old configuration: the new one may not know the store any more. */
    if ((m->setup.stores & ~m->candidate_setup.stores) != 0)
        keep_revoke(m);
    spawn_hang_up(spawn_get(m, m->warden));
    (void)close(m->config);
    m->config = config;
    m->setup = m->candidate_setup;
    m->warden = m->candidate;
    m->candidate = 0;
    m->standing_due = true;
    monitor_say("%s is read again", m->config_path);
}

void keep_going(struct monitor *m) {
    if (m->end_signal != 0)
        return;
    if (m->set_stands || m->job_started)
        start_again(m);
    if (m->reload)
        reload(m);
    tell_standing(m);
}

static int sooner(int a, int b) {
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int until(uint64_t at) {
    uint64_t now = clock_now_ms();
    return at <= now ? 0 : (int)(at - now);
}

int keep_timeout(const struct monitor *m) {
    int timeout = m->reload ? 0 : -1;
    if (!m->set_stands || m->end_signal != 0)
        return m->end_signal != 0 ? -1 : timeout;
    if (m->warden == 0)
        timeout = sooner(timeout, until(m->restart_at[ROLE_WARDEN]));
    if (m->kind != KIND_INIT && !spawn_is_alive(m, ROLE_SWEEP))
        timeout = sooner(timeout, until(m->restart_at[ROLE_SWEEP]));
    return timeout;
}

int keep_first_set(struct monitor *m, struct error *err) {
    tell_standing(m);
    while (!m->set_stands && m->given_up == ERROR_OK && m->end_signal == 0) {
        if (m->warden == 0)
            return error_set(err, ERROR_CHILD, "warden ended before the first set was there");
        if (loop_step(m, -1, err) != 0)
            return -1;
    }
    if (m->set_stands || m->end_signal != 0)
        return 0;
    m->said = true;
    return error_set(err, m->given_up, "%s",
                     m->given_up == ERROR_PLAINTEXT_LAUNCH ? "PLAINTEXT-LAUNCH-001" : "");
}

static void end_sweep(struct monitor *m, bool keep_set) {
    const struct child *sweep = spawn_find(m, ROLE_SWEEP);
    struct message message = {.type = MESSAGE_WIPE};
    struct error err;
    if (sweep != NULL && keep_set)
        (void)kill(sweep->pid, SIGKILL);
    else if (sweep != NULL) /* a second record: now, without lingering */
        (void)channel_send(&sweep->channel, &message, -1, &err);
}

void keep_wind_up(struct monitor *m, bool keep_set) {
    struct error err;
    uint64_t deadline = clock_now_ms() + LIMIT_WIPE_MS;
    m->round.running = false;
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++)
        if (m->children[i].pid != 0 && m->children[i].role != ROLE_SWEEP)
            spawn_hang_up(&m->children[i]);
    end_sweep(m, keep_set);
    spawn_hang_up(spawn_find(m, ROLE_SWEEP));
    /* init leaves a set that is whole; its roles end with it. */
    while (!(keep_set && m->kind == KIND_INIT) && spawn_is_alive(m, ROLES) &&
           clock_now_ms() < deadline)
        if (loop_step(m, (int)(deadline - clock_now_ms()), &err) != 0)
            break;
    if (keep_set)
        directories_leave(m);
    else
        directories_remove(m);
}
