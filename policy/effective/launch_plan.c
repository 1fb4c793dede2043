#include <string.h>

#include "policy/effective/launch.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/error.h"
#include "sidecar/base/text.h"

static const char *find_variable(const struct launch *launch, const char *name) {
    const char *value = text_variable(launch->environment, name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static int out_of_memory(struct error *err) {
    return error_set(err, ERROR_MEMORY, "no memory for the plan of the launch");
}

/* Spark: bin/load-spark-env.sh; an empty SPARK_CONF_DIR counts as none. */
static int find_directories(const struct launch *launch, struct arena *arena,
                            struct launch_plan *plan, struct error *err) {
    plan->spark_home =
        launch->spark_home != NULL ? launch->spark_home : find_variable(launch, "SPARK_HOME");
    const char *variable = find_variable(launch, "SPARK_CONF_DIR");
    if (launch->conf_dir != NULL || variable != NULL) {
        plan->conf_dir = launch->conf_dir != NULL ? launch->conf_dir : variable;
        return 0;
    }
    if (plan->spark_home == NULL)
        return 0;
    plan->conf_dir = arena_printf(arena, "%s/conf", plan->spark_home);
    return plan->conf_dir == NULL ? out_of_memory(err) : 0;
}

/* Spark: bin/load-spark-env.sh sources it once. A launch that is written down somewhere has
 * its own, elsewhere. */
static bool needs_script(const struct launch *launch) {
    return !launch->environment_is_final && launch->written == NULL &&
           find_variable(launch, "SPARK_ENV_LOADED") == NULL;
}

static int name_files(const struct launch *launch, struct arena *arena, struct launch_plan *plan,
                      struct error *err) {
    if (plan->conf_dir == NULL)
        return 0;
    const char *label = launch->conf_dir_label != NULL ? launch->conf_dir_label : plan->conf_dir;
    plan->defaults_path = arena_printf(arena, "%s/spark-defaults.conf", plan->conf_dir);
    plan->defaults_label = arena_printf(arena, "%s/spark-defaults.conf", label);
    plan->java_opts_path = arena_printf(arena, "%s/java-opts", plan->conf_dir);
    plan->java_opts_label = arena_printf(arena, "%s/java-opts", label);
    if (needs_script(launch)) {
        plan->script_path = arena_printf(arena, "%s/spark-env.sh", plan->conf_dir);
        plan->script_label = arena_printf(arena, "%s/spark-env.sh", label);
        if (plan->script_path == NULL || plan->script_label == NULL)
            return out_of_memory(err);
    }
    bool whole = plan->defaults_path != NULL && plan->defaults_label != NULL &&
                 plan->java_opts_path != NULL && plan->java_opts_label != NULL;
    return whole ? 0 : out_of_memory(err);
}

/* A file whose name cannot be told may say anything. */
static void open_plan(struct launch_plan *plan, size_t word) {
    const struct document_launch *written = plan->launch->written;
    if (plan->arguments.open == NULL && word < written->word_count)
        plan->arguments.open = &written->words[word].origin;
}

/* Such files of a written launch are not read; they still switch the defaults off. */
static void drop_unknown(struct launch_plan *plan) {
    const struct launch_arguments *arguments = &plan->arguments;
    size_t kept = 0;
    if (plan->launch->written == NULL)
        return;
    for (size_t i = 0; i < arguments->properties_count; i++)
        if (unknown_in(arguments->properties[i].path))
            open_plan(plan, arguments->properties[i].argv);
    if (plan->properties_path != NULL && unknown_in(plan->properties_path))
        plan->properties_path = NULL;
    for (size_t i = 0; i < plan->extra_count; i++)
        if (!unknown_in(plan->extra_paths[i]))
            plan->extra_paths[kept++] = plan->extra_paths[i];
    plan->extra_count = kept;
}

static int list_files(struct arena *arena, struct launch_plan *plan, struct error *err) {
    const struct launch_arguments *arguments = &plan->arguments;
    plan->extra_paths =
        arena_array(arena, arguments->properties_count + 1, sizeof *plan->extra_paths);
    if (plan->extra_paths == NULL)
        return out_of_memory(err);
    for (size_t i = 0; i < arguments->properties_count; i++) {
        const struct properties_argument *file = &arguments->properties[i];
        if (file->extra)
            plan->extra_paths[plan->extra_count++] = file->path;
        else
            plan->properties_path = file->path;
    }
    plan->defaults_in_force =
        plan->properties_path == NULL || arguments->load_defaults.text != NULL;
    drop_unknown(plan);
    return 0;
}

int launch_plan(const struct launch *launch, struct arena *arena, struct launch_plan *ret,
                struct error *err) {
    struct launch_plan plan = {.launch = launch};
    if (arguments_parse_written(launch->argv, launch->argc, launch->written, arena, &plan.arguments,
                                err) != 0 ||
        find_directories(launch, arena, &plan, err) != 0 ||
        name_files(launch, arena, &plan, err) != 0 || list_files(arena, &plan, err) != 0)
        return -1;
    *ret = plan;
    return 0;
}
