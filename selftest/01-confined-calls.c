/* Claim 01: a confined role cannot start a program, open a connection, look into
 * or signal another process, change its privileges, or make memory executable. */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "selftest/role.h"

/* Arguments are such that a call that went through would do no harm. */
struct call {
    const char *name;
    long number;
    long arguments[6];
};

static const struct call calls[] = {
    {"execve", SYS_execve, {0}},
    {"execveat", SYS_execveat, {-1}},
    {"clone", SYS_clone, {CLONE_SIGHAND}},
    {"clone3", SYS_clone3, {0}},
    {"socket of the internet", SYS_socket, {AF_INET, SOCK_STREAM, 0}},
    {"socket of this host", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
    {"socket of the kernel", SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
    {"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, 0}},
    {"connect", SYS_connect, {-1}},
    {"bind", SYS_bind, {-1}},
    {"listen", SYS_listen, {-1}},
    {"accept4", SYS_accept4, {-1}},
    {"sendto", SYS_sendto, {-1}},
    {"ptrace", SYS_ptrace, {-1}},
    {"process_vm_readv", SYS_process_vm_readv, {-1}},
    {"process_vm_writev", SYS_process_vm_writev, {-1}},
    {"pidfd_open", SYS_pidfd_open, {-1}},
    {"pidfd_getfd", SYS_pidfd_getfd, {-1}},
    {"tkill", SYS_tkill, {-1}},
    {"rt_sigqueueinfo", SYS_rt_sigqueueinfo, {-1}},
    {"setuid", SYS_setuid, {-1}},
    {"setresuid", SYS_setresuid, {-1, -1, -1}},
    {"setresgid", SYS_setresgid, {-1, -1, -1}},
    {"setgroups", SYS_setgroups, {-1}},
    {"capset", SYS_capset, {0}},
    {"prctl", SYS_prctl, {-1}},
    {"seccomp", SYS_seccomp, {-1}},
    {"personality", SYS_personality, {0xffffffff}},
    {"bpf", SYS_bpf, {-1}},
    {"mount", SYS_mount, {0}},
    {"move_mount", SYS_move_mount, {-1}},
    {"umount2", SYS_umount2, {0}},
    {"chroot", SYS_chroot, {0}},
    {"pivot_root", SYS_pivot_root, {0}},
    {"unshare", SYS_unshare, {-1}},
    {"setns", SYS_setns, {-1}},
    {"io_uring_setup", SYS_io_uring_setup, {0}},
    {"perf_event_open", SYS_perf_event_open, {0}},
    {"userfaultfd", SYS_userfaultfd, {-1}},
    {"keyctl", SYS_keyctl, {-1}},
    {"init_module", SYS_init_module, {0}},
    {"kexec_load", SYS_kexec_load, {-1}},
    {"open_by_handle_at", SYS_open_by_handle_at, {-1}},
    {"mknodat", SYS_mknodat, {-1}},
    {"shmget", SYS_shmget, {-1, -1}},
    {"typing into a terminal", SYS_ioctl, {0, TIOCSTI}},
    {"executable memory", SYS_mmap, {0, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
    {"memory made executable", SYS_mprotect, {0, 0, PROT_EXEC}},
};
#define CALLS (sizeof calls / sizeof *calls)

static long make_call(const void *context) {
    const struct call *call = context;
    const long *a = call->arguments;
    return syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void try_calls(enum role role) {
    for (size_t i = 0; i < CALLS; i++) {
        struct attempt attempt = role_try(role, NULL, 0, make_call, &calls[i]);
        if (attempt.protections.state[PROTECTION_SECCOMP] != STATE_ON)
            claim_off("this kernel has no seccomp filter for the role %s", role_name(role));
        if (attempt.signal != SIGSYS)
            claim_off("the role %s lives after %s", role_name(role), calls[i].name);
    }
}

/* A neighbour with the role's own uid: the one process that it could signal. */
static pid_t start_neighbour(enum role role) {
    pid_t pid = claim_fork();
    if (pid == 0) {
        role_become(role_uid(role));
        for (;;)
            (void)pause();
    }
    (void)usleep(2000);
    return pid;
}

static long signal_neighbour(const void *context) {
    const pid_t *pid = context;
    return kill(*pid, 0);
}

static long signal_thread(const void *context) {
    const pid_t *pid = context;
    return syscall(SYS_tgkill, *pid, *pid, 0);
}

/* The filter lets a role signal itself (abort), and nobody else. */
static void try_signals(enum role role) {
    long (*const ways[])(const void *) = {signal_neighbour, signal_thread};
    pid_t neighbour = start_neighbour(role);
    for (size_t i = 0; i < 2; i++) {
        struct attempt attempt = role_try(role, NULL, 0, ways[i], &neighbour);
        if (attempt.signal != SIGSYS)
            claim_off("the role %s can signal other processes of its own user", role_name(role));
    }
    claim_end(neighbour);
}

int main(int argc, char **argv) {
    unsigned roles = 0;
    claim_begin(argc, argv);
    for (int i = 0; i < ROLES; i++) {
        if (!role_table[i].confined)
            continue;
        roles++;
        try_calls((enum role)i);
        try_signals((enum role)i);
    }
    claim_settle("%zu calls tried in each of %u roles (exec, sockets, ptrace, bpf, mount and so "
                 "on): each ended the role; signals to others are refused",
                 CALLS, roles);
}
