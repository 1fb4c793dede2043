/* weak: runs a program as an older kernel would.
 *
 *   weak COMMAND…
 *
 * The three calls of Landlock and memfd_secret answer ENOSYS in COMMAND and all
 * that it starts. Everything else is as before. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

#define LOAD(field)      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IS(number, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), (skip), 0)
#define ANSWER(action)   BPF_STMT(BPF_RET | BPF_K, (action))

static struct sock_filter program[] = {
    LOAD(nr),
    IS(SYS_landlock_create_ruleset, 4),
    IS(SYS_landlock_add_rule, 3),
    IS(SYS_landlock_restrict_self, 2),
    IS(SYS_memfd_secret, 1),
    ANSWER(SECCOMP_RET_ALLOW),
    ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
};

int main(int argc, char **argv) {
    struct sock_fprog filter = {.len = sizeof program / sizeof *program, .filter = program};
    if (argc < 2) {
        (void)fputs("usage: weak COMMAND…\n", stderr);
        return 2;
    }
    /* Root needs no no-new-privs for a filter, and then passes none on. */
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0 &&
        (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)) {
        (void)fprintf(stderr, "weak: %s\n", strerror(errno));
        return 1;
    }
    (void)execvp(argv[1], argv + 1);
    (void)fprintf(stderr, "weak: %s: %s\n", argv[1], strerror(errno));
    return 127;
}
