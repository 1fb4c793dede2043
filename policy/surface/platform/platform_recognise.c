#include <ctype.h>
#include <string.h>

#include "policy/surface/platform/platform.h"
#include "sidecar/base/text.h"

#define LOOKED_AT 65536

/* Keys that together are only one platform's, with `bytes` anywhere if not NULL. */
struct sign {
    const char *keys[2];
    enum surface_certainty certainty;
    const char *bytes;
};

struct text_range {
    const char *bytes;
    size_t length;
};

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' || c == '$' || c == ':';
}

/* Whether a key of that name stands there: quoted or not, its first letter of either
 * case, a colon behind it. */
static bool has_key(const struct text_range *text, const char *key) {
    size_t length = strlen(key);
    const char *end = text->bytes + text->length;
    for (const char *p = text->bytes + 1; p + length <= end; p++) {
        p = memmem(p, (size_t)(end - p), key + 1, length - 1);
        if (p == NULL)
            return false;
        const char *after = p + length - 1;
        bool begins = tolower((unsigned char)p[-1]) == tolower((unsigned char)key[0]) &&
                      (p - 1 == text->bytes || !is_word(p[-2]));
        if (!begins)
            continue;
        after += after + 1 < end && after[0] == '.' && after[1] == '$' ? 2 : 0;
        after += after < end && (*after == '"' || *after == '\'');
        while (after < end && (*after == ' ' || *after == '\t'))
            after++;
        if (after < end && *after == ':')
            return true;
    }
    return false;
}

/* JSON, or YAML: its first line that says something is a key, an item or a marker. */
static bool is_data(const struct text_range *text) {
    const char *p = text->bytes, *end = p + text->length;
    while (p < end) {
        while (p < end && isspace((unsigned char)*p))
            p++;
        if (p == end || (*p != '#' && *p != '%'))
            break;
        while (p < end && *p != '\n')
            p++;
    }
    if (p == end)
        return false;
    if (*p == '{' || *p == '[' || strncmp(p, "---", 3) == 0 || strncmp(p, "- ", 2) == 0)
        return true;
    while (p < end && is_word(*p) && *p != ':')
        p++;
    p += p < end && (*p == '"' || *p == '\'');
    return p < end && *p == ':';
}

static bool is_of_kubernetes(const struct text_range *text) {
    return has_key(text, "apiVersion");
}

static enum surface_certainty judge(const struct surface_input *input, const struct sign *signs,
                                    size_t count) {
    enum surface_certainty best = SURFACE_NO;
    struct text_range text = {.bytes = input->bytes,
                              .length = input->length < LOOKED_AT ? input->length : LOOKED_AT};
    if (text.length == 0 || surface_is_prose(input) || text_ends(input->label, ".py") ||
        !is_data(&text) || is_of_kubernetes(&text))
        return SURFACE_NO;
    for (size_t i = 0; i < count; i++) {
        bool all = true;
        for (size_t k = 0; all && k < 2 && signs[i].keys[k] != NULL; k++)
            all = has_key(&text, signs[i].keys[k]);
        all = all && (signs[i].bytes == NULL || memmem(text.bytes, text.length, signs[i].bytes,
                                                       strlen(signs[i].bytes)) != NULL);
        if (all && signs[i].certainty > best)
            best = signs[i].certainty;
    }
    return best;
}

#define JUDGE(input, signs) judge((input), (signs), sizeof(signs) / sizeof((signs)[0]))

enum surface_certainty cloudformation_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {
        {{"AWSTemplateFormatVersion"}, SURFACE_SURE, NULL},
        {{"Resources", "Type"}, SURFACE_SURE, "AWS::"},
    };
    return JUDGE(input, signs);
}

enum surface_certainty step_functions_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {{{"StartAt", "States"}, SURFACE_SURE, NULL}};
    return JUDGE(input, signs);
}

enum surface_certainty emr_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {
        {{"Classification"}, SURFACE_SURE, NULL},
        {{"HadoopJarStep"}, SURFACE_SURE, NULL},
        {{"ActionOnFailure", "Args"}, SURFACE_SURE, NULL},
        {{"SparkSubmitJobDriver"}, SURFACE_SURE, NULL},
        {{"SparkSqlJobDriver"}, SURFACE_SURE, NULL},
        {{"SparkSubmit", "EntryPoint"}, SURFACE_SURE, NULL},
        {{"EnableInTransitEncryption"}, SURFACE_SURE, NULL},
        {{"EnableAtRestEncryption"}, SURFACE_SURE, NULL},
        {{"ReleaseLabel", "Instances"}, SURFACE_LIKELY, NULL},
        {{"KerberosAttributes"}, SURFACE_LIKELY, NULL},
    };
    return JUDGE(input, signs);
}

enum surface_certainty databricks_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {
        {{"spark_submit_task"}, SURFACE_SURE, NULL},
        {{"spark_jar_task"}, SURFACE_SURE, NULL},
        {{"spark_python_task"}, SURFACE_SURE, NULL},
        {{"spark_env_vars"}, SURFACE_SURE, NULL},
        {{"spark_version", "num_workers"}, SURFACE_SURE, NULL},
        {{"spark_version", "spark_conf"}, SURFACE_SURE, NULL},
        {{"spark_version", "node_type_id"}, SURFACE_SURE, NULL},
        {{"notebook_task"}, SURFACE_LIKELY, NULL},
        {{"python_wheel_task"}, SURFACE_LIKELY, NULL},
        {{"spark_conf"}, SURFACE_MAYBE, NULL},
        {{"spark_version"}, SURFACE_MAYBE, NULL},
    };
    return JUDGE(input, signs);
}

enum surface_certainty livy_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {
        {{"file", "className"}, SURFACE_SURE, NULL},
        {{"file", "driverMemory"}, SURFACE_SURE, NULL},
        {{"file", "executorMemory"}, SURFACE_SURE, NULL},
        {{"file", "numExecutors"}, SURFACE_SURE, NULL},
        {{"file", "pyFiles"}, SURFACE_SURE, NULL},
        {{"file", "conf"}, SURFACE_LIKELY, NULL},
        {{"file", "proxyUser"}, SURFACE_LIKELY, NULL},
        {{"file", "args"}, SURFACE_MAYBE, NULL},
        {{"kind", "executorMemory"}, SURFACE_SURE, NULL},
        {{"kind", "driverMemory"}, SURFACE_SURE, NULL},
        {{"kind", "heartbeatTimeoutInSecond"}, SURFACE_SURE, NULL},
        {{"kind", "conf"}, SURFACE_LIKELY, NULL},
        {{"kind", "proxyUser"}, SURFACE_LIKELY, NULL},
    };
    const char *p = input->bytes + strspn(input->bytes, " \t\r\n");
    return *p == '{' ? JUDGE(input, signs) : SURFACE_NO;
}

enum surface_certainty dataproc_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {
        {{"sparkJob"}, SURFACE_SURE, NULL},
        {{"pysparkJob"}, SURFACE_SURE, NULL},
        {{"sparkRJob"}, SURFACE_SURE, NULL},
        {{"sparkSqlJob"}, SURFACE_SURE, NULL},
        {{"sparkBatch"}, SURFACE_SURE, NULL},
        {{"pysparkBatch"}, SURFACE_SURE, NULL},
        {{"sparkRBatch"}, SURFACE_SURE, NULL},
        {{"sparkSqlBatch"}, SURFACE_SURE, NULL},
        {{"softwareConfig", "imageVersion"}, SURFACE_SURE, NULL},
        {{"softwareConfig", "properties"}, SURFACE_SURE, NULL},
    };
    return JUDGE(input, signs);
}

enum surface_certainty glue_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {
        {{"DefaultArguments", "Command"}, SURFACE_SURE, NULL},
        {{"NonOverridableArguments", "Command"}, SURFACE_SURE, NULL},
    };
    return JUDGE(input, signs);
}
