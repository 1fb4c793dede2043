#include <string.h>
#include <strings.h>

#include "policy/surface/platform/emr.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"

/* Groups and fleets of instances have configurations of their own. */
static bool is_group(const struct tree_node *node) {
    static const char *const names[] = {"InstanceRole", "InstanceGroupType", "InstanceFleetType",
                                        "InstanceType", "InstanceTypeConfigs"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (platform_find(node, names[i]) != NULL)
            return true;
    return false;
}

static bool is_primary(const struct tree_node *group) {
    static const char *const names[] = {"InstanceRole", "InstanceGroupType", "InstanceFleetType"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *role = tree_text(platform_find(group, names[i]));
        if (role != NULL && strcmp(role, "MASTER") == 0)
            return true;
    }
    return false;
}

static const struct tree_node *configurations_of(const struct tree_node *cluster) {
    return cluster->kind == TREE_SEQUENCE ? cluster : platform_find(cluster, "Configurations");
}

static bool is_cluster(const struct tree_node *node) {
    if (node->kind != TREE_MAPPING)
        return node->parent == NULL && emr_is_configurations(node);
    if (is_group(node) || platform_find(node, "Classification") != NULL)
        return false;
    const struct tree_node *configurations = configurations_of(node);
    return emr_is_configurations(configurations) || (platform_find(node, "ReleaseLabel") != NULL &&
                                                     platform_find(node, "Instances") != NULL);
}

void emr_collect_cluster(struct platform *p, const struct tree_node *node) {
    if (is_cluster(node) && platform_spend(p, p->clusters.count / 64))
        nodes_add(p, &p->clusters, node);
}

/* The logical name of the resource that a node of a stack stands in. */
static const char *resource_of(const struct tree_node *node) {
    for (; node->parent != NULL; node = node->parent)
        if (node->parent->key != NULL && strcmp(node->parent->key, "Resources") == 0)
            return node->key;
    return NULL;
}

/* The cluster that a step names: JobFlowId: !Ref X. */
static const char *named_cluster(const struct tree_node *step) {
    const struct tree_node *id = platform_find(step, "JobFlowId");
    if (id == NULL)
        return NULL;
    const char *name = tree_text(tree_find(id, "Ref"));
    if (id->kind == TREE_SCALAR && id->tag != NULL)
        name = strrchr(id->text, ' ') == NULL ? id->text : strrchr(id->text, ' ') + 1;
    return name;
}

static bool has_name(const struct tree_node *cluster, const char *name) {
    const char *resource = resource_of(cluster);
    size_t length = resource == NULL ? 0 : strlen(resource);
    return length > 0 && strncmp(resource, name, length) == 0 &&
           (name[length] == '\0' || name[length] == UNKNOWN_CLOSE);
}

const struct tree_node *emr_find_cluster(const struct platform *p, const struct tree_node *step,
                                         bool *ambiguous) {
    *ambiguous = false;
    for (const struct tree_node *node = step; node != NULL; node = node->parent)
        if (node->kind == TREE_MAPPING && is_cluster(node))
            return node;
    const char *name = named_cluster(step);
    for (size_t i = 0; name != NULL && i < p->clusters.count; i++)
        if (has_name(p->clusters.items[i], name))
            return p->clusters.items[i];
    *ambiguous = p->clusters.count > 1;
    return p->clusters.count == 1 ? p->clusters.items[0] : NULL;
}

static const char *const group_lists[] = {
    "Instances.InstanceGroups", "Instances.InstanceFleets",      "InstanceGroups",
    "InstanceFleets",           "Instances.MasterInstanceGroup", "Instances.MasterInstanceFleet"};

/* Of a group, its own configurations; of a fleet, those of the types it may consist of. */
static void put_group(struct platform *p, const struct tree_node *group) {
    emr_put_configurations(p, platform_find(group, "Configurations"));
    const struct tree_node *types = platform_find(group, "InstanceTypeConfigs");
    for (const struct tree_node *type = types == NULL ? NULL : types->first; type != NULL;
         type = type->next)
        emr_put_configurations(p, platform_find(type, "Configurations"));
}

static void put_primary(struct platform *p, const struct tree_node *cluster) {
    for (size_t i = 0; i < sizeof group_lists / sizeof group_lists[0]; i++) {
        const struct tree_node *groups = platform_path(cluster, group_lists[i]);
        if (groups == NULL)
            continue;
        if (groups->kind == TREE_MAPPING)
            put_group(p, groups);
        for (const struct tree_node *group = groups->first; group != NULL; group = group->next)
            if (is_primary(group))
                put_group(p, group);
    }
}

void emr_put_cluster(struct platform *p, const struct tree_node *cluster,
                     const struct tree_node *at) {
    platform_master(p, at, "yarn");
    if (cluster == NULL)
        return;
    platform_emr_release(p, cluster);
    emr_put_configurations(p, configurations_of(cluster));
    put_primary(p, cluster);
    if (!nodes_have(&p->used, cluster))
        nodes_add(p, &p->used, cluster);
}

static void read_cluster(struct platform *p, const struct tree_node *cluster) {
    const char *name = cluster->kind == TREE_MAPPING ? platform_child(p, cluster, "Name") : "";
    const char *title = arena_printf(p->arena, "EMR cluster%s%s", name[0] == '\0' ? "" : " ", name);
    if (title == NULL) {
        platform_starve(p);
        return;
    }
    platform_launch(p, title, cluster, "emr", WRITTEN_JSON);
    emr_put_cluster(p, cluster, cluster);
}

void emr_read_unused(struct platform *p) {
    for (size_t i = 0; i < p->clusters.count; i++)
        if (!nodes_have(&p->used, p->clusters.items[i]))
            read_cluster(p, p->clusters.items[i]);
}

void emr_read_configurations(struct platform *p, const struct tree_node *list) {
    const struct tree_node *parent = list->parent;
    if (nodes_have(&p->used, list) || !emr_is_configurations(list) ||
        (parent != NULL && platform_find(parent, "Classification") != NULL))
        return;
    bool serverless = list->key != NULL && strcasecmp(list->key, "RuntimeConfiguration") == 0;
    platform_launch(p, serverless ? "EMR Serverless application" : "EMR configurations", list,
                    serverless ? "emr-serverless" : "emr", WRITTEN_JSON);
    platform_master(p, list, serverless ? NULL : "yarn");
    if (parent != NULL)
        platform_emr_release(p, parent);
    emr_put_configurations(p, list);
}
