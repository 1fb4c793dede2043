#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/monitor/monitor.h"
#include "sidecar/wire/launch_words.h"

int launch_job(struct monitor *m, struct error *err) {
    if (!launch_words_fit(&m->verdict, m->argc))
        return error_set(err, ERROR_PROTOCOL, "the verdict names words that are not there");
    char **argv = launch_words(&m->verdict, m->argv, m->argc, &m->arena);
    char **environment = environment_launch(m);
    if (argv == NULL || environment == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the launch");
    const int keep[LAUNCH_FDS] = {m->merged, -1};
    pid_t pid = spawn_job(m, m->program, argv, environment, keep, err);
    if (pid < 0)
        return -1;
    m->watched = pid;
    m->watched_over = false;
    m->job_started = true;
    return 0;
}

static bool is_role(const struct monitor *m, pid_t pid) {
    for (size_t i = 0; i < LIMIT_MANAGED_CHILDREN; i++)
        if (m->children[i].pid == pid)
            return true;
    return false;
}

/* Calls `act` for every child that is the job's. Gives their number, or -1 where
 * the kernel does not list children (CONFIG_PROC_CHILDREN). */
static int each_job_child(const struct monitor *m, void (*act)(pid_t pid, int value), int value) {
    char path[64], text[4096];
    int count = 0;
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, text, sizeof text - 1);
    (void)close(fd);
    text[length < 0 ? 0 : length] = '\0';
    for (char *p = text, *end; *p != '\0'; p = end) {
        pid_t pid = (pid_t)strtol(p, &end, 10);
        if (end == p)
            break;
        if (pid <= 0 || is_role(m, pid))
            continue;
        count++;
        if (act != NULL)
            act(pid, value);
    }
    return count;
}

static void send_signal(pid_t pid, int number) {
    (void)kill(pid, number);
}

void launch_signal(struct monitor *m, int number) {
    if (each_job_child(m, send_signal, number) < 0 && !m->watched_over)
        (void)kill(m->watched, number);
}

bool launch_is_alive(struct monitor *m) {
    return !m->watched_over || each_job_child(m, NULL, 0) > 0;
}
