#include "sidecar/warden/redirect.h"

#include <stdio.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/config/config_address.h"

int redirect_find(const struct config_vault *vault, const char *location, char *text) {
    struct arena arena = arena_make(LIMIT_ARENA_BYTES);
    struct config_address address;
    struct error err;
    int found = -1;
    if (text != NULL)
        text[0] = '\0';
    if (config_address_parse(location, &arena, &address, &err) != 0)
        goto out;
    if (text != NULL)
        (void)snprintf(text, LIMIT_PATH, "%s", address.text);
    for (size_t i = 0; i < vault->address_count && found < 0; i++)
        if (config_address_equal(&vault->addresses[i], &address))
            found = (int)i;
out:
    arena_free(&arena);
    return found;
}
