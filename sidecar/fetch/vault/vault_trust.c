#include "sidecar/fetch/vault/vault_trust.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>

#include "sidecar/base/error.h"

/* Whether reading ended because nothing more came. */
static bool is_at_end(void) {
    unsigned long last = ERR_peek_last_error();
    return ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
}

/* Adds every certificate. Gives how many there are, or -1. */
static int add_all(X509_STORE *store, BIO *bio) {
    int count = 0;
    for (X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL); ca != NULL;
         ca = PEM_read_bio_X509(bio, NULL, NULL, NULL)) {
        int added = X509_STORE_add_cert(store, ca);
        X509_free(ca);
        if (added != 1)
            return -1;
        count++;
    }
    return is_at_end() ? count : -1;
}

X509_STORE *vault_trust_read(const char *pem, size_t length, struct error *err) {
    X509_STORE *store = X509_STORE_new();
    BIO *bio = length <= INT_MAX ? BIO_new_mem_buf(pem, (int)length) : NULL;
    int count = 0;
    bool ready =
        store != NULL && bio != NULL && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1;
    if (ready)
        count = add_all(store, bio);
    ERR_clear_error();
    BIO_free(bio);
    if (ready && count > 0)
        return store;
    X509_STORE_free(store);
    (void)(ready ? error_set(err, ERROR_STORE_CA, "the CA bundle %s",
                             count < 0 ? "is damaged" : "holds no certificate")
                 : error_set(err, ERROR_MEMORY, "no memory for the CA bundle"));
    return NULL;
}
