#include <ctype.h>
#include <string.h>

#include "policy/surface/platform/platform.h"
#include "sidecar/base/text.h"

#define LOOKED_AT 65536

/* Keys that together are only one platform's. */
struct sign {
    const char *keys[3];
    enum surface_certainty certainty;
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
    if (text.length == 0 || text_ends(input->label, ".md") || text_ends(input->label, ".py") ||
        !is_data(&text))
        return SURFACE_NO;
    for (size_t i = 0; i < count; i++) {
        bool all = true;
        for (size_t k = 0; all && k < 3 && signs[i].keys[k] != NULL; k++)
            all = has_key(&text, signs[i].keys[k]);
        if (all && signs[i].certainty > best)
            best = signs[i].certainty;
    }
    return best != SURFACE_NO && is_of_kubernetes(&text) ? SURFACE_NO : best;
}

#define JUDGE(input, signs) judge((input), (signs), sizeof(signs) / sizeof((signs)[0]))

enum surface_certainty cloudformation_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {
        {{"AWSTemplateFormatVersion"}, SURFACE_SURE},
        {{"Transform", "Resources"}, SURFACE_SURE},
        {{"Resources", "Type", "Properties"}, SURFACE_LIKELY},
    };
    return JUDGE(input, signs);
}

enum surface_certainty step_functions_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {{{"StartAt", "States"}, SURFACE_SURE}};
    return JUDGE(input, signs);
}

enum surface_certainty emr_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {
        {{"Classification"}, SURFACE_SURE},
        {{"HadoopJarStep"}, SURFACE_SURE},
        {{"ActionOnFailure", "Args"}, SURFACE_SURE},
        {{"SparkSubmitJobDriver"}, SURFACE_SURE},
        {{"SparkSqlJobDriver"}, SURFACE_SURE},
        {{"SparkSubmit", "EntryPoint"}, SURFACE_SURE},
        {{"EnableInTransitEncryption"}, SURFACE_SURE},
        {{"EnableAtRestEncryption"}, SURFACE_SURE},
        {{"ReleaseLabel", "Instances"}, SURFACE_LIKELY},
        {{"KerberosAttributes"}, SURFACE_LIKELY},
    };
    return JUDGE(input, signs);
}

enum surface_certainty databricks_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {
        {{"spark_submit_task"}, SURFACE_SURE},
        {{"spark_jar_task"}, SURFACE_SURE},
        {{"spark_python_task"}, SURFACE_SURE},
        {{"spark_env_vars"}, SURFACE_SURE},
        {{"spark_version", "num_workers"}, SURFACE_SURE},
        {{"spark_version", "spark_conf"}, SURFACE_SURE},
        {{"spark_version", "node_type_id"}, SURFACE_SURE},
        {{"notebook_task"}, SURFACE_LIKELY},
        {{"python_wheel_task"}, SURFACE_LIKELY},
        {{"spark_conf"}, SURFACE_MAYBE},
        {{"spark_version"}, SURFACE_MAYBE},
    };
    return JUDGE(input, signs);
}

enum surface_certainty livy_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {
        {{"file", "className"}, SURFACE_SURE},
        {{"file", "driverMemory"}, SURFACE_SURE},
        {{"file", "executorMemory"}, SURFACE_SURE},
        {{"file", "numExecutors"}, SURFACE_SURE},
        {{"file", "pyFiles"}, SURFACE_SURE},
        {{"file", "conf"}, SURFACE_LIKELY},
        {{"file", "proxyUser"}, SURFACE_LIKELY},
        {{"file", "args"}, SURFACE_MAYBE},
        {{"kind", "executorMemory"}, SURFACE_SURE},
        {{"kind", "driverMemory"}, SURFACE_SURE},
        {{"kind", "heartbeatTimeoutInSecond"}, SURFACE_SURE},
        {{"kind", "conf"}, SURFACE_LIKELY},
        {{"kind", "proxyUser"}, SURFACE_LIKELY},
    };
    const char *p = input->bytes + strspn(input->bytes, " \t\r\n");
    return *p == '{' ? JUDGE(input, signs) : SURFACE_NO;
}

enum surface_certainty dataproc_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {
        {{"sparkJob"}, SURFACE_SURE},
        {{"pysparkJob"}, SURFACE_SURE},
        {{"sparkRJob"}, SURFACE_SURE},
        {{"sparkSqlJob"}, SURFACE_SURE},
        {{"sparkBatch"}, SURFACE_SURE},
        {{"pysparkBatch"}, SURFACE_SURE},
        {{"sparkRBatch"}, SURFACE_SURE},
        {{"sparkSqlBatch"}, SURFACE_SURE},
        {{"softwareConfig", "imageVersion"}, SURFACE_SURE},
        {{"softwareConfig", "properties"}, SURFACE_SURE},
    };
    return JUDGE(input, signs);
}

enum surface_certainty glue_recognise(const struct surface_input *input) {
    static const struct sign signs[] = {
        {{"DefaultArguments", "Command"}, SURFACE_SURE},
        {{"NonOverridableArguments", "Command"}, SURFACE_SURE},
    };
    return JUDGE(input, signs);
}
