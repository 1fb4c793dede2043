#include "policy/report/report.h"
#include "sidecar/base/error.h"
#include "sidecar/judge/judge_commands.h"
#include "sidecar/judge/judge_session.h"

static int report_effective(struct judge_session *session, struct error *err) {
    struct effective conf, shown;
    if (judge_session_resolve(session, &conf, err) != 0 ||
        report_redact(&conf, &session->arena, &shown, err) != 0)
        return -1;
    if (session->json)
        report_effective_json(&shown, &session->out);
    else
        report_effective_text(&shown, &session->out);
    return 0;
}

static int check_single(const struct invocation *call, struct error *err) {
    if (call->operand_count <= 1)
        return 0;
    error_set(err, ERROR_USAGE, "one file at a time");
    error_at(err, call->command->name, 0, 0);
    return error_todo(err, "see arrestor %s --help", call->command->name);
}

static int run_effective(const struct invocation *call) {
    struct judge_session session;
    struct error err = {0};
    if (judge_session_make(call, &session, &err) == 0 && check_single(call, &err) == 0 &&
        judge_inputs_open(call, call->operands, call->operand_count, &session.arena,
                          &session.inputs, &err) == 0 &&
        judge_session_confine(&err) == 0)
        (void)report_effective(&session, &err);
    return judge_session_end(&session, 0, &err);
}

const struct command effective_command = {
    .name = "effective",
    .summary = "show what Spark would run with, and where each value was set",
    .usage = "[OPTION]… FILE\n[OPTION]… -- spark-submit ARGUMENT…",
    .examples = "  arrestor effective conf/spark-defaults.conf\n"
                "  arrestor effective -- spark-submit --conf spark.ui.enabled=false app.py\n",
    .options = {JUDGE_OPTION_FORMAT, JUDGE_OPTION_SPARK},
    .run = run_effective,
};
