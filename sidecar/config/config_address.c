#include "sidecar/config/config_address.h"

#include <arpa/inet.h>
#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/number.h"
#include "sidecar/base/text.h"

#define LABEL_MAX 63 /* RFC 1035 section 2.3.4 */

/* What a text consists of, as it is taken apart. */
struct parts {
    char *host;
    bool brackets;
    const char *port; /* NULL: not said */
};

static int refuse(struct error *err, const char *what, const char *todo) {
    error_set(err, ERROR_CONFIG, "%s", what);
    return error_todo(err, "%s", todo);
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Length of "http://" or "https://" at the start of text, or 0. */
static size_t read_scheme(const char *text, bool *tls) {
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < 2; i++) {
        const char *scheme = schemes[i];
        size_t at = 0;
        while (scheme[at] != '\0' && lower(text[at]) == scheme[at])
            at++;
        if (scheme[at] != '\0')
            continue;
        *tls = i == 1;
        return at;
    }
    return 0;
}

static bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
}

/* Whether an old resolver would take this last label for a number (inet_aton). */
static bool is_numeric(const char *label) {
    return label[strspn(label, "0123456789")] == '\0' ||
           (text_starts(label, "0x") && label[2 + strspn(label + 2, "0123456789abcdef")] == '\0');
}

static bool is_host_name(const char *host) {
    const char *label = host;
    for (;;) {
        size_t length = 0;
        while (is_host_character(label[length]))
            length++;
        if (length == 0 || length > LABEL_MAX || label[0] == '-' || label[length - 1] == '-')
            return false;
        if (label[length] == '\0')
            return !is_numeric(label);
        if (label[length] != '.')
            return false;
        label += length + 1;
    }
}

static int check_host(const struct parts *parts, struct error *err) {
    unsigned char bytes[sizeof(struct in6_addr)];
    const char *host = parts->host;
    if (strlen(host) >= LIMIT_HOST_NAME)
        return refuse(err, "the host of the address is too long",
                      "a host name has at most 253 characters");
    if (parts->brackets) {
        if (inet_pton(AF_INET6, host, bytes) == 1)
            return 0;
        return refuse(err, "what stands in [ ] is no IPv6 address",
                      "write it as in https://[2001:db8::1]:8200, without a zone");
    }
    for (const char *p = host; *p != '\0'; p++)
        if ((unsigned char)*p > 0x7e)
            return refuse(err, "the host of the address is not ASCII",
                          "write an international name in its xn-- form");
    if (inet_pton(AF_INET, host, bytes) == 1 || is_host_name(host))
        return 0;
    return refuse(err, "the address has no valid host",
                  "write a host name, an IPv4 address of four numbers, or an IPv6 address in "
                  "[ ], as in https://vault.example.com:8200");
}

/* Splits host[:port], which ends where the path begins. */
static int split(char *text, struct parts *ret, struct error *err) {
    *ret = (struct parts){.host = text};
    char *end = text + strcspn(text, ":");
    if (text[0] == '[') {
        ret->brackets = true;
        ret->host = text + 1;
        end = text + strcspn(text, "]");
        if (*end == '\0')
            return refuse(err, "the address has a '[' without its ']'",
                          "write it as in https://[2001:db8::1]:8200");
        *end++ = '\0';
    } else if (strchr(end + (*end == ':'), ':') != NULL) {
        return refuse(err, "the address has more than one ':' after its scheme",
                      "put an IPv6 address in brackets, as in https://[2001:db8::1]:8200");
    }
    if (*end != '\0' && *end != ':')
        return refuse(err, "the address goes on after its ']'",
                      "write it as in https://[2001:db8::1]:8200");
    ret->port = *end == ':' ? end + 1 : NULL;
    *end = '\0';
    return 0;
}

static int read_port(const char *text, bool tls, uint16_t *ret, struct error *err) {
    uint64_t port = tls ? 443 : 80;
    if (text != NULL && (number_parse(text, 65535, &port) != 0 || port == 0))
        return refuse(err, "the port of the address is not a number of 1 to 65535",
                      "write it as in https://vault.example.com:8200");
    *ret = (uint16_t)port;
    return 0;
}

/* Cuts one '/' off the end. What else could stand behind host and port is refused. */
static int cut_end(char *text, char *authority, struct error *err) {
    size_t length = strcspn(authority, "/?#\\");
    if (strchr(authority, '@') != NULL)
        return refuse(err, "the address holds a user name or password",
                      "leave out what stands before the '@', and log in by `auth:`; if it is a "
                      "password, change it");
    if (authority[length] == '/' && authority[length + 1] == '\0')
        authority[length] = '\0';
    if (authority[length] != '\0')
        return refuse(err, "the address holds more than scheme, host and port",
                      "leave out what stands behind host and port: where a secret lies is said by "
                      "its `path:`, a namespace by `namespace:`");
    for (const char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return refuse(err, "the address holds a blank or a control character",
                          "write it as in https://vault.example.com:8200");
    return 0;
}

int config_address_parse(const char *text, struct arena *arena, struct config_address *ret,
                         struct error *err) {
    struct config_address address = {0};
    struct parts parts;
    size_t scheme = read_scheme(text, &address.tls);
    if (scheme == 0)
        return refuse(err, "the address does not begin with https:// or http://",
                      "write it as in https://vault.example.com:8200");
    char *whole = arena_text(arena, text, strlen(text));
    char *authority = arena_text(arena, text + scheme, strlen(text + scheme));
    if (whole == NULL || authority == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted");
    if (cut_end(whole, authority, err) != 0)
        return -1;
    whole[scheme + strlen(authority)] = '\0';
    for (char *p = authority; *p != '\0'; p++)
        *p = lower(*p);
    if (split(authority, &parts, err) != 0 || check_host(&parts, err) != 0 ||
        read_port(parts.port, address.tls, &address.port, err) != 0)
        return -1;
    address.text = whole;
    address.host = parts.host;
    *ret = address;
    return 0;
}

bool config_address_is_loopback(const struct config_address *address) {
    static const unsigned char loopback[sizeof(struct in6_addr)] = {[15] = 1};
    unsigned char bytes[sizeof loopback];
    if (strcmp(address->host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, address->host, bytes) == 1)
        return bytes[0] == 127;
    return inet_pton(AF_INET6, address->host, bytes) == 1 &&
           memcmp(bytes, loopback, sizeof loopback) == 0;
}

bool config_address_equal(const struct config_address *a, const struct config_address *b) {
    return a->tls == b->tls && a->port == b->port && strcmp(a->host, b->host) == 0;
}

int config_address_check(const struct config_address *address, bool allow_http, struct error *err) {
    if (address->tls || allow_http || config_address_is_loopback(address))
        return 0;
    return refuse(err,
                  "the address is http to another machine: the store token and every secret "
                  "would cross the network in clear text",
                  "write https://, or, where the network itself is encrypted, allow-http: true");
}
