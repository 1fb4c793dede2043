#include "policy/surface/kubernetes/kubernetes.h"

#include <string.h>

#include "policy/surface/kubernetes/kube.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

#define LOOKED_AT 65536 /* bytes that a recogniser sees */

struct reader {
    const char *group; /* how apiVersion begins; "" for any */
    const char *kind;
    void (*read)(struct kube *k, const struct tree_node *object);
};

/* Nothing that could be judged is written in it. */
static void read_nothing(struct kube *k, const struct tree_node *object) {
    struct origin own = kube_own_place(object);
    document_note(k->b, &own, "is an object that launches and configures nothing of Spark");
}

static void read_list(struct kube *k, const struct tree_node *object) {
    const struct tree_node *items = tree_find(object, "items");
    for (const struct tree_node *i = items == NULL ? NULL : items->first; i != NULL; i = i->next)
        kube_read_object(k, i);
}

/* An application whose group a template fills in, or is missing: told by its fields. */
static void read_application(struct kube *k, const struct tree_node *object) {
    const struct tree_node *spec = tree_find(object, "spec");
    if (tree_find(spec, "runtimeVersions") != NULL)
        kube_read_apache(k, object);
    else if (tree_find(spec, "sparkImage") != NULL)
        kube_read_stackable(k, object);
    else
        kube_read_kubeflow(k, object);
}

static const struct reader readers[] = {
    {"sparkoperator.k8s.io/", "SparkApplication", kube_read_kubeflow},
    {"sparkoperator.k8s.io/", "ScheduledSparkApplication", kube_read_scheduled},
    {"sparkoperator.k8s.io/", "SparkConnect", kube_read_connect},
    {"spark.stackable.tech/", "SparkApplication", kube_read_stackable},
    {"spark.apache.org/", "SparkApplication", kube_read_apache},
    {"spark.apache.org/", "SparkCluster", kube_read_cluster},
    {"", "SparkApplication", read_application},
    {"", "ScheduledSparkApplication", kube_read_scheduled},
    {"", "SparkCluster", kube_read_cluster},
    {"s3.stackable.tech/", NULL, kube_read_stackable_other},
    {"hive.stackable.tech/", NULL, kube_read_stackable_other},
    {"trino.stackable.tech/", NULL, kube_read_stackable_other},
    {"authentication.stackable.tech/", NULL, kube_read_stackable_other},
    {"secrets.stackable.tech/", NULL, kube_read_stackable_other},
    {"spark.stackable.tech/", NULL, kube_read_stackable_other},
    {"", "Pod", kube_read_workload},
    {"", "PodTemplate", kube_read_workload},
    {"", "Job", kube_read_workload},
    {"", "CronJob", kube_read_workload},
    {"", "Deployment", kube_read_workload},
    {"", "StatefulSet", kube_read_workload},
    {"", "DaemonSet", kube_read_workload},
    {"", "ReplicaSet", kube_read_workload},
    {"", "ReplicationController", kube_read_workload},
    {"", "ConfigMap", kube_read_config_map},
    {"", "Secret", kube_read_secret},
    {"", "SealedSecret", read_nothing},
    {"", "ExternalSecret", read_nothing},
    {"", "CustomResourceDefinition", read_nothing},
    {"", "List", read_list},
};

static bool reads(const struct reader *reader, const char *group, const char *kind) {
    return text_starts(group, reader->group) &&
           (reader->kind == NULL || strcmp(reader->kind, kind) == 0);
}

void kube_read_object(struct kube *k, const struct tree_node *object) {
    const char *group = tree_path_text(object, "apiVersion");
    const char *kind = tree_path_text(object, "kind");
    if (object->kind == TREE_BROKEN) {
        document_note(k->b, &object->origin,
                      kube_print(k, "this document is no YAML: %s", object->text));
        return;
    }
    for (size_t i = 0; kind != NULL && i < sizeof readers / sizeof *readers; i++)
        if (reads(&readers[i], group == NULL ? "" : group, kind)) {
            readers[i].read(k, object);
            return;
        }
    kube_read_anything(k, object);
}

void kube_read_documents(struct kube *k, bool objects) {
    for (size_t i = 0; i < k->count; i++) {
        const struct tree_node *root = &k->documents[i];
        bool object = objects || tree_path_text(root, "apiVersion") != NULL;
        if (object || root->kind == TREE_BROKEN)
            kube_read_object(k, root);
        else
            kube_read_anything(k, root);
    }
    kube_end_sites(k);
}

static int read_input(const struct surface_input *input, struct arena *arena, bool objects,
                      struct document *ret, struct error *err) {
    struct kube k = {0};
    if (tree_parse(input->bytes, input->length, input->label, arena, &k.documents, &k.count, err) !=
        0)
        return -1;
    struct document_builder b = document_begin(arena, err);
    k.b = &b;
    kube_read_documents(&k, objects);
    return document_end(&b, ret);
}

int kubernetes_read(const struct surface_input *input, struct arena *arena, struct document *ret,
                    struct error *err) {
    return read_input(input, arena, true, ret, err);
}

int settings_read(const struct surface_input *input, struct arena *arena, struct document *ret,
                  struct error *err) {
    return read_input(input, arena, false, ret, err);
}

int kubernetes_read_text(const char *bytes, size_t length, const struct place_map *map,
                         struct document_builder *b) {
    struct kube k = {.b = b};
    if (b->failed)
        return -1;
    if (tree_parse_text(bytes, length, map, b->arena, &k.documents, &k.count, b->err) != 0) {
        b->failed = true;
        return -1;
    }
    kube_read_documents(&k, true);
    return b->failed ? -1 : 0;
}

static size_t looked_at(const struct surface_input *input) {
    return input->length < LOOKED_AT ? input->length : LOOKED_AT;
}

static bool holds(const struct surface_input *input, const char *word) {
    size_t length = looked_at(input);
    return length > 0 && memmem(input->bytes, length, word, strlen(word)) != NULL;
}

/* Whether a line begins so, but for a byte order mark, or blanks before a quote. */
static bool holds_line(const struct surface_input *input, const char *word) {
    const char *p = input->bytes, *end = p + looked_at(input);
    size_t length = strlen(word);
    while (p != NULL && (size_t)(end - p) >= length) {
        const char *found = memmem(p, (size_t)(end - p), word, length);
        if (found == NULL)
            return false;
        if (found == input->bytes || found[-1] == '\n' || found[-1] == '\xbf')
            return true;
        p = found + 1;
    }
    return false;
}

/* JSON and YAML; what begins as a script is one. */
static bool is_tree(const struct surface_input *input) {
    return input->length > 0 && !text_starts(input->bytes, "#!");
}

static bool is_manifest(const struct surface_input *input) {
    size_t blanks = strspn(input->bytes, " \t\r\n");
    if (!is_tree(input))
        return false;
    if (input->bytes[blanks] == '{' && strchr("{%#", input->bytes[blanks + 1]) == NULL)
        return holds(input, "\"apiVersion\"") && holds(input, "\"kind\"");
    return (holds_line(input, "apiVersion:") || holds_line(input, "\"apiVersion\":")) &&
           (holds_line(input, "kind:") || holds_line(input, "\"kind\":"));
}

enum surface_certainty spark_application_recognise(const struct surface_input *input) {
    static const char *const groups[] = {"sparkoperator.k8s.io/v", "spark.stackable.tech/v",
                                         "spark.apache.org/v"};
    if (!is_manifest(input))
        return SURFACE_NO;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (holds(input, groups[i]))
            return SURFACE_SURE;
    return SURFACE_NO;
}

enum surface_certainty kubernetes_recognise(const struct surface_input *input) {
    return is_manifest(input) ? SURFACE_SURE : SURFACE_NO;
}

enum surface_certainty settings_recognise(const struct surface_input *input) {
    static const char *const words[] = {"spark.", "sparkConf", "SPARK_", "spark-submit", "pyspark"};
    static const char *const names[] = {".yaml",    ".yml",     ".yaml.tpl",
                                        ".yml.tpl", ".yaml.j2", ".yml.j2"};
    bool named = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        named = named || text_ends(input->label, names[i]);
    for (size_t i = 0; named && is_tree(input) && i < sizeof words / sizeof *words; i++)
        if (holds(input, words[i]))
            return SURFACE_MAYBE;
    return SURFACE_NO;
}
