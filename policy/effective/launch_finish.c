#include <string.h>

#include "policy/effective/resolution.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

/* What SparkSubmit.prepareSubmitEnvironment does to the whole SparkConf in the end,
 * system properties included. */

/* Without a slash at the end, which a path loses on its way to a URI. */
static const char *plain_resource(const struct resolution *r) {
    const char *resource = resolution_resource(r);
    size_t length = strlen(resource);
    while (length > 1 && resource[length - 1] == '/')
        length--;
    return resource[length] == '\0' ? resource : arena_text(r->arena, resource, length);
}

static int out_of_memory(struct resolution *r) {
    return error_set(r->err, ERROR_MEMORY, "no memory for the settings");
}

/* The application's jar is one of spark.jars, but where YARN sends it otherwise. */
static int add_jar(struct resolution *r) {
    const char *resource = plain_resource(r);
    const struct setting *jars = candidates_strongest(&r->candidates, "spark.jars");
    bool yarn_cluster = r->manager == MANAGER_YARN && r->deployment == DEPLOY_CLUSTER;
    struct origin origin = {.kind = ORIGIN_ARGV, .argv = r->plan->arguments.resource.argv};
    struct setting setting = {
        .key = "spark.jars", .value = resource, .origin = origin, .value_origin = origin};
    if (resource == NULL)
        return out_of_memory(r);
    bool unknown = unknown_in(resource) && !text_ends(resource, ".jar");
    if (yarn_cluster || unknown || !resource_is_jar(r, resource))
        return 0;
    if (jars != NULL && jars->value[0] != '\0') {
        setting.value = arena_printf(r->arena, "%s,%s", jars->value, resource);
        setting.origin = jars->origin;
        setting.value_origin = jars->value_origin;
    }
    return setting.value == NULL ? error_set(r->err, ERROR_MEMORY, "no memory for the settings")
                                 : resolution_add(r, &setting, STRENGTH_OPTION);
}

/* A shell shows its progress, unless it is told not to. */
static int show_progress(struct resolution *r) {
    struct setting setting = {.key = "spark.ui.showConsoleProgress",
                              .value = "true",
                              .origin = r->unset,
                              .value_origin = r->unset};
    return !resource_is_shell(r, resolution_resource(r)) ||
                   candidates_strongest(&r->candidates, setting.key) != NULL
               ? 0
               : resolution_add(r, &setting, STRENGTH_FALLBACK);
}

/* Spark drops the driver's host in cluster mode: the driver runs elsewhere. */
static int drop_driver_host(struct resolution *r) {
    const struct setting *host = candidates_strongest(&r->candidates, "spark.driver.host");
    if (r->deployment != DEPLOY_CLUSTER || host == NULL)
        return 0;
    if (resolution_note(r, &host->origin, "is dropped by Spark in cluster mode") != 0)
        return -1;
    candidates_remove(&r->candidates, "spark.driver.host");
    return 0;
}

int launch_finish(struct resolution *r) {
    if (resolution_is_local_connect(r))
        candidates_remove(&r->candidates, "spark.remote");
    return add_jar(r) != 0 || show_progress(r) != 0 || drop_driver_host(r) != 0 ? -1 : 0;
}
