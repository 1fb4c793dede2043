#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/strongbox/box_default.h"

struct sample {
    uid_t uid;
    const char *environment[4];
    const char *box, *key; /* NULL: an error */
};

static const struct sample samples[] = {
    {0, {"HOME=/root"}, "/var/lib/arrestor/strongbox.box", "/etc/arrestor/strongbox.key"},
    {0, {NULL}, "/var/lib/arrestor/strongbox.box", "/etc/arrestor/strongbox.key"},
    {0, {"ARRESTOR_STRONGBOX=/b", "ARRESTOR_STRONGBOX_KEY=/k"}, "/b", "/k"},
    {0, {"ARRESTOR_STRONGBOX=rel/b"}, "rel/b", "/etc/arrestor/strongbox.key"},
    {0, {"ARRESTOR_STRONGBOX_KEY=/k"}, "/var/lib/arrestor/strongbox.box", "/k"},
    {7,
     {"HOME=/people/a"},
     "/people/a/.local/share/arrestor/strongbox.box",
     "/people/a/.config/arrestor/strongbox.key"},
    {7,
     {"HOME=/people/a", "XDG_DATA_HOME=/d", "XDG_CONFIG_HOME=/c"},
     "/d/arrestor/strongbox.box",
     "/c/arrestor/strongbox.key"},
    {7,
     {"HOME=/people/a", "XDG_DATA_HOME=d", "XDG_CONFIG_HOME="},
     "/people/a/.local/share/arrestor/strongbox.box",
     "/people/a/.config/arrestor/strongbox.key"},
    {7, {"XDG_DATA_HOME=/d"}, "/d/arrestor/strongbox.box", NULL},
    {7,
     {"HOME=/people/a", "ARRESTOR_STRONGBOX=/b", "ARRESTOR_STRONGBOX_KEY="},
     "/b",
     "/people/a/.config/arrestor/strongbox.key"},
    {7, {"HOMEX=/people/a", "XHOME=/people/a"}, NULL, NULL},
    {7, {"HOME=here"}, NULL, NULL},
    {7, {"HOME="}, NULL, NULL},
};

static struct error err;

static void assert_path(int result, const char *got, const char *wanted) {
    assert_int_equal(result, wanted == NULL ? -1 : 0);
    if (wanted == NULL) {
        assert_int_equal(err.code, ERROR_USAGE);
        assert_string_equal(got, "untouched");
    } else {
        assert_string_equal(got, wanted);
    }
}

static void defaults_follow_environment_and_user(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char *environment[5] = {NULL}, box[PATH_MAX] = "untouched", key[PATH_MAX] = "untouched";
        for (size_t j = 0; j < 4 && samples[i].environment[j] != NULL; j++)
            environment[j] = strdup(samples[i].environment[j]);
        int result = box_default_path(environment, samples[i].uid, box, sizeof box, &err);
        assert_path(result, box, samples[i].box);
        result = box_default_key(environment, samples[i].uid, key, sizeof key, &err);
        assert_path(result, key, samples[i].key);
        for (size_t j = 0; j < 4; j++)
            free(environment[j]);
    }
}

static void a_path_that_does_not_fit_is_an_error(void **state) {
    (void)state;
    char variable[] = "ARRESTOR_STRONGBOX=/123456789", *environment[] = {variable, NULL};
    char path[11] = "untouched";
    assert_int_equal(box_default_path(environment, 0, path, 10, &err), -1);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(path, "untouched");
    assert_int_equal(box_default_path(environment, 0, path, 11, &err), 0);
    assert_string_equal(path, "/123456789");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_follow_environment_and_user),
        cmocka_unit_test(a_path_that_does_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
