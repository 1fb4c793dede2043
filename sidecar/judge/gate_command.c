#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/report/report.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/text.h"
#include "sidecar/judge/gate_peer.h"
#include "sidecar/judge/gate_shape.h"
#include "sidecar/judge/judge.h"
#include "sidecar/judge/judge_commands.h"
#include "sidecar/judge/judge_session.h"

/* Everything goes to standard error: spark-class reads what stands on standard
 * output as the command to execute. */

#define STATUS_REFUSED 77
#define STATUS_FAILED  125

struct gate {
    struct judge_session session;
    struct gate_shape shape;
    struct judge_sources sources;
    struct rule_set set;
    struct check_mode mode;
    struct judgement judgement;
    bool verbose;
};

static void write_out(struct buffer *out) {
    if (out->data != NULL)
        (void)file_write_all(STDERR_FILENO, out->data, out->length);
    buffer_free(out);
}

static void say(const char *what, const char *about, const char *rest) {
    char memory[LIMIT_LOG_LINE];
    struct buffer line = buffer_on(memory, sizeof memory);
    buffer_printf(&line, "arrestor: %s", what);
    text_escape(&line, about, strlen(about));
    buffer_printf(&line, "%s\n", rest);
    (void)file_write_all(STDERR_FILENO, line.data, line.length);
}

/* The launch as it is now: spark-env.sh has run up to this line. */
static int open_launch(const struct invocation *call, struct gate *gate, struct error *err) {
    struct judge_inputs *inputs = &gate->session.inputs;
    struct arena *arena = &gate->session.arena;
    const struct gate_words *argv = &gate->shape.argv;
    inputs->launch = (struct launch){.argv = argv->items,
                                     .argc = argv->count,
                                     .environment = (const char *const *)call->environment,
                                     .environment_is_final = true};
    if (input_spark_home(argv->items[0], inputs->launch.environment, arena,
                         &inputs->launch.spark_home, err) != 0 ||
        judge_inputs_open_launch(inputs, arena, err) != 0)
        return -1;
    input_spark_version(inputs->launch.spark_home, &inputs->spark_major, &inputs->spark_minor);
    return 0;
}

static int judge(struct gate *gate, struct error *err) {
    struct judge_session *session = &gate->session;
    if (judge_policy_read(&session->policy, &session->arena, &gate->set, &gate->mode, err) != 0 ||
        judge_inputs_sources(&session->inputs, &session->arena, &gate->sources, err) != 0)
        return -1;
    /* All is known that Spark knows: as in `run`. */
    gate->mode.strict_unknown = true;
    return judge_launch(&session->inputs.plan, &gate->sources.sources, NULL, 0, &gate->set,
                        gate->mode, &session->arena, &gate->judgement, err);
}

/* Ids of all rules that have a finding, each once. */
static void list_rules(const struct finding_list *findings, struct buffer *out) {
    for (size_t i = 0; i < findings->count; i++) {
        size_t j = 0;
        while (findings->items[j].rule != findings->items[i].rule)
            j++;
        if (j == i)
            buffer_printf(out, "%s%s", out->length > 0 ? " " : "", findings->items[i].rule->id);
    }
}

/* One line where it passes with findings, because notebooks show standard error. */
static void say_passed(const struct gate *gate) {
    char memory[LIMIT_LOG_LINE / 2];
    struct buffer rules = buffer_on(memory, sizeof memory);
    const char *hint = gate->verbose ? "" : " (gate --verbose says where and why)";
    if (gate->judgement.findings.count == 0)
        return;
    list_rules(&gate->judgement.findings, &rules);
    say(gate->mode.warn ? "mode: warn, nothing refuses: " : "warning: ", rules.data, hint);
}

static int report(const struct gate *gate) {
    bool refuses = gate->judgement.verdict == VERDICT_REFUSE;
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    if (refuses || (gate->verbose && gate->judgement.findings.count > 0))
        judge_report(&gate->judgement, &gate->set, gate->mode, false, gate->session.colour, &out);
    write_out(&out);
    if (!refuses) {
        say_passed(gate);
        return 0;
    }
    char memory[LIMIT_RULE_LIST];
    struct buffer rules = buffer_on(memory, sizeof memory);
    report_rule_ids(gate->judgement.findings.items, gate->judgement.findings.count, &rules);
    say("launch refused: ", rules.data, "");
    return STATUS_REFUSED;
}

/* 1–5 of the table become 77, everything else 125 (DESIGN, Commands). */
static int fail(const struct error *err) {
    int status = command_fail(err);
    bool refused = status >= 1 && status <= 5;
    say(refused ? "launch refused: " : "not launched: ", error_name(err->code), "");
    return refused ? STATUS_REFUSED : STATUS_FAILED;
}

static bool is_loaded(const struct invocation *call) {
    for (char **entry = call->environment; *entry != NULL; entry++)
        if (text_starts(*entry, "SPARK_ENV_LOADED="))
            return true;
    return false;
}

static int find_launch(const struct invocation *call, struct gate *gate, struct error *err) {
    struct arena *arena = &gate->session.arena;
    const struct gate_words words = {(const char *const *)call->rest, call->rest_count};
    return gate_shape_find(words, gate_peer_parent(arena), is_loaded(call), arena, &gate->shape,
                           err);
}

static int judge_words(const struct invocation *call, struct gate *gate, struct error *err) {
    struct judge_session *session = &gate->session;
    if (find_launch(call, gate, err) != 0)
        return -1;
    if (gate->shape.kind == GATE_UNTOLD)
        say("not judged: ", gate->shape.about, " starts something, but not through spark-submit");
    if (gate->shape.kind != GATE_LAUNCH)
        return 0;
    if (judge_policy_open(NULL, command_config(call), &session->arena, &session->policy, err) !=
            0 ||
        open_launch(call, gate, err) != 0)
        return -1;
    if (!session->inputs.plan.arguments.launches)
        return 0;
    return judge_session_confine(&gate->session, err) != 0 ? -1 : judge(gate, err);
}

static int run_gate(const struct invocation *call) {
    struct gate gate = {.verbose = command_value(call, "verbose") != NULL};
    struct error err;
    error_clear(&err);
    if (!call->has_rest || call->operand_count > 0) {
        error_set(&err, ERROR_USAGE, "the words of spark-env.sh stand behind --");
        error_at(&err, "gate", 0, 0);
        (void)error_todo(&err, "write: arrestor gate -- \"$@\" || exit $?");
        return fail(&err);
    }
    if (gate_peer_is_run())
        return 0;
    if (judge_session_make(call, &gate.session, &err) != 0)
        return fail(&err);
    gate.session.colour = command_colour(STDERR_FILENO);
    int status = judge_words(call, &gate, &err) != 0 ? fail(&err) : report(&gate);
    judge_inputs_close(&gate.session.inputs);
    judge_policy_close(&gate.session.policy);
    arena_free(&gate.session.arena);
    return status;
}

const struct command gate_command = {
    .name = "gate",
    .summary = "one line for spark-env.sh: judge what is about to start",
    .usage = "[-c FILE] [--verbose] -- \"$@\"",
    .examples = "  arrestor gate -- \"$@\" || exit $?     # the last line of spark-env.sh\n",
    .options = {COMMAND_OPTION_CONFIG, {"verbose", 0, NULL, "all findings, also where it passes"}},
    .run = run_gate,
};
