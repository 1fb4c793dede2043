#include "sidecar/monitor/run_command.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/clock.h"
#include "sidecar/base/file.h"
#include "sidecar/monitor/monitor.h"

#define STATUS_REFUSED 77
#define STATUS_FAILED  125

/* 1–5 of the table become 77, everything else 125 (DESIGN, Commands). */
static int run_status(enum error_code code) {
    int status = error_status(code);
    return status >= 1 && status <= 5 ? STATUS_REFUSED : STATUS_FAILED;
}

static void monitor_make(struct monitor *m, const struct invocation *call) {
    *m = (struct monitor){.arena = arena_make(LIMIT_ARENA_BYTES),
                          .environment = call->environment,
                          .argv = call->rest,
                          .argc = call->rest_count,
                          .status_path = command_value(call, "status-file"),
                          .signals = -1,
                          .config = -1,
                          .arguments = -1,
                          .recorded = -1,
                          .merged = -1,
                          .conf = -1};
    for (int i = 0; i < DIRECTORIES; i++)
        m->directories[i].fd = m->directories[i].parent = -1;
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++)
        m->children[i].channel.fd = -1;
}

/* -c, else $ARRESTOR_CONFIG, else the first of these that is there. */
static const char *find_config(const struct monitor *m, const struct invocation *call) {
    static const char *const usual[] = {"arrestor.yaml", "/etc/arrestor/arrestor.yaml"};
    const char *named = command_value(call, "config");
    if (named == NULL)
        named = environment_get(m->environment, "ARRESTOR_CONFIG");
    for (size_t i = 0; named == NULL && i < sizeof usual / sizeof *usual; i++)
        if (access(usual[i], F_OK) == 0)
            named = usual[i];
    return named;
}

/* Reads arrestor.yaml once; every role gets the same sealed bytes. */
static int seal_config(struct monitor *m, const struct invocation *call, struct error *err) {
    struct buffer text = buffer_make(LIMIT_CONFIG_BYTES);
    m->config_path = find_config(m, call);
    if (m->config_path == NULL)
        return 0;
    int fd = file_open(m->config_path, err), result = -1;
    if (fd >= 0 && file_check_owner(fd, m->config_path, ERROR_CONFIG, err) == 0 &&
        file_read(fd, m->config_path, &text, err) == 0) {
        m->config = file_seal_bytes("arrestor.yaml", text.data, text.length, err);
        result = m->config < 0 ? -1 : 0;
    }
    if (fd >= 0)
        (void)close(fd);
    buffer_free(&text);
    return result;
}

static int take_over_signals(struct monitor *m, struct error *err) {
    static const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    sigset_t ours;
    (void)sigemptyset(&ours);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        (void)sigaddset(&ours, numbers[i]);
    if (sigprocmask(SIG_BLOCK, &ours, &m->caller_mask) != 0)
        return error_system(err, ERROR_SYSTEM, "cannot block signals");
    (void)signal(SIGPIPE, SIG_IGN);
    m->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    return m->signals < 0 ? error_system(err, ERROR_SYSTEM, "cannot receive signals") : 0;
}

static int start_warden(struct monitor *m, struct error *err) {
    int fds[SLOTS];
    spawn_clear_slots(fds);
    fds[SLOT_CONFIG] = m->config;
    fds[SLOT_LEASES] = directories_open_leases(m);
    const struct child *warden = spawn_role(m, ROLE_WARDEN, fds, err);
    if (fds[SLOT_LEASES] >= 0)
        (void)close(fds[SLOT_LEASES]);
    if (warden == NULL || m->job_started)
        return warden == NULL ? -1 : 0;
    m->watched = warden->pid;
    m->watched_over = false;
    while (!m->setup_told && !m->watched_over)
        if (loop_step(m, -1, err) != 0)
            return -1;
    m->watched = 0;
    if (m->setup_told)
        return 0;
    /* Warden has said what is wrong; its status tells which kind it is. */
    bool refused = WIFEXITED(m->watched_status) &&
                   WEXITSTATUS(m->watched_status) == error_status(ERROR_CONFIG);
    m->said = refused;
    return error_set(err, refused ? ERROR_CONFIG : ERROR_CHILD, "warden did not start");
}

static int start_sweep(struct monitor *m, struct error *err) {
    static const struct {
        enum slot inside, parent;
    } slots[DIRECTORIES] = {[DIRECTORY_SET] = {SLOT_DIR, SLOT_DIR_PARENT},
                            [DIRECTORY_STATE] = {SLOT_STATE, SLOT_STATE_PARENT},
                            [DIRECTORY_LAUNCH] = {SLOT_LAUNCH, SLOT_LAUNCH_PARENT}};
    struct message message = {.type = MESSAGE_WIPE};
    int fds[SLOTS];
    spawn_clear_slots(fds);
    for (int i = 0; i < DIRECTORIES; i++) {
        const struct memory_directory *directory = &m->directories[i];
        fds[slots[i].inside] = directory->fd;
        fds[slots[i].parent] = directory->made ? directory->parent : -1;
        message.body.wipe.remove[i] = directory->made;
        (void)message_text(message.body.wipe.name[i], LIMIT_PATH, directory->name);
    }
    const struct child *sweep = spawn_role(m, ROLE_SWEEP, fds, err);
    return sweep == NULL ? -1 : channel_send(&sweep->channel, &message, -1, err);
}

/* Freezes and judges. 0 with m->verdict of code OK, or -1. */
static int judge_launch(struct monitor *m, struct error *err) {
    if (source_environment(m, err) != 0 || freeze_launch(m, err) != 0 || verdict_ask(m, err) != 0)
        return -1;
    if (m->verdict.code == ERROR_OK)
        return 0;
    m->said = true;
    enum error_code code =
        m->verdict.code < ERROR_CODES ? (enum error_code)m->verdict.code : ERROR_PROTOCOL;
    return error_set(err, code, "%s", code == ERROR_REFUSED ? m->verdict.rules : error_text(code));
}

/* The first set, whole, before the job starts. */
static int deliver_first(struct monitor *m, struct error *err) {
    if (m->setup.files == 0 || m->verdict.launches == 0)
        return 0;
    while (!m->first_round_over && m->end_signal == 0) {
        if (spawn_find(m, ROLE_WARDEN) == NULL)
            return error_set(err, ERROR_CHILD, "warden ended before the first set was there");
        if (loop_step(m, -1, err) != 0)
            return -1;
    }
    if (m->end_signal != 0)
        return 0;
    if (m->first_round_code == ERROR_OK)
        return 0;
    m->said = true;
    return error_set(err, m->first_round_code, "%s",
                     m->first_round_code == ERROR_PLAINTEXT_LAUNCH ? "PLAINTEXT-LAUNCH-001" : "");
}

/* Everything up to the start of the job. */
static int prepare(struct monitor *m, const struct invocation *call, int *status,
                   struct error *err) {
    struct buffer rules = buffer_make(LIMIT_RULE_LIST);
    if (confine_monitor(err) != 0 || take_over_signals(m, err) != 0 ||
        seal_config(m, call, err) != 0 || identity_fill(m, err) != 0 || start_warden(m, err) != 0)
        return -1;
    m->program = source_find_program(m, m->argv[0], status, err);
    if (m->program == NULL)
        return -1;
    environment_judge(m, &rules);
    if (rules.length > 0)
        error_set(err, ERROR_REFUSED, "%s", rules.data);
    bool refused = rules.length > 0 && m->setup.warn == 0;
    buffer_free(&rules);
    if (refused)
        return -1;
    if (identity_fill(m, err) != 0 || directories_make(m, err) != 0 || start_sweep(m, err) != 0 ||
        judge_launch(m, err) != 0 || monitor_say_protections(m, err) != 0 ||
        deliver_first(m, err) != 0)
        return -1;
    return monitor_say_protections(m, err);
}

/* Roles that live as long as the job and died are started again, at most this
 * often; the set stands meanwhile. */
#define RESTARTS 16

static void restart_roles(struct monitor *m, int *restarts) {
    static const enum role roles[] = {ROLE_WARDEN, ROLE_SWEEP};
    struct error err;
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        bool needed = roles[i] == ROLE_SWEEP || m->first_round_over;
        if (!needed || spawn_is_alive(m, roles[i]) || *restarts >= RESTARTS)
            continue;
        monitor_say("%s is started again; the set stands", role_name(roles[i]));
        ++*restarts;
        if ((roles[i] == ROLE_SWEEP ? start_sweep(m, &err) : start_warden(m, &err)) != 0)
            (void)command_fail(&err);
    }
}

static int supervise(struct monitor *m, struct error *err) {
    int restarts = 0;
    if (launch_job(m, err) != 0)
        return -1;
    while (launch_is_alive(m)) {
        if (loop_step(m, -1, err) != 0)
            return -1;
        restart_roles(m, &restarts);
    }
    return 0;
}

/* Ends the roles; sweep, whose channel ends last, wipes. */
static void wind_up(struct monitor *m) {
    struct error err;
    uint64_t deadline = clock_now_ms() + LIMIT_WIPE_MS;
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++)
        if (m->children[i].pid != 0 && m->children[i].role != ROLE_SWEEP)
            spawn_hang_up(&m->children[i]);
    m->round.running = false;
    spawn_hang_up(spawn_find(m, ROLE_SWEEP));
    while (spawn_is_alive(m, ROLES) && clock_now_ms() < deadline)
        if (loop_step(m, (int)(deadline - clock_now_ms()), &err) != 0)
            break;
    directories_remove(m);
}

static int finish(struct monitor *m, int status, const char *reason, const char *rules) {
    wind_up(m);
    if (status == STATUS_REFUSED && !m->job_started)
        monitor_say("launch refused: %s", rules[0] != '\0' ? rules : reason);
    else if (strcmp(reason, error_name(ERROR_OK)) != 0)
        monitor_say("%s: %s", m->job_started ? "failed while the job ran" : "not launched", reason);
    monitor_write_status(m, status, reason, rules);
    arena_free(&m->arena);
    return status;
}

static int job_status(const struct monitor *m) {
    int status = m->watched_status;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run(const struct invocation *call) {
    static struct monitor m; /* one per process; larger than a stack frame should be */
    struct error err;
    int status = 0;
    error_clear(&err);
    if (call->rest_count == 0 || call->operand_count > 0) {
        error_set(&err, ERROR_USAGE, "needs a launch after --");
        error_at(&err, "run", 0, 0);
        (void)error_todo(&err, "arrestor run -- spark-submit app.py");
        return command_fail(&err);
    }
    monitor_make(&m, call);
    int result = prepare(&m, call, &status, &err);
    if (m.end_signal != 0)
        return finish(&m, 128 + m.end_signal, "ended by a signal", "");
    if (result == 0)
        result = supervise(&m, &err);
    if (result == 0)
        return finish(&m, job_status(&m), error_name(ERROR_OK), "");
    if (m.job_started)
        launch_signal(&m, SIGTERM);
    bool by_rule = err.code == ERROR_REFUSED || err.code == ERROR_PLAINTEXT_LAUNCH;
    if (!by_rule && !m.said)
        (void)command_fail(&err);
    if (status == 0)
        status = run_status(err.code);
    return finish(&m, status, error_name(err.code), by_rule ? err.what : "");
}

const struct command run_command = {
    .name = "run",
    .summary = "judge a launch, deliver its secrets, start it, keep them fresh",
    .usage = "[-c FILE] [--status-file FILE] -- spark-submit …",
    .examples =
        "  arrestor run -- spark-submit --master yarn app.py\n"
        "  arrestor run -c arrestor.yaml -- spark-submit --properties-file prod.conf app.py\n",
    .options = {{"config", 'c', "FILE",
                 "arrestor.yaml (else $ARRESTOR_CONFIG, ./arrestor.yaml, /etc/arrestor)"},
                {"status-file", 0, "FILE", "write how it ended as JSON"}},
    .run = run,
};
