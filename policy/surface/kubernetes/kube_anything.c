#include <string.h>

#include "policy/surface/kubernetes/kube.h"
#include "policy/surface/shell/shell.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

static bool is_one_of(const char *word, const char *const *words, size_t count) {
    for (size_t i = 0; word != NULL && i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

#define IS_ONE_OF(word, table) is_one_of(word, table, sizeof(table) / sizeof *(table))

/* What has names with "spark." that are no settings. */
static const char *const no_settings[] = {"labels", "annotations", "nodeSelector", "matchLabels",
                                          "selector"};
static const char *const variables[] = {"env",     "environment", "extraEnv",
                                        "envVars", "extraEnvs",   "env_vars"};
static const char *const scripts[] = {"command", "args", "run", "script", "entrypoint"};

static bool is_setting(const struct tree_node *node) {
    return node->kind == TREE_SCALAR && node->key != NULL && text_starts(node->key, "spark.") &&
           !tree_is_null(node);
}

bool kube_read_settings(struct kube *k, const struct tree_node *mapping, const char *title) {
    bool any = false;
    if (mapping->kind != TREE_MAPPING || IS_ONE_OF(mapping->key, no_settings))
        return false;
    for (const struct tree_node *c = mapping->first; c != NULL && !any; c = c->next)
        any = is_setting(c) && strchr(c->text, '\n') == NULL;
    if (!any)
        return false;
    struct origin unset = tree_unset(mapping);
    k->b->form = WRITTEN_YAML;
    document_launch(k->b, title, mapping->key == NULL ? &mapping->origin : &mapping->key_origin);
    document_unset(k->b, unset.file, unset.line, unset.column);
    kube_open(k, mapping);
    for (const struct tree_node *c = mapping->first; c != NULL; c = c->next)
        if (is_setting(c))
            document_set(k->b, DOCUMENT_CONF, c->key, kube_told(k, c->key, c), &c->key_origin,
                         &c->origin);
    return true;
}

/* "--conf KEY=VALUE …" in a variable that spark-submit's callers put into its command
 * line. */
static void read_options(struct kube *k, const struct tree_node *text) {
    struct document_word *words;
    struct error err;
    size_t count;
    if (shell_split(text->text, text->length, &text->map, k->b->arena, &words, &count, &err) != 0)
        return;
    k->b->form = WRITTEN_COMMAND;
    document_launch(k->b, text->key, &text->key_origin);
    for (size_t i = 0; i + 1 < count; i++) {
        const char *equal = strchr(words[i + 1].text, '=');
        if (strcmp(words[i].text, "--conf") != 0 || equal == NULL)
            continue;
        const struct document_word *word = &words[i + 1];
        document_set(k->b, DOCUMENT_CONF,
                     kube_print(k, "%.*s", (int)(equal - word->text), word->text), equal + 1,
                     &word->origin,
                     word->value_origin.kind == ORIGIN_UNSET ? NULL : &word->value_origin);
    }
}

static void read_scalar(struct kube *k, const struct tree_node *node) {
    if (node->key == NULL || node->length == 0)
        return;
    bool options = strcmp(node->key, "SPARK_SUBMIT_OPTIONS") == 0 ||
                   strcmp(node->key, "PYSPARK_SUBMIT_ARGS") == 0;
    if (options)
        read_options(k, node);
    else if (strcmp(node->key, "manifest") == 0 && strstr(node->text, "apiVersion") != NULL)
        kube_read_manifest(k, node);
    else if (strchr(node->text, '\n') != NULL && strstr(node->text, "spark-submit") != NULL &&
             IS_ONE_OF(node->key, scripts))
        kube_script(k, node);
    else if (strchr(node->text, '\n') != NULL)
        kube_read_file(k, node, node->key);
}

/* What has a command and variables: a service of a compose file, a container of a
 * workflow. */
static bool is_container(const struct tree_node *node) {
    return node->kind == TREE_MAPPING &&
           (tree_find(node, "command") != NULL || tree_find(node, "entrypoint") != NULL ||
            tree_find(node, "args") != NULL) &&
           (tree_find(node, "image") != NULL || tree_find(node, "build") != NULL ||
            tree_find(node, "environment") != NULL);
}

static bool is_object(const struct tree_node *node) {
    return node->parent != NULL && tree_path_text(node, "apiVersion") != NULL &&
           tree_path_text(node, "kind") != NULL && tree_find(node, "spec") != NULL;
}

static void read_node(struct kube *k, const struct tree_node *node, bool whole);

static void read_children(struct kube *k, const struct tree_node *node, bool contained) {
    for (const struct tree_node *c = node->first; c != NULL && !k->b->failed; c = c->next) {
        bool read = contained && (IS_ONE_OF(c->key, scripts) || IS_ONE_OF(c->key, variables));
        if (!read)
            read_node(k, c, true);
    }
}

static void read_node(struct kube *k, const struct tree_node *node, bool whole) {
    if (node->kind == TREE_SCALAR) {
        read_scalar(k, node);
        return;
    }
    if (whole && is_object(node)) {
        kube_read_object(k, node);
        return;
    }
    bool contained = is_container(node);
    if (contained)
        kube_read_container(k, node, NULL, node->key == NULL ? "container" : node->key);
    else if (IS_ONE_OF(node->key, variables))
        kube_loose_env(k, node);
    kube_read_settings(k, node, node->key == NULL ? "settings" : node->key);
    read_children(k, node, contained);
}

void kube_read_anything(struct kube *k, const struct tree_node *node) {
    read_node(k, node, false);
}
