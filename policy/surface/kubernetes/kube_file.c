#include <string.h>

#include "policy/surface/kubernetes/kube.h"
#include "policy/surface/properties.h"
#include "policy/surface/properties_surface.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

static bool is_spark_key(const struct setting_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (text_starts(list->items[i].key, "spark.") || list->items[i].key[0] == UNKNOWN_OPEN)
            return true;
    return false;
}

/* A properties file with a setting of Spark in it. */
static bool read_properties(struct kube *k, const struct tree_node *file, const char *title) {
    struct setting_list list;
    struct error err;
    error_clear(&err);
    if (properties_parse_within(file->text, file->length, &file->map, k->b->arena, &list, &err) !=
        0) {
        document_note(k->b, &file->origin, "is no properties file that Java would read");
        return true;
    }
    if (!is_spark_key(&list))
        return false;
    k->b->form = WRITTEN_PROPERTY;
    document_launch(k->b, title, &file->origin);
    document_unset(k->b, file->origin.file, file->last_line + 1, file->origin.column);
    if (file->open != NULL)
        document_open(k->b, file->open);
    properties_set(&list, k->b);
    return true;
}

static bool is_properties_name(const char *name) {
    return text_ends(name, ".properties") || text_ends(name, ".conf") ||
           text_ends(name, "sparkConf") || strcmp(name, "spark-defaults") == 0;
}

/* Whether the first line that says something is a setting of Spark, and most are. */
static bool begins_with_setting(const struct tree_node *file) {
    const char *p = file->text;
    for (p += strspn(p, " \t\n"); *p == '#'; p += strspn(p, " \t\n"))
        p += strcspn(p, "\n");
    const struct surface_input input = {file->key, file->text, file->length};
    return text_starts(p, "spark.") && strchr(file->text, '\n') != NULL &&
           properties_recognise(&input) != SURFACE_NO;
}

static bool holds(const struct tree_node *file, const char *word) {
    return memmem(file->text, file->length, word, strlen(word)) != NULL;
}

bool kube_read_file(struct kube *k, const struct tree_node *file, const char *title) {
    if (file->kind != TREE_SCALAR || file->key == NULL || k->b->failed)
        return false;
    const char *name = file->key;
    if (text_ends(name, ".sh") || text_starts(file->text, "#!/bin/"))
        return kube_script(k, file);
    if (text_ends(name, ".xml"))
        return kube_hadoop(k, file);
    if (holds(file, "apiVersion:") && holds(file, "\n")) {
        kube_read_manifest(k, file);
        return true;
    }
    return ((is_properties_name(name) && holds(file, "spark.")) || begins_with_setting(file)) &&
           read_properties(k, file, title);
}
