#include <string.h>

#include "policy/surface/platform/shape.h"
#include "sidecar/base/arena.h"

/* What a security configuration of EMR says, flat, for rules to look at:
 * emr.security.EnableInTransitEncryption. The outermost name is left out. */
#define PREFIX "emr.security"

static const char *const parts[] = {"EncryptionConfiguration", "AuthenticationConfiguration",
                                    "AuthorizationConfiguration",
                                    "InstanceMetadataServiceConfiguration"};

/* Depth is bounded by that of the tree. */
static void put_flat(struct platform *p, const char *prefix, const struct tree_node *node) {
    struct platform_text value;
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        const char *key = child->key == NULL ? "" : child->key;
        const char *name = arena_printf(p->arena, "%s.%s", prefix, key);
        struct origin at = child->key == NULL ? child->origin : child->key_origin;
        if (name == NULL) {
            platform_starve(p);
            return;
        }
        if (platform_text(p, child, &value))
            platform_set(p, PLATFORM_LOOSE, name, &at, &value);
        else if (child->kind == TREE_MAPPING || child->kind == TREE_SEQUENCE)
            put_flat(p, name, child);
    }
}

/* Other services have an EncryptionConfiguration too. */
static bool is_security_configuration(const struct tree_node *node) {
    return platform_path(node, "EncryptionConfiguration.EnableInTransitEncryption") != NULL ||
           platform_path(node, "EncryptionConfiguration.EnableAtRestEncryption") != NULL ||
           platform_path(node, "AuthenticationConfiguration.KerberosConfiguration") != NULL;
}

void emr_read_security(struct platform *p, const struct tree_node *node) {
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const struct tree_node *part = platform_find(node, parts[i]);
        if (is_security_configuration(node) && part != NULL && part->kind == TREE_MAPPING)
            put_flat(p, PREFIX, part);
    }
}

/* KdcAdminPassword and its like stand in the clear beside a cluster. */
void emr_read_kerberos(struct platform *p, const struct tree_node *node) {
    platform_put_all(p, PLATFORM_LOOSE, platform_find(node, "KerberosAttributes"));
}
