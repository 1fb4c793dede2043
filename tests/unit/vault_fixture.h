/* vault_fixture.h: answers made by hand, for the units of fetch/vault. */
#ifndef ARRESTOR_TESTS_VAULT_FIXTURE_H
#define ARRESTOR_TESTS_VAULT_FIXTURE_H

#include <string.h>

#include "sidecar/fetch/vault/vault_answer.h"
#include "sidecar/secret/secret_set.h"

/* An answer of `length` bytes in a block of exactly that size, so that a tool
 * that watches memory sees a byte read behind it. */
static inline struct vault_answer make_answer(uint32_t status, const char *body, size_t length) {
    struct vault_answer answer = {.status = status, .is_json = true, .length = length};
    if (length > 0) {
        answer.body = secret_alloc(length);
        assert_non_null(answer.body);
        memcpy(answer.body, body, length);
    }
    return answer;
}

#endif
