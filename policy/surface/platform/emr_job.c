#include <string.h>

#include "policy/surface/platform/shape.h"
#include "sidecar/base/arena.h"

/* Job drivers of StartJobRun. EMR on EKS submits to the cluster it runs in; which
 * master EMR Serverless gives is not told. */
struct driver {
    const char *name, *platform, *title, *program, *parameters, *master;
};

static const struct driver drivers[] = {
    {"SparkSubmitJobDriver", "emr-eks", "EMR on EKS job", "spark-submit", "SparkSubmitParameters",
     "k8s://https://kubernetes.default.svc"},
    {"SparkSqlJobDriver", "emr-eks", "EMR on EKS SQL job", "spark-sql", "SparkSqlParameters",
     "k8s://https://kubernetes.default.svc"},
    {"SparkSubmit", "emr-serverless", "EMR Serverless job", "spark-submit", "SparkSubmitParameters",
     NULL},
};

static void put_facts(struct platform *p, const struct tree_node *request) {
    platform_emr_release(p, request);
    platform_fact(p, DOCUMENT_FACT_IMAGE, platform_find(request, "ImageConfiguration"), "ImageUri");
    const struct tree_node *overrides = platform_find(request, "ConfigurationOverrides");
    if (overrides != NULL && overrides->kind != TREE_MAPPING && !tree_is_null(overrides))
        platform_open(p, overrides);
    emr_put_configurations(p, platform_find(overrides, "ApplicationConfiguration"));
}

static void put_words(struct platform *p, const struct driver *d, const struct tree_node *job) {
    const struct tree_node *entry = platform_find(job, "EntryPoint");
    platform_word(p, d->program, job);
    platform_split(p, platform_find(job, d->parameters));
    if (strcmp(d->program, "spark-sql") == 0 && entry != NULL)
        platform_word(p, "-f", entry);
    if (entry != NULL)
        platform_word_node(p, entry);
    platform_words(p, platform_find(job, "EntryPointArguments"));
}

static void read_driver(struct platform *p, const struct driver *d, const struct tree_node *job) {
    const struct tree_node *request = job->parent->parent;
    const char *name = platform_child(p, request, "Name");
    const char *title =
        arena_printf(p->arena, "%s%s%s", d->title, name[0] == '\0' ? "" : " ", name);
    if (title == NULL) {
        platform_starve(p);
        return;
    }
    platform_launch(p, title, job, d->platform, WRITTEN_COMMAND);
    platform_master(p, job, d->master);
    if (request != NULL)
        put_facts(p, request);
    put_words(p, d, job);
}

void emr_read_job(struct platform *p, const struct tree_node *node) {
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        const struct tree_node *job = platform_find(node, drivers[i].name);
        if (job != NULL && platform_find(job, "EntryPoint") != NULL)
            read_driver(p, &drivers[i], job);
    }
}
