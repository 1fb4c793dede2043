/* tls_store.h: a store that speaks TLS on loopback: a process of its own, with a
 * certificate that it makes. For claims that are linked with libcurl and OpenSSL. */
#ifndef ARRESTOR_SELFTEST_TLS_STORE_H
#define ARRESTOR_SELFTEST_TLS_STORE_H

#include <stdint.h>

#define TLS_STORE_NAME "store.arrestor.invalid" /* in its certificate */

struct tls_store {
    int listener, ca, stranger; /* ca, and another that vouches for nothing here: PEM */
    uint16_t port;
};

/* Answers every request with this JSON; lives as long as the claim. */
struct tls_store tls_store_start(const char *body);

/* A connection to it, as dial hands it over: our end of the channel. */
int tls_store_dial(const struct tls_store *store);

#endif
