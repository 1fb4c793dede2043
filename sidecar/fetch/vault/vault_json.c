#include "sidecar/fetch/vault/vault_json.h"

#include <string.h>

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool opens(char c) {
    return c == '{' || c == '[';
}

static bool closes(char c) {
    return c == '}' || c == ']';
}

static size_t skip_blanks(struct vault_span text, size_t at) {
    while (at < text.length && is_blank(text.bytes[at]))
        at++;
    return at;
}

/* Behind the string whose first quote stands at `at`. */
static size_t skip_string(struct vault_span text, size_t at) {
    for (at++; at < text.length && text.bytes[at] != '"'; at++)
        if (text.bytes[at] == '\\')
            at++;
    return at < text.length ? at + 1 : text.length;
}

/* Behind the object or array that opens at `at`. */
static size_t skip_nest(struct vault_span text, size_t at) {
    size_t depth = 0;
    while (at < text.length) {
        char c = text.bytes[at];
        if (c == '"') {
            at = skip_string(text, at);
            continue;
        }
        at++;
        if (opens(c))
            depth++;
        else if (closes(c) && --depth == 0)
            break;
    }
    return at;
}

static size_t skip_value(struct vault_span text, size_t at) {
    if (at < text.length && text.bytes[at] == '"')
        return skip_string(text, at);
    if (at < text.length && opens(text.bytes[at]))
        return skip_nest(text, at);
    while (at < text.length && text.bytes[at] != ',' && !closes(text.bytes[at]) &&
           !is_blank(text.bytes[at]))
        at++;
    return at;
}

bool vault_json_is_shallow(struct vault_span text, size_t most) {
    size_t depth = 0;
    for (size_t at = 0; at < text.length;) {
        char c = text.bytes[at];
        if (c == '"') {
            at = skip_string(text, at);
            continue;
        }
        if (opens(c) && ++depth > most)
            return false;
        if (closes(c) && depth > 0)
            depth--;
        at++;
    }
    return true;
}

static bool is_key(struct vault_span text, size_t at, size_t end, const char *key) {
    size_t length = strlen(key);
    return end - at == length + 2 && memcmp(text.bytes + at + 1, key, length) == 0;
}

int vault_json_member(struct vault_span text, const char *key, struct vault_span *ret) {
    size_t at = skip_blanks(text, 0);
    if (at >= text.length || text.bytes[at] != '{')
        return -1;
    at = skip_blanks(text, at + 1);
    while (at < text.length && text.bytes[at] == '"') {
        size_t key_end = skip_string(text, at);
        size_t start = skip_blanks(text, key_end);
        if (start < text.length)
            start = skip_blanks(text, start + 1); /* the colon */
        size_t end = skip_value(text, start);
        if (is_key(text, at, key_end, key)) {
            *ret = (struct vault_span){.bytes = text.bytes + start, .length = end - start};
            return 0;
        }
        at = skip_blanks(text, end);
        if (at < text.length)
            at = skip_blanks(text, at + 1); /* the comma */
    }
    return -1;
}

size_t vault_json_compact(struct vault_span text, unsigned char *out) {
    size_t length = 0;
    for (size_t at = 0; at < text.length;) {
        size_t end = text.bytes[at] == '"' ? skip_string(text, at) : at + 1;
        if (!is_blank(text.bytes[at])) {
            memcpy(out + length, text.bytes + at, end - at);
            length += end - at;
        }
        at = end;
    }
    return length;
}
