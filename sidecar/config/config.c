#include "sidecar/config/config.h"

#include <string.h>

#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"
#include "sidecar/config/config_read.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const store_names[] = {
#define STORE_NAME(id, name, poll) name,
    STORE_TABLE(STORE_NAME)
#undef STORE_NAME
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
        .poll_ms = LIMIT_POLL_STRONGBOX_MS,
        .overlap_ms = LIMIT_OVERLAP_MS,
        .packs = packs,
        .pack_count = COUNT(packs),
    };
}

static int read_mode(struct config_reader *r, const struct yaml_node *node, const char *what) {
    static const char *const names[] = {[MODE_ENFORCE] = "enforce", [MODE_WARN] = "warn"};
    size_t mode;
    if (config_read_choice(r, node, what, names, COUNT(names), &mode) != 0)
        return -1;
    r->config->mode = (enum config_mode)mode;
    return 0;
}

static int read_box(struct config_reader *r, const struct yaml_node *node, const char *what) {
    return config_read_path(r, node, what, LIMIT_PATH, &r->config->box);
}

static int read_box_key(struct config_reader *r, const struct yaml_node *node, const char *what) {
    return config_read_path(r, node, what, LIMIT_PATH, &r->config->key);
}

static int read_strongbox(struct config_reader *r, const struct yaml_node *node, const char *what) {
    static const struct config_key keys[] = {{"box", read_box}, {"key", read_box_key}};
    return config_read_section(r, node, what, keys, COUNT(keys));
}

static int read_stores(struct config_reader *r, const struct yaml_node *node, const char *what) {
    static const struct config_key keys[] = {
        {"strongbox", read_strongbox}, {"vault", NULL}, {"aws", NULL}};
    return config_read_section(r, node, what, keys, COUNT(keys));
}

static int read_packs(struct config_reader *r, const struct yaml_node *node, const char *what) {
    struct config *config = r->config;
    if (config_read_words(r, node, what, "._-", LIMIT_PACKS, &config->packs, &config->pack_count) !=
        0)
        return -1;
    if (config->pack_count > 0)
        return 0;
    yaml_error_value(&r->source, node, r->err, "%s is empty, and no policy is not a pass", what);
    return error_todo(r->err, "write [spark-production], or leave the key out");
}

static int read_policy(struct config_reader *r, const struct yaml_node *node, const char *what) {
    static const struct config_key keys[] = {
        {"packs", read_packs}, {"platform", NULL}, {"waivers", NULL}};
    return config_read_section(r, node, what, keys, COUNT(keys));
}

static int read_user(struct config_reader *r, const struct yaml_node *node, const char *what) {
    return config_read_word(r, node, what, "._-", LIMIT_USER_NAME - 1, &r->config->user);
}

static int read_job_user(struct config_reader *r, const struct yaml_node *node, const char *what) {
    return config_read_word(r, node, what, "._-", LIMIT_USER_NAME - 1, &r->config->job_user);
}

static int read_require(struct config_reader *r, const struct yaml_node *node, const char *what) {
    return config_read_words(r, node, what, "-", LIMIT_CONFIG_WORDS, &r->config->require,
                             &r->config->require_count);
}

static int read_keep_env(struct config_reader *r, const struct yaml_node *node, const char *what) {
    if (config_read_words(r, node, what, "_", LIMIT_CONFIG_WORDS, &r->config->keep_env,
                          &r->config->keep_env_count) != 0)
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

static int accept_version(struct config_reader *r, const struct yaml_node *node, const char *what) {
    (void)r;
    (void)node;
    (void)what;
    return 0;
}

/* Secrets stand before deliver, because references name them. */
static int read_file(struct config_reader *r, const struct yaml_node *root) {
    static const struct config_key keys[] = {
        {"version", accept_version},
        {"mode", read_mode},
        {"stores", read_stores},
        {"secrets", config_read_secrets},
        {"deliver", config_read_deliver},
        {"policy", read_policy},
        {"user", read_user},
        {"job-user", read_job_user},
        {"require", read_require},
        {"keep-env", read_keep_env},
        {"on-drift", NULL},
        {"grace", NULL},
        {"metrics", NULL},
    };
    if (root != NULL && yaml_expect(&r->source, root, YAML_MAPPING, "", r->err) != 0)
        return -1;
    if (check_version(r, root) != 0)
        return -1;
    return config_read_section(r, root, "", keys, COUNT(keys));
}

int config_parse(const char *bytes, size_t length, const char *name, struct arena *arena,
                 struct config *ret, struct error *err) {
    struct config config = config_default();
    struct config_reader r = {.source = {bytes, length, name, ERROR_CONFIG},
                              .arena = arena,
                              .config = &config,
                              .err = err};
    const struct yaml_node *root;
    if (yaml_parse(bytes, length, name, ERROR_CONFIG, arena, &root, err) != 0)
        return -1;
    if (read_file(&r, root) != 0)
        return -1;
    *ret = config;
    return 0;
}
