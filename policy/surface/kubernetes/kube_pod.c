#include <string.h>

#include "policy/surface/kubernetes/kube.h"
#include "sidecar/base/limits.h"

const struct tree_node *kube_find_named(const struct tree_node *list, const char *name) {
    if (list == NULL || list->kind != TREE_SEQUENCE || name == NULL ||
        list->count > LIMIT_TREE_NAMES)
        return NULL;
    for (const struct tree_node *item = list->first; item != NULL; item = item->next) {
        const char *text = tree_path_text(item, "name");
        if (text != NULL && strcmp(text, name) == 0)
            return item;
    }
    return NULL;
}

const struct tree_node *kube_find_object(const struct kube *k, const char *kind, const char *name) {
    for (size_t i = 0; name != NULL && i < k->count && i < LIMIT_TREE_NAMES; i++) {
        const char *its_kind = tree_path_text(&k->documents[i], "kind");
        const char *its_name = tree_path_text(&k->documents[i], "metadata.name");
        if (its_kind != NULL && its_name != NULL && strcmp(its_kind, kind) == 0 &&
            strcmp(its_name, name) == 0)
            return &k->documents[i];
    }
    return NULL;
}

void kube_mount_facts(struct kube *k, const struct tree_node *volumes,
                      const struct tree_node *mounts) {
    if (mounts == NULL || mounts->kind != TREE_SEQUENCE)
        return;
    for (const struct tree_node *mount = mounts->first; mount != NULL; mount = mount->next) {
        const struct tree_node *volume = kube_find_named(volumes, tree_path_text(mount, "name"));
        const struct tree_node *host = tree_find(volume, "hostPath");
        const char *path = tree_path_text(host, "path"), *at = tree_path_text(mount, "mountPath");
        if (host == NULL)
            continue;
        kube_fact_text(
            k, DOCUMENT_FACT_MOUNT,
            kube_print(k, "hostPath:%s -> %s", path == NULL ? "?" : path, at == NULL ? "?" : at),
            &host->key_origin);
    }
}

static void container_facts(struct kube *k, const struct tree_node *pod,
                            const struct tree_node *containers) {
    if (containers == NULL || containers->kind != TREE_SEQUENCE)
        return;
    for (const struct tree_node *c = containers->first; c != NULL; c = c->next) {
        const struct tree_node *privileged = tree_path(c, "securityContext.privileged");
        if (kube_is_true(privileged))
            kube_fact(k, DOCUMENT_FACT_PRIVILEGED, privileged);
        kube_mount_facts(k, tree_find(pod, "volumes"), tree_find(c, "volumeMounts"));
    }
}

void kube_pod_facts(struct kube *k, const struct tree_node *pod) {
    if (pod == NULL || pod->kind != TREE_MAPPING)
        return;
    if (kube_is_true(tree_find(pod, "hostNetwork")))
        kube_fact(k, DOCUMENT_FACT_HOST_NETWORK, tree_find(pod, "hostNetwork"));
    kube_fact(k, DOCUMENT_FACT_SERVICE_ACCOUNT, tree_find(pod, "serviceAccountName"));
    container_facts(k, pod, tree_find(pod, "containers"));
    container_facts(k, pod, tree_find(pod, "initContainers"));
}
