#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box_file.h"
#include "sidecar/strongbox/box_key.h"
#include "tests/unit/directory_fixture.h"

#define WRITERS 8
#define ROUNDS  5

static struct error err;

static size_t count_files(void) {
    size_t count = 0;
    DIR *stream = opendir(directory);
    assert_non_null(stream);
    while (readdir(stream) != NULL)
        count++;
    assert_int_equal(closedir(stream), 0);
    return count - 2;
}

static mode_t mode_of(const char *name) {
    struct stat st;
    assert_int_equal(stat(path_of(name), &st), 0);
    return st.st_mode & 07777;
}

static void put(struct box *box, const char *name) {
    assert_int_equal(box_set(box, name, (const unsigned char *)"canary", 6, &err), 0);
}

/* A key file "k" of one key in clear. */
static int make_key(unsigned char key[BOX_KEY_BYTES]) {
    struct box_key_file file = {.count = 1};
    box_key_make(key);
    box_key_bare(key, &file.lines[0]);
    return box_file_create_keys(path_of("k"), &file, &err);
}

/* A key "k" and a box "b" with one entry "db". */
static void make_pair(unsigned char key[BOX_KEY_BYTES]) {
    struct box box;
    assert_int_equal(make_key(key), 0);
    box_make(&box);
    put(&box, "db");
    assert_int_equal(box_file_create(path_of("b"), &box, key, &err), 0);
    box_free(&box);
}

static void write_file(const char *name, const char *text, size_t length, mode_t mode) {
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, text, length), 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static uint64_t version_of(const char *name) {
    uint64_t version = 0;
    int fd = box_file_open(path_of(name), &err);
    assert_true(fd >= 0);
    assert_int_equal(box_file_read_version(fd, &version, &err), 0);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    assert_int_equal(close(fd), 0);
    return version;
}

static void what_is_created_can_be_read(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES];
    struct box_key_file again;
    struct box box;
    make_pair(key);
    assert_int_equal(mode_of("k"), 0400);
    assert_int_equal(mode_of("b"), 0600);
    int key_fd = box_file_open_key(path_of("k"), &err), fd = box_file_open(path_of("b"), &err);
    assert_true(key_fd >= 0 && fd >= 0);
    assert_true(fcntl(key_fd, F_GETFD) & fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(lseek(fd, 9, SEEK_SET), 9);
    assert_int_equal(lseek(key_fd, 9, SEEK_SET), 9);
    assert_int_equal(box_file_read_keys(key_fd, "k", &again, &err), 0);
    assert_int_equal(again.count, 1);
    assert_memory_equal(key, again.lines[0].key, sizeof key);
    assert_int_equal(box_file_load(fd, "b", again.lines[0].key, &box, &err), 0);
    assert_non_null(box_find(&box, "db"));
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 9);
    assert_int_equal(version_of("b"), 1);
    box_free(&box);
    assert_int_equal(close(fd), 0);
    assert_int_equal(close(key_fd), 0);
}

static void nothing_is_overwritten_by_making(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES];
    struct box box;
    make_pair(key);
    assert_int_equal(make_key(key), -1);
    assert_int_equal(err.code, ERROR_BOX_EXISTS);
    box_make(&box);
    assert_int_equal(box_file_create(path_of("b"), &box, key, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_EXISTS);
    assert_int_equal(count_files(), 2);
}

static void assert_no_key(const char *name) {
    assert_int_equal(box_file_open_key(path_of(name), &err), -1);
    assert_int_equal(err.code, ERROR_BOX_KEY);
    assert_string_equal(err.where, path_of(name));
}

static void a_key_that_others_could_use_is_refused(void **state) {
    (void)state;
    const mode_t refused[] = {0440, 0404, 0604, 0640, 0644, 0420, 0402, 0700, 0500, 04600, 0410};
    write_file("k", "x", 1, 0400);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(chmod(path_of("k"), refused[i]), 0);
        assert_no_key("k");
        assert_true(err.todo[0] != '\0');
    }
    const mode_t taken[] = {0400, 0600};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        assert_int_equal(chmod(path_of("k"), taken[i]), 0);
        int fd = box_file_open_key(path_of("k"), &err);
        assert_true(fd >= 0);
        assert_int_equal(close(fd), 0);
    }
}

static void a_key_of_another_user_is_refused(void **state) {
    (void)state;
    if (geteuid() != 0)
        skip();
    write_file("k", "x", 1, 0400);
    assert_int_equal(chown(path_of("k"), 12345, 0), 0);
    assert_no_key("k");
    assert_non_null(strstr(err.what, "12345"));
}

static void what_is_no_key_file_is_refused(void **state) {
    (void)state;
    struct box_key_file keys;
    char long_text[1000];
    assert_no_key("missing");
    assert_no_key("missing/k");
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    assert_no_key("fifo");
    assert_int_equal(mkdir(path_of("dir"), 0700), 0);
    assert_no_key("dir");
    memset(long_text, 'a', sizeof long_text);
    write_file("long", long_text, sizeof long_text, 0400);
    int fd = box_file_open_key(path_of("long"), &err);
    assert_true(fd >= 0);
    assert_int_equal(box_file_read_keys(fd, "long", &keys, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_KEY);
    assert_string_equal(err.where, "long");
    assert_int_equal(close(fd), 0);
    assert_int_equal(box_file_read_keys(-1, "closed", &keys, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_KEY);
}

static void a_key_behind_a_link_is_checked_where_it_lies(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES];
    make_pair(key);
    assert_int_equal(symlink("k", path_of("link")), 0);
    int fd = box_file_open_key(path_of("link"), &err);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(chmod(path_of("k"), 0644), 0);
    assert_no_key("link");
}

static void a_missing_box_is_told_from_an_unreadable_one(void **state) {
    (void)state;
    assert_int_equal(box_file_open(path_of("missing"), &err), -1);
    assert_int_equal(err.code, ERROR_BOX_MISSING);
    assert_int_equal(box_file_lock(path_of("missing"), &err), -1);
    assert_int_equal(err.code, ERROR_BOX_MISSING);
    assert_int_equal(box_file_open(directory, &err), -1);
    assert_int_equal(err.code, ERROR_STORE);
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    assert_int_equal(box_file_lock(path_of("fifo"), &err), -1);
    assert_int_equal(err.code, ERROR_STORE);
}

static void faults_of_a_box_name_its_path(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES] = {0};
    struct box box;
    uint64_t version = 77;
    write_file("empty", "", 0, 0600);
    write_file("text", "hello", 5, 0600);
    int fd = box_file_open(path_of("empty"), &err);
    assert_int_equal(box_file_load(fd, "empty", key, &box, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_TRUNCATED);
    assert_string_equal(err.where, "empty");
    assert_int_equal(box_file_read_version(fd, &version, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_TRUNCATED);
    assert_int_equal(close(fd), 0);
    fd = box_file_open(path_of("text"), &err);
    assert_int_equal(box_file_load(fd, "text", key, &box, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_DAMAGED);
    assert_int_equal(close(fd), 0);
    assert_int_equal(box_file_load(-1, "closed", key, &box, &err), -1);
    assert_int_equal(err.code, ERROR_STORE);
    assert_int_equal(box_file_read_version(-1, &version, &err), -1);
    assert_int_equal(err.code, ERROR_STORE);
    assert_int_equal(version, 77);
}

static void a_huge_file_is_not_read(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES] = {0};
    struct box box;
    write_file("huge", "ARRSTBOX", 8, 0600);
    assert_int_equal(truncate(path_of("huge"), 1l << 40), 0);
    int fd = box_file_open(path_of("huge"), &err);
    assert_int_equal(box_file_load(fd, "huge", key, &box, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_DAMAGED);
    assert_int_equal(close(fd), 0);
}

/* As a command does it: lock, load, edit, save. */
static int add_entry(const char *path, const unsigned char *key, const char *name) {
    struct box box;
    int lock = box_file_lock(path, &err);
    if (lock < 0 || box_file_load(lock, path, key, &box, &err) != 0)
        return -1;
    int result = box_set(&box, name, (const unsigned char *)name, strlen(name), &err) != 0 ||
                 box_file_save(lock, path, &box, key, &err) != 0;
    box_free(&box);
    return close(lock) != 0 || result ? -1 : 0;
}

static void saving_keeps_mode_and_leaves_no_rest(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES];
    make_pair(key);
    assert_int_equal(chmod(path_of("b"), 0640), 0);
    assert_int_equal(add_entry(path_of("b"), key, "new"), 0);
    assert_int_equal(mode_of("b"), 0640);
    assert_int_equal(version_of("b"), 2);
    assert_int_equal(count_files(), 2);
}

static void an_open_box_stays_the_version_it_was(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES];
    uint64_t version = 0;
    make_pair(key);
    int fd = box_file_open(path_of("b"), &err);
    assert_int_equal(add_entry(path_of("b"), key, "new"), 0);
    assert_int_equal(box_file_read_version(fd, &version, &err), 0);
    assert_int_equal(version, 1);
    assert_int_equal(version_of("b"), 2);
    assert_int_equal(close(fd), 0);
}

static void the_box_of_another_user_is_not_taken_over(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES];
    if (geteuid() != 0)
        skip();
    make_pair(key);
    assert_int_equal(chown(path_of("b"), 12345, 0), 0);
    assert_int_equal(box_file_lock(path_of("b"), &err), -1);
    assert_int_equal(err.code, ERROR_STORE);
    assert_non_null(strstr(err.what, "12345"));
}

static int write_rounds(const char *path, const unsigned char *key, int writer) {
    for (int round = 0; round < ROUNDS; round++) {
        char name[32];
        (void)snprintf(name, sizeof name, "w%d-%d", writer, round);
        if (add_entry(path, key, name) != 0)
            return 1;
    }
    return 0;
}

static void parallel_writers_lose_no_update(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES];
    pid_t children[WRITERS];
    struct box box;
    make_pair(key);
    (void)fflush(NULL);
    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            _exit(write_rounds(path_of("b"), key, i));
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(version_of("b"), 1 + WRITERS * ROUNDS);
    int fd = box_file_open(path_of("b"), &err);
    assert_int_equal(box_file_load(fd, "b", key, &box, &err), 0);
    assert_int_equal(box.count, 1 + WRITERS * ROUNDS);
    box_free(&box);
    assert_int_equal(close(fd), 0);
    assert_int_equal(count_files(), 2);
}

static void a_writer_that_waited_sees_the_new_box(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES];
    make_pair(key);
    int lock = box_file_lock(path_of("b"), &err);
    assert_true(lock >= 0);
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) /* the inherited descriptor would hold the lock on */
        _exit(close(lock) != 0 || add_entry(path_of("b"), key, "late") != 0);
    struct box box;
    assert_int_equal(box_file_load(lock, "b", key, &box, &err), 0);
    put(&box, "early");
    assert_int_equal(usleep(50000), 0);
    assert_int_equal(box_file_save(lock, path_of("b"), &box, key, &err), 0);
    box_free(&box);
    assert_int_equal(close(lock), 0);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    int fd = box_file_open(path_of("b"), &err);
    assert_int_equal(box_file_load(fd, "b", key, &box, &err), 0);
    assert_non_null(box_find(&box, "early"));
    assert_non_null(box_find(&box, "late"));
    assert_int_equal(box.version, 3);
    box_free(&box);
    assert_int_equal(close(fd), 0);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void) {
    const struct CMUnitTest tests[] = {
        FILE_TEST(what_is_created_can_be_read),
        FILE_TEST(nothing_is_overwritten_by_making),
        FILE_TEST(a_key_that_others_could_use_is_refused),
        FILE_TEST(a_key_of_another_user_is_refused),
        FILE_TEST(what_is_no_key_file_is_refused),
        FILE_TEST(a_key_behind_a_link_is_checked_where_it_lies),
        FILE_TEST(a_missing_box_is_told_from_an_unreadable_one),
        FILE_TEST(faults_of_a_box_name_its_path),
        FILE_TEST(a_huge_file_is_not_read),
        FILE_TEST(saving_keeps_mode_and_leaves_no_rest),
        FILE_TEST(an_open_box_stays_the_version_it_was),
        FILE_TEST(the_box_of_another_user_is_not_taken_over),
        FILE_TEST(parallel_writers_lose_no_update),
        FILE_TEST(a_writer_that_waited_sees_the_new_box),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
