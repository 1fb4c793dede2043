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
    char text[LIMIT_LOG_LINE / 4], memory[LIMIT_LOG_LINE];
    struct buffer line = buffer_on(memory, sizeof memory);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buffer_text(&line, "arrestor: ");
    text_escape(&line, text, strlen(text));
    buffer_text(&line, "\n");
    (void)file_write_all(STDERR_FILENO, line.data, line.length);
}

/* Why a protection is off, and why it is degraded. */
static const struct {
    const char *off, *degraded;
} reasons[PROTECTIONS] = {
    [PROTECTION_NO_TRACER] = {NULL, "a tracer is attached"},
    [PROTECTION_LANDLOCK] = {"no Landlock here: what place, sweep and dial open is held by file "
                             "permissions only",
                             "Landlock here is older than version 3: place could empty a file that "
                             "it may only read"},
    [PROTECTION_SECCOMP] = {"the kernel has no seccomp filter",
                            "a library made calls that the filter refused"},
    [PROTECTION_SECRET_MEMORY] = {"too little memory may be locked: values lie in a memory file "
                                  "that could be swapped; raise ulimit -l, or give CAP_IPC_LOCK",
                                  "no memfd_secret here: values lie in a sealed memory file"},
    [PROTECTION_UNSWAPPABLE] = {NULL,
                                "swap is on, or that cannot be told, and this tmpfs may go there"},
};

static const char *why_weaker(const struct monitor *m, enum protection protection,
                              enum protection_state state) {
    const char *reason =
        state == STATE_OFF ? reasons[protection].off : reasons[protection].degraded;
    if (protection != PROTECTION_IDENTITY)
        return reason != NULL ? reason : "the kernel refused it";
    return m->identity.drops ? "there is no user arrestor: uid 65534 serves"
           : geteuid() == 0  ? "root here cannot change its uid, and the job shares it"
                             : "started without root, the job shares our uid";
}

/* fetch-net has neither sockets nor files because of its filter, and libcurl relies on
 * what the filter answers. */
static bool cannot_do_without(const struct monitor *m, enum protection protection,
                              enum protection_state state) {
    return protection == PROTECTION_SECCOMP && state == STATE_OFF &&
           (m->setup.stores & STORES_NETWORK) != 0;
}

static int refuse_weaker(const struct monitor *m, enum protection protection,
                         enum protection_state state, struct error *err) {
    bool asked = (m->setup.require & (1u << protection)) != 0;
    error_set(err, ERROR_PROTECTION, "%s is required%s and %s: %s", protection_name(protection),
              asked ? "" : " for a store over the network", protection_state_name(state),
              why_weaker(m, protection, state));
    return asked ? error_todo(err, "mend it, or take it out of require: in arrestor.yaml")
                 : error_todo(err, "use another kernel, or a strongbox");
}

int monitor_say_protections(struct monitor *m, struct error *err) {
    for (int i = 0; i < PROTECTIONS; i++) {
        enum protection protection = (enum protection)i;
        enum protection_state state = m->worst.state[i];
        if (state == STATE_UNTOLD || state == STATE_ON)
            continue;
        if ((m->setup.require & (1u << i)) != 0 || cannot_do_without(m, protection, state))
            return refuse_weaker(m, protection, state, err);
        if ((m->told_protections & (1u << i)) == 0)
            monitor_say("%s: %s (%s)", protection_state_name(state), protection_name(protection),
                        why_weaker(m, protection, state));
        m->told_protections |= 1u << i;
    }
    return 0;
}

void monitor_write_status(const struct monitor *m, int status, const char *reason,
                          const char *rules) {
    char memory[LIMIT_LOG_LINE];
    struct buffer text = buffer_on(memory, sizeof memory);
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
}
