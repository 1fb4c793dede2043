#include "sidecar/monitor/dry_run.h"

#include <unistd.h>

#include "sidecar/base/command.h"
#include "sidecar/base/file.h"
#include "sidecar/monitor/monitor.h"

int dry_run_ask(struct monitor *m, const struct invocation *call, struct error *err) {
    bool json = false;
    if (command_format(call, &json, err) != 0)
        return -1;
    if (command_value(call, "dry-run") != NULL)
        m->dry_run = json ? LAUNCH_REPORT_JSON : LAUNCH_REPORT_TEXT;
    else if (command_value(call, "format") != NULL) {
        error_set(err, ERROR_USAGE, "--format is for --dry-run: standard output is the job's");
        return error_at(err, call->command->name, 0, 0);
    }
    return 0;
}

void dry_run_spare(struct monitor *m) {
    if (m->dry_run != LAUNCH_REPORT_NONE)
        m->setup.dir[0] = m->setup.state[0] = '\0';
}

int dry_run_show(struct monitor *m, struct error *err) {
    struct buffer report = buffer_make(LIMIT_REPORT_BYTES);
    if (m->dry_run == LAUNCH_REPORT_NONE)
        return 0;
    int result = file_read(m->report, "the judge's report", &report, err);
    if (result == 0 && file_write_all(STDOUT_FILENO, report.data, report.length) != 0)
        result = error_system(err, ERROR_SYSTEM, "cannot write to standard output");
    buffer_free(&report);
    (void)close(m->report);
    m->report = -1;
    return result;
}
