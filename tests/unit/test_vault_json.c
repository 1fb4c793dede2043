#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/fetch/vault/vault_json.h"

static struct vault_span span(const char *text) {
    return (struct vault_span){.bytes = text, .length = strlen(text)};
}

static void assert_member(const char *text, const char *key, const char *wanted) {
    struct vault_span found = {.length = 77};
    int result = vault_json_member(span(text), key, &found);
    if (wanted == NULL) {
        assert_int_equal(result, -1);
        assert_int_equal(found.length, 77);
        return;
    }
    assert_int_equal(result, 0);
    assert_int_equal(found.length, strlen(wanted));
    assert_memory_equal(found.bytes, wanted, found.length);
}

static void assert_compact(const char *text, const char *wanted) {
    unsigned char out[256];
    assert_int_equal(vault_json_compact(span(text), out), strlen(wanted));
    assert_memory_equal(out, wanted, strlen(wanted));
}

static void nesting_is_counted_outside_of_strings(void **state) {
    (void)state;
    assert_true(vault_json_is_shallow(span("{\"a\":[{}]}"), 3));
    assert_false(vault_json_is_shallow(span("{\"a\":[{}]}"), 2));
    assert_true(vault_json_is_shallow(span("{\"[[[[\":\"{{{{\\\"[[[\"}"), 1));
    assert_true(vault_json_is_shallow(span("[],[],[],[]"), 1));
    assert_true(vault_json_is_shallow(span("]]]]]][[]]"), 2));
    assert_true(vault_json_is_shallow(span(""), 0));
    assert_false(vault_json_is_shallow(span("["), 0));
    assert_true(vault_json_is_shallow(span("\"[["), 0));
    assert_true(vault_json_is_shallow(span("\"[[\\"), 0));
}

static void a_member_is_found_at_its_own_depth(void **state) {
    (void)state;
    assert_member("{\"data\":{\"data\":1}}", "data", "{\"data\":1}");
    assert_member("{\"x\":{\"data\":1},\"data\":2}", "data", "2");
    assert_member(" { \"x\" : [ \"data\" , {\"data\":1} ] , \"data\" : [1, 2] } ", "data",
                  "[1, 2]");
    assert_member("{\"x\":\"}\\\",\\\"data\\\":1\",\"data\":-1.50e3}", "data", "-1.50e3");
    assert_member("{\"data\":\"a\\\\\"}", "data", "\"a\\\\\"");
    assert_member("{\"data\":null}", "data", "null");
    assert_member("{\"datum\":1,\"dat\":2}", "data", NULL);
    assert_member("{}", "data", NULL);
    assert_member("[\"data\",1]", "data", NULL);
    assert_member("\"data\"", "data", NULL);
    assert_member("", "data", NULL);
}

static void any_bytes_give_a_piece_of_themselves_or_nothing(void **state) {
    (void)state;
    const char *text = "{\"data\": {\"data\" : {\"a\\\"\":[1,{\"b\":\"c\"}]}, \"metadata\":{}}}";
    size_t length = strlen(text);
    for (size_t end = 0; end <= length; end++)
        for (size_t spoiled = 0; spoiled <= end; spoiled++) {
            char *copy = malloc(end + 1);
            assert_non_null(copy);
            memcpy(copy, text, end);
            if (spoiled < end)
                copy[spoiled] = '"';
            unsigned char *out = malloc(end + 1);
            assert_non_null(out);
            struct vault_span all = {.bytes = copy, .length = end}, found = all;
            (void)vault_json_is_shallow(all, 3);
            assert_true(vault_json_compact(all, out) <= end);
            if (vault_json_member(all, "data", &found) == 0)
                assert_true(found.bytes >= copy && found.bytes + found.length <= copy + end);
            free(out);
            free(copy);
        }
}

static void only_blanks_between_tokens_go(void **state) {
    (void)state;
    assert_compact("{ \"a b\" :\t\"c \\\" d\",\r\n \"n\": 1.10 }",
                   "{\"a b\":\"c \\\" d\",\"n\":1.10}");
    assert_compact(" ", "");
    assert_compact("", "");
    assert_compact("\"a b", "\"a b");
    assert_compact("\"a \\", "\"a \\");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting_is_counted_outside_of_strings),
        cmocka_unit_test(a_member_is_found_at_its_own_depth),
        cmocka_unit_test(any_bytes_give_a_piece_of_themselves_or_nothing),
        cmocka_unit_test(only_blanks_between_tokens_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
