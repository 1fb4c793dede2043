#include "selftest/tls_store.h"

#include "sidecar/base/file.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "selftest/claim.h"
#include "sidecar/base/error.h"
#include "sidecar/wire/channel.h"

static EVP_PKEY *make_key(void) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    if (key == NULL)
        _exit(70);
    return key;
}

static void add_name(X509 *certificate) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, "DNS:" TLS_STORE_NAME);
    if (names == NULL || X509_add_ext(certificate, names, -1) != 1)
        _exit(70);
    X509_EXTENSION_free(names);
}

/* A certificate that vouches for itself; its PEM goes to fd. */
static X509 *make_certificate(EVP_PKEY *key, int fd) {
    X509 *certificate = X509_new();
    if (certificate == NULL || X509_set_version(certificate, 2) != 1 ||
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) != 1 ||
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) == NULL ||
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) == NULL ||
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                   (const unsigned char *)TLS_STORE_NAME, -1, -1, 0) != 1 ||
        X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) != 1 ||
        X509_set_pubkey(certificate, key) != 1)
        _exit(70);
    add_name(certificate);
    BIO *out = BIO_new_fd(fd, BIO_NOCLOSE);
    if (out == NULL || X509_sign(certificate, key, EVP_sha256()) == 0 ||
        PEM_write_bio_X509(out, certificate) != 1)
        _exit(70);
    (void)BIO_free(out);
    return certificate;
}

/* Answers every request of one connection. */
static void serve(SSL *ssl, const char *body) {
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                 "Content-Length: %zu\r\n\r\n%s";
    char request[4096], text[1024];
    size_t length = 0;
    int got = SSL_accept(ssl) == 1 ? 1 : 0;
    while (got > 0) {
        got = SSL_read(ssl, request + length, (int)(sizeof request - 1 - length));
        length += got > 0 ? (size_t)got : 0;
        request[length] = '\0';
        if (strstr(request, "\r\n\r\n") == NULL)
            continue;
        int size = snprintf(text, sizeof text, answer, strlen(body), body);
        (void)SSL_write(ssl, text, size);
        length = 0;
    }
}

_Noreturn static void run_store(const struct tls_store *store, const char *body, int ready) {
    EVP_PKEY *key = make_key(), *other = make_key();
    X509 *certificate = make_certificate(key, store->ca);
    X509_free(make_certificate(other, store->stranger));
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL || SSL_CTX_use_certificate(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, key) != 1 || write(ready, "", 1) != 1)
        _exit(70);
    for (;;) {
        int fd = accept(store->listener, NULL, NULL);
        SSL *ssl = fd < 0 ? NULL : SSL_new(context);
        if (ssl != NULL && SSL_set_fd(ssl, fd) == 1)
            serve(ssl, body);
        SSL_free(ssl);
        if (fd >= 0)
            (void)close(fd);
    }
}

struct tls_store tls_store_start(const char *body) {
    struct sockaddr_in here;
    struct tls_store store = {.listener = claim_listen(&here),
                              .ca = file_make_memory("ca", MFD_CLOEXEC),
                              .stranger = file_make_memory("stranger", MFD_CLOEXEC),
                              .port = 0};
    int ready[2];
    char byte;
    store.port = ntohs(here.sin_port);
    claim_need(store.ca >= 0 && store.stranger >= 0 && pipe2(ready, O_CLOEXEC) == 0, "make files");
    if (claim_fork() == 0)
        run_store(&store, body, ready[1]);
    (void)close(ready[1]);
    claim_need(read(ready[0], &byte, 1) == 1, "start a store");
    (void)close(ready[0]);
    return store;
}

int tls_store_dial(const struct tls_store *store) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(store->port)};
    struct message message = {.type = MESSAGE_DIALED, .body.dialed.round = 1};
    struct error err;
    int pair[2], fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    claim_need(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
                   fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && channel_pair(pair, &err) == 0,
               "connect on loopback");
    struct channel channel = {.fd = pair[0], .self = PARTY_DIAL, .peer = PARTY_FETCH};
    claim_need(channel_send(&channel, &message, fd, &err) == 0, "hand a socket over");
    (void)close(fd);
    (void)close(pair[0]);
    return pair[1];
}
