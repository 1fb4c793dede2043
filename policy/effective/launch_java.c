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

/* The property, or the variable, of one place; value NULL where neither is set. */
static struct setting look_at(const struct resolution *r, size_t place) {
    const struct setting *property =
        places[place].key == NULL ? NULL : candidates_property(&r->candidates, places[place].key);
    if (property != NULL)
        return *property;
    struct setting s = {
        .value_origin = {.kind = ORIGIN_ENVIRONMENT, .variable = places[place].variable}};
    if (places[place].variable != NULL && (!places[place].server || is_server(r)))
        s.value = resolution_variable(r, places[place].variable);
    return s;
}

/* An open quote where Spark does not split is the JVM's matter: nothing of it
 * becomes a setting. */
static int add_place(struct resolution *r, size_t place) {
    struct setting s = look_at(r, place);
    struct java_options options = {0};
    if (s.value == NULL)
        return 0;
    if (java_options_split(s.value, r->arena, &options, r->err) == 0)
        return add_words(r, &options, &s.value_origin);
    if (r->err->code != ERROR_SPARK)
        return -1;
    if (places[place].split)
        return resolution_refuse(r, &s.value_origin, "a quote that never ends", "close it");
    error_clear(r->err);
    return 0;
}

int launch_add_java_options(struct resolution *r) {
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (add_place(r, i) != 0)
            return -1;
    return 0;
}
