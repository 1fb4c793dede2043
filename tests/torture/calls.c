/* calls: which system calls each role of arrestor makes, against its list.
 *
 *   calls REPORT COMMAND…
 *
 * Runs COMMAND, as the whole end-to-end suite, and stands beside every arrestor in
 * it. Each call that a role makes once its filter is loaded is looked up in the very
 * tables that the filter was built from. REPORT says for each role what it did
 * outside of its list, which calls were answered, and which rows of its list no
 * process of it ever used. Status: COMMAND's, or 99 where a call was outside. */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/confine/filter_table.h"
#include "sidecar/confine/role_table.h"
#include "tests/torture/follow.h"

#define PROCESSES (1 << 22) /* Linux has no pid above */
#define ROWS      256
#define NUMBERS   1024
#define OUTSIDE   99

/* Processes that run arrestor, by pid; a slot is free where pid is 0. */
struct process {
    pid_t pid;
    bool arrestor; /* its calls are seen, to find the one that loads the filter */
    int role;      /* -1 until then */
};

struct seen {
    struct process processes[PROCESSES];
    unsigned long started[ROLES], allowed[ROLES][ROWS], answered[ROLES][NUMBERS],
        outside[ROLES][NUMBERS];
};

static struct process *find(struct seen *seen, pid_t pid) {
    struct process *process = &seen->processes[pid % PROCESSES];
    return process->pid == pid ? process : NULL;
}

static void see_exec(void *context, pid_t pid) {
    struct seen *seen = context;
    char role[64];
    bool arrestor = follow_role(pid, role, sizeof role);
    seen->processes[pid % PROCESSES] =
        (struct process){.pid = arrestor ? pid : 0, .arrestor = arrestor, .role = -1};
}

/* The next process of that number is another. */
static void see_exit(void *context, pid_t pid) {
    struct process *process = find(context, pid);
    if (process != NULL)
        *process = (struct process){0};
}

static bool wants_calls(void *context, pid_t pid) {
    return find(context, pid) != NULL;
}

/* The role that a process has said to be, as its last step before the filter. */
static int role_of(pid_t pid) {
    char path[64], name[32] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, name, sizeof name - 1);
    (void)close(fd);
    name[length > 0 ? length - 1 : 0] = '\0';
    for (int i = 0; i < ROLES; i++)
        if (role_table[i].confined && strcmp(role_table[i].name, name) == 0)
            return i;
    return -1;
}

static bool holds(const struct call_row *row, pid_t pid, const uint64_t *arguments) {
    for (size_t i = 0; i < CALL_CONDITIONS && row->when[i].mask != 0; i++) {
        const struct call_condition *when = &row->when[i];
        uint64_t value = row->number == SCMP_SYS(tgkill) ? (uint64_t)pid : when->value;
        if ((arguments[when->argument] & when->mask) != value)
            return false;
    }
    return true;
}

static bool is_answered(int number, uint32_t groups) {
    for (size_t i = 0; i < answer_count; i++)
        if (answer_table[i].number == number && (answer_table[i].groups & groups) != 0)
            return true;
    return false;
}

/* Every row that a call matches counts as used: each of them would have let it pass. */
static void judge_call(struct seen *seen, const struct process *process,
                       const struct called *call) {
    /* Who was given no paths has no filter that lets the further ones pass. */
    uint32_t groups = role_table[process->role].calls | role_table[process->role].beneath;
    bool allowed = false;
    for (size_t i = 0; i < call_count; i++)
        if (call_table[i].number == (int)call->number && (call_table[i].groups & groups) != 0 &&
            holds(&call_table[i], process->pid, call->arguments)) {
            seen->allowed[process->role][i]++;
            allowed = true;
        }
    if (allowed || call->number < 0 || call->number >= NUMBERS)
        return;
    if (is_answered((int)call->number, groups))
        seen->answered[process->role][call->number]++;
    else
        seen->outside[process->role][call->number]++;
}

static void see_call(void *context, pid_t pid, const struct called *call) {
    struct seen *seen = context;
    struct process *process = find(seen, pid);
    if (process == NULL)
        return;
    if (process->role >= 0)
        judge_call(seen, process, call);
    else if (call->number == SCMP_SYS(seccomp) && call->arguments[0] == SECCOMP_SET_MODE_FILTER &&
             call->arguments[2] != 0) { /* libseccomp asks without a filter what there is */
        process->role = role_of(pid);
        if (process->role >= 0)
            seen->started[process->role]++;
    }
}

static void print_number(FILE *report, const char *what, int number, unsigned long count) {
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
    (void)fprintf(report, "  %s %s: %lu\n", what, name == NULL ? "?" : name, count);
    free(name);
}

static void print_unused(FILE *report, const struct seen *seen, int role) {
    for (size_t i = 0; i < call_count; i++) {
        const struct call_row *row = &call_table[i];
        if ((row->groups & (role_table[role].calls | role_table[role].beneath)) == 0 ||
            seen->allowed[role][i] > 0 || row->number < 0)
            continue;
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, row->number);
        (void)fprintf(report, "  never %s", name);
        for (size_t j = 0; j < CALL_CONDITIONS && row->when[j].mask != 0; j++)
            (void)fprintf(report, " (argument %u, mask %#llx: %#llx)", row->when[j].argument,
                          (unsigned long long)row->when[j].mask,
                          (unsigned long long)row->when[j].value);
        (void)fputc('\n', report);
        free(name);
    }
}

/* How many calls were outside of a list. */
static unsigned long print_report(FILE *report, const struct seen *seen) {
    unsigned long all = 0;
    for (int role = 0; role < ROLES; role++) {
        unsigned long calls = 0, outside = 0;
        if (!role_table[role].confined)
            continue;
        for (int i = 0; i < ROWS; i++)
            calls += seen->allowed[role][i];
        for (int i = 0; i < NUMBERS; i++)
            outside += seen->outside[role][i];
        (void)fprintf(report, "%s: %lu processes, %lu calls inside its list, %lu outside\n",
                      role_table[role].name, seen->started[role], calls, outside);
        for (int i = 0; i < NUMBERS; i++)
            if (seen->outside[role][i] > 0)
                print_number(report, "outside", i, seen->outside[role][i]);
        for (int i = 0; i < NUMBERS; i++)
            if (seen->answered[role][i] > 0)
                print_number(report, "answered", i, seen->answered[role][i]);
        print_unused(report, seen, role);
        all += outside;
    }
    return all;
}

int main(int argc, char **argv) {
    static struct seen seen;
    FILE *report = argc < 3 || call_count > ROWS ? NULL : fopen(argv[1], "we");
    if (report == NULL) {
        (void)fprintf(stderr, "usage: calls REPORT COMMAND…\n");
        return 2;
    }
    struct follow follow = {.context = &seen,
                            .on_exec = see_exec,
                            .on_exit = see_exit,
                            .on_call = see_call,
                            .wants_calls = wants_calls};
    int status = follow_command(&follow, argv + 2);
    unsigned long outside = print_report(report, &seen);
    return fclose(report) != 0 ? 125 : outside > 0 ? OUTSIDE : status;
}
