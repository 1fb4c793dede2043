/* search: looks for planted bytes in the memory of processes, as root can.
 *
 *   search NEEDLES REPORT [-p ROLE:CALL] COMMAND…
 *   search NEEDLES REPORT PID…
 *
 * NEEDLES has one line for each form of a planted value: LABEL FORM HEX. Found is any
 * run of RUN or more of its bytes, at any address. REPORT gets one JSON object a line.
 *
 * With a COMMAND, every process of arrestor in it is searched before each of its system
 * calls (exit_group too: nothing of ours runs after that), the heap's free blocks
 * and what lies below the stack pointer included; a line is written when
 * something else is found than at the call before. The first process that runs as ROLE
 * is parked at its first CALL (a number): stopped there for others to look at, traced by
 * nobody. With PIDs, these are searched once as they stand.
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
#include <time.h>
#include <unistd.h>

#include "tests/torture/follow.h"

#define PROCESSES 256

/* A process of arrestor that is followed. */
struct process {
    pid_t pid;
    char role[32];
    unsigned long calls;
    uint64_t told; /* digest of the last line */
};

struct watch {
    struct follow follow;
    struct search *search;
    FILE *report;
    struct process processes[PROCESSES];
    size_t count;
    const char *park_role; /* NULL: nobody */
    long park_call;
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
                  "\"count\": %lu, \"time\": %.6f, \"bytes\": %zu, \"handles\": %zu, \"hits\": [",
                  (int)process->pid, process->role, event, call, process->calls, now(),
                  found->bytes, found->handles);
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
    uint64_t digest = search_digest(&found);
    if (digest == process->told && !whole)
        return;
    process->told = digest;
    tell(watch->report, process, event, call, &found);
}

static void see_exec(void *context, pid_t pid) {
    struct watch *watch = context;
    struct process *process = find(watch, pid);
    char role[sizeof process->role];
    bool ours = follow_role(pid, role, sizeof role);
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

static void park(struct watch *watch, struct process *process, long call) {
    watch->parked = true;
    (void)kill(process->pid, SIGSTOP);
    (void)ptrace(PTRACE_DETACH, process->pid, 0L, 0L);
    (void)fprintf(watch->report,
                  "{\"pid\": %d, \"role\": \"%s\", \"event\": \"parked\", \"call\": %ld}\n",
                  (int)process->pid, process->role, call);
    (void)fflush(watch->report);
    process->pid = 0;
}

static void see_call(void *context, pid_t pid, long number) {
    struct watch *watch = context;
    struct process *process = find(watch, pid);
    if (process == NULL)
        return;
    process->calls++;
    look(watch, process, number == SYS_exit_group ? "end" : "call", number,
         number == SYS_exit_group);
    if (!watch->parked && watch->park_role != NULL && number == watch->park_call &&
        strcmp(process->role, watch->park_role) == 0)
        park(watch, process, number);
}

static int run_command(struct watch *watch, char **words) {
    if (strcmp(words[0], "-p") == 0 && words[1] != NULL) {
        char *colon = strchr(words[1], ':');
        if (colon == NULL)
            return 2;
        *colon = '\0';
        watch->park_role = words[1];
        watch->park_call = strtol(colon + 1, NULL, 10);
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
