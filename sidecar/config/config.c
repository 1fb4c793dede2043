#include "sidecar/config/config.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/config/config_read.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const store_names[] = {
#define STORE_NAME(id, name, poll) name,
    STORE_TABLE(STORE_NAME)
#undef STORE_NAME
};

static const uint64_t store_polls[] = {
#define STORE_POLL(id, name, poll) poll,
    STORE_TABLE(STORE_POLL)
#undef STORE_POLL
};

static const char *const form_names[] = {
#define FORM_NAME(id, name) name,
    FORM_TABLE(FORM_NAME)
#undef FORM_NAME
};

const char *config_store_name(enum store_kind kind) {
    return (size_t)kind < STORE_KINDS ? store_names[kind] : "unknown";
}

const char *config_form_name(enum form form) {
    return (size_t)form < FORMS ? form_names[form] : "unknown";
}

struct config config_default(void) {
    static const char *const packs[] = {"spark-production"};
    return (struct config){
        .mode = MODE_ENFORCE,
        .vault = {.mount = "approle"},
        .poll_ms = LIMIT_POLL_STRONGBOX_MS,
        .overlap_ms = LIMIT_OVERLAP_MS,
        .wait_ms = LIMIT_WAIT_MS,
        .packs = packs,
        .pack_count = COUNT(packs),
    };
}

uint32_t config_stores(const struct config *config) {
    uint32_t stores = 0;
    for (size_t i = 0; i < config->secret_count; i++)
        stores |= 1u << (unsigned)config->secrets[i].store;
    return stores;
}

/* The longest default of the stores in use, because a poll asks them all; where
 * none is, that of the strongbox. */
static uint64_t default_poll(const struct config *config) {
    uint32_t stores = config_stores(config);
    uint64_t poll = 0;
    for (size_t i = 0; i < STORE_KINDS; i++)
        if ((stores & 1u << i) != 0 && store_polls[i] > poll)
            poll = store_polls[i];
    return poll != 0 ? poll : LIMIT_POLL_STRONGBOX_MS;
}

static int read_packs(struct config_reader *r, const struct config_key *key,
                      const struct yaml_node *node, const char *what) {
    if (config_read_typed(r, key, node, what) != 0)
        return -1;
    if (r->config->pack_count > 0)
        return 0;
    yaml_error_value(&r->source, node, r->err, "%s is empty, and no policy is not a pass", what);
    return error_todo(r->err, "write [spark-production], or leave the key out");
}

static int read_keep_env(struct config_reader *r, const struct config_key *key,
                         const struct yaml_node *node, const char *what) {
    if (config_read_typed(r, key, node, what) != 0)
        return -1;
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        if (item->text[0] < '0' || item->text[0] > '9')
            continue;
        yaml_error_value(&r->source, item, r->err, "\"%s\" is not the name of a variable",
                         item->text);
        return error_todo(r->err, "write names as in [TZ, LANG], without values");
    }
    return 0;
}

/* A file of another version is told so before its keys are looked at. */
static int check_version(struct config_reader *r, const struct yaml_node *root) {
    const struct yaml_node *node = yaml_find(root, "version");
    const char *text;
    if (node == NULL) {
        error_set(r->err, ERROR_CONFIG, "%s",
                  root == NULL ? "the file is empty" : "the file does not say its version");
        error_at(r->err, r->source.name, root != NULL ? 1 : 0, 0);
        return error_todo(r->err, "write `version: 1` as its first line");
    }
    if (yaml_read_text(&r->source, node, "version", &text, r->err) != 0)
        return -1;
    if (strcmp(text, "1") == 0)
        return 0;
    yaml_error_value(&r->source, node, r->err, "this version of the file is not known");
    return error_todo(r->err, "write `version: 1`, or use a newer arrestor");
}

static int accept_version(struct config_reader *r, const struct config_key *key,
                          const struct yaml_node *node, const char *what) {
    (void)r;
    (void)key;
    (void)node;
    (void)what;
    return 0;
}

static const struct config_key strongbox_keys[] = {
    {.name = "box",
     .type = CONFIG_PATH,
     .help = "The encrypted file. Default: where `arrestor strongbox` looks.",
     .sample = "/etc/arrestor/secrets.box",
     .most = LIMIT_PATH,
     .offset = offsetof(struct config, box)},
    {.name = "key",
     .type = CONFIG_PATH,
     .help = "Its key file, kept somewhere else than the box.",
     .sample = "/etc/arrestor-keys/secrets.key",
     .most = LIMIT_PATH,
     .offset = offsetof(struct config, key)},
};
static const struct config_section strongbox_section = {strongbox_keys, COUNT(strongbox_keys),
                                                        NULL};

static const struct config_key store_keys[] = {
    {.name = "strongbox",
     .type = CONFIG_SECTION,
     .help = "The local encrypted file.",
     .section = &strongbox_section},
    {.name = "vault",
     .type = CONFIG_SECTION,
     .help = "HashiCorp Vault or OpenBao, KV version 2.",
     .section = &config_vault_section,
     .read = config_read_vault},
    {.name = "aws"},
};
static const struct config_section store_section = {store_keys, COUNT(store_keys), NULL};

static const struct config_key policy_keys[] = {
    {.name = "packs",
     .type = CONFIG_WORDS,
     .help = "What the configuration is judged by before the job starts.",
     .standard = "[\"spark-production\"]",
     .others = "._-",
     .least = 1,
     .most = LIMIT_PACKS,
     .offset = offsetof(struct config, packs),
     .count_offset = offsetof(struct config, pack_count),
     .read = read_packs},
    {.name = "platform"},
    {.name = "waivers"},
};
static const struct config_section policy_section = {policy_keys, COUNT(policy_keys), NULL};

static const char *const modes[] = {
    [MODE_ENFORCE] = "enforce", [MODE_WARN] = "warn", [MODE_WARN + 1] = NULL};

/* Secrets stand before deliver, because references name them. */
static const struct config_key top_keys[] = {
    {.name = "version",
     .type = CONFIG_NUMBER,
     .required = true,
     .help = "Version of this file's form.",
     .sample = "1",
     .least = 1,
     .most = 1,
     .read = accept_version},
    {.name = "mode",
     .type = CONFIG_CHOICE,
     .help = "enforce: what the policy refuses does not start. warn: it is only reported.",
     .standard = "enforce",
     .choices = modes,
     .offset = offsetof(struct config, mode)},
    {.name = "stores",
     .type = CONFIG_SECTION,
     .help = "Where secrets are had from.",
     .section = &store_section},
    {.name = "secrets",
     .type = CONFIG_EACH,
     .help = "NAME: where the secret lies. The name is what references begin with.",
     .sample = "{\"db\": {\"store\": \"strongbox\", \"path\": \"orders-db\"}}",
     .others = "_-",
     .most = LIMIT_SECRET_NAME,
     .section = &config_secret_section,
     .read = config_read_secrets},
    {.name = "deliver",
     .type = CONFIG_SECTION,
     .help = "How the set is placed.",
     .section = &config_deliver_section},
    {.name = "policy",
     .type = CONFIG_SECTION,
     .help = "What a launch is judged by.",
     .section = &policy_section},
    {.name = "user",
     .type = CONFIG_WORD,
     .help = "Started as root, the processes of arrestor run as this user.",
     .standard = "arrestor",
     .others = "._-",
     .most = LIMIT_USER_NAME - 1,
     .offset = offsetof(struct config, user)},
    {.name = "job-user",
     .type = CONFIG_WORD,
     .help = "Started as root, the job runs as this user. Default: root, as the caller.",
     .sample = "etl",
     .others = "._-",
     .most = LIMIT_USER_NAME - 1,
     .offset = offsetof(struct config, job_user)},
    {.name = "require",
     .type = CONFIG_WORDS,
     .help = "Protections without which arrestor refuses to work; `arrestor selftest` lists them.",
     .standard = "[]",
     .others = "-",
     .most = LIMIT_CONFIG_WORDS,
     .offset = offsetof(struct config, require),
     .count_offset = offsetof(struct config, require_count)},
    {.name = "keep-env",
     .type = CONFIG_WORDS,
     .help = "Variables that the job inherits although arrestor would refuse or remove them.",
     .standard = "[]",
     .others = "_",
     .most = LIMIT_CONFIG_WORDS,
     .offset = offsetof(struct config, keep_env),
     .count_offset = offsetof(struct config, keep_env_count),
     .read = read_keep_env},
    {.name = "grace",
     .type = CONFIG_PERIOD,
     .help = "How long an expired secret that has no successor is still delivered.",
     .standard = "0s",
     .offset = offsetof(struct config, grace_ms)},
    {.name = "on-drift"},
    {.name = "metrics"},
};
const struct config_section config_top = {top_keys, COUNT(top_keys), NULL};

static int read_file(struct config_reader *r, const struct yaml_node *root) {
    if (root != NULL && yaml_expect(&r->source, root, YAML_MAPPING, "", r->err) != 0)
        return -1;
    if (check_version(r, root) != 0)
        return -1;
    return config_read_section(r, root, "", &config_top, r->config);
}

int config_parse(const char *bytes, size_t length, const char *name, struct arena *arena,
                 struct config *ret, struct error *err) {
    struct config config = config_default();
    struct config_reader r = {.source = {bytes, length, name, ERROR_CONFIG},
                              .arena = arena,
                              .config = &config,
                              .err = err};
    const struct yaml_node *root;
    /* The tree is most of it, and warden lives long: only its texts are kept. */
    struct arena tree = arena_make(LIMIT_ARENA_BYTES);
    config.poll_ms = 0;
    int result = yaml_parse(bytes, length, name, ERROR_CONFIG, &tree, arena, &root, err);
    if (result == 0)
        result = read_file(&r, root);
    arena_free(&tree);
    if (result != 0)
        return -1;
    if (config.poll_ms == 0)
        config.poll_ms = default_poll(&config);
    *ret = config;
    return 0;
}
