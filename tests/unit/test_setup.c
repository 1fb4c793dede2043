/* What monitor learns of arrestor.yaml. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sidecar/base/error.h"
#include "sidecar/confine/confine.h"
#include "sidecar/warden/setup.h"

static void the_defaults_need_nothing_of_monitor(void **state) {
    (void)state;
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    assert_int_equal(setup_fill(&config, &setup, &err), 0);
    assert_int_equal(setup.files + setup.secrets + setup.require + setup.warn, 0);
    assert_string_equal(setup.dir, "");
}

static void required_protections_become_bits(void **state) {
    (void)state;
    static const char *const names[] = {"landlock", "secret-memory"};
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    config.require = names;
    config.require_count = 2;
    config.mode = MODE_WARN;
    assert_int_equal(setup_fill(&config, &setup, &err), 0);
    assert_int_equal(setup.require, 1u << PROTECTION_LANDLOCK | 1u << PROTECTION_SECRET_MEMORY);
    assert_int_equal(setup.warn, 1);
}

static void an_unknown_protection_is_told_with_the_nearest(void **state) {
    (void)state;
    static const char *const names[] = {"landlok"};
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    config.require = names;
    config.require_count = 1;
    memset(&setup, 0xdb, sizeof setup);
    assert_int_equal(setup_fill(&config, &setup, &err), -1);
    assert_int_equal(err.code, ERROR_CONFIG);
    assert_string_equal(err.todo, "did you mean landlock?");
    assert_int_equal(setup.files, 0xdbdbdbdb);
}

static void a_path_that_does_not_fit_a_record_is_refused(void **state) {
    (void)state;
    char path[LIMIT_PATH + 1];
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    config.box = path;
    assert_int_equal(setup_fill(&config, &setup, &err), -1);
    path[sizeof path - 2] = '\0';
    assert_int_equal(setup_fill(&config, &setup, &err), 0);
}

static void variables_that_are_kept_are_one_line_of_words(void **state) {
    (void)state;
    static const char *const names[] = {"LD_LIBRARY_PATH", "ENV"};
    struct config config = config_default();
    struct message_setup setup;
    struct error err;
    config.keep_env = names;
    config.keep_env_count = 2;
    assert_int_equal(setup_fill(&config, &setup, &err), 0);
    assert_string_equal(setup.keep_env, "LD_LIBRARY_PATH ENV ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_need_nothing_of_monitor),
        cmocka_unit_test(required_protections_become_bits),
        cmocka_unit_test(an_unknown_protection_is_told_with_the_nearest),
        cmocka_unit_test(a_path_that_does_not_fit_a_record_is_refused),
        cmocka_unit_test(variables_that_are_kept_are_one_line_of_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
