#include <stdlib.h>
#include <string.h>

#include "policy/surface/kubernetes/kube.h"
#include "policy/surface/shell/shell.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

#define TEMPLATES "/stackable/spark/%s-pod-templates/template.yaml"

/* The end of what a shell replaces within double quotes at p, or p where it does not. */
static const char *pass_expansion(const char *p) {
    if (*p == '`') {
        const char *end = strchr(p + 1, '`');
        return end == NULL ? p : end + 1;
    }
    if (*p != '$')
        return p;
    if (p[1] == '(' || p[1] == '{') {
        const char *end = strchr(p, p[1] == '(' ? ')' : '}');
        return end == NULL ? p : end + 1;
    }
    size_t name = strspn(p + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    return name == 0 ? p : p + 1 + name;
}

/* A value as the job's shell reads it: the operator puts it into double quotes and
 * escapes nothing. */
static const char *shell_value(struct kube *k, const char *value) {
    struct buffer out = buffer_make(LIMIT_INPUT_BYTES);
    for (const char *p = value; *p != '\0';) {
        const char *end = pass_expansion(p);
        if (end > p)
            unknown_add(&out, p, (size_t)(end - p));
        else if (*p == '\\' && p[1] != '\0' && strchr("\\\"$`", p[1]) != NULL)
            buffer_char(&out, *++p);
        else if (*p != '"')
            buffer_char(&out, *p);
        p = end > p ? end : p + 1;
    }
    const char *text = kube_print(k, "%s", out.data == NULL ? "" : out.data);
    buffer_free(&out);
    return text;
}

static void add_own(struct kube *k, const char *key, const char *value, const struct origin *own) {
    kube_conf_text(k, key, value, own, own);
}

static void add_templates(struct kube *k, const struct origin *own) {
    static const char *const sides[] = {"driver", "executor"};
    for (size_t i = 0; i < 2; i++) {
        add_own(k, kube_print(k, "spark.kubernetes.%s.podTemplateFile", sides[i]),
                kube_print(k, TEMPLATES, sides[i]), own);
        add_own(k, kube_print(k, "spark.kubernetes.%s.podTemplateContainerName", sides[i]), "spark",
                own);
    }
}

/* The endpoint as the operator puts it together; credentials come from files at the
 * job's start and land in Spark's own settings. */
static void add_connection(struct kube *k, const struct tree_node *inner) {
    const struct tree_node *host = tree_find(inner, "host");
    const struct tree_node *credentials = tree_find(inner, "credentials");
    const char *port = tree_path_text(inner, "port");
    bool tls = tree_find(inner, "tls") != NULL && !tree_is_null(tree_find(inner, "tls"));
    if (tree_text(host) == NULL)
        return;
    kube_conf_text(k, "spark.hadoop.fs.s3a.endpoint",
                   kube_print(k, "%s://%s%s%s", tls ? "https" : "http", host->text,
                              port == NULL ? "" : ":", port == NULL ? "" : port),
                   &host->key_origin, &host->origin);
    const char *style = tree_path_text(inner, "accessStyle");
    kube_conf_text(k, "spark.hadoop.fs.s3a.path.style.access",
                   style != NULL && strcmp(style, "Path") == 0 ? "true" : "false",
                   &host->key_origin, &host->origin);
    const struct origin *place = credentials == NULL ? &host->origin : &credentials->origin;
    kube_conf_text(k, "spark.hadoop.fs.s3a.aws.credentials.provider",
                   credentials != NULL ? "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider"
                                       : "org.apache.hadoop.fs.s3a.AnonymousAWSCredentialsProvider",
                   place, place);
    if (credentials == NULL)
        return;
    kube_conf_text(k, "spark.hadoop.fs.s3a.access.key", kube_unknown(k, "$(cat accessKey)"), place,
                   place);
    kube_conf_text(k, "spark.hadoop.fs.s3a.secret.key", kube_unknown(k, "$(cat secretKey)"), place,
                   place);
}

/* One that is referred to is looked for in the same stream. */
static const struct tree_node *resolve(struct kube *k, const struct tree_node *node,
                                       const char *kind) {
    const struct tree_node *inner = tree_find(node, "inline");
    const struct tree_node *name = tree_find(node, "reference");
    if (inner == NULL && tree_text(name) != NULL)
        inner = tree_find(kube_find_object(k, kind, name->text), "spec");
    if (inner == NULL && tree_text(name) != NULL)
        document_open(k->b, &name->origin);
    return inner;
}

static void add_s3(struct kube *k, const struct tree_node *spec) {
    const struct tree_node *connection = tree_find(spec, "s3connection");
    if (connection == NULL) {
        const struct tree_node *bucket =
            resolve(k, tree_path(spec, "logFileDirectory.s3.bucket"), "S3Bucket");
        connection = tree_find(bucket, "connection");
    }
    add_connection(k, resolve(k, connection, "S3Connection"));
}

static int by_key(const void *a, const void *b) {
    const struct tree_node *const *left = a, *const *right = b;
    int order = strcmp((*left)->key, (*right)->key);
    return order != 0 ? order : (*left)->origin.line < (*right)->origin.line ? -1 : 1;
}

/* sparkConf, in the order of its keys. */
static void add_conf(struct kube *k, const struct tree_node *conf) {
    kube_open(k, conf);
    if (conf == NULL || conf->kind != TREE_MAPPING)
        return;
    const struct tree_node **items = arena_array(k->b->arena, conf->count, sizeof *items);
    size_t count = 0;
    for (const struct tree_node *c = conf->first; items != NULL && c != NULL; c = c->next)
        if (c->kind == TREE_SCALAR && !tree_is_null(c))
            items[count++] = c;
    if (count > 0)
        qsort(items, count, sizeof *items, by_key);
    for (size_t i = 0; i < count; i++)
        kube_conf_text(k, items[i]->key,
                       tree_is_certain(items[i]) ? shell_value(k, items[i]->text)
                                                 : kube_told(k, items[i]->key, items[i]),
                       &items[i]->key_origin, &items[i]->origin);
}

/* Written into the shell's line as they are: a shell splits them. */
static void add_split(struct kube *k, const struct tree_node *node) {
    struct document_word *words;
    size_t count;
    if (k->b->failed || node == NULL || node->kind != TREE_SCALAR)
        return;
    if (shell_split(node->text, node->length, &node->map, k->b->arena, &words, &count, k->b->err) !=
        0) {
        kube_word(k, kube_unknown(k, "argument"), &node->origin);
        return;
    }
    for (size_t i = 0; i < count; i++)
        document_word(k->b, words[i].text, &words[i].origin, &words[i].value_origin);
}

static void add_facts(struct kube *k, const struct tree_node *object, const struct tree_node *spec,
                      const struct origin *own) {
    static const char *const pods[] = {"job.podOverrides.spec", "driver.podOverrides.spec",
                                       "executor.podOverrides.spec"};
    kube_fact_text(k, DOCUMENT_FACT_PLATFORM, "kubernetes", own);
    kube_fact(k, DOCUMENT_FACT_NAMESPACE, tree_path(object, "metadata.namespace"));
    kube_image(k, tree_find(spec, "image"));
    for (size_t i = 0; i < sizeof pods / sizeof *pods; i++)
        kube_pod_facts(k, tree_path(spec, pods[i]));
    kube_fact(k, DOCUMENT_FACT_VERSION, tree_path(spec, "sparkImage.productVersion"));
}

/* Variables of the job's pod, in which the line runs; overrides come later. */
static void add_environment(struct kube *k, const struct tree_node *spec) {
    const struct tree_node *env = tree_find(spec, "env");
    for (const struct tree_node *e = env == NULL ? NULL : env->first; e != NULL; e = e->next) {
        struct origin place;
        const struct tree_node *name = tree_find(e, "name");
        const char *value = kube_env_value(k, e, &place);
        if (tree_text(name) != NULL && value != NULL)
            document_set(k->b, DOCUMENT_ENVIRONMENT, name->text, value, &name->origin, &place);
    }
    kube_set_map(k, DOCUMENT_ENVIRONMENT, "", tree_path(spec, "job.envOverrides"));
    kube_loose_env(k, env);
}

/* Variables and files that a role group overrides, for any kind of Stackable's. */
static void add_overrides(struct kube *k, const struct tree_node *node, size_t depth) {
    if (node->kind == TREE_SCALAR || depth > LIMIT_TREE_DEPTH)
        return;
    for (const struct tree_node *c = node->first; c != NULL; c = c->next) {
        bool variables = c->key != NULL && strcmp(c->key, "envOverrides") == 0;
        bool files = c->key != NULL && strcmp(c->key, "configOverrides") == 0;
        if (!variables && !files)
            add_overrides(k, c, depth + 1);
        for (const struct tree_node *s = variables || files ? c->first : NULL; s != NULL;
             s = s->next) {
            if (s->kind == TREE_SCALAR && s->key != NULL)
                document_add_loose(k->b, s->key, s->text, &s->key_origin, &s->origin);
            for (const struct tree_node *t = files ? s->first : NULL; t != NULL; t = t->next)
                if (t->kind == TREE_SCALAR && t->key != NULL)
                    document_add_loose(k->b, t->key, t->text, &t->key_origin, &t->origin);
        }
    }
}

void kube_read_stackable(struct kube *k, const struct tree_node *object) {
    const struct tree_node *spec = tree_find(object, "spec");
    const struct tree_node *conf = tree_find(spec, "sparkConf"), *args = tree_find(spec, "args");
    struct origin own = kube_own_place(object);
    if (spec == NULL || spec->kind != TREE_MAPPING)
        return;
    kube_launch(k, object, spec, conf);
    kube_word(k, "/stackable/spark/bin/spark-submit", &own);
    kube_word(k, "--verbose", &own);
    kube_word(k, "--master", &own);
    kube_word(k, kube_print(k, "k8s://https://%s", kube_unknown(k, "${KUBERNETES_SERVICE_HOST}")),
              &own);
    kube_word(k, "--deploy-mode", &own);
    kube_word(k, "cluster", &own);
    kube_option(k, "--name", tree_path(object, "metadata.name"));
    add_templates(k, &own);
    kube_conf(k, "spark.kubernetes.namespace", tree_path(object, "metadata.namespace"));
    add_own(k, "spark.kubernetes.authenticate.driver.serviceAccountName",
            kube_unknown(k, "the operator's service account"), &own);
    kube_conf(k, "spark.kubernetes.driver.container.image", tree_find(spec, "image"));
    kube_conf(k, "spark.kubernetes.executor.container.image", tree_find(spec, "image"));
    add_s3(k, spec);
    add_own(k, "spark.ui.prometheus.enabled", "true", &own);
    kube_option(k, "--repositories", tree_path(spec, "deps.repositories"));
    kube_option(k, "--exclude-packages", tree_path(spec, "deps.excludePackages"));
    kube_option(k, "--packages", tree_path(spec, "deps.packages"));
    add_conf(k, conf);
    kube_option(k, "--class", tree_find(spec, "mainClass"));
    add_split(k, tree_find(spec, "mainApplicationFile"));
    for (const struct tree_node *a = args == NULL ? NULL : args->first; a != NULL; a = a->next)
        add_split(k, a);
    kube_open(k, args);
    add_environment(k, spec);
    add_facts(k, object, spec, &own);
    add_overrides(k, spec, 0);
}

/* S3Connection, S3Bucket: the endpoint; HiveCluster, TrinoCatalog …: overrides. */
void kube_read_stackable_other(struct kube *k, const struct tree_node *object) {
    const struct tree_node *spec = tree_find(object, "spec");
    const struct tree_node *database = tree_path(spec, "clusterConfig.database.connString");
    if (spec == NULL)
        return;
    if (tree_text(database) != NULL)
        document_add_loose(k->b, "javax.jdo.option.ConnectionURL", database->text,
                           &database->key_origin, &database->origin);
    add_overrides(k, spec, 0);
}
