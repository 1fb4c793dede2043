#include "policy/rules/rule_hide.h"

#include <stddef.h>
#include <string.h>

#include "policy/data/catalogue/catalogue.h"
#include "policy/plaintext/plaintext.h"
#include "sidecar/base/text.h"

/* Words in a key that announce a secret. */
static const char *const secret_words[] = {"secret", "password", "token", "credential"};

#define WORD_BYTES 32

/* Whether a word is one slip of the hand away from one of these; hiding one value
 * too many is no harm. */
static bool is_near_secret(const char *word) {
    for (size_t i = 0; i < sizeof secret_words / sizeof secret_words[0]; i++)
        if (text_distance(word, secret_words[i], 1) <= 1)
            return true;
    return false;
}

static bool has_near_secret(const char *key) {
    static const char separators[] = "._-";
    while (*key != '\0') {
        char word[WORD_BYTES];
        size_t length = strcspn(key, separators);
        if (length < sizeof word) {
            for (size_t i = 0; i < length; i++)
                word[i] = (char)(key[i] >= 'A' && key[i] <= 'Z' ? key[i] - 'A' + 'a' : key[i]);
            word[length] = '\0';
            if (is_near_secret(word))
                return true;
        }
        key += length + strspn(key + length, separators);
    }
    return false;
}

bool rule_must_hide(const char *key, const char *value) {
    if (plaintext_must_redact(key, value))
        return true;
    if (catalogue_find(key) != NULL)
        return false;
    const char *meant = catalogue_near_miss(key);
    return (meant != NULL && plaintext_must_redact(meant, value)) || has_near_secret(key);
}
