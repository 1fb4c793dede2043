/* weak: runs a program as a machine would that offers less.
 *
 *   weak [--without NAME]… COMMAND…
 *   weak --list
 *
 * COMMAND and all that it starts get the answers of a kernel, or of a container
 * runtime, that lacks what is named; everything else is as before. Without a name
 * it is an older kernel: neither Landlock nor memfd_secret. landlock-abi=N answers
 * as a kernel of that version of Landlock, which needs root: the attributes lie in
 * memory that a role has closed. */
#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/torture/weak_landlock.h"

/* Numbers that older headers lack; from 424 on they are the same everywhere. */
#define NR_CLOSE_RANGE   436
#define NR_MEMFD_SECRET  447
#define NR_FIRST_OF_5_1  424
#define NR_FIRST_OF_5_11 441
#define NR_FIRST_OF_6_2  451
#define NR_LAST          600
#define NOEXEC_SEAL      0x8u /* of memfd_create, Linux 6.3 */
#define SET_MODE_FILTER  1u

#define ANY                                                                                        \
    { 0, SCMP_CMP_MASKED_EQ, 0, 0 }
#define HAS(argument, bits)                                                                        \
    { argument, SCMP_CMP_MASKED_EQ, bits, bits }
#define LACKS(argument, bits)                                                                      \
    { argument, SCMP_CMP_MASKED_EQ, bits, 0 }
#define IS(argument, value)                                                                        \
    { argument, SCMP_CMP_EQ, value, 0 }

/* A system call, or all from `number` up to `last`, and what is answered. */
struct refusal {
    const char *name;
    int number, last;
    unsigned error;
    struct scmp_arg_cmp when;
};

static const struct refusal refusals[] = {
    {"memfd-secret", NR_MEMFD_SECRET, 0, ENOSYS, ANY},
    {"landlock", SYS_landlock_create_ruleset, SYS_landlock_restrict_self, ENOSYS, ANY},
    /* Built, and left out of lsm= at boot. */
    {"landlock-disabled", SYS_landlock_create_ruleset, SYS_landlock_restrict_self, EOPNOTSUPP, ANY},
    /* A profile of a container runtime that is older than the call. */
    {"landlock-refused", SYS_landlock_create_ruleset, SYS_landlock_restrict_self, EPERM, ANY},
    {"memfd-secret-refused", NR_MEMFD_SECRET, 0, EPERM, ANY},
    {"user-namespaces", SYS_unshare, 0, EPERM, HAS(0, CLONE_NEWUSER)},
    {"user-namespaces", SYS_clone, 0, EPERM, HAS(0, CLONE_NEWUSER)},
    {"user-namespaces", SYS_clone3, 0, ENOSYS, ANY},
    {"clone3", SYS_clone3, 0, ENOSYS, ANY},
    {"clone3-refused", SYS_clone3, 0, EPERM, ANY},
    {"close-range", NR_CLOSE_RANGE, 0, ENOSYS, ANY},
    {"close-range-refused", NR_CLOSE_RANGE, 0, EPERM, ANY},
    {"newer-calls", SYS_pidfd_open, SYS_clone3, ENOSYS, ANY},
    {"newer-calls", SYS_openat2, SYS_faccessat2, ENOSYS, ANY},
    {"newer-calls", SYS_statx, 0, ENOSYS, ANY},
    {"newer-calls", SYS_renameat2, 0, ENOSYS, ANY},
    {"newer-calls", SYS_copy_file_range, 0, ENOSYS, ANY},
    /* vm.memfd_noexec=2 */
    {"memfd-exec", SYS_memfd_create, 0, EACCES, LACKS(1, NOEXEC_SEAL)},
    {"seccomp", SYS_seccomp, 0, ENOSYS, ANY},
    {"seccomp", SYS_prctl, 0, EINVAL, IS(0, PR_GET_SECCOMP)},
    {"seccomp", SYS_prctl, 0, EINVAL, IS(0, PR_SET_SECCOMP)},
    /* Built with the strict mode alone. */
    {"seccomp-filter", SYS_seccomp, 0, EINVAL, IS(0, SET_MODE_FILTER)},
    {"seccomp-filter", SYS_prctl, 0, EINVAL, IS(0, PR_SET_SECCOMP)},
    /* Whole kernels: no call that is younger. */
    {"kernel-4.18", NR_FIRST_OF_5_1, NR_LAST, ENOSYS, ANY},
    {"kernel-4.18", SYS_memfd_create, 0, EINVAL, HAS(1, NOEXEC_SEAL)},
    {"kernel-5.10", NR_FIRST_OF_5_11, NR_LAST, ENOSYS, ANY},
    {"kernel-5.10", SYS_memfd_create, 0, EINVAL, HAS(1, NOEXEC_SEAL)},
    /* Debian 12's, but for Landlock: memfd_secret is built and not enabled. */
    {"kernel-6.1", NR_MEMFD_SECRET, 0, ENOSYS, ANY},
    {"kernel-6.1", NR_FIRST_OF_6_2, NR_LAST, ENOSYS, ANY},
    {"kernel-6.1", SYS_memfd_create, 0, EINVAL, HAS(1, NOEXEC_SEAL)},
};
#define REFUSALS (sizeof refusals / sizeof *refusals)

static const char landlock_abi[] = "landlock-abi=";

static int fail(const char *what, int error) {
    (void)fprintf(stderr, "weak: %s: %s\n", what, strerror(error));
    return 1;
}

static int add_refusal(scmp_filter_ctx filter, const struct refusal *row) {
    unsigned conditions = row->when.op == SCMP_CMP_MASKED_EQ && row->when.datum_a == 0 ? 0 : 1;
    int last = row->last == 0 ? row->number : row->last, result = 0;
    for (int number = row->number; number <= last && result == 0; number++)
        result = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(row->error), number, conditions,
                                        &row->when);
    return result == -EEXIST ? 0 : result;
}

/* Adds all rows of that name; -ENOENT where there is none. */
static int add_name(scmp_filter_ctx filter, const char *name) {
    int result = -ENOENT;
    for (size_t i = 0; i < REFUSALS; i++) {
        if (strcmp(refusals[i].name, name) != 0)
            continue;
        result = add_refusal(filter, &refusals[i]);
        if (result != 0)
            return result;
    }
    return result;
}

/* kernel-6.1 has Landlock's second version, the others none. */
static int add_weakness(scmp_filter_ctx filter, const char *name, int *abi) {
    size_t prefix = strlen(landlock_abi);
    if (strncmp(name, landlock_abi, prefix) != 0) {
        *abi = strcmp(name, "kernel-6.1") == 0 ? 2 : *abi;
        return add_name(filter, name);
    }
    *abi = name[prefix] - '0';
    return name[prefix + 1] == '\0' && *abi >= 1 && *abi <= LANDLOCK_ABIS ? 0 : -ENOENT;
}

static int load(scmp_filter_ctx filter, int abi) {
    int result = 0, supervisor = -1;
    if (abi > 0) {
        supervisor = landlock_supervise(abi);
        result = supervisor < 0
                     ? -errno
                     : seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SYS_landlock_create_ruleset, 0);
    }
    /* Root needs no no-new-privs for a filter, and then passes none on. */
    if (result == 0)
        result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
    if (result == 0 && seccomp_load(filter) != 0)
        result = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? -errno : seccomp_load(filter);
    if (result == 0 && abi > 0)
        result = landlock_hand_over(supervisor, seccomp_notify_fd(filter));
    return result;
}

static int list(void) {
    for (size_t i = 0; i < REFUSALS; i++)
        if (i == 0 || strcmp(refusals[i - 1].name, refusals[i].name) != 0)
            (void)puts(refusals[i].name);
    for (int abi = 1; abi <= LANDLOCK_ABIS; abi++)
        (void)printf("%s%d\n", landlock_abi, abi);
    return 0;
}

int main(int argc, char **argv) {
    int word = 1, abi = 0, result = 0;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    if (filter == NULL)
        return fail("seccomp_init", ENOMEM);
    for (; word + 1 < argc && strcmp(argv[word], "--without") == 0 && result == 0; word += 2)
        result = add_weakness(filter, argv[word + 1], &abi);
    if (result != 0)
        return fail(argv[word - 1], -result);
    if (word >= argc) {
        (void)fputs("usage: weak [--without NAME]… COMMAND…\n", stderr);
        return 2;
    }
    if (word == 1 && (add_name(filter, "landlock") != 0 || add_name(filter, "memfd-secret") != 0))
        return fail("older kernel", EINVAL);
    result = load(filter, abi);
    if (result != 0)
        return fail("cannot load the filter", -result);
    (void)execvp(argv[word], argv + word);
    (void)fail(argv[word], errno);
    return 127;
}
