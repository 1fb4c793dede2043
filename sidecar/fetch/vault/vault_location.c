#include "sidecar/fetch/vault/vault_location.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sidecar/base/number.h"
#include "sidecar/config/config.h"

#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
#define IPV6_CHARACTERS "0123456789abcdefABCDEF:."

struct scheme {
    const char *name;
    uint16_t port;
};
static const struct scheme schemes[] = {{"http", 80}, {"https", 443}};

/* The scheme at the start of *text, which moves to the "//" behind it. */
static const struct scheme *read_scheme(const char **text) {
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t length = strlen(schemes[i].name);
        if (strncasecmp(*text, schemes[i].name, length) == 0 && (*text)[length] == ':') {
            *text += length + 1;
            return &schemes[i];
        }
    }
    return NULL;
}

/* Length of the host, brackets of IPv6 included; 0: none. */
static size_t measure_host(const char *text) {
    if (*text != '[')
        return strspn(text, HOST_CHARACTERS);
    size_t length = strspn(text + 1, IPV6_CHARACTERS);
    return length > 0 && text[length + 1] == ']' ? length + 2 : 0;
}

/* ":8200" up to `end`; nothing there leaves *port as it is. */
static int read_port(const char *text, const char *end, uint64_t *port) {
    char digits[6] = "";
    if (text == end || (end - text == 1 && *text == ':'))
        return 0;
    size_t length = (size_t)(end - text) - 1;
    if (*text != ':' || length >= sizeof digits)
        return -1;
    memcpy(digits, text + 1, length);
    return number_parse(digits, UINT16_MAX, port) == 0 && *port > 0 ? 0 : -1;
}

static int put(char *ret, int written) {
    if (written > 0 && written < LIMIT_PATH)
        return 0;
    ret[0] = '\0';
    return -1;
}

/* text stands behind "scheme:" and starts with "//". */
static int read_authority(const struct scheme *scheme, const char *text, char *ret) {
    text += 2;
    const char *end = text + strcspn(text, "/?#");
    size_t host = measure_host(text);
    uint64_t port = scheme->port;
    if (host == 0 || host > LIMIT_HOST_NAME || text + host > end ||
        read_port(text + host, end, &port) != 0)
        return -1;
    return put(ret, snprintf(ret, LIMIT_PATH, "%s://%.*s:%u", scheme->name, (int)host, text,
                             (unsigned)port));
}

/* Whether a scheme of any name stands at the start (RFC 3986 section 3.1). */
static bool has_scheme(const char *text) {
    size_t length = strcspn(text, ":/?#");
    return length > 0 && text[length] == ':';
}

int vault_location_read(const char *location, const struct config_address *own,
                        char ret[LIMIT_PATH]) {
    ret[0] = '\0';
    const struct scheme *scheme = read_scheme(&location);
    if (scheme == NULL && has_scheme(location))
        return -1;
    bool has_authority = location[0] == '/' && location[1] == '/';
    if (scheme != NULL && !has_authority)
        return -1;
    if (!has_authority)
        return put(ret, snprintf(ret, LIMIT_PATH, "%s", own->text));
    return read_authority(scheme != NULL ? scheme : &schemes[own->tls ? 1 : 0], location, ret);
}
