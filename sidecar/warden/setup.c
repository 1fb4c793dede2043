#include "sidecar/warden/setup.h"

#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/confine/confine.h"

static int find_protection(const char *name, struct error *err) {
    const char *names[PROTECTIONS];
    int found = protection_find(name);
    if (found >= 0)
        return found;
    for (int i = 0; i < PROTECTIONS; i++)
        names[i] = protection_name((enum protection)i);
    const char *near = text_nearest(name, names, PROTECTIONS);
    error_set(err, ERROR_CONFIG, "require: there is no protection named \"%s\"", name);
    error_at(err, "arrestor.yaml", 0, 0);
    return near != NULL ? error_todo(err, "did you mean %s?", near)
                        : error_todo(err, "arrestor selftest lists the protections");
}

static int fill_keep(const struct config *config, struct message_setup *setup) {
    size_t used = 0;
    for (size_t i = 0; i < config->keep_env_count; i++) {
        size_t length = strlen(config->keep_env[i]);
        if (used + length + 2 > sizeof setup->keep_env)
            return -1;
        memcpy(setup->keep_env + used, config->keep_env[i], length);
        setup->keep_env[used + length] = ' ';
        used += length + 1;
    }
    return 0;
}

static int fill_text(char *field, size_t size, const char *text) {
    return text == NULL ? 0 : message_text(field, size, text);
}

/* What monitor opens for the fetch of vault's secrets; nothing where there are none. */
static uint32_t vault_needs(const struct config *config) {
    static const uint32_t by_auth[VAULT_AUTHS] = {
        [VAULT_AUTH_TOKEN] = SETUP_NEEDS_TOKEN, [VAULT_AUTH_APPROLE] = SETUP_NEEDS_LOGIN};
    if ((config_stores(config) & 1u << STORE_VAULT) == 0)
        return 0;
    uint32_t needs = by_auth[config->vault.auth];
    for (size_t i = 0; i < config->vault.address_count; i++)
        if (config->vault.addresses[i].tls)
            needs |= SETUP_NEEDS_CA;
    return needs;
}

static int fill_vault(const struct config_vault *vault, struct message_setup *setup) {
    return fill_text(setup->ca, sizeof setup->ca, vault->ca) != 0 ||
                   fill_text(setup->token, sizeof setup->token, vault->token_file) != 0 ||
                   fill_text(setup->role_id, sizeof setup->role_id, vault->role_id_file) != 0 ||
                   fill_text(setup->secret_id, sizeof setup->secret_id, vault->secret_id_file) != 0
               ? -1
               : 0;
}

int setup_fill(const struct config *config, struct message_setup *ret, struct error *err) {
    struct message_setup setup = {.warn = config->mode == MODE_WARN,
                                  .secrets = (uint32_t)config->secret_count,
                                  .files = (uint32_t)config->file_count,
                                  .stores = config_stores(config),
                                  .needs = vault_needs(config)};
    for (size_t i = 0; i < config->require_count; i++) {
        int protection = find_protection(config->require[i], err);
        if (protection < 0)
            return -1;
        setup.require |= 1u << (unsigned)protection;
    }
    if (fill_text(setup.dir, sizeof setup.dir, config->dir) != 0 ||
        fill_text(setup.state, sizeof setup.state, config->state) != 0 ||
        fill_text(setup.box, sizeof setup.box, config->box) != 0 ||
        fill_text(setup.key, sizeof setup.key, config->key) != 0 ||
        fill_text(setup.user, sizeof setup.user, config->user) != 0 ||
        fill_text(setup.job_user, sizeof setup.job_user, config->job_user) != 0 ||
        fill_vault(&config->vault, &setup) != 0 || fill_keep(config, &setup) != 0) {
        error_set(err, ERROR_CONFIG, "a path or name is longer than a record between processes");
        return error_at(err, "arrestor.yaml", 0, 0);
    }
    *ret = setup;
    return 0;
}
