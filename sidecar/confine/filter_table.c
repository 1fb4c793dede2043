#include "sidecar/confine/filter_table.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>

#include "sidecar/confine/role_table.h"

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

#define NR(name) SCMP_SYS(name)

#define ALL (~(uint64_t)0)
#define ANY                                                                                        \
    {                                                                                              \
        { 0, 0, 0 }                                                                                \
    }
#define WHEN(argument, mask, value)                                                                \
    {                                                                                              \
        { argument, mask, value }                                                                  \
    }
#define WRITABLE (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)
#define BOTH     (CALLS_DIAL | CALLS_SOCKET)

const struct call_row call_table[] = {
    {NR(read), CALLS_BASE, ANY},
    {NR(write), CALLS_BASE, ANY},
    {NR(writev), CALLS_BASE, ANY},
    {NR(close), CALLS_BASE, ANY},
    {NR(pread64), CALLS_BASE, ANY},
    {NR(lseek), CALLS_BASE, ANY},
    {NR(fcntl), CALLS_BASE, WHEN(1, ALL, F_GETFD)},
    {NR(fstat), CALLS_BASE, ANY},
    /* glibc's fstat(): by descriptor only, never by path. */
    {NR(newfstatat), CALLS_BASE, WHEN(3, AT_EMPTY_PATH, AT_EMPTY_PATH)},
    {NR(exit), CALLS_BASE, ANY},
    {NR(exit_group), CALLS_BASE, ANY},
    {NR(brk), CALLS_BASE, ANY},
    {NR(mmap), CALLS_BASE, WHEN(2, PROT_EXEC, 0)},
    {NR(mprotect), CALLS_BASE, WHEN(2, PROT_EXEC, 0)},
    {NR(mremap), CALLS_BASE, ANY},
    {NR(munmap), CALLS_BASE, ANY},
    {NR(madvise), CALLS_BASE, ANY},
    {NR(futex), CALLS_BASE, ANY},
    {NR(getrandom), CALLS_BASE, ANY},
    {NR(clock_gettime), CALLS_BASE, ANY},
    {NR(getpid), CALLS_BASE, ANY},
    {NR(gettid), CALLS_BASE, ANY},
    {NR(tgkill), CALLS_BASE, WHEN(0, ALL, 0)}, /* abort(): the value is our own pid */
    {NR(rt_sigprocmask), CALLS_BASE, ANY},
    {NR(rt_sigaction), CALLS_BASE, ANY},
    {NR(rt_sigreturn), CALLS_BASE, ANY},
    {NR(restart_syscall), CALLS_BASE, ANY},
    {NR(sysinfo), CALLS_BASE, ANY}, /* glibc's qsort asks how much memory there is */
#ifdef SANITIZED                    /* what a sanitizer's runtime needs to end and to report */
    {NR(sigaltstack), CALLS_BASE, ANY},
    {NR(ioctl), CALLS_BASE, WHEN(1, ALL, TCGETS)},
#endif
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
    {NR(openat), CALLS_READ, WHEN(2, WRITABLE, 0)},
    {NR(open), CALLS_READ, WHEN(1, WRITABLE, 0)},
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
    {NR(flock), CALLS_PUBLISH | CALLS_WIPE, ANY},
    {NR(getcwd), CALLS_PUBLISH, ANY},
    {NR(getuid), CALLS_PUBLISH | BOTH, ANY},
    {NR(geteuid), CALLS_PUBLISH | BOTH, ANY},
    {NR(ioctl), CALLS_PROMPT, WHEN(1, ALL, TCGETS)},
    {NR(ioctl), CALLS_PROMPT, WHEN(1, ALL, TCSETS)},
    {NR(ioctl), CALLS_PROMPT, WHEN(1, ALL, TCSETSF)},
    {NR(ioctl), CALLS_PROMPT, WHEN(1, ALL, TCSETSW)},

    /* getaddrinfo of glibc 2.36 with files, dns, myhostname, resolve, mdns and nscd,
     * as strace shows it: datagrams to name servers, netlink for our own addresses,
     * plug-ins that are mapped. Mapped code is a file's and never writable. */
    {NR(socket), CALLS_DIAL, WHEN(0, ALL, AF_INET)},
    {NR(socket), CALLS_DIAL, WHEN(0, ALL, AF_INET6)},
    {NR(socket), CALLS_DIAL, WHEN(0, ALL, AF_UNIX)},
    {NR(socket), CALLS_DIAL, {{0, ALL, AF_NETLINK}, {2, ALL, 0 /* NETLINK_ROUTE */}}},
    {NR(connect), CALLS_DIAL, ANY},
    {NR(bind), CALLS_DIAL, ANY}, /* netlink; TCP is Landlock's to refuse, and nothing listens */
    {NR(sendto), CALLS_DIAL, ANY},
    {NR(sendmmsg), CALLS_DIAL, ANY},
    {NR(setsockopt), CALLS_DIAL, ANY},
    {NR(ioctl), CALLS_DIAL, WHEN(1, ALL, FIONREAD)},
    {NR(ioctl), CALLS_DIAL, WHEN(1, ALL, SIOCGIFINDEX)}, /* fe80::1%eth0 */
    {NR(ioctl), CALLS_DIAL, WHEN(1, ALL, SIOCGIFNAME)},
    {NR(uname), CALLS_DIAL, ANY},
    {NR(mmap),
     CALLS_DIAL,
     {{2, PROT_WRITE | PROT_EXEC, PROT_EXEC}, {3, MAP_ANONYMOUS | MAP_SHARED, 0}}},

    /* libcurl 7.88 and OpenSSL 3.0 on sockets that are connected: they can be
     * spoken on, and nothing can be sent elsewhere. */
    {NR(sendto), CALLS_SOCKET, WHEN(4, ALL, 0)},
    {NR(setsockopt), CALLS_SOCKET, WHEN(1, ALL, SOL_SOCKET)},
    {NR(setsockopt), CALLS_SOCKET, WHEN(1, ALL, IPPROTO_TCP)},
    {NR(eventfd2), CALLS_SOCKET, ANY}, /* newer libcurl wakes its poll with one of these */
    {NR(pipe2), CALLS_SOCKET, ANY},

    {NR(recvfrom), BOTH, ANY},
    {NR(getsockopt), BOTH, ANY},
    {NR(getsockname), BOTH, ANY},
    {NR(getpeername), BOTH, ANY},
    {NR(getgid), BOTH, ANY},
    {NR(getegid), BOTH, ANY},
    /* Where the kernel's clock cannot be read without a call. */
    {NR(gettimeofday), BOTH, ANY},
    {NR(time), BOTH, ANY},
    {NR(clock_getres), BOTH, ANY},
};
const size_t call_count = sizeof call_table / sizeof *call_table;

const struct answer_row answer_table[] = {
    /* libcurl 7.88 connects what CURL_SOCKOPT_ALREADY_CONNECTED says is connected. */
    {NR(connect), CALLS_SOCKET, 0},
    {NR(socketpair), CALLS_SOCKET, ENOSYS}, /* to wake a poll of its own */
    {NR(openat), CALLS_SOCKET, EACCES},     /* /etc/localtime, for dates of certificates: UTC */
    {NR(open), CALLS_SOCKET, EACCES},
    /* A thread begins with all signals blocked: a trap there would end the role. */
    {NR(clone3), BOTH, ENOSYS},
    {NR(clone), BOTH, EPERM},
};
const size_t answer_count = sizeof answer_table / sizeof *answer_table;

const int deadly_calls[] = {
    NR(execve),
    NR(execveat),
    NR(fork),
    NR(vfork),
    NR(ptrace),
    NR(process_vm_readv),
    NR(process_vm_writev),
    NR(process_madvise),
    NR(pidfd_open),
    NR(pidfd_getfd),
    NR(pidfd_send_signal),
    NR(kcmp),
    NR(kill),
    NR(tkill),
    NR(rt_sigqueueinfo),
    NR(rt_tgsigqueueinfo),
    NR(bpf),
    NR(perf_event_open),
    NR(userfaultfd),
    NR(io_uring_setup),
    NR(io_uring_enter),
    NR(io_uring_register),
    NR(mount),
    NR(umount2),
    NR(move_mount),
    NR(open_tree),
    NR(fsopen),
    NR(fsconfig),
    NR(fsmount),
    NR(fspick),
    NR(mount_setattr),
    NR(pivot_root),
    NR(chroot),
    NR(unshare),
    NR(setns),
    NR(init_module),
    NR(finit_module),
    NR(delete_module),
    NR(kexec_load),
    NR(kexec_file_load),
    NR(reboot),
    NR(swapon),
    NR(swapoff),
    NR(acct),
    NR(iopl),
    NR(ioperm),
    NR(modify_ldt),
    NR(personality),
    NR(keyctl),
    NR(add_key),
    NR(request_key),
    NR(open_by_handle_at),
    NR(mknod),
    NR(mknodat),
    NR(listen),
    NR(accept),
    NR(accept4),
    NR(setuid),
    NR(setgid),
    NR(setreuid),
    NR(setregid),
    NR(setresuid),
    NR(setresgid),
    NR(setfsuid),
    NR(setfsgid),
    NR(setgroups),
    NR(capset),
    NR(seccomp),
};
const size_t deadly_count = sizeof deadly_calls / sizeof *deadly_calls;

const int ladder_calls[] = {
    NR(execve),    NR(fork),      NR(vfork),  NR(kill),    NR(setresuid),
    NR(setresgid), NR(setgroups), NR(capset), NR(seccomp),
};
const size_t ladder_count = sizeof ladder_calls / sizeof *ladder_calls;
