/* The command line that is exec'd: the caller's, and the judged properties. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/limits.h"
#include "sidecar/wire/launch_words.h"

#define PATH "/proc/self/fd/19"

static char submit[] = "spark-submit", option[] = "--properties-file", file[] = "a.conf",
            joined[] = "--properties-file=a.conf", app[] = "app.py";

static void assert_words(const struct message_verdict *verdict, char *const *argv, size_t argc,
                         const char *const *expected) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    assert_true(launch_words_fit(verdict, argc));
    char **words = launch_words(verdict, argv, argc, &arena);
    assert_non_null(words);
    for (; *expected != NULL; expected++, words++) {
        assert_non_null(*words);
        assert_string_equal(*words, *expected);
    }
    assert_null(*words);
    arena_free(&arena);
}

static void without_a_properties_file_one_is_inserted(void **state) {
    (void)state;
    char *argv[] = {submit, app, NULL};
    const char *expected[] = {"spark-submit", "--properties-file", PATH, "app.py", NULL};
    assert_words(&(struct message_verdict){.insert = 1, .insert_at = 1}, argv, 2, expected);
    const char *last[] = {"spark-submit", "app.py", "--properties-file", PATH, NULL};
    assert_words(&(struct message_verdict){.insert = 1, .insert_at = 2}, argv, 2, last);
}

static void every_properties_file_is_replaced(void **state) {
    (void)state;
    char *argv[] = {submit, option, file, joined, app, NULL};
    const char *expected[] = {
        "spark-submit", "--properties-file", PATH, "--properties-file=" PATH, "app.py", NULL};
    struct message_verdict verdict = {.insert_at = 1, .properties_argument = 2};
    verdict.argument[0].index = 2;
    verdict.argument[1].index = 3;
    verdict.argument[1].joined = 1;
    assert_words(&verdict, argv, 5, expected);
    verdict.argument[1].extra = 1;
    expected[3] = "--extra-properties-file=" PATH;
    assert_words(&verdict, argv, 5, expected);
}

static void a_verdict_about_other_words_does_not_fit(void **state) {
    (void)state;
    struct message_verdict verdict = {.insert_at = 1, .properties_argument = 1};
    verdict.argument[0].index = 1;
    assert_true(launch_words_fit(&verdict, 2));
    assert_false(launch_words_fit(&verdict, 1));
    verdict.argument[0].index = 0;
    assert_false(launch_words_fit(&verdict, 2));
    verdict.argument[0].index = 1;
    verdict.argument[0].extra = 2;
    assert_false(launch_words_fit(&verdict, 2));
    verdict.properties_argument = LIMIT_PROPERTIES_ARGUMENTS + 1;
    assert_false(launch_words_fit(&verdict, 2));
    assert_false(launch_words_fit(&(struct message_verdict){.insert_at = 0}, 2));
    assert_false(launch_words_fit(&(struct message_verdict){.insert_at = 3}, 2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_properties_file_one_is_inserted),
        cmocka_unit_test(every_properties_file_is_replaced),
        cmocka_unit_test(a_verdict_about_other_words_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
