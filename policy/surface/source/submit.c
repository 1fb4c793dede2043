#include "policy/surface/source/submit.h"

#include <string.h>

#include "policy/surface/source/entries.h"
#include "policy/surface/source/words.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"

/* Options between the settings and the name, in the hook's order. */
static const struct {
    const char *argument, *option;
} options[] = {
    {"properties_file", "--properties-file"},
    {"files", "--files"},
    {"py_files", "--py-files"},
    {"archives", "--archives"},
    {"driver_class_path", "--driver-class-path"},
    {"jars", "--jars"},
    {"packages", "--packages"},
    {"exclude_packages", "--exclude-packages"},
    {"repositories", "--repositories"},
    {"num_executors", "--num-executors"},
    {"total_executor_cores", "--total-executor-cores"},
    {"executor_cores", "--executor-cores"},
    {"executor_memory", "--executor-memory"},
    {"driver_memory", "--driver-memory"},
    {"keytab", "--keytab"},
    {"principal", "--principal"},
    {"proxy_user", "--proxy-user"},
    {"name", "--name"},
    {"java_class", "--class"},
    {"yarn_queue", "--queue"},
    {"deploy_mode", "--deploy-mode"},
};

/* The argument of that name: written out, or in a dictionary that is passed as **. */
static struct source_node *find_argument(struct operators *o, struct source_node *call,
                                         const char *name) {
    struct source_node *found = value_argument(call, name, SIZE_MAX);
    for (struct source_node *item = call->items; found == NULL && item != NULL; item = item->next)
        if (item->stars == 2)
            found = entries_find(o->file, item, name);
    return found;
}

static void ignore_pair(void *state, const struct source_pair *pair) {
    (void)state;
    (void)pair;
}

/* A dictionary passed as ** that cannot be told may hold anything. */
static void open_unknown(struct operators *o, struct source_node *call) {
    for (struct source_node *item = call->items; item != NULL; item = item->next) {
        struct origin origin = place_find(&o->file->map, item->offset);
        if (item->stars == 2 && !entries_each(o->file, item, ignore_pair, NULL))
            document_open(o->b, &origin);
    }
}

static void add_unknown(struct operators *o, const char *option, const char *written,
                        const struct origin *origin) {
    const char *text = unknown_text(o->file->arena, written, strlen(written));
    o->file->starved = o->file->starved || text == NULL;
    document_word(o->b, option, origin, NULL);
    document_word(o->b, text == NULL ? "" : text, origin, NULL);
}

static void add_settings(struct operators *o, struct source_node *call) {
    struct source_node *conf = find_argument(o, call, "conf");
    struct source_node *variables = find_argument(o, call, "env_vars");
    if (conf != NULL)
        words_conf(o->file, o->b, conf);
    if (variables != NULL)
        words_settings(o->file, o->b, DOCUMENT_ENVIRONMENT, variables);
}

static void add_fixed(struct operators *o, const char *option, const char *value,
                      const struct origin *origin) {
    document_word(o->b, option, origin, NULL);
    if (value != NULL)
        document_word(o->b, value, origin, NULL);
}

/* What the hook adds in front of an option because of another argument. */
static void add_before(struct operators *o, struct source_node *call, const char *argument,
                       const struct origin *origin) {
    static const struct {
        const char *before, *argument, *option, *value;
    } switches[] = {
        {"proxy_user", "use_krb5ccache", "--conf", "spark.kerberos.renewal.credentials=ccache"},
        {"yarn_queue", "verbose", "--verbose", NULL},
    };
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (strcmp(switches[i].before, argument) != 0)
            continue;
        struct source_node *given = find_argument(o, call, switches[i].argument);
        if (given != NULL && value_is_word(o->file, given, "True"))
            add_fixed(o, switches[i].option, switches[i].value, origin);
    }
}

static void add_options(struct operators *o, struct source_node *call,
                        const struct origin *origin) {
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *argument = options[i].argument;
        struct source_node *value = find_argument(o, call, argument);
        add_before(o, call, argument, origin);
        if (value != NULL && !value_is_word(o->file, value, "None"))
            words_option(o->file, o->b, options[i].option, value);
        else if (strcmp(argument, "deploy_mode") == 0)
            add_unknown(o, options[i].option, "connection", origin);
        else if (strcmp(argument, "name") == 0 && value == NULL)
            add_fixed(o, "--name", "arrow-spark", origin); /* the operator's own default */
    }
}

void submit_read(struct operators *o, struct source_node *call) {
    struct origin origin = place_find(&o->file->map, call->offset);
    struct source_node *task = find_argument(o, call, "task_id");
    struct source_node *binary = find_argument(o, call, "spark_binary");
    struct source_node *application = find_argument(o, call, "application");
    struct source_node *arguments = find_argument(o, call, "application_args");
    const char *name = task == NULL ? "" : unknown_show(o->file->arena, value_text(o->file, task));
    const char *title = arena_printf(o->file->arena, "SparkSubmitOperator%s%s",
                                     task == NULL ? "" : " ", name == NULL ? "" : name);
    o->file->starved = o->file->starved || title == NULL;
    struct origin place = origin;
    place.form = WRITTEN_JSON;
    document_launch(o->b, title, &place);
    open_unknown(o, call);
    struct origin at = binary == NULL ? origin : value_origin(o->file, binary);
    document_word(o->b, binary == NULL ? "spark-submit" : value_text(o->file, binary), &at, NULL);
    struct source_node *connection = find_argument(o, call, "conn_id");
    at = connection == NULL ? origin : value_origin(o->file, connection);
    add_unknown(o, "--master", "connection", &at);
    add_settings(o, call);
    add_options(o, call, &origin);
    if (application == NULL)
        return;
    at = value_origin(o->file, application);
    document_word(o->b, value_text(o->file, application), &at, NULL);
    if (arguments != NULL && !value_is_word(o->file, arguments, "None"))
        words_list(o->file, o->b, arguments);
}
