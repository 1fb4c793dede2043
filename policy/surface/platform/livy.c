#include <string.h>

#include "policy/surface/platform/shape.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/buffer.h"
#include "sidecar/base/limits.h"
#include "sidecar/base/text.h"

/* POST /batches and /sessions of Apache Livy: BatchSession.create, InteractiveSession.create,
 * Session.prepareConf, SparkProcessBuilder.start, ContextLauncher.startDriver. Livy also puts
 * fs.defaultFS before paths without a scheme, which is not shown. */

/* Lists of the request stand before those of conf, in one setting. */
static const struct {
    const char *name, *key;
} lists[] = {
    {"jars", "spark.jars"},
    {"files", "spark.files"},
    {"archives", "spark.yarn.dist.archives"},
    {"pyFiles", "spark.submit.pyFiles"},
};

/* Set after conf, so they win. */
static const struct {
    const char *name, *key;
} sizes[] = {
    {"driverMemory", "spark.driver.memory"},      {"driverCores", "spark.driver.cores"},
    {"executorMemory", "spark.executor.memory"},  {"executorCores", "spark.executor.cores"},
    {"numExecutors", "spark.executor.instances"},
};

static const char *list_of(const char *key) {
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (strcmp(lists[i].key, key) == 0)
            return lists[i].name;
    return NULL;
}

static void put_key_value(struct platform *p, const char *key, const char *value,
                          const struct origin *at, const struct origin *value_at) {
    bool python = strcmp(key, "spark.submit.pyFiles") == 0;
    const char *word = python ? value : arena_printf(p->arena, "%s=%s", key, value);
    if (word == NULL) {
        platform_starve(p);
        return;
    }
    document_word(p->b, python ? "--py-files" : "--conf", at, NULL);
    document_word(p->b, word, python ? value_at : at, value_at);
}

static void append_item(struct platform *p, const struct tree_node *item, struct buffer *out,
                        struct origin *first) {
    struct platform_text text;
    if (!platform_text(p, item, &text) || text.text[0] == '\0')
        return;
    if (out->length == 0)
        *first = text.origin;
    buffer_text(out, out->length == 0 ? "" : ",");
    buffer_text(out, text.text);
}

/* The texts of a list, and that of conf behind them, parted by commas. */
static void put_list(struct platform *p, const char *key, const struct tree_node *list,
                     const struct tree_node *conf) {
    struct buffer out = buffer_make(2 * LIMIT_INPUT_BYTES);
    struct origin first;
    for (const struct tree_node *item = list == NULL ? NULL : list->first; item != NULL;
         item = item->next)
        append_item(p, item, &out, &first);
    append_item(p, conf, &out, &first);
    if (out.length > 0) {
        struct origin at = list != NULL ? list->key_origin : conf->key_origin;
        bool whole = buffer_status(&out) == 0;
        const char *value = whole ? arena_text(p->arena, out.data, out.length) : NULL;
        if (value == NULL)
            platform_starve(p);
        else
            put_key_value(p, key, value, &at, &first);
    }
    buffer_free(&out);
}

/* The server's own choice, whatever the request says. */
static void put_server(struct platform *p, const char *key, const char *server,
                       const struct tree_node *at) {
    const char *value = unknown_text(p->arena, server, strlen(server));
    struct origin origin = at->origin;
    if (value == NULL)
        platform_starve(p);
    else
        put_key_value(p, key, value, &origin, &origin);
}

static void put_conf(struct platform *p, const struct tree_node *conf, const char *prefix) {
    for (const struct tree_node *child = conf == NULL ? NULL : conf->first; child != NULL;
         child = child->next) {
        const char *key = child->key == NULL ? "" : child->key;
        if (strcmp(key, "spark.submit.deployMode") == 0)
            platform_note(p, child,
                          "Livy refuses spark.submit.deployMode in a request, unless "
                          "livy.server.session.allow-custom-classpath is on");
        if (list_of(key) != NULL)
            continue;
        const char *name =
            arena_printf(p->arena, "%s%s", text_starts(key, "spark.") ? "" : prefix, key);
        if (name == NULL)
            platform_starve(p);
        else
            platform_conf(p, name, child);
    }
}

static void put_settings(struct platform *p, const struct tree_node *node, const char *prefix) {
    const struct tree_node *conf = platform_find(node, "conf");
    if (conf != NULL && conf->open != NULL)
        platform_open(p, conf);
    put_conf(p, conf, prefix);
    put_server(p, "spark.master", "livy.spark.master", node);
    put_server(p, "spark.submit.deployMode", "livy.spark.deploy-mode", node);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        put_list(p, lists[i].key, platform_find(node, lists[i].name),
                 tree_find(conf, lists[i].key));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        platform_conf(p, sizes[i].key, platform_find(node, sizes[i].name));
}

static void put_option(struct platform *p, const char *option, const struct tree_node *node) {
    if (node == NULL || tree_is_null(node))
        return;
    struct origin at = node->key_origin;
    document_word(p->b, option, &at, NULL);
    platform_word_node(p, node);
}

static bool begin(struct platform *p, const char *what, const struct tree_node *node) {
    const char *name = platform_child(p, node, "name");
    const char *title =
        arena_printf(p->arena, "Livy %s%s%s", what, name[0] == '\0' ? "" : " ", name);
    if (title == NULL) {
        platform_starve(p);
        return false;
    }
    platform_launch(p, title, node, "livy", WRITTEN_JSON);
    platform_word(p, "spark-submit", node);
    return true;
}

void livy_read_batch(struct platform *p, const struct tree_node *node) {
    if (!begin(p, "batch", node))
        return;
    put_option(p, "--name", platform_find(node, "name"));
    put_option(p, "--class", platform_find(node, "className"));
    put_settings(p, node, "");
    put_option(p, "--proxy-user", platform_find(node, "proxyUser"));
    put_option(p, "--queue", platform_find(node, "queue"));
    platform_word_node(p, platform_find(node, "file"));
    platform_words(p, platform_find(node, "args"));
}

/* Keys that are not Spark's are Livy's own: RSCConf.LIVY_SPARK_PREFIX. */
void livy_read_session(struct platform *p, const struct tree_node *node) {
    if (!begin(p, "session", node))
        return;
    platform_word(p, "--class", node);
    platform_word(p, "org.apache.livy.rsc.driver.RSCDriverBootstrapper", node);
    put_settings(p, node, "spark.__livy__.");
    platform_conf(p, "spark.app.name", platform_find(node, "name"));
    platform_conf(p, "spark.yarn.queue", platform_find(node, "queue"));
    put_option(p, "--proxy-user", platform_find(node, "proxyUser"));
    platform_word(p, "spark-internal", node);
}
