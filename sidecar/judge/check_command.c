#include <string.h>

#include "policy/report/report.h"
#include "sidecar/base/error.h"
#include "sidecar/judge/judge.h"
#include "sidecar/judge/judge_commands.h"
#include "sidecar/judge/judge_session.h"

struct check {
    struct judge_session session;
    struct rule_set set;
    struct check_mode mode;
    struct finding *findings;
    size_t finding_count;
    struct note *notes;
    size_t note_count;
    struct error *errors; /* one for each input at most */
    size_t error_count;
};

static int memory_fault(struct error *err) {
    return error_set(err, ERROR_MEMORY, "memory is exhausted while judging");
}

/* Appends more to a list in the arena; NULL where memory is exhausted. */
static void *append(struct arena *arena, const void *list, size_t count, const void *more,
                    size_t more_count, size_t size) {
    char *joined = arena_array(arena, count + more_count, size);
    if (joined == NULL)
        return NULL;
    if (count > 0)
        memcpy(joined, list, count * size);
    if (more_count > 0)
        memcpy(joined + count * size, more, more_count * size);
    return joined;
}

static int add_judgement(struct check *check, const struct judgement *judgement,
                         struct error *err) {
    const struct finding_list *list = &judgement->findings;
    const struct effective *conf = &judgement->conf;
    if (list->count > LIMIT_FINDINGS - check->finding_count) {
        error_set(err, ERROR_INPUT, "more than %d findings", LIMIT_FINDINGS);
        return error_todo(err, "judge fewer files at once");
    }
    check->findings = append(&check->session.arena, check->findings, check->finding_count,
                             list->items, list->count, sizeof *check->findings);
    check->notes = append(&check->session.arena, check->notes, check->note_count, conf->notes,
                          conf->note_count, sizeof *check->notes);
    if (check->findings == NULL || check->notes == NULL)
        return memory_fault(err);
    check->finding_count += list->count;
    check->note_count += conf->note_count;
    return 0;
}

static int check_file(struct check *check, const struct judge_input *input, struct error *err) {
    const struct judge_inputs *inputs = &check->session.inputs;
    struct arena *arena = &check->session.arena;
    struct input_file *file = arena_array(arena, 1, sizeof *file);
    struct judgement judgement;
    if (file == NULL)
        return memory_fault(err);
    if (judge_inputs_read(input, arena, file, err) != 0 ||
        judge_file(file, inputs->spark_major, inputs->spark_minor, &check->set, check->mode, arena,
                   &judgement, err) != 0)
        return -1;
    return add_judgement(check, &judgement, err);
}

static int check_launch(struct check *check, struct error *err) {
    const struct judge_inputs *inputs = &check->session.inputs;
    struct arena *arena = &check->session.arena;
    struct judge_sources *sources = arena_array(arena, 1, sizeof *sources);
    struct judgement judgement;
    if (sources == NULL)
        return memory_fault(err);
    if (judge_inputs_sources(inputs, arena, sources, err) != 0 ||
        judge_launch(&inputs->plan, &sources->sources, NULL, 0, &check->set, check->mode, arena,
                     &judgement, err) != 0)
        return -1;
    return add_judgement(check, &judgement, err);
}

/* Judges every input; what cannot be read is kept as an error, and the next one
 * is tried. -1 only for what is no fault of an input. */
static int judge_inputs(struct check *check, struct error *err) {
    const struct judge_inputs *inputs = &check->session.inputs;
    size_t count = inputs->is_launch ? 1 : inputs->count;
    check->errors = arena_array(&check->session.arena, count, sizeof *check->errors);
    if (check->errors == NULL)
        return memory_fault(err);
    for (size_t i = 0; i < count; i++) {
        struct error *fault = &check->errors[check->error_count];
        int status = inputs->is_launch ? check_launch(check, fault)
                                       : check_file(check, &inputs->items[i], fault);
        if (status != 0 && error_status(fault->code) != error_status(ERROR_INPUT)) {
            *err = *fault;
            return -1;
        }
        check->error_count += status != 0 ? 1 : 0;
    }
    return 0;
}

/* Labels of what was to be read. */
static int list_inputs(struct check *check, struct report *report, struct error *err) {
    const struct judge_inputs *inputs = &check->session.inputs;
    const char **labels = arena_array(&check->session.arena, inputs->count + 1, sizeof *labels);
    if (labels == NULL)
        return memory_fault(err);
    report->inputs = labels;
    if (inputs->is_launch)
        labels[report->input_count++] = "command line";
    for (size_t i = 0; i < inputs->count; i++)
        if (!inputs->is_launch || inputs->items[i].fd >= 0)
            labels[report->input_count++] = inputs->items[i].label;
    return 0;
}

static enum verdict find_verdict(const struct check *check) {
    enum verdict verdict = rule_verdict(check->findings, check->finding_count);
    return verdict == VERDICT_PASS && check->error_count > 0 ? VERDICT_UNKNOWN : verdict;
}

/* Writes the report and gives the exit status: an input that could not be read
 * counts before violations. */
static int report_check(struct check *check, struct error *err) {
    struct judge_session *session = &check->session;
    struct report report = {.verdict = find_verdict(check),
                            .warn = check->mode.warn,
                            .set = &check->set,
                            .findings = check->findings,
                            .finding_count = check->finding_count,
                            .notes = check->notes,
                            .note_count = check->note_count,
                            .errors = check->errors,
                            .error_count = check->error_count};
    if (list_inputs(check, &report, err) != 0)
        return 0;
    if (session->json)
        report_json(&report, &session->out);
    else
        report_text(&report, session->colour, &session->out);
    for (size_t i = 0; !session->json && i < check->error_count; i++)
        (void)command_fail(&check->errors[i]);
    if (check->error_count > 0)
        return error_status(check->errors[0].code);
    return report.verdict == VERDICT_REFUSE ? error_status(ERROR_REFUSED) : 0;
}

static int run_check(const struct invocation *call) {
    struct check check = {0};
    struct error err = {0};
    struct judge_session *session = &check.session;
    struct arena *arena = &session->arena;
    int status = 0;
    if (judge_session_make(call, session, &err) == 0 &&
        judge_policy_open(command_value(call, "policy"), command_value(call, "config"), arena,
                          &session->policy, &err) == 0 &&
        judge_inputs_open(call, call->operands, call->operand_count, arena, &session->inputs,
                          &err) == 0 &&
        judge_session_confine(&err) == 0 &&
        judge_policy_read(&session->policy, arena, &check.set, &check.mode, &err) == 0 &&
        judge_inputs(&check, &err) == 0)
        status = report_check(&check, &err);
    return judge_session_end(session, status, &err);
}

const struct command check_command = {
    .name = "check",
    .summary = "judge configurations before they are launched; executes nothing",
    .usage = "[OPTION]… FILE…\n[OPTION]… -- spark-submit ARGUMENT…",
    .examples = "  arrestor check conf/spark-defaults.conf\n"
                "  arrestor check --policy spark-baseline a.conf b.conf\n"
                "  arrestor check --format json -- spark-submit --master yarn app.py\n"
                "  cat job.conf | arrestor check -\n",
    .options = {JUDGE_OPTION_FORMAT,
                {"policy", 0, "PACK[,PACK]", "packs by name or path (spark-production)"},
                {"config", 'c', "FILE", "arrestor.yaml, for policy.packs and mode"},
                JUDGE_OPTION_SPARK},
    .run = run_check,
};
