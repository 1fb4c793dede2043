/* The filter of roles that answer calls which are not listed. Each attempt is made
 * in a child, because there is no way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/confine/confine.h"
#include "sidecar/confine/role_table.h"

/* Status of act() behind the ladder of the role; a signal is 128 and its number,
 * as a shell tells it. 70: the ladder could not be climbed. */
static int run_in(enum role role, int (*act)(void)) {
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct confine_request request = {.uid = (uid_t)-1};
        struct protections protections;
        struct error err;
        if (confine_climb(role, &request, &protections, &err) != 0)
            _exit(70);
        _exit(act());
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static const enum role answering[] = {ROLE_DIAL, ROLE_FETCH_NET};
#define ANSWERING (sizeof answering / sizeof *answering)

static int make_unlisted_calls(void) {
    for (unsigned i = 1; i <= 3; i++) {
        errno = 0;
        if (syscall(SYS_sched_getaffinity, 0, 0, NULL) != -1 || errno != ENOSYS ||
            confine_trapped() != i)
            return 1;
    }
    return 0;
}

static void an_unlisted_call_gives_enosys_and_is_counted(void **state) {
    (void)state;
    assert_int_equal(confine_trapped(), 0);
    for (size_t i = 0; i < ANSWERING; i++)
        assert_int_equal(run_in(answering[i], make_unlisted_calls), 0);
}

static void in_roles_that_do_not_answer_it_ends_the_process(void **state) {
    (void)state;
    for (int i = 0; i < ROLES; i++)
        if (role_table[i].confined && !role_table[i].answers)
            assert_int_equal(run_in((enum role)i, make_unlisted_calls), 128 + SIGSYS);
}

static int start_program(void) {
    char name[] = "/bin/true";
    char *argv[] = {name, NULL}, *environment[] = {NULL};
    (void)execve(name, argv, environment);
    return 0;
}

static int look_into_process(void) {
    return (int)syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0) * 0;
}

static int make_ring(void) {
    return (int)syscall(SYS_io_uring_setup, 1, NULL) * 0;
}

static void what_an_intruder_begins_with_ends_every_confined_role(void **state) {
    (void)state;
    for (int i = 0; i < ROLES; i++) {
        if (!role_table[i].confined)
            continue;
        assert_int_equal(run_in((enum role)i, start_program), 128 + SIGSYS);
        assert_int_equal(run_in((enum role)i, look_into_process), 128 + SIGSYS);
        assert_int_equal(run_in((enum role)i, make_ring), 128 + SIGSYS);
    }
}

/* What libcurl and OpenSSL try in every run. */
static int make_known_calls(void) {
    struct sockaddr_in to = {.sin_family = AF_INET};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != -1 || errno != ENOSYS)
        return 1;
    if (open("/etc/localtime", O_RDONLY | O_CLOEXEC) != -1 || errno != EACCES)
        return 2;
    if (connect(99, (const struct sockaddr *)&to, sizeof to) != 0)
        return 3;
    if (fork() != -1)
        return 4;
    return confine_trapped() == 0 ? 0 : 5;
}

static void what_libraries_are_known_to_try_is_not_counted(void **state) {
    (void)state;
    assert_int_equal(run_in(ROLE_FETCH_NET, make_known_calls), 0);
}

static int open_sockets(void) {
    static const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK, AF_PACKET};
    for (unsigned i = 0; i < 5; i++)
        if (socket(families[i], SOCK_STREAM, 0) != -1 || errno != ENOSYS ||
            confine_trapped() != i + 1)
            return 1;
    return 0;
}

static void fetch_net_opens_no_socket_of_any_family(void **state) {
    (void)state;
    assert_int_equal(run_in(ROLE_FETCH_NET, open_sockets), 0);
}

/* Landlock's part; where the kernel has none, binding alone reaches nobody. */
static int bind_and_listen(void) {
    struct sockaddr_in here = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return 1;
    if (bind(fd, (const struct sockaddr *)&here, sizeof here) != 0 && errno != EACCES)
        return 2;
    (void)listen(fd, 1);
    return 3;
}

static void dial_cannot_be_dialled(void **state) {
    (void)state;
    assert_int_equal(run_in(ROLE_DIAL, bind_and_listen), 128 + SIGSYS);
}

static int map_file_and_write_code(void) {
    int fd = open("/etc/hosts", O_RDONLY | O_CLOEXEC);
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED &&
                   errno == ENOSYS &&
                   mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                       MAP_FAILED &&
                   errno == ENOSYS
               ? 0
               : 1;
}

static void dial_maps_plug_ins_but_makes_no_code(void **state) {
    (void)state;
    assert_int_equal(run_in(ROLE_DIAL, map_file_and_write_code), 0);
}

static int abort_now(void) {
    abort();
}

static void abort_ends_a_role_as_abort_does(void **state) {
    (void)state;
    for (int i = 0; i < ROLES; i++)
        if (role_table[i].confined)
            assert_int_equal(run_in((enum role)i, abort_now), 128 + SIGABRT);
}

static void a_caller_that_blocks_sigsys_does_no_harm(void **state) {
    (void)state;
    sigset_t mask, had;
    (void)sigfillset(&mask);
    assert_int_equal(sigprocmask(SIG_SETMASK, &mask, &had), 0);
    assert_int_equal(run_in(ROLE_FETCH_NET, make_unlisted_calls), 0);
    assert_int_equal(sigprocmask(SIG_SETMASK, &had, NULL), 0);
}

/* Status of act() in a monitor without a job. */
static int run_childless(int (*act)(void)) {
    int status = 0;
    struct error err;
    pid_t pid = fork();
    if (pid == 0)
        _exit(confine_childless(&err) != 0 ? 70 : act());
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int climb_and_end(void) {
    return run_in(ROLE_WARDEN, abort_now) == 128 + SIGABRT ? start_program() : 1;
}

static void a_monitor_without_a_job_starts_roles_and_nothing_worse(void **state) {
    (void)state;
    assert_int_equal(run_childless(climb_and_end), 0);
    assert_int_equal(run_childless(look_into_process), 128 + SIGSYS);
    assert_int_equal(run_childless(make_ring), 128 + SIGSYS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_monitor_without_a_job_starts_roles_and_nothing_worse),
        cmocka_unit_test(an_unlisted_call_gives_enosys_and_is_counted),
        cmocka_unit_test(in_roles_that_do_not_answer_it_ends_the_process),
        cmocka_unit_test(what_an_intruder_begins_with_ends_every_confined_role),
        cmocka_unit_test(what_libraries_are_known_to_try_is_not_counted),
        cmocka_unit_test(fetch_net_opens_no_socket_of_any_family),
        cmocka_unit_test(dial_cannot_be_dialled),
        cmocka_unit_test(dial_maps_plug_ins_but_makes_no_code),
        cmocka_unit_test(abort_ends_a_role_as_abort_does),
        cmocka_unit_test(a_caller_that_blocks_sigsys_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
