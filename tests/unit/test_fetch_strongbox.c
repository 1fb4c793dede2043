#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/config/config.h"
#include "sidecar/fetch/strongbox/fetch_strongbox.h"
#include "sidecar/strongbox/box.h"

static struct error err;
static unsigned char key[BOX_KEY_BYTES];
static struct harvest harvest;

struct given {
    struct lease_table before;
    struct store_task task;
    struct store_fault fault;
};

static int memory_file(const void *bytes, size_t length) {
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, bytes, length), 0);
    return fd;
}

static int make_key(void **state) {
    (void)state;
    box_key_make(key);
    return 0;
}

static void give(struct given *given, struct box *box, const struct config *config) {
    char text[BOX_KEY_TEXT_BYTES + 1];
    unsigned char *bytes;
    size_t length;
    box_key_format(key, text);
    assert_int_equal(box_seal(box, key, &bytes, &length, &err), 0);
    *given = (struct given){.fault = {.position = SIZE_MAX}};
    given->task = (struct store_task){.config = config,
                                      .before = &given->before,
                                      .wall_ms = 1000,
                                      .box = memory_file(bytes, length),
                                      .key = memory_file(text, BOX_KEY_TEXT_BYTES),
                                      .passphrase = -1};
    free(bytes);
}

static void take(struct given *given) {
    assert_int_equal(close(given->task.box), 0);
    assert_int_equal(close(given->task.key), 0);
    harvest_free(&harvest);
}

static int fetch(struct given *given) {
    error_clear(&err);
    harvest_make(&harvest);
    return fetch_strongbox(&given->task, &harvest, &given->fault, &err);
}

static void assert_not_fetched(struct given *given, enum error_code code) {
    assert_int_equal(fetch(given), -1);
    assert_int_equal(err.code, code);
    assert_int_equal(harvest.box_version, 0);
    for (size_t i = 0; i < given->task.config->secret_count; i++)
        assert_null(harvest.bytes[i]);
    assert_null(strstr(err.what, "canary"));
    assert_null(strstr(err.todo, "canary"));
}

static void make_box(struct box *box) {
    box_make(box);
    assert_int_equal(box_set(box, "a", (const unsigned char *)"canary-a", 8, &err), 0);
    assert_int_equal(box_set(box, "b", (const unsigned char *)"canary\0b", 8, &err), 0);
    assert_int_equal(box_set(box, "c", (const unsigned char *)"canary-c", 8, &err), 0);
}

static const struct config_secret two[] = {{.name = "second", .path = "b"},
                                           {.name = "first", .path = "a"}};

static void secrets_come_in_the_order_of_the_configuration(void **state) {
    (void)state;
    struct box box;
    struct given given;
    const struct config config = {.secrets = two, .secret_count = 2};
    make_box(&box);
    box.version = 40;
    give(&given, &box, &config);
    assert_int_equal(fetch(&given), 0);
    assert_int_equal(given.fault.position, SIZE_MAX);
    assert_int_equal(harvest.box_version, 41);
    assert_int_equal(harvest.lengths[0], 8);
    assert_memory_equal(harvest.bytes[0], "canary\0b", 8);
    assert_memory_equal(harvest.bytes[1], "canary-a", 8);
    assert_null(harvest.bytes[2]);
    assert_string_equal(harvest.leases[0].name, "second");
    assert_string_equal(harvest.leases[0].store, "strongbox");
    assert_int_equal(harvest.leases[0].version, 41);
    assert_int_equal(harvest.leases[0].fetched_ms, 1000);
    assert_int_equal(harvest.leases[0].expires_ms, 0);
    take(&given);
    box_free(&box);
}

static void one_entry_can_serve_two_secrets(void **state) {
    (void)state;
    struct box box;
    struct given given;
    const struct config_secret same[] = {{.name = "x", .path = "a"}, {.name = "y", .path = "a"}};
    const struct config config = {.secrets = same, .secret_count = 2};
    make_box(&box);
    give(&given, &box, &config);
    assert_int_equal(fetch(&given), 0);
    assert_ptr_not_equal(harvest.bytes[0], harvest.bytes[1]);
    assert_memory_equal(harvest.bytes[1], "canary-a", 8);
    take(&given);
    box_free(&box);
}

static void secrets_of_another_store_are_left_alone(void **state) {
    (void)state;
    struct box box;
    struct given given;
    const struct config_secret mixed[] = {{.name = "x", .path = "nowhere", .store = STORE_VAULT},
                                          {.name = "y", .path = "a"}};
    const struct config config = {.secrets = mixed, .secret_count = 2};
    make_box(&box);
    give(&given, &box, &config);
    assert_int_equal(fetch(&given), 0);
    assert_null(harvest.bytes[0]);
    assert_memory_equal(harvest.bytes[1], "canary-a", 8);
    take(&given);
    box_free(&box);
}

static void there_is_no_session_to_end(void **state) {
    (void)state;
    struct given given = {.task = {.revoke = true, .box = -1, .key = -1, .passphrase = -1}};
    assert_int_equal(fetch(&given), 0);
    assert_int_equal(harvest.box_version, 0);
}

static void a_missing_secret_is_named_with_its_place(void **state) {
    (void)state;
    struct box box;
    struct given given;
    const struct config_secret wanted[] = {{.name = "x", .path = "a"}, {.name = "y", .path = "bb"}};
    const struct config config = {.secrets = wanted, .secret_count = 2};
    make_box(&box);
    give(&given, &box, &config);
    assert_not_fetched(&given, ERROR_SECRET_MISSING);
    assert_int_equal(given.fault.position, 1);
    assert_non_null(strstr(err.what, "\"bb\""));
    take(&given);
    box_free(&box);
}

static void faults_of_box_and_key_keep_their_codes(void **state) {
    (void)state;
    struct box box;
    struct given given;
    const struct config config = {.secrets = two, .secret_count = 2};
    make_box(&box);
    give(&given, &box, &config);
    int box_fd = given.task.box, key_fd = given.task.key;
    given.task.box = -1;
    assert_not_fetched(&given, ERROR_STORE);
    given.task.box = key_fd;
    assert_not_fetched(&given, ERROR_BOX_DAMAGED);
    given.task.box = box_fd;
    given.task.key = box_fd;
    assert_not_fetched(&given, ERROR_BOX_KEY);
    given.task.key = -1;
    assert_not_fetched(&given, ERROR_BOX_KEY);
    given.task.key = key_fd;
    assert_int_equal(pwrite(key_fd, "AAAA", 4, 30), 4);
    assert_not_fetched(&given, ERROR_BOX_WRONG_KEY);
    assert_int_equal(ftruncate(box_fd, 100), 0);
    assert_not_fetched(&given, ERROR_BOX_TRUNCATED);
    assert_int_equal(given.fault.position, SIZE_MAX);
    take(&given);
    box_free(&box);
}

static void descriptors_stay_open_and_where_they_were(void **state) {
    (void)state;
    struct box box;
    struct given given;
    const struct config config = {.secrets = two, .secret_count = 2};
    make_box(&box);
    give(&given, &box, &config);
    assert_int_equal(lseek(given.task.box, 5, SEEK_SET), 5);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(fetch(&given), 0);
        harvest_free(&harvest);
    }
    assert_int_equal(lseek(given.task.box, 0, SEEK_CUR), 5);
    take(&given);
    box_free(&box);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_come_in_the_order_of_the_configuration),
        cmocka_unit_test(one_entry_can_serve_two_secrets),
        cmocka_unit_test(secrets_of_another_store_are_left_alone),
        cmocka_unit_test(there_is_no_session_to_end),
        cmocka_unit_test(a_missing_secret_is_named_with_its_place),
        cmocka_unit_test(faults_of_box_and_key_keep_their_codes),
        cmocka_unit_test(descriptors_stay_open_and_where_they_were),
    };
    return cmocka_run_group_tests(tests, make_key, NULL);
}
