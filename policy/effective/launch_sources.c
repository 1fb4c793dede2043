#include <string.h>

#include "policy/effective/resolution.h"
#include "policy/surface/properties.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

static int out_of_memory(struct resolution *r) {
    return error_set(r->err, ERROR_MEMORY, "no memory for the settings");
}

/* From 4.0 on the launcher takes spark.api.mode out of pyspark's words: Python is
 * told by a variable. Spark: SparkSubmitCommandBuilder.buildPySparkShellCommand. */
static bool is_taken_by_python(const struct resolution *r, const char *key) {
    return strcmp(key, "spark.api.mode") == 0 && resolution_since(r, 4, 0) &&
           strcmp(r->plan->arguments.program, "pyspark") == 0;
}

/* Words of the command line, without carriage returns where bash drops them. */
static int add_conf(struct resolution *r) {
    const struct setting_list *conf = &r->plan->arguments.conf;
    for (size_t i = 0; i < conf->count; i++) {
        if (is_taken_by_python(r, conf->items[i].key))
            continue;
        struct setting setting = conf->items[i];
        setting.key = resolution_word(r, setting.key);
        setting.value = resolution_word(r, setting.value);
        if (setting.key == NULL || setting.value == NULL)
            return out_of_memory(r);
        if (resolution_add(r, &setting, STRENGTH_CONF) != 0)
            return -1;
    }
    return 0;
}

/* Spark trims what it reads from a file. Gives NULL when memory is exhausted. */
static const char *trim_value(struct arena *arena, const char *value) {
    size_t length = 0;
    const char *start = properties_trim(value, &length);
    return start[length] == '\0' ? start : arena_text(arena, start, length);
}

static int add_file(struct resolution *r, const struct input_file *file, const char *label,
                    enum strength strength) {
    struct setting_list list;
    if (properties_parse(file->bytes, file->length, label, r->arena, &list, r->err) != 0)
        return -1;
    for (size_t i = 0; i < list.count; i++) {
        struct setting setting = list.items[i];
        setting.value = trim_value(r->arena, setting.value);
        if (setting.value == NULL)
            return out_of_memory(r);
        if (resolution_add(r, &setting, strength) != 0)
            return -1;
    }
    if (list.invalid_line == 0)
        return 0;
    struct origin origin = {.kind = ORIGIN_FILE,
                            .file = label,
                            .line = list.invalid_line,
                            .column = list.invalid_column};
    return resolution_note(r, &origin, "is not UTF-8: Java reads U+FFFD in its place");
}

/* A list of settings that stands in the file where the launch is written down. */
static int add_written(struct resolution *r, const struct setting_list *list, const char *prefix,
                       enum strength strength) {
    for (size_t i = 0; i < list->count; i++) {
        struct setting setting = list->items[i];
        if (prefix[0] != '\0')
            setting.key = arena_printf(r->arena, "%s%s", prefix, setting.key);
        if (strength == STRENGTH_DEFAULTS)
            setting.value = trim_value(r->arena, setting.value);
        if (setting.key == NULL || setting.value == NULL)
            return out_of_memory(r);
        if (resolution_add(r, &setting, strength) != 0)
            return -1;
    }
    return 0;
}

int launch_add_written(struct resolution *r, const struct document_launch *written,
                       bool defaults_in_force) {
    static const struct {
        enum document_list list;
        const char *prefix;
        enum strength strength;
    } rows[] = {{DOCUMENT_HADOOP, "spark.hadoop.", STRENGTH_HADOOP},
                {DOCUMENT_DEFAULTS, "", STRENGTH_DEFAULTS},
                {DOCUMENT_CONF, "", STRENGTH_CONF},
                {DOCUMENT_CODE, "", STRENGTH_CODE},
                {DOCUMENT_RUNTIME, "", STRENGTH_RUNTIME}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool off = rows[i].list == DOCUMENT_DEFAULTS && !defaults_in_force;
        if (!off &&
            add_written(r, &written->lists[rows[i].list], rows[i].prefix, rows[i].strength) != 0)
            return -1;
    }
    return 0;
}

static int add_injected(struct resolution *r, const struct launch_pair *pairs, size_t count) {
    struct origin origin = {.kind = ORIGIN_ARRESTOR};
    for (size_t i = 0; i < count; i++) {
        struct setting setting = {.key = pairs[i].key,
                                  .value = trim_value(r->arena, pairs[i].value),
                                  .origin = origin,
                                  .value_origin = origin};
        if (setting.value == NULL)
            return out_of_memory(r);
        if (resolution_add(r, &setting, STRENGTH_INJECTED) != 0)
            return -1;
    }
    return 0;
}

static int missing_source(struct resolution *r, const char *path) {
    error_set(r->err, ERROR_INPUT, "was not read, and this launch depends on it");
    return error_at(r->err, path, 0, 0);
}

/* Spark 4.2: a later extra file overwrites what the ones before it say. */
static int add_extra(struct resolution *r) {
    for (size_t i = 0; i < r->plan->extra_count; i++) {
        if (i >= r->sources->extra_count)
            return missing_source(r, r->plan->extra_paths[i]);
        const struct input_file *file = &r->sources->extra[i];
        if (add_file(r, file, file->path, STRENGTH_EXTRA) != 0)
            return -1;
    }
    return 0;
}

static int add_defaults(struct resolution *r) {
    const struct launch_arguments *arguments = &r->plan->arguments;
    struct origin origin = {.kind = ORIGIN_ARGV, .argv = 0};
    for (size_t i = 0; i < arguments->properties_count; i++)
        if (!arguments->properties[i].extra)
            origin.argv = arguments->properties[i].argv;
    if (!r->plan->defaults_in_force)
        return resolution_note(r, &origin,
                               "--properties-file switches spark-defaults.conf off: Spark does not "
                               "read it");
    if (r->plan->defaults_path == NULL)
        return resolution_note(r, &origin,
                               "neither SPARK_CONF_DIR nor SPARK_HOME is known: a "
                               "spark-defaults.conf, if there is one, was not judged");
    return r->sources->defaults == NULL
               ? 0
               : add_file(r, r->sources->defaults, r->plan->defaults_label, STRENGTH_DEFAULTS);
}

int launch_add_properties(struct resolution *r, const struct launch_pair *injected,
                          size_t injected_count) {
    const struct launch_plan *plan = r->plan;
    const struct input_file *properties = r->sources->properties;
    if (plan->properties_path != NULL && properties == NULL)
        return missing_source(r, plan->properties_path);
    if (plan->properties_path != NULL &&
        add_file(r, properties, properties->path, STRENGTH_PROPERTIES) != 0)
        return -1;
    if (add_conf(r) != 0 || add_extra(r) != 0 || add_defaults(r) != 0 ||
        add_injected(r, injected, injected_count) != 0)
        return -1;
    if (plan->launch->written != NULL &&
        launch_add_written(r, plan->launch->written, plan->defaults_in_force) != 0)
        return -1;
    candidates_sort(&r->candidates);
    return 0;
}

static struct origin unset_in(const struct input_file *file, const char *label) {
    return (struct origin){.kind = ORIGIN_UNSET,
                           .file = label,
                           .line = properties_end(file->bytes, file->length),
                           .column = 1};
}

static struct origin unset_of(const struct resolution *r) {
    const struct launch_sources *sources = r->sources;
    if (r->plan->properties_path != NULL)
        return unset_in(sources->properties, sources->properties->path);
    if (r->plan->defaults_in_force && r->plan->defaults_path != NULL && sources->defaults != NULL)
        return unset_in(sources->defaults, r->plan->defaults_label);
    return (struct origin){.kind = ORIGIN_UNSET, .argv = 0};
}

/* Everything up to the last step; the result's settings are filled. */
static int resolve(struct resolution *r, const struct launch_pair *injected, size_t injected_count,
                   struct effective *ret) {
    const struct launch_arguments *arguments = &r->plan->arguments;
    for (size_t i = 0; i < arguments->note_count; i++)
        if (resolution_note(r, &arguments->notes[i].origin, arguments->notes[i].text) != 0)
            return -1;
    if (resolution_take_words(r) != 0 || launch_add_properties(r, injected, injected_count) != 0)
        return -1;
    r->unset = unset_of(r);
    if (launch_find_cluster(r) != 0 || launch_check(r) != 0 || launch_assign(r) != 0 ||
        launch_add_java_options(r) != 0 || launch_finish(r) != 0)
        return -1;
    return candidates_resolve(&r->candidates, r->arena, ret, r->err);
}

/* The master that the effective configuration names; a Connect client has none
 * of its own, and judges a cluster it cannot see. */
static enum master_kind kind_of(const struct resolution *r, const struct effective *conf) {
    const struct setting *master = effective_find(conf, "spark.master");
    if (master != NULL)
        return master_classify(master->value);
    return r->remote.value != NULL ? master_classify(r->remote.value) : MASTER_UNKNOWN;
}

int launch_resolve(const struct launch_plan *plan, const struct launch_sources *sources,
                   const struct launch_pair *injected, size_t injected_count, struct arena *arena,
                   struct effective *ret, struct error *err) {
    struct resolution r = {.plan = plan, .sources = sources, .arena = arena, .err = err};
    struct effective conf = {.spark_major = sources->spark_major,
                             .spark_minor = sources->spark_minor};
    if (resolve(&r, injected, injected_count, &conf) != 0)
        return -1;
    conf.master = kind_of(&r, &conf);
    conf.unset = r.unset;
    conf.open = plan->arguments.open;
    if (conf.open == NULL && plan->launch->sourced != NULL)
        conf.open = plan->launch->sourced->open;
    conf.java = r.java;
    conf.java_jvms = r.java_jvms;
    conf.java_count = r.java_count;
    conf.notes = r.notes;
    conf.note_count = r.note_count;
    if (plan->launch->written != NULL) {
        conf.ineffective = plan->launch->written->lists[DOCUMENT_INEFFECTIVE].items;
        conf.ineffective_count = plan->launch->written->lists[DOCUMENT_INEFFECTIVE].count;
    }
    *ret = conf;
    return 0;
}

/* The strongest of each key that a file or arrestor says. */
static void write_properties(const struct candidates *all, struct buffer *out) {
    const char *last = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct candidate *c = &all->items[i];
        bool written = last != NULL && strcmp(last, c->setting.key) == 0;
        if (written || c->strength == STRENGTH_CONF || !text_starts(c->setting.key, "spark."))
            continue;
        properties_write(c->setting.key, c->setting.value, out);
        last = c->setting.key;
    }
}

int launch_merge(const struct launch_plan *plan, const struct launch_sources *sources,
                 const struct launch_pair *injected, size_t injected_count, struct arena *arena,
                 struct buffer *out, struct error *err) {
    struct resolution r = {.plan = plan, .sources = sources, .arena = arena, .err = err};
    if (launch_add_properties(&r, injected, injected_count) != 0)
        return -1;
    write_properties(&r.candidates, out);
    return buffer_status(out) == 0
               ? 0
               : error_set(err, ERROR_INPUT, "the merged properties are larger than %zu bytes",
                           out->limit);
}
