#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/file.h"
#include "sidecar/base/text.h"
#include "sidecar/config/config_address.h"
#include "sidecar/config/config_read.h"

/* Words NAME=VALUE, each ends with NUL. */
struct words {
    const char *bytes;
    size_t length;
};

/* The value of a variable; NULL where it is not set or empty, as vault itself
 * takes it. */
static const char *find_word(const struct words *words, const char *name) {
    size_t length = strlen(name);
    for (size_t at = 0; at < words->length; at += strlen(words->bytes + at) + 1) {
        const char *word = words->bytes + at;
        if (text_starts(word, name) && word[length] == '=')
            return word[length + 1] != '\0' ? word + length + 1 : NULL;
    }
    return NULL;
}

static int refuse(struct error *err, const char *name, const char *what, const char *todo) {
    error_set(err, ERROR_CONFIG, "%s", what);
    error_at(err, name, 0, 0);
    return error_todo(err, "%s", todo);
}

static int take_address(const struct words *words, struct arena *arena, struct config_vault *vault,
                        struct error *err) {
    const char *text = vault->address_count == 0 ? find_word(words, "VAULT_ADDR") : NULL;
    if (text == NULL)
        return 0;
    struct config_address *address = arena_alloc(arena, sizeof *address);
    if (address == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted");
    if (config_address_parse(text, arena, address, err) != 0 ||
        config_address_check(address, vault->allow_http, err) != 0) {
        if (err->code == ERROR_CONFIG)
            error_at(err, "VAULT_ADDR", 0, 0);
        return -1;
    }
    vault->addresses = address;
    vault->address_count = 1;
    return 0;
}

/* arrestor.yaml's own paths count from where it lies; this one from where the
 * caller stood, which no role knows any more. */
static int take_ca(const struct words *words, struct arena *arena, struct config_vault *vault,
                   struct error *err) {
    const char *path = vault->ca == NULL ? find_word(words, "VAULT_CACERT") : NULL;
    if (path == NULL)
        return 0;
    if (path[0] != '/' || strlen(path) >= LIMIT_PATH)
        return refuse(err, "VAULT_CACERT", "this is not an absolute path of at most 255 bytes",
                      "write it whole, as in /etc/ssl/vault.pem, or set ca: in stores.vault");
    vault->ca = arena_text(arena, path, strlen(path));
    return vault->ca != NULL ? 0 : error_set(err, ERROR_MEMORY, "memory is exhausted");
}

static int take_namespace(const struct words *words, struct arena *arena,
                          struct config_vault *vault, struct error *err) {
    const char *text = vault->namespace_path == NULL ? find_word(words, "VAULT_NAMESPACE") : NULL;
    if (text == NULL)
        return 0;
    /* vault itself prints namespaces as team/ */
    size_t length = strlen(text) - (text_ends(text, "/") ? 1 : 0);
    char *copy = arena_text(arena, text, length);
    if (copy == NULL)
        return error_set(err, ERROR_MEMORY, "memory is exhausted");
    if (length > LIMIT_SECRET_NAME || !config_is_word(copy, "._-/") || !config_is_plain_path(copy))
        return refuse(err, "VAULT_NAMESPACE", "this is not the path of a namespace",
                      "write it as in team/a");
    vault->namespace_path = copy;
    return 0;
}

static int take_tls_name(const struct words *words, struct arena *arena, struct config_vault *vault,
                         struct error *err) {
    const char *text = vault->tls_name == NULL ? find_word(words, "VAULT_TLS_SERVER_NAME") : NULL;
    if (text == NULL)
        return 0;
    if (strlen(text) >= LIMIT_HOST_NAME || !config_is_word(text, "._-"))
        return refuse(err, "VAULT_TLS_SERVER_NAME", "this is not the name of a host",
                      "write it as in vault.example.com");
    vault->tls_name = arena_text(arena, text, strlen(text));
    return vault->tls_name != NULL ? 0 : error_set(err, ERROR_MEMORY, "memory is exhausted");
}

static int take_words(const struct words *words, struct arena *arena, struct config_vault *ret,
                      struct error *err) {
    struct config_vault vault = *ret;
    if (take_address(words, arena, &vault, err) != 0 || take_ca(words, arena, &vault, err) != 0 ||
        take_namespace(words, arena, &vault, err) != 0 ||
        take_tls_name(words, arena, &vault, err) != 0)
        return -1;
    *ret = vault;
    return 0;
}

static int check_complete(const struct config *config, struct error *err) {
    const struct config_secret *secret = config->secrets;
    if (config->vault.address_count > 0)
        return 0;
    while (secret->store != STORE_VAULT)
        secret++;
    error_set(err, ERROR_CONFIG, "the secret %s lies in vault, but no address of vault is known",
              secret->name);
    error_at(err, "arrestor.yaml", secret->line, secret->column);
    return error_todo(err, "write `stores: {vault: {address: https://HOST:8200}}`, or set "
                           "VAULT_ADDR");
}

int config_load_environment(int fd, struct arena *arena, struct config *config, struct error *err) {
    struct buffer bytes = buffer_make(LIMIT_STORE_ENV);
    if ((config_stores(config) & 1u << STORE_VAULT) == 0)
        return 0;
    int result = fd < 0 ? 0 : file_read(fd, "the environment", &bytes, err);
    if (result == 0)
        result = take_words(&(struct words){bytes.data, bytes.length}, arena, &config->vault, err);
    else if (err->code == ERROR_INPUT)
        err->code = ERROR_CONFIG;
    buffer_free(&bytes);
    return result == 0 ? check_complete(config, err) : -1;
}
