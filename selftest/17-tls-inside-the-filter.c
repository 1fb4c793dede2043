/* Claim 17: inside the filter of fetch-net, which can neither open a socket nor a
 * file, libcurl and OpenSSL speak TLS on the sockets that they are given, miss no
 * call, and refuse a store whose certificate is not the right one. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
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
#include "selftest/role.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/config/config.h"
#include "sidecar/fetch/vault/vault_http.h"
#include "sidecar/fetch/vault/vault_memory.h"
#include "sidecar/wire/channel.h"

#define NAME    "store.arrestor.invalid"
#define ANSWER  "{\"data\":\"told by TLS\"}"
#define WAIT_MS 5000

/* What the store's process and the claim share. */
struct store {
    int listener, ca, stranger; /* ca, stranger: PEM */
    uint16_t port;
};

/* ---- The store: a process of its own, with a certificate that it makes */

static EVP_PKEY *make_key(void) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    if (key == NULL)
        _exit(70);
    return key;
}

static void add_name(X509 *certificate) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, "DNS:" NAME);
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
                                   (const unsigned char *)NAME, -1, -1, 0) != 1 ||
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
static void serve(SSL *ssl) {
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                 "Content-Length: %zu\r\n\r\n%s";
    char request[4096], text[256];
    size_t length = 0;
    int got = SSL_accept(ssl) == 1 ? 1 : 0;
    while (got > 0) {
        got = SSL_read(ssl, request + length, (int)(sizeof request - 1 - length));
        length += got > 0 ? (size_t)got : 0;
        request[length] = '\0';
        if (strstr(request, "\r\n\r\n") == NULL)
            continue;
        int size = snprintf(text, sizeof text, answer, strlen(ANSWER), ANSWER);
        (void)SSL_write(ssl, text, size);
        length = 0;
    }
}

_Noreturn static void run_store(const struct store *store, int ready) {
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
            serve(ssl);
        SSL_free(ssl);
        if (fd >= 0)
            (void)close(fd);
    }
}

static struct store start_store(void) {
    struct sockaddr_in here;
    struct store store = {.listener = claim_listen(&here),
                          .ca = file_make_memory("ca", MFD_CLOEXEC),
                          .stranger = file_make_memory("stranger", MFD_CLOEXEC),
                          .port = 0};
    int ready[2];
    char byte;
    store.port = ntohs(here.sin_port);
    claim_need(store.ca >= 0 && store.stranger >= 0 && pipe2(ready, O_CLOEXEC) == 0, "make files");
    if (claim_fork() == 0)
        run_store(&store, ready[1]);
    (void)close(ready[1]);
    claim_need(read(ready[0], &byte, 1) == 1, "start a store");
    (void)close(ready[0]);
    return store;
}

/* ---- Fetch-net */

struct errand {
    struct config_address address;
    int dial, ca;
};

/* As dial does it: connected, and sent over the channel. */
static int dial(const struct store *store) {
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

/* Two requests on one connection. Gives the code of the last answer, with 1000
 * where the store's words did not come through. */
static long ask_twice(const void *context) {
    const struct errand *errand = context;
    struct vault_http_setup setup = {.address = &errand->address,
                                     .ca = errand->ca,
                                     .dial = errand->dial,
                                     .round = 1,
                                     .sockets = 1,
                                     .limit_ms = WAIT_MS};
    struct vault_request request = {.path = "secret/data/orders"};
    struct vault_answer answer = {.code = ERROR_INTERNAL};
    struct vault_http *http = NULL;
    struct error err;
    long code = ERROR_OK;
    /* Behind the ladder, as arrestor-fetch does it. */
    if (vault_memory_install(&err) != 0 || vault_http_open(&http, &setup, &err) != 0)
        return err.code;
    for (int i = 0; i < 2 && code == ERROR_OK; i++) {
        if (vault_http_ask(http, &request, &answer, &err) != 0)
            return err.code;
        bool whole = answer.length == strlen(ANSWER) && answer.status == 200 &&
                     memcmp(answer.body, ANSWER, strlen(ANSWER)) == 0;
        code = answer.code == ERROR_OK && !whole ? 1000 : (long)answer.code;
        vault_answer_free(&answer);
    }
    vault_http_close(http);
    return code;
}

static struct attempt run_errand(const struct store *store, const char *name, int ca) {
    struct errand errand = {.address = {.text = "", .tls = true, .host = name, .port = 8200},
                            .dial = dial(store),
                            .ca = ca};
    struct attempt attempt = role_try(ROLE_FETCH_NET, NULL, 0, ask_twice, &errand);
    (void)close(errand.dial);
    if (attempt.signal != 0)
        claim_off("fetch-net is ended by signal %d when it speaks TLS", attempt.signal);
    return attempt;
}

static void expect_refusal(const struct store *store, const char *name, int ca,
                           enum error_code code, const char *what) {
    struct attempt attempt = run_errand(store, name, ca);
    if (attempt.result == ERROR_OK || attempt.result == 1000)
        claim_off("fetch-net takes a certificate %s", what);
    if (attempt.result != (long)code)
        claim_broken("a certificate %s is told as %s", what,
                     error_name((enum error_code)attempt.result));
}

int main(int argc, char **argv) {
    claim_begin(argc, argv);
    struct store store = start_store();
    struct attempt attempt = run_errand(&store, NAME, store.ca);
    if (attempt.result != ERROR_OK)
        claim_off("inside its filter fetch-net cannot speak TLS: %s",
                  attempt.result == 1000 ? "what the store says does not come through"
                                         : error_name((enum error_code)attempt.result));
    if (attempt.trapped > 0)
        claim_weaken("fetch-net speaks TLS inside its filter, but these versions of libcurl and "
                     "OpenSSL make %u calls that are refused",
                     attempt.trapped);
    expect_refusal(&store, NAME, store.stranger, ERROR_STORE_CA, "of another CA");
    expect_refusal(&store, "other.arrestor.invalid", store.ca, ERROR_STORE_HOST,
                   "for another name");
    claim_settle("fetch-net, without a file or a socket of its own, makes a TLS connection on the "
                 "one it is given; 0 calls were missed; a certificate of another CA or for "
                 "another name is refused");
}
