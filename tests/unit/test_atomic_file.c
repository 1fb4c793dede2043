#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/atomic_file.h"
#include "sidecar/base/error.h"
#include "tests/unit/directory_fixture.h"

#define LEFT ".box.0123456789abcdef"

static struct error err;

static int make(const char *name) {
    int fd = open(path_of(name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void make_closed(const char *name) {
    assert_int_equal(close(make(name)), 0);
}

static bool is_there(const char *name) {
    struct stat st;
    return lstat(path_of(name), &st) == 0;
}

static void what_a_dead_writer_left_is_removed(void **state) {
    (void)state;
    const mode_t modes[] = {0600, 0400, 0644, 0000};
    make_closed("box");
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (modes[i] == 0 && geteuid() != 0)
            continue;
        make_closed(LEFT);
        assert_int_equal(chmod(path_of(LEFT), modes[i]), 0);
        atomic_file_tidy(path_of("box"));
        assert_false(is_there(LEFT));
        assert_true(is_there("box"));
    }
}

static void what_a_living_writer_has_open_stays(void **state) {
    (void)state;
    int fd = make(LEFT);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    atomic_file_tidy(path_of("box"));
    assert_true(is_there(LEFT));
    assert_int_equal(close(fd), 0);
    atomic_file_tidy(path_of("box"));
    assert_false(is_there(LEFT));
}

static void files_of_others_stay(void **state) {
    (void)state;
    const char *names[] = {"box",
                           ".box",
                           ".box.",
                           ".box.0123456789abcde",
                           ".box.0123456789abcdef0",
                           ".box.0123456789abcdeF",
                           ".box.0123456789abcdeg",
                           ".box-0123456789abcdef",
                           "xbox.0123456789abcdef",
                           ".bos.0123456789abcdef",
                           ".box.box.0123456789abcdef",
                           ".box.0123456789abcdef.0123456789abcdef"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        make_closed(names[i]);
    assert_int_equal(symlink("box", path_of(LEFT)), 0);
    assert_int_equal(mkdir(path_of(".box.1123456789abcdef"), 0700), 0);
    assert_int_equal(mkfifo(path_of(".box.2123456789abcdef"), 0600), 0);
    if (geteuid() == 0) {
        make_closed(".box.3123456789abcdef");
        assert_int_equal(chown(path_of(".box.3123456789abcdef"), 12345, 12345), 0);
    }
    atomic_file_tidy(path_of("box"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_true(is_there(names[i]));
    assert_true(is_there(LEFT));
    assert_true(is_there(".box.1123456789abcdef"));
    assert_true(is_there(".box.2123456789abcdef"));
    assert_true(geteuid() != 0 || is_there(".box.3123456789abcdef"));
}

static void a_second_name_of_the_file_itself_is_removed_although_it_is_locked(void **state) {
    (void)state;
    int fd = make("box");
    char target[PATH_MAX + 64];
    (void)snprintf(target, sizeof target, "%s", path_of("box"));
    assert_int_equal(link(target, path_of(LEFT)), 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    atomic_file_tidy(target);
    assert_false(is_there(LEFT));
    assert_true(is_there("box"));
    assert_int_equal(close(fd), 0);
}

static void a_link_is_tidied_where_the_file_lies(void **state) {
    (void)state;
    make_closed("box");
    make_closed(LEFT);
    make_closed(".link.0123456789abcdef");
    assert_int_equal(symlink("box", path_of("link")), 0);
    atomic_file_tidy(path_of("link"));
    assert_false(is_there(LEFT));
    assert_true(is_there(".link.0123456789abcdef"));
}

static void where_there_is_nothing_nothing_happens(void **state) {
    (void)state;
    atomic_file_tidy(path_of("no/such/box"));
    atomic_file_tidy("");
    atomic_file_tidy("/");
}

static void a_writer_beside_a_tidier_never_fails(void **state) {
    (void)state;
    char target[PATH_MAX + 64];
    (void)snprintf(target, sizeof target, "%s", path_of("box"));
    (void)fflush(NULL);
    pid_t tidier = fork();
    assert_true(tidier >= 0);
    if (tidier == 0)
        (void)alarm(60); /* where an assertion ends the test first */
    while (tidier == 0)
        atomic_file_tidy(target);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(atomic_file_replace(target, &i, sizeof i, 0600, &err), 0);
        assert_int_equal(unlink(target), 0);
        assert_int_equal(atomic_file_create(target, &i, sizeof i, 0600, &err), 0);
    }
    assert_int_equal(kill(tidier, SIGKILL), 0);
    assert_int_equal(waitpid(tidier, NULL, 0), tidier);
}

/* In a child: replaces `path` while one call gives this error; whether that was refused. */
static bool is_refused_without(const char *path, int call, int number) {
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        (void)alarm(20);
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        if (filter == NULL ||
            seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)number), call, 0) != 0 ||
            seccomp_load(filter) != 0)
            _exit(99);
        _exit(atomic_file_replace(path, "new", 3, 0600, &err) != 0 ? 1 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 1;
}

static void a_file_that_cannot_be_looked_at_is_not_made_again_and_again(void **state) {
    (void)state;
    make_closed("box");
    assert_true(is_refused_without(path_of("box"), SCMP_SYS(newfstatat), ENOMEM));
    assert_int_equal(unlink(path_of("box")), 0);
}

static void a_link_that_cannot_be_read_is_not_replaced_by_a_file(void **state) {
    (void)state;
    struct stat st;
    make_closed("box");
    assert_int_equal(symlink("box", path_of("link")), 0);
    assert_true(is_refused_without(path_of("link"), SCMP_SYS(readlink), EIO));
    assert_int_equal(lstat(path_of("link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void) {
    const struct CMUnitTest tests[] = {
        FILE_TEST(what_a_dead_writer_left_is_removed),
        FILE_TEST(what_a_living_writer_has_open_stays),
        FILE_TEST(files_of_others_stay),
        FILE_TEST(a_second_name_of_the_file_itself_is_removed_although_it_is_locked),
        FILE_TEST(a_link_is_tidied_where_the_file_lies),
        FILE_TEST(where_there_is_nothing_nothing_happens),
        FILE_TEST(a_writer_beside_a_tidier_never_fails),
        FILE_TEST(a_file_that_cannot_be_looked_at_is_not_made_again_and_again),
        FILE_TEST(a_link_that_cannot_be_read_is_not_replaced_by_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
