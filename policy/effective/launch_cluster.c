#include <string.h>

#include "policy/effective/resolution.h"
#include "sidecar/base/text.h"

/* SparkMasterRegex.KUBERNETES_REGEX (4.1), whose dot stops at the end of a line. */
static bool is_kubernetes(const struct resolution *r, const char *master) {
    bool line_end = strpbrk(master, "\n\r") != NULL || strstr(master, "\xc2\x85") != NULL ||
                    strstr(master, "\xe2\x80\xa8") != NULL ||
                    strstr(master, "\xe2\x80\xa9") != NULL;
    return !resolution_since(r, 4, 1) || (text_starts(master, "k8s://") && !line_end);
}

/* SparkSubmit.prepareSubmitEnvironment: the first letters decide. A template is
 * taken for a cluster. */
static int find_manager(struct resolution *r) {
    static const struct {
        const char *start;
        enum manager manager;
    } starts[] = {{"spark", MANAGER_STANDALONE},
                  {"mesos", MANAGER_MESOS},
                  {"k8s", MANAGER_KUBERNETES},
                  {"local", MANAGER_LOCAL}};
    const char *master = r->master.value;
    r->manager = MANAGER_LOCAL;
    if (master == NULL)
        return 0;
    if (strcmp(master, "yarn") == 0) {
        r->manager = MANAGER_YARN;
        return 0;
    }
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        bool gone = (starts[i].manager == MANAGER_MESOS && r->sources->spark_major >= 4) ||
                    (starts[i].manager == MANAGER_KUBERNETES && !is_kubernetes(r, master));
        if (!gone && text_starts(master, starts[i].start)) {
            r->manager = starts[i].manager;
            return 0;
        }
    }
    if (setting_is_unknown(master)) {
        r->manager = MANAGER_STANDALONE;
        return 0;
    }
    return resolution_refuse(r, &r->master.value_origin, "this master",
                             "write yarn, k8s://…, spark://… or local[*]");
}

int launch_find_cluster(struct resolution *r) {
    const char *remote = resolution_since(r, 3, 4) ? "SPARK_REMOTE" : NULL;
    r->master = resolution_look(r, ARGUMENT_MASTER, "spark.master", NULL, "MASTER");
    r->remote = resolution_look(r, ARGUMENT_REMOTE, "spark.remote", NULL, remote);
    r->deploy_mode =
        resolution_look(r, ARGUMENT_DEPLOY_MODE, "spark.submit.deployMode", NULL, "DEPLOY_MODE");
    const char *mode = r->deploy_mode.value;
    r->deployment = mode != NULL && strcmp(mode, "cluster") == 0 ? DEPLOY_CLUSTER : DEPLOY_CLIENT;
    if (mode != NULL && r->deployment == DEPLOY_CLIENT && strcmp(mode, "client") != 0 &&
        !setting_is_unknown(mode))
        return resolution_refuse(r, &r->deploy_mode.value_origin, "this deploy mode",
                                 "write client or cluster");
    return find_manager(r);
}
