#include "sidecar/monitor/sidecar_command.h"

#include <string.h>
#include <unistd.h>

#include "sidecar/monitor/monitor.h"

/* Whoever reads the set must know where it is, and we where it was. */
static int check_setup(const struct monitor *m, struct error *err) {
    const char *name = m->config_path != NULL ? m->config_path : "arrestor.yaml";
    if (m->setup.files == 0) {
        error_set(err, ERROR_CONFIG, "there is nothing to deliver");
        error_at(err, name, 0, 0);
        return error_todo(err, "name files in deliver.files; arrestor schema shows the form");
    }
    if (m->setup.dir[0] != '\0')
        return 0;
    error_set(err, ERROR_CONFIG, "deliver.dir is not named");
    error_at(err, name, 0, 0);
    return error_todo(err,
                      "write deliver: {dir: /run/arrestor, …}: a tmpfs that the job mounts too");
}

static int prepare(struct monitor *m, const struct invocation *call, struct error *err) {
    if (monitor_start(m, call, err) != 0 || check_setup(m, err) != 0 ||
        identity_fill(m, err) != 0 || directories_make(m, err) != 0)
        return -1;
    if (m->kind == KIND_SIDECAR && m->setup.state[0] == '\0')
        monitor_say("deliver.state is not named: what comes after a restart logs in anew");
    if (m->kind == KIND_SIDECAR && keep_start_sweep(m, err) != 0)
        return -1;
    if (monitor_say_protections(m, err) != 0 || keep_first_set(m, err) != 0)
        return -1;
    return loop_await_fences(m, err) != 0 ? -1 : monitor_say_protections(m, err);
}

static int stay(struct monitor *m, struct error *err) {
    while (m->end_signal == 0) {
        if (loop_step(m, keep_timeout(m), err) != 0)
            return -1;
        keep_going(m);
        if (monitor_say_protections(m, err) != 0)
            return -1;
    }
    return 0;
}

/* A set that was made for what comes after stays, and so does one whose sidecar
 * fails: its next start goes on from it. But one that was published without a
 * protection that had to be there goes. Without `state:` nobody could use the token
 * again, so it ends. */
static void end_set(struct monitor *m, const struct error *err) {
    bool stands = m->set_stands || directories_generation(m) > 0;
    bool leave = err->code == ERROR_OK ? m->kind == KIND_INIT && m->end_signal == 0
                                       : stands && (err->code != ERROR_PROTECTION || !m->published);
    if (!leave || m->setup.state[0] == '\0')
        keep_revoke(m);
    keep_wind_up(m, leave);
}

static int finish(struct monitor *m, const struct error *err) {
    bool failed = err->code != ERROR_OK;
    if (failed && !m->said)
        (void)command_fail(err);
    if (m->end_signal != 0)
        monitor_say("ended by a signal: tokens are revoked, the set is wiped");
    end_set(m, err);
    int status = failed && m->end_signal == 0 ? error_status(err->code) : 0;
    if (m->kind == KIND_INIT && m->end_signal != 0)
        status = 128 + m->end_signal;
    arena_free(&m->arena);
    return status;
}

static int serve(const struct invocation *call, enum monitor_kind kind) {
    static struct monitor m; /* one per process; larger than a stack frame should be */
    struct error err;
    error_clear(&err);
    if (call->operand_count > 0 || call->rest_count > 0) {
        error_set(&err, ERROR_USAGE, "takes no operand");
        error_at(&err, call->command->name, 0, 0);
        (void)error_todo(&err, "arrestor %s -c arrestor.yaml", call->command->name);
        return command_fail(&err);
    }
    monitor_make(&m, kind, call);
    if (prepare(&m, call, &err) == 0 && kind == KIND_SIDECAR)
        (void)stay(&m, &err);
    return finish(&m, &err);
}

static int run_sidecar(const struct invocation *call) {
    return serve(call, KIND_SIDECAR);
}

static int run_init(const struct invocation *call) {
    return serve(call, KIND_INIT);
}

#define OPTIONS                                                                                    \
    {                                                                                              \
        COMMAND_OPTION_CONFIG,                                                                     \
            {"passphrase-fd", 0, "N", "read the passphrase of the key file from descriptor N"},    \
    }

const struct command sidecar_command = {
    .name = "sidecar",
    .summary = "keep a set of secrets fresh beside a job, until SIGTERM",
    .usage = "[-c FILE] [--passphrase-fd N]",
    .examples = "  arrestor sidecar -c /etc/arrestor/arrestor.yaml\n"
                "  kill -HUP PID      reads arrestor.yaml again, or keeps the old one\n"
                "  kill -TERM PID     revokes what it logged in for, wipes, ends\n",
    .options = OPTIONS,
    .run = run_sidecar,
};

const struct command init_command = {
    .name = "init",
    .summary = "place a set of secrets once, and end",
    .usage = "[-c FILE] [--passphrase-fd N]",
    .examples = "  arrestor init -c /etc/arrestor/arrestor.yaml\n",
    .options = OPTIONS,
    .run = run_init,
};
