/* plaintext.h: whether a secret lives under a key, and what a value is. Pure.
 *
 * The key decides whether a secret lives here, the value decides what it is
 * (DESIGN, Plaintext secrets). Entropy never gates. */
#ifndef ARRESTOR_POLICY_PLAINTEXT_H
#define ARRESTOR_POLICY_PLAINTEXT_H

#include <stdbool.h>
#include <stddef.h>

enum value_class {
    VALUE_EMPTY,
    VALUE_LITERAL,         /* a secret in plain text */
    VALUE_WELL_KNOWN,      /* a literal everybody knows: minioadmin, changeit … */
    VALUE_REFERENCE,       /* resolved by the key's reader, which substitutes */
    VALUE_PLACEHOLDER,     /* a template variable, or a marker to be replaced: unknown */
    VALUE_FALSE_REFERENCE, /* ${…} where nothing substitutes: its text is the secret */
    VALUE_HARMLESS /* a boolean, number, path or class under a key that only sounds secret */
};

/* Whether a value under this key is a secret. Families as a table in the .c. */
bool plaintext_key_is_secret(const char *key);

/* What the value under a secret key is. The key matters, because only some
 * readers substitute ${env:…} (reference spark-security 1.6). */
enum value_class plaintext_classify(const char *key, const char *value);

/* Finds a secret inside text: password= or userinfo of a URL, -Dx.password=…,
 * password="…" of a JAAS string. Offset and length of the value in it; false
 * where there is none, or only references and placeholders. */
bool plaintext_find_embedded(const char *key, const char *value, size_t *offset, size_t *length);

/* The same for a key of which it is known that it is no secret's. */
bool plaintext_find_within(const char *value, size_t *offset, size_t *length);

/* Whether any output must show (redacted) instead of this value. */
bool plaintext_must_redact(const char *key, const char *value);

#endif
