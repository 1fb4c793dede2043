#include <string.h>

#include "policy/surface/kubernetes/kube.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/text.h"

/* Driver or executor: what their fields are called in Spark. */
struct side {
    const char *name;          /* the field of spec */
    const char *env, *account; /* prefix and key of Spark */
    const char *drops;         /* the sparkConf key that the operator's own replaces */
};

static const struct side sides[] = {
    {"driver", "spark.kubernetes.driverEnv.",
     "spark.kubernetes.authenticate.driver.serviceAccountName",
     "spark.kubernetes.driver.podTemplateFile"},
    {"executor", "spark.executorEnv.", "spark.kubernetes.authenticate.executor.serviceAccountName",
     "spark.kubernetes.executor.podTemplateFile"},
};

struct field {
    const char *path, *key; /* key: with %s for "driver" or "executor" */
};

static const struct field side_fields[] = {
    {"instances", "spark.%s.instances"},
    {"image", "spark.kubernetes.%s.container.image"},
    {"cores", "spark.%s.cores"},
    {"coreRequest", "spark.kubernetes.%s.request.cores"},
    {"coreLimit", "spark.kubernetes.%s.limit.cores"},
    {"memory", "spark.%s.memory"},
    {"memoryOverhead", "spark.%s.memoryOverhead"},
    {"javaOptions", "spark.%s.extraJavaOptions"},
    {"kubernetesMaster", "spark.kubernetes.%s.master"},
    {"deleteOnTermination", "spark.kubernetes.%s.deleteOnTermination"},
};

static const struct field dependencies[] = {
    {"jars", "--jars"},
    {"packages", "--packages"},
    {"excludePackages", "--exclude-packages"},
    {"repositories", "--repositories"},
    {"pyFiles", "--py-files"},
    {"files", "--files"},
    {"archives", "--archives"},
};

static const struct field allocation[] = {
    {"initialExecutors", "spark.dynamicAllocation.initialExecutors"},
    {"minExecutors", "spark.dynamicAllocation.minExecutors"},
    {"maxExecutors", "spark.dynamicAllocation.maxExecutors"},
    {"shuffleTrackingTimeout", "spark.dynamicAllocation.shuffleTracking.timeout"},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void add_master(struct kube *k, const struct tree_node *spec, const struct origin *own) {
    const struct tree_node *mode = tree_find(spec, "mode");
    kube_word(k, "--master", own);
    kube_word(k, kube_print(k, "k8s://https://%s", kube_unknown(k, "KUBERNETES_SERVICE_HOST")),
              own);
    const char *text = tree_text(mode);
    if (text != NULL && strcmp(text, "in-cluster-client") == 0) {
        kube_word(k, "--deploy-mode", &mode->key_origin);
        kube_word(k, "client", &mode->origin);
    } else if (!tree_is_null(mode)) {
        kube_option(k, "--deploy-mode", mode);
    } else { /* the CRD's default */
        kube_word(k, "--deploy-mode", own);
        kube_word(k, "cluster", own);
    }
}

/* kubectl's own namespace counts where the object names none. */
static void add_namespace(struct kube *k, const struct tree_node *object,
                          const struct origin *own) {
    const struct tree_node *node = tree_path(object, "metadata.namespace");
    if (!tree_is_null(node))
        kube_conf(k, "spark.kubernetes.namespace", node);
    else
        kube_conf_text(k, "spark.kubernetes.namespace", kube_unknown(k, "metadata.namespace"), own,
                       own);
}

static void add_images(struct kube *k, const struct tree_node *spec) {
    const struct tree_node *secrets = tree_find(spec, "imagePullSecrets");
    kube_conf(k, "spark.kubernetes.container.image", tree_find(spec, "image"));
    kube_conf(k, "spark.kubernetes.container.image.pullPolicy", tree_find(spec, "imagePullPolicy"));
    const char *joined =
        secrets != NULL && secrets->kind == TREE_SEQUENCE ? kube_join(k, secrets) : NULL;
    if (joined != NULL)
        kube_conf_text(k, "spark.kubernetes.container.image.pullSecrets", joined,
                       &secrets->key_origin, &secrets->first->origin);
    kube_conf(k, "spark.kubernetes.memoryOverheadFactor", tree_find(spec, "memoryOverheadFactor"));
}

/* The operator names the driver's pod itself. */
static void add_spark_conf(struct kube *k, const struct tree_node *conf) {
    if (conf == NULL)
        return;
    kube_open(k, conf);
    if (conf->kind != TREE_MAPPING)
        return;
    for (const struct tree_node *child = conf->first; child != NULL; child = child->next)
        if (strcmp(child->key, "spark.kubernetes.driver.pod.name") != 0)
            kube_conf(k, child->key, child);
}

static void add_side_env(struct kube *k, const struct side *side, const struct tree_node *spec) {
    kube_conf_map(k, side->env, tree_find(spec, "envVars"));
    const struct tree_node *refs = tree_find(spec, "envSecretKeyRefs");
    for (const struct tree_node *ref = refs == NULL ? NULL : refs->first; ref != NULL;
         ref = ref->next) {
        const char *name = tree_path_text(ref, "name"), *key = tree_path_text(ref, "key");
        if (ref->key != NULL && name != NULL && key != NULL)
            kube_conf_text(
                k, kube_print(k, "spark.kubernetes.%s.secretKeyRef.%s", side->name, ref->key),
                kube_print(k, "%s:%s", name, key), &ref->key_origin,
                &tree_find(ref, "name")->origin);
    }
}

/* Variables that the webhook gives the pod are what Spark's own settings would give. */
static void add_webhook_env(struct kube *k, const struct side *side, const struct tree_node *spec) {
    const struct tree_node *env = tree_find(spec, "env"), *from = tree_find(spec, "envFrom");
    for (const struct tree_node *entry = env == NULL ? NULL : env->first; entry != NULL;
         entry = entry->next) {
        struct origin place;
        const struct tree_node *name = tree_find(entry, "name");
        const char *value = kube_env_value(k, entry, &place);
        if (tree_text(name) != NULL && value != NULL)
            kube_conf_text(k, kube_print(k, "%s%s", side->env, name->text), value, &name->origin,
                           &place);
    }
    if (from != NULL)
        document_note(k->b, &from->key_origin,
                      "variables of a Secret or ConfigMap are given that are not told here");
}

/* What a secretType of the operator adds to a mounted secret. */
static const struct field secret_types[] = {
    {"GCPServiceAccount", "GOOGLE_APPLICATION_CREDENTIALS=%s/key.json"},
    {"HadoopDelegationToken", "HADOOP_TOKEN_FILE_LOCATION=%s/hadoop.token"},
};

static void add_secret(struct kube *k, const struct side *side, const struct tree_node *secret) {
    const struct tree_node *name = tree_find(secret, "name"), *path = tree_find(secret, "path");
    const char *type = tree_path_text(secret, "secretType");
    if (tree_text(name) == NULL || tree_text(path) == NULL)
        return;
    kube_conf_text(k, kube_print(k, "spark.kubernetes.%s.secrets.%s", side->name, name->text),
                   path->text, &name->origin, &path->origin);
    for (size_t i = 0; type != NULL && i < COUNT(secret_types); i++) {
        if (strcmp(type, secret_types[i].path) != 0)
            continue;
        const char *variable = secret_types[i].key;
        size_t length = strcspn(variable, "=");
        kube_conf_text(k, kube_print(k, "%s%.*s", side->env, (int)length, variable),
                       kube_print(k, "%s%s", path->text, strchr(variable, '/')), &name->origin,
                       &path->origin);
    }
}

/* Volumes named spark-local-dir-… are Spark's own; the webhook adds the others. */
static void add_local_dir(struct kube *k, const struct side *side, const struct tree_node *volume,
                          const struct tree_node *mount) {
    static const char *const types[] = {"hostPath", "emptyDir", "persistentVolumeClaim", "nfs"};
    const struct tree_node *path = tree_find(mount, "mountPath"), *type = NULL;
    for (size_t i = 0; i < COUNT(types) && type == NULL; i++)
        type = tree_find(volume, types[i]);
    if (type == NULL || tree_text(path) == NULL)
        return;
    const char *name = tree_path_text(volume, "name");
    kube_conf(
        k,
        kube_print(k, "spark.kubernetes.%s.volumes.%s.%s.mount.path", side->name, type->key, name),
        path);
    kube_conf(k,
              kube_print(k, "spark.kubernetes.%s.volumes.%s.%s.mount.readOnly", side->name,
                         type->key, name),
              tree_find(mount, "readOnly"));
    kube_conf_map(
        k, kube_print(k, "spark.kubernetes.%s.volumes.%s.%s.options.", side->name, type->key, name),
        type->kind == TREE_MAPPING ? type : NULL);
}

static void add_local_dirs(struct kube *k, const struct side *side, const struct tree_node *spec,
                           const struct tree_node *mounts) {
    const struct tree_node *volumes = tree_find(spec, "volumes");
    for (const struct tree_node *m = mounts == NULL ? NULL : mounts->first; m != NULL;
         m = m->next) {
        const char *wanted = tree_path_text(m, "name");
        if (wanted == NULL || !text_starts(wanted, "spark-local-dir-"))
            continue;
        const struct tree_node *volume = kube_find_named(volumes, wanted);
        if (volume != NULL)
            add_local_dir(k, side, volume, m);
    }
}

static void add_side_facts(struct kube *k, const struct tree_node *spec,
                           const struct tree_node *node) {
    const struct tree_node *privileged = tree_path(node, "securityContext.privileged");
    kube_fact(k, DOCUMENT_FACT_SERVICE_ACCOUNT, tree_find(node, "serviceAccount"));
    kube_image(k, tree_find(node, "image"));
    if (tree_find(node, "template") != NULL) {
        kube_pod_facts(k, tree_path(node, "template.spec"));
        return;
    }
    if (kube_is_true(tree_find(node, "hostNetwork")))
        kube_fact(k, DOCUMENT_FACT_HOST_NETWORK, tree_find(node, "hostNetwork"));
    if (kube_is_true(privileged))
        kube_fact(k, DOCUMENT_FACT_PRIVILEGED, privileged);
    kube_mount_facts(k, tree_find(spec, "volumes"), tree_find(node, "volumeMounts"));
}

/* An image of the whole is one of each side. */
static void add_side_image(struct kube *k, const struct side *side, const struct tree_node *spec,
                           const struct tree_node *node) {
    if (tree_is_null(tree_find(node, "image")))
        kube_conf(k, kube_print(k, "spark.kubernetes.%s.container.image", side->name),
                  tree_find(spec, "image"));
}

static void add_side(struct kube *k, const struct side *side, const struct tree_node *spec) {
    const struct tree_node *node = tree_find(spec, side->name);
    const struct tree_node *replaced = tree_find(tree_find(spec, "sparkConf"), side->drops);
    if (replaced != NULL)
        kube_conf_text(k, side->drops, kube_unknown(k, "the operator's own template"),
                       &replaced->key_origin, &replaced->origin);
    add_side_image(k, side, spec, node);
    if (node == NULL)
        return;
    kube_open(k, node);
    for (size_t i = 0; i < COUNT(side_fields); i++) {
        const char *key = side_fields[i].key;
        const char *at = strstr(key, "%s");
        kube_conf(k, kube_print(k, "%.*s%s%s", (int)(at - key), key, side->name, at + 2),
                  tree_find(node, side_fields[i].path));
    }
    kube_conf(k, side->account, tree_find(node, "serviceAccount"));
    kube_conf_map(k, kube_print(k, "spark.kubernetes.%s.label.", side->name),
                  tree_find(node, "labels"));
    kube_conf_map(k, kube_print(k, "spark.kubernetes.%s.annotation.", side->name),
                  tree_find(node, "annotations"));
    add_side_env(k, side, node);
    const struct tree_node *secrets = tree_find(node, "secrets");
    for (const struct tree_node *s = secrets == NULL ? NULL : secrets->first; s != NULL;
         s = s->next)
        add_secret(k, side, s);
    add_local_dirs(k, side, spec, tree_find(node, "volumeMounts"));
    if (tree_find(node, "template") == NULL)
        add_webhook_env(k, side, node);
}

static void add_allocation(struct kube *k, const struct tree_node *node) {
    const struct tree_node *enabled = tree_find(node, "enabled");
    if (!kube_is_true(enabled))
        return;
    kube_conf(k, "spark.dynamicAllocation.enabled", enabled);
    const struct tree_node *tracking = tree_find(node, "shuffleTrackingEnabled");
    if (tracking != NULL)
        kube_conf(k, "spark.dynamicAllocation.shuffleTracking.enabled", tracking);
    else
        kube_conf_text(k, "spark.dynamicAllocation.shuffleTracking.enabled", "true",
                       &enabled->key_origin, &enabled->origin);
    for (size_t i = 0; i < COUNT(allocation); i++)
        kube_conf(k, allocation[i].key, tree_find(node, allocation[i].path));
}

static void add_application(struct kube *k, const struct tree_node *spec) {
    const struct tree_node *file = tree_find(spec, "mainApplicationFile");
    const struct tree_node *arguments = tree_find(spec, "arguments");
    kube_option(k, "--proxy-user", tree_find(spec, "proxyUser"));
    if (!tree_is_null(file) && tree_text(file) != NULL)
        kube_word(k, file->text, &file->origin);
    kube_words(k, arguments);
}

static void add_facts(struct kube *k, const struct tree_node *object,
                      const struct tree_node *spec) {
    struct origin own = kube_own_place(object);
    kube_fact_text(k, DOCUMENT_FACT_PLATFORM, "kubernetes", &own);
    kube_fact(k, DOCUMENT_FACT_NAMESPACE, tree_path(object, "metadata.namespace"));
    kube_image(k, tree_find(spec, "image"));
    for (size_t i = 0; i < COUNT(sides); i++)
        add_side_facts(k, spec, tree_find(spec, sides[i].name));
    kube_fact(k, DOCUMENT_FACT_VERSION, tree_find(spec, "sparkVersion"));
}

/* ConfigMaps whose site files the driver finds: the webhook sets HADOOP_CONF_DIR and
 * SPARK_CONF_DIR to the first two, Spark itself HADOOP_CONF_DIR to the third. Others may be
 * mounted for anything: they count where they stand beside it. */
static void add_sites(struct kube *k, const struct tree_node *spec) {
    kube_take_sites(k, tree_find(spec, "hadoopConfigMap"), NULL);
    kube_take_sites(k, tree_find(spec, "sparkConfigMap"), NULL);
    kube_take_sites(
        k, tree_find(tree_find(spec, "sparkConf"), "spark.kubernetes.hadoop.configMapName"), NULL);
    for (size_t i = 0; i < COUNT(sides); i++) {
        const struct tree_node *side = tree_find(spec, sides[i].name);
        const struct tree_node *maps = tree_find(side, "configMaps");
        for (const struct tree_node *m = maps == NULL ? NULL : maps->first; m != NULL; m = m->next)
            if (kube_find_object(k, "ConfigMap", tree_path_text(m, "name")) != NULL)
                kube_take_sites(k, tree_find(m, "name"), NULL);
        kube_take_mounts(k, tree_find(spec, "volumes"), tree_find(side, "volumeMounts"));
    }
}

/* buildSparkSubmitArgs of the operator, option by option. */
static void read_spec(struct kube *k, const struct tree_node *object,
                      const struct tree_node *spec) {
    struct origin own = kube_own_place(object);
    if (spec == NULL || spec->kind != TREE_MAPPING)
        return;
    const struct tree_node *conf = tree_find(spec, "sparkConf");
    kube_launch(k, object, spec, conf);
    kube_word(k, "spark-submit", &own);
    add_master(k, spec, &own);
    kube_option(k, "--class", tree_find(spec, "mainClass"));
    kube_option(k, "--name", tree_path(object, "metadata.name"));
    for (size_t i = 0; i < COUNT(dependencies); i++)
        kube_option(k, dependencies[i].key,
                    tree_find(tree_find(spec, "deps"), dependencies[i].path));
    add_namespace(k, object, &own);
    add_images(k, spec);
    kube_conf_text(k, "spark.kubernetes.submission.waitAppCompletion", "false", &own, &own);
    add_spark_conf(k, conf);
    kube_conf_map(k, "spark.hadoop.", tree_find(spec, "hadoopConf"));
    for (size_t i = 0; i < COUNT(sides); i++)
        add_side(k, &sides[i], spec);
    kube_conf_map(k, "spark.kubernetes.node.selector.", tree_find(spec, "nodeSelector"));
    add_allocation(k, tree_find(spec, "dynamicAllocation"));
    add_application(k, spec);
    add_sites(k, spec);
    add_facts(k, object, spec);
}

void kube_read_kubeflow(struct kube *k, const struct tree_node *object) {
    read_spec(k, object, tree_find(object, "spec"));
}

void kube_read_scheduled(struct kube *k, const struct tree_node *object) {
    read_spec(k, object, tree_path(object, "spec.template"));
}

/* A server that the operator starts in a pod of its own, with these settings. */
void kube_read_connect(struct kube *k, const struct tree_node *object) {
    const struct tree_node *spec = tree_find(object, "spec"), *conf = tree_find(spec, "sparkConf");
    struct origin own = kube_own_place(object);
    if (spec == NULL || spec->kind != TREE_MAPPING)
        return;
    kube_launch(k, object, spec, conf);
    document_set(k->b, DOCUMENT_CONF, "spark.master",
                 kube_print(k, "k8s://https://%s", kube_unknown(k, "KUBERNETES_SERVICE_HOST")),
                 &own, NULL);
    kube_set_map(k, DOCUMENT_CONF, "", conf);
    kube_set_map(k, DOCUMENT_CONF, "spark.hadoop.", tree_find(spec, "hadoopConf"));
    kube_fact_text(k, DOCUMENT_FACT_PLATFORM, "kubernetes", &own);
    kube_fact(k, DOCUMENT_FACT_NAMESPACE, tree_path(object, "metadata.namespace"));
    kube_image(k, tree_find(spec, "image"));
    kube_pod_facts(k, tree_path(spec, "server.template.spec"));
    kube_pod_facts(k, tree_path(spec, "executor.template.spec"));
    kube_fact(k, DOCUMENT_FACT_VERSION, tree_find(spec, "sparkVersion"));
}
