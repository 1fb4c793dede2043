#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "policy/effective/resolution.h"
#include "policy/surface/java_options.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

/* What spark-submit refuses before it starts anything: SparkSubmitArguments
 * .validateSubmitArguments, SparkSubmit.prepareSubmitEnvironment and the
 * launcher's checkJavaOptions (reference spark-security 4). */

#define SQL_SHELL      "org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver"
#define THRIFT_SERVER  "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
#define CONNECT_SERVER "org.apache.spark.sql.connect.service.SparkConnectServer"

/* Options that this version does not have yet. */
static int check_version(struct resolution *r) {
    const struct launch_arguments *arguments = &r->plan->arguments;
    const struct argument extra = {r->plan->extra_count > 0 ? "" : NULL,
                                   arguments->properties_count > 0 ? arguments->properties[0].argv
                                                                   : 0};
    const struct {
        const struct argument *argument;
        int major, minor;
        const char *todo;
    } rows[] = {
        {&arguments->values[ARGUMENT_REMOTE], 3, 4, "it came with Spark 3.4"},
        {&arguments->load_defaults, 4, 0, "it came with Spark 4.0"},
        {&arguments->driver_default_class_path, 4, 0, "it came with Spark 4.0"},
        {&extra, 4, 2, "it came with Spark 4.2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct origin origin = {.kind = ORIGIN_ARGV, .argv = rows[i].argument->argv};
        if (rows[i].argument->text == NULL || resolution_since(r, rows[i].major, rows[i].minor))
            continue;
        return resolution_refuse(r, &origin, "an option that this version does not know",
                                 rows[i].todo);
    }
    return 0;
}

static int check_remote(struct resolution *r) {
    if (r->remote.value == NULL || (r->master.value == NULL && r->deploy_mode.value == NULL) ||
        resolution_is_local_connect(r))
        return 0;
    return resolution_refuse(r, &r->remote.value_origin,
                             "spark.remote together with a master or a deploy mode",
                             "remove one of them");
}

/* Integer.parseInt, above zero. */
static bool is_positive_count(const char *text) {
    if (*text == '+')
        text++;
    int64_t count = 0;
    size_t digits = 0;
    for (; *text >= '0' && *text <= '9' && count <= INT_MAX; text++, digits++)
        count = 10 * count + (*text - '0');
    return *text == '\0' && digits > 0 && count > 0 && count <= INT_MAX;
}

/* JavaUtils.byteStringAsBytes, above zero. */
static bool is_positive_size(const char *text) {
    static const char units[][3] = {"", "b", "k", "kb", "m", "mb", "g", "gb", "t", "tb", "p", "pb"};
    char unit[3] = "";
    size_t length = 0;
    while (*text != '\0' && (unsigned char)*text <= ' ')
        text++;
    uint64_t count = 0;
    const char *start = text;
    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(count, 10, &count) ||
            __builtin_add_overflow(count, (uint64_t)(*text - '0'), &count))
            return false;
    if (text == start || count > INT64_MAX)
        return false;
    for (; *text != '\0' && (unsigned char)*text > ' '; text++) {
        if (length == 2)
            return false;
        unit[length++] = (char)(*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text);
    }
    while (*text != '\0' && (unsigned char)*text <= ' ')
        text++;
    size_t row = 0;
    while (row < sizeof units / sizeof units[0] && strcmp(units[row], unit) != 0)
        row++;
    if (*text != '\0' || row == sizeof units / sizeof units[0])
        return false;
    return count > 0 && count <= (uint64_t)(INT64_MAX >> (row / 2 * 10));
}

static int check_numbers(struct resolution *r) {
    static const struct {
        enum argument_id id;
        const char *key, *variable;
        bool size;
        const char *what;
    } rows[] = {
        {ARGUMENTS, "spark.driver.memory", "SPARK_DRIVER_MEMORY", true, "this driver memory"},
        {ARGUMENT_EXECUTOR_MEMORY, "spark.executor.memory", "SPARK_EXECUTOR_MEMORY", true,
         "this executor memory"},
        {ARGUMENT_DRIVER_CORES, "spark.driver.cores", NULL, false, "this number of driver cores"},
        {ARGUMENT_EXECUTOR_CORES, "spark.executor.cores", "SPARK_EXECUTOR_CORES", false,
         "this number of executor cores"},
        {ARGUMENT_TOTAL_EXECUTOR_CORES, "spark.cores.max", NULL, false, "this number of cores"},
        {ARGUMENT_NUM_EXECUTORS, "spark.executor.instances", NULL, false,
         "this number of executors"},
    };
    const struct setting *dynamic =
        candidates_property(&r->candidates, "spark.dynamicAllocation.enabled");
    bool is_dynamic = dynamic != NULL && text_equal_nocase(dynamic->value, "true");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct setting s = resolution_look(r, rows[i].id, rows[i].key, NULL, rows[i].variable);
        if (s.value == NULL || setting_is_unknown(s.value) ||
            (rows[i].id == ARGUMENT_NUM_EXECUTORS && is_dynamic))
            continue;
        if (!(rows[i].size ? is_positive_size(s.value) : is_positive_count(s.value)))
            return resolution_refuse(r, &s.value_origin, rows[i].what,
                                     rows[i].size ? "write a size above zero, such as 2g"
                                                  : "write a whole number above zero");
    }
    return 0;
}

/* spark-env.sh may still set the variables, unless it has run already. */
static int check_hadoop(struct resolution *r) {
    if (r->manager != MANAGER_YARN || resolution_variable(r, "HADOOP_CONF_DIR") != NULL ||
        resolution_variable(r, "YARN_CONF_DIR") != NULL ||
        resolution_variable(r, "SPARK_TESTING") != NULL)
        return 0;
    if (r->plan->launch->environment_is_final)
        return resolution_refuse(r, &r->master.value_origin,
                                 "master yarn without HADOOP_CONF_DIR or YARN_CONF_DIR",
                                 "set one of them in the environment");
    return resolution_note(r, &r->master.value_origin,
                           "needs HADOOP_CONF_DIR or YARN_CONF_DIR; neither is set here, though "
                           "spark-env.sh may set it");
}

static int check_proxy(struct resolution *r) {
    struct setting principal = resolution_look(r, ARGUMENT_PRINCIPAL, "spark.kerberos.principal",
                                               "spark.yarn.principal", NULL);
    if (principal.value == NULL || r->values[ARGUMENT_PROXY_USER].text == NULL)
        return 0;
    return resolution_refuse(r, &principal.value_origin, "a principal together with --proxy-user",
                             "remove one of them");
}

static int check_cluster_mode(struct resolution *r) {
    if (r->deployment != DEPLOY_CLUSTER)
        return 0;
    const char *resource = resolution_resource(r), *class_name = resolution_class(r);
    bool connect = strcmp(class_name, CONNECT_SERVER) == 0 &&
                   !(r->manager == MANAGER_YARN && resolution_since(r, 4, 2));
    const struct setting *rest = candidates_property(&r->candidates, "spark.master.rest.enabled");
    const struct {
        bool refused;
        const char *what;
    } rows[] = {
        {r->manager == MANAGER_MESOS && (rest == NULL || (!setting_is_unknown(rest->value) &&
                                                          !text_equal_nocase(rest->value, "true"))),
         "cluster mode on Mesos without its REST server"},
        {r->manager == MANAGER_STANDALONE && resource_is_python(resource),
         "a Python application in cluster mode on a standalone cluster"},
        {r->manager == MANAGER_STANDALONE && resource_is_r(resource),
         "an R application in cluster mode on a standalone cluster"},
        {r->manager == MANAGER_LOCAL, "cluster mode with a local master"},
        {resource_is_shell(r, resource) || strcmp(class_name, SQL_SHELL) == 0,
         "a shell in cluster mode"},
        {strcmp(class_name, THRIFT_SERVER) == 0 || connect, "this server in cluster mode"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].refused)
            return resolution_refuse(r, &r->deploy_mode.value_origin, rows[i].what,
                                     "use --deploy-mode client");
    return 0;
}

/* Utils.checkAndGetK8sMasterUrl */
static int check_kubernetes(struct resolution *r) {
    if (r->manager != MANAGER_KUBERNETES)
        return 0;
    const char *master = r->master.value, *todo = "write k8s://https://HOST:PORT";
    if (!text_starts(master, "k8s://"))
        return resolution_refuse(r, &r->master.value_origin, "a Kubernetes master without k8s://",
                                 todo);
    const char *rest = master + strlen("k8s://");
    size_t length = strcspn(rest, ":");
    bool plain = strstr(rest, "://") == NULL;
    bool known = (length == 5 && strncasecmp(rest, "https", 5) == 0) ||
                 (length == 4 && strncasecmp(rest, "http", 4) == 0);
    return plain || known || setting_is_unknown(master)
               ? 0
               : resolution_refuse(r, &r->master.value_origin, "this scheme behind k8s://", todo);
}

/* SparkSubmitArguments.useRest: read for every submission. */
static int check_rest(struct resolution *r) {
    const struct setting *rest = candidates_property(&r->candidates, "spark.master.rest.enabled");
    if (rest == NULL || setting_is_unknown(rest->value) || text_equal_nocase(rest->value, "true") ||
        text_equal_nocase(rest->value, "false"))
        return 0;
    return resolution_refuse(r, &rest->value_origin, "any submission with this boolean",
                             "write true or false");
}

/* Spark looks the main class up in the jar where --class is missing; these
 * resources are no jar. */
static int check_main_class(struct resolution *r) {
    const char *resource = resolution_resource(r);
    bool jar = !resource_is_shell(r, resource) && strcmp(resource, "spark-internal") != 0;
    if (jar || resource_is_python(resource) || resource_is_r(resource) ||
        resolution_class(r)[0] != '\0')
        return 0;
    struct origin origin = {.kind = ORIGIN_ARGV, .argv = r->plan->arguments.resource.argv};
    return resolution_refuse(r, &origin, "this application without a main class", "add --class");
}

/* 3.x looks for the letters anywhere, 4.0 for an option. */
static bool sets_heap(const struct resolution *r, const char *value,
                      const struct java_options *options) {
    if (!resolution_since(r, 4, 0))
        return strstr(value, "Xmx") != NULL;
    for (size_t i = 0; i < options->count; i++)
        if (text_starts(options->words[i], "-Xmx"))
            return true;
    return false;
}

/* The launcher splits them for the JVM that it starts; 4.0 always does. */
static int split_options(struct resolution *r, const struct setting *s, struct java_options *ret) {
    if (!resolution_since(r, 4, 0) && !resolution_runs_driver(r))
        return 0;
    if (java_options_split(s->value, r->arena, ret, r->err) == 0)
        return 0;
    return r->err->code != ERROR_SPARK
               ? -1
               : resolution_refuse(r, &s->value_origin, "a quote that never ends",
                                   "close it, or write \\\" for the character itself");
}

static int check_java_options(struct resolution *r) {
    static const char *const keys[] = {"spark.driver.defaultJavaOptions",
                                       "spark.driver.extraJavaOptions"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct setting *s = candidates_property(&r->candidates, keys[i]);
        struct java_options options = {0};
        if (s == NULL || unknown_in(s->value))
            continue;
        if (split_options(r, s, &options) != 0)
            return -1;
        if (sets_heap(r, s->value, &options))
            return resolution_refuse(r, &s->value_origin, "a heap size among the Java options",
                                     "use --driver-memory or spark.driver.memory");
    }
    return 0;
}

int launch_check(struct resolution *r) {
    static int (*const checks[])(struct resolution *) = {
        check_version,      check_remote,     check_numbers, check_hadoop,     check_proxy,
        check_cluster_mode, check_kubernetes, check_rest,    check_main_class, check_java_options};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        if (checks[i](r) != 0)
            return -1;
    return 0;
}
