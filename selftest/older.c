#include "selftest/older.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same on every architecture that has it. */
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

/* The answer where the call is `number` and the bit of it is set, else on. */
#define LOAD(field)            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(value)          BPF_STMT(BPF_RET | BPF_K, (value))
#define UNLESS(value, skip)    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define REFUSED(number, error) UNLESS((number), 1), ANSWER(SECCOMP_RET_ERRNO | (unsigned)(error))

static void load(struct sock_filter *program, unsigned short length) {
    struct sock_fprog filter = {.len = length, .filter = program};
    /* Root needs no no-new-privs for a filter, and then passes none on. */
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0 &&
        (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0))
        _exit(70);
}
#define LOAD_FILTER(program) load((program), sizeof(program) / sizeof *(program))

void older_become(enum older lacks) {
    struct sock_filter no_landlock[] = {
        LOAD(nr),
        REFUSED(SYS_landlock_create_ruleset, ENOSYS),
        REFUSED(SYS_landlock_add_rule, ENOSYS),
        REFUSED(SYS_landlock_restrict_self, ENOSYS),
        ANSWER(SECCOMP_RET_ALLOW),
    };
    struct sock_filter no_secret_memory[] = {
        LOAD(nr),
        REFUSED(SYS_memfd_secret, ENOSYS),
        ANSWER(SECCOMP_RET_ALLOW),
    };
    struct sock_filter no_seccomp[] = {
        LOAD(nr),
        UNLESS(SYS_prctl, 3),
        LOAD(args[0]),
        UNLESS(PR_GET_SECCOMP, 1),
        ANSWER(SECCOMP_RET_ERRNO | EINVAL),
        ANSWER(SECCOMP_RET_ALLOW),
    };
    struct sock_filter no_connect[] = {
        LOAD(nr),
        REFUSED(SYS_connect, 0),
        ANSWER(SECCOMP_RET_ALLOW),
    };
    if ((lacks & OLDER_CONNECT) != 0)
        LOAD_FILTER(no_connect);
    if ((lacks & OLDER_LANDLOCK) != 0)
        LOAD_FILTER(no_landlock);
    if ((lacks & OLDER_SECRET_MEMORY) != 0)
        LOAD_FILTER(no_secret_memory);
    if ((lacks & OLDER_SECCOMP) != 0)
        LOAD_FILTER(no_seccomp);
}
