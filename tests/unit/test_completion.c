#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sidecar/base/buffer.h"
#include "sidecar/base/command.h"
#include "sidecar/base/completion.h"
#include "sidecar/base/error.h"

static const struct command box = {.name = "box",
                                   .summary = "keep it: don't lose it",
                                   .usage = "open [--in FILE]\nshut|lock NAME\n[--in FILE]",
                                   .options = {{"in", 'i', "FILE", "where [it] is"},
                                               {"at", 0, "DIR", "that directory's name"},
                                               {"as", 0, "a|b", "how"},
                                               {"field", 0, "NAME", "which"},
                                               {"quiet", 0, NULL, "say nothing"}}};
static const struct command look = {
    .name = "look", .summary = "look", .usage = "[--in FILE] PACK…"};
static const struct command rest = {.name = "rest", .summary = "r", .usage = "-- spark-submit"};
static const struct command *const commands[] = {&box, &look, &rest};

static const char *make(struct buffer *out, const char *shell) {
    struct error err;
    *out = buffer_make(LIMIT_CONFIG_BYTES);
    assert_int_equal(completion_write(shell, commands, 3, out, &err), 0);
    assert_int_equal(buffer_status(out), 0);
    return out->data;
}

static void assert_holds(const char *text, const char *part) {
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in\n%s", part, text);
}

static void bash_is_told_options_words_and_files(void **state) {
    (void)state;
    struct buffer out;
    const char *text = make(&out, "bash");
    assert_holds(text, "_arrestor_words 'box look rest --help --version'");
    assert_holds(text, "box:--in | box:-i)\n        _arrestor_paths -f\n");
    assert_holds(text, "box:--at)\n        _arrestor_paths -d\n");
    assert_holds(text, "box:--as)\n        _arrestor_words 'a b'\n");
    assert_holds(text, "box:--field)\n        :\n");
    assert_null(strstr(text, "box:--quiet"));
    assert_holds(text,
                 "options='--in --at --as --field --quiet --help' operands='open shut lock'\n");
    assert_holds(text, "look)\n        options='--help' files=yes\n");
    assert_holds(text, "rest)\n        options='--help'\n");
    buffer_free(&out);
}

static void zsh_is_told_with_its_own_quotes(void **state) {
    (void)state;
    struct buffer out;
    const char *text = make(&out, "zsh");
    assert_int_equal(strncmp(text, "#compdef arrestor\n", 18), 0);
    assert_holds(text, "'box:keep it\\: don'\\''t lose it'\n");
    assert_holds(text, "'(-i --in)'{-i+,--in=}'[where \\[it\\] is]:FILE:_files'");
    assert_holds(text, "'--at=[that directory'\\''s name]:DIR:_files -/'");
    assert_holds(text, "'--as=[how]:WORD:(a b)'");
    assert_holds(text, "'--quiet[say nothing]'");
    assert_holds(text, "'1: :(open shut lock)'");
    buffer_free(&out);
}

static void fish_is_told_with_its_own_quotes(void **state) {
    (void)state;
    struct buffer out;
    const char *text = make(&out, "fish");
    assert_holds(text, "-a box -d 'keep it: don\\'t lose it'\n");
    assert_holds(text, "'__arrestor_in box' -l in -s i -r -F -d 'where [it] is'\n");
    assert_holds(text, "-l as -x -a 'a b' -d 'how'\n");
    assert_holds(text, "-l quiet -d 'say nothing'\n");
    assert_holds(text, "'__arrestor_words 2; and __arrestor_in box' -a 'open shut lock'\n");
    assert_holds(text, "'__arrestor_in look' -F\n");
    assert_null(strstr(text, "'__arrestor_in rest' -F"));
    buffer_free(&out);
}

static void another_shell_is_refused(void **state) {
    (void)state;
    struct buffer out = buffer_make(LIMIT_LOG_LINE);
    struct error err;
    assert_int_equal(completion_write("tcsh", commands, 3, &out, &err), -1);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(err.todo, "write bash, zsh or fish");
    assert_null(out.data);
}

static void a_script_that_does_not_fit_is_told(void **state) {
    (void)state;
    static const char *const shells[] = {"bash", "zsh", "fish"};
    for (size_t limit = 0; limit < 3 * 256; limit++) {
        struct buffer out = buffer_make(limit);
        struct error err;
        assert_int_equal(completion_write(shells[limit % 3], commands, 3, &out, &err), 0);
        assert_int_equal(buffer_status(&out), -1);
        buffer_free(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bash_is_told_options_words_and_files),
        cmocka_unit_test(zsh_is_told_with_its_own_quotes),
        cmocka_unit_test(fish_is_told_with_its_own_quotes),
        cmocka_unit_test(another_shell_is_refused),
        cmocka_unit_test(a_script_that_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
