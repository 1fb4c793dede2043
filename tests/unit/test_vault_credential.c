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
#include "sidecar/fetch/vault/vault_credential.h"
#include "sidecar/secret/secret_set.h"

static struct error err;

static int memory_file(const void *bytes, size_t length) {
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, bytes, length), 0);
    return fd;
}

static void assert_read(const char *bytes, size_t length, const char *wanted) {
    char *got = NULL;
    int fd = memory_file(bytes, length);
    int result = vault_credential_read(fd, "secret_id", &got, &err);
    assert_int_equal(close(fd), 0);
    assert_int_equal(result, wanted != NULL ? 0 : -1);
    if (wanted != NULL) {
        assert_string_equal(got, wanted);
    } else {
        assert_null(got);
        assert_int_equal(err.code, ERROR_STORE_CREDENTIAL);
        assert_non_null(strstr(err.what, "secret_id"));
        assert_null(strstr(err.what, "canary"));
    }
    secret_free(got);
}

static void what_stands_behind_the_line_does_not_count(void **state) {
    (void)state;
    assert_read("canary", 6, "canary");
    assert_read("canary\n", 7, "canary");
    assert_read("canary \t\r\n\n", 11, "canary");
    assert_read(" canary", 7, " canary");
    assert_read("\xc3\xa4 b", 4, "\xc3\xa4 b");
}

static void what_is_no_line_is_refused(void **state) {
    (void)state;
    assert_read("", 0, NULL);
    assert_read(" \n", 2, NULL);
    assert_read("canary\nx", 8, NULL);
    assert_read("canary\0", 7, NULL);
    assert_read("\0", 1, NULL);
    assert_read("can\x7f"
                "ary",
                7, NULL);
    assert_read("canary\x1b", 7, NULL);
    assert_read("canary\xff", 7, NULL);
}

static void length_is_bounded(void **state) {
    (void)state;
    size_t most = LIMIT_TOKEN_BYTES;
    char *text = malloc(most + 64);
    assert_non_null(text);
    memset(text, 'x', most + 64);
    char *wanted = strndup(text, most);
    assert_non_null(wanted);
    assert_read(text, most, wanted);
    assert_read(text, most + 1, NULL);
    assert_read(text, most + 64, NULL);
    text[most] = '\n';
    assert_read(text, most + 1, wanted);
    free(wanted);
    free(text);
}

static void a_descriptor_that_cannot_be_read_is_told(void **state) {
    (void)state;
    char *got = NULL;
    assert_int_equal(vault_credential_read(-1, "store token", &got, &err), -1);
    assert_int_equal(err.code, ERROR_STORE_CREDENTIAL);
    int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(vault_credential_read(directory, "store token", &got, &err), -1);
    assert_int_equal(err.code, ERROR_STORE_CREDENTIAL);
    assert_null(got);
    assert_int_equal(close(directory), 0);
}

static void a_pipe_is_read_to_its_end(void **state) {
    (void)state;
    int ends[2];
    char *got = NULL;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(file_write_all(ends[1], "canary\n", 7), 0);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(vault_credential_read(ends[0], "store token", &got, &err), 0);
    assert_string_equal(got, "canary");
    secret_free(got);
    assert_int_equal(close(ends[0]), 0);
}

static void the_offset_of_a_file_stays_where_it_was(void **state) {
    (void)state;
    int fd = memory_file("canary", 6);
    for (int i = 0; i < 2; i++) {
        char *got = NULL;
        assert_int_equal(vault_credential_read(fd, "store token", &got, &err), 0);
        assert_string_equal(got, "canary");
        secret_free(got);
    }
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 6);
    assert_int_equal(close(fd), 0);
}

static const struct config_address addresses[] = {{.text = "https://vault:8200"},
                                                  {.text = "https://other:8200"}};
static const struct config_vault vault = {.addresses = addresses, .address_count = 2};

static void a_session_is_for_the_store_that_gave_it(void **state) {
    (void)state;
    static const struct config_address moved[] = {{.text = "https://elsewhere:8200"}};
    static const struct config_vault elsewhere = {.addresses = moved, .address_count = 1}, none;
    unsigned char *text;
    size_t length;
    assert_int_equal(vault_session_format("s.x", "https://other:8200", &text, &length, &err), 0);
    int fd = memory_file(text, length);
    char *got = vault_session_read(fd, &vault);
    assert_non_null(got);
    assert_null(vault_session_read(fd, &elsewhere));
    assert_null(vault_session_read(fd, &none));
    assert_int_equal(close(fd), 0);
    secret_free(got);
    secret_free(text);
}

static void a_session_is_read_as_it_was_written(void **state) {
    (void)state;
    unsigned char *text;
    size_t length;
    char token[LIMIT_TOKEN_BYTES + 1];
    memset(token, 'x', sizeof token);
    token[LIMIT_TOKEN_BYTES] = '\0';
    const char *const tokens[] = {"hvs.CAESI-_.Jx", token};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            vault_session_format(tokens[i], "https://vault:8200", &text, &length, &err), 0);
        int fd = memory_file(text, length);
        char *got = vault_session_read(fd, &vault);
        assert_non_null(got);
        assert_string_equal(got, tokens[i]);
        secret_free(got);
        for (size_t cut = 0; cut + 1 < length; cut += i == 0 ? 1 : 97) {
            assert_int_equal(ftruncate(fd, (off_t)(length - 2 - cut)), 0);
            assert_null(vault_session_read(fd, &vault));
        }
        assert_int_equal(close(fd), 0);
        secret_free(text);
    }
    assert_null(vault_session_read(-1, &vault));
}

static void a_token_is_printable_and_needs_no_escape(void **state) {
    (void)state;
    static const char *const unsound[] = {"",     " ",        "a b",  "a\n",
                                          "\x7f", "\xc3\xa4", "a\"b", "a\\b"};
    for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++)
        assert_false(vault_token_is_sound(unsound[i]));
    assert_true(vault_token_is_sound("hvb.AAAAAQ-_.~!"));
    char token[LIMIT_TOKEN_BYTES + 2];
    memset(token, 'x', sizeof token);
    token[LIMIT_TOKEN_BYTES + 1] = '\0';
    assert_false(vault_token_is_sound(token));
    token[LIMIT_TOKEN_BYTES] = '\0';
    assert_true(vault_token_is_sound(token));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_behind_the_line_does_not_count),
        cmocka_unit_test(what_is_no_line_is_refused),
        cmocka_unit_test(length_is_bounded),
        cmocka_unit_test(a_descriptor_that_cannot_be_read_is_told),
        cmocka_unit_test(a_pipe_is_read_to_its_end),
        cmocka_unit_test(the_offset_of_a_file_stays_where_it_was),
        cmocka_unit_test(a_session_is_read_as_it_was_written),
        cmocka_unit_test(a_session_is_for_the_store_that_gave_it),
        cmocka_unit_test(a_token_is_printable_and_needs_no_escape),
    };
    secret_install_allocators();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
