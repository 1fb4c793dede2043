#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/input/input.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"

/* Each test has a directory of its own and stands in it. */
static char root[] = "/tmp/arrestor-input-XXXXXX";

static int enter_directory(void **state) {
    (void)state;
    memcpy(root + sizeof root - 7, "XXXXXX", 6);
    return mkdtemp(root) == NULL || chdir(root) != 0 ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static int leave_directory(void **state) {
    (void)state;
    return chdir("/") != 0 || nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0 ? -1 : 0;
}

static void write_file(const char *path, const char *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void make_directories(const char *path) {
    char part[256];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        (void)mkdir(part, 0700);
    }
}

static void a_file_is_read_with_every_byte(void **state) {
    (void)state;
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct input_file file = {0};
    struct error err;
    int fd = -1;
    write_file("f", "a\0b\r\n\xff", 6);
    assert_int_equal(input_open("f", &fd, &err), 0);
    assert_int_equal(input_read(fd, "f", &arena, &file, &err), 0);
    assert_string_equal(file.path, "f");
    assert_int_equal(file.length, 6);
    assert_memory_equal(file.bytes, "a\0b\r\n\xff", 7);
    assert_int_equal(close(fd), 0);
    write_file("empty", "", 0);
    assert_int_equal(input_open("empty", &fd, &err), 0);
    assert_int_equal(input_read(fd, "empty", &arena, &file, &err), 0);
    assert_int_equal(file.length, 0);
    assert_string_equal(file.bytes, "");
    assert_int_equal(close(fd), 0);
    arena_free(&arena);
}

static void what_is_no_file_is_refused_by_name(void **state) {
    (void)state;
    struct error err;
    int fd = 7;
    assert_int_equal(input_open("missing", &fd, &err), -1);
    assert_int_equal(err.code, ERROR_INPUT);
    assert_string_equal(err.where, "missing");
    assert_int_equal(input_open(root, &fd, &err), -1);
    assert_non_null(strstr(err.what, "a directory"));
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(input_open("pipe", &fd, &err), -1);
    assert_non_null(strstr(err.what, "a pipe"));
    assert_int_equal(input_open_optional(root, &fd, &err), -1);
}

static void an_optional_file_may_be_missing(void **state) {
    (void)state;
    struct error err;
    int fd = 7;
    assert_int_equal(input_open_optional("missing", &fd, &err), 0);
    assert_int_equal(fd, -1);
    write_file("f", "x", 1);
    assert_int_equal(input_open_optional("f/under", &fd, &err), 0);
    assert_int_equal(fd, -1);
    assert_int_equal(input_open_optional("f", &fd, &err), 0);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
}

static void a_file_beyond_the_limit_is_refused(void **state) {
    (void)state;
    struct arena arena = arena_make(LIMIT_ARENA_BYTES), tiny = arena_make(16);
    struct input_file file = {.path = "untouched"};
    struct error err;
    int fd = -1;
    write_file("f", "x", 1);
    assert_int_equal(truncate("f", (off_t)LIMIT_INPUT_BYTES + 1), 0);
    assert_int_equal(input_open("f", &fd, &err), 0);
    assert_int_equal(input_read(fd, "f", &arena, &file, &err), -1);
    assert_int_equal(err.code, ERROR_INPUT);
    assert_int_equal(truncate("f", 64), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(input_read(fd, "f", &tiny, &file, &err), -1);
    assert_int_equal(err.code, ERROR_MEMORY);
    assert_string_equal(file.path, "untouched");
    assert_int_equal(close(fd), 0);
    arena_free(&arena);
    arena_free(&tiny);
}

static void the_version_of_spark_is_told_by_its_jar(void **state) {
    (void)state;
    static const struct {
        const char *jar;
        int major, minor;
    } rows[] = {
        {"spark-core_2.12-3.5.7.jar", 3, 5},
        {"spark-core_2.13-4.1.1.jar", 4, 1},
        {"spark-core_2.12-3.4.1-amzn-2.jar", 3, 4},
        {"spark-core_2.13-4.2.0-SNAPSHOT.jar", 4, 2},
        {"spark-core_2.12-3.3.2.3.3.7190.0-91.jar", 3, 3},
        {"spark-core_2.12.jar", 0, 0},
        {"spark-core_2.12-x.y.jar", 0, 0},
        {"spark-sql_2.12-3.5.7.jar", 0, 0},
        {"spark-core_2.12-3.5.7.txt", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[128];
        int major = 9, minor = 9;
        make_directories("home/jars/");
        (void)snprintf(path, sizeof path, "home/jars/%s", rows[i].jar);
        write_file(path, "", 0);
        input_spark_version("home", &major, &minor);
        if (major != rows[i].major || minor != rows[i].minor)
            fail_msg("%s is told as %d.%d", rows[i].jar, major, minor);
        assert_int_equal(unlink(path), 0);
    }
}

static void else_by_its_release_file(void **state) {
    (void)state;
    int major = 9, minor = 9;
    make_directories("home/jars/");
    input_spark_version("home", &major, &minor);
    assert_int_equal(major + minor, 0);
    write_file("home/RELEASE", "Spark 3.5.7 (git revision x) built for Hadoop 3.3.4\n", 52);
    input_spark_version("home", &major, &minor);
    assert_int_equal(major * 10 + minor, 35);
    write_file("home/RELEASE", "Spark", 5);
    input_spark_version("home", &major, &minor);
    assert_int_equal(major + minor, 0);
    input_spark_version(NULL, &major, &minor);
    assert_int_equal(major + minor, 0);
}

static void assert_home(const char *program, const char *const *environment, const char *home) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct error err;
    const char *found = NULL;
    assert_int_equal(input_spark_home(program, environment, &arena, &found, &err), 0);
    if (home == NULL)
        assert_null(found);
    else if (found == NULL)
        fail_msg("%s is not found", home);
    else
        assert_string_equal(found, home);
    arena_free(&arena);
}

static void spark_is_found_as_its_scripts_find_it(void **state) {
    (void)state;
    static const char *const set[] = {"SPARK_HOME=/opt/spark", "PATH=/bin", NULL};
    static const char *const path[] = {"SPARK_HOME=", "PATH=/nowhere:dist/bin", NULL};
    static const char *const packaged[] = {"PATH=venv/bin", NULL};
    static const char *const none[] = {"PATH=/nowhere", NULL};
    make_directories("dist/jars/");
    make_directories("dist/bin/");
    make_directories("venv/bin/");
    make_directories("venv/lib/python3.11/site-packages/pyspark/jars/");
    write_file("dist/bin/spark-submit", "", 0);
    write_file("venv/bin/spark-submit", "", 0);
    assert_int_equal(chmod("dist/bin/spark-submit", 0700), 0);
    assert_int_equal(chmod("venv/bin/spark-submit", 0700), 0);
    assert_home("spark-submit", set, "/opt/spark");
    assert_home("dist/bin/spark-submit", none, "dist/bin/..");
    assert_home("spark-submit", path, "dist/bin/..");
    assert_home("spark-submit", packaged, "venv/bin/../lib/python3.11/site-packages/pyspark");
    assert_home("spark-submit", none, NULL);
    assert_home("spark-submit", NULL, NULL);
    assert_home("/nowhere/bin/spark-submit", none, NULL);
}

static void exhausted_memory_is_told(void **state) {
    (void)state;
    static const char *const environment[] = {"PATH=/nowhere", NULL};
    struct arena tiny = arena_make(0);
    struct error err;
    const char *found = "untouched";
    assert_int_equal(input_spark_home("spark-submit", environment, &tiny, &found, &err), -1);
    assert_int_equal(err.code, ERROR_MEMORY);
    assert_string_equal(found, "untouched");
    arena_free(&tiny);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_directory, leave_directory)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_with_every_byte),          TEST(what_is_no_file_is_refused_by_name),
        TEST(an_optional_file_may_be_missing),         TEST(a_file_beyond_the_limit_is_refused),
        TEST(the_version_of_spark_is_told_by_its_jar), TEST(else_by_its_release_file),
        TEST(spark_is_found_as_its_scripts_find_it),   TEST(exhausted_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
