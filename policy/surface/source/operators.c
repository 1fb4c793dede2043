#include "policy/surface/source/operators.h"
#include "policy/surface/programs.h"

#include <string.h>

#include "policy/surface/shell/shell.h"
#include "policy/surface/source/entries.h"
#include "policy/surface/source/submit.h"
#include "policy/surface/source/words.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/text.h"

static void begin(struct operators *o, const char *title, const struct source_node *node) {
    struct origin origin = place_find(&o->file->map, node->offset);
    origin.form = WRITTEN_JSON;
    document_launch(o->b, title, &origin);
}

static void add_fact(struct operators *o, const char *name, const char *value,
                     const struct source_node *node) {
    struct origin origin = place_find(&o->file->map, node->offset);
    document_set(o->b, DOCUMENT_FACTS, name, value, &origin, NULL);
}

/* conf of a Livy session or batch. */
static void read_livy(struct operators *o, struct source_node *call) {
    struct source_node *conf = value_argument(call, "conf", SIZE_MAX);
    begin(o, "LivyOperator", call);
    add_fact(o, DOCUMENT_FACT_PLATFORM, "livy", call);
    if (conf != NULL)
        words_settings(o->file, o->b, DOCUMENT_CONF, conf);
}

/* @task.pyspark: Airflow puts them on a SparkConf before it calls the function. */
static void read_task(struct operators *o, struct source_node *call) {
    struct source_node *conf = value_argument(call, "config_kwargs", SIZE_MAX);
    if (conf == NULL)
        conf = value_argument(call, "conf_kwargs", SIZE_MAX);
    if (call->object->kind != SOURCE_MEMBER || conf == NULL)
        return;
    struct origin origin = place_find(&o->file->map, call->offset);
    begin(o, "@task.pyspark", call);
    document_open(o->b, &origin); /* the connection's settings */
    words_settings(o->file, o->b, DOCUMENT_CODE, conf);
}

static void add_inner(struct operators *o, struct source_node *node) {
    struct document_text text = {.hint = "kubernetes"};
    text.bytes = value_mapped(o->file, node, &text.map);
    text.length = strlen(text.bytes);
    document_text(o->b, &text);
}

/* The manifest of SparkKubernetesOperator: a text here, or a file that is read by itself. */
static void read_manifest(struct operators *o, struct source_node *call) {
    struct source_node *manifest = value_argument(call, "application_file", SIZE_MAX);
    struct origin origin = place_find(&o->file->map, call->offset);
    if (manifest != NULL && strchr(value_text(o->file, manifest), '\n') != NULL)
        add_inner(o, manifest);
    else if (value_argument(call, "template_spec", SIZE_MAX) != NULL)
        document_note(o->b, &origin, "a template_spec in source is not read");
    else
        document_note(o->b, &origin, "the manifest is a file of its own: check it too");
}

/* A script in a string: bash_command, the argument of os.system and subprocess.run. */
static void read_script(struct operators *o, struct source_node *node) {
    struct document_text text = {0};
    struct document document;
    struct source_node *leaf = value_leaf(o->file, node);
    if (leaf->kind != SOURCE_TEXT && leaf->kind != SOURCE_JOIN)
        return;
    text.bytes = value_mapped(o->file, node, &text.map);
    text.length = strlen(text.bytes);
    if (strstr(text.bytes, "spark") != NULL &&
        document_read_inner(o->b, &text, shell_read_text, "this script cannot be read",
                            &document) == 0)
        document_join(o->b, &document);
}

static void read_command(struct operators *o, struct source_node *call) {
    static const char *const names[] = {"bash_command", "command", "cmd", "args"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct source_node *script = value_argument(call, names[i], i == 0 ? 0 : SIZE_MAX);
        if (script != NULL)
            read_script(o, script);
    }
}

static const struct {
    const char *name;
    void (*read)(struct operators *o, struct source_node *call);
} readers[] = {
    {"SparkSubmitOperator", submit_read},
    {"LivyOperator", read_livy},
    {"pyspark", read_task},
    {"SparkKubernetesOperator", read_manifest},
    {"BashOperator", read_command},
    {"SSHOperator", read_command},
    {"system", read_command},
    {"run", read_command},
    {"Popen", read_command},
    {"call", read_command},
    {"check_call", read_command},
    {"check_output", read_command},
};

/* ["spark-submit", …], as steps of EMR and subprocess have it. */
static void read_sequence(struct operators *o, struct source_node *node) {
    if (node->items == NULL || value_leaf(o->file, node->items)->kind != SOURCE_TEXT ||
        !program_is_spark(value_text(o->file, node->items)))
        return;
    begin(o, value_text(o->file, node->items), node);
    words_list(o->file, o->b, node);
    o->sequence = node;
}

/* ["spark-submit"] + more. */
static void read_join(struct operators *o, struct source_node *node) {
    if (node->items == NULL || node->items != o->sequence)
        return;
    for (struct source_node *item = node->items->next; item != NULL; item = item->next)
        words_list(o->file, o->b, item);
    o->sequence = NULL;
}

static struct source_node *find_either(struct operators *o, struct source_node *node,
                                       const char *lower, const char *upper) {
    struct source_node *found = entries_find(o->file, node, lower);
    return found == NULL ? entries_find(o->file, node, upper) : found;
}

/* {"sparkSubmit": {"entryPoint": …, "sparkSubmitParameters": …}} of EMR Serverless and EMR on
 * EKS: the mapping within. */
static bool read_parameters(struct operators *o, struct source_node *node) {
    struct source_node *parameters = entries_find(o->file, node, "sparkSubmitParameters");
    struct source_node *entry = entries_find(o->file, node, "entryPoint");
    struct source_node *arguments = entries_find(o->file, node, "entryPointArguments");
    if (parameters == NULL)
        return false;
    begin(o, "sparkSubmit", node);
    struct origin origin = place_find(&o->file->map, node->offset);
    document_word(o->b, "spark-submit", &origin, NULL);
    words_split(o->file, o->b, parameters);
    if (entry != NULL) {
        origin = value_origin(o->file, entry);
        document_word(o->b, value_text(o->file, entry), &origin, NULL);
    }
    if (entry != NULL && arguments != NULL)
        words_list(o->file, o->b, arguments);
    return true;
}

/* {"Classification": "spark-defaults", "Properties": {…}}. */
static void read_classification(struct operators *o, struct source_node *node) {
    struct source_node *name = find_either(o, node, "classification", "Classification");
    struct source_node *properties = find_either(o, node, "properties", "Properties");
    if (name == NULL || properties == NULL)
        return;
    const char *text = value_text(o->file, name);
    bool hadoop = strcmp(text, "core-site") == 0 || strcmp(text, "hive-site") == 0 ||
                  strcmp(text, "hdfs-site") == 0 || strcmp(text, "spark-hive-site") == 0;
    if (!hadoop && strcmp(text, "spark-defaults") != 0)
        return;
    begin(o, hadoop ? "EMR configuration" : "EMR spark-defaults", node);
    words_settings(o->file, o->b, hadoop ? DOCUMENT_HADOOP : DOCUMENT_DEFAULTS, properties);
}

void operators_walk(struct operators *o, struct source_node *node) {
    if (o->file->text->language != SOURCE_PYTHON)
        return;
    if (node->kind == SOURCE_SEQUENCE)
        read_sequence(o, node);
    else if (node->kind == SOURCE_JOIN)
        read_join(o, node);
    else if (node->kind == SOURCE_MAPPING && !read_parameters(o, node))
        read_classification(o, node);
    for (size_t i = 0; node->kind == SOURCE_CALL && i < sizeof readers / sizeof readers[0]; i++)
        if (syntax_is(&node->object->name, readers[i].name))
            readers[i].read(o, node);
}

static void take_unread(void *state, const struct source_pair *pair) {
    struct operators *o = state;
    if (pair->key == NULL || value_leaf(o->file, pair->key)->kind != SOURCE_TEXT)
        return;
    const char *key = entries_key(o->file, pair);
    uint8_t kind = value_leaf(o->file, pair->value)->kind;
    if (!text_starts(key, "spark.") || kind == SOURCE_MAPPING || kind == SOURCE_SEQUENCE)
        return;
    struct origin origin = entries_place(o->file, pair), place = value_origin(o->file, pair->value);
    document_add_loose(o->b, key, value_text(o->file, pair->value), &origin, &place);
}

void operators_finish(struct operators *o, struct source_node *first) {
    for (struct source_node *node = first; node != NULL; node = node->after)
        if (node->kind == SOURCE_MAPPING && !node->used)
            entries_each(o->file, node, take_unread, o);
}
