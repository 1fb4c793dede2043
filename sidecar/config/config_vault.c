#include <string.h>

#include "sidecar/base/error.h"
#include "sidecar/config/config_address.h"
#include "sidecar/config/config_read.h"

#define COUNT(array)   (sizeof(array) / sizeof *(array))
#define NAME_OTHERS    "._-"
#define PATH_OTHERS    "._-/"
#define VAULT_AT(name) offsetof(struct config, vault.name)

/* Adds the address that stands at node. */
/* user:password with the '@' lost; a plain address has one ':' behind "//". */
static bool may_hold_password(const char *text) {
    const char *host = strstr(text, "//");
    const char *colon = strchr(host != NULL ? host : text, ':');
    return colon != NULL && strspn(colon + 1, "0123456789/") != strlen(colon + 1);
}

static int add_address(struct config_reader *r, const struct yaml_node *node, const char *what) {
    struct config_vault *vault = &r->config->vault;
    struct config_address address;
    const char *text;
    struct error fault;
    if (yaml_read_text(&r->source, node, what, &text, r->err) != 0)
        return -1;
    if (config_address_parse(text, r->arena, &address, &fault) != 0 ||
        config_address_check(&address, vault->allow_http, &fault) != 0) {
        if (fault.code == ERROR_MEMORY)
            return error_set(r->err, ERROR_MEMORY, "memory is exhausted");
        yaml_error_value(&r->source, node, r->err, "%s: %s", what, fault.what);
        if (may_hold_password(text))
            r->err->excerpt[0] = '\0';
        return error_todo(r->err, "%s", fault.todo);
    }
    struct config_address *addresses =
        config_make_array(r, vault->address_count + 1, sizeof *addresses);
    if (addresses == NULL)
        return -1;
    for (size_t i = 0; i < vault->address_count; i++) {
        addresses[i] = vault->addresses[i];
        if (!config_address_equal(&addresses[i], &address))
            continue;
        yaml_error_value(&r->source, node, r->err, "%s names an address twice", what);
        return error_todo(r->err, "keep one of them");
    }
    addresses[vault->address_count++] = address;
    vault->addresses = addresses;
    return 0;
}

int config_read_address(struct config_reader *r, const struct config_key *key,
                        const struct yaml_node *node, const char *what) {
    (void)key;
    return add_address(r, node, what);
}

int config_read_addresses(struct config_reader *r, const struct config_key *key,
                          const struct yaml_node *node, const char *what) {
    const char *const *texts;
    size_t count;
    if (yaml_read_texts(&r->source, node, what, (size_t)key->most, r->arena, &texts, &count,
                        r->err) != 0)
        return -1;
    if (r->config->vault.address_count == 0) {
        yaml_error_key(&r->source, node, r->err, "%s stands without address", what);
        return error_todo(r->err, "write the address that is asked first as address:");
    }
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next)
        if (add_address(r, item, what) != 0)
            return -1;
    return 0;
}

/* A secret itself where only the way to one may stand. */
static int refuse_plaintext(struct config_reader *r, const struct yaml_node *node, const char *what,
                            const char *todo) {
    yaml_error_value(&r->source, node, r->err, "%s is a secret in plain text", what);
    r->err->excerpt[0] = '\0';
    return error_todo(r->err, "%s; change it, because it has stood in a file", todo);
}

static int refuse_secret_id(struct config_reader *r, const struct config_key *key,
                            const struct yaml_node *node, const char *what) {
    (void)key;
    return refuse_plaintext(r, node, what, "write secret-id-file: FILE");
}

static int read_token(struct config_reader *r, const struct config_key *key,
                      const struct yaml_node *node, const char *what) {
    if (node->kind == YAML_SCALAR && !yaml_is_null(node))
        return refuse_plaintext(r, node, what,
                                "write token: {file: FILE}, or leave `auth:` out and set "
                                "VAULT_TOKEN");
    r->config->vault.auth = VAULT_AUTH_TOKEN;
    return config_read_section(r, node, what, key->section, r->target);
}

static int read_approle(struct config_reader *r, const struct config_key *key,
                        const struct yaml_node *node, const char *what) {
    r->config->vault.auth = VAULT_AUTH_APPROLE;
    return config_read_section(r, node, what, key->section, r->target);
}

/* What stands here may be a credential under a misspelt key. */
static int read_auth(struct config_reader *r, const struct config_key *key,
                     const struct yaml_node *node, const char *what) {
    int result = config_read_section(r, node, what, key->section, r->target);
    if (result != 0)
        r->err->excerpt[0] = '\0';
    return result;
}

static int refuse_parts(struct config_reader *r, const struct yaml_node *node, const char *what) {
    yaml_error_value(&r->source, node, r->err, "%s is not a path within Vault", what);
    return error_todo(r->err, "write it as in team/a: no '/' at the ends, no empty, '.' or '..' "
                              "part");
}

/* A word of parts with '/' between them. */
static int read_parts(struct config_reader *r, const struct config_key *key,
                      const struct yaml_node *node, const char *what) {
    const char *text;
    if (config_read_word(r, node, what, key->others, (size_t)key->most, &text) != 0)
        return -1;
    if (!config_is_plain_path(text))
        return refuse_parts(r, node, what);
    return config_read_typed(r, key, node, what);
}

static const struct config_key token_keys[] = {
    {.name = "file",
     .type = CONFIG_PATH,
     .help = "File with a token. Default: VAULT_TOKEN, else ~/.vault-token.",
     .sample = "/run/vault/token",
     .most = LIMIT_PATH,
     .offset = VAULT_AT(token_file)},
};
static const struct config_section token_section = {token_keys, COUNT(token_keys), NULL};

static const struct config_key approle_keys[] = {
    {.name = "role-id",
     .type = CONFIG_WORD,
     .help = "The role_id, which is no secret.",
     .sample = "f1f3b1c2-etl",
     .others = NAME_OTHERS,
     .most = LIMIT_SECRET_NAME,
     .offset = VAULT_AT(role_id)},
    {.name = "role-id-file",
     .type = CONFIG_PATH,
     .help = "File with the role_id, instead of role-id.",
     .sample = "/etc/arrestor-keys/role-id",
     .most = LIMIT_PATH,
     .offset = VAULT_AT(role_id_file)},
    {.name = "secret-id-file",
     .type = CONFIG_PATH,
     .required = true,
     .help = "File with the secret_id.",
     .sample = "/etc/arrestor-keys/secret-id",
     .most = LIMIT_PATH,
     .offset = VAULT_AT(secret_id_file)},
    {.name = "mount",
     .type = CONFIG_WORD,
     .help = "Where the auth method is mounted.",
     .standard = "approle",
     .others = PATH_OTHERS,
     .most = LIMIT_SECRET_NAME,
     .offset = VAULT_AT(mount),
     .read = read_parts},
    {.name = "secret-id", .read = refuse_secret_id},
};
static const char *const role_ids[] = {"role-id", "role-id-file", NULL};
static const struct config_section approle_section = {approle_keys, COUNT(approle_keys), role_ids};

static const struct config_key auth_keys[] = {
    {.name = "token",
     .type = CONFIG_SECTION,
     .help = "A token that somebody else has made and renews or replaces.",
     .section = &token_section,
     .read = read_token},
    {.name = "approle",
     .type = CONFIG_SECTION,
     .help = "Log in by role_id and secret_id.",
     .section = &approle_section,
     .read = read_approle},
    {.name = "kubernetes"},
    {.name = "jwt"},
    {.name = "oidc"},
    {.name = "cert"},
    {.name = "aws"},
    {.name = "azure"},
    {.name = "gcp"},
    {.name = "ldap"},
    {.name = "userpass"},
};
static const char *const auth_names[] = {
#define AUTH_NAME(id, name) name,
    VAULT_AUTH_TABLE(AUTH_NAME) NULL
#undef AUTH_NAME
};
static const struct config_section auth_section = {auth_keys, COUNT(auth_keys), auth_names};

/* allow-http stands before the addresses, which it is about. */
static const struct config_key vault_keys[] = {
    {.name = "allow-http",
     .type = CONFIG_SWITCH,
     .help = "Whether an address beyond this machine may be http: token and secrets then cross "
             "the network in clear text.",
     .standard = "false",
     .offset = VAULT_AT(allow_http)},
    {.name = "address",
     .type = CONFIG_ADDRESS,
     .help = "scheme://host:port. Default: VAULT_ADDR.",
     .sample = "https://vault.example.com:8200"},
    {.name = "also",
     .type = CONFIG_ADDRESSES,
     .help = "Other addresses that the first may redirect to.",
     .sample = "[\"https://vault-2.example.com:8200\"]",
     .most = LIMIT_ADDRESSES - 1},
    {.name = "ca",
     .type = CONFIG_PATH,
     .help = "File with the certificates of the CA (PEM). Default: VAULT_CACERT, else the "
             "system's.",
     .sample = "/etc/ssl/vault.pem",
     .most = LIMIT_PATH,
     .offset = VAULT_AT(ca)},
    {.name = "tls-name",
     .type = CONFIG_WORD,
     .help = "Name that the server's certificate is for, where it is not the host of the "
             "address. Default: VAULT_TLS_SERVER_NAME.",
     .sample = "vault.example.com",
     .others = NAME_OTHERS,
     .most = LIMIT_HOST_NAME - 1,
     .offset = VAULT_AT(tls_name)},
    {.name = "namespace",
     .type = CONFIG_WORD,
     .help = "Namespace that all paths lie in. Default: VAULT_NAMESPACE.",
     .sample = "team-a",
     .others = PATH_OTHERS,
     .most = LIMIT_SECRET_NAME,
     .offset = VAULT_AT(namespace_path),
     .read = read_parts},
    {.name = "auth",
     .type = CONFIG_SECTION,
     .help = "How arrestor logs in. Default: by token.",
     .section = &auth_section,
     .read = read_auth},
};
const struct config_section config_vault_section = {vault_keys, COUNT(vault_keys), NULL};

int config_read_vault(struct config_reader *r, const struct config_key *key,
                      const struct yaml_node *node, const char *what) {
    r->config->vault.line = node->key_line;
    r->config->vault.column = node->key_column;
    int result = config_read_section(r, node, what, key->section, r->target);
    /* The line may hold https://USER:PASSWORD@HOST, whatever the error is about. */
    if (result != 0 && strchr(r->err->excerpt, '@') != NULL)
        r->err->excerpt[0] = '\0';
    return result;
}
