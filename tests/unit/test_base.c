/* The pure helpers of base/: at their bounds and beyond. */
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

#include "sidecar/base/arena.h"
#include "sidecar/base/atomic_file.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/command.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/number.h"
#include "sidecar/base/text.h"

static void a_buffer_on_memory_of_the_caller_takes_none_of_its_own(void **state) {
    (void)state;
    char memory[6];
    struct buffer b = buffer_on(memory, sizeof memory);
    assert_ptr_equal(b.data, memory);
    assert_string_equal(b.data, "");
    buffer_printf(&b, "%d", 12345);
    assert_int_equal(buffer_status(&b), 0);
    buffer_char(&b, '6');
    assert_int_equal(buffer_status(&b), -1);
    assert_ptr_equal(b.data, memory);
    assert_string_equal(memory, "12345");
}

static void a_buffer_never_grows_past_its_limit(void **state) {
    (void)state;
    struct buffer b = buffer_make(5);
    buffer_text(&b, "12345");
    assert_int_equal(buffer_status(&b), 0);
    buffer_char(&b, '6');
    assert_int_equal(buffer_status(&b), -1);
    assert_string_equal(b.data, "12345");
    buffer_text(&b, "");
    assert_int_equal(buffer_status(&b), -1);
    buffer_free(&b);
}

static void what_is_printed_is_there_whole_or_not_at_all(void **state) {
    (void)state;
    enum { MOST = 300 };
    for (int size = 0; size <= MOST; size++) {
        struct buffer b = buffer_make(MOST);
        buffer_printf(&b, "%*s", size, "");
        buffer_printf(&b, "%.*s|", size % 7, "abcdefg");
        bool fits = size + size % 7 + 1 <= MOST;
        assert_int_equal(buffer_status(&b), fits ? 0 : -1);
        assert_int_equal(b.length, fits ? size + size % 7 + 1 : size);
        assert_int_equal(strlen(b.data), b.length);
        assert_true(fits ? b.data[b.length - 1] == '|' : b.data[b.length - 1] == ' ');
        buffer_free(&b);
    }
}

/* Plain bytes are taken together, and the others among them one by one. */
static void each_character_is_shown_as_it_is_by_itself(void **state) {
    (void)state;
    for (int c = 0; c < 0x80; c++) {
        struct buffer alone = buffer_make(100), among = buffer_make(100), wanted = buffer_make(100);
        const char text[] = {'a', 'b', (char)c, (char)c, 'y', 'z'};
        text_escape(&alone, text + 2, 1);
        buffer_printf(&wanted, "ab%s%syz", alone.data, alone.data);
        text_escape(&among, text, sizeof text);
        assert_string_equal(among.data, wanted.data);
        buffer_free(&alone);
        buffer_free(&wanted);
        buffer_free(&among);
        buffer_json(&alone, text + 2, 1);
        int inner = (int)alone.length - 2;
        buffer_printf(&wanted, "\"ab%.*s%.*syz\"", inner, alone.data + 1, inner, alone.data + 1);
        buffer_json(&among, text, sizeof text);
        assert_string_equal(among.data, wanted.data);
        buffer_free(&alone);
        buffer_free(&wanted);
        buffer_free(&among);
    }
}

static void json_text_is_always_valid(void **state) {
    (void)state;
    struct buffer b = buffer_make(200);
    buffer_json(&b, "a\"\\\n\x01\x7f\xff\xc3\xa9\xed\xa0\x80", 12);
    assert_string_equal(b.data,
                        "\"a\\\"\\\\\\n\\u0001\\u007f\\ufffd\xc3\xa9\\ufffd\\ufffd\\ufffd\"");
    buffer_free(&b);
}

static void text_for_a_terminal_cannot_move_the_cursor(void **state) {
    (void)state;
    struct buffer b = buffer_make(200);
    const char hostile[] = "a\x1b[2J\r\n\xc2\x9b\xff\xc3\xa9";
    text_escape(&b, hostile, sizeof hostile - 1);
    assert_string_equal(b.data, "a\\x1b[2J\\x0d\\x0a\\xc2\\x9b\\xff\xc3\xa9");
    buffer_free(&b);
}

static void utf8_is_told_from_what_only_looks_like_it(void **state) {
    (void)state;
    static const char *const good[] = {"", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\xaf",
                                      "\xc3",
                                      "\xe0\x80\x80",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf8\x88\x80\x80\x80",
                                      "\xe2\x82"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
}

static void distance_counts_slips_of_the_hand(void **state) {
    (void)state;
    assert_int_equal(text_distance("same", "same", 3), 0);
    assert_int_equal(text_distance("spark", "sprak", 3), 1);
    assert_int_equal(text_distance("abc", "ab", 3), 1);
    assert_int_equal(text_distance("abc", "xyz", 2), 3);
    assert_int_equal(text_distance("", "abc", 5), 3);
    char longer[300];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(text_distance(longer, "a", 3), 4);
}

static void the_nearest_name_is_found_or_none(void **state) {
    (void)state;
    static const char *const names[] = {"format", "policy", "config"};
    assert_string_equal(text_nearest("fromat", names, 3), "format");
    assert_string_equal(text_nearest("polcy", names, 3), "policy");
    assert_null(text_nearest("xyz", names, 3));
    assert_null(text_nearest("", names, 3));
}

static void globs_match_as_written(void **state) {
    (void)state;
    assert_true(text_glob("spark.*.key", "spark.a.b.key"));
    assert_true(text_glob("*", ""));
    assert_true(text_glob("a?c", "abc"));
    assert_false(text_glob("a?c", "ac"));
    assert_false(text_glob("spark.*.key", "spark.key"));
    assert_true(text_glob("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaab"));
    assert_false(text_glob("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaac"));
    assert_true(text_glob_nocase("*PASSWORD", "db.PassWord"));
    assert_false(text_glob("*PASSWORD", "db.PassWord"));
}

static void numbers_are_strict(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "+1",
                                      "-1",
                                      "0x1",
                                      "1e3",
                                      "18446744073709551616",
                                      "99999999999999999999999"};
    uint64_t value = 77;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(number_parse(bad[i], UINT64_MAX, &value), -1);
    assert_int_equal(value, 77);
    assert_int_equal(number_parse("18446744073709551615", UINT64_MAX, &value), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(number_parse("11", 10, &value), -1);
    assert_int_equal(number_parse_duration("5m", UINT64_MAX, &value), 0);
    assert_int_equal(value, 300000);
    assert_int_equal(number_parse_duration("5", UINT64_MAX, &value), -1);
    assert_int_equal(number_parse_duration("5d", UINT64_MAX, &value), -1);
    assert_int_equal(number_parse_duration("18446744073709551615h", UINT64_MAX, &value), -1);
}

static void two_lists_are_joined_if_they_fit(void **state) {
    (void)state;
    struct arena arena = arena_make(1000);
    assert_memory_equal(arena_join(&arena, "ab", 2, "cd", 2, 1), "abcd", 4);
    assert_memory_equal(arena_join(&arena, NULL, 0, "cd", 1, 2), "cd", 2);
    assert_non_null(arena_join(&arena, NULL, 0, NULL, 0, 8));
    assert_null(arena_join(&arena, "a", SIZE_MAX, "b", 1, 1));
    assert_null(arena_join(&arena, "a", 1, "b", 1, 1000));
    arena_free(&arena);
}

static void an_arena_gives_zeroed_memory_up_to_its_limit(void **state) {
    (void)state;
    struct arena arena = arena_make(100000);
    unsigned char *a = arena_alloc(&arena, 60000);
    assert_non_null(a);
    for (size_t i = 0; i < 60000; i++)
        assert_int_equal(a[i], 0);
    assert_null(arena_alloc(&arena, 50000));
    assert_non_null(arena_alloc(&arena, 40000));
    assert_null(arena_array(&arena, SIZE_MAX, 2));
    assert_null(arena_text(&arena, "x", SIZE_MAX));
    arena_free(&arena);
    assert_non_null(arena_text(&arena, "again", 5));
    arena_free(&arena);
}

static void a_cleared_arena_gives_zeroed_memory_again(void **state) {
    (void)state;
    enum { PIECE = 12000, PIECES = 100, BIG = 50000 };
    struct arena arena = arena_make(PIECE * PIECES + BIG);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i <= PIECES; i++) {
            size_t size = i == PIECES ? BIG : PIECE;
            unsigned char *piece = arena_alloc(&arena, size);
            assert_non_null(piece);
            for (size_t k = 0; k < size; k++)
                if (piece[k] != 0)
                    fail_msg("round %zu, piece %zu: byte %zu is %u", round, i, k, piece[k]);
            memset(piece, 0xaa, size);
        }
        assert_null(arena_alloc(&arena, 1));
        arena_clear(&arena);
    }
    arena_clear(&arena);
    arena_free(&arena);
    assert_null(arena.spare);
    assert_null(arena.blocks);
}

static void an_error_shows_place_caret_and_what_to_do(void **state) {
    (void)state;
    struct error err;
    struct buffer out = buffer_make(1000);
    error_set(&err, ERROR_CONFIG, "unknown key \"%s\"", "stoers");
    error_at(&err, "a\x1b.yaml", 2, 3);
    error_excerpt(&err, "one\n  stoers: x\nthree\n", 22, 2);
    error_todo(&err, "did you mean stores?");
    error_format(&err, &out);
    assert_string_equal(out.data, "arrestor: a\\x1b.yaml:2:3: unknown key \"stoers\"\n"
                                  "      stoers: x\n      ^\n  -> did you mean stores?\n");
    buffer_free(&out);
}

static void every_error_code_has_a_name_and_a_documented_status(void **state) {
    (void)state;
    for (int i = 0; i < ERROR_CODES; i++) {
        int status = error_status((enum error_code)i);
        assert_true((status >= 0 && status <= 7) || status == 70);
        assert_true(strlen(error_name((enum error_code)i)) > 0);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(error_name((enum error_code)i), error_name((enum error_code)j));
    }
    assert_int_equal(error_status((enum error_code)9999), 70);
}

static const struct command sample = {
    .name = "sample",
    .summary = "s",
    .usage = "X",
    .options = {{"format", 'f', "FORMAT", "h"}, {"quiet", 'q', NULL, "h"}}};

static int parse(int argc, const char *const *words, struct invocation *call, struct error *err) {
    static char copies[16][64];
    static char *argv[17], *none[] = {NULL};
    for (int i = 0; i < argc; i++) {
        (void)snprintf(copies[i], sizeof copies[i], "%s", words[i]);
        argv[i] = copies[i];
    }
    argv[argc] = NULL;
    return command_parse(&sample, argc, argv, none, call, err);
}

static void options_and_operands_may_mix_until_two_dashes(void **state) {
    (void)state;
    const char *words[] = {"sample", "a", "--format=json", "b", "-q", "--", "--format", "x"};
    struct invocation call;
    struct error err;
    assert_int_equal(parse(8, words, &call, &err), 0);
    assert_string_equal(command_value(&call, "format"), "json");
    assert_non_null(command_value(&call, "quiet"));
    assert_int_equal(call.operand_count, 2);
    assert_string_equal(call.operands[1], "b");
    assert_true(call.has_rest);
    assert_int_equal(call.rest_count, 2);
}

static void wrong_options_are_usage_errors_with_a_hint(void **state) {
    (void)state;
    static const struct {
        const char *words[3];
        int count;
        const char *expected;
    } rows[] = {
        {{"sample", "--fromat", "json"}, 3, "did you mean --format?"},
        {{"sample", "--format"}, 2, "see arrestor sample --help"},
        {{"sample", "-q", "--quiet"}, 3, "see arrestor sample --help"},
        {{"sample", "--quiet=1"}, 2, "see arrestor sample --help"},
        {{"sample", "-x"}, 2, "see arrestor sample --help"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct invocation call;
        struct error err;
        assert_int_equal(parse(rows[i].count, rows[i].words, &call, &err), -1);
        assert_int_equal(error_status(err.code), 2);
        assert_string_equal(err.todo, rows[i].expected);
    }
}

static void a_file_is_replaced_whole_and_leaves_nothing_else(void **state) {
    (void)state;
    char directory[] = "/tmp/arrestor-unit-XXXXXX", path[64], link[64];
    struct error err;
    struct stat st;
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/file", directory);
    (void)snprintf(link, sizeof link, "%s/link", directory);
    assert_int_equal(atomic_file_create(path, "one", 3, 0600, &err), 0);
    assert_int_equal(atomic_file_create(path, "two", 3, 0600, &err), -1);
    assert_int_equal(err.code, ERROR_BOX_EXISTS);
    assert_int_equal(symlink("file", link), 0);
    assert_int_equal(atomic_file_replace(link, "three", 5, 0640, &err), 0);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 5);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(atomic_file_replace(path, "x", 1, 0600, &err), -1);
    assert_int_equal(atomic_file_replace("", "x", 1, 0600, &err), -1);
}

static void only_regular_files_are_opened(void **state) {
    (void)state;
    struct error err;
    assert_int_equal(file_open("/", &err), -1);
    assert_non_null(strstr(err.what, "a directory"));
    assert_int_equal(file_open("/dev/null", &err), -1);
    assert_non_null(strstr(err.what, "a device"));
    assert_int_equal(file_open("/no/such", &err), -1);
    assert_int_equal(err.code, ERROR_INPUT);
}

static void sealed_bytes_cannot_be_changed(void **state) {
    (void)state;
    struct error err;
    int fd = file_seal_bytes("unit", "abc", 3, &err);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(ftruncate(fd, 10), -1);
    (void)close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_on_memory_of_the_caller_takes_none_of_its_own),
        cmocka_unit_test(a_buffer_never_grows_past_its_limit),
        cmocka_unit_test(what_is_printed_is_there_whole_or_not_at_all),
        cmocka_unit_test(each_character_is_shown_as_it_is_by_itself),
        cmocka_unit_test(json_text_is_always_valid),
        cmocka_unit_test(text_for_a_terminal_cannot_move_the_cursor),
        cmocka_unit_test(utf8_is_told_from_what_only_looks_like_it),
        cmocka_unit_test(distance_counts_slips_of_the_hand),
        cmocka_unit_test(the_nearest_name_is_found_or_none),
        cmocka_unit_test(globs_match_as_written),
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(two_lists_are_joined_if_they_fit),
        cmocka_unit_test(an_arena_gives_zeroed_memory_up_to_its_limit),
        cmocka_unit_test(a_cleared_arena_gives_zeroed_memory_again),
        cmocka_unit_test(an_error_shows_place_caret_and_what_to_do),
        cmocka_unit_test(every_error_code_has_a_name_and_a_documented_status),
        cmocka_unit_test(options_and_operands_may_mix_until_two_dashes),
        cmocka_unit_test(wrong_options_are_usage_errors_with_a_hint),
        cmocka_unit_test(a_file_is_replaced_whole_and_leaves_nothing_else),
        cmocka_unit_test(only_regular_files_are_opened),
        cmocka_unit_test(sealed_bytes_cannot_be_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
