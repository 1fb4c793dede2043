#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box_key.h"
#include "tests/unit/box_fixture.h"
#include "tests/unit/key_fixture.h"

#define CHEAP LIMIT_PASS_KIB_MIN

static struct error err;

static struct box_key_file one(struct box_key_line line) {
    return (struct box_key_file){.count = 1, .lines[0] = line};
}

static size_t print_sealed(char text[LIMIT_KEY_FILE_BYTES]) {
    const struct box_key_file file = one(seal(fixture_key, "correct horse"));
    return box_key_print(&file, text);
}

static size_t print_middle(char text[LIMIT_KEY_FILE_BYTES]) {
    struct box_key_file file = one(seal(fixture_key, "correct horse"));
    file.count = 2;
    box_key_bare(fixture_key, &file.lines[1]);
    memcpy(file.rekeyed, fixture_id, sizeof file.rekeyed);
    return box_key_print(&file, text);
}

/* ---- In clear */

static int parse_bare(const char *text, size_t length, unsigned char key[BOX_KEY_BYTES]) {
    struct box_key_file file;
    if (box_key_parse(text, length, &file, &err) != 0)
        return -1;
    assert_int_equal(file.count, 1);
    assert_false(file.lines[0].sealed);
    return box_key_open(&file.lines[0], NULL, key, &err);
}

static void a_key_is_read_as_it_was_written(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES], again[BOX_KEY_BYTES];
    char text[BOX_KEY_TEXT_BYTES + 1], windows[BOX_KEY_TEXT_BYTES + 2];
    box_key_make(key);
    box_key_format(key, text);
    assert_int_equal(strlen(text), BOX_KEY_TEXT_BYTES);
    assert_int_equal(text[BOX_KEY_TEXT_BYTES - 1], '\n');
    assert_int_equal(parse_bare(text, BOX_KEY_TEXT_BYTES, again), 0);
    assert_memory_equal(key, again, sizeof key);
    assert_int_equal(parse_bare(text, BOX_KEY_TEXT_BYTES - 1, again), 0);
    assert_memory_equal(key, again, sizeof key);
    assert_true(snprintf(windows, sizeof windows, "%.*s\r\n", BOX_KEY_TEXT_BYTES - 1, text) > 0);
    assert_int_equal(parse_bare(windows, strlen(windows), again), 0);
    assert_memory_equal(key, again, sizeof key);
}

static void assert_bad_key(const char *text, size_t length) {
    struct box_key_file file, untouched;
    memset(&file, 0x77, sizeof file);
    memset(&untouched, 0x77, sizeof untouched);
    assert_int_equal(box_key_parse(text, length, &file, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_KEY);
    assert_memory_equal(&file, &untouched, sizeof file);
    assert_null(strstr(err.what, "MDEy"));
}

static void a_key_that_is_cut_or_damaged_is_refused(void **state) {
    (void)state;
    char text[BOX_KEY_TEXT_BYTES + 3];
    box_key_format(fixture_key, text);
    assert_non_null(strstr(text, "MDEy"));
    for (size_t length = 0; length < BOX_KEY_TEXT_BYTES - 1; length++)
        assert_bad_key(text, length);
    for (size_t at = 0; at < BOX_KEY_TEXT_BYTES - 1; at++) {
        char kept = text[at];
        text[at] = '*';
        assert_bad_key(text, BOX_KEY_TEXT_BYTES);
        text[at] = '\0';
        assert_bad_key(text, BOX_KEY_TEXT_BYTES);
        text[at] = '\xaf'; /* which libsodium takes for '/' */
        assert_bad_key(text, BOX_KEY_TEXT_BYTES);
        text[at] = kept;
    }
    memcpy(text + BOX_KEY_TEXT_BYTES, "\n", 2);
    assert_bad_key(text, BOX_KEY_TEXT_BYTES + 1);
    const char *others[] = {
        "",
        "\n",
        "\r\n",
        "hunter2\n",
        "arrestor-strongbox-key-v1\n",
        "arrestor-strongbox-key-v3 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQA=\n",
        "arrestor-strongbox-key-v2 scrypt 3 262144 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQA=\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_bad_key(others[i], strlen(others[i]));
    assert_non_null(strstr(err.what, "does not know"));
}

/* ---- Under a passphrase */

static void a_sealed_key_opens_with_its_passphrase_only(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES];
    char text[LIMIT_KEY_FILE_BYTES];
    struct box_key_file file;
    const char *wrong[] = {"correct hors", "correct horse ", "Correct horse", "x"};
    assert_int_equal(box_key_parse(text, print_sealed(text), &file, &err), 0);
    assert_int_equal(file.count, 1);
    assert_int_equal(file.lines[0].passes, 1);
    assert_int_equal(file.lines[0].memory_kib, CHEAP);
    struct secret_text right = text_of("correct horse");
    assert_int_equal(box_key_open(&file.lines[0], &right, key, &err), 0);
    assert_memory_equal(key, fixture_key, sizeof key);
    secret_text_free(&right);
    memset(key, 0x77, sizeof key);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct secret_text passphrase = text_of(wrong[i]);
        assert_int_equal(box_key_open(&file.lines[0], &passphrase, key, &err), -1);
        assert_int_equal(err.code, ERROR_BOX_WRONG_PASSPHRASE);
        assert_int_equal(error_status(err.code), 6);
        assert_null(strstr(err.what, wrong[0]));
        secret_text_free(&passphrase);
    }
    assert_int_equal(box_key_open(&file.lines[0], NULL, key, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_PASSPHRASE);
    assert_non_null(strstr(err.todo, "--passphrase-fd"));
    for (size_t i = 0; i < sizeof key; i++)
        assert_int_equal(key[i], 0x77);
}

static void the_text_of_a_sealed_key_does_not_hold_the_key(void **state) {
    (void)state;
    char text[LIMIT_KEY_FILE_BYTES], bare[BOX_KEY_TEXT_BYTES + 1];
    size_t length = print_sealed(text);
    assert_int_equal(strlen(text), length);
    box_key_format(fixture_key, bare);
    assert_null(strstr(text, "MDEy"));
    assert_non_null(strstr(bare, "MDEy"));
}

static void a_passphrase_may_be_any_bytes(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES], bytes[] = "a\0b\xff\x1b";
    struct box_key_line line;
    struct secret_text whole = {.bytes = bytes, .length = 5}, cut = {.bytes = bytes, .length = 1};
    assert_int_equal(box_key_seal(fixture_key, &whole, 1, CHEAP, &line, &err), 0);
    assert_int_equal(box_key_open(&line, &cut, key, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_WRONG_PASSPHRASE);
    assert_int_equal(box_key_open(&line, &whole, key, &err), 0);
}

static void each_seal_has_salt_and_nonce_of_its_own(void **state) {
    (void)state;
    struct box_key_line a = seal(fixture_key, "x"), b = seal(fixture_key, "x");
    assert_memory_not_equal(a.salt, b.salt, sizeof a.salt);
    assert_memory_not_equal(a.nonce, b.nonce, sizeof a.nonce);
    assert_memory_not_equal(a.key, b.key, sizeof a.key);
}

/* No Argon2id is paid for these: 1,400 changes in no time. */
static void any_bit_of_a_sealed_key_changed_is_damage(void **state) {
    (void)state;
    char text[LIMIT_KEY_FILE_BYTES];
    size_t length = print_sealed(text);
    for (size_t at = 0; at < length; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            text[at] = (char)(text[at] ^ (1 << bit));
            assert_bad_key(text, length);
            text[at] = (char)(text[at] ^ (1 << bit));
        }
}

static void a_sealed_key_cut_at_any_byte_is_refused(void **state) {
    (void)state;
    char text[LIMIT_KEY_FILE_BYTES];
    struct box_key_file file;
    size_t length = print_sealed(text);
    for (size_t cut = 0; cut < length - 1; cut++)
        assert_bad_key(text, cut);
    assert_int_equal(box_key_parse(text, length - 1, &file, &err), 0);
}

static void a_forged_check_does_not_open(void **state) {
    (void)state;
    unsigned char key[BOX_KEY_BYTES];
    struct secret_text passphrase = text_of("x");
    for (int change = 0; change < 5; change++) {
        struct box_key_line line = seal(fixture_key, "x");
        struct box_key_file file;
        char text[LIMIT_KEY_FILE_BYTES];
        line.salt[0] ^= change == 0;
        line.nonce[23] ^= change == 1;
        line.key[0] ^= change == 2;
        line.passes += change == 3;
        line.memory_kib += change == 4 ? 1024 : 0;
        file = one(line); /* printed anew, so with a check that fits */
        assert_int_equal(box_key_parse(text, box_key_print(&file, text), &file, &err), 0);
        assert_int_equal(box_key_open(&file.lines[0], &passphrase, key, &err), -1);
        assert_int_equal(err.code, ERROR_BOX_WRONG_PASSPHRASE);
    }
    secret_text_free(&passphrase);
}

static void what_would_eat_the_machine_is_refused_before_it_is_paid(void **state) {
    (void)state;
    const uint32_t costs[][2] = {
        {LIMIT_PASSES + 1, CHEAP}, {UINT32_MAX, CHEAP}, {1, LIMIT_PASS_KIB + 1},
        {1, UINT32_MAX},           {1, CHEAP - 1},      {1, 1}};
    struct secret_text passphrase = text_of("x");
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
        struct box_key_line line = seal(fixture_key, "x");
        char text[LIMIT_KEY_FILE_BYTES];
        line.passes = costs[i][0];
        line.memory_kib = costs[i][1];
        const struct box_key_file file = one(line);
        assert_bad_key(text, box_key_print(&file, text));
        assert_non_null(strstr(err.what, "passes"));
        assert_int_equal(
            box_key_seal(fixture_key, &passphrase, costs[i][0], costs[i][1], &line, &err), -1);
        assert_int_equal(err.code, ERROR_USAGE);
    }
    secret_text_free(&passphrase);
}

static void numbers_have_one_spelling(void **state) {
    (void)state;
    char text[LIMIT_KEY_FILE_BYTES], changed[LIMIT_KEY_FILE_BYTES + 64];
    (void)print_sealed(text);
    const char *body = strrchr(text, ' ');
    const char *heads[] = {"01 8192",
                           "1 08192",
                           "1  8192",
                           " 1 8192",
                           "+1 8192",
                           "-1 8192",
                           "0 8192",
                           "1 0",
                           "1",
                           "1 ",
                           "0x1 8192",
                           "1 8192 ",
                           "4294967297 8192",
                           "18446744073709551617 8192"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        (void)snprintf(changed, sizeof changed, "arrestor-strongbox-key-v2 argon2id %s%s", heads[i],
                       body);
        assert_bad_key(changed, strlen(changed));
    }
}

static void an_empty_passphrase_seals_nothing(void **state) {
    (void)state;
    struct box_key_line line;
    struct secret_text empty = text_of("");
    assert_int_equal(box_key_seal(fixture_key, &empty, 1, CHEAP, &line, &err), -1);
    assert_int_equal(err.code, ERROR_USAGE);
    secret_text_free(&empty);
}

/* In a process of its own, which can take back no memory. */
static int seal_in_little_memory(void) {
    struct rlimit little = {96l << 20, 96l << 20};
    struct box_key_line line;
    struct secret_text passphrase = text_of("x");
    if (setrlimit(RLIMIT_AS, &little) != 0)
        return 9;
    if (box_key_seal(fixture_key, &passphrase, 1, BOX_KEY_MEMORY_KIB, &line, &err) == 0)
        return 1;
    if (err.code != ERROR_MEMORY || strstr(err.what, "256 MiB") == NULL ||
        strstr(err.todo, "--memory") == NULL)
        return 2;
    return box_key_seal(fixture_key, &passphrase, 1, CHEAP, &line, &err) == 0 ? 0 : 3;
}

static void memory_that_cannot_be_had_is_said(void **state) {
    (void)state;
#ifdef SANITIZED
    skip();
#endif
    int status = -1;
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(seal_in_little_memory());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* ---- Two keys */

static void a_key_file_in_the_middle_of_a_rekey_is_read_as_it_was_written(void **state) {
    (void)state;
    char text[LIMIT_KEY_FILE_BYTES], again[LIMIT_KEY_FILE_BYTES];
    struct box_key_file file;
    size_t length = print_middle(text);
    assert_int_equal(box_key_parse(text, length, &file, &err), 0);
    assert_int_equal(file.count, 2);
    assert_true(file.lines[0].sealed);
    assert_false(file.lines[1].sealed);
    assert_memory_equal(file.rekeyed, fixture_id, sizeof file.rekeyed);
    assert_int_equal(box_key_print(&file, again), length);
    assert_string_equal(text, again);
    assert_true(box_key_same(&file, &file));
    struct box_key_file other = file;
    other.rekeyed[3] ^= 1;
    assert_false(box_key_same(&file, &other));
}

/* Cut behind a whole line, what is left is a key file of one key. */
static void a_key_file_with_two_keys_cut_or_changed_is_refused(void **state) {
    (void)state;
    char text[LIMIT_KEY_FILE_BYTES + 8];
    size_t length = print_middle(text), first = (size_t)(strchr(text, '\n') - text) + 1;
    for (size_t cut = 0; cut < length - 1; cut++)
        if (cut != first && cut != first - 1)
            assert_bad_key(text, cut);
    for (size_t at = first; at < first + 25 + 32; at++) {
        char kept = text[at];
        text[at] = '*';
        assert_bad_key(text, length);
        text[at] = kept;
    }
    text[first - 1] = ' ';
    assert_bad_key(text, length);
    text[first - 1] = '\n';
    char *digit = strpbrk(text + first + 25, "abcdef");
    assert_non_null(digit);
    *digit = (char)(*digit - 'a' + 'A');
    assert_bad_key(text, length);
    *digit = (char)(*digit - 'A' + 'a');
    memcpy(text + length, "x\n", 3);
    assert_bad_key(text, length + 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_read_as_it_was_written),
        cmocka_unit_test(a_key_that_is_cut_or_damaged_is_refused),
        cmocka_unit_test(a_sealed_key_opens_with_its_passphrase_only),
        cmocka_unit_test(the_text_of_a_sealed_key_does_not_hold_the_key),
        cmocka_unit_test(a_passphrase_may_be_any_bytes),
        cmocka_unit_test(each_seal_has_salt_and_nonce_of_its_own),
        cmocka_unit_test(any_bit_of_a_sealed_key_changed_is_damage),
        cmocka_unit_test(a_sealed_key_cut_at_any_byte_is_refused),
        cmocka_unit_test(a_forged_check_does_not_open),
        cmocka_unit_test(what_would_eat_the_machine_is_refused_before_it_is_paid),
        cmocka_unit_test(numbers_have_one_spelling),
        cmocka_unit_test(an_empty_passphrase_seals_nothing),
        cmocka_unit_test(memory_that_cannot_be_had_is_said),
        cmocka_unit_test(a_key_file_in_the_middle_of_a_rekey_is_read_as_it_was_written),
        cmocka_unit_test(a_key_file_with_two_keys_cut_or_changed_is_refused),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
