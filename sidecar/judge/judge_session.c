#include "sidecar/judge/judge_session.h"

#include <string.h>
#include <unistd.h>

#include "policy/report/report.h"
#include "sidecar/base/command.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/limits.h"
#include "sidecar/confine/confine.h"
#include "sidecar/judge/judge_documents.h"

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

int judge_session_confine(struct judge_session *session, struct error *err) {
    struct confine_request request = {.uid = (uid_t)-1, .gid = (gid_t)-1};
    struct confine_path *paths;
    struct protections protections;
    if (judge_inputs_beneath(&session->inputs, &session->arena, &paths, &request.path_count, err) !=
        0)
        return -1;
    request.paths = paths;
    if (confine_climb(ROLE_JUDGE, &request, &protections, err) != 0)
        return -1;
    session->exposed =
        request.path_count > 0 && protections.state[PROTECTION_LANDLOCK] == STATE_OFF;
    return 0;
}

static int memory_fault(struct error *err) {
    return error_set(err, ERROR_MEMORY, "memory is exhausted");
}

static int resolve_launch(struct judge_session *session, struct effective *ret, struct error *err) {
    struct judge_sources *sources = arena_array(&session->arena, 1, sizeof *sources);
    if (sources == NULL)
        return memory_fault(err);
    if (judge_inputs_sources(&session->inputs, &session->arena, sources, err) != 0)
        return -1;
    return launch_resolve(&session->inputs.plan, &sources->sources, NULL, 0, &session->arena, ret,
                          err);
}

/* The notes of the document before those of its first launch. */
static int add_notes(struct judge_session *session, const struct document *document,
                     struct effective *conf, struct error *err) {
    conf->notes = arena_join(&session->arena, document->notes, document->note_count, conf->notes,
                             conf->note_count, sizeof *conf->notes);
    conf->note_count += document->note_count;
    return conf->notes == NULL ? memory_fault(err) : 0;
}

static int resolve_document(struct judge_session *session, const struct judge_input *input,
                            const struct document *document, struct judge_launched *launched,
                            size_t *count, struct error *err) {
    const struct judge_wish wish = judge_inputs_wish(&session->inputs);
    const struct judge_place place = judge_inputs_place(input);
    for (size_t i = 0; i < document->launch_count; i++) {
        const struct document_launch *launch = &document->launches[i];
        struct judge_launched *found = &launched[*count];
        bool launches;
        if (judge_document_resolve(launch, &place, &wish, &session->arena, &found->conf, &launches,
                                   err) != 0)
            return -1;
        found->title = launch->title;
        found->origin = launch->origin;
        *count += launches ? 1 : 0;
    }
    return *count == 0 || document->note_count == 0
               ? 0
               : add_notes(session, document, &launched[0].conf, err);
}

static int resolve_file(struct judge_session *session, struct judge_launched **ret, size_t *count,
                        struct error *err) {
    const struct judge_input *input = &session->inputs.items[0];
    const struct judge_wish wish = judge_inputs_wish(&session->inputs);
    struct judge_document document;
    struct input_file file;
    *count = 0;
    if (judge_inputs_read(input, &session->arena, &file, err) != 0 ||
        judge_document_read(&file, strcmp(input->path, "-") == 0, &wish, &session->arena, &document,
                            err) != 0)
        return -1;
    *ret = arena_array(&session->arena, document.document.launch_count + 1, sizeof **ret);
    if (*ret == NULL)
        return memory_fault(err);
    if (document.kind != NULL &&
        resolve_document(session, input, &document.document, *ret, count, err) != 0)
        return -1;
    return *count > 0 ? 0 : judge_document_refuse(input->label, err);
}

int judge_session_resolve(struct judge_session *session, struct judge_launched **ret, size_t *count,
                          struct error *err) {
    if (!session->inputs.is_launch)
        return resolve_file(session, ret, count, err);
    *ret = arena_array(&session->arena, 1, sizeof **ret);
    if (*ret == NULL)
        return memory_fault(err);
    *count = 1;
    (*ret)->title = "command line";
    return resolve_launch(session, &(*ret)->conf, err);
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
