#include "tests/torture/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

bool follow_role(pid_t pid, char *text, size_t size) {
    char path[64], words[512];
    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, words, sizeof words - 1);
    (void)close(fd);
    if (length <= 0)
        return false;
    words[length] = '\0';
    const char *end = words + length, *word = words + strlen(words) + 1;
    if (strstr(words, "arrestor") == NULL || word >= end)
        return false;
    if (strcmp(word, "role") == 0 && word + strlen(word) + 1 < end)
        word += strlen(word) + 1;
    (void)snprintf(text, size, "%s", word);
    return true;
}

static bool wants_calls(const struct follow *follow, pid_t pid) {
    return pid == follow->target ||
           (follow->wants_calls != NULL && follow->wants_calls(follow->context, pid));
}

static void see_call(struct follow *follow, pid_t pid) {
    struct __ptrace_syscall_info info;
    if (!wants_calls(follow, pid) || ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0)
        return;
    struct called called = {.number = (long)info.entry.nr};
    _Static_assert(sizeof called.arguments == sizeof info.entry.args, "six arguments");
    memcpy(called.arguments, info.entry.args, sizeof called.arguments);
    if (follow->on_call != NULL && info.op == PTRACE_SYSCALL_INFO_ENTRY)
        follow->on_call(follow->context, pid, &called);
    if (follow->on_return != NULL && info.op == PTRACE_SYSCALL_INFO_EXIT)
        follow->on_return(follow->context, pid);
}

/* The first stop of a child that the kernel has attached for us. */
static void see_start(struct follow *follow, pid_t pid) {
    char path[64], text[512];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t length = read(fd, text, sizeof text - 1);
    (void)close(fd);
    text[length > 0 ? length : 0] = '\0';
    const char *name_end = strrchr(text, ')');
    if (name_end != NULL && strlen(name_end) > 4) /* ") S PPID" */
        follow->on_fork(follow->context, (pid_t)strtol(name_end + 4, NULL, 10), pid);
}

static void see_event(struct follow *follow, pid_t pid, int event) {
    if (event == PTRACE_EVENT_STOP && follow->on_fork != NULL)
        see_start(follow, pid);
    if (event == PTRACE_EVENT_EXEC && follow->on_exec != NULL)
        follow->on_exec(follow->context, pid);
    if (event == PTRACE_EVENT_EXIT && follow->on_exit != NULL)
        follow->on_exit(follow->context, pid);
}

static bool is_stop_signal(int signal) {
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* Lets a stopped process go on, as its stop demands. */
static void see_stop(struct follow *follow, pid_t pid, int status) {
    int signal = WSTOPSIG(status), event = status >> 16;
    long deliver = 0;
    if (event == PTRACE_EVENT_STOP && is_stop_signal(signal)) {
        (void)ptrace(PTRACE_LISTEN, pid, 0L, 0L);
        return;
    }
    if (signal == (SIGTRAP | 0x80))
        see_call(follow, pid);
    else if (event != 0)
        see_event(follow, pid, event);
    else
        deliver = signal;
    (void)ptrace(wants_calls(follow, pid) ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0L, deliver);
}

static pid_t start(char **command) {
    int gate[2];
    char byte = 0;
    if (pipe2(gate, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        if (read(gate[0], &byte, 1) == 1)
            (void)execvp(command[0], command);
        _exit(127);
    }
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                   PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT |
                   PTRACE_O_EXITKILL;
    if (pid < 0 || ptrace(PTRACE_SEIZE, pid, 0L, options) != 0 || write(gate[1], &byte, 1) != 1)
        return -1;
    (void)close(gate[0]);
    (void)close(gate[1]);
    return pid;
}

static void ignore(int signal) {
    (void)signal;
}

int follow_command(struct follow *follow, char **command) {
    /* A terminal's signals reach the command itself; whoever stands beside outlives it. */
    (void)signal(SIGINT, ignore);
    pid_t first = start(command);
    if (first < 0)
        return 125;
    for (int result = 125;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno != EINTR)
            return result;
        if (pid > 0 && WIFSTOPPED(status)) {
            see_stop(follow, pid, status);
            continue;
        }
        if (pid > 0 && follow->on_end != NULL)
            follow->on_end(follow->context, pid, status);
        if (pid == first)
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}
