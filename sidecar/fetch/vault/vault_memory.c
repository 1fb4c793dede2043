#include "sidecar/fetch/vault/vault_memory.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdbool.h>

#include "sidecar/base/error.h"
#include "sidecar/secret/secret_set.h"

/* https://docs.openssl.org/3.0/man3/OPENSSL_malloc/: file and line are of the
 * caller; a size of 0 gives NULL, and frees when reallocating. */
static void *give(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    return size > 0 ? secret_alloc(size) : NULL;
}

static void take_back(void *memory, const char *file, int line) {
    (void)file;
    (void)line;
    secret_free(memory);
}

static void *move(void *memory, size_t size, const char *file, int line) {
    if (size > 0)
        return secret_realloc(memory, size);
    take_back(memory, file, line);
    return NULL;
}

static bool is_installed(void) {
    CRYPTO_malloc_fn had = NULL;
    CRYPTO_get_mem_functions(&had, NULL, NULL);
    return had == give;
}

int vault_memory_install(struct error *err) {
    if (is_installed())
        return 0;
    if (CRYPTO_set_mem_functions(give, move, take_back) != 1 ||
        OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
        return error_set(err, ERROR_INTERNAL, "OpenSSL cannot be prepared");
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, secret_alloc, secret_free, secret_realloc,
                             secret_strdup, secret_calloc) != CURLE_OK)
        return error_set(err, ERROR_INTERNAL, "libcurl cannot be prepared");
    return 0;
}
