#include "sidecar/judge/judge_inputs.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/input/walk.h"
#include "policy/rules/rule_operators.h"
#include "policy/surface/kind/kind.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/command.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"
#include "sidecar/confine/confine.h"

#define STANDARD_INPUT "standard input"

static int memory_fault(struct error *err) {
    return error_set(err, ERROR_MEMORY, "memory is exhausted");
}

static int usage_fault(const struct invocation *call, const char *what, struct error *err) {
    error_set(err, ERROR_USAGE, "%s", what);
    error_at(err, call->command->name, 0, 0);
    return error_todo(err, "see arrestor %s --help", call->command->name);
}

/* Settings alone name no file that is to be read with them. */
static bool names_nothing(const char *path) {
    static const char *const ends[] = {".conf", ".properties", ".xml"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (text_ends(path, ends[i]))
            return true;
    return false;
}

/* Opens the directory in which the files are looked for that a file names: the current one, from
 * which it is started, where the file lies beneath it, else its own; once for all files of it.
 * Where it cannot be opened, nothing can be looked for in it. */
static int open_around(struct judge_inputs *inputs, struct judge_input *input, struct arena *arena,
                       struct error *err) {
    const char *slash = strrchr(input->path, '/');
    char flat[LIMIT_WALK_PATH];
    bool beneath = slash == NULL || input_flatten(input->path, flat, sizeof flat);
    size_t length = beneath ? 0 : (size_t)(slash + 1 - input->path);
    input->beside = arena_text(arena, input->path, length);
    if (input->beside == NULL)
        return memory_fault(err);
    for (const struct judge_input *other = inputs->items; other < input; other++)
        if (other->beside != NULL && strcmp(other->beside, input->beside) == 0) {
            input->around = other->around;
            return 0;
        }
    input_open_directory(length == 0 ? "." : input->beside, &input->around);
    return 0;
}

static int open_named(const struct invocation *call, struct judge_inputs *inputs, const char *path,
                      struct arena *arena, struct error *err) {
    struct judge_input *input = &inputs->items[inputs->count];
    struct stat st;
    for (size_t i = 0; i < inputs->count; i++)
        if (strcmp(inputs->items[i].path, path) == 0)
            return usage_fault(call, "an input is named twice", err);
    inputs->count++;
    *input = (struct judge_input){.path = path, .label = path, .fd = -1, .around = -1};
    if (strcmp(path, "-") == 0) {
        input->label = STANDARD_INPUT;
        input->fd = STDIN_FILENO;
        return 0;
    }
    input_open_directory(path, &input->fd);
    input->is_directory = input->fd >= 0;
    if (!input->is_directory && input_open(path, &input->fd, &input->fault) != 0)
        return 0;
    if (fstat(input->fd, &st) == 0) {
        input->device = st.st_dev;
        input->inode = st.st_ino;
    }
    return input->is_directory || names_nothing(path) ? 0 : open_around(inputs, input, arena, err);
}

static int open_files(const struct invocation *call, char *const *operands, size_t count,
                      struct arena *arena, struct judge_inputs *inputs, struct error *err) {
    if (count > LIMIT_INPUT_FILES)
        return error_set(err, ERROR_USAGE, "more than %d inputs", LIMIT_INPUT_FILES);
    inputs->items = arena_array(arena, count, sizeof *inputs->items);
    if (inputs->items == NULL)
        return memory_fault(err);
    for (size_t i = 0; i < count; i++)
        if (open_named(call, inputs, operands[i], arena, err) != 0)
            return -1;
    return 0;
}

/* What --spark says, else the version of the Spark that would be started. */
static int find_version(const struct invocation *call, struct judge_inputs *inputs,
                        struct error *err) {
    const char *option = command_value(call, "spark") == NULL ? "spark-version" : "spark";
    const char *said = command_value(call, option), *other = command_value(call, "spark-version");
    if (said != NULL && other != NULL && strcmp(said, other) != 0)
        return usage_fault(call, "--spark and --spark-version are one option", err);
    if (said == NULL) {
        if (inputs->launch.spark_home != NULL)
            input_spark_version(inputs->launch.spark_home, &inputs->spark_major,
                                &inputs->spark_minor);
        return 0;
    }
    if (rule_version_parse(said, &inputs->spark_major, &inputs->spark_minor) == 0 &&
        inputs->spark_major > 0)
        return 0;
    error_set(err, ERROR_USAGE, "--%s takes a version as in 3.5", option);
    error_at(err, call->command->name, 0, 0);
    return error_todo(err, "see arrestor %s --help", call->command->name);
}

/* What --as says. */
static int find_kind(const struct invocation *call, struct judge_inputs *inputs,
                     struct error *err) {
    const char *said = command_value(call, "as");
    const char *names[LIMIT_CONFIG_WORDS];
    size_t count = kind_count < LIMIT_CONFIG_WORDS ? kind_count : LIMIT_CONFIG_WORDS;
    if (said == NULL)
        return 0;
    if (call->has_rest)
        return usage_fault(call, "--as is for files, not for a command line", err);
    inputs->as = kind_find(said);
    if (inputs->as != NULL)
        return 0;
    for (size_t i = 0; i < count; i++)
        names[i] = kind_table[i].name;
    const char *near = text_nearest(said, names, count);
    error_set(err, ERROR_USAGE, "there is no kind of input %.100s", said);
    error_at(err, call->command->name, 0, 0);
    return near != NULL ? error_todo(err, "did you mean --as %s?", near)
                        : error_todo(err, "see arrestor %s --help", call->command->name);
}

static int open_source(struct judge_inputs *inputs, const char *path, const char *label,
                       bool optional, struct error *err) {
    struct judge_input *input = &inputs->items[inputs->count];
    *input = (struct judge_input){.path = path, .label = label, .fd = -1};
    if (path != NULL && (optional ? input_open_optional(path, &input->fd, err)
                                  : input_open(path, &input->fd, err)) != 0)
        return -1;
    inputs->count++;
    return 0;
}

int judge_inputs_open_launch(struct judge_inputs *inputs, struct arena *arena, struct error *err) {
    const struct launch_plan *plan = &inputs->plan;
    inputs->is_launch = true;
    if (launch_plan(&inputs->launch, arena, &inputs->plan, err) != 0)
        return -1;
    if (!plan->arguments.launches)
        return 0;
    /* Properties file, defaults, java-opts, spark-env.sh, extra files: each has its place, also
     * when absent. */
    inputs->items = arena_array(arena, plan->extra_count + 4, sizeof *inputs->items);
    if (inputs->items == NULL)
        return memory_fault(err);
    const char *defaults = plan->defaults_in_force ? plan->defaults_path : NULL;
    if (open_source(inputs, plan->properties_path, plan->properties_path, false, err) != 0 ||
        open_source(inputs, defaults, plan->defaults_label, true, err) != 0 ||
        open_source(inputs, plan->java_opts_path, plan->java_opts_label, true, err) != 0 ||
        open_source(inputs, plan->script_path, plan->script_label, true, err) != 0)
        return -1;
    for (size_t i = 0; i < plan->extra_count; i++)
        if (open_source(inputs, plan->extra_paths[i], plan->extra_paths[i], false, err) != 0)
            return -1;
    return 0;
}

static int open_launch(const struct invocation *call, struct arena *arena,
                       struct judge_inputs *inputs, struct error *err) {
    inputs->launch = (struct launch){.argv = (const char *const *)call->rest,
                                     .argc = call->rest_count,
                                     .environment = (const char *const *)call->environment};
    if (call->rest_count == 0)
        return usage_fault(call, "nothing stands after --", err);
    if (input_spark_home(call->rest[0], inputs->launch.environment, arena,
                         &inputs->launch.spark_home, err) != 0 ||
        judge_inputs_open_launch(inputs, arena, err) != 0 || find_version(call, inputs, err) != 0)
        return -1;
    if (!inputs->plan.arguments.launches)
        return usage_fault(call, "this command line launches nothing: there is nothing to judge",
                           err);
    return 0;
}

int judge_inputs_open(const struct invocation *call, char *const *operands, size_t count,
                      struct arena *arena, struct judge_inputs *ret, struct error *err) {
    *ret = (struct judge_inputs){0};
    if (call->has_rest && count > 0)
        return usage_fault(call, "either files, or a command line after --, not both", err);
    if (!call->has_rest && count == 0)
        return usage_fault(call, "there is no input", err);
    int status = call->has_rest ? open_launch(call, arena, ret, err)
                                : open_files(call, operands, count, arena, ret, err);
    if (status == 0 && !call->has_rest)
        status = find_version(call, ret, err);
    if (status == 0)
        status = find_kind(call, ret, err);
    if (status != 0)
        judge_inputs_close(ret);
    return status;
}

/* Whether an earlier input has the same directory around it. */
static bool is_shared(const struct judge_inputs *inputs, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (inputs->items[i].around == inputs->items[index].around)
            return true;
    return false;
}

int judge_inputs_beneath(const struct judge_inputs *inputs, struct arena *arena,
                         struct confine_path **ret, size_t *count, struct error *err) {
    struct confine_path *paths = arena_array(arena, inputs->count, sizeof *paths);
    if (paths == NULL)
        return memory_fault(err);
    *count = 0;
    for (size_t i = 0; i < inputs->count && !inputs->is_launch; i++) {
        const struct judge_input *input = &inputs->items[i];
        int fd = input->is_directory ? input->fd : input->around;
        if (fd >= 0 && (input->is_directory || !is_shared(inputs, i)))
            paths[(*count)++] = (struct confine_path){.fd = fd, .reach = REACH_READ};
    }
    *ret = paths;
    return 0;
}

struct judge_wish judge_inputs_wish(const struct judge_inputs *inputs) {
    return (struct judge_wish){
        .as = inputs->as, .major = inputs->spark_major, .minor = inputs->spark_minor};
}

struct judge_place judge_inputs_place(const struct judge_input *input) {
    size_t length = input->beside == NULL ? 0 : strlen(input->beside);
    return (struct judge_place){.root = input->around,
                                .label = length == 0 ? "" : input->beside,
                                .within = input->path + length};
}

int judge_inputs_read(const struct judge_input *input, struct arena *arena, struct input_file *ret,
                      struct error *err) {
    if (input->fault.code != ERROR_OK) {
        *err = input->fault;
        return -1;
    }
    if (input->is_directory) {
        error_set(err, ERROR_INPUT, "is a directory, not a file");
        return error_at(err, input->label, 0, 0);
    }
    return input_read(input->fd, input->label, arena, ret, err);
}

/* spark-env.sh is read as text, because nothing is executed here. What our reader of shell
 * scripts does not understand, a shell may. */
static int source_script(struct judge_inputs *inputs, const struct input_file *script,
                         struct arena *arena, struct error *err) {
    const struct surface_input input = {inputs->plan.script_label, script->bytes, script->length};
    struct document document;
    if (kind_find("shell")->read(&input, arena, &document, err) == 0)
        return launch_source(&inputs->launch, &inputs->plan, &document, arena, err);
    if (err->code != ERROR_INPUT)
        return -1;
    const struct origin place = {.kind = ORIGIN_FILE,
                                 .file = input.label,
                                 .line = err->line > 0 ? err->line : 1,
                                 .column = err->column > 0 ? err->column : 1};
    error_clear(err);
    return launch_source_unread(&inputs->launch, &place, arena, err);
}

int judge_inputs_sources(struct judge_inputs *inputs, struct arena *arena,
                         struct judge_sources *ret, struct error *err) {
    size_t extra = inputs->plan.extra_count;
    *ret = (struct judge_sources){.extra = arena_array(arena, extra, sizeof *ret->extra)};
    if (ret->extra == NULL)
        return memory_fault(err);
    for (size_t i = 0; i < inputs->count; i++) {
        struct input_file *file = i == 0   ? &ret->properties
                                  : i == 1 ? &ret->defaults
                                  : i == 2 ? &ret->java_opts
                                  : i == 3 ? &ret->script
                                           : &ret->extra[i - 4];
        if (inputs->items[i].fd >= 0 && judge_inputs_read(&inputs->items[i], arena, file, err) != 0)
            return -1;
    }
    if (inputs->items[3].fd >= 0 && source_script(inputs, &ret->script, arena, err) != 0)
        return -1;
    ret->sources =
        (struct launch_sources){.properties = inputs->items[0].fd >= 0 ? &ret->properties : NULL,
                                .defaults = inputs->items[1].fd >= 0 ? &ret->defaults : NULL,
                                .java_opts = inputs->items[2].fd >= 0 ? &ret->java_opts : NULL,
                                .spark_major = inputs->spark_major,
                                .spark_minor = inputs->spark_minor,
                                .extra = ret->extra,
                                .extra_count = extra};
    return 0;
}

void judge_inputs_close(struct judge_inputs *inputs) {
    for (size_t i = 0; i < inputs->count; i++) {
        if (inputs->items[i].fd > STDERR_FILENO)
            (void)close(inputs->items[i].fd);
        if (!inputs->is_launch && inputs->items[i].around >= 0 && !is_shared(inputs, i))
            (void)close(inputs->items[i].around);
    }
    inputs->count = 0;
}
