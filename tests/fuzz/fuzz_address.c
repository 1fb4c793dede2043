/* Addresses: of stores, and of where they redirect to. What is taken is one spelling
 * of a host and a port, and nothing else of the text is kept. */
#include <string.h>

#include "sidecar/config/config_address.h"
#include "sidecar/fetch/vault/vault_kv.h"
#include "sidecar/fetch/vault/vault_location.h"
#include "tests/fuzz/fuzz.h"

static const char host_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_:";

static void try_address(const char *text, struct arena *arena) {
    struct config_address address = {.port = 77}, again;
    struct error err;
    error_clear(&err);
    if (config_address_parse(text, arena, &address, &err) != 0) {
        HOLDS(address.port == 77 && address.host == NULL && err.code == ERROR_CONFIG);
        fuzz_check_silent(&err);
        return;
    }
    size_t size = strlen(address.host);
    HOLDS(size > 0 && size < LIMIT_HOST_NAME && address.port > 0);
    HOLDS(strspn(address.host, host_characters) == size);
    HOLDS(strpbrk(address.text, "@?#\\ \"'") == NULL);
    HOLDS(config_address_parse(address.text, arena, &again, &err) == 0);
    HOLDS(config_address_equal(&address, &again) && strcmp(again.text, address.text) == 0);
    bool allowed = config_address_check(&address, false, &err) == 0;
    HOLDS(allowed == (address.tls || config_address_is_loopback(&address)));
    HOLDS(config_address_check(&address, true, &err) == 0);
}

static void try_location(const char *text, struct arena *arena) {
    static const struct config_address own = {
        .text = "https://own.example:8200", .tls = true, .host = "own.example", .port = 8200};
    char ret[LIMIT_PATH], again[LIMIT_PATH];
    struct config_address address;
    struct error err;
    memset(ret, 0x5a, sizeof ret);
    if (vault_location_read(text, &own, ret) != 0) {
        HOLDS(ret[0] == '\0');
        return;
    }
    HOLDS(memchr(ret, '\0', sizeof ret) != NULL);
    HOLDS(strncmp(ret, "http://", 7) == 0 || strncmp(ret, "https://", 8) == 0);
    HOLDS(strpbrk(ret, "@?# \"'\\\n\r\x1b") == NULL && strchr(ret + 8, '/') == NULL);
    HOLDS(vault_location_read(ret, &own, again) == 0 && strcmp(ret, again) == 0);
    (void)config_address_parse(ret, arena, &address, &err);
}

/* A path is encoded into what stands in a request line. */
static void try_path(const char *text) {
    struct buffer path = buffer_make(LIMIT_REPORT_BYTES);
    vault_kv_path(text, 0, &path);
    HOLDS(buffer_status(&path) == 0 && path.length <= 3 * strlen(text));
    for (size_t i = 0; i < path.length; i++)
        HOLDS(path.data[i] > ' ' && path.data[i] < 0x7f && strchr("?#\"\\", path.data[i]) == NULL);
    buffer_free(&path);
}

FUZZ_TARGET(address, 1024) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    const char *text = arena_text(&arena, length == 0 ? "" : bytes, length);
    try_address(text, &arena);
    try_location(text, &arena);
    try_path(text);
    arena_free(&arena);
}
