/* failat: one process of arrestor is killed at one of its system calls, or one
 * of its system calls fails.
 *
 *   failat LOG ROLE NTH CALL ACTION COMMAND…
 *
 * Runs COMMAND. The victim is the NTH process that is exec'd as ROLE (a role of
 * monitor's, or a command such as run), or with ROLE "fork" the NTH child of an
 * arrestor until it execs. CALL is NAME:N, its Nth call of that name, or :N, its
 * Nth call; calls count from the end of the loader on, a fork's from its start.
 * ACTION:
 *
 *   list     nothing happens; LOG names every call and how it may fail
 *   kill     SIGKILL as it is about to make the call
 *   ENAME    the call is not made and gives that error (close is made all the same)
 *   ENAME+   so do all later calls of that name
 *   short    the call is made with a count of one byte
 *
 * Where $FAILAT_WATCH names the directory of a set, the set is read as a reader does
 * before every call of the victim: its files `one` and `two` hold the same.
 *
 * LOG tells in lines:
 *   call INDEX NAME N FAULT…   (list)
 *   hit NAME | missed CALLS
 *   saw gone | mixed, NAME    a reader saw that, before this call
 *   process ROLE exit STATUS | signal NUMBER    for each process of arrestor
 * The status is COMMAND's own. x86-64 only. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/torture/fault_table.h"
#include "tests/torture/follow.h"

#define PROCESSES 256

enum action { ACTION_LIST, ACTION_KILL, ACTION_FAIL, ACTION_SHORT };

struct process {
    pid_t pid;
    char role[32];
};

struct hunt {
    struct follow follow;
    FILE *log;
    const char *role;
    long nth, seen;   /* which victim; how many there were so far */
    const char *name; /* which call, or "" */
    long call, calls; /* … of them, 1-based; how many it made so far */
    enum action action;
    int fault;
    bool lasts;                     /* and all later calls of the name */
    bool loader, tied;              /* the victim is still in its loader; the loader has come far */
    struct user_regs_struct before; /* the present call, if it is replaced */
    bool replaced;
    bool hit, failing; /* it has happened; the present call is to fail */
    long struck;       /* the number of the call that was hit */
    const char *watch; /* the directory of a set, or NULL */
    bool stood, told;  /* a set was there; what became of it is told */
    long made[512];    /* how often each call was made */
    struct process processes[PROCESSES];
};

static struct process *find_process(struct hunt *hunt, pid_t pid) {
    for (size_t i = 0; i < PROCESSES; i++)
        if (hunt->processes[i].pid == pid)
            return &hunt->processes[i];
    return NULL;
}

static void aim(struct hunt *hunt, pid_t pid, bool loader) {
    if (++hunt->seen != hunt->nth)
        return;
    hunt->follow.target = pid;
    hunt->loader = loader;
    hunt->tied = false;
}

static void see_fork(void *context, pid_t parent, pid_t pid) {
    struct hunt *hunt = context;
    bool again = find_process(hunt, pid) != NULL; /* it goes on after a stop */
    if (!again && find_process(hunt, parent) != NULL && strcmp(hunt->role, "fork") == 0)
        aim(hunt, pid, false);
}

static void see_exec(void *context, pid_t pid) {
    struct hunt *hunt = context;
    struct process *process = find_process(hunt, pid);
    char role[32];
    if (pid == hunt->follow.target)
        hunt->follow.target = 0;
    if (process == NULL)
        process = find_process(hunt, 0);
    if (process == NULL || !follow_role(pid, role, sizeof role)) {
        if (process != NULL)
            process->pid = 0;
        return;
    }
    process->pid = pid;
    memcpy(process->role, role, sizeof role);
    if (strcmp(role, hunt->role) == 0)
        aim(hunt, pid, true);
}

static void see_end(void *context, pid_t pid, int status) {
    struct hunt *hunt = context;
    struct process *process = find_process(hunt, pid);
    if (process == NULL)
        return;
    process->pid = 0;
    (void)fprintf(hunt->log, "process %s %s %d\n", process->role,
                  WIFEXITED(status) ? "exit" : "signal",
                  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* The loader's last deed is to unmap ld.so.cache; its memory is tied to it before. */
static bool is_in_loader(struct hunt *hunt, long number) {
    bool was = hunt->loader;
    hunt->tied = hunt->tied || number == SYS_set_tid_address;
    if (hunt->tied && number == SYS_munmap)
        hunt->loader = false;
    return was;
}

/* Ways to fail that depend on the arguments. */
static const char *further_faults(const struct user_regs_struct *registers) {
    /* A signalfd is read in records of 128 bytes, and only whole. */
    bool some = registers->rdx > 1 && registers->rdx != 128;
    switch ((long)registers->orig_rax) {
    case SYS_openat:
        return (registers->rdx & O_CREAT) != 0 ? " ENOSPC" : "";
    case SYS_read:
    case SYS_write:
    case SYS_pread64:
        return some ? " short" : "";
    case SYS_wait4:
        return (registers->rdx & WNOHANG) != 0 ? "" : "EINTR ECHILD";
    case SYS_fcntl:
        return registers->rsi == F_DUPFD || registers->rsi == F_DUPFD_CLOEXEC ? "EMFILE"
               : registers->rsi == F_ADD_SEALS                                ? "EPERM EBUSY"
                                                                              : "";
    default:
        return "";
    }
}

static void list_call(struct hunt *hunt, pid_t pid, const struct fault_row *row, long count) {
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, pid, 0L, &registers) != 0)
        return;
    (void)fprintf(hunt->log, "call %ld %s %ld %s%s\n", hunt->calls, row->name, count, row->faults,
                  further_faults(&registers));
}

/* A filter sees the call that is made instead: one that every role may make. */
static void replace_call(struct hunt *hunt, pid_t pid) {
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, pid, 0L, &registers) != 0)
        return;
    hunt->before = registers;
    hunt->replaced = true;
    if (hunt->action == ACTION_SHORT)
        registers.rdx = 1;
    else if (hunt->struck == SYS_brk)
        registers.rdi = 0; /* the kernel tells a failure by the old break */
    else if (hunt->struck != SYS_close)
        registers.orig_rax = SYS_getpid;
    hunt->failing = hunt->action == ACTION_FAIL && hunt->struck != SYS_brk;
    (void)ptrace(PTRACE_SETREGS, pid, 0L, &registers);
}

static ssize_t read_named(int directory, const char *name, char *bytes, size_t size) {
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, bytes, size);
    (void)close(fd);
    return length;
}

/* What a reader sees now: "whole", "gone" or "mixed". */
static const char *look_at_set(const char *path) {
    char name[4096], one[8192], two[8192];
    (void)snprintf(name, sizeof name, "%s/current", path);
    int directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return "gone";
    ssize_t first = read_named(directory, "one", one, sizeof one);
    ssize_t second = read_named(directory, "two", two, sizeof two);
    (void)close(directory);
    if (first < 0 || second < 0)
        return "gone";
    return first == second && memcmp(one, two, (size_t)first) == 0 ? "whole" : "mixed";
}

static void watch_set(struct hunt *hunt, const char *call) {
    if (hunt->watch == NULL || hunt->told)
        return;
    const char *seen = look_at_set(hunt->watch);
    hunt->stood = hunt->stood || strcmp(seen, "whole") == 0;
    hunt->told = hunt->stood && strcmp(seen, "whole") != 0;
    if (hunt->told)
        (void)fprintf(hunt->log, "saw %s %s\n", seen, call);
}

static void see_call(void *context, pid_t pid, const struct called *call) {
    struct hunt *hunt = context;
    long number = call->number;
    const struct fault_row *row = fault_row(number);
    if (is_in_loader(hunt, number) || number < 0 || number >= 512)
        return;
    watch_set(hunt, row->name);
    hunt->calls++;
    long count = ++hunt->made[number];
    if (hunt->action == ACTION_LIST) {
        list_call(hunt, pid, row, count);
        return;
    }
    bool named = hunt->name[0] == '\0' || strcmp(hunt->name, row->name) == 0;
    bool strikes =
        named && !hunt->hit && (hunt->name[0] == '\0' ? hunt->calls : count) == hunt->call;
    if (strikes) {
        hunt->hit = true;
        hunt->struck = number;
        (void)fprintf(hunt->log, "hit %s\n", row->name);
    }
    if (!strikes && !(hunt->lasts && hunt->hit && number == hunt->struck))
        return;
    if (hunt->action == ACTION_KILL)
        (void)kill(pid, SIGKILL);
    else
        replace_call(hunt, pid);
}

static void see_return(void *context, pid_t pid) {
    struct hunt *hunt = context;
    struct user_regs_struct registers;
    if (!hunt->replaced || ptrace(PTRACE_GETREGS, pid, 0L, &registers) != 0)
        return;
    hunt->replaced = false;
    /* A call leaves its arguments as they were. */
    registers.rdi = hunt->before.rdi;
    registers.rdx = hunt->before.rdx;
    if (hunt->failing)
        registers.rax = (unsigned long long)-(long long)hunt->fault;
    (void)ptrace(PTRACE_SETREGS, pid, 0L, &registers);
}

static int read_action(struct hunt *hunt, char *text) {
    static const struct {
        const char *name;
        enum action action;
    } words[] = {{"list", ACTION_LIST}, {"kill", ACTION_KILL}, {"short", ACTION_SHORT}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i].name) != 0)
            continue;
        hunt->action = words[i].action;
        return 0;
    }
    size_t length = strlen(text);
    hunt->lasts = length > 0 && text[length - 1] == '+';
    if (hunt->lasts)
        text[length - 1] = '\0';
    hunt->action = ACTION_FAIL;
    hunt->fault = fault_errno(text);
    return hunt->fault == 0 ? -1 : 0;
}

static int read_call(struct hunt *hunt, char *text) {
    char *colon = strchr(text, ':');
    if (colon == NULL)
        return -1;
    *colon = '\0';
    hunt->name = text;
    hunt->call = strtol(colon + 1, NULL, 10);
    return 0;
}

int main(int argc, char **argv) {
    static struct hunt hunt;
    if (argc < 7 || read_call(&hunt, argv[4]) != 0 || read_action(&hunt, argv[5]) != 0) {
        (void)fprintf(stderr, "usage: failat LOG ROLE NTH CALL ACTION COMMAND…\n");
        return 2;
    }
    hunt.log = fopen(argv[1], "we");
    if (hunt.log == NULL)
        return 2;
    (void)setvbuf(hunt.log, NULL, _IOLBF, 0); /* read while a sweep still lingers */
    hunt.watch = getenv("FAILAT_WATCH");
    hunt.role = argv[2];
    hunt.nth = strtol(argv[3], NULL, 10);
    hunt.follow = (struct follow){.context = &hunt,
                                  .on_fork = see_fork,
                                  .on_exec = see_exec,
                                  .on_end = see_end,
                                  .on_call = see_call,
                                  .on_return = see_return};
    int status = follow_command(&hunt.follow, argv + 6);
    if (!hunt.hit)
        (void)fprintf(hunt.log, "missed %ld\n", hunt.calls);
    return fclose(hunt.log) == 0 ? status : 125;
}
