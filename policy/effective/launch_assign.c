#include <string.h>

#include "policy/effective/resolution.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"

/* Which option, property or variable ends in which key (Spark: the list of
 * OptionAssigner in SparkSubmit.prepareSubmitEnvironment). Where the cluster
 * manager or deploy mode does not match, the option does nothing.
 *
 * --packages, --repositories and --exclude-packages become settings in cluster
 * mode only; otherwise spark-submit resolves them itself. They are shown all the
 * same, because they decide what code is loaded. */
struct assigner {
    enum argument_id id;
    const char *key, *alternative, *variable;
    unsigned managers, deployments;
    const char *merge; /* put behind the property of this key, with a comma */
};

#define CLUSTERED (MANAGER_STANDALONE | MANAGER_YARN | MANAGER_KUBERNETES)
#define FILED     (MANAGER_LOCAL | MANAGER_STANDALONE | MANAGER_MESOS | MANAGER_KUBERNETES)

static const struct assigner assigners[] = {
    {ARGUMENTS, "spark.driver.memory", NULL, "SPARK_DRIVER_MEMORY", MANAGERS, DEPLOYMENTS, NULL},
    {ARGUMENT_PRINCIPAL, "spark.kerberos.principal", "spark.yarn.principal", NULL, MANAGERS,
     DEPLOYMENTS, NULL},
    {ARGUMENT_KEYTAB, "spark.kerberos.keytab", "spark.yarn.keytab", NULL, MANAGERS, DEPLOYMENTS,
     NULL},
    {ARGUMENT_PY_FILES, "spark.submit.pyFiles", NULL, NULL, MANAGERS, DEPLOYMENTS, NULL},
    {ARGUMENT_PACKAGES, "spark.jars.packages", NULL, NULL, MANAGERS, DEPLOYMENTS, NULL},
    {ARGUMENT_REPOSITORIES, "spark.jars.repositories", NULL, NULL, MANAGERS, DEPLOYMENTS, NULL},
    {ARGUMENT_EXCLUDE_PACKAGES, "spark.jars.excludes", NULL, NULL, MANAGERS, DEPLOYMENTS, NULL},
    {ARGUMENT_QUEUE, "spark.yarn.queue", NULL, NULL, MANAGER_YARN, DEPLOYMENTS, NULL},
    {ARGUMENT_PY_FILES, "spark.yarn.dist.pyFiles", "spark.submit.pyFiles", NULL, MANAGER_YARN,
     DEPLOYMENTS, "spark.yarn.dist.pyFiles"},
    {ARGUMENT_JARS, "spark.yarn.dist.jars", "spark.jars", NULL, MANAGER_YARN, DEPLOYMENTS,
     "spark.yarn.dist.jars"},
    {ARGUMENT_FILES, "spark.yarn.dist.files", "spark.files", NULL, MANAGER_YARN, DEPLOYMENTS,
     "spark.yarn.dist.files"},
    {ARGUMENT_ARCHIVES, "spark.yarn.dist.archives", "spark.archives", NULL, MANAGER_YARN,
     DEPLOYMENTS, "spark.yarn.dist.archives"},
    {ARGUMENT_NUM_EXECUTORS, "spark.executor.instances", NULL, NULL,
     MANAGER_YARN | MANAGER_KUBERNETES, DEPLOYMENTS, NULL},
    {ARGUMENT_EXECUTOR_CORES, "spark.executor.cores", NULL, "SPARK_EXECUTOR_CORES", CLUSTERED,
     DEPLOYMENTS, NULL},
    {ARGUMENT_EXECUTOR_MEMORY, "spark.executor.memory", NULL, "SPARK_EXECUTOR_MEMORY",
     CLUSTERED | MANAGER_MESOS, DEPLOYMENTS, NULL},
    {ARGUMENT_FILES, "spark.files", NULL, NULL, FILED, DEPLOYMENTS, NULL},
    {ARGUMENT_ARCHIVES, "spark.archives", NULL, NULL, FILED, DEPLOYMENTS, NULL},
    {ARGUMENT_JARS, "spark.jars", NULL, NULL, FILED, DEPLOYMENTS, NULL},
    {ARGUMENT_DRIVER_CORES, "spark.driver.cores", NULL, NULL, CLUSTERED | MANAGER_MESOS,
     DEPLOY_CLUSTER, NULL},
};

/* Spark 3.x has Mesos as well. */
static struct assigner total_cores(const struct resolution *r) {
    unsigned more = resolution_since(r, 4, 0) ? 0 : MANAGER_MESOS;
    return (struct assigner){.id = ARGUMENT_TOTAL_EXECUTOR_CORES,
                             .key = "spark.cores.max",
                             .managers = MANAGER_STANDALONE | more,
                             .deployments = DEPLOYMENTS};
}

static int out_of_memory(struct resolution *r) {
    return error_set(r->err, ERROR_MEMORY, "no memory for the settings");
}

static bool has_argument(const struct resolution *r, enum argument_id id) {
    return (size_t)id < ARGUMENTS && r->values[id].text != NULL;
}

static int note_idle(struct resolution *r, const struct assigner *a) {
    struct origin origin = {.kind = ORIGIN_ARGV, .argv = r->values[a->id].argv};
    return resolution_note(r, &origin,
                           "is the value of an option that does nothing with this master and "
                           "deploy mode");
}

/* Spark: mergeFileLists; a blank half is left out. */
static int merge_values(struct resolution *r, const struct assigner *a, struct setting *found) {
    const struct setting *old = candidates_property(&r->candidates, a->merge);
    if (old == NULL || old->value[0] == '\0')
        return 0;
    if (found->value[0] == '\0') {
        found->value = old->value;
        return 0;
    }
    found->value = arena_printf(r->arena, "%s,%s", old->value, found->value);
    return found->value == NULL ? out_of_memory(r) : 0;
}

/* Puts a further list behind found, whose origin stays unless it said nothing. */
static int join(struct resolution *r, struct setting *found, const struct setting *more) {
    if (more->value == NULL || more->value[0] == '\0')
        return 0;
    bool blank = found->value == NULL || found->value[0] == '\0';
    if (blank) {
        found->origin = more->origin;
        found->value_origin = more->value_origin;
    }
    found->value = blank ? more->value : arena_printf(r->arena, "%s,%s", found->value, more->value);
    return found->value == NULL ? out_of_memory(r) : 0;
}

/* --files with what spark-submit adds: in client mode the Python files, but on YARN;
 * the script of an R application, where it is not sent otherwise. */
static int look_files(struct resolution *r, struct setting *found) {
    const char *resource = resolution_resource(r);
    bool client = r->deployment == DEPLOY_CLIENT, yarn = r->manager == MANAGER_YARN;
    struct origin origin = {.kind = ORIGIN_ARGV, .argv = r->plan->arguments.resource.argv};
    struct setting script = {.value = resource, .origin = origin, .value_origin = origin};
    struct setting python =
        resolution_look(r, ARGUMENT_PY_FILES, "spark.submit.pyFiles", NULL, NULL);
    if (client && !yarn && join(r, found, &python) != 0)
        return -1;
    bool sent = resource_is_r(resource) && (client ? !resource_is_shell(r, resource) : yarn);
    if (sent && join(r, found, &script) != 0)
        return -1;
    /* Its paths are looked up one by one: a list of none is no list. */
    if (client && !yarn && found->value != NULL && found->value[strspn(found->value, ", ")] == '\0')
        found->value = NULL;
    return 0;
}

/* What the option or another key says, not counting the key itself. */
static struct setting look_beside(const struct resolution *r, const struct assigner *a) {
    if (a->merge == NULL)
        return resolution_look(r, a->id, a->key, a->alternative, a->variable);
    struct setting found = resolution_look(r, a->id, a->alternative, NULL, NULL);
    found.key = a->key;
    return found;
}

static int assign(struct resolution *r, const struct assigner *a) {
    bool given = has_argument(r, a->id);
    if ((a->managers & (unsigned)r->manager) == 0 ||
        (a->deployments & (unsigned)r->deployment) == 0)
        return given && a->merge == NULL && a->managers != FILED ? note_idle(r, a) : 0;
    struct setting found = look_beside(r, a);
    if (a->id == ARGUMENT_FILES && look_files(r, &found) != 0)
        return -1;
    if (found.value == NULL)
        return 0;
    if (a->merge != NULL && merge_values(r, a, &found) != 0)
        return -1;
    const struct setting *property = candidates_property(&r->candidates, a->key);
    if (!given && property != NULL && property->value == found.value)
        return 0;
    return resolution_add(r, &found,
                          found.origin.kind == ORIGIN_ENVIRONMENT ? STRENGTH_ENVIRONMENT
                                                                  : STRENGTH_OPTION);
}

static int add_made_up(struct resolution *r, const char *key, const char *value,
                       const struct origin *origin, enum strength strength) {
    struct setting setting = {
        .key = key, .value = value, .origin = *origin, .value_origin = *origin};
    return value == NULL ? out_of_memory(r) : resolution_add(r, &setting, strength);
}

/* What spark-submit always sets, from whoever says it. */
static int add_always(struct resolution *r, const struct setting *said, enum argument_id id) {
    bool property = !has_argument(r, id) && said->origin.kind != ORIGIN_ENVIRONMENT;
    return property ? 0
                    : resolution_add(r, said,
                                     has_argument(r, id) ? STRENGTH_OPTION : STRENGTH_ENVIRONMENT);
}

static int assign_master(struct resolution *r) {
    bool local_connect = resolution_is_local_connect(r);
    if (r->remote.value != NULL && !local_connect &&
        add_always(r, &r->remote, ARGUMENT_REMOTE) != 0)
        return -1;
    if (r->master.value == NULL)
        return r->remote.value != NULL && !local_connect
                   ? 0
                   : add_made_up(r, "spark.master", "local[*]", &r->unset, STRENGTH_FALLBACK);
    const char *rest = r->manager == MANAGER_KUBERNETES ? r->master.value + strlen("k8s://") : NULL;
    if (rest == NULL || strstr(rest, "://") != NULL || unknown_in(rest))
        return add_always(r, &r->master, ARGUMENT_MASTER);
    struct setting whole = r->master;
    whole.value = arena_printf(r->arena, "k8s://https://%s", rest);
    return whole.value == NULL ? out_of_memory(r) : resolution_add(r, &whole, STRENGTH_OPTION);
}

static int assign_deploy_mode(struct resolution *r) {
    return r->deploy_mode.value != NULL
               ? add_always(r, &r->deploy_mode, ARGUMENT_DEPLOY_MODE)
               : add_made_up(r, "spark.submit.deployMode", "client", &r->unset, STRENGTH_FALLBACK);
}

/* Java quotes what may not stand in a URI's path, where a path becomes one; what is
 * beyond ASCII stays. */
static bool is_quoted_in_uri(char c) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return c > 0 && !letter && strchr("-_.!~*'():@&=+$,;/", c) == NULL;
}

/* The last component of a path as Spark's URI of it has it. A text that has a scheme
 * is one already. Spark: Utils.resolveURI. */
static const char *base_name(struct arena *arena, const char *path) {
    static const char hex[] = "0123456789ABCDEF";
    size_t end = strlen(path), length = 0;
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (unknown_in(path))
        return path;
    if (path[strcspn(path, ":/#")] == ':' || strchr(path, '#') != NULL)
        return arena_text(arena, path + start, end - start);
    char *name = arena_alloc(arena, 3 * (end - start) + 1);
    for (size_t i = start; name != NULL && i < end; i++) {
        bool quoted = is_quoted_in_uri(path[i]);
        name[length++] = quoted ? '%' : path[i];
        if (quoted) {
            name[length++] = hex[path[i] >> 4];
            name[length++] = hex[path[i] & 15];
        }
    }
    if (name != NULL)
        name[length] = '\0';
    return name;
}

static int assign_name(struct resolution *r) {
    const char *variable = r->manager == MANAGER_YARN ? "SPARK_YARN_APP_NAME" : NULL;
    struct setting name = resolution_look(r, ARGUMENT_NAME, "spark.app.name", NULL, variable);
    if (name.value != NULL)
        return add_always(r, &name, ARGUMENT_NAME);
    const struct argument *class_name = &r->values[ARGUMENT_CLASS];
    const struct argument *resource = &r->plan->arguments.resource;
    bool has_class = class_name->text != NULL;
    struct origin origin = {.kind = ORIGIN_ARGV,
                            .argv = has_class ? class_name->argv : resource->argv};
    const char *value = has_class ? class_name->text : base_name(r->arena, resolution_resource(r));
    return add_made_up(r, "spark.app.name", value, &origin, STRENGTH_FALLBACK);
}

/* On standalone clusters the switch speaks even when it is absent. */
static int assign_supervise(struct resolution *r) {
    const struct argument *supervise = &r->plan->arguments.supervise;
    struct origin origin = {.kind = ORIGIN_ARGV, .argv = supervise->argv};
    if (r->manager != MANAGER_STANDALONE || r->deployment != DEPLOY_CLUSTER)
        return 0;
    return add_made_up(r, "spark.driver.supervise", supervise->text != NULL ? "true" : "false",
                       supervise->text != NULL ? &origin : &r->unset, STRENGTH_OPTION);
}

int launch_assign(struct resolution *r) {
    struct assigner cores = total_cores(r);
    for (size_t i = 0; i < sizeof assigners / sizeof assigners[0]; i++)
        if (assign(r, &assigners[i]) != 0)
            return -1;
    return assign(r, &cores) != 0 || assign_master(r) != 0 || assign_deploy_mode(r) != 0 ||
                   assign_name(r) != 0 || assign_supervise(r) != 0
               ? -1
               : 0;
}
