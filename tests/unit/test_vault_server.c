#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/config/config.h"
#include "sidecar/fetch/vault/vault_memory.h"
#include "sidecar/fetch/vault/vault_server.h"

/* A self-signed CA of this test, P-256, until 2119. */
static const char pem[] = "-----BEGIN CERTIFICATE-----\n"
                          "MIIBcjCCARegAwIBAgIUX5lSXzbGJDOuqJYsd+b2gafMWxQwCgYIKoZIzj0EAwIw\n"
                          "DTELMAkGA1UEAwwCY2EwIBcNMjYxMTIxMTQ1NTA4WhgPMjExOTEyMjQxNDU1MDha\n"
                          "MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbLgldm/e\n"
                          "lSEBvRHwfkZBw5JJsOsxTtjgzGfsm7ojB3RWlZnDZffxZpJ3ZynrRqb6BHaJwe4y\n"
                          "HhI43g3R5zdkTKNTMFEwHQYDVR0OBBYEFBuFZBzYbGzQpyi2ZmQ7QFYeEeyoMB8G\n"
                          "A1UdIwQYMBaAFBuFZBzYbGzQpyi2ZmQ7QFYeEeyoMA8GA1UdEwEB/wQFMAMBAf8w\n"
                          "CgYIKoZIzj0EAwIDSQAwRgIhAP0QdOhfxGUzq3MYFNsuhoUBVsceNpH38i0n5ef3\n"
                          "zvo2AiEAjPn9GgZZwu3LcqkCs24sktDrDwKA4Cu7K/CJzixbj0o=\n"
                          "-----END CERTIFICATE-----\n";

static struct error err;

static int name(struct vault_server *server, const char *host, bool tls, const char *tls_name,
                const char *namespace_path, int ca) {
    static struct config_address address;
    address = (struct config_address){.text = "", .tls = tls, .host = host, .port = 8200};
    *server = (struct vault_server){.address = &address, .namespace_path = namespace_path};
    error_clear(&err);
    return vault_server_name(server, tls_name, ca, &err);
}

static int ca_file(const char *bytes, size_t length) {
    int fd = memfd_create("ca", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, bytes, length), 0);
    return fd;
}

static void the_name_that_is_checked_stands_in_the_url(void **state) {
    (void)state;
    static const struct {
        const char *host, *tls_name;
        bool tls;
        const char *origin, *header, *resolve;
    } cases[] = {
        {"vault", NULL, false, "http://vault:8200/v1/", NULL, "vault:8200:127.0.0.1"},
        {"vault", "other", false, "http://vault:8200/v1/", NULL, "vault:8200:127.0.0.1"},
        {"vault", NULL, true, "https://vault:8200/v1/", NULL, "vault:8200:127.0.0.1"},
        {"10.0.0.1", "vault", true, "https://vault:8200/v1/", "10.0.0.1:8200",
         "vault:8200:127.0.0.1"},
        {"::1", "vault", true, "https://vault:8200/v1/", "[::1]:8200", "vault:8200:127.0.0.1"},
        {"::1", NULL, true, "https://[::1]:8200/v1/", NULL, "::1:8200:127.0.0.1"},
    };
    int ca = ca_file(pem, sizeof pem - 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vault_server server;
        assert_int_equal(name(&server, cases[i].host, cases[i].tls, cases[i].tls_name, NULL, ca),
                         0);
        assert_string_equal(server.origin.data, cases[i].origin);
        if (cases[i].header != NULL)
            assert_string_equal(server.host.data, cases[i].header);
        else
            assert_null(server.host.data);
        assert_string_equal(server.resolve->data, cases[i].resolve);
        assert_int_equal(server.trust != NULL, cases[i].tls);
        vault_server_free(&server);
        assert_null(server.trust);
    }
    assert_int_equal(close(ca), 0);
}

static void what_would_break_a_header_is_refused(void **state) {
    (void)state;
    struct vault_server server;
    assert_int_equal(name(&server, "a\r\nX: y", false, NULL, NULL, -1), -1);
    assert_int_equal(err.code, ERROR_CONFIG);
    vault_server_free(&server);
    assert_int_equal(name(&server, "a", false, NULL, "team\nX: y", -1), -1);
    assert_int_equal(err.code, ERROR_CONFIG);
    vault_server_free(&server);
}

static void assert_trust(const char *bytes, size_t length, bool trusted) {
    struct vault_server server;
    int ca = ca_file(bytes, length);
    int result = name(&server, "a", true, NULL, NULL, ca);
    assert_int_equal(result, trusted ? 0 : -1);
    assert_int_equal(err.code, trusted ? ERROR_OK : ERROR_STORE_CA);
    vault_server_free(&server);
    assert_int_equal(close(ca), 0);
}

static void only_a_whole_bundle_is_trusted(void **state) {
    (void)state;
    char twice[2 * sizeof pem + 64];
    size_t length = sizeof pem - 1;
    assert_trust(pem, length, true);
    memcpy(twice, "about this CA:\n", 15);
    memcpy(twice + 15, pem, length);
    memcpy(twice + 15 + length, pem, length);
    assert_trust(twice, 15 + 2 * length, true);
    assert_trust("", 0, false);
    assert_trust("\0\0\0", 3, false);
    assert_trust("no PEM\n", 7, false);
    for (size_t cut = 0; cut + 1 < length; cut += 7)
        assert_trust(pem, cut, false);
    memcpy(twice + length, pem, length / 2); /* the second one is cut short */
    memcpy(twice, pem, length);
    assert_trust(twice, length + length / 2, false);
}

static void tls_without_a_bundle_is_refused(void **state) {
    (void)state;
    struct vault_server server;
    assert_int_equal(name(&server, "a", true, NULL, NULL, -1), -1);
    assert_int_equal(err.code, ERROR_STORE_CA);
    vault_server_free(&server);
    int ca = ca_file("", 0);
    assert_int_equal(ftruncate(ca, LIMIT_CA_BYTES + 1), 0);
    assert_int_equal(name(&server, "a", true, NULL, NULL, ca), -1);
    assert_int_equal(err.code, ERROR_STORE_CA);
    vault_server_free(&server);
    assert_int_equal(close(ca), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_that_is_checked_stands_in_the_url),
        cmocka_unit_test(what_would_break_a_header_is_refused),
        cmocka_unit_test(only_a_whole_bundle_is_trusted),
        cmocka_unit_test(tls_without_a_bundle_is_refused),
    };
    if (vault_memory_install(&err) != 0 || vault_memory_install(&err) != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
