#include <string.h>

#include "policy/surface/platform/shape.h"
#include "sidecar/base/arena.h"

/* Jobs and batches of Google Dataproc. How its agent calls spark-submit is not told, so
 * properties are settings without a command line. */
static const char *const jobs[] = {"sparkJob",   "pysparkJob",   "sparkRJob",   "sparkSqlJob",
                                   "sparkBatch", "pysparkBatch", "sparkRBatch", "sparkSqlBatch"};

/* "spark:spark.executor.memory": the file of the cluster that the property goes to. */
static const struct {
    const char *prefix;
    enum document_list list;
} files[] = {
    {"spark:", DOCUMENT_DEFAULTS}, {"spark-env:", DOCUMENT_ENVIRONMENT}, {"core:", DOCUMENT_HADOOP},
    {"hdfs:", DOCUMENT_HADOOP},    {"mapred:", DOCUMENT_HADOOP},         {"yarn:", DOCUMENT_HADOOP},
};

void dataproc_read_job(struct platform *p, const struct tree_node *node) {
    const struct tree_node *job = NULL;
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0] && job == NULL; i++)
        job = platform_find(node, jobs[i]);
    const struct tree_node *runtime = platform_find(node, "runtimeConfig");
    if (job == NULL || job->kind != TREE_MAPPING)
        return;
    platform_launch(p, "Dataproc job", job, runtime != NULL ? "dataproc-serverless" : "dataproc",
                    WRITTEN_JSON);
    platform_master(p, job, runtime != NULL ? NULL : "yarn");
    platform_fact(p, DOCUMENT_FACT_RELEASE, runtime, "version");
    platform_fact(p, DOCUMENT_FACT_IMAGE, runtime, "containerImage");
    platform_put_all(p, DOCUMENT_CONF, platform_find(runtime, "properties"));
    platform_put_all(p, DOCUMENT_CONF, platform_find(job, "properties"));
}

static void put_property(struct platform *p, const struct tree_node *child) {
    struct platform_text value;
    struct origin at = child->key_origin;
    if (child->key == NULL || !platform_text(p, child, &value))
        return;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t length = strlen(files[i].prefix);
        if (strncmp(child->key, files[i].prefix, length) == 0) {
            at.column += length;
            platform_set(p, files[i].list, child->key + length, &at, &value);
            return;
        }
    }
    platform_set(p, PLATFORM_LOOSE, child->key, &at, &value);
}

void dataproc_read_cluster(struct platform *p, const struct tree_node *node) {
    const struct tree_node *software = platform_find(node, "softwareConfig");
    const struct tree_node *properties = platform_find(software, "properties");
    if (software == NULL || software->kind != TREE_MAPPING)
        return;
    platform_launch(p, "Dataproc cluster", software, "dataproc", WRITTEN_JSON);
    platform_master(p, software, "yarn");
    platform_fact(p, DOCUMENT_FACT_RELEASE, software, "imageVersion");
    for (const struct tree_node *child = properties == NULL ? NULL : properties->first;
         child != NULL; child = child->next)
        put_property(p, child);
}
