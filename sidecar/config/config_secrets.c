#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/config/config_read.h"

#define NAME_OTHERS  "_-"
#define FIELD_OTHERS "_.-"
#define PATH_OTHERS  "._-/" /* as strongbox names */

static int read_store(struct config_reader *r, const struct yaml_node *node, const char *what,
                      enum store_kind *ret) {
    static const char *const later[] = {"vault", "aws"};
    const char *names[STORE_KINDS], *text;
    size_t kind;
    if (yaml_read_text(&r->source, node, what, &text, r->err) != 0)
        return -1;
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        if (strcmp(text, later[i]) != 0)
            continue;
        yaml_error_value(&r->source, node, r->err, "the store %s is not supported by this version",
                         text);
        return error_todo(r->err, "put the secret into the strongbox: "
                                  "`arrestor strongbox set NAME`, and write store: strongbox");
    }
    for (size_t i = 0; i < STORE_KINDS; i++)
        names[i] = config_store_name((enum store_kind)i);
    if (config_read_choice(r, node, what, names, STORE_KINDS, &kind) != 0)
        return -1;
    *ret = (enum store_kind)kind;
    return 0;
}

static int read_secret_path(struct config_reader *r, const struct yaml_node *node, const char *what,
                            const char **ret) {
    const char *text;
    if (yaml_read_text(&r->source, node, what, &text, r->err) != 0)
        return -1;
    bool edges = text[0] == '/' || text_ends(text, "/");
    if (config_is_word(text, PATH_OTHERS) && strlen(text) <= LIMIT_SECRET_NAME && !edges) {
        *ret = text;
        return 0;
    }
    yaml_error_value(&r->source, node, r->err, "%s is not the name of a secret in its store", what);
    return error_todo(r->err, "use 1 to %d letters, digits and any of ._-/, no '/' at the ends",
                      LIMIT_SECRET_NAME);
}

static int refuse_incomplete(struct config_reader *r, const struct yaml_node *node,
                             const char *what, const char *key) {
    yaml_error_key(&r->source, node, r->err, "%s has no %s", what, key);
    return error_todo(r->err, "write %s: {store: strongbox, path: NAME}", node->key);
}

static int read_secret(struct config_reader *r, const struct yaml_node *node,
                       struct config_secret *secret) {
    static const char *const keys[] = {"store", "path"};
    const char *what = arena_printf(r->arena, "secrets.%.*s", LIMIT_SECRET_NAME, node->key);
    if (what == NULL)
        return error_set(r->err, ERROR_MEMORY, "memory is exhausted");
    if (!config_is_word(node->key, NAME_OTHERS) || strlen(node->key) > LIMIT_SECRET_NAME) {
        yaml_error_key(&r->source, node, r->err, "a secret cannot have this name");
        return error_todo(r->err, "use 1 to %d letters, digits, '_' and '-'", LIMIT_SECRET_NAME);
    }
    const struct yaml_node *later = yaml_find(node, "for");
    if (later != NULL) {
        yaml_error_key(&r->source, later, r->err, "%s.for is not supported by this version", what);
        return error_todo(r->err, "leave it out, or use a newer arrestor");
    }
    if (yaml_check_keys(&r->source, node, keys, sizeof keys / sizeof *keys, what, r->err) != 0)
        return -1;
    const struct yaml_node *store = yaml_find(node, "store"), *path = yaml_find(node, "path");
    if (store == NULL || path == NULL)
        return refuse_incomplete(r, node, what, store == NULL ? "store" : "path");
    *secret = (struct config_secret){
        .name = node->key, .line = node->key_line, .column = node->key_column};
    if (read_store(r, store, "store", &secret->store) != 0)
        return -1;
    return read_secret_path(r, path, "path", &secret->path);
}

int config_read_secrets(struct config_reader *r, const struct yaml_node *node, const char *what) {
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
    for (size_t i = 0; i < r->config->secret_count; i++) {
        if (strcmp(r->config->secrets[i].name, name) == 0) {
            *ret = (struct config_reference){.secret = i, .field = field};
            return 0;
        }
    }
    return refuse_unknown_secret(r, node, name);
}
