#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box_key.h"
#include "tests/unit/box_fixture.h"
#include "tests/unit/key_fixture.h"

static struct error err;

static struct box_prelude prelude_of(const unsigned char key[BOX_KEY_BYTES]) {
    struct box box;
    struct box_prelude prelude;
    unsigned char *bytes;
    size_t length;
    box_make(&box);
    assert_int_equal(box_seal(&box, key, &bytes, &length, &err), 0);
    assert_int_equal(box_read_prelude(bytes, length, &prelude, &err), 0);
    free(bytes);
    return prelude;
}

struct search {
    struct box_key_file file;
    unsigned char new_key[BOX_KEY_BYTES], old_key[BOX_KEY_BYTES];
};

static int find(const struct search *search, const unsigned char *key, const char *passphrase,
                size_t *line) {
    unsigned char found[BOX_KEY_BYTES];
    const struct box_prelude prelude = prelude_of(key);
    struct secret_text text = text_of(passphrase != NULL ? passphrase : "");
    int result =
        box_key_find(&search->file, &prelude, passphrase != NULL ? &text : NULL, found, line, &err);
    if (result == 0)
        assert_memory_equal(found, key, sizeof found);
    secret_text_free(&text);
    return result;
}

static struct search make_search(const char *new_passphrase, const char *old_passphrase) {
    struct search search = {.file = {.count = 2}};
    box_key_make(search.new_key);
    box_key_make(search.old_key);
    box_key_bare(search.new_key, &search.file.lines[0]);
    box_key_bare(search.old_key, &search.file.lines[1]);
    if (new_passphrase != NULL)
        search.file.lines[0] = seal(search.new_key, new_passphrase);
    if (old_passphrase != NULL)
        search.file.lines[1] = seal(search.old_key, old_passphrase);
    return search;
}

static void of_two_keys_the_one_of_the_box_is_found(void **state) {
    (void)state;
    size_t line = 77;
    const char *passphrases[][2] = {
        {NULL, NULL}, {"new", NULL}, {NULL, "old"}, {"one", "one"}, {"new", "old"}};
    for (size_t i = 0; i < sizeof passphrases / sizeof *passphrases; i++) {
        const char *fresh = passphrases[i][0], *old = passphrases[i][1];
        struct search search = make_search(fresh, old);
        assert_int_equal(find(&search, search.new_key, fresh, &line), 0);
        assert_int_equal(line, 0);
        assert_int_equal(find(&search, search.old_key, old, &line), 0);
        assert_int_equal(line, 1);
    }
}

static void what_opens_no_box_is_told_apart(void **state) {
    (void)state;
    size_t line = 77;
    struct search search = make_search("new", "old");
    assert_int_equal(find(&search, search.new_key, "old", &line), -1);
    assert_int_equal(err.code, ERROR_BOX_WRONG_PASSPHRASE);
    assert_non_null(strstr(err.todo, "rekey"));
    assert_int_equal(find(&search, search.old_key, "new", &line), -1);
    assert_int_equal(err.code, ERROR_BOX_WRONG_PASSPHRASE);
    assert_int_equal(find(&search, search.old_key, NULL, &line), -1);
    assert_int_equal(err.code, ERROR_BOX_PASSPHRASE);
    assert_int_equal(find(&search, fixture_key, "neither", &line), -1);
    assert_int_equal(err.code, ERROR_BOX_WRONG_PASSPHRASE);
    search = make_search("one", "one");
    assert_int_equal(find(&search, fixture_key, "one", &line), -1);
    assert_int_equal(err.code, ERROR_BOX_WRONG_KEY);
    search = make_search(NULL, NULL);
    assert_int_equal(find(&search, fixture_key, NULL, &line), -1);
    assert_int_equal(err.code, ERROR_BOX_WRONG_KEY);
    assert_int_equal(line, 77);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_keys_the_one_of_the_box_is_found),
        cmocka_unit_test(what_opens_no_box_is_told_apart),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
