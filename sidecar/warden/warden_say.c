#include "sidecar/warden/warden_say.h"

#include <stdio.h>
#include <string.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/command.h"
#include "sidecar/base/error.h"
#include "sidecar/warden/explain.h"

void warden_say_lint(const struct config *config) {
    struct buffer out = buffer_make(LIMIT_CONFIG_BYTES);
    struct error note;
    config_lint(config, &out);
    for (size_t start = 0; start < out.length;) {
        size_t length = strcspn(out.data + start, "\n");
        error_set(&note, ERROR_CONFIG, "%.*s", (int)length, out.data + start);
        error_at(&note, "arrestor.yaml", 0, 0);
        (void)command_fail(&note);
        start += length + 1;
    }
    buffer_free(&out);
}

/* "42 s", "7 min", "3 h": enough for people. */
static void format_span(uint64_t ms, char text[32]) {
    unsigned long long seconds = (ms + 500) / 1000;
    if (seconds < 120)
        (void)snprintf(text, 32, "%llu s", seconds);
    else if (seconds < 120 * 60)
        (void)snprintf(text, 32, "%llu min", seconds / 60);
    else
        (void)snprintf(text, 32, "%llu h", seconds / 3600);
}

/* What becomes of the set, behind what is wrong. */
static void add_outlook(const struct plan *plan, struct error *err) {
    size_t used = strlen(err->what);
    char span[32], *end = err->what + used;
    format_span(plan->settings.wait_ms, span);
    if (plan->generation > 0)
        (void)snprintf(end, sizeof err->what - used,
                       "; the last good set stands: generation %llu is stale",
                       (unsigned long long)plan->generation);
    else if (plan->give_up == ERROR_OK)
        (void)snprintf(end, sizeof err->what - used, "; trying again for up to %s", span);
}

static void say_fault(const struct config *config, const struct plan *plan,
                      const struct message_result *result, uint32_t address) {
    struct explain_fault fault = {.code = (enum error_code)result->code,
                                  .has_position = result->has_position != 0,
                                  .position = result->position,
                                  .detail = result->detail,
                                  .address = address,
                                  .location = result->location};
    struct error err;
    explain_fault(config, &fault, &err);
    add_outlook(plan, &err);
    (void)command_fail(&err);
}

void warden_say_ended(const struct config *config, const struct plan *plan, enum plan_note note,
                      const struct message_result *result, uint32_t address) {
    struct error line;
    char span[32];
    if (note == PLAN_NOTE_FAULT)
        say_fault(config, plan, result, address);
    if (note != PLAN_NOTE_FRESH)
        return;
    format_span(plan->outage_ms, span);
    error_set(&line, ERROR_OK, "fresh again after %s: generation %llu", span,
              (unsigned long long)plan->generation);
    (void)command_fail(&line);
}

void warden_say_withdrawn(const struct plan *plan, const struct message_result *result) {
    struct error line;
    if (result->code == ERROR_OK)
        error_set(&line, ERROR_OK,
                  "past its expiry and grace: the files that need it are withdrawn, generation "
                  "%llu has the others",
                  (unsigned long long)plan->generation);
    else
        error_set(&line, (enum error_code)result->code,
                  "files with an expired secret could not be withdrawn: %s",
                  error_text((enum error_code)result->code));
    (void)command_fail(&line);
}

void warden_say_given_up(const struct plan *plan, uint64_t waited_ms) {
    struct error line;
    char span[32];
    format_span(waited_ms, span);
    error_set(&line, plan->give_up, "no first set after %s: %s", span, error_text(plan->give_up));
    (void)command_fail(&line);
}
