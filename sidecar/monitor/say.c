#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/base/atomic_file.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/command.h"
#include "sidecar/base/file.h"
#include "sidecar/base/text.h"
#include "sidecar/monitor/monitor.h"

void monitor_say(const char *format, ...) {
    char text[LIMIT_LOG_LINE / 4];
    struct buffer line = buffer_make(LIMIT_LOG_LINE);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buffer_text(&line, "arrestor: ");
    text_escape(&line, text, strlen(text));
    buffer_text(&line, "\n");
    if (line.data != NULL)
        (void)file_write_all(STDERR_FILENO, line.data, line.length);
    buffer_free(&line);
}

static const char *why_weaker(const struct monitor *m, enum protection protection) {
    bool traps = m->worst.state[PROTECTION_SECCOMP] == STATE_DEGRADED;
    static const char *const reasons[PROTECTIONS] = {
        [PROTECTION_NO_TRACER] = "a tracer is attached",
        [PROTECTION_LANDLOCK] = "the kernel's Landlock is missing or old",
        [PROTECTION_SECCOMP] = "the kernel has no seccomp filter",
        [PROTECTION_SECRET_MEMORY] = "no memfd_secret here: values lie in a sealed memory file",
        [PROTECTION_UNSWAPPABLE] = "swap is on, and this tmpfs may go there",
    };
    if (protection == PROTECTION_SECCOMP && traps)
        return "a library here makes calls that the filter does not know: it refuses them";
    if (protection != PROTECTION_IDENTITY)
        return reasons[protection] != NULL ? reasons[protection] : "the kernel refused it";
    return m->identity.drops ? "there is no user arrestor: uid 65534 serves"
                             : "started without root, the job shares our uid";
}

int monitor_say_protections(struct monitor *m, struct error *err) {
    for (int i = 0; i < PROTECTIONS; i++) {
        enum protection protection = (enum protection)i;
        enum protection_state state = m->worst.state[i];
        if (state == STATE_UNTOLD || state == STATE_ON)
            continue;
        if ((m->setup.require & (1u << i)) != 0) {
            error_set(err, ERROR_PROTECTION, "%s is required and %s: %s",
                      protection_name(protection), protection_state_name(state),
                      why_weaker(m, protection));
            return error_todo(err, "mend it, or take it out of require: in arrestor.yaml");
        }
        if ((m->told_protections & (1u << i)) == 0)
            monitor_say("%s: %s (%s)", protection_state_name(state), protection_name(protection),
                        why_weaker(m, protection));
        m->told_protections |= 1u << i;
    }
    return 0;
}

void monitor_write_status(const struct monitor *m, int status, const char *reason,
                          const char *rules) {
    struct buffer text = buffer_make(LIMIT_LOG_LINE);
    struct error err;
    if (m->status_path == NULL)
        return;
    buffer_printf(&text, "{\"status\":%d,\"reason\":", status);
    buffer_json(&text, reason, strlen(reason));
    buffer_text(&text, ",\"rules\":");
    buffer_json(&text, rules, strlen(rules));
    buffer_text(&text, "}\n");
    if (buffer_status(&text) == 0 &&
        atomic_file_replace(m->status_path, text.data, text.length, 0644, &err) != 0)
        (void)command_fail(&err);
    buffer_free(&text);
}
