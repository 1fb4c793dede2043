#include <string.h>

#include "policy/surface/platform/shape.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/text.h"

#define FACT_DATA_SECURITY_MODE "data-security-mode"
#define FACT_INIT_SCRIPT        "init-script"

/* Tasks of the Jobs API; "" where a task's parameters are a mapping. */
static const struct {
    const char *name, *parameters;
} tasks[] = {
    {"spark_submit_task", NULL},
    {"spark_jar_task", "parameters"},
    {"spark_python_task", "parameters"},
    {"python_wheel_task", "parameters"},
    {"python_wheel_task", "named_parameters"},
    {"notebook_task", "base_parameters"},
};

static const struct tree_node *find_task(const struct tree_node *node) {
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++)
        if (platform_find(node, tasks[i].name) != NULL)
            return platform_find(node, tasks[i].name);
    return NULL;
}

/* init_scripts: [{workspace: {destination: …}}]: code that runs on every node. */
static void put_scripts(struct platform *p, const struct tree_node *list) {
    for (const struct tree_node *item = list == NULL ? NULL : list->first; item != NULL;
         item = item->next)
        for (const struct tree_node *kind = item->first; kind != NULL; kind = kind->next)
            platform_fact(p, FACT_INIT_SCRIPT, kind, "destination");
}

static void put_cluster(struct platform *p, const struct tree_node *cluster,
                        enum document_list conf) {
    const struct tree_node *image = platform_find(cluster, "docker_image");
    platform_databricks_release(p, cluster);
    platform_fact(p, DOCUMENT_FACT_IMAGE, image, "url");
    platform_fact(p, FACT_DATA_SECURITY_MODE, cluster, "data_security_mode");
    put_scripts(p, platform_find(cluster, "init_scripts"));
    platform_put_all(p, conf, platform_find(cluster, "spark_conf"));
    platform_put_all(p, DOCUMENT_ENVIRONMENT, platform_find(cluster, "spark_env_vars"));
    if (nodes_have(&p->used, cluster))
        return;
    platform_put_all(p, PLATFORM_LOOSE, platform_find(image, "basic_auth"));
    nodes_add(p, &p->used, cluster);
}

/* The item of an enclosing job_clusters that has that key. */
static const struct tree_node *find_shared(struct platform *p, const struct tree_node *task,
                                           const char *key) {
    const struct tree_node *list = NULL;
    for (const struct tree_node *node = task; node != NULL && list == NULL; node = node->parent)
        list = tree_find(node, "job_clusters");
    if (list == NULL || !platform_spend(p, list->count))
        return NULL;
    for (const struct tree_node *item = list->first; item != NULL; item = item->next) {
        const char *name = tree_text(platform_find(item, "job_cluster_key"));
        if (name != NULL && strcmp(name, key) == 0)
            return platform_find(item, "new_cluster");
    }
    return NULL;
}

static const struct tree_node *find_cluster(struct platform *p, const struct tree_node *node) {
    const struct tree_node *cluster = platform_find(node, "new_cluster");
    const char *key = tree_text(platform_find(node, "job_cluster_key"));
    return cluster != NULL || key == NULL ? cluster : find_shared(p, node, key);
}

/* Arguments of the job's own code: "--password", "x" and "password=x" may be credentials. */
static void put_arguments(struct platform *p, const struct tree_node *list) {
    struct platform_text name, value;
    for (const struct tree_node *word = list->first; word != NULL; word = word->next) {
        if (!platform_text(p, word, &name))
            continue;
        const char *key = name.text + strspn(name.text, "-");
        const char *equals = platform_equals(key);
        if (equals != NULL) {
            value = name;
            value.text = equals + 1;
            value.origin = place_find(&name.map, (size_t)(equals + 1 - name.text));
            key = arena_text(p->arena, key, (size_t)(equals - key));
            if (key == NULL)
                platform_starve(p);
            else
                platform_set(p, PLATFORM_LOOSE, key, &name.origin, &value);
        } else if (key > name.text && platform_text(p, word->next, &value) && value.text[0] != '-')
            platform_set(p, PLATFORM_LOOSE, key, &name.origin, &value);
    }
}

static void put_task(struct platform *p, const struct tree_node *node) {
    const struct tree_node *submit = platform_find(node, "spark_submit_task");
    if (submit != NULL) {
        platform_word(p, "spark-submit", submit);
        platform_words(p, platform_find(submit, "parameters"));
        return;
    }
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        const struct tree_node *task = platform_find(node, tasks[i].name);
        const struct tree_node *list =
            task == NULL ? NULL : platform_find(task, tasks[i].parameters);
        if (list != NULL && list->kind == TREE_SEQUENCE)
            put_arguments(p, list);
        else if (list != NULL)
            platform_put_all(p, PLATFORM_LOOSE, list);
    }
}

static bool begin(struct platform *p, const char *what, const char *name,
                  const struct tree_node *at) {
    const char *title =
        arena_printf(p->arena, "Databricks %s%s%s", what, name[0] == '\0' ? "" : " ", name);
    if (title == NULL) {
        platform_starve(p);
        return false;
    }
    platform_launch(p, title, at, "databricks", WRITTEN_JSON);
    platform_master(p, at, NULL);
    return true;
}

void databricks_read_task(struct platform *p, const struct tree_node *node) {
    const struct tree_node *cluster = find_cluster(p, node);
    const char *key = platform_child(p, node, "task_key");
    bool submits = platform_find(node, "spark_submit_task") != NULL;
    if (find_task(node) == NULL ||
        !begin(p, "task", key[0] == '\0' ? platform_child(p, node, "name") : key, node))
        return;
    /* spark-submit finds the cluster's settings in its defaults, and its words beat them. */
    if (cluster != NULL)
        put_cluster(p, cluster, submits ? DOCUMENT_DEFAULTS : DOCUMENT_CONF);
    else
        platform_open(p, find_task(node));
    put_task(p, node);
}

void databricks_read_cluster(struct platform *p, const struct tree_node *node) {
    if (nodes_have(&p->used, node) ||
        !begin(p, "cluster", platform_child(p, node, "cluster_name"), node))
        return;
    put_cluster(p, node, DOCUMENT_CONF);
}
