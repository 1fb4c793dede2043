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
#include "sidecar/monitor/dry_run.h"
#include "sidecar/monitor/monitor.h"

#define STATUS_REFUSED 77
#define STATUS_FAILED  125

/* 1–5 of the table become 77, everything else 125 (DESIGN, Commands). */
static int run_status(enum error_code code) {
    int status = error_status(code);
    return status >= 1 && status <= 5 ? STATUS_REFUSED : STATUS_FAILED;
}

/* Freezes and judges. 0 with m->verdict of code OK, or -1. */
static int judge_launch(struct monitor *m, struct error *err) {
    if (source_environment(m, err) != 0 || freeze_launch(m, err) != 0 || verdict_ask(m, err) != 0 ||
        dry_run_show(m, err) != 0)
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
    return m->setup.files == 0 || m->verdict.launches == 0 || m->dry_run != LAUNCH_REPORT_NONE
               ? 0
               : keep_first_set(m, err);
}

/* Everything up to the start of the job. */
static int prepare(struct monitor *m, const struct invocation *call, int *status,
                   struct error *err) {
    struct buffer rules = buffer_make(LIMIT_RULE_LIST);
    if (monitor_start(m, call, err) != 0)
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
    dry_run_spare(m);
    if (identity_fill(m, err) != 0 || directories_make(m, err) != 0 ||
        keep_start_sweep(m, err) != 0 || judge_launch(m, err) != 0 ||
        monitor_say_protections(m, err) != 0 || deliver_first(m, err) != 0)
        return -1;
    return loop_await_fences(m, err) != 0 ? -1 : monitor_say_protections(m, err);
}

static int supervise(struct monitor *m, struct error *err) {
    if (launch_job(m, err) != 0)
        return -1;
    while (launch_is_alive(m)) {
        if (loop_step(m, keep_timeout(m), err) != 0)
            return -1;
        keep_going(m);
    }
    return 0;
}

static int finish(struct monitor *m, int status, const char *reason, const char *rules) {
    keep_revoke(m);
    keep_wind_up(m, false);
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
    monitor_make(&m, KIND_RUN, call);
    if (dry_run_ask(&m, call, &err) != 0)
        return command_fail(&err);
    int result = prepare(&m, call, &status, &err);
    if (m.end_signal != 0)
        return finish(&m, 128 + m.end_signal, "ended by a signal", "");
    if (result == 0 && m.dry_run != LAUNCH_REPORT_NONE)
        return finish(&m, 0, error_name(ERROR_OK), "");
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
    .options = {COMMAND_OPTION_CONFIG,
                {"status-file", 0, "FILE", "write how it ended as JSON"},
                DRY_RUN_OPTIONS,
                {"passphrase-fd", 0, "N", "read the passphrase of the key file from descriptor N"}},
    .run = run,
};
