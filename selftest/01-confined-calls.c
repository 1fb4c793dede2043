/* Claim 01: a confined role cannot start a program, open a connection, look into
 * or signal another process, change its privileges, or make memory executable. It
 * ends; dial and fetch-net, whose libraries try more than they need, live on where
 * the call is none that an intruder begins with, and it is not carried out. Dial
 * opens connections: that is its work. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <poll.h>
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

/* In a role that answers: what becomes of the call. */
enum fate {
    ENDS,    /* the role, as every other */
    COUNTED, /* answered with ENOSYS and counted */
    QUIET    /* answered, because libraries try it in every run */
};

/* Arguments are such that a call that went through would do no harm. */
struct call {
    const char *name;
    long number;
    enum fate fate;
    uint32_t work; /* of roles with one of these groups: not tried there */
    long arguments[6];
};

static const struct call calls[] = {
    {"execve", SYS_execve, ENDS, 0, {0}},
    {"execveat", SYS_execveat, ENDS, 0, {-1}},
    {"clone", SYS_clone, QUIET, 0, {CLONE_SIGHAND}},
    {"clone3", SYS_clone3, QUIET, 0, {0}},
    {"socket of the internet", SYS_socket, COUNTED, CALLS_DIAL, {AF_INET, SOCK_STREAM, 0}},
    {"socket of this host", SYS_socket, COUNTED, CALLS_DIAL, {AF_UNIX, SOCK_STREAM, 0}},
    {"socket of the kernel", SYS_socket, COUNTED, CALLS_DIAL, {AF_NETLINK, SOCK_RAW, 0}},
    {"socket of the audit", SYS_socket, COUNTED, 0, {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT}},
    {"socket of the wire", SYS_socket, COUNTED, 0, {AF_PACKET, SOCK_RAW, 0}},
    {"socketpair", SYS_socketpair, QUIET, 0, {AF_UNIX, SOCK_STREAM, 0, 0}},
    {"connect", SYS_connect, COUNTED, CALLS_DIAL | CALLS_SOCKET, {-1}},
    {"bind", SYS_bind, COUNTED, CALLS_DIAL, {-1}},
    {"listen", SYS_listen, ENDS, 0, {-1}},
    {"accept4", SYS_accept4, ENDS, 0, {-1}},
    {"sendto", SYS_sendto, COUNTED, CALLS_DIAL, {-1, 0, 0, 0, 1, 1}},
    {"ptrace", SYS_ptrace, ENDS, 0, {-1}},
    {"process_vm_readv", SYS_process_vm_readv, ENDS, 0, {-1}},
    {"process_vm_writev", SYS_process_vm_writev, ENDS, 0, {-1}},
    {"pidfd_open", SYS_pidfd_open, ENDS, 0, {-1}},
    {"pidfd_getfd", SYS_pidfd_getfd, ENDS, 0, {-1}},
    {"tkill", SYS_tkill, ENDS, 0, {-1}},
    {"rt_sigqueueinfo", SYS_rt_sigqueueinfo, ENDS, 0, {-1}},
    {"setuid", SYS_setuid, ENDS, 0, {-1}},
    {"setresuid", SYS_setresuid, ENDS, 0, {-1, -1, -1}},
    {"setresgid", SYS_setresgid, ENDS, 0, {-1, -1, -1}},
    {"setgroups", SYS_setgroups, ENDS, 0, {-1}},
    {"capset", SYS_capset, ENDS, 0, {0}},
    {"prctl", SYS_prctl, COUNTED, 0, {-1}},
    {"seccomp", SYS_seccomp, ENDS, 0, {-1}},
    {"personality", SYS_personality, ENDS, 0, {0xffffffff}},
    {"bpf", SYS_bpf, ENDS, 0, {-1}},
    {"mount", SYS_mount, ENDS, 0, {0}},
    {"move_mount", SYS_move_mount, ENDS, 0, {-1}},
    {"umount2", SYS_umount2, ENDS, 0, {0}},
    {"chroot", SYS_chroot, ENDS, 0, {0}},
    {"pivot_root", SYS_pivot_root, ENDS, 0, {0}},
    {"unshare", SYS_unshare, ENDS, 0, {-1}},
    {"setns", SYS_setns, ENDS, 0, {-1}},
    {"io_uring_setup", SYS_io_uring_setup, ENDS, 0, {0}},
    {"perf_event_open", SYS_perf_event_open, ENDS, 0, {0}},
    {"userfaultfd", SYS_userfaultfd, ENDS, 0, {-1}},
    {"keyctl", SYS_keyctl, ENDS, 0, {-1}},
    {"init_module", SYS_init_module, ENDS, 0, {0}},
    {"kexec_load", SYS_kexec_load, ENDS, 0, {-1}},
    {"open_by_handle_at", SYS_open_by_handle_at, ENDS, 0, {-1}},
    {"mknodat", SYS_mknodat, ENDS, 0, {-1}},
    {"shmget", SYS_shmget, COUNTED, 0, {-1, -1}},
    {"typing into a terminal", SYS_ioctl, COUNTED, 0, {0, TIOCSTI}},
    {"executable memory",
     SYS_mmap,
     COUNTED,
     0,
     {0, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
    {"a file as memory that is writable and executable",
     SYS_mmap,
     COUNTED,
     0,
     {0, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE, 0, 0}},
    {"memory made executable", SYS_mprotect, COUNTED, 0, {0, 0, PROT_EXEC}},
};
#define CALLS (sizeof calls / sizeof *calls)

static long make_call(const void *context) {
    const struct call *call = context;
    const long *a = call->arguments;
    return syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Whether the call was answered and not carried out. The kernel has all of them,
 * so ENOSYS is the filter's word; what it answers quietly is told in its table. */
static bool was_answered(const struct call *call, const struct attempt *attempt) {
    if (attempt->signal != 0 || attempt->result != -1)
        return false;
    if (call->fate == QUIET)
        return attempt->error == ENOSYS || attempt->error == EPERM;
    return attempt->error == ENOSYS && attempt->trapped == 1;
}

static void try_calls(enum role role) {
    for (size_t i = 0; i < CALLS; i++) {
        if ((calls[i].work & role_table[role].calls) != 0)
            continue;
        struct attempt attempt = role_try(role, NULL, 0, make_call, &calls[i]);
        if (attempt.protections.state[PROTECTION_SECCOMP] != STATE_ON)
            claim_off("this kernel has no seccomp filter for the role %s", role_name(role));
        bool lives = role_table[role].answers && calls[i].fate != ENDS;
        if (attempt.signal != SIGSYS && !(lives && was_answered(&calls[i], &attempt)))
            claim_off("the role %s lives after %s", role_name(role), calls[i].name);
    }
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
    /* With the role's own uid: the one process that it could signal. */
    pid_t neighbour = role_neighbour(role_uid(role));
    for (size_t i = 0; i < 2; i++) {
        struct attempt attempt = role_try(role, NULL, 0, ways[i], &neighbour);
        if (attempt.signal != SIGSYS && !(attempt.result == -1 && attempt.error == ENOSYS))
            claim_off("the role %s can signal other processes of its own user", role_name(role));
    }
    claim_end(neighbour);
}

/* A socket that is not connected, and the listener that it could go to. */
struct way_out {
    int fd;
    struct sockaddr_in to;
};

static long connect_out(const void *context) {
    const struct way_out *out = context;
    return connect(out->fd, (const struct sockaddr *)&out->to, sizeof out->to);
}

static long send_out(const void *context) {
    const struct way_out *out = context;
    return sendto(out->fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (const struct sockaddr *)&out->to,
                  sizeof out->to);
}

/* Fetch-net hears from the filter that connect was done: nothing may come of it. */
static void try_connecting(void) {
    long (*const ways[])(const void *) = {connect_out, send_out};
    struct way_out out;
    int listener = claim_listen(&out.to);
    struct pollfd item = {.fd = listener, .events = POLLIN};
    for (size_t i = 0; i < 2; i++) {
        out.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        claim_need(out.fd >= 0, "make a socket");
        (void)role_try(ROLE_FETCH_NET, NULL, 0, ways[i], &out);
        if (poll(&item, 1, 0) != 0)
            claim_off("the role fetch-net connects a socket");
        (void)close(out.fd);
    }
    out.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect_out(&out) != 0 || poll(&item, 1, 1000) != 1)
        claim_broken("nobody can connect on loopback here");
    (void)close(out.fd);
    (void)close(listener);
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
    try_connecting();
    claim_settle("%zu calls tried in each of %u roles (exec, sockets, ptrace, bpf, mount and so "
                 "on): each ended the role, or was refused and counted in dial and fetch-net; "
                 "signals to others are refused",
                 CALLS, roles);
}
