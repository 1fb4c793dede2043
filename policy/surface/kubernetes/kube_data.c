#include <string.h>

#include "policy/surface/kubernetes/kube.h"

enum { LONGEST = 4096 }; /* of a value that is no file */

/* A value of one line is taken for a variable. */
static void add_value(struct kube *k, const struct tree_node *value) {
    const char *line = strchr(value->text, '\n');
    bool single = line == NULL || line[1] == '\0';
    if (single && value->length > 0 && value->length <= LONGEST)
        document_add_loose(k->b, value->key, value->text, &value->key_origin, &value->origin);
}

static void read_data(struct kube *k, const struct tree_node *data, const char *title) {
    if (data == NULL || data->kind != TREE_MAPPING)
        return;
    for (const struct tree_node *d = data->first; d != NULL; d = d->next) {
        if (d->kind != TREE_SCALAR || kube_read_file(k, d, kube_print(k, "%s: %s", title, d->key)))
            continue;
        add_value(k, d);
    }
}

void kube_read_config_map(struct kube *k, const struct tree_node *object) {
    const struct tree_node *data = tree_find(object, "data");
    if (data != NULL)
        kube_read_settings(k, data, kube_title(k, object));
    read_data(k, data, kube_title(k, object));
}

/* A Secret in a repository is plain text, in base64 or not. */
void kube_read_secret(struct kube *k, const struct tree_node *object) {
    const struct tree_node *data = tree_find(object, "data");
    read_data(k, tree_find(object, "stringData"), kube_title(k, object));
    for (const struct tree_node *d = data == NULL ? NULL : data->first; d != NULL; d = d->next)
        if (d->kind == TREE_SCALAR && d->key != NULL)
            add_value(k, d);
}
