#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/monitor/monitor.h"

#define PROPERTIES_OPTION "--properties-file"
#define PROPERTIES_PATH   "/proc/self/fd/19"
_Static_assert(LAUNCH_FD == 19, "PROPERTIES_PATH names LAUNCH_FD");

/* The caller's words, except for those that name a properties file; without one
 * it is inserted where the judge said. */
static char **launch_arguments(struct monitor *m) {
    const struct message_verdict *verdict = &m->verdict;
    char **ret = arena_array(&m->arena, m->argc + 3, sizeof *ret);
    char *option = arena_text(&m->arena, PROPERTIES_OPTION, strlen(PROPERTIES_OPTION));
    char *path = arena_text(&m->arena, PROPERTIES_PATH, strlen(PROPERTIES_PATH));
    char *joined[] = {arena_printf(&m->arena, "--properties-file=%s", PROPERTIES_PATH),
                      arena_printf(&m->arena, "--extra-properties-file=%s", PROPERTIES_PATH)};
    if (ret == NULL || option == NULL || path == NULL || joined[0] == NULL || joined[1] == NULL)
        return NULL;
    size_t count = 0;
    for (size_t i = 0; i <= m->argc; i++) {
        if (verdict->insert != 0 && i == verdict->insert_at) {
            ret[count++] = option;
            ret[count++] = path;
        }
        ret[count] = m->argv[i];
        for (uint32_t j = 0; j < verdict->properties_argument; j++)
            if (verdict->argument[j].index == i && i < m->argc)
                ret[count] =
                    verdict->argument[j].joined != 0 ? joined[verdict->argument[j].extra] : path;
        count++;
    }
    return ret;
}

static int check_verdict(const struct monitor *m, struct error *err) {
    const struct message_verdict *verdict = &m->verdict;
    bool sound = verdict->properties_argument <= LIMIT_PROPERTIES_ARGUMENTS &&
                 verdict->insert_at > 0 && verdict->insert_at <= m->argc;
    for (uint32_t i = 0; sound && i < verdict->properties_argument; i++)
        sound = verdict->argument[i].index > 0 && verdict->argument[i].index < m->argc &&
                verdict->argument[i].extra <= 1;
    return sound ? 0 : error_set(err, ERROR_PROTOCOL, "the verdict names words that are not there");
}

int launch_job(struct monitor *m, struct error *err) {
    if (check_verdict(m, err) != 0)
        return -1;
    char **argv = launch_arguments(m), **environment = environment_launch(m);
    if (argv == NULL || environment == NULL)
        return error_set(err, ERROR_MEMORY, "no memory for the launch");
    pid_t pid = spawn_job(m, m->program, argv, environment, m->merged, err);
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
