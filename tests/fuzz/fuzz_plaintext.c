/* A key, a newline, a value: what is found lies in the value and is then hidden; and
 * what stands around a secret does not uncover it. */
#include <string.h>

#include "policy/plaintext/plaintext.h"
#include "policy/rules/rule_hide.h"
#include "tests/fuzz/fuzz.h"

static void check_found(const char *key, const char *value) {
    size_t offset = 77, length = 77;
    if (!plaintext_find_embedded(key, value, &offset, &length))
        return;
    HOLDS(length > 0 && offset <= strlen(value) && length <= strlen(value) - offset);
    HOLDS(plaintext_must_redact(key, value));
}

static void check_class(const char *key, const char *value) {
    enum value_class class = plaintext_classify(key, value);
    bool secret = plaintext_key_is_secret(key);
    HOLDS(class <= VALUE_HARMLESS);
    HOLDS((class == VALUE_EMPTY) == (strspn(value, " \t\r\n\f\v") == strlen(value)) ||
          class != VALUE_EMPTY);
    if (secret && (class == VALUE_LITERAL || class == VALUE_FALSE_REFERENCE))
        HOLDS(plaintext_must_redact(key, value));
    HOLDS(!plaintext_must_redact(key, value) || rule_must_hide(key, value));
}

/* A password of a known place is found wherever the place stands in the value. */
static void check_planted(const char *prefix, const char *suffix, struct arena *arena) {
    static const char *const plants[] = {
        "-Djavax.net.ssl.keyStorePassword=" FUZZ_CANARY,
        "jdbc:postgresql://db.example/x?user=u&password=" FUZZ_CANARY,
    };
    if (strpbrk(prefix, "'\"\\") != NULL || strpbrk(suffix, "'\"\\") != NULL)
        return;
    for (size_t i = 0; i < sizeof plants / sizeof *plants; i++) {
        char *value = arena_printf(arena, "%s %s %s", prefix, plants[i], suffix);
        HOLDS(value != NULL);
        HOLDS(plaintext_must_redact("spark.driver.extraJavaOptions", value));
    }
}

FUZZ_TARGET(plaintext, 8192) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    size_t count = 0;
    const char **words = fuzz_words(bytes, length, '\n', &arena, &count);
    const char *key = count > 0 ? words[0] : "", *value = count > 1 ? words[1] : "";
    check_found(key, value);
    check_class(key, value);
    HOLDS(rule_must_hide(key, value) == rule_must_hide(key, value));
    if (count > 2)
        check_planted(words[1], words[2], &arena);
    arena_free(&arena);
}
