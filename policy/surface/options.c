#include "policy/surface/options.h"

#include <string.h>

#include "sidecar/base/text.h"

/* Spark: SparkSubmitOptionParser.opts and .switches; the five FORM_SETTING rows
 * are SparkSubmitCommandBuilder.OptionParser.handle. */
static const struct option_form forms[] = {
#define VALUE_ROW(id, name) {name, FORM_VALUE, ARGUMENT_##id, NULL},
    ARGUMENT_TABLE(VALUE_ROW)
#undef VALUE_ROW
        {"--conf", FORM_CONF, 0, NULL},
    {"-c", FORM_CONF, 0, NULL},
    {"--driver-memory", FORM_SETTING, 0, "spark.driver.memory"},
    {"--driver-java-options", FORM_SETTING, 0, "spark.driver.extraJavaOptions"},
    {"--driver-library-path", FORM_SETTING, 0, "spark.driver.extraLibraryPath"},
    {"--driver-class-path", FORM_SETTING, 0, "spark.driver.extraClassPath"},
    {"--driver-default-class-path", FORM_SETTING, 0, "spark.driver.defaultExtraClassPath"},
    {"--properties-file", FORM_FILE, 0, NULL},
    {"--extra-properties-file", FORM_EXTRA, 0, NULL},
    {"--kill", FORM_ACTION, 0, NULL},
    {"--status", FORM_ACTION, 0, NULL},
    {"--load-spark-defaults", FORM_DEFAULTS, 0, NULL},
    {"--supervise", FORM_SUPERVISE, 0, NULL},
    {"--verbose", FORM_VERBOSE, 0, NULL},
    {"-v", FORM_VERBOSE, 0, NULL},
    {"--help", FORM_HELP, 0, NULL},
    {"-h", FORM_HELP, 0, NULL},
    {"--usage-error", FORM_HELP, 0, NULL},
    {"--version", FORM_HELP, 0, NULL},
};
#define FORMS (sizeof forms / sizeof forms[0])

const struct option_form *option_of(const char *text, size_t length) {
    for (size_t i = 0; i < FORMS; i++)
        if (strlen(forms[i].name) == length && strncmp(forms[i].name, text, length) == 0)
            return &forms[i];
    return NULL;
}

const struct option_form *option_find(const char *name) {
    return option_of(name, strlen(name));
}

bool option_takes_value(enum form form) {
    return form < FORM_DEFAULTS;
}

const char *option_nearest(const char *name) {
    const char *names[FORMS];
    for (size_t i = 0; i < FORMS; i++)
        names[i] = forms[i].name;
    return text_nearest(name, names, FORMS);
}
