#include "policy/surface/setting.h"

#include <stdio.h>

#include "policy/surface/unknown.h"
#include "sidecar/base/text.h"

bool setting_is_unknown(const char *value) {
    return unknown_in(value) || text_is_template(value);
}

bool setting_is_any(const char *key) {
    static const char *const families[] = {
        "spark.executorEnv.",
        "spark.kubernetes.driver.annotation.",
        "spark.kubernetes.driver.label.",
        "spark.kubernetes.driver.secretKeyRef.",
        "spark.kubernetes.driver.secrets.",
        "spark.kubernetes.driver.volumes.",
        "spark.kubernetes.driverEnv.",
        "spark.kubernetes.executor.annotation.",
        "spark.kubernetes.executor.label.",
        "spark.kubernetes.executor.secretKeyRef.",
        "spark.kubernetes.executor.secrets.",
        "spark.kubernetes.executor.volumes.",
        "spark.kubernetes.node.selector.",
        "spark.sql.catalog.",
    };
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (text_starts(key, families[i]))
            return false;
    return unknown_in(key);
}

void origin_describe(const struct origin *origin, char *text, size_t size) {
    int ignored = 0;
    switch (origin->kind) {
    case ORIGIN_FILE:
        ignored = snprintf(text, size, "%s:%zu:%zu", origin->file, origin->line, origin->column);
        break;
    case ORIGIN_ARGV:
        ignored = snprintf(text, size, "argument %zu", origin->argv);
        break;
    case ORIGIN_ENVIRONMENT:
        ignored = snprintf(text, size, "environment variable %s", origin->variable);
        break;
    case ORIGIN_ARRESTOR:
        ignored = snprintf(text, size, "arrestor");
        break;
    default:
        ignored = origin->file != NULL
                      ? snprintf(text, size, "%s:%zu (not set)", origin->file, origin->line)
                      : snprintf(text, size, "not set");
        break;
    }
    (void)ignored;
}
