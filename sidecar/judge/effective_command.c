#include <string.h>

#include "policy/report/report.h"
#include "sidecar/base/error.h"
#include "sidecar/judge/judge_commands.h"
#include "sidecar/judge/judge_session.h"

enum form { FORM_TEXT, FORM_JSON, FORM_PROPERTIES };

/* Each launch below its title, or as one of "launches". */
static void report_several(const struct judge_launched *launched, size_t count, bool json,
                           struct buffer *out) {
    buffer_text(out, json ? "{\"launches\": [" : "");
    for (size_t i = 0; i < count; i++) {
        report_title(launched[i].title, &launched[i].origin, json, i == 0, out);
        if (json)
            report_effective_json(&launched[i].conf, out);
        else
            report_effective_text(&launched[i].conf, out);
        buffer_text(out, json ? "}" : "");
    }
    buffer_text(out, json ? "]}\n" : "");
}

static int report_effective(struct judge_session *session, enum form form, struct error *err) {
    struct judge_launched *launched;
    struct effective shown;
    size_t count;
    if (judge_session_resolve(session, &launched, &count, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (report_redact(&launched[i].conf, &session->arena, &shown, err) != 0)
            return -1;
        launched[i].conf = shown;
    }
    if (form == FORM_PROPERTIES && count > 1) {
        error_set(err, ERROR_USAGE, "%zu launches stand in it, and properties hold one", count);
        return error_todo(err, "write --format json");
    }
    if (form == FORM_PROPERTIES)
        report_effective_properties(&launched[0].conf, &session->out);
    else if (count > 1)
        report_several(launched, count, form == FORM_JSON, &session->out);
    else if (form == FORM_JSON)
        report_effective_json(&launched[0].conf, &session->out);
    else
        report_effective_text(&launched[0].conf, &session->out);
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
    const char *format = command_value(call, "format");
    struct judge_session session;
    struct error err = {0};
    if (judge_session_make(call, &session, &err) == 0 && check_single(call, &err) == 0 &&
        judge_inputs_open(call, call->operands, call->operand_count, &session.arena,
                          &session.inputs, &err) == 0 &&
        judge_session_confine(&session, &err) == 0)
        (void)report_effective(&session,
                               session.json ? FORM_JSON
                               : format != NULL && strcmp(format, "properties") == 0
                                   ? FORM_PROPERTIES
                                   : FORM_TEXT,
                               &err);
    return judge_session_end(&session, 0, &err);
}

const struct command effective_command = {
    .name = "effective",
    .summary = "show what Spark would run with, and where each value was set",
    .usage = "[OPTION]… FILE\n[OPTION]… -- spark-submit ARGUMENT…",
    .examples = "  arrestor effective conf/spark-defaults.conf\n"
                "  arrestor effective --format json jobs/etl.sh\n"
                "  arrestor effective -- spark-submit --conf spark.ui.enabled=false app.py\n",
    .options = {{"format", 0, "text|json|properties", "how to print (text)"},
                JUDGE_OPTION_AS,
                JUDGE_OPTION_SPARK,
                JUDGE_OPTION_SPARK_VERSION},
    .run = run_effective,
};
