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
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box.h"

static struct error err;
static struct secret_set set;
static unsigned char key[BOX_KEY_BYTES];

struct given {
    int box, key;
    struct region region;
    uint64_t version;
    size_t fault_index;
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

static struct given give(struct box *box) {
    char text[BOX_KEY_TEXT_BYTES + 1];
    unsigned char *bytes;
    size_t length;
    box_key_format(key, text);
    assert_int_equal(box_seal(box, key, &bytes, &length, &err), 0);
    struct given given = {.box = memory_file(bytes, length),
                          .key = memory_file(text, BOX_KEY_TEXT_BYTES),
                          .region = {.size = 77},
                          .version = 77,
                          .fault_index = 77};
    free(bytes);
    return given;
}

static void take(struct given *given) {
    assert_int_equal(close(given->box), 0);
    assert_int_equal(close(given->key), 0);
}

static int fetch(struct given *given, const struct config *config) {
    error_clear(&err);
    return fetch_strongbox(given->box, given->key, config, &given->region, &given->version,
                           &given->fault_index, &err);
}

static void assert_not_fetched(struct given *given, const struct config *config,
                               enum error_code code) {
    assert_int_equal(fetch(given, config), -1);
    assert_int_equal(err.code, code);
    assert_int_equal(given->region.size, 77);
    assert_int_equal(given->version, 77);
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
    const struct config config = {.secrets = two, .secret_count = 2};
    make_box(&box);
    box.version = 40;
    struct given given = give(&box);
    assert_int_equal(fetch(&given, &config), 0);
    assert_int_equal(given.version, 41);
    assert_int_equal(given.fault_index, 77);
    assert_int_equal(secret_set_decode(&set, &given.region, &err), 0);
    assert_int_equal(set.count, 2);
    assert_int_equal(set.version, 41);
    assert_int_equal(set.secrets[0].index, 0);
    assert_int_equal(set.secrets[0].length, 8);
    assert_memory_equal(set.secrets[0].bytes, "canary\0b", 8);
    assert_int_equal(set.secrets[1].index, 1);
    assert_memory_equal(set.secrets[1].bytes, "canary-a", 8);
    assert_null(memmem(set.copy, 24 + 2 * 16, "canary-c", 8));
    secret_set_free(&set);
    take(&given);
    box_free(&box);
}

static void one_entry_can_serve_two_secrets(void **state) {
    (void)state;
    struct box box;
    const struct config_secret same[] = {{.name = "x", .path = "a"}, {.name = "y", .path = "a"}};
    const struct config config = {.secrets = same, .secret_count = 2};
    make_box(&box);
    struct given given = give(&box);
    assert_int_equal(fetch(&given, &config), 0);
    assert_int_equal(secret_set_decode(&set, &given.region, &err), 0);
    assert_int_equal(set.count, 2);
    assert_memory_equal(set.secrets[1].bytes, "canary-a", 8);
    secret_set_free(&set);
    take(&given);
    box_free(&box);
}

static void no_secrets_make_an_empty_set(void **state) {
    (void)state;
    struct box box;
    const struct config config = {.secret_count = 0};
    make_box(&box);
    struct given given = give(&box);
    assert_int_equal(fetch(&given, &config), 0);
    assert_int_equal(secret_set_decode(&set, &given.region, &err), 0);
    assert_int_equal(set.count, 0);
    secret_set_free(&set);
    take(&given);
    box_free(&box);
}

static void a_missing_secret_is_named_with_its_place(void **state) {
    (void)state;
    struct box box;
    const struct config_secret wanted[] = {{.name = "x", .path = "a"}, {.name = "y", .path = "bb"}};
    const struct config config = {.secrets = wanted, .secret_count = 2};
    make_box(&box);
    struct given given = give(&box);
    assert_not_fetched(&given, &config, ERROR_SECRET_MISSING);
    assert_int_equal(given.fault_index, 1);
    assert_non_null(strstr(err.what, "\"bb\""));
    take(&given);
    box_free(&box);
}

static void faults_of_box_and_key_keep_their_codes(void **state) {
    (void)state;
    struct box box;
    const struct config config = {.secrets = two, .secret_count = 2};
    make_box(&box);
    struct given given = give(&box);
    int box_fd = given.box, key_fd = given.key;
    given.box = -1;
    assert_not_fetched(&given, &config, ERROR_STORE);
    given.box = key_fd;
    assert_not_fetched(&given, &config, ERROR_BOX_DAMAGED);
    given.box = box_fd;
    given.key = box_fd;
    assert_not_fetched(&given, &config, ERROR_BOX_KEY);
    given.key = -1;
    assert_not_fetched(&given, &config, ERROR_BOX_KEY);
    given.key = key_fd;
    assert_int_equal(pwrite(key_fd, "AAAA", 4, 30), 4);
    assert_not_fetched(&given, &config, ERROR_BOX_WRONG_KEY);
    assert_int_equal(ftruncate(box_fd, 150), 0);
    assert_not_fetched(&given, &config, ERROR_BOX_WRONG_KEY);
    assert_int_equal(ftruncate(box_fd, 100), 0);
    assert_not_fetched(&given, &config, ERROR_BOX_TRUNCATED);
    assert_int_equal(given.fault_index, 77);
    take(&given);
    box_free(&box);
}

static void more_than_a_region_carries_is_refused(void **state) {
    (void)state;
    struct box box;
    struct config_secret wanted[4];
    const struct config config = {.secrets = wanted, .secret_count = 4};
    unsigned char *value = calloc(1, LIMIT_SECRET_BYTES);
    assert_non_null(value);
    box_make(&box);
    static const char *const names[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(box_set(&box, names[i], value, LIMIT_SECRET_BYTES, &err), 0);
        wanted[i] = (struct config_secret){.path = names[i]};
    }
    struct given given = give(&box);
    assert_not_fetched(&given, &config, ERROR_SECRET_SIZE);
    take(&given);
    free(value);
    box_free(&box);
}

static void descriptors_stay_open_and_where_they_were(void **state) {
    (void)state;
    struct box box;
    const struct config config = {.secrets = two, .secret_count = 2};
    make_box(&box);
    struct given given = give(&box);
    assert_int_equal(lseek(given.box, 5, SEEK_SET), 5);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(fetch(&given, &config), 0);
        region_free(&given.region);
    }
    assert_int_equal(lseek(given.box, 0, SEEK_CUR), 5);
    take(&given);
    box_free(&box);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_come_in_the_order_of_the_configuration),
        cmocka_unit_test(one_entry_can_serve_two_secrets),
        cmocka_unit_test(no_secrets_make_an_empty_set),
        cmocka_unit_test(a_missing_secret_is_named_with_its_place),
        cmocka_unit_test(faults_of_box_and_key_keep_their_codes),
        cmocka_unit_test(more_than_a_region_carries_is_refused),
        cmocka_unit_test(descriptors_stay_open_and_where_they_were),
    };
    return cmocka_run_group_tests(tests, make_key, NULL);
}
