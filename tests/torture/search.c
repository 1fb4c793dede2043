/* search: looks for planted bytes in the memory of processes, as root can.
 *
 *   search NEEDLES REPORT [-p ROLE:CALL | -p ROLE:region:N] COMMAND…
 *   search NEEDLES REPORT -o ROLE [-p …] COMMAND…
 *   search NEEDLES REPORT PID…
 *
 * NEEDLES has one line for each form of a planted value: LABEL FORM HEX. Found is any
 * run of RUN or more of its bytes, at any address. REPORT gets one JSON object a line.
 *
 * With a COMMAND, every process of arrestor in it is searched before each of its system
 * calls (exit_group too: nothing of ours runs after that), the heap's free blocks
 * and what lies below the stack pointer included; a line is written when
 * something else is found than at the call before. The first process that runs as ROLE
 * is parked before its first CALL (a number; region:N: the Nth with a region of secret
 * memory mapped): stopped for others to look at, traced by nobody, until SIGCONT. With -o
 * no role is traced but ROLE. With PIDs, these
 * are searched once as they stand.
 *
 * "closed" lists the mappings that could not be read, with the answers of /proc/PID/mem
 * and process_vm_readv; "handles" counts descriptors of secret memory. */
#include "tests/torture/search.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/torture/follow.h"

#define PROCESSES 256

/* As a call: one at which a region of secret memory is mapped. */
#define PARK_REGION (-1L)

/* A process of arrestor that is followed. */
struct process {
    pid_t pid;
    char role[32];
    unsigned long calls;
    unsigned long region_calls; /* with a region of secret memory mapped */
    uint64_t told;              /* digest of the last line */
};

struct watch {
    struct follow follow;
    struct search *search;
    FILE *report;
    struct process processes[PROCESSES];
    size_t count;
    const char *only;      /* the one role that is followed; NULL: all */
    const char *park_role; /* NULL: nobody */
    long park_call;
    unsigned long park_at; /* PARK_REGION: the how manyth call with one */
    bool parked;
};

static double now(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct process *find(struct watch *watch, pid_t pid) {
    for (size_t i = 0; i < watch->count; i++)
        if (watch->processes[i].pid == pid)
            return &watch->processes[i];
    return NULL;
}

static void tell(FILE *report, const struct process *process, const char *event, long call,
                 const struct found *found) {
    (void)fprintf(report,
                  "{\"pid\": %d, \"role\": \"%s\", \"event\": \"%s\", \"call\": %ld, "
                  "\"count\": %lu, \"time\": %.6f, \"bytes\": %zu, \"handles\": %zu, "
                  "\"regions\": %zu, \"hits\": [",
                  (int)process->pid, process->role, event, call, process->calls, now(),
                  found->bytes, found->handles, found->regions);
    for (size_t i = 0; i < found->count; i++) {
        const struct hit *hit = &found->hits[i];
        (void)fprintf(report,
                      "%s{\"label\": \"%s\", \"form\": \"%s\", \"where\": \"%s\", \"at\": %llu, "
                      "\"run\": %zu, \"times\": %zu}",
                      i > 0 ? ", " : "", hit->needle->label, hit->needle->form, hit->where,
                      (unsigned long long)hit->address, hit->run, hit->times);
    }
    (void)fprintf(report, "], \"closed\": [");
    for (size_t i = 0; i < found->closed_count; i++) {
        const struct closed *closed = &found->closed[i];
        (void)fprintf(report,
                      "%s{\"where\": \"%s\", \"size\": %zu, \"mem\": %d, \"vm\": %d, "
                      "\"flags\": \"%s\"}",
                      i > 0 ? ", " : "", closed->where, closed->size, closed->mem, closed->vm,
                      closed->flags);
    }
    (void)fprintf(report, "]}\n");
}

static void look(struct watch *watch, struct process *process, const char *event, long call,
                 bool whole) {
    static struct found found;
    search_process(watch->search, process->pid, whole, &found);
    process->region_calls += found.regions > 0;
    uint64_t digest = search_digest(&found);
    if (digest == process->told && !whole)
        return;
    process->told = digest;
    tell(watch->report, process, event, call, &found);
}

/* Whoever starts roles is followed to find them. */
static bool is_followed(const struct watch *watch, const char *role) {
    return watch->only == NULL || strcmp(role, watch->only) == 0 || strcmp(role, "run") == 0 ||
           strcmp(role, "sidecar") == 0 || strcmp(role, "init") == 0;
}

static void see_exec(void *context, pid_t pid) {
    struct watch *watch = context;
    struct process *process = find(watch, pid);
    char role[sizeof process->role];
    bool ours = follow_role(pid, role, sizeof role);
    if (ours && !is_followed(watch, role)) {
        (void)ptrace(PTRACE_DETACH, pid, 0L, 0L);
        ours = false;
    }
    if (process == NULL && ours && watch->count < PROCESSES)
        process = &watch->processes[watch->count++];
    if (process == NULL)
        return;
    *process =
        (struct process){.pid = ours ? pid : 0}; /* what execs something else is no role any more */
    memcpy(process->role, role, sizeof role);
    if (ours)
        look(watch, process, "exec", -1, true);
}

static bool wants_calls(void *context, pid_t pid) {
    return find(context, pid) != NULL;
}

/* A system call that is stopped before it began cannot be left there: once nobody traces,
 * it goes on. So a harmless one is made instead, and the true one after the stop. */
static bool put_off_call(pid_t pid) {
#ifdef __x86_64__
    struct user_regs_struct before, now;
    int status;
    if (ptrace(PTRACE_GETREGS, pid, 0L, &before) != 0)
        return false;
    now = before;
    now.orig_rax = SYS_close;
    now.rdi = (unsigned long)-1;
    if (ptrace(PTRACE_SETREGS, pid, 0L, &now) != 0 || ptrace(PTRACE_SYSCALL, pid, 0L, 0L) != 0 ||
        waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
        return false;
    now = before;
    now.rip -= 2; /* the length of its instruction */
    now.rax = before.orig_rax;
    now.orig_rax = (unsigned long)-1;
    return ptrace(PTRACE_SETREGS, pid, 0L, &now) == 0;
#else
    (void)pid;
    return false;
#endif
}

static void park(struct watch *watch, struct process *process, long call) {
    watch->parked = true;
    bool before = put_off_call(process->pid);
    (void)kill(process->pid, SIGSTOP);
    (void)ptrace(PTRACE_DETACH, process->pid, 0L, 0L);
    (void)fprintf(watch->report,
                  "{\"pid\": %d, \"role\": \"%s\", \"event\": \"parked\", \"call\": %ld, "
                  "\"before\": %s}\n",
                  (int)process->pid, process->role, call, before ? "true" : "false");
    (void)fflush(watch->report);
    process->pid = 0;
}

/* Whether this is where somebody is to be parked. */
static bool is_parking(const struct watch *watch, const struct process *process, long call) {
    return !watch->parked && watch->park_role != NULL &&
           strcmp(process->role, watch->park_role) == 0 &&
           (watch->park_call == PARK_REGION ? process->region_calls == watch->park_at
                                            : call == watch->park_call);
}

static void see_call(void *context, pid_t pid, const struct called *call) {
    struct watch *watch = context;
    long number = call->number;
    struct process *process = find(watch, pid);
    if (process == NULL)
        return;
    process->calls++;
    look(watch, process, number == SYS_exit_group ? "end" : "call", number,
         number == SYS_exit_group);
    if (is_parking(watch, process, number))
        park(watch, process, number);
}

static int run_command(struct watch *watch, char **words) {
    if (strcmp(words[0], "-o") == 0 && words[1] != NULL) {
        watch->only = words[1];
        words += 2;
    }
    if (strcmp(words[0], "-p") == 0 && words[1] != NULL) {
        char *colon = strchr(words[1], ':');
        if (colon == NULL)
            return 2;
        *colon = '\0';
        watch->park_role = words[1];
        bool region = strncmp(colon + 1, "region:", 7) == 0;
        watch->park_call = region ? PARK_REGION : strtol(colon + 1, NULL, 10);
        watch->park_at = region ? strtoul(colon + 8, NULL, 10) : 0;
        words += 2;
    }
    watch->follow = (struct follow){
        .context = watch, .on_exec = see_exec, .on_call = see_call, .wants_calls = wants_calls};
    return follow_command(&watch->follow, words);
}

static int look_at_pids(struct watch *watch, char **words) {
    for (; *words != NULL; words++) {
        struct process process = {.pid = (pid_t)strtol(*words, NULL, 10)};
        if (!follow_role(process.pid, process.role, sizeof process.role))
            (void)snprintf(process.role, sizeof process.role, "other");
        look(watch, &process, "look", -1, true);
    }
    return 0;
}

int main(int argc, char **argv) {
    static struct watch watch;
    if (argc < 4) {
        (void)fprintf(stderr, "usage: search NEEDLES REPORT [-p ROLE:CALL] COMMAND… | PID…\n");
        return 2;
    }
    watch.search = search_open(argv[1]);
    watch.report = fopen(argv[2], "we");
    if (watch.search == NULL || watch.report == NULL)
        return 125;
    char *end;
    (void)strtol(argv[3], &end, 10);
    int status = *end == '\0' ? look_at_pids(&watch, argv + 3) : run_command(&watch, argv + 3);
    return fclose(watch.report) == 0 ? status : 125;
}
