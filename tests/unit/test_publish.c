/* One whole generation or nothing, on a real tmpfs. */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sidecar/base/error.h"
#include "sidecar/base/wipe.h"
#include "sidecar/place/publish.h"

struct place {
    char path[64];
    int fd;
};

static int make_place(void **state) {
    struct place *place = calloc(1, sizeof *place);
    (void)umask(0);
    (void)snprintf(place->path, sizeof place->path, "/dev/shm/arrestor-unit-XXXXXX");
    if (place == NULL || mkdtemp(place->path) == NULL)
        return -1;
    place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = place;
    return place->fd < 0 ? -1 : 0;
}

static int remove_place(void **state) {
    struct place *place = *state;
    (void)wipe_contents(place->fd, false);
    (void)close(place->fd);
    int result = rmdir(place->path);
    free(place);
    return result;
}

static int publish(struct place *place, uint64_t generation, const char *text, struct error *err) {
    struct publish_item items[] = {
        {"user", (const unsigned char *)text, strlen(text)},
        {"password", (const unsigned char *)text, strlen(text)},
    };
    return publish_generation(place->fd, generation, items, 2, 0400, err);
}

static void read_file(struct place *place, const char *name, char *text, size_t size) {
    int fd = openat(place->fd, name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t length = read(fd, text, size - 1);
    assert_true(length >= 0);
    text[length] = '\0';
    (void)close(fd);
}

static void the_first_generation_stands_behind_current(void **state) {
    struct place *place = *state;
    struct error err;
    struct stat st;
    char text[32];
    assert_int_equal(publish_current(place->fd), 0);
    assert_int_equal(publish(place, 1, "one", &err), 0);
    assert_int_equal(publish_current(place->fd), 1);
    read_file(place, "current/password", text, sizeof text);
    assert_string_equal(text, "one");
    assert_int_equal(fstatat(place->fd, "current/password", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    assert_int_equal(fstatat(place->fd, "current", &st, 0), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void the_previous_generation_stays_and_older_ones_go(void **state) {
    struct place *place = *state;
    struct error err;
    for (uint64_t i = 1; i <= 4; i++)
        assert_int_equal(publish(place, i, "x", &err), 0);
    assert_int_equal(faccessat(place->fd, "g-000004/user", F_OK, 0), 0);
    assert_int_equal(faccessat(place->fd, "g-000003/user", F_OK, 0), 0);
    assert_int_equal(faccessat(place->fd, "g-000002", F_OK, 0), -1);
    assert_int_equal(publish_retire(place->fd, 3, &err), 0);
    assert_int_equal(faccessat(place->fd, "g-000003", F_OK, 0), -1);
    assert_int_equal(publish_current(place->fd), 4);
}

static void the_current_generation_cannot_be_retired(void **state) {
    struct place *place = *state;
    struct error err;
    assert_int_equal(publish(place, 1, "x", &err), 0);
    assert_int_equal(publish_retire(place->fd, 99, &err), 0);
    assert_int_equal(publish_current(place->fd), 1);
    assert_int_equal(faccessat(place->fd, "current/user", F_OK, 0), 0);
}

static void a_generation_never_goes_back(void **state) {
    struct place *place = *state;
    struct error err;
    assert_int_equal(publish(place, 5, "x", &err), 0);
    assert_int_equal(publish(place, 5, "y", &err), -1);
    assert_int_equal(publish(place, 4, "y", &err), -1);
    assert_int_equal(publish_current(place->fd), 5);
}

static void a_seventh_digit_follows_the_six(void **state) {
    struct place *place = *state;
    struct error err;
    assert_int_equal(publish(place, 999999, "x", &err), 0);
    assert_int_equal(publish(place, 1000000, "y", &err), 0);
    assert_int_equal(publish_current(place->fd), 1000000);
    assert_int_equal(faccessat(place->fd, "g-999999/user", F_OK, 0), 0); /* for the overlap */
    assert_int_equal(faccessat(place->fd, "g-1000000/user", F_OK, 0), 0);
    assert_int_equal(publish_retire(place->fd, 999999, &err), 0);
    assert_int_equal(faccessat(place->fd, "g-999999", F_OK, 0), -1);
    assert_int_equal(publish_current(place->fd), 1000000);
}

static void after_the_last_number_the_old_set_stays(void **state) {
    struct place *place = *state;
    struct error err;
    assert_int_equal(publish(place, LIMIT_GENERATION, "x", &err), 0);
    assert_int_equal(publish(place, LIMIT_GENERATION + 1u, "y", &err), -1);
    assert_int_equal(err.code, ERROR_PLACE_FILE);
    assert_string_not_equal(err.todo, "");
    assert_int_equal(publish_current(place->fd), LIMIT_GENERATION);
    assert_int_equal(faccessat(place->fd, "current/user", F_OK, 0), 0);
}

static void a_name_that_we_would_not_write_is_not_ours(void **state) {
    static const char *const names[] = {"g-0000007", "g-07",     "g-",          "g-00000x",
                                        "g-000000",  "x-000007", "g-1000000000"};
    struct place *place = *state;
    struct error err;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(mkdirat(place->fd, names[i], 0700), 0);
    assert_int_equal(publish(place, 1, "x", &err), 0);
    assert_int_equal(publish_retire(place->fd, LIMIT_GENERATION, &err), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(faccessat(place->fd, names[i], F_OK, 0), 0);
    assert_int_equal(unlinkat(place->fd, "current", 0), 0);
    assert_int_equal(symlinkat("g-0000007", place->fd, "current"), 0);
    assert_int_equal(publish_current(place->fd), 0);
}

static void what_a_killed_writer_left_is_removed(void **state) {
    struct place *place = *state;
    struct error err;
    assert_int_equal(publish(place, 1, "x", &err), 0);
    assert_int_equal(mkdirat(place->fd, "g-000002", 0700), 0);
    assert_int_equal(symlinkat("g-000002", place->fd, "current.next"), 0);
    assert_int_equal(mkdirat(place->fd, "g-000009", 0700), 0);
    assert_int_equal(publish(place, 2, "y", &err), 0);
    assert_int_equal(publish_current(place->fd), 2);
    assert_int_equal(faccessat(place->fd, "g-000009", F_OK, 0), -1);
}

static void a_file_that_cannot_be_written_leaves_the_old_set(void **state) {
    struct place *place = *state;
    struct error err;
    char text[32];
    unsigned char byte = 'z';
    struct publish_item items[] = {{"user", &byte, 1}, {"no/such", &byte, 1}};
    assert_int_equal(publish(place, 1, "old", &err), 0);
    assert_int_equal(publish_generation(place->fd, 2, items, 2, 0400, &err), -1);
    assert_int_equal(err.code, ERROR_PLACE_FILE);
    assert_string_equal(err.where, "no/such");
    assert_int_equal(publish_current(place->fd), 1);
    assert_int_equal(faccessat(place->fd, "g-000002", F_OK, 0), -1);
    read_file(place, "current/user", text, sizeof text);
    assert_string_equal(text, "old");
}

static void a_directory_that_is_not_tmpfs_is_refused(void **state) {
    (void)state;
    struct error err;
    struct publish_item item = {"user", (const unsigned char *)"x", 1};
    int fd = open("/proc/self", O_RDONLY | O_DIRECTORY);
    assert_int_equal(publish_generation(fd, 1, &item, 1, 0400, &err), -1);
    assert_int_equal(err.code, ERROR_NO_TMPFS);
    (void)close(fd);
}

/* Two renames may pass within one look-up: then the set that it was led to is gone. It
 * happens once; a set that is missing is missing the next time too. */
static int open_set(const struct place *place) {
    int fd = openat(place->fd, "current", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 || errno != ENOENT
               ? fd
               : openat(place->fd, "current", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A reader that goes on while a writer is killed again and again. */
static void a_killed_writer_never_shows_a_mix(void **state) {
    struct place *place = *state;
    struct error err;
    assert_int_equal(publish(place, 1, "1", &err), 0);
    for (unsigned round = 0; round < 60; round++) {
        pid_t pid = fork();
        if (pid == 0)
            for (uint64_t g = publish_current(place->fd) + 1; g < 900000; g++) {
                char text[16];
                (void)snprintf(text, sizeof text, "%u", (unsigned)g);
                if (publish(place, g, text, &err) != 0)
                    _exit(1);
            }
        for (unsigned reads = 0; reads < 20 + round; reads++) {
            int directory = open_set(place);
            assert_true(directory >= 0);
            char user[16] = "", password[16] = "";
            int a = openat(directory, "user", O_RDONLY),
                b = openat(directory, "password", O_RDONLY);
            /* Two renames may pass between two opens: then the directory is gone, but never half.
             */
            if (a >= 0 && b >= 0) {
                assert_true(read(a, user, sizeof user) > 0);
                assert_true(read(b, password, sizeof password) > 0);
                assert_string_equal(user, password);
            }
            (void)close(a);
            (void)close(b);
            (void)close(directory);
        }
        (void)kill(pid, SIGKILL);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
    }
}

/* In a child: from now on no link can be read. */
static void forbid_links(void) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EIO), SCMP_SYS(readlinkat), 0) != 0 ||
        seccomp_load(filter) != 0)
        _exit(99);
}

static void a_link_that_cannot_be_read_costs_no_generation(void **state) {
    struct place *place = *state;
    struct error err;
    char text[32];
    int status;
    assert_int_equal(publish(place, 1, "one", &err), 0);
    assert_int_equal(publish(place, 2, "two", &err), 0);
    pid_t pid = fork();
    if (pid == 0) {
        forbid_links();
        bool refused = publish(place, 3, "three", &err) != 0 && err.code == ERROR_PLACE_FILE &&
                       publish_retire(place->fd, 2, &err) != 0 && err.code == ERROR_PLACE_FILE;
        _exit(refused ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(publish_current(place->fd), 2);
    read_file(place, "current/password", text, sizeof text);
    assert_string_equal(text, "two");
    read_file(place, "g-000001/password", text, sizeof text);
    assert_string_equal(text, "one");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(the_first_generation_stands_behind_current),
        TEST(the_previous_generation_stays_and_older_ones_go),
        TEST(the_current_generation_cannot_be_retired),
        TEST(a_generation_never_goes_back),
        TEST(a_seventh_digit_follows_the_six),
        TEST(after_the_last_number_the_old_set_stays),
        TEST(a_name_that_we_would_not_write_is_not_ours),
        TEST(what_a_killed_writer_left_is_removed),
        TEST(a_file_that_cannot_be_written_leaves_the_old_set),
        TEST(a_directory_that_is_not_tmpfs_is_refused),
        TEST(a_killed_writer_never_shows_a_mix),
        TEST(a_link_that_cannot_be_read_costs_no_generation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
