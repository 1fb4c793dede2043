#include "policy/report/report.h"
#include "policy/report/report_estate.h"
#include "sidecar/base/error.h"
#include "sidecar/judge/judge_commands.h"
#include "sidecar/judge/judge_keep.h"
#include "sidecar/judge/judge_survey.h"

/* Labels of what was to be read. */
static int list_inputs(const struct judge_session *session, struct arena *arena,
                       struct report *report, struct error *err) {
    const struct judge_inputs *inputs = &session->inputs;
    const char **labels = arena_array(arena, inputs->count + 1, sizeof *labels);
    if (labels == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted while judging");
    report->inputs = labels;
    if (inputs->is_launch)
        labels[report->input_count++] = "command line";
    for (size_t i = 0; i < inputs->count; i++)
        if (!inputs->is_launch || inputs->items[i].fd >= 0)
            labels[report->input_count++] = inputs->items[i].label;
    return 0;
}

/* Where a walk is not held by the kernel, that is said. */
static int note_exposure(struct survey *survey, struct error *err) {
    static const struct note exposed = {
        {.kind = ORIGIN_ARRESTOR},
        "this kernel has no Landlock: the walk is held to its directories by arrestor alone"};
    return survey->session->exposed ? keep_notes(survey, &exposed, 1, err) : 0;
}

static enum verdict find_verdict(const struct survey *survey) {
    return survey->verdict == VERDICT_PASS && survey->error_count > 0 ? VERDICT_UNKNOWN
                                                                      : survey->verdict;
}

static int report_verdict(struct survey *survey, const struct report_read *read,
                          struct error *err) {
    struct judge_session *session = survey->session;
    struct report report = {.verdict = find_verdict(survey),
                            .warn = survey->mode.warn,
                            .set = &survey->set,
                            .findings = survey->findings,
                            .finding_count = survey->finding_count,
                            .notes = survey->notes,
                            .note_count = survey->note_count,
                            .errors = survey->errors,
                            .error_count = survey->error_count,
                            .read = session->inputs.is_launch ? NULL : read,
                            .unlisted = survey->unlisted};
    if (note_exposure(survey, err) != 0 || list_inputs(session, &session->arena, &report, err) != 0)
        return -1;
    report.notes = survey->notes;
    report.note_count = survey->note_count;
    if (session->json)
        report_json(&report, &session->out);
    else
        report_text(&report, session->colour, &session->out);
    return report.verdict == VERDICT_REFUSE ? error_status(ERROR_REFUSED) : 0;
}

static int report_bill(struct survey *survey, const struct report_read *read, struct error *err) {
    struct judge_session *session = survey->session;
    const struct report_estate estate = {.rows = survey->rows,
                                         .count = survey->set.count,
                                         .read = read,
                                         .errors = survey->errors,
                                         .error_count = survey->error_count,
                                         .unlisted = survey->unlisted};
    return session->json ? report_estate_json(&estate, &session->arena, &session->out, err)
                         : report_estate_text(&estate, &session->arena, &session->out, err);
}

/* Writes the report and gives the exit status: an input that could not be read
 * counts before violations. */
static int report_check(struct survey *survey, struct error *err) {
    struct report_read read;
    if (survey_read(survey, &read, err) != 0)
        return 0;
    int status =
        survey->estate ? report_bill(survey, &read, err) : report_verdict(survey, &read, err);
    for (size_t i = 0; !survey->session->json && i < survey->error_count; i++)
        (void)command_fail(&survey->errors[i]);
    return survey->error_count > 0 ? error_status(survey->errors[0].code) : status;
}

static int check_estate(const struct invocation *call, struct survey *survey, struct error *err) {
    survey->estate = command_value(call, "estate") != NULL;
    if (!survey->estate || !call->has_rest)
        return 0;
    error_set(err, ERROR_USAGE, "--estate is for files and directories, not for a command line");
    error_at(err, call->command->name, 0, 0);
    return error_todo(err, "see arrestor %s --help", call->command->name);
}

static int run_check(const struct invocation *call) {
    struct survey survey = {0};
    struct judge_session session;
    struct error err = {0};
    struct arena *arena = &session.arena;
    int status = 0;
    if (judge_session_make(call, &session, &err) == 0 && check_estate(call, &survey, &err) == 0 &&
        judge_policy_open(command_value(call, "policy"), command_value(call, "config"), arena,
                          &session.policy, &err) == 0 &&
        judge_inputs_open(call, call->operands, call->operand_count, arena, &session.inputs,
                          &err) == 0 &&
        judge_session_confine(&session, &err) == 0 &&
        judge_policy_read(&session.policy, arena, &survey.set, &survey.mode, &err) == 0 &&
        survey_make(&survey, &session, &err) == 0 && survey_inputs(&survey, &err) == 0)
        status = report_check(&survey, &err);
    return judge_session_end(&session, status, &err);
}

const struct command check_command = {
    .name = "check",
    .summary = "judge configurations before they are launched; executes nothing",
    .usage = "[OPTION]… FILE…\n[OPTION]… -- spark-submit ARGUMENT…",
    .examples = "  arrestor check conf/spark-defaults.conf\n"
                "  arrestor check --policy spark-baseline a.conf b.conf\n"
                "  arrestor check --format json -- spark-submit --master yarn app.py\n"
                "  arrestor check --estate deploy/ conf/\n"
                "  cat job.conf | arrestor check -\n",
    .options = {JUDGE_OPTION_FORMAT,
                {"policy", 0, "PACK[,PACK]", "packs by name or path (spark-production)"},
                {"config", 'c', "FILE", "arrestor.yaml, for policy.packs and mode"},
                JUDGE_OPTION_AS,
                {"estate", 0, NULL, "count findings by rule and owner; no verdict"},
                JUDGE_OPTION_SPARK,
                JUDGE_OPTION_SPARK_VERSION},
    .run = run_check,
};
