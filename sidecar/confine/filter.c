#include "sidecar/confine/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/confine/role_table.h"

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

/* One row per allowed call: groups that have it, and at most one condition on
 * an argument: (argument & mask) == value. mask 0: none. */
struct call_row {
    int number;
    uint32_t groups;
    unsigned argument;
    uint64_t mask, value;
};

#define ANY      0, 0, 0
#define ITSELF   0, ~(uint64_t)0, 0 /* value: our own pid, known when the filter is made */
#define WRITABLE (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

/* NR is used where libseccomp 2.5 has the name; it answers a negative pseudo
 * number for calls that an architecture lacks, and the rule is then skipped. */
#define NR(name) SCMP_SYS(name)

static const struct call_row call_table[] = {
    {NR(read), CALLS_BASE, ANY},
    {NR(write), CALLS_BASE, ANY},
    {NR(writev), CALLS_BASE, ANY},
    {NR(close), CALLS_BASE, ANY},
    {NR(pread64), CALLS_BASE, ANY},
    {NR(lseek), CALLS_BASE, ANY},
    {NR(fcntl), CALLS_BASE, 1, ~(uint64_t)0, F_GETFD},
    {NR(fstat), CALLS_BASE, ANY},
    /* glibc's fstat(): by descriptor only, never by path. */
    {NR(newfstatat), CALLS_BASE, 3, AT_EMPTY_PATH, AT_EMPTY_PATH},
    {NR(exit), CALLS_BASE, ANY},
    {NR(exit_group), CALLS_BASE, ANY},
    {NR(brk), CALLS_BASE, ANY},
    {NR(mmap), CALLS_BASE, 2, PROT_EXEC, 0},
    {NR(mprotect), CALLS_BASE, 2, PROT_EXEC, 0},
    {NR(mremap), CALLS_BASE, ANY},
    {NR(munmap), CALLS_BASE, ANY},
    {NR(madvise), CALLS_BASE, ANY},
    {NR(futex), CALLS_BASE, ANY},
    {NR(getrandom), CALLS_BASE, ANY},
    {NR(clock_gettime), CALLS_BASE, ANY},
    {NR(getpid), CALLS_BASE, ANY},
    {NR(gettid), CALLS_BASE, ANY},
    {NR(tgkill), CALLS_BASE, ITSELF}, /* abort() */
    {NR(rt_sigprocmask), CALLS_BASE, ANY},
    {NR(rt_sigaction), CALLS_BASE, ANY},
    {NR(rt_sigreturn), CALLS_BASE, ANY},
    {NR(restart_syscall), CALLS_BASE, ANY},
    {NR(sysinfo), CALLS_BASE, ANY}, /* glibc's qsort asks how much memory there is */
    {NR(sendmsg), CALLS_CHANNEL, ANY},
    {NR(recvmsg), CALLS_CHANNEL, ANY},
    {NR(poll), CALLS_CHANNEL | CALLS_PROMPT, ANY},
    {NR(ppoll), CALLS_CHANNEL | CALLS_PROMPT, ANY},
    {NR(memfd_create), CALLS_SECRET, ANY},
    {NR(memfd_secret), CALLS_SECRET, ANY},
    {NR(ftruncate), CALLS_SECRET | CALLS_WIPE, ANY},
    {NR(fcntl), CALLS_SECRET | CALLS_READ, ANY},
    {NR(mlock), CALLS_SECRET, ANY},
    {NR(mlock2), CALLS_SECRET, ANY},
    {NR(munlock), CALLS_SECRET, ANY},
    {NR(openat), CALLS_READ, 2, WRITABLE, 0},
    {NR(open), CALLS_READ, 1, WRITABLE, 0},
    {NR(getdents64), CALLS_READ, ANY},
    {NR(fstatfs), CALLS_READ, ANY},
    {NR(newfstatat), CALLS_READ, ANY},
    {NR(readlink), CALLS_READ, ANY},
    {NR(readlinkat), CALLS_READ, ANY},
    {NR(lstat), CALLS_READ, ANY},
    {NR(stat), CALLS_READ, ANY},
    {NR(access), CALLS_READ, ANY},
    {NR(openat), CALLS_WIPE | CALLS_PUBLISH, ANY},
    {NR(open), CALLS_PUBLISH, ANY},
    {NR(fchmodat), CALLS_WIPE, ANY},
    {NR(unlinkat), CALLS_WIPE | CALLS_PUBLISH, ANY},
    {NR(unlink), CALLS_PUBLISH, ANY},
    {NR(mkdirat), CALLS_PUBLISH, ANY},
    {NR(symlinkat), CALLS_PUBLISH, ANY},
    {NR(linkat), CALLS_PUBLISH, ANY},
    {NR(renameat), CALLS_PUBLISH, ANY},
    {NR(renameat2), CALLS_PUBLISH, ANY},
    {NR(fchmod), CALLS_PUBLISH, ANY},
    {NR(fsync), CALLS_PUBLISH, ANY},
    {NR(flock), CALLS_PUBLISH, ANY},
    {NR(getcwd), CALLS_PUBLISH, ANY},
    {NR(getuid), CALLS_PUBLISH, ANY},
    {NR(geteuid), CALLS_PUBLISH, ANY},
    {NR(ioctl), CALLS_PROMPT, 1, ~(uint64_t)0, TCGETS},
    {NR(ioctl), CALLS_PROMPT, 1, ~(uint64_t)0, TCSETS},
    {NR(ioctl), CALLS_PROMPT, 1, ~(uint64_t)0, TCSETSF},
    {NR(ioctl), CALLS_PROMPT, 1, ~(uint64_t)0, TCSETSW},
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define SANITIZED 1
#endif
#endif

/* Calls without which a sanitizer's runtime cannot report or end. */
static const int sanitizer_calls[] = {
#ifdef SANITIZED
    NR(sigaltstack), NR(getuid), NR(readlink), NR(sched_yield), NR(openat), NR(ioctl), NR(mlock),
#endif
    NR(exit_group),
};

static int add_call(scmp_filter_ctx filter, const struct call_row *row) {
    int result;
    if (row->mask == 0) {
        result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, row->number, 0, NULL);
    } else {
        struct scmp_arg_cmp condition = {.arg = row->argument,
                                         .op = SCMP_CMP_MASKED_EQ,
                                         .datum_a = row->mask,
                                         .datum_b = row->number == NR(tgkill) ? (uint64_t)getpid()
                                                                              : row->value};
        result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, row->number, 1, &condition);
    }
    /* A call that this architecture does not have needs no rule. */
    return result == -EDOM ? 0 : result;
}

/* Whether an earlier row allows the same call without a condition. */
static bool is_covered(size_t index, uint32_t groups) {
    for (size_t i = 0; i < sizeof call_table / sizeof *call_table; i++)
        if (i != index && call_table[i].number == call_table[index].number &&
            call_table[i].mask == 0 && (call_table[i].groups & groups) != 0)
            return true;
    return false;
}

static int add_calls(scmp_filter_ctx filter, uint32_t groups) {
    int result = 0;
    for (size_t i = 0; i < sizeof call_table / sizeof *call_table && result == 0; i++) {
        const struct call_row *row = &call_table[i];
        if ((row->groups & groups) == 0 || (row->mask != 0 && is_covered(i, groups)))
            continue;
        result = add_call(filter, row);
    }
    for (size_t i = 0; i < sizeof sanitizer_calls / sizeof *sanitizer_calls; i++)
        (void)seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, sanitizer_calls[i], 0, NULL);
    return result;
}

int filter_load(uint32_t groups, uint8_t *ret, struct error *err) {
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL) {
        *ret = STATE_OFF;
        return 0;
    }
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return error_set(err, ERROR_MEMORY, "cannot make a seccomp filter");
    int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
    if (result == 0)
        result = add_calls(filter, groups);
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    if (result != 0) {
        errno = -result;
        return error_system(err, ERROR_SYSTEM, "cannot load the seccomp filter");
    }
    *ret = STATE_ON;
    return 0;
}
