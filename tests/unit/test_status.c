/* What `ready` and `status` say of a status.json, and which ones they refuse. */
#include <fcntl.h>
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
#include <jansson.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/wipe.h"
#include "sidecar/status/status_read.h"
#include "sidecar/status/status_text.h"

#define NOW    UINT64_C(1800000000000)
#define MINUTE 60000u

static const struct lease leases[] = {
    {.name = "db", .store = "vault", .version = 7, .fetched_ms = NOW - 5 * MINUTE},
    {.name = "a-longer-name", .store = "strongbox", .version = 12, .fetched_ms = NOW - 1000},
};

static struct set_status fresh(void) {
    return (struct set_status){.generation = 3,
                               .published_ms = NOW - 5 * MINUTE,
                               .checked_ms = NOW - 12000,
                               .leases = leases,
                               .count = 2};
}

/* ---- Text */

static void assert_span(uint64_t ms, const char *wanted) {
    struct buffer out = buffer_make(64);
    status_span(ms, &out);
    assert_string_equal(out.data, wanted);
    buffer_free(&out);
}

static void spans_are_short_and_cut_not_rounded(void **state) {
    (void)state;
    assert_span(0, "0s");
    assert_span(999, "0s");
    assert_span(59999, "59s");
    assert_span(60000, "1m");
    assert_span(3599999, "59m");
    assert_span(3600000, "1h 0m");
    assert_span(48u * 3600000u - 1, "47h 59m");
    assert_span(48u * 3600000u, "2d");
    assert_span(UINT64_MAX, "213503982334d");
}

static void assert_line(const struct set_status *status, const char *wanted) {
    struct buffer out = buffer_make(LIMIT_LOG_LINE);
    status_line(status, NOW, &out);
    assert_string_equal(out.data, wanted);
    buffer_free(&out);
}

static void one_line_says_whether_and_why(void **state) {
    (void)state;
    struct set_status status = fresh();
    assert_line(&status, "ready: generation 3\n");
    status.stale_since_ms = NOW - 7 * MINUTE;
    status.error = ERROR_STORE_SEALED;
    assert_line(&status, "ready: generation 3, stale for 7m: the store is sealed or not "
                         "ready (503)\n");
    status.withdrawn = 2;
    assert_line(&status, "not ready: 2 files are withdrawn, because a secret has expired\n");
    status.withdrawn = 1;
    assert_line(&status, "not ready: 1 file is withdrawn, because a secret has expired\n");
    struct lease expired = leases[0];
    expired.expires_ms = NOW - 2 * MINUTE;
    status = fresh();
    status.leases = &expired;
    status.count = 1;
    assert_line(&status, "not ready: secret db expired 2m ago\n");
    status.grace_ms = 3 * MINUTE;
    assert_line(&status, "ready: generation 3\n");
    status.generation = 0;
    assert_line(&status, "not ready: no set stands here\n");
}

static void the_table_is_aligned_and_complete(void **state) {
    (void)state;
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    struct lease rows[] = {leases[0], leases[1]};
    struct set_status status = fresh();
    rows[0].expires_ms = NOW + 55 * MINUTE;
    status.leases = rows;
    status.stale_since_ms = NOW - MINUTE;
    status.error = ERROR_STORE_FAULT;
    status.error_detail = 502;
    status.error_secret = "db";
    status_table(&status, "/run/x", NOW, false, &out);
    assert_string_equal(out.data,
                        "stale: generation 3 in /run/x\n"
                        "  published 5m ago, checked 12s ago\n"
                        "  last error: the store has an inner fault (5xx) [store-fault, HTTP 502], "
                        "secret db; for 1m\n"
                        "\n"
                        "  SECRET         STORE      VERSION  FETCHED      EXPIRES\n"
                        "  db             vault      7        5m ago       in 55m\n"
                        "  a-longer-name  strongbox  12       1s ago       never\n");
    buffer_free(&out);
}

static void colour_is_the_words_only_and_only_where_asked(void **state) {
    (void)state;
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    struct set_status status = fresh();
    status_table(&status, "/run/x", NOW, true, &out);
    assert_memory_equal(out.data, "\033[32mfresh\033[0m: ", 16);
    assert_null(strchr(out.data + 16, '\033'));
    buffer_free(&out);
}

static void a_name_cannot_move_the_cursor(void **state) {
    (void)state;
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    struct lease hostile = leases[0];
    struct set_status status = fresh();
    hostile.name = "x\033[2J\nready: generation 9";
    hostile.store = "a\rb";
    status.leases = &hostile;
    status.count = 1;
    status.error = ERROR_STORE;
    status.error_secret = "y\033c";
    status_table(&status, "/run/\033x", NOW, false, &out);
    hostile.expires_ms = 1;
    status_line(&status, NOW, &out);
    assert_null(strchr(out.data, '\033'));
    assert_null(strchr(out.data, '\r'));
    assert_null(strstr(out.data, "\nready: generation 9"));
    buffer_free(&out);
}

static void json_holds_the_file_and_what_it_means_now(void **state) {
    (void)state;
    struct buffer out = buffer_make(LIMIT_REPORT_BYTES);
    struct lease expired = leases[0];
    struct set_status status = fresh();
    expired.expires_ms = NOW - 1;
    status.leases = &expired;
    status.count = 1;
    status_json(&status, "/run/x", NOW, &out);
    assert_int_equal(buffer_status(&out), 0);
    json_t *object = json_loadb(out.data, out.length, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    assert_true(json_is_false(json_object_get(object, "ready")));
    assert_string_equal(json_string_value(json_object_get(object, "state")), "expired");
    assert_string_equal(json_string_value(json_object_get(object, "directory")), "/run/x");
    assert_int_equal(json_integer_value(json_object_get(object, "generation")), 3);
    assert_int_equal(json_array_size(json_object_get(object, "secrets")), 1);
    json_decref(object);
    buffer_free(&out);
    status = fresh();
    status_json(&status, "/run/\xff", NOW, &out); /* no UTF-8 */
    assert_int_equal(buffer_status(&out), 0);
    assert_non_null(strstr(out.data, "/run/\xef\xbf\xbd"));
    buffer_free(&out);
}

/* ---- Files */

struct place {
    char path[64];
    int fd;
    struct arena arena;
};

static int make_place(void **state) {
    static struct place place;
    place = (struct place){.path = "/tmp/arrestor-unit-XXXXXX",
                           .arena = arena_make(64u * 1024u * 1024u)};
    if (mkdtemp(place.path) == NULL)
        return -1;
    place.fd = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = &place;
    return mkdirat(place.fd, "g-000003", 0700) != 0 || symlinkat("g-000003", place.fd, "current");
}

static int remove_place(void **state) {
    struct place *place = *state;
    (void)wipe_contents(place->fd, false);
    (void)close(place->fd);
    arena_free(&place->arena);
    return rmdir(place->path);
}

static void write_file(const struct place *place, const char *name, const char *text,
                       size_t length) {
    (void)unlinkat(place->fd, name, 0);
    int fd = openat(place->fd, name, O_WRONLY | O_CREAT | O_EXCL, 0400);
    assert_int_equal(write(fd, text, length), (ssize_t)length);
    (void)close(fd);
}

static void write_fresh(const struct place *place, struct buffer *text) {
    struct set_status status = fresh();
    *text = buffer_make(LIMIT_LEASE_BYTES);
    set_status_format(&status, NOW, text);
    write_file(place, SET_STATUS_FILE, text->data, text->length);
}

static void assert_refused(struct place *place, const char *part) {
    struct set_status status = {.generation = 77};
    struct error err;
    if (status_read(place->path, &place->arena, &status, &err) == 0)
        fail_msg("it was read; wanted: %s", part);
    assert_int_equal(err.code, ERROR_INPUT);
    assert_string_equal(err.where, place->path);
    if (strstr(err.what, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, err.what);
    assert_int_equal(status.generation, 77);
}

static void what_place_writes_is_read(void **state) {
    struct place *place = *state;
    struct set_status status;
    struct buffer text;
    struct error err;
    write_fresh(place, &text);
    assert_int_equal(status_read(place->path, &place->arena, &status, &err), 0);
    assert_int_equal(status.generation, 3);
    assert_string_equal(status.leases[1].name, "a-longer-name");
    buffer_free(&text);
}

static void a_status_that_is_a_link_is_refused(void **state) {
    struct place *place = *state;
    struct buffer text;
    write_fresh(place, &text);
    assert_int_equal(renameat(place->fd, SET_STATUS_FILE, place->fd, "elsewhere"), 0);
    assert_int_equal(symlinkat("elsewhere", place->fd, SET_STATUS_FILE), 0);
    assert_refused(place, "is a link");
    buffer_free(&text);
}

static void a_status_that_is_no_file_is_refused(void **state) {
    struct place *place = *state;
    assert_refused(place, "No such file");
    assert_int_equal(mkfifoat(place->fd, SET_STATUS_FILE, 0600), 0);
    assert_refused(place, "is no file");
    assert_int_equal(unlinkat(place->fd, SET_STATUS_FILE, 0), 0);
    assert_int_equal(mkdirat(place->fd, SET_STATUS_FILE, 0700), 0);
    assert_refused(place, "is no file");
}

static void a_status_of_another_owner_is_refused(void **state) {
    struct place *place = *state;
    struct set_status status;
    struct buffer text;
    struct error err;
    if (geteuid() != 0) {
        skip();
        return;
    }
    write_fresh(place, &text);
    assert_int_equal(fchownat(place->fd, SET_STATUS_FILE, 12345, 12345, 0), 0);
    assert_refused(place, "uid 12345");
    /* A shared directory, as a mount of a pod: the publisher owns set and status. */
    assert_int_equal(fchownat(place->fd, "g-000003", 12345, 12345, 0), 0);
    assert_int_equal(status_read(place->path, &place->arena, &status, &err), 0);
    buffer_free(&text);
}

static void a_status_without_its_set_is_refused(void **state) {
    struct place *place = *state;
    struct buffer text;
    write_fresh(place, &text);
    assert_int_equal(unlinkat(place->fd, "g-000003", AT_REMOVEDIR), 0);
    assert_refused(place, "no set stands here");
    assert_int_equal(unlinkat(place->fd, "current", 0), 0);
    assert_refused(place, "no set stands here");
    write_file(place, "current", "x", 1);
    assert_refused(place, "no set stands here");
    buffer_free(&text);
}

static void a_status_cut_anywhere_is_refused(void **state) {
    struct place *place = *state;
    struct buffer text;
    write_fresh(place, &text);
    for (size_t length = 0; length + 2 < text.length; length++) {
        write_file(place, SET_STATUS_FILE, text.data, length);
        assert_refused(place, SET_STATUS_FILE);
    }
    buffer_free(&text);
}

static void a_status_larger_than_it_can_be_is_refused(void **state) {
    struct place *place = *state;
    char *text = malloc(LIMIT_LEASE_BYTES + 1);
    memset(text, ' ', LIMIT_LEASE_BYTES + 1);
    write_file(place, SET_STATUS_FILE, text, LIMIT_LEASE_BYTES + 1);
    assert_refused(place, "is larger than");
    free(text);
}

int main(void) {
#define IN_PLACE(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_are_short_and_cut_not_rounded),
        cmocka_unit_test(one_line_says_whether_and_why),
        cmocka_unit_test(the_table_is_aligned_and_complete),
        cmocka_unit_test(colour_is_the_words_only_and_only_where_asked),
        cmocka_unit_test(a_name_cannot_move_the_cursor),
        cmocka_unit_test(json_holds_the_file_and_what_it_means_now),
        IN_PLACE(what_place_writes_is_read),
        IN_PLACE(a_status_that_is_a_link_is_refused),
        IN_PLACE(a_status_that_is_no_file_is_refused),
        IN_PLACE(a_status_of_another_owner_is_refused),
        IN_PLACE(a_status_without_its_set_is_refused),
        IN_PLACE(a_status_cut_anywhere_is_refused),
        IN_PLACE(a_status_larger_than_it_can_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
