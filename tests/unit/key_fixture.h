/* key_fixture.h: a key line under a passphrase, as cheap as it may be. */
#ifndef ARRESTOR_TESTS_KEY_FIXTURE_H
#define ARRESTOR_TESTS_KEY_FIXTURE_H

#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/secret/secret_set.h"
#include "sidecar/strongbox/box_key.h"

static inline struct secret_text text_of(const char *text) {
    struct secret_text made = {.bytes = secret_alloc(strlen(text) + 1), .length = strlen(text)};
    assert_non_null(made.bytes);
    memcpy(made.bytes, text, made.length);
    return made;
}

static inline struct box_key_line seal(const unsigned char *key, const char *passphrase) {
    struct box_key_line line;
    struct secret_text text = text_of(passphrase);
    struct error err;
    assert_int_equal(box_key_seal(key, &text, 1, LIMIT_PASS_KIB_MIN, &line, &err), 0);
    secret_text_free(&text);
    return line;
}

#endif
