#include <string.h>

#include "policy/effective/resolution.h"
#include "policy/surface/java_options.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

/* Where the driver's JVM gets -Dspark.… from, in the order of its command line:
 * the last one wins (reference spark-security 1.2). */
static const struct {
    const char *variable, *key;
    bool server; /* only for the Thrift and Connect servers */
    bool split;  /* by Spark's launcher, which refuses an open quote */
} places[] = {
    {"JAVA_TOOL_OPTIONS", NULL, false, false},
    {"JDK_JAVA_OPTIONS", NULL, false, false},
    {"SPARK_DAEMON_JAVA_OPTS", NULL, true, true},
    {"SPARK_SUBMIT_OPTS", NULL, false, true},
    {NULL, "spark.driver.defaultJavaOptions", false, false},
    {NULL, "spark.driver.extraJavaOptions", false, false},
    {"_JAVA_OPTIONS", NULL, false, false},
};

static bool is_server(const struct resolution *r) {
    const char *name = resolution_class(r);
    return strcmp(name, "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2") == 0 ||
           strcmp(name, "org.apache.spark.sql.connect.service.SparkConnectServer") == 0;
}

static int add_words(struct resolution *r, const struct java_options *options,
                     const struct origin *origin) {
    for (size_t i = 0; i < options->count; i++) {
        struct setting setting = {.origin = *origin, .value_origin = *origin};
        if (!text_starts(options->words[i], "-Dspark."))
            continue;
        if (!java_options_property(options->words[i], r->arena, &setting.key, &setting.value))
            return error_set(r->err, ERROR_MEMORY, "no memory for the Java options");
        if (resolution_add(r, &setting, STRENGTH_JAVA_OPTION) != 0)
            return -1;
    }
    return 0;
}

int launch_add_java_options(struct resolution *r) {
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct java_options options = {0};
        struct error ignored;
        struct setting s = {.origin = {.kind = ORIGIN_ENVIRONMENT, .variable = places[i].variable}};
        const struct setting *property =
            places[i].key == NULL ? NULL : candidates_property(&r->candidates, places[i].key);
        if (property != NULL)
            s = *property;
        else if (places[i].variable != NULL && (!places[i].server || is_server(r)))
            s.value = resolution_variable(r, places[i].variable);
        if (s.value == NULL)
            continue;
        if (java_options_split(s.value, r->arena, &options, &ignored) == 0) {
            if (add_words(r, &options, property != NULL ? &s.value_origin : &s.origin) != 0)
                return -1;
        } else if (places[i].split) {
            return resolution_refuse(r, &s.origin, "a quote that never ends", "close it");
        }
    }
    return 0;
}
