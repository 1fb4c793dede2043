/* Kernels and container runtimes that offer less, one function at a time. Each is
 * tried in a child, because there is no way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/confine/confine.h"
#include "sidecar/secret/region.h"

#define CLOSE_RANGE  436
#define MEMFD_SECRET 447
#define NOEXEC_SEAL  8u /* of memfd_create, Linux 6.3 */

/* A system call, with a condition on an argument or none, and its answer. */
struct answer {
    int number, error;
    unsigned conditions;
    struct scmp_arg_cmp when;
};

static int play(const struct answer *answers, size_t count) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int result = filter == NULL ? -1 : 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((unsigned)answers[i].error),
                                        answers[i].number, answers[i].conditions, &answers[i].when);
    return result == 0 ? seccomp_load(filter) : result;
}

/* Status of act() where the kernel answers so. 70: it cannot be played. */
static int run_with(const struct answer *answers, size_t count, int (*act)(void)) {
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(play(answers, count) != 0 ? 70 : act());
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}

static int close_some(void) {
    for (int fd = 40; fd <= 60; fd++)
        if (dup2(STDERR_FILENO, fd) != fd)
            return 71;
    if (file_close_range(45, 50) != 0)
        return 1;
    for (int fd = 40; fd <= 60; fd++)
        if (is_open(fd) == (fd >= 45 && fd <= 50))
            return 2;
    if (file_close_range(41, ~0u) != 0 || !is_open(40))
        return 3;
    for (int fd = 41; fd <= 60; fd++)
        if (is_open(fd))
            return 4;
    return 0;
}

static void descriptors_are_closed_where_the_kernel_has_no_call_for_it(void **state) {
    (void)state;
    static const int errors[] = {ENOSYS, EPERM};
    assert_int_equal(run_with(NULL, 0, close_some), 0);
    for (size_t i = 0; i < 2; i++) {
        struct answer old = {.number = CLOSE_RANGE, .error = errors[i]};
        assert_int_equal(run_with(&old, 1, close_some), 0);
    }
}

static int make_memory_files(void) {
    struct error err;
    struct region region;
    int sealed = file_seal_bytes("unit", "abc", 3, &err);
    if (sealed < 0 || write(sealed, "x", 1) != -1 || errno != EPERM)
        return 1;
    if (region_make(&region, 100, &err) != 0)
        return 2;
    region_free(&region);
    return 0;
}

static void memory_files_are_had_where_none_may_be_executable(void **state) {
    (void)state;
    struct answer strict[] = {{.number = SCMP_SYS(memfd_create),
                               .error = EACCES,
                               .conditions = 1,
                               .when = {1, SCMP_CMP_MASKED_EQ, NOEXEC_SEAL, 0}},
                              {.number = MEMFD_SECRET, .error = ENOSYS}};
    assert_int_equal(run_with(strict, 2, make_memory_files), 0);
}

static int climb(void) {
    struct confine_request request = {.uid = (uid_t)-1};
    struct protections protections;
    struct error err;
    if (confine_childless(&err) != 0)
        return 71;
    if (confine_climb(ROLE_WARDEN, &request, &protections, &err) != 0)
        return 72;
    return protections.state[PROTECTION_SECCOMP];
}

static void a_kernel_without_filters_has_seccomp_off_and_the_role_starts(void **state) {
    (void)state;
    static const struct answer none[] = {
        {SCMP_SYS(seccomp), ENOSYS, 0, {0, SCMP_CMP_EQ, 0, 0}},
        {SCMP_SYS(prctl), EINVAL, 1, {0, SCMP_CMP_EQ, PR_GET_SECCOMP, 0}},
        {SCMP_SYS(prctl), EINVAL, 1, {0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0}}};
    static const struct answer strict_alone[] = {
        {SCMP_SYS(seccomp), EINVAL, 1, {0, SCMP_CMP_EQ, SECCOMP_SET_MODE_FILTER, 0}},
        {SCMP_SYS(prctl), EINVAL, 1, {0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0}}};
    assert_int_equal(run_with(NULL, 0, climb), STATE_ON);
    assert_int_equal(run_with(none, 3, climb), STATE_OFF);
    assert_int_equal(run_with(strict_alone, 2, climb), STATE_OFF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_are_closed_where_the_kernel_has_no_call_for_it),
        cmocka_unit_test(memory_files_are_had_where_none_may_be_executable),
        cmocka_unit_test(a_kernel_without_filters_has_seccomp_off_and_the_role_starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
