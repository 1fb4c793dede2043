/* JSON is read whole or not at all, whichever allocation fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sidecar/base/error.h"
#include "sidecar/base/json_text.h"

static size_t made, failing; /* allocations so far; which one fails */

static void *allocate(size_t size) {
    return ++made == failing ? NULL : malloc(size);
}

/* {"password":"xxx…"} whose value needs a buffer that grows several times. */
static size_t make_text(char *text, size_t value) {
    const char *head = "{\"password\":\"", *tail = "\"}";
    size_t length = strlen(head);
    memcpy(text, head, length);
    memset(text + length, 'x', value);
    memcpy(text + length + value, tail, strlen(tail));
    return length + value + strlen(tail);
}

static int setup(void **state) {
    (void)state;
    json_object_seed(1);
    json_set_alloc_funcs(allocate, free);
    return 0;
}

static void an_allocation_that_fails_never_changes_a_value(void **state) {
    (void)state;
    char text[4096];
    const size_t value = 3000, length = make_text(text, value);
    unsigned refused = 0;
    for (failing = 1;; failing++) {
        struct error err;
        json_t *root = NULL;
        made = 0;
        if (json_text_load(text, length, 0, &root, &err) != 0) {
            assert_int_equal(err.code, ERROR_MEMORY);
            assert_null(root);
            refused++;
            continue;
        }
        assert_int_equal(json_string_length(json_object_get(root, "password")), value);
        json_decref(root);
        if (made < failing)
            break;
    }
    assert_true(refused > 5);
}

static void malformed_text_is_no_lack_of_memory(void **state) {
    (void)state;
    struct error err;
    json_t *root = (json_t *)(uintptr_t)1;
    failing = 0;
    assert_int_equal(json_text_load("{", 1, 0, &root, &err), 0);
    assert_null(root);
}

static void the_allocators_stay_those_that_were_installed(void **state) {
    (void)state;
    struct error err;
    json_t *root = NULL;
    json_malloc_t now;
    failing = 0;
    assert_int_equal(json_text_load("[1]", 3, 0, &root, &err), 0);
    json_decref(root);
    json_get_alloc_funcs(&now, NULL);
    assert_true(now == allocate);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_that_fails_never_changes_a_value),
        cmocka_unit_test(malformed_text_is_no_lack_of_memory),
        cmocka_unit_test(the_allocators_stay_those_that_were_installed),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
