#include <string.h>

#include "policy/surface/platform/shape.h"
#include "sidecar/base/text.h"

/* Spark in the releases of Amazon EMR ("Spark release history") and Databricks
 * ("Databricks Runtime release notes versions and compatibility"), where a whole line
 * holds one minor version. */
struct release {
    const char *start; /* of the release's name */
    const char *spark;
};

static const struct release emr[] = {
    {"emr-7.", "3.5"},    {"emr-6.15.", "3.4"}, {"emr-6.14.", "3.4"},
    {"emr-6.13.", "3.4"}, {"emr-6.12.", "3.4"},
};

static const struct release databricks[] = {
    {"19.", "4.2"}, {"18.", "4.1"}, {"17.", "4.0"}, {"16.", "3.5"},
    {"15.", "3.5"}, {"14.", "3.5"}, {"13.", "3.4"},
};

static void put_release(struct platform *p, const struct tree_node *node,
                        const struct release *rows, size_t count) {
    struct platform_text text;
    if (!platform_text(p, node, &text))
        return;
    struct origin key = node->key_origin;
    platform_set(p, DOCUMENT_FACTS, DOCUMENT_FACT_RELEASE, &key, &text);
    for (size_t i = 0; i < count; i++)
        if (text_starts(text.text, rows[i].start)) {
            text.text = rows[i].spark;
            platform_set(p, DOCUMENT_FACTS, DOCUMENT_FACT_VERSION, &key, &text);
            return;
        }
}

void platform_emr_release(struct platform *p, const struct tree_node *mapping) {
    put_release(p, platform_find(mapping, "ReleaseLabel"), emr, sizeof emr / sizeof emr[0]);
}

void platform_databricks_release(struct platform *p, const struct tree_node *mapping) {
    put_release(p, platform_find(mapping, "spark_version"), databricks,
                sizeof databricks / sizeof databricks[0]);
}
