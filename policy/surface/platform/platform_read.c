#include <string.h>

#include "policy/surface/platform/platform.h"
#include "policy/surface/platform/shape.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/limits.h"

/* Shapes by the keys of a mapping: all of `keys`, and with `top` only where it is the
 * whole document. */
static const struct {
    const char *keys[2];
    bool top;
    void (*read)(struct platform *p, const struct tree_node *node);
} shapes[] = {
    {{"HadoopJarStep"}, false, emr_read_step},
    {{"ActionOnFailure", "Args"}, false, emr_read_cli_step},
    {{"SparkSubmitJobDriver"}, false, emr_read_job},
    {{"SparkSqlJobDriver"}, false, emr_read_job},
    {{"SparkSubmit"}, false, emr_read_job},
    {{"EncryptionConfiguration"}, false, emr_read_security},
    {{"AuthenticationConfiguration"}, false, emr_read_security},
    {{"KerberosAttributes"}, false, emr_read_kerberos},
    {{"spark_submit_task"}, false, databricks_read_task},
    {{"spark_jar_task"}, false, databricks_read_task},
    {{"spark_python_task"}, false, databricks_read_task},
    {{"python_wheel_task"}, false, databricks_read_task},
    {{"notebook_task"}, false, databricks_read_task},
    {{"file", "className"}, true, livy_read_batch},
    {{"file", "conf"}, true, livy_read_batch},
    {{"file", "args"}, true, livy_read_batch},
    {{"file", "driverMemory"}, true, livy_read_batch},
    {{"file", "executorMemory"}, true, livy_read_batch},
    {{"file", "numExecutors"}, true, livy_read_batch},
    {{"file", "pyFiles"}, true, livy_read_batch},
    {{"file", "proxyUser"}, true, livy_read_batch},
    {{"kind", "conf"}, true, livy_read_session},
    {{"kind", "driverMemory"}, true, livy_read_session},
    {{"kind", "executorMemory"}, true, livy_read_session},
    {{"kind", "proxyUser"}, true, livy_read_session},
    {{"kind", "heartbeatTimeoutInSecond"}, true, livy_read_session},
    {{"sparkJob"}, false, dataproc_read_job},
    {{"pysparkJob"}, false, dataproc_read_job},
    {{"sparkSqlJob"}, false, dataproc_read_job},
    {{"sparkRJob"}, false, dataproc_read_job},
    {{"sparkBatch"}, false, dataproc_read_job},
    {{"pysparkBatch"}, false, dataproc_read_job},
    {{"sparkSqlBatch"}, false, dataproc_read_job},
    {{"sparkRBatch"}, false, dataproc_read_job},
    {{"softwareConfig"}, false, dataproc_read_cluster},
    {{"Command", "DefaultArguments"}, false, glue_read_job},
    {{"Command", "NonOverridableArguments"}, false, glue_read_job},
};

/* What a cluster of Databricks has, when no task has taken it in. */
static const char *const databricks[] = {"spark_conf", "spark_env_vars", "spark_version"};

/* Strings that hold a document. */
static const char *const holders[] = {"DefinitionString", "SecurityConfiguration"};

static bool has_shape(const struct tree_node *node, size_t row) {
    for (size_t i = 0; i < 2 && shapes[row].keys[i] != NULL; i++)
        if (platform_find(node, shapes[row].keys[i]) == NULL)
            return false;
    return true;
}

/* The first row of each reader that fits. */
static void read_shapes(struct platform *p, const struct tree_node *node) {
    void (*done)(struct platform *, const struct tree_node *) = NULL;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        bool there = !shapes[i].top || node->parent == NULL;
        if (!there || shapes[i].read == done || !has_shape(node, i))
            continue;
        done = shapes[i].read;
        shapes[i].read(p, node);
    }
}

/* A walk over a tree, parents first. It keeps its own way back: below an alias, parents
 * are those of the anchor. */
struct walk {
    const struct tree_node *path[LIMIT_TREE_DEPTH + 1];
    size_t depth; /* nodes on the path */
};

static struct walk start_walk(const struct tree_node *root) {
    return (struct walk){.path = {root}, .depth = 1};
}

static const struct tree_node *step_walk(struct walk *w) {
    const struct tree_node *node = w->path[w->depth - 1];
    if (node->first != NULL && w->depth < sizeof w->path / sizeof w->path[0]) {
        w->path[w->depth++] = node->first;
        return node->first;
    }
    while (--w->depth > 0) {
        node = w->path[w->depth]->next;
        if (node != NULL) {
            w->path[w->depth++] = node;
            return node;
        }
    }
    return NULL;
}

static void read_tree(struct platform *p, const struct tree_node *root);

static void read_held(struct platform *p, const struct tree_node *node) {
    struct platform_text text;
    const struct tree_node *documents;
    size_t count;
    struct error ignored;
    if (p->held || !platform_text(p, node, &text))
        return;
    if (tree_parse_text(text.text, strlen(text.text), &text.map, p->arena, &documents, &count,
                        &ignored) != 0) {
        platform_note(p, node, "holds a document that cannot be read");
        return;
    }
    struct platform inner = *p;
    inner.held = true;
    for (size_t i = 0; i < count; i++)
        read_tree(&inner, &documents[i]);
    p->settings = inner.settings;
    p->looked = inner.looked;
}

static void read_holders(struct platform *p, const struct tree_node *node) {
    for (size_t i = 0; i < sizeof holders / sizeof holders[0]; i++) {
        const struct tree_node *held = platform_find(node, holders[i]);
        const char *text = tree_text(held);
        bool reference = text != NULL && strchr(text, '{') == NULL;
        if (held != NULL && !reference)
            read_held(p, held);
    }
}

/* What no launch has taken in stands for launches that are written elsewhere. */
static void read_rest(struct platform *p, const struct tree_node *root) {
    emr_read_unused(p);
    struct walk walk = start_walk(root);
    for (const struct tree_node *node = root; node != NULL && !p->b->failed;
         node = step_walk(&walk)) {
        if (node->kind == TREE_SEQUENCE)
            emr_read_configurations(p, node);
        for (size_t i = 0; node->kind == TREE_MAPPING && i < 3; i++)
            if (tree_find(node, databricks[i]) != NULL) {
                databricks_read_cluster(p, node);
                break;
            }
    }
}

static void read_tree(struct platform *p, const struct tree_node *root) {
    if (root->kind == TREE_BROKEN) {
        platform_note(p, root, "a part of this file cannot be read");
        return;
    }
    p->clusters = p->used = (struct nodes){0};
    struct walk first = start_walk(root), second = start_walk(root);
    for (const struct tree_node *node = root; node != NULL && !p->b->failed;
         node = step_walk(&first))
        emr_collect_cluster(p, node);
    for (const struct tree_node *node = root; node != NULL && !p->b->failed;
         node = step_walk(&second))
        if (node->kind == TREE_MAPPING) {
            read_shapes(p, node);
            read_holders(p, node);
        }
    read_rest(p, root);
}

/* Stacks, state machines, bundles: ${…} is filled in before the platform sees it. */
static bool has_substitutions(const struct tree_node *root) {
    static const char *const keys[] = {"AWSTemplateFormatVersion",
                                       "Resources",
                                       "Transform",
                                       "StartAt",
                                       "bundle",
                                       "resources",
                                       "targets"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (tree_find(root, keys[i]) != NULL)
            return true;
    return false;
}

static int read_documents(struct platform *p, const struct tree_node *documents, size_t count) {
    for (size_t i = 0; i < count && !p->b->failed; i++) {
        p->substitutes = has_substitutions(&documents[i]);
        read_tree(p, &documents[i]);
    }
    return p->b->failed ? -1 : 0;
}

int platform_read(const struct surface_input *input, struct arena *arena, struct document *ret,
                  struct error *err) {
    struct document_builder b = document_begin(arena, err);
    struct platform p = {.b = &b, .arena = arena, .err = err, .label = input->label};
    const struct tree_node *documents;
    size_t count;
    if (tree_parse(input->bytes, input->length, input->label, arena, &documents, &count, err) !=
            0 ||
        read_documents(&p, documents, count) != 0)
        return -1;
    return document_end(&b, ret);
}

int platform_read_text(const char *bytes, size_t length, const struct place_map *map,
                       struct document_builder *b) {
    struct platform p = {.b = b, .arena = b->arena, .err = b->err, .label = map->file};
    const struct tree_node *documents;
    size_t count;
    if (b->failed)
        return -1;
    if (tree_parse_text(bytes, length, map, b->arena, &documents, &count, b->err) != 0) {
        b->failed = true;
        return -1;
    }
    return read_documents(&p, documents, count);
}
