#include "sidecar/fetch/vault/vault_server.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/config/config.h"
#include "sidecar/fetch/vault/vault_trust.h"

static bool is_sendable(const char *text) {
    for (; text != NULL && *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static void put_host(struct buffer *out, const char *host, uint16_t port) {
    bool is_ipv6 = strchr(host, ':') != NULL;
    buffer_printf(out, "%s%s%s:%u", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", (unsigned)port);
}

/* An address that nothing is ever connected to: the sockets are. */
static int make_resolve(struct vault_server *server, const char *name) {
    struct buffer text = buffer_make(LIMIT_LOG_LINE);
    buffer_printf(&text, "%s:%u:127.0.0.1", name, (unsigned)server->address->port);
    if (buffer_status(&text) == 0)
        server->resolve = curl_slist_append(NULL, text.data);
    buffer_free(&text);
    return server->resolve != NULL ? 0 : -1;
}

static int read_trust(struct vault_server *server, int ca, struct error *err) {
    struct buffer pem = buffer_make(LIMIT_CA_BYTES);
    struct error ignored;
    if (!server->address->tls)
        return 0;
    if (ca < 0 || file_read(ca, "ca", &pem, &ignored) != 0)
        (void)error_set(err, ERROR_STORE_CA, "the CA bundle cannot be read, or is too large");
    else
        server->trust = vault_trust_read(pem.data, pem.length, err);
    buffer_free(&pem);
    return server->trust != NULL ? 0 : -1;
}

/* The name that is checked stands in the URL, so that libcurl sends it (SNI) and
 * looks for it in the certificate; the Host header says what was configured. */
int vault_server_name(struct vault_server *server, const char *tls_name, int ca,
                      struct error *err) {
    const struct config_address *address = server->address;
    bool other = address->tls && tls_name != NULL;
    const char *name = other ? tls_name : address->host;
    server->origin = buffer_make(LIMIT_LOG_LINE);
    server->host = buffer_make(LIMIT_LOG_LINE);
    if (!is_sendable(name) || !is_sendable(server->namespace_path))
        return error_set(err, ERROR_CONFIG, "a name holds a control character");
    buffer_text(&server->origin, address->tls ? "https://" : "http://");
    put_host(&server->origin, name, address->port);
    buffer_text(&server->origin, "/v1/");
    if (other)
        put_host(&server->host, address->host, address->port);
    if (make_resolve(server, name) != 0 || buffer_status(&server->origin) != 0 ||
        buffer_status(&server->host) != 0)
        return error_set(err, ERROR_MEMORY, "the server cannot be named");
    return read_trust(server, ca, err);
}

void vault_server_free(struct vault_server *server) {
    X509_STORE_free(server->trust);
    server->trust = NULL;
    buffer_free(&server->origin);
    buffer_free(&server->host);
    curl_slist_free_all(server->resolve);
    server->resolve = NULL;
}
