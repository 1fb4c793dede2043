/* A delivered secret in the launch: found as a word of its own, told by place only. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/place/compare.h"

static int find(const char *text, const char *needle) {
    size_t at = 0;
    return compare_find(text, strlen(text), (const unsigned char *)needle, strlen(needle), &at) == 0
               ? (int)at
               : -1;
}

static void a_value_is_found_as_a_word_of_its_own(void **state) {
    (void)state;
    assert_int_equal(find("password=hunter2hunter", "hunter2hunter"), 9);
    assert_int_equal(find("hunter2hunter", "hunter2hunter"), 0);
    assert_int_equal(find("jdbc:x?password=hunter2hunter&y", "hunter2hunter"), 16);
    assert_int_equal(find("ahunter2hunter", "hunter2hunter"), -1);
    assert_int_equal(find("hunter2hunter3", "hunter2hunter"), -1);
    assert_int_equal(find("xhunter2 hunter2", "hunter2"), 9);
    assert_int_equal(find("", "hunter2"), -1);
    assert_int_equal(find("=+/secret+/=", "+/secret+/"), 1);
}

/* Two secrets: 0 is JSON with fields, 1 a raw value. */
static const char json[] = "{\"username\":\"etl-reader\",\"password\":\"Tr0ub4dor&3x\"}";
static const struct config_property properties[] = {
    {.key = "user", .is_reference = true, .reference = {0, "username"}},
    {.key = "password", .is_reference = true, .reference = {0, "password"}},
};
static const struct config_file files[] = {
    {.name = "db", .form = FORM_PROPERTIES, .properties = properties, .property_count = 2},
    {.name = "pin", .form = FORM_RAW, .raw = {1, NULL}},
};

static size_t count_collisions(const char *arguments, size_t arguments_size, const char *merged,
                               struct message *first) {
    struct config config = config_default();
    struct secret_set set = {.count = 2};
    struct error err;
    struct message message;
    int pair[2];
    size_t found = 99, told = 0;
    config.files = files;
    config.file_count = 2;
    set.secrets[0] = (struct secret){(const unsigned char *)json, sizeof json - 1, 0};
    set.secrets[1] = (struct secret){(const unsigned char *)"1234567", 7, 1};
    assert_int_equal(channel_pair(pair, &err), 0);
    struct channel place = {pair[0], PARTY_PLACE, PARTY_MONITOR},
                   monitor = {pair[1], PARTY_MONITOR, PARTY_PLACE};
    struct frozen_launch launch = {file_seal_bytes("a", arguments, arguments_size, &err), -1,
                                   file_seal_bytes("m", merged, strlen(merged), &err), -1};
    assert_int_equal(compare_launch(&config, &set, &launch, &place, 1, &found, &err), 0);
    (void)close(pair[0]);
    while (channel_receive(&monitor, &message, NULL, &err) == 1) {
        if (told++ == 0)
            *first = message;
    }
    (void)close(pair[1]);
    (void)close(launch.arguments);
    (void)close(launch.merged);
    assert_int_equal(found, told);
    return found;
}

static void a_secret_in_argv_is_told_by_its_word(void **state) {
    (void)state;
    struct message message;
    const char argv[] = "spark-submit\0--conf\0spark.x.password=Tr0ub4dor&3x\0app.py";
    assert_int_equal(count_collisions(argv, sizeof argv, "", &message), 1);
    assert_int_equal(message.body.collision.kind, COLLISION_ARGUMENT);
    assert_int_equal(message.body.collision.index, 2);
    assert_string_equal(message.body.collision.name, "");
}

static void a_secret_in_the_properties_is_told_by_its_key(void **state) {
    (void)state;
    struct message message;
    const char merged[] = "spark.a=b\nspark.x.url=jdbc\\:pg?password\\=Tr0ub4dor&3x\n";
    assert_int_equal(count_collisions("x", 2, merged, &message), 1);
    assert_int_equal(message.body.collision.kind, COLLISION_PROPERTY);
    assert_string_equal(message.body.collision.name, "spark.x.url");
    assert_int_equal(message.body.collision.index, 2);
}

static void names_of_users_and_short_values_are_no_secrets(void **state) {
    (void)state;
    struct message message;
    const char argv[] = "spark-submit\0--conf\0spark.x.user=etl-reader\0--pin\0001234567";
    assert_int_equal(count_collisions(argv, sizeof argv, "spark.user=etl-reader\n", &message), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_found_as_a_word_of_its_own),
        cmocka_unit_test(a_secret_in_argv_is_told_by_its_word),
        cmocka_unit_test(a_secret_in_the_properties_is_told_by_its_key),
        cmocka_unit_test(names_of_users_and_short_values_are_no_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
