#include <string.h>

#include "policy/surface/kubernetes/kube.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/text.h"

/* What SparkAppSubmissionWorker sets where the application does not. */
static const char *const injected[][2] = {
    {"spark.authenticate", "true"},
    {"spark.io.encryption.enabled", "true"},
};

#define SPARK_VERSION "{{SPARK_VERSION}}"

/* The operator fills the version into images. */
static const char *fill_version(struct kube *k, const char *value, const char *version) {
    static const char mark[] = {UNKNOWN_OPEN, '\0'};
    const char *found = strstr(value, SPARK_VERSION);
    if (found == NULL || version == NULL || found == value || found[-1] != *mark)
        return value;
    return kube_print(k, "%.*s%s%s", (int)(found - 1 - value), value, version,
                      found + strlen(SPARK_VERSION) + 1);
}

static void set_conf(struct kube *k, const struct tree_node *conf, const char *version) {
    kube_open(k, conf);
    if (conf == NULL || conf->kind != TREE_MAPPING)
        return;
    for (const struct tree_node *c = conf->first; c != NULL; c = c->next) {
        if (c->kind != TREE_SCALAR || tree_is_null(c))
            continue;
        bool image = text_ends(c->key, "container.image");
        document_set(k->b, DOCUMENT_CONF, c->key,
                     image ? fill_version(k, c->text, version) : c->text, &c->key_origin,
                     &c->origin);
    }
}

static void set_own(struct kube *k, const char *key, const char *value, const struct origin *own) {
    document_set(k->b, DOCUMENT_CONF, key, value, own, NULL);
}

static void set_node(struct kube *k, const char *key, const struct tree_node *node) {
    if (node != NULL && node->kind == TREE_SCALAR && !tree_is_null(node))
        document_set(k->b, DOCUMENT_CONF, key, node->text, &node->key_origin, &node->origin);
}

static void set_facts(struct kube *k, const struct tree_node *object, const struct tree_node *spec,
                      const struct origin *own) {
    static const char *const pods[] = {
        "driverSpec.podTemplateSpec.spec", "executorSpec.podTemplateSpec.spec",
        "masterSpec.statefulSetSpec.template.spec", "workerSpec.statefulSetSpec.template.spec"};
    kube_fact_text(k, DOCUMENT_FACT_PLATFORM, "kubernetes", own);
    kube_fact(k, DOCUMENT_FACT_NAMESPACE, tree_path(object, "metadata.namespace"));
    for (size_t i = 0; i < sizeof pods / sizeof *pods; i++)
        kube_pod_facts(k, tree_path(spec, pods[i]));
    kube_fact(k, DOCUMENT_FACT_VERSION, tree_path(spec, "runtimeVersions.sparkVersion"));
}

/* Files that the operator puts into ConfigMaps. */
static void read_files(struct kube *k, const struct tree_node *spec) {
    const struct tree_node *maps = tree_find(spec, "configMapSpecs");
    for (const struct tree_node *m = maps == NULL ? NULL : maps->first; m != NULL; m = m->next) {
        const struct tree_node *data = tree_find(m, "data");
        for (const struct tree_node *f = data == NULL ? NULL : data->first; f != NULL; f = f->next)
            kube_read_file(k, f, f->key);
    }
}

void kube_read_apache(struct kube *k, const struct tree_node *object) {
    const struct tree_node *spec = tree_find(object, "spec"), *conf = tree_find(spec, "sparkConf");
    struct origin own = kube_own_place(object);
    if (spec == NULL || spec->kind != TREE_MAPPING)
        return;
    kube_launch(k, object, spec, conf);
    for (size_t i = 0; i < sizeof injected / sizeof *injected; i++)
        document_set(k->b, DOCUMENT_DEFAULTS, injected[i][0], injected[i][1], &own, NULL);
    set_node(k, "spark.jars", tree_find(spec, "jars"));
    set_node(k, "spark.submit.pyFiles", tree_find(spec, "pyFiles"));
    set_node(k, "spark.files", tree_find(spec, "files"));
    set_conf(k, conf, tree_path_text(spec, "runtimeVersions.sparkVersion"));
    set_own(k, "spark.master",
            kube_print(k, "k8s://https://%s", kube_unknown(k, "KUBERNETES_SERVICE_HOST")), &own);
    set_own(k, "spark.submit.deployMode", "cluster", &own);
    set_node(k, "spark.app.name", tree_path(object, "metadata.name"));
    set_node(k, "spark.kubernetes.namespace", tree_path(object, "metadata.namespace"));
    set_facts(k, object, spec, &own);
    read_files(k, spec);
}

/* A standalone cluster in pods: settings of its master and workers. */
void kube_read_cluster(struct kube *k, const struct tree_node *object) {
    const struct tree_node *spec = tree_find(object, "spec"), *conf = tree_find(spec, "sparkConf");
    struct origin own = kube_own_place(object);
    if (spec == NULL || spec->kind != TREE_MAPPING)
        return;
    kube_launch(k, object, spec, conf);
    set_conf(k, conf, tree_path_text(spec, "runtimeVersions.sparkVersion"));
    set_own(k, "spark.master", kube_print(k, "spark://%s:7077", kube_unknown(k, "master")), &own);
    set_node(k, "spark.kubernetes.namespace", tree_path(object, "metadata.namespace"));
    set_facts(k, object, spec, &own);
    read_files(k, spec);
}
