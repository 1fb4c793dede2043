#include <string.h>

#include "policy/effective/resolution.h"
#include "policy/surface/java_options.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

/* Where Java options come from, in the order of the driver's command line: of
 * -Dspark.… the last one wins (reference spark-security 1.2). SPARK_LAUNCHER_OPTS
 * are those of the launcher, whose system properties are no settings; what every
 * JVM reads by itself reaches the launcher's too. */
static const struct {
    const char *variable, *key; /* neither: conf/java-opts */
    bool server;                /* only for the Thrift and Connect servers */
    bool split;                 /* by Spark's launcher, which refuses an open quote */
    bool launcher;              /* for its JVM alone */
    bool everywhere;            /* for its JVM as well */
} places[] = {
    {.variable = "JAVA_TOOL_OPTIONS", .everywhere = true},
    {.variable = "JDK_JAVA_OPTIONS", .everywhere = true},
    {.split = true},
    {.variable = "SPARK_DAEMON_JAVA_OPTS", .server = true, .split = true},
    {.variable = "SPARK_SUBMIT_OPTS", .split = true},
    {.key = "spark.driver.defaultJavaOptions"},
    {.key = "spark.driver.extraJavaOptions"},
    {.variable = "_JAVA_OPTIONS", .everywhere = true},
    {.variable = "SPARK_LAUNCHER_OPTS", .launcher = true},
};
#define PLACES (sizeof places / sizeof places[0])

static bool is_server(const struct resolution *r) {
    const char *name = resolution_class(r);
    return strcmp(name, "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2") == 0 ||
           strcmp(name, "org.apache.spark.sql.connect.service.SparkConnectServer") == 0;
}

static int out_of_memory(struct resolution *r) {
    return error_set(r->err, ERROR_MEMORY, "no memory for the Java options");
}

static int add_words(struct resolution *r, const struct java_options *options,
                     const struct origin *origin) {
    for (size_t i = 0; i < options->count; i++) {
        struct setting setting = {.origin = *origin, .value_origin = *origin};
        if (!text_starts(options->words[i], "-Dspark."))
            continue;
        if (!java_options_property(options->words[i], r->arena, &setting.key, &setting.value))
            return out_of_memory(r);
        if (resolution_add(r, &setting, STRENGTH_JAVA_OPTION) != 0)
            return -1;
    }
    return 0;
}

static unsigned jvms_of(const struct resolution *r, size_t place) {
    unsigned submit = r->deployment == DEPLOY_CLUSTER ? JVM_SUBMIT : JVM_DRIVER;
    if (places[place].launcher)
        return JVM_LAUNCHER;
    return places[place].everywhere ? submit | JVM_LAUNCHER : submit;
}

/* An open quote where Spark does not split is the JVM's matter: nothing of it
 * becomes a setting. */
static int add_options(struct resolution *r, size_t place, const struct setting *s) {
    struct java_options options = {0};
    if (s->value[0] == '\0')
        return 0;
    if (places[place].key == NULL) {
        r->java_jvms[r->java_count] = jvms_of(r, place);
        struct setting *java = &r->java[r->java_count++];
        *java = *s;
        java->origin = resolution_place(r, &s->origin, false);
        java->value_origin = resolution_place(r, &s->value_origin, true);
    }
    if (places[place].launcher)
        return 0;
    if (java_options_read(s->key, s->value, r->arena, &options, r->err) == 0)
        return add_words(r, &options, &s->value_origin);
    if (r->err->code != ERROR_SPARK)
        return -1;
    if (places[place].split)
        return resolution_refuse(r, &s->value_origin, "a quote that never ends", "close it");
    error_clear(r->err);
    return 0;
}

static int add_variable(struct resolution *r, size_t place) {
    struct origin origin = {.kind = ORIGIN_ENVIRONMENT, .variable = places[place].variable};
    struct setting s = {.key = places[place].variable,
                        .value = resolution_variable(r, places[place].variable),
                        .origin = origin,
                        .value_origin = origin};
    bool counts = s.value != NULL && (!places[place].server || is_server(r));
    return counts ? add_options(r, place, &s) : 0;
}

static int add_property(struct resolution *r, size_t place) {
    const struct setting *s = candidates_property(&r->candidates, places[place].key);
    return s != NULL ? add_options(r, place, s) : 0;
}

/* Spark's launcher writes the words of the driver's command line with a NUL behind
 * each, so that one inside a word begins an option that is not seen here. */
static int refuse_nul(struct resolution *r, const struct input_file *file) {
    const char *nul = file->length > 0 ? memchr(file->bytes, '\0', file->length) : NULL;
    size_t line = 1, column = 1;
    if (nul == NULL)
        return 0;
    for (const char *p = file->bytes; p < nul; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    error_set(r->err, ERROR_SPARK,
              "a NUL byte in the options of Java: Spark's launcher ends the option there, and what "
              "follows is one of its own");
    error_at(r->err, r->plan->java_opts_label, line, column);
    return error_todo(r->err, "remove it");
}

/* Each line by itself, as Spark's launcher reads them (AbstractCommandBuilder). */
static int add_lines(struct resolution *r, size_t place) {
    const struct input_file *file = r->sources->java_opts;
    size_t line = 1;
    if (file != NULL && refuse_nul(r, file) != 0)
        return -1;
    for (size_t at = 0; file != NULL && at < file->length; line++) {
        size_t end = at;
        while (end < file->length && file->bytes[end] != '\n')
            end++;
        struct origin origin = {
            .kind = ORIGIN_FILE, .file = r->plan->java_opts_label, .line = line, .column = 1};
        struct setting s = {.key = "java-opts",
                            .value = arena_text(r->arena, file->bytes + at, end - at),
                            .origin = origin,
                            .value_origin = origin};
        if (s.value == NULL)
            return out_of_memory(r);
        if (add_options(r, place, &s) != 0)
            return -1;
        at = end + 1;
    }
    return 0;
}

static size_t count_lines(const struct input_file *file) {
    size_t count = 1;
    for (size_t i = 0; file != NULL && i < file->length; i++)
        count += file->bytes[i] == '\n';
    return count;
}

int launch_add_java_options(struct resolution *r) {
    size_t most = PLACES + count_lines(r->sources->java_opts);
    r->java = arena_array(r->arena, most, sizeof *r->java);
    r->java_jvms = arena_array(r->arena, most, sizeof *r->java_jvms);
    if (r->java == NULL || r->java_jvms == NULL)
        return out_of_memory(r);
    for (size_t i = 0; i < PLACES; i++) {
        int result = places[i].variable != NULL ? add_variable(r, i)
                     : places[i].key != NULL    ? add_property(r, i)
                                                : add_lines(r, i);
        if (result != 0)
            return -1;
    }
    return 0;
}
