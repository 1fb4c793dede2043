#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/atomic_file.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box_file.h"
#include "sidecar/strongbox/box_key.h"
#include "sidecar/strongbox/passphrase.h"
#include "sidecar/strongbox/strongbox_memory.h"
#include "tests/unit/directory_fixture.h"

static struct error err;
static unsigned char key[BOX_KEY_BYTES];

static int memory_file(const void *bytes, size_t length) {
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, bytes, length), 0);
    return fd;
}

static int text_file(const char *text) {
    return memory_file(text, strlen(text));
}

static struct box_key_line sealed_line(const char *passphrase) {
    struct box_key_line line;
    unsigned char bytes[64];
    struct secret_text text = {.bytes = bytes, .length = strlen(passphrase)};
    memcpy(bytes, passphrase, text.length);
    assert_int_equal(box_key_seal(key, &text, 1, LIMIT_PASS_KIB_MIN, &line, &err), 0);
    return line;
}

static int key_file(struct box_key_line line) {
    const struct box_key_file file = {.count = 1, .lines[0] = line};
    char text[LIMIT_KEY_FILE_BYTES];
    size_t length = box_key_print(&file, text);
    return memory_file(text, length);
}

/* A box with one entry "db", sealed with `key`. */
static int box_file(void) {
    struct box box;
    unsigned char *bytes;
    size_t length;
    box_make(&box);
    assert_int_equal(box_set(&box, "db", (const unsigned char *)"canary", 6, &err), 0);
    assert_int_equal(box_seal(&box, key, &bytes, &length, &err), 0);
    int fd = memory_file(bytes, length);
    box_free(&box);
    free(bytes);
    return fd;
}

/* 0 where it opened, else the code. */
static enum error_code load(int box_fd, int key_fd, int passphrase) {
    struct box box;
    error_clear(&err);
    if (box_file_load_with(box_fd, "the box", key_fd, "the key", passphrase, &box, &err) != 0) {
        assert_int_equal(box.count, 0);
        return err.code;
    }
    assert_non_null(box_find(&box, "db"));
    box_free(&box);
    return ERROR_OK;
}

static int start(void **state) {
    (void)state;
    box_key_make(key);
    return 0;
}

static void close_all(int a, int b, int c) {
    assert_int_equal(close(a), 0);
    assert_int_equal(close(b), 0);
    assert_int_equal(close(c), 0);
}

static void a_box_opens_with_a_passphrase_from_a_descriptor_as_often_as_wanted(void **state) {
    (void)state;
    const char *lines[] = {"right", "right\n", "right\nsecond line\n"};
    int box_fd = box_file(), key_fd = key_file(sealed_line("right"));
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int passphrase = text_file(lines[i]);
        assert_int_equal(lseek(passphrase, 2, SEEK_SET), 2);
        for (int round = 0; round < 3; round++)
            assert_int_equal(load(box_fd, key_fd, passphrase), ERROR_OK);
        assert_int_equal(lseek(passphrase, 0, SEEK_CUR), 2);
        assert_int_equal(close(passphrase), 0);
    }
    assert_int_equal(close(box_fd), 0);
    assert_int_equal(close(key_fd), 0);
}

static void a_passphrase_that_does_not_serve_is_told(void **state) {
    (void)state;
    int box_fd = box_file(), key_fd = key_file(sealed_line("right")), pipes[2];
    const struct {
        const char *text;
        enum error_code code;
    } rows[] = {{"wrong", ERROR_BOX_WRONG_PASSPHRASE},
                {"right ", ERROR_BOX_WRONG_PASSPHRASE},
                {"right\r\n", ERROR_BOX_WRONG_PASSPHRASE},
                {"", ERROR_BOX_PASSPHRASE},
                {"\n", ERROR_BOX_PASSPHRASE},
                {"\nright\n", ERROR_BOX_PASSPHRASE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int passphrase = text_file(rows[i].text);
        assert_int_equal(load(box_fd, key_fd, passphrase), rows[i].code);
        assert_string_equal(err.where, "the key");
        assert_null(strstr(err.what, "right"));
        assert_int_equal(close(passphrase), 0);
    }
    assert_int_equal(load(box_fd, key_fd, -1), ERROR_BOX_PASSPHRASE);
    assert_non_null(strstr(err.todo, "--passphrase-fd"));
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(load(box_fd, key_fd, pipes[0]), ERROR_BOX_PASSPHRASE);
    close_all(box_fd, key_fd, pipes[0]);
    assert_int_equal(close(pipes[1]), 0);
}

static void a_passphrase_has_a_maximum(void **state) {
    (void)state;
    char text[LIMIT_PROMPT_BYTES + 2];
    struct secret_text read;
    memset(text, 'x', sizeof text);
    int fits = memory_file(text, LIMIT_PROMPT_BYTES), over = memory_file(text, sizeof text - 1);
    assert_int_equal(passphrase_read_file(fits, &read, &err), 0);
    assert_int_equal(read.length, LIMIT_PROMPT_BYTES);
    secret_text_free(&read);
    assert_int_equal(passphrase_read_file(over, &read, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_PASSPHRASE);
    assert_int_equal(lseek(over, 0, SEEK_SET), 0);
    assert_int_equal(passphrase_read(over, &read, &err), -1);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_int_equal(close(fits), 0);
    assert_int_equal(close(over), 0);
}

static void a_stream_can_carry_two_passphrases(void **state) {
    (void)state;
    struct secret_text one, two;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(file_write_all(pipes[1], "one\ntwo", 7), 0);
    assert_int_equal(close(pipes[1]), 0);
    assert_int_equal(passphrase_read(pipes[0], &one, &err), 0);
    assert_int_equal(passphrase_read(pipes[0], &two, &err), 0);
    assert_string_equal((char *)one.bytes, "one");
    assert_string_equal((char *)two.bytes, "two");
    secret_text_free(&one);
    secret_text_free(&two);
    assert_int_equal(passphrase_read(pipes[0], &one, &err), -1);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_int_equal(close(pipes[0]), 0);
}

static void a_key_in_clear_needs_no_passphrase_and_takes_none(void **state) {
    (void)state;
    struct box_key_line line;
    box_key_bare(key, &line);
    int box_fd = box_file(), key_fd = key_file(line), passphrase = text_file("whatever");
    assert_int_equal(load(box_fd, key_fd, -1), ERROR_OK);
    assert_int_equal(load(box_fd, key_fd, passphrase), ERROR_OK);
    box_key_make(key);
    box_key_bare(key, &line);
    int other = key_file(line);
    assert_int_equal(load(box_fd, other, -1), ERROR_BOX_WRONG_KEY);
    assert_string_equal(err.where, "the box");
    assert_int_equal(close(other), 0);
    close_all(box_fd, key_fd, passphrase);
}

static void damage_of_the_box_is_told_without_a_passphrase(void **state) {
    (void)state;
    int box_fd = box_file(), key_fd = key_file(sealed_line("right")), cut = memory_file("ARRS", 4);
    assert_int_equal(load(cut, key_fd, -1), ERROR_BOX_TRUNCATED);
    assert_string_equal(err.where, "the box");
    close_all(box_fd, key_fd, cut);
}

/* ---- A reader beside a rekey */

static void write_pair(const struct box_key_file *keys, bool box_too) {
    struct box box;
    struct error failed;
    int lock = box_file_lock(path_of("b"), &failed);
    int key_lock = box_file_lock_key(path_of("k"), &failed);
    if (lock < 0 || key_lock < 0 ||
        box_file_load(lock, "b", keys->lines[keys->count - 1].key, &box, &failed) != 0 ||
        box_file_save_keys(key_lock, path_of("k"), keys, &failed) != 0 ||
        (box_too && box_file_save(lock, path_of("b"), &box, keys->lines[0].key, &failed) != 0))
        _exit(1);
    box_free(&box);
    (void)close(lock);
    (void)close(key_lock);
}

/* Rekeys without end, as the command does it, until it is killed. */
static void rekey_for_ever(void) {
    struct error failed;
    (void)alarm(600); /* where an assertion ends the test first */
    for (;;) {
        struct box_key_file keys = {.count = 2};
        unsigned char fresh[BOX_KEY_BYTES];
        struct box_prelude prelude;
        box_key_make(fresh);
        box_key_bare(fresh, &keys.lines[0]);
        box_key_bare(key, &keys.lines[1]);
        int fd = box_file_open(path_of("b"), &failed);
        if (fd < 0 || box_file_read_prelude(fd, &prelude, &failed) != 0)
            _exit(1);
        (void)close(fd);
        memcpy(keys.rekeyed, prelude.id, sizeof prelude.id);
        write_pair(&keys, true);
        if (box_file_settle_keys(path_of("k"), &keys, 0, &failed) != 0)
            _exit(1);
        memcpy(key, fresh, sizeof key);
    }
}

static void a_pair_that_is_opened_beside_rekeys_always_fits(void **state) {
    (void)state;
    struct box box;
    struct box_key_file keys = {.count = 1};
    box_key_make(key);
    box_key_bare(key, &keys.lines[0]);
    box_make(&box);
    assert_int_equal(box_set(&box, "db", (const unsigned char *)"canary", 6, &err), 0);
    assert_int_equal(box_file_create_keys(path_of("k"), &keys, &err), 0);
    assert_int_equal(box_file_create(path_of("b"), &box, key, &err), 0);
    box_free(&box);
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        rekey_for_ever();
    uint64_t version = 0;
    for (int i = 0; i < 30000 || version < 40; i++) {
        int box_fd, key_fd, status = -1;
        assert_int_equal(box_file_open_pair(path_of("b"), path_of("k"), &box_fd, &key_fd, &err), 0);
        assert_int_equal(load(box_fd, key_fd, -1), ERROR_OK);
        assert_int_equal(box_file_read_version(box_fd, &version, &err), 0);
        assert_int_equal(waitpid(child, &status, WNOHANG), 0);
        assert_int_equal(close(box_fd), 0);
        assert_int_equal(close(key_fd), 0);
    }
    int status = -1;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    atomic_file_tidy(path_of("b"));
    atomic_file_tidy(path_of("k"));
}

static void keys_are_settled_only_where_they_still_stand(void **state) {
    (void)state;
    struct box_key_file keys = {.count = 2}, now;
    unsigned char other[BOX_KEY_BYTES];
    box_key_make(key);
    box_key_make(other);
    box_key_bare(key, &keys.lines[0]);
    box_key_bare(other, &keys.lines[1]);
    assert_int_equal(box_file_create_keys(path_of("k"), &keys, &err), 0);
    struct box_key_file seen = keys;
    seen.rekeyed[0] ^= 1;
    assert_int_equal(box_file_settle_keys(path_of("k"), &seen, 0, &err), 0);
    int fd = box_file_open_key(path_of("k"), &err);
    assert_int_equal(box_file_read_keys(fd, "k", &now, &err), 0);
    assert_int_equal(now.count, 2);
    assert_int_equal(close(fd), 0);
    assert_int_equal(box_file_settle_keys(path_of("k"), &keys, 1, &err), 0);
    fd = box_file_open_key(path_of("k"), &err);
    assert_int_equal(box_file_read_keys(fd, "k", &now, &err), 0);
    assert_int_equal(now.count, 1);
    assert_memory_equal(now.lines[0].key, other, sizeof other);
    assert_int_equal(close(fd), 0);
    struct stat st;
    assert_int_equal(stat(path_of("k"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
}

static void what_does_not_fit_into_the_memory_is_refused(void **state) {
    (void)state;
    assert_int_equal(strongbox_check_memory(UINT64_MAX, LIMIT_PASS_KIB, &err), 0);
    assert_int_equal(strongbox_check_memory(72u << 20, 64 * 1024, &err), 0);
    assert_int_equal(strongbox_check_memory((72u << 20) - 1, 64 * 1024, &err), -1);
    assert_int_equal(err.code, ERROR_MEMORY);
    assert_int_equal(strongbox_check_memory(64u << 20, BOX_KEY_MEMORY_KIB, &err), -1);
    assert_non_null(strstr(err.what, "256 MiB"));
    assert_non_null(strstr(err.what, "64 MiB"));
    assert_non_null(strstr(err.todo, "--memory"));
    assert_true(strongbox_memory_limit() > 1u << 20);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_box_opens_with_a_passphrase_from_a_descriptor_as_often_as_wanted,
                               start),
        cmocka_unit_test_setup(a_passphrase_that_does_not_serve_is_told, start),
        cmocka_unit_test(a_passphrase_has_a_maximum),
        cmocka_unit_test(a_stream_can_carry_two_passphrases),
        cmocka_unit_test_setup(a_key_in_clear_needs_no_passphrase_and_takes_none, start),
        cmocka_unit_test_setup(damage_of_the_box_is_told_without_a_passphrase, start),
        FILE_TEST(a_pair_that_is_opened_beside_rekeys_always_fits),
        FILE_TEST(keys_are_settled_only_where_they_still_stand),
        cmocka_unit_test(what_does_not_fit_into_the_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
