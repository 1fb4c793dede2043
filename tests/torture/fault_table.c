#include "tests/torture/fault_table.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

/* What the manual page of each call names and a machine in trouble can give: too
 * little memory, descriptors, space or processes, a signal, a bad disk, a policy
 * of somebody else's. What only a wrong program meets (EBADF, EFAULT) is left out. */
static const struct fault_row rows[] = {
#define CALL(name, faults)                                                                         \
    { SYS_##name, #name, faults }
    CALL(read, "EINTR EIO ENOMEM"),
    CALL(pread64, "EINTR EIO ENOMEM"),
    CALL(write, "EINTR EIO ENOSPC EPIPE"),
    CALL(writev, "EINTR EIO ENOSPC"),
    CALL(pwrite64, "EINTR EIO ENOSPC"),
    CALL(open, "EINTR EMFILE ENOMEM EACCES"),
    CALL(openat, "EINTR EMFILE ENFILE ENOMEM EACCES EIO"),
    CALL(close, "EINTR EIO"),
    CALL(fstat, "ENOMEM"),
    CALL(stat, "EACCES ENOMEM"),
    CALL(lstat, "EACCES ENOMEM"),
    CALL(newfstatat, "EACCES ENOMEM"),
    CALL(statx, "EACCES ENOMEM"),
    CALL(statfs, "EINTR EIO ENOMEM"),
    CALL(fstatfs, "EINTR EIO ENOMEM ENOSYS"),
    CALL(lseek, "ESPIPE"),
    CALL(access, "EACCES EIO ENOMEM"),
    CALL(faccessat, "EACCES EIO ENOMEM"),
    CALL(readlink, "EACCES EIO ENOMEM"),
    CALL(readlinkat, "EACCES EIO ENOMEM"),
    CALL(getdents64, "EIO ENOENT"),
    CALL(getcwd, "EACCES ENOENT ENOMEM"),
    CALL(mkdir, "EACCES ENOSPC ENOMEM"),
    CALL(mkdirat, "EACCES ENOSPC ENOMEM"),
    CALL(symlinkat, "EACCES EIO ENOSPC ENOMEM"),
    CALL(linkat, "EACCES EIO ENOSPC ENOMEM"),
    CALL(rename, "EACCES EBUSY ENOSPC ENOMEM"),
    CALL(renameat, "EACCES EBUSY ENOSPC ENOMEM"),
    CALL(renameat2, "EACCES EBUSY ENOSPC ENOMEM"),
    CALL(unlink, "EACCES EBUSY EIO ENOMEM"),
    CALL(unlinkat, "EACCES EBUSY EIO ENOMEM"),
    CALL(rmdir, "EACCES EBUSY ENOMEM"),
    CALL(fchmod, "EIO EPERM"),
    CALL(fchmodat, "EACCES EIO EPERM ENOMEM"),
    CALL(fchown, "EIO EPERM"),
    CALL(fchownat, "EACCES EIO EPERM ENOMEM"),
    CALL(utimensat, "EACCES EPERM"),
    CALL(ftruncate, "EINTR EIO EPERM"),
    CALL(fallocate, "EINTR EIO ENOSPC"),
    CALL(fsync, "EINTR EIO ENOSPC"),
    CALL(fdatasync, "EINTR EIO ENOSPC"),
    CALL(flock, "EINTR ENOLCK EWOULDBLOCK"),
    CALL(fcntl, ""),
    CALL(dup, "EMFILE"),
    CALL(dup2, "EMFILE EBUSY EINTR"),
    CALL(dup3, "EMFILE EBUSY EINTR"),
    CALL(close_range, "EMFILE ENOMEM ENOSYS"),
    CALL(ioctl, "ENOTTY EIO"),
    CALL(pipe2, "EMFILE ENFILE"),
    CALL(eventfd2, "EMFILE ENFILE ENOMEM"),
    CALL(signalfd4, "EMFILE ENFILE ENOMEM"),
    CALL(memfd_create, "EMFILE ENFILE ENOMEM"),
    CALL(memfd_secret, "ENOSYS EMFILE ENFILE ENOMEM"),
    CALL(mmap, "ENOMEM EAGAIN"),
    CALL(munmap, "ENOMEM"),
    CALL(mremap, "ENOMEM EAGAIN"),
    CALL(mprotect, "ENOMEM EACCES"),
    CALL(madvise, "EAGAIN ENOMEM"),
    CALL(mlock, "EAGAIN ENOMEM EPERM"),
    CALL(mlock2, "EAGAIN ENOMEM EPERM"),
    CALL(munlock, "ENOMEM EPERM"),
    CALL(brk, "ENOMEM"),
    CALL(getrandom, "EINTR"),
    CALL(prlimit64, "EPERM"),
    CALL(prctl, "EINVAL EPERM"),
    CALL(capget, "EPERM"),
    CALL(capset, "EPERM"),
    CALL(setgroups, "EPERM ENOMEM"),
    CALL(setresuid, "EAGAIN EPERM"),
    CALL(setresgid, "EAGAIN EPERM"),
    CALL(seccomp, "EACCES EINVAL ENOMEM"),
    CALL(landlock_create_ruleset, "EOPNOTSUPP ENOSYS EMFILE ENOMEM"),
    CALL(landlock_add_rule, "ENOMEM EINVAL"),
    CALL(landlock_restrict_self, "EPERM ENOMEM E2BIG"),
    CALL(rt_sigaction, "EINVAL"),
    CALL(rt_sigprocmask, "EINVAL"),
    CALL(clone, "EAGAIN ENOMEM"),
    CALL(clone3, "EAGAIN ENOMEM"),
    CALL(fork, "EAGAIN ENOMEM"),
    CALL(vfork, "EAGAIN ENOMEM"),
    CALL(execve, "EACCES EAGAIN EIO EMFILE ENOENT ENOMEM"),
    CALL(wait4, ""),
    CALL(kill, "EPERM ESRCH"),
    CALL(setpgid, "EACCES EPERM"),
    CALL(poll, "EINTR ENOMEM"),
    CALL(ppoll, "EINTR ENOMEM"),
    CALL(socket, "EACCES EMFILE ENFILE ENOBUFS ENOMEM"),
    CALL(socketpair, "EMFILE ENFILE ENOMEM"),
    CALL(bind, "EACCES EADDRINUSE ENOMEM"),
    CALL(connect, "EINTR EACCES EAGAIN ECONNREFUSED ENETUNREACH ETIMEDOUT"),
    CALL(sendto, "EINTR ECONNRESET ENOBUFS ENOMEM EPIPE"),
    CALL(sendmsg, "EINTR ECONNRESET ENOBUFS ENOMEM EPIPE"),
    CALL(sendmmsg, "EINTR ENOBUFS ENOMEM"),
    CALL(recvfrom, "EINTR ECONNRESET ENOMEM"),
    CALL(recvmsg, "EINTR ECONNRESET ENOMEM"),
    CALL(getsockname, "ENOBUFS"),
    CALL(getpeername, "ENOBUFS ENOTCONN"),
    CALL(getsockopt, "ENOMEM ENOPROTOOPT"),
    CALL(setsockopt, "ENOMEM ENOPROTOOPT"),
    /* These cannot fail, or not in a way that a caller could be told. */
    CALL(exit_group, ""),
    CALL(futex, ""), /* nobody waits for another thread, and to wake always succeeds */
    CALL(getpid, ""),
    CALL(gettid, ""),
    CALL(getppid, ""),
    CALL(getuid, ""),
    CALL(geteuid, ""),
    CALL(getgid, ""),
    CALL(getegid, ""),
    CALL(getresuid, ""),
    CALL(getresgid, ""),
    CALL(umask, ""),
    CALL(uname, ""),
    CALL(sysinfo, ""),
    CALL(rt_sigreturn, ""),
    CALL(restart_syscall, ""),
    CALL(set_robust_list, ""),
#undef CALL
};

static const struct {
    const char *name;
    int number;
} errors[] = {
#define ERROR(name)                                                                                \
    { #name, name }
    ERROR(E2BIG),  ERROR(EACCES),       ERROR(EADDRINUSE),  ERROR(EAGAIN),      ERROR(EBUSY),
    ERROR(ECHILD), ERROR(ECONNREFUSED), ERROR(ECONNRESET),  ERROR(EINTR),       ERROR(EINVAL),
    ERROR(EIO),    ERROR(EMFILE),       ERROR(ENETUNREACH), ERROR(ENFILE),      ERROR(ENOBUFS),
    ERROR(ENOENT), ERROR(ENOLCK),       ERROR(ENOMEM),      ERROR(ENOPROTOOPT), ERROR(ENOSPC),
    ERROR(ENOSYS), ERROR(ENOTCONN),     ERROR(ENOTTY),      ERROR(EOPNOTSUPP),  ERROR(EPERM),
    ERROR(EPIPE),  ERROR(ESPIPE),       ERROR(ESRCH),       ERROR(ETIMEDOUT),   ERROR(EWOULDBLOCK),
#undef ERROR
};

const struct fault_row *fault_row(long number) {
    static const struct fault_row other = {-1, "other", ""};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].number == number)
            return &rows[i];
    return &other;
}

int fault_errno(const char *name) {
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(errors[i].name, name) == 0)
            return errors[i].number;
    return 0;
}
