/* rolewatch: what each process of arrestor had used when it ended.
 *
 *   rolewatch LOG COMMAND…
 *
 * Runs COMMAND and writes to LOG one line of JSON for each process that ran as
 * `arrestor ROLE …`: time on a processor, and memory as it was at the end. The
 * processes are stopped only as they start and as they end, so the figures are
 * their own. The status is COMMAND's. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/torture/follow.h"

/* The text of /proc/PID/NAME; "" where it cannot be read. */
static void read_proc(pid_t pid, const char *name, char *text, size_t size) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    text[0] = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t length = read(fd, text, size - 1);
    text[length > 0 ? length : 0] = '\0';
    (void)close(fd);
}

/* The number behind "NAME:" in text, or -1. */
static long number_after(const char *text, const char *name) {
    const char *found = strstr(text, name);
    return found == NULL ? -1 : strtol(found + strlen(name), NULL, 10);
}

static void see_exit(void *context, pid_t pid) {
    char role[32], schedule[128], memory[4096], status[4096];
    if (!follow_role(pid, role, sizeof role))
        return;
    read_proc(pid, "schedstat", schedule, sizeof schedule);
    read_proc(pid, "smaps_rollup", memory, sizeof memory);
    read_proc(pid, "status", status, sizeof status);
    (void)fprintf(context,
                  "{\"role\": \"%s\", \"cpu_us\": %ld, \"rss_kb\": %ld, \"pss_kb\": %ld, "
                  "\"anonymous_kb\": %ld, \"peak_kb\": %ld}\n",
                  role, strtol(schedule, NULL, 10) / 1000, number_after(memory, "\nRss:"),
                  number_after(memory, "\nPss:"), number_after(memory, "\nAnonymous:"),
                  number_after(status, "\nVmHWM:"));
}

int main(int argc, char **argv) {
    FILE *log = argc < 3 ? NULL : fopen(argv[1], "w");
    if (log == NULL) {
        (void)fprintf(stderr, "usage: rolewatch LOG COMMAND…\n");
        return 2;
    }
    struct follow follow = {.context = log, .on_exit = see_exit};
    int status = follow_command(&follow, argv + 2);
    return fclose(log) == 0 ? status : 125;
}
