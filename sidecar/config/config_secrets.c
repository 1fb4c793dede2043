#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/config/config_read.h"

#define NAME_OTHERS  "_-"
#define FIELD_OTHERS "_.-"
#define PATH_OTHERS  "._-/" /* as strongbox names */

static int read_store(struct config_reader *r, const struct config_key *key,
                      const struct yaml_node *node, const char *what) {
    const char *text;
    if (yaml_read_text(&r->source, node, what, &text, r->err) != 0)
        return -1;
    if (strcmp(text, "aws") != 0)
        return config_read_typed(r, key, node, "store");
    yaml_error_value(&r->source, node, r->err, "the store aws is not supported by this version");
    return error_todo(r->err, "put the secret into Vault or into the strongbox (`arrestor "
                              "strongbox set NAME`), and write store: vault or store: strongbox");
}

static int read_box_path(struct config_reader *r, const struct yaml_node *node, const char *text) {
    struct config_secret *secret = r->target;
    bool edges = text[0] == '/' || text_ends(text, "/");
    if (config_is_word(text, PATH_OTHERS) && strlen(text) <= LIMIT_SECRET_NAME && !edges) {
        secret->path = text;
        return 0;
    }
    yaml_error_value(&r->source, node, r->err, "path is not the name of a secret in its store");
    return error_todo(r->err, "use 1 to %d letters, digits and any of ._-/, no '/' at the ends",
                      LIMIT_SECRET_NAME);
}

/* What stands before a path within Vault that people copy from a URL. */
static size_t vault_prefix(const char *text) {
    size_t length = strspn(text, "/");
    if (text_starts(text + length, "v1/"))
        length += strlen("v1/");
    return length;
}

static const char *vault_path_fault(const char *text) {
    if (strlen(text) > LIMIT_PATH)
        return "is longer than 256 bytes";
    for (const char *p = text; *p != '\0'; p++)
        if (*p <= ' ' || *p > '~' || strchr("?#%\\\"", *p) != NULL)
            return "holds a blank, one of ?#%\\\", or what is not ASCII";
    return config_is_plain_path(text) ? NULL : "has an empty, '.' or '..' part";
}

static int read_vault_path(struct config_reader *r, const struct yaml_node *node,
                           const char *text) {
    struct config_secret *secret = r->target;
    const char *fault = vault_path_fault(text + vault_prefix(text));
    if (fault == NULL && vault_prefix(text) == 0) {
        secret->path = text;
        return 0;
    }
    if (fault != NULL) {
        yaml_error_value(&r->source, node, r->err, "path %s", fault);
        return error_todo(r->err,
                          "write it as in Vault's API: secret/data/NAME, of at most %d "
                          "printable ASCII characters",
                          LIMIT_PATH);
    }
    yaml_error_value(&r->source, node, r->err, "path begins with %.*s", (int)vault_prefix(text),
                     text);
    return error_todo(r->err, "write path: %s", text + vault_prefix(text));
}

static int read_secret_path(struct config_reader *r, const struct config_key *key,
                            const struct yaml_node *node, const char *what) {
    const struct config_secret *secret = r->target;
    const char *text;
    (void)key;
    if (yaml_read_text(&r->source, node, what, &text, r->err) != 0)
        return -1;
    return secret->store == STORE_VAULT ? read_vault_path(r, node, text)
                                        : read_box_path(r, node, text);
}

static int read_secret_version(struct config_reader *r, const struct config_key *key,
                               const struct yaml_node *node, const char *what) {
    const struct config_secret *secret = r->target;
    if (secret->store == STORE_VAULT)
        return config_read_typed(r, key, node, what);
    yaml_error_key(&r->source, node, r->err, "%s needs store: vault", what);
    return error_todo(r->err, "leave version: out: a %s keeps only the newest value",
                      config_store_name(secret->store));
}

static const char *const stores[] = {
#define STORE_NAME(id, name, poll) name,
    STORE_TABLE(STORE_NAME) NULL
#undef STORE_NAME
};

/* The store stands first: what a path may be depends on it. */
static const struct config_key keys[] = {
    {.name = "store",
     .type = CONFIG_CHOICE,
     .required = true,
     .help = "The store that has it.",
     .sample = "strongbox",
     .choices = stores,
     .offset = offsetof(struct config_secret, store),
     .read = read_store},
    {.name = "path",
     .type = CONFIG_TEXT,
     .required = true,
     .help = "Its name in the strongbox; in Vault as in its API: secret/data/NAME.",
     .sample = "orders-db",
     .read = read_secret_path},
    {.name = "version",
     .type = CONFIG_NUMBER,
     .help = "Vault: this version and no newer one.",
     .sample = "3",
     .least = 1,
     .most = (uint64_t)1 << 31,
     .offset = offsetof(struct config_secret, version),
     .read = read_secret_version},
    {.name = "for"},
};
const struct config_section config_secret_section = {keys, sizeof keys / sizeof *keys, NULL};

static int read_secret(struct config_reader *r, const struct yaml_node *node,
                       struct config_secret *secret) {
    const char *what = arena_printf(r->arena, "secrets.%.*s", LIMIT_SECRET_NAME, node->key);
    if (what == NULL)
        return error_set(r->err, ERROR_MEMORY, "memory is exhausted");
    if (!config_is_word(node->key, NAME_OTHERS) || strlen(node->key) > LIMIT_SECRET_NAME) {
        yaml_error_key(&r->source, node, r->err, "a secret cannot have this name");
        return error_todo(r->err, "use 1 to %d letters, digits, '_' and '-'", LIMIT_SECRET_NAME);
    }
    *secret = (struct config_secret){
        .name = node->key, .line = node->key_line, .column = node->key_column};
    return config_read_section(r, node, what, &config_secret_section, secret);
}

int config_read_secrets(struct config_reader *r, const struct config_key *key,
                        const struct yaml_node *node, const char *what) {
    (void)key;
    if (yaml_is_null(node))
        return 0;
    if (yaml_expect(&r->source, node, YAML_MAPPING, what, r->err) != 0)
        return -1;
    if (node->count > LIMIT_SECRETS) {
        yaml_error_key(&r->source, node, r->err, "%zu secrets are declared", node->count);
        return error_todo(r->err, "declare at most %d", LIMIT_SECRETS);
    }
    struct config_secret *secrets = config_make_array(r, node->count, sizeof *secrets);
    if (secrets == NULL)
        return -1;
    size_t count = 0;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
        if (read_secret(r, child, &secrets[count++]) != 0)
            return -1;
    r->config->secrets = secrets;
    r->config->secret_count = count;
    return 0;
}

static int refuse_reference(struct config_reader *r, const struct yaml_node *node,
                            const char *what) {
    yaml_error_value(&r->source, node, r->err, "%s is not one whole reference", what);
    return error_todo(r->err, "write \"${secret}\" or \"${secret.field}\" and nothing around it");
}

static int refuse_unknown_secret(struct config_reader *r, const struct yaml_node *node,
                                 const char *name) {
    const struct config *config = r->config;
    yaml_error_value(&r->source, node, r->err, "no secret is named \"%.*s\"", LIMIT_SECRET_NAME,
                     name);
    const char **names = config_make_array(r, config->secret_count, sizeof *names);
    if (names == NULL)
        return -1;
    for (size_t i = 0; i < config->secret_count; i++)
        names[i] = config->secrets[i].name;
    const char *nearest = text_nearest(name, names, config->secret_count);
    if (nearest != NULL)
        return error_todo(r->err, "did you mean \"%s\"?", nearest);
    return error_todo(r->err, "declare it: `secrets: {%.*s: {store: strongbox, path: NAME}}`",
                      LIMIT_SECRET_NAME, name);
}

int config_read_reference(struct config_reader *r, const struct yaml_node *node, const char *what,
                          struct config_reference *ret) {
    const char *text;
    if (yaml_read_text(&r->source, node, what, &text, r->err) != 0)
        return -1;
    size_t length = strlen(text);
    if (length < 4 || !text_starts(text, "${") || text[length - 1] != '}')
        return refuse_reference(r, node, what);
    char *name = arena_text(r->arena, text + 2, length - 3);
    if (name == NULL)
        return error_set(r->err, ERROR_MEMORY, "memory is exhausted");
    char *dot = strchr(name, '.');
    if (dot != NULL)
        *dot = '\0';
    const char *field = dot != NULL ? dot + 1 : NULL;
    if (!config_is_word(name, NAME_OTHERS) ||
        (field != NULL && !config_is_word(field, FIELD_OTHERS)))
        return refuse_reference(r, node, what);
    size_t count = r->config->secret_count;
    for (size_t i = 0; i < count; i++) {
        size_t at = (r->referenced + i) % count;
        if (strcmp(r->config->secrets[at].name, name) == 0) {
            *ret = (struct config_reference){.secret = at, .field = field};
            r->referenced = at;
            return 0;
        }
    }
    return refuse_unknown_secret(r, node, name);
}
