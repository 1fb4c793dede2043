/* killat: kills one process of arrestor at one of its file calls.
 *
 *   killat LOG ROLE NTH CALL COMMAND…
 *
 * Runs COMMAND. The NTH process that is exec'd as ROLE gets SIGKILL as it is
 * about to make its CALLth file call; calls count from the rung on which the
 * role makes itself non-dumpable, so that the loader's are left out. LOG then
 * reads "killed CALL", or "ended N" where the role made only N such calls, or
 * "absent 0" where there was no such process. The status is COMMAND's own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "tests/torture/follow.h"

static const long file_calls[] = {
    SYS_open,      SYS_openat,   SYS_mkdir,     SYS_mkdirat,   SYS_write,
    SYS_writev,    SYS_pwrite64, SYS_ftruncate, SYS_fallocate, SYS_fchmod,
    SYS_fchown,    SYS_fchmodat, SYS_fchownat,  SYS_rename,    SYS_renameat,
    SYS_renameat2, SYS_symlink,  SYS_symlinkat, SYS_linkat,    SYS_unlink,
    SYS_unlinkat,  SYS_rmdir,    SYS_fsync,     SYS_fdatasync, SYS_copy_file_range,
};

struct hunt {
    struct follow follow;
    const char *role;
    long nth, call; /* what to kill, 1-based */
    long seen;      /* processes exec'd as role so far */
    long calls;
    bool counting, killed;
};

static bool is_file_call(long number) {
    for (size_t i = 0; i < sizeof file_calls / sizeof *file_calls; i++)
        if (file_calls[i] == number)
            return true;
    return false;
}

static void see_exec(void *context, pid_t pid) {
    struct hunt *hunt = context;
    char role[32];
    if (follow_role(pid, role, sizeof role) && strcmp(role, hunt->role) == 0 &&
        ++hunt->seen == hunt->nth)
        hunt->follow.target = pid;
}

static void see_call(void *context, pid_t pid, const struct called *call) {
    struct hunt *hunt = context;
    long number = call->number;
    /* The ladder's first prctl: nothing before it is the role's own work. */
    hunt->counting = hunt->counting || number == SYS_prctl;
    if (!hunt->counting || !is_file_call(number) || ++hunt->calls != hunt->call)
        return;
    hunt->killed = true;
    (void)kill(pid, SIGKILL);
}

int main(int argc, char **argv) {
    if (argc < 6) {
        (void)fprintf(stderr, "usage: killat LOG ROLE NTH CALL COMMAND…\n");
        return 2;
    }
    struct hunt hunt = {
        .role = argv[2], .nth = strtol(argv[3], NULL, 10), .call = strtol(argv[4], NULL, 10)};
    hunt.follow = (struct follow){.context = &hunt, .on_exec = see_exec, .on_call = see_call};
    int status = follow_command(&hunt.follow, argv + 5);
    const char *end = hunt.killed ? "killed" : hunt.seen < hunt.nth ? "absent" : "ended";
    FILE *log = fopen(argv[1], "w");
    if (log == NULL || fprintf(log, "%s %ld\n", end, hunt.calls) < 0 || fclose(log) != 0)
        return 125;
    return status;
}
