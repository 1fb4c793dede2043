#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/file.h"
#include "sidecar/monitor/monitor.h"

static int tell_launch(struct monitor *m, const struct child *judge, struct error *err) {
    struct message message = {.type = MESSAGE_LAUNCH};
    struct message_launch *launch = &message.body.launch;
    const char *set = "";
    if (m->setup.files > 0) {
        set = arena_printf(&m->arena, "%s/current", m->directories[DIRECTORY_SET].path);
        if (set == NULL)
            return error_set(err, ERROR_MEMORY, "no memory for the launch");
    }
    launch->report = m->dry_run;
    (void)message_text(launch->program, sizeof launch->program, m->program);
    if (message_text(launch->directory, sizeof launch->directory, set) != 0)
        return error_set(err, ERROR_INPUT, "a path of the launch is too long");
    return channel_send(&judge->channel, &message, -1, err);
}

/* The judge's file is copied and the copy is sealed: to seal the very file that
 * another process has just filled fails with EBUSY now and then (its page is
 * still on the other processor's list), and the copy is one the judge never had. */
static int seal_merged(struct monitor *m, struct error *err) {
    struct buffer bytes = buffer_make(LIMIT_INPUT_BYTES);
    int sealed = -1;
    if (file_read(m->merged, "properties", &bytes, err) == 0)
        sealed = file_seal_bytes("properties", bytes.data, bytes.length, err);
    buffer_free(&bytes);
    if (sealed < 0)
        return -1;
    (void)close(m->merged);
    m->merged = sealed;
    return 0;
}

int verdict_ask(struct monitor *m, struct error *err) {
    int fds[SLOTS];
    spawn_clear_slots(fds);
    m->merged = file_make_memory("properties", MFD_CLOEXEC);
    m->report = m->dry_run == LAUNCH_REPORT_NONE ? -1 : file_make_memory("report", MFD_CLOEXEC);
    if (m->merged < 0 || (m->report < 0 && m->dry_run != LAUNCH_REPORT_NONE))
        return error_system(err, ERROR_SYSTEM, "cannot make a memory file");
    fds[SLOT_CONFIG] = m->config;
    fds[SLOT_CONF] = m->conf;
    fds[SLOT_ARGUMENTS] = m->arguments;
    fds[SLOT_ENVIRONMENT] = m->recorded;
    fds[SLOT_MERGED] = m->merged;
    fds[SLOT_REPORT] = m->report;
    const struct child *judge = spawn_role(m, ROLE_JUDGE, fds, err);
    if (judge == NULL || tell_launch(m, judge, err) != 0 || loop_await(m, judge->pid, err) != 0)
        return -1;
    /* Fail closed: without its record and a clean end there is no verdict. */
    if (!m->verdict_told || !WIFEXITED(m->watched_status) || WEXITSTATUS(m->watched_status) != 0)
        return error_set(err, ERROR_CHILD, "the judge ended without a verdict");
    return seal_merged(m, err);
}
