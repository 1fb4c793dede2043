/* What arrestor logs in with: files of one line, and its own session. Only a sound
 * token is taken, and only for a store that the configuration names. */
#include <string.h>
#include <unistd.h>

#include "sidecar/config/config.h"
#include "sidecar/fetch/vault/vault_credential.h"
#include "sidecar/secret/secret_set.h"
#include "tests/fuzz/fuzz.h"

static const struct config_address addresses[] = {{.text = "https://vault.example:8200"}};
static const struct config_vault vault = {.addresses = addresses, .address_count = 1};

static void try_session(const char *bytes, size_t length) {
    int fd = fuzz_memory_file(bytes, length);
    char *token = vault_session_read(fd, &vault);
    (void)close(fd);
    if (token == NULL)
        return;
    HOLDS(vault_token_is_sound(token) && fuzz_contains(bytes, length, "format"));
    secret_free(token);
}

/* A session that was written is read: by the store that it is for, and by no other. */
static void check_session(const char *token) {
    static const struct config_address others[] = {{.text = "https://other.example:8200"}};
    static const struct config_vault other = {.addresses = others, .address_count = 1};
    unsigned char *text = NULL;
    size_t length = 0;
    struct error err;
    HOLDS(vault_session_format(token, addresses[0].text, &text, &length, &err) == 0);
    int fd = fuzz_memory_file(text, length);
    char *again = vault_session_read(fd, &vault);
    HOLDS(again != NULL && strcmp(again, token) == 0);
    HOLDS(vault_session_read(fd, &other) == NULL);
    (void)close(fd);
    secret_free(again);
    secret_free(text);
}

FUZZ_TARGET(credential, 16384) {
    char untouched, *text = &untouched;
    struct error err;
    int fd = fuzz_memory_file(bytes, length);
    try_session(bytes, length);
    error_clear(&err);
    if (vault_credential_read(fd, "token", &text, &err) != 0) {
        HOLDS(text == &untouched && err.code == ERROR_STORE_CREDENTIAL);
        fuzz_check_silent(&err);
    } else {
        size_t size = strlen(text);
        HOLDS(size > 0 && size <= LIMIT_TOKEN_BYTES && size <= length);
        HOLDS(memcmp(text, bytes, size) == 0);
        if (vault_token_is_sound(text))
            check_session(text);
        secret_free(text);
    }
    (void)close(fd);
}
