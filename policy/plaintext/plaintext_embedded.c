#include <string.h>

#include "policy/plaintext/plaintext.h"
#include "policy/plaintext/plaintext_table.h"
#include "sidecar/base/text.h"

/* A stretch of the value that may be a secret. */
struct span {
    const char *start;
    size_t length;
};

/* Ends of names in front of '=': password=…, -Djavax.net.ssl.keyStorePassword=…,
 * ;AccountKey=…, clientSecret="…". Without regard to case. */
static const char *const secret_names[] = {
    "password",   "passwd",    "passphrase", "pwd",        "secret",
    "token",      "secretkey", "secret_key", "secret-key", "secret.key",
    "apikey",     "api_key",   "api-key",    "accountkey", "sharedaccesskey",
    "access_key", "accesskey", "access.key", "privatekey", "private_key",
};

static bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_name_character(char c) {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
}

static bool is_quote(char c) {
    return c == '"' || c == '\'';
}

/* Whether this stretch is a secret in plain text. What an option would be
 * replaced by is not known here: a reference counts as one. */
static bool is_plain(struct span span) {
    switch (plaintext_look(span.start, span.length, READER_UNKNOWN, FAMILY_PASSWORD)) {
    case VALUE_LITERAL:
    case VALUE_WELL_KNOWN:
        return true;
    default:
        return false;
    }
}

static bool ends_nocase(const char *name, size_t length, const char *end) {
    size_t tail = strlen(end);
    for (size_t i = 0; i < tail && tail <= length; i++) {
        char c = name[length - tail + i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != end[i])
            return false;
    }
    return tail <= length;
}

/* Whether the name is a secret's; "sig" is the signature of a shared access URL
 * of Azure, and a word of its own. */
static bool is_secret_name(const char *name, size_t length) {
    if (length == 3 && strncmp(name, "sig", 3) == 0)
        return true;
    for (size_t i = 0; i < sizeof secret_names / sizeof secret_names[0]; i++)
        if (ends_nocase(name, length, secret_names[i]))
            return true;
    return false;
}

/* Length of a reference or template at the start of text, brackets and all. */
static size_t reference_length(const char *text) {
    static const char *const brackets[][2] = {{"${", "}"}, {"$(", ")"}, {"{{", "}}"}};
    for (size_t i = 0; i < sizeof brackets / sizeof brackets[0]; i++) {
        const char *end = text_starts(text, brackets[i][0]) ? strstr(text, brackets[i][1]) : NULL;
        if (end != NULL)
            return (size_t)(end - text) + strlen(brackets[i][1]);
    }
    return 0;
}

/* The text behind '=', up to its quote or the next separator. */
static struct span value_behind(const char *p) {
    while (*p == ' ')
        p++;
    bool escaped_quote = *p == '\\' && is_quote(p[1]);
    if (escaped_quote)
        p++;
    if (!is_quote(*p)) {
        size_t reference = reference_length(p);
        return (struct span){p, reference + strcspn(p + reference, "&;,)}| \t\r\n\"'")};
    }
    char quote = *p++;
    const char *end = p;
    while (*end != '\0' && *end != quote && !(escaped_quote && *end == '\\'))
        end += *end == '\\' && end[1] != '\0' ? 2 : 1;
    return (struct span){p, (size_t)(end - p)};
}

/* The name in front of the sign: bare before '=', quoted before ':' (JSON). */
static struct span name_before(const char *value, const char *sign) {
    const char *end = sign;
    while (end > value && end[-1] == ' ')
        end--;
    bool quoted = end > value && is_quote(end[-1]);
    if (quoted)
        end--;
    if (quoted && end > value && end[-1] == '\\')
        end--;
    if (*sign == ':' && !quoted)
        return (struct span){end, 0};
    const char *start = end;
    while (start > value && is_name_character(start[-1]))
        start--;
    return (struct span){start, (size_t)(end - start)};
}

#define NAME_END 32

/* Whether the name is a secret's once a shell or Spark's launcher has taken the quotes
 * and backslashes out of it: -Dapp."pass"word=…. Its end is enough. */
static bool is_quoted_secret(const char *value, struct span name) {
    char word[NAME_END];
    size_t at = NAME_END;
    for (const char *p = name.start + name.length; p > value && at > 0; p--)
        if (is_name_character(p[-1]))
            word[--at] = p[-1];
        else if (!is_quote(p[-1]) && p[-1] != '\\')
            break;
    return is_secret_name(word + at, NAME_END - at);
}

/* A name behind '/' is a directory of a partitioned table: "/table/token=1". */
static bool find_named(const char *value, struct span *ret) {
    for (const char *p = strpbrk(value, "=:"); p != NULL; p = strpbrk(p + 1, "=:")) {
        struct span name = name_before(value, p);
        bool partition = name.start > value && name.start[-1] == '/';
        if (name.length == 0 || partition)
            continue;
        if (!is_secret_name(name.start, name.length) && !is_quoted_secret(value, name))
            continue;
        *ret = value_behind(p + 1);
        if (is_plain(*ret))
            return true;
    }
    return false;
}

/* scheme://user:password@host */
static bool find_userinfo(const char *value, struct span *ret) {
    for (const char *p = strstr(value, "://"); p != NULL; p = strstr(p + 3, "://")) {
        const char *start = p + 3;
        size_t length = strcspn(start, "/?# \t\r\n\"'<>");
        const char *at = length == 0 ? NULL : memrchr(start, '@', length);
        const char *colon = at == NULL ? NULL : memchr(start, ':', (size_t)(at - start));
        if (colon == NULL)
            continue;
        *ret = (struct span){colon + 1, (size_t)(at - colon - 1)};
        if (is_plain(*ret))
            return true;
    }
    return false;
}

/* jdbc:oracle:thin:user/password@host */
static bool find_oracle(const char *value, struct span *ret) {
    const char *url = strstr(value, "jdbc:oracle:");
    const char *at = url == NULL ? NULL : strchr(url, '@');
    const char *slash = at == NULL ? NULL : memchr(url, '/', (size_t)(at - url));
    if (slash == NULL || slash + 1 >= at)
        return false;
    *ret = (struct span){slash + 1, (size_t)(at - slash - 1)};
    return is_plain(*ret);
}

/* "Bearer TOKEN", "Basic BASE64" at the start or behind Authorization. */
static bool find_authorization(const char *value, struct span *ret) {
    static const char *const schemes[] = {"Bearer ", "bearer ", "Basic ", "basic "};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const char *scheme = strstr(value, schemes[i]);
        if (scheme == NULL || (scheme != value && strstr(value, "uthorization") == NULL))
            continue;
        const char *start = scheme + strlen(schemes[i]);
        *ret = (struct span){start, strcspn(start, " \t\r\n,;\"'")};
        if (ret->length >= 8 && is_plain(*ret))
            return true;
    }
    return false;
}

/* Tokens that tell what they are: prefix and least number of letters, digits, '_',
 * '-' and '.' behind it. */
static const struct {
    const char *prefix;
    size_t least;
} tokens[] = {
    {"ghp_", 36},  {"gho_", 36},  {"ghs_", 36}, {"github_pat_", 40}, {"glpat-", 20},
    {"xoxb-", 20}, {"xoxp-", 20}, {"hvs.", 24}, {"hvb.", 24},        {"hvr.", 24},
    {"dapi", 32},  {"dkea", 32},  {"AIza", 35}, {"npm_", 36},        {"eyJhbGciOi", 30},
};

static bool find_token(const char *value, struct span *ret) {
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        const char *p = strstr(value, tokens[i].prefix);
        for (; p != NULL; p = strstr(p + 1, tokens[i].prefix)) {
            size_t prefix = strlen(tokens[i].prefix), length = prefix;
            while (is_name_character(p[length]))
                length++;
            *ret = (struct span){p, length};
            if (length - prefix >= tokens[i].least && (p == value || !is_letter_or_digit(p[-1])))
                return true;
        }
    }
    return false;
}

static bool find_private_key(const char *value, struct span *ret) {
    const char *begin = strstr(value, "-----BEGIN ");
    const char *key = begin == NULL ? NULL : strstr(begin, "PRIVATE KEY-----");
    if (key == NULL)
        return false;
    *ret = (struct span){begin, strlen(begin)};
    return true;
}

bool plaintext_find_within(const char *value, size_t *offset, size_t *length) {
    static bool (*const finders[])(const char *, struct span *) = {
        find_userinfo, find_named, find_oracle, find_authorization, find_token, find_private_key};
    for (size_t i = 0; i < sizeof finders / sizeof finders[0]; i++) {
        struct span span = {0};
        if (!finders[i](value, &span))
            continue;
        *offset = (size_t)(span.start - value);
        *length = span.length;
        return true;
    }
    return false;
}

bool plaintext_find_embedded(const char *key, const char *value, size_t *offset, size_t *length) {
    return !plaintext_key_is_secret(key) && plaintext_find_within(value, offset, length);
}
