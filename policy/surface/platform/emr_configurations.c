#include <string.h>

#include "policy/surface/platform/shape.h"

/* Files of the cluster that its Spark reads, the weakest first: Spark adds hive-site.xml
 * after the files of HADOOP_CONF_DIR. hive-site is that of Hive itself. */
static const struct {
    const char *name;
    enum document_list list;
} classifications[] = {{"core-site", DOCUMENT_HADOOP},       {"hdfs-site", DOCUMENT_HADOOP},
                       {"mapred-site", DOCUMENT_HADOOP},     {"yarn-site", DOCUMENT_HADOOP},
                       {"emrfs-site", DOCUMENT_HADOOP},      {"spark-hive-site", DOCUMENT_HADOOP},
                       {"spark-defaults", DOCUMENT_DEFAULTS}};

static bool is_scalar_text(const struct tree_node *node, const char *text) {
    const char *found = tree_text(node);
    return found != NULL && strcmp(found, text) == 0;
}

static const struct tree_node *find_classification(const struct tree_node *node) {
    return platform_find(node, "Classification");
}

/* CloudFormation has another name for them. */
static const struct tree_node *find_properties(const struct tree_node *item) {
    const struct tree_node *properties = platform_find(item, "Properties");
    return properties != NULL ? properties : platform_find(item, "ConfigurationProperties");
}

bool emr_is_configurations(const struct tree_node *node) {
    if (node == NULL || node->kind != TREE_SEQUENCE)
        return false;
    for (const struct tree_node *item = node->first; item != NULL; item = item->next)
        if (find_classification(item) != NULL)
            return true;
    return false;
}

/* Of spark-env, "export" is what its processes are given. */
static void put_exports(struct platform *p, const struct tree_node *item) {
    const struct tree_node *nested = platform_find(item, "Configurations");
    bool spark = is_scalar_text(find_classification(item), "spark-env");
    if (nested == NULL)
        return;
    for (const struct tree_node *inner = nested->first; inner != NULL; inner = inner->next) {
        bool exports = spark && is_scalar_text(find_classification(inner), "export");
        platform_put_all(p, exports ? DOCUMENT_ENVIRONMENT : PLATFORM_LOOSE,
                         find_properties(inner));
    }
}

static bool is_known(const struct tree_node *item) {
    for (size_t i = 0; i < sizeof classifications / sizeof classifications[0]; i++)
        if (is_scalar_text(find_classification(item), classifications[i].name))
            return true;
    return false;
}

/* What no launch reads may still hold a credential: once, whoever takes the list in. */
static void put_others(struct platform *p, const struct tree_node *list) {
    for (const struct tree_node *item = list->first; item != NULL; item = item->next)
        if (!is_known(item))
            platform_put_all(p, PLATFORM_LOOSE, find_properties(item));
}

void emr_put_configurations(struct platform *p, const struct tree_node *list) {
    if (list == NULL || tree_is_null(list))
        return;
    if (!emr_is_configurations(list) || list->open != NULL)
        platform_open(p, list->count > 0 || list->kind == TREE_SCALAR ? list : NULL);
    for (size_t i = 0; i < sizeof classifications / sizeof classifications[0]; i++)
        for (const struct tree_node *item = list->first; item != NULL; item = item->next)
            if (is_scalar_text(find_classification(item), classifications[i].name))
                platform_put_all(p, classifications[i].list, find_properties(item));
    for (const struct tree_node *item = list->first; item != NULL; item = item->next)
        put_exports(p, item);
    if (nodes_have(&p->used, list))
        return;
    nodes_add(p, &p->used, list);
    put_others(p, list);
}
