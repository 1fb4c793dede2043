/* A seccomp filter where there is little memory: whole, or an error. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sidecar/base/error.h"
#include "sidecar/confine/filter.h"
#include "sidecar/confine/role_table.h"

#define STEP_KB    8
#define ENOUGH_KB  320
#define NO_LIMIT   SIZE_MAX
#define LONG_S     20
#define END_WHOLE  0
#define END_REFUSE 1

static size_t mapped_now(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL || fscanf(file, "%lu", &pages) != 1)
        abort();
    (void)fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The stack needs none afterwards. */
static void grow_stack(void) {
    volatile char room[48 * 1024];
    for (size_t i = 0; i < sizeof room; i += 1024)
        room[i] = 0;
}

/* Takes all memory that there is and gives so much of it back. */
static void leave(size_t kilobytes) {
    static char *taken[64 * 1024];
    size_t count = 0;
    rlim_t bytes = (rlim_t)(mapped_now() + 2 * ENOUGH_KB * 1024);
    if (setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes}) != 0)
        abort();
    while (count < sizeof taken / sizeof *taken && (taken[count] = malloc(1000)) != NULL)
        count++;
    for (size_t i = 0; i < kilobytes && count > 0; i++)
        free(taken[--count]);
}

/* In a child. */
static void load_within(size_t kilobytes, uint32_t groups, bool answers) {
    struct error err;
    uint8_t state = STATE_OFF;
    (void)alarm(LONG_S);
    (void)signal(SIGSEGV, SIG_DFL); /* not cmocka's */
    (void)signal(SIGABRT, SIG_DFL);
    grow_stack();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        abort();
    if (kilobytes != NO_LIMIT)
        leave(kilobytes);
    error_clear(&err);
    if (filter_load(groups, answers, &state, &err) == 0)
        _exit(state == STATE_ON ? END_WHOLE : 99);
    _exit(err.code == ERROR_MEMORY ? END_REFUSE : 98);
}

static int end_of(size_t kilobytes, uint32_t groups, bool answers) {
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        load_within(kilobytes, groups, answers);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status))
        print_error("%zu KiB, groups %x: ended by signal %d\n", kilobytes, (unsigned)groups,
                    WTERMSIG(status));
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_filter_is_whole_or_refused_however_little_memory_there_is(void **state) {
    (void)state;
#ifdef SANITIZED
    skip(); /* its runtime needs more memory than may be had here */
#endif
    for (int role = 0; role < ROLES; role++) {
        const struct role_row *row = &role_table[role];
        unsigned refused = 0, whole = 0;
        if (!row->confined)
            continue;
        for (size_t kilobytes = 0; kilobytes <= ENOUGH_KB; kilobytes += STEP_KB) {
            int end = end_of(kilobytes, row->calls, row->answers);
            assert_in_range(end, END_WHOLE, END_REFUSE);
            refused += end == END_REFUSE;
            whole += end == END_WHOLE;
        }
        assert_true(refused > 0 && whole > 0);
    }
}

static void a_filter_is_whole_where_memory_is_not_limited(void **state) {
    (void)state;
    for (int role = 0; role < ROLES; role++)
        if (role_table[role].confined)
            assert_int_equal(end_of(NO_LIMIT, role_table[role].calls, role_table[role].answers),
                             END_WHOLE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_is_whole_where_memory_is_not_limited),
        cmocka_unit_test(a_filter_is_whole_or_refused_however_little_memory_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
