#include "sidecar/judge/judge_session.h"

#include <unistd.h>

#include "policy/report/report.h"
#include "sidecar/base/command.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/limits.h"
#include "sidecar/confine/confine.h"

int judge_session_make(const struct invocation *call, struct judge_session *ret,
                       struct error *err) {
    *ret = (struct judge_session){.arena = arena_make(LIMIT_ARENA_BYTES),
                                  .policy = {.config_fd = -1},
                                  .out = buffer_make(LIMIT_REPORT_BYTES)};
    if (command_format(call, &ret->json, err) != 0)
        return -1;
    ret->colour = !ret->json && command_colour(STDOUT_FILENO);
    return 0;
}

int judge_session_confine(struct error *err) {
    const struct confine_request request = {.uid = (uid_t)-1, .gid = (gid_t)-1};
    struct protections protections;
    return confine_climb(ROLE_JUDGE, &request, &protections, err);
}

static int resolve_launch(struct judge_session *session, struct effective *ret, struct error *err) {
    struct judge_sources *sources = arena_array(&session->arena, 1, sizeof *sources);
    if (sources == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted");
    if (judge_inputs_sources(&session->inputs, &session->arena, sources, err) != 0)
        return -1;
    return launch_resolve(&session->inputs.plan, &sources->sources, NULL, 0, &session->arena, ret,
                          err);
}

int judge_session_resolve(struct judge_session *session, struct effective *ret, struct error *err) {
    struct input_file file;
    if (session->inputs.is_launch)
        return resolve_launch(session, ret, err);
    if (judge_inputs_read(&session->inputs.items[0], &session->arena, &file, err) != 0 ||
        file_resolve(&file, &session->arena, ret, err) != 0)
        return -1;
    ret->spark_major = session->inputs.spark_major;
    ret->spark_minor = session->inputs.spark_minor;
    return 0;
}

int judge_session_end(struct judge_session *session, int status, const struct error *err) {
    struct error fault = {0};
    if (err->code != ERROR_OK) {
        status = error_status(err->code);
        if (session->json)
            report_error_json(err, &session->out);
        else
            (void)command_fail(err);
    }
    if (buffer_status(&session->out) != 0) {
        (void)(session->out.starved
                   ? error_set(&fault, ERROR_MEMORY, "no memory for the report")
                   : error_set(&fault, ERROR_MEMORY, "the report does not fit into %u bytes",
                               LIMIT_REPORT_BYTES));
        status = command_fail(&fault);
    } else if (file_write_all(STDOUT_FILENO, session->out.data, session->out.length) != 0) {
        error_system(&fault, ERROR_SYSTEM, "cannot write to standard output");
        status = command_fail(&fault);
    }
    judge_inputs_close(&session->inputs);
    judge_policy_close(&session->policy);
    buffer_free(&session->out);
    arena_free(&session->arena);
    return status;
}
