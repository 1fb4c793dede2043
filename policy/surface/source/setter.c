#include "policy/surface/source/setter.h"

#include <string.h>
#include <strings.h>

#include "policy/surface/source/effect.h"
#include "policy/surface/source/entries.h"
#include "policy/surface/unknown.h"
#include "sidecar/base/arena.h"
#include "sidecar/base/text.h"

#define BLANKS          " \t\r\n"
#define CHAIN_LOOKED_AT 256 /* calls on one SparkConf, back to its name */

struct setter;
typedef void setter_do(struct session *s, struct source_node *call, const struct setter *row);

struct setter {
    enum source_type of; /* TYPE_UNTOLD: of anything that no other row knows */
    const char *name;
    setter_do *set;
    enum document_list list;
    const char *key; /* of a setter of one key; before the key of others; NULL */
};

/* What takes an entry: its list, what stands before the key, how True is written. */
struct taking {
    struct session *s;
    enum document_list list;
    const char *prefix;
    const struct source_binding *of;
    bool python_words; /* str(True) is "True"; to_str(True) is "true" */
    bool ours_only;    /* only keys that begin with "spark." */
    bool loose;
};

static void mark_built(struct session *s, const struct source_node *node) {
    if (!s->built)
        s->start = place_find(&s->file->map, node->offset);
    s->built = true;
}

static const char *join_key(struct session *s, const char *prefix, const char *key) {
    if (prefix == NULL)
        return key;
    const char *joined = arena_printf(s->file->arena, "%s%s", prefix, key);
    s->file->starved = s->file->starved || joined == NULL;
    return joined == NULL ? key : joined;
}

/* The value as the setter hands it to Spark; NULL for None, which sets nothing. */
static const char *tell_value(struct session *s, struct source_node *value, bool python_words) {
    if (value_is_word(s->file, value, "None") || value_is_word(s->file, value, "null"))
        return NULL;
    if (!python_words && value_is_word(s->file, value, "True"))
        return "true";
    if (!python_words && value_is_word(s->file, value, "False"))
        return "false";
    return value_text(s->file, value);
}

/* A key of which nothing is known is nobody's: the launch is open anyway. */
static bool is_nothing(const char *key) {
    return key[0] == '\0' || unknown_is_whole(key, strlen(key));
}

static void take(const struct taking *t, const char *key, const struct origin *origin,
                 struct source_node *node) {
    struct session *s = t->s;
    const char *value = tell_value(s, node, t->python_words);
    if (value == NULL || is_nothing(key) || (t->ours_only && !text_starts(key, "spark.")))
        return;
    struct origin place = value_origin(s->file, node);
    if (t->loose) {
        document_add_loose(s->b, key, value, origin, &place);
        return;
    }
    session_add(s, t->list, join_key(s, t->prefix, key), value, origin, &place);
    if (s->count > 0)
        s->settings[s->count - 1].of = t->of;
}

static void take_pair(void *state, const struct source_pair *pair) {
    const struct taking *t = state;
    struct origin origin = entries_place(t->s->file, pair);
    take(t, entries_key(t->s->file, pair), &origin, pair->value);
}

/* A key and a value that are arguments: of a loop over a dictionary, its entries. */
static void take_two(struct taking *t, struct source_node *key, struct source_node *value) {
    struct session *s = t->s;
    struct source_node *loop = names_loop(&s->file->names, key);
    if (loop != NULL && names_loop(&s->file->names, value) == loop &&
        key->name.length == loop->items->name.length &&
        memcmp(key->name.text, loop->items->name.text, key->name.length) == 0) {
        entries_each(s->file, loop->object, take_pair, t);
        return;
    }
    struct origin origin = value_origin(s->file, key);
    take(t, value_text(s->file, key), &origin, value);
}

/* The name at which a chain of calls begins, or NULL. */
static struct source_binding *find_root(struct session *s, struct source_node *node) {
    for (size_t i = 0; i < CHAIN_LOOKED_AT; i++) {
        struct source_binding *binding = names_find(&s->file->names, node);
        if (binding != NULL)
            return binding;
        if (node->kind != SOURCE_CALL && node->kind != SOURCE_MEMBER)
            return NULL;
        node = node->object;
    }
    return NULL;
}

/* The list of what is set on a SparkConf: it is too late once a session was built from it. */
static struct taking take_conf(struct session *s, struct source_node *call,
                               const struct setter *row) {
    struct source_node *object = call->object->object;
    struct taking t = {.s = s,
                       .list = row->list,
                       .prefix = row->key,
                       .python_words = true,
                       .ours_only = object->type == TYPE_UNTOLD};
    struct source_binding *binding = find_root(s, object);
    if (object->type == TYPE_CONF_COPY || (binding != NULL && binding->spent)) {
        t.list = DOCUMENT_INEFFECTIVE;
        t.of = binding != NULL && binding->copy ? binding : NULL;
    }
    return t;
}

static void set_pair(struct session *s, struct source_node *call, const struct setter *row) {
    struct source_node *key = value_argument(call, "key", 0);
    struct source_node *value = value_argument(call, "value", 1);
    struct taking t = take_conf(s, call, row);
    if (key != NULL && value != NULL)
        take_two(&t, key, value);
    struct source_node *pairs = value_argument(call, "pairs", SIZE_MAX);
    if (pairs != NULL)
        entries_each(s->file, pairs, take_pair, &t);
}

#define EARLIER_LOOKED_AT 1024 /* settings */

/* setIfMissing: Scala's SparkConf knows what spark-submit was given. Python's, made before
 * the session, knows only what was set on itself, and is as strong as set then. */
static void set_missing(struct session *s, struct source_node *call, const struct setter *row) {
    struct setter strong = *row;
    struct source_node *key = value_argument(call, "key", 0);
    if (s->file->text->language == SOURCE_PYTHON && row->list == DOCUMENT_DEFAULTS)
        strong.list = DOCUMENT_CODE;
    const char *name = key == NULL ? "" : value_text(s->file, key);
    for (size_t i = s->count; i > 0 && s->count - i < EARLIER_LOOKED_AT; i--)
        if (strcmp(s->settings[i - 1].key, name) == 0 && s->settings[i - 1].list == strong.list)
            return;
    set_pair(s, call, &strong);
}

static void set_all(struct session *s, struct source_node *call, const struct setter *row) {
    struct source_node *pairs = value_argument(call, "pairs", 0);
    struct taking t = take_conf(s, call, row);
    if (pairs != NULL)
        entries_each(s->file, pairs, take_pair, &t);
}

static void set_one(struct session *s, struct source_node *call, const struct setter *row) {
    if (call->items == NULL || call->items->stars > 0)
        return;
    struct taking t = {.s = s, .list = row->list};
    struct origin origin =
        place_find(&s->file->map, (size_t)(call->object->name.text - s->file->text->bytes));
    take(&t, row->key, &origin, call->items);
}

/* A SparkConf that a session is built from. What was set on a copy of a running one's
 * counts after all. */
static void spend(struct session *s, struct source_node *conf) {
    struct source_binding *binding = find_root(s, conf);
    if (binding == NULL)
        return;
    for (size_t i = 0; binding->copy && i < s->count; i++)
        if (s->settings[i].of == binding)
            s->settings[i].list = DOCUMENT_CODE;
    binding->spent = true;
    binding->copy = false;
}

static void set_config(struct session *s, struct source_node *call, const struct setter *row) {
    struct taking t = {
        .s = s, .list = row->list, .ours_only = call->object->object->type == TYPE_UNTOLD};
    struct source_node *key = value_argument(call, "key", 0);
    struct source_node *value = value_argument(call, "value", 1);
    struct source_node *map = value_argument(call, "map", SIZE_MAX);
    struct source_node *conf = value_argument(call, "conf", 2);
    if (key != NULL && value != NULL)
        take_two(&t, key, value);
    else if (key != NULL && s->file->text->language == SOURCE_SCALA)
        entries_each(s->file, key, take_pair, &t);
    if (map != NULL)
        entries_each(s->file, map, take_pair, &t);
    for (struct source_node *item = call->items; item != NULL; item = item->next)
        if (item->type == TYPE_CONF || item->type == TYPE_CONF_COPY || item == conf)
            spend(s, item);
}

/* SparkContext(master, appName, sparkHome, pyFiles, environment, …, conf). */
static void set_context(struct session *s, struct source_node *call) {
    static const struct {
        const char *name, *key;
        size_t position;
    } arguments[] = {{"master", "spark.master", 0},
                     {"appName", "spark.app.name", 1},
                     {"sparkHome", "spark.home", 2}};
    struct taking t = {.s = s, .list = DOCUMENT_CODE, .python_words = true};
    for (struct source_node *item = call->items; item != NULL; item = item->next)
        if (item->type == TYPE_CONF || item->type == TYPE_CONF_COPY)
            spend(s, item);
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        struct source_node *item = value_argument(call, arguments[i].name, arguments[i].position);
        if (item == NULL || item->type != TYPE_UNTOLD)
            continue;
        struct origin origin = value_origin(s->file, item);
        take(&t, arguments[i].key, &origin, item);
    }
    struct source_node *environment = value_argument(call, "environment", 4);
    t.prefix = "spark.executorEnv.";
    if (environment != NULL)
        entries_each(s->file, environment, take_pair, &t);
}

static void put_runtime(struct session *s, const char *key, const char *value,
                        const struct origin *origin, const struct origin *place) {
    enum source_effect effect = effect_at_runtime(key);
    if (key[0] == '\0' || key[0] == UNKNOWN_OPEN)
        return;
    session_add(s, effect == EFFECT_NONE ? DOCUMENT_INEFFECTIVE : DOCUMENT_RUNTIME,
                effect == EFFECT_HADOOP ? join_key(s, "spark.hadoop.", key) : key, value, origin,
                place);
}

static void take_runtime(void *state, const struct source_pair *pair) {
    struct session *s = state;
    const char *value = tell_value(s, pair->value, false);
    struct origin origin = entries_place(s->file, pair);
    struct origin place = value_origin(s->file, pair->value);
    if (value != NULL)
        put_runtime(s, entries_key(s->file, pair), value, &origin, &place);
}

static void set_runtime(struct session *s, struct source_node *call, const struct setter *row) {
    (void)row;
    struct source_node *key = value_argument(call, "key", 0);
    struct source_node *value = value_argument(call, "value", 1);
    if (key == NULL || value == NULL)
        return;
    struct source_node *loop = names_loop(&s->file->names, key);
    struct source_pair pair = {key, value};
    if (loop != NULL && names_loop(&s->file->names, value) == loop)
        entries_each(s->file, loop->object, take_runtime, s);
    else
        take_runtime(s, &pair);
}

/* spark.sql("SET key=value"). */
static void set_sql(struct session *s, struct source_node *call, const struct setter *row) {
    (void)row;
    struct source_node *query = value_argument(call, "sqlQuery", 0);
    if (query == NULL || query->stars > 0)
        return;
    struct place_map map;
    const char *text = value_mapped(s->file, query, &map);
    const char *key = text + strspn(text, BLANKS);
    if (strncasecmp(key, "SET", 3) != 0 || strspn(key + 3, BLANKS) == 0)
        return;
    key += 3 + strspn(key + 3, BLANKS);
    const char *sign = strchr(key, '=');
    if (sign == NULL || key[strcspn(key, " \t\r\n=")] == '\0')
        return;
    const char *value = sign + 1 + strspn(sign + 1, BLANKS), *end = value + strlen(value);
    while (end > value && strchr(" \t\r\n;", end[-1]) != NULL)
        end--;
    key += *key == '`';
    struct origin origin = place_find(&map, (size_t)(key - text));
    struct origin place = place_find(&map, (size_t)(value - text));
    const char *name = arena_text(s->file->arena, key, strcspn(key, "` \t\r\n="));
    const char *said = arena_text(s->file->arena, value, (size_t)(end - value));
    if (name == NULL || said == NULL)
        s->file->starved = true;
    else
        put_runtime(s, name, said, &origin, &place);
}

static void set_hadoop(struct session *s, struct source_node *call, const struct setter *row) {
    struct taking t = {.s = s, .list = row->list, .prefix = row->key};
    struct source_node *key = value_argument(call, "name", 0);
    struct source_node *value = value_argument(call, "value", 1);
    if (key != NULL && value != NULL)
        take_two(&t, key, value);
}

static void set_option(struct session *s, struct source_node *call, const struct setter *row) {
    (void)row;
    struct taking t = {.s = s, .loose = true};
    struct source_node *key = value_argument(call, "key", 0);
    struct source_node *value = value_argument(call, "value", 1);
    size_t count = value_positions(call);
    if (key != NULL && value != NULL && count <= 2)
        take_two(&t, key, value);
}

static void set_options(struct session *s, struct source_node *call, const struct setter *row) {
    (void)row;
    struct taking t = {.s = s, .loose = true};
    for (struct source_node *item = call->items; item != NULL; item = item->next) {
        struct source_pair pair = {NULL, item};
        if (item->label.length > 0)
            take_pair(&t, &pair);
        else
            entries_each(s->file, item, take_pair, &t);
    }
}

static void set_jdbc(struct session *s, struct source_node *call, const struct setter *row) {
    (void)row;
    struct taking t = {.s = s, .loose = true};
    struct source_node *url = value_argument(call, "url", 0);
    if (url != NULL) {
        struct origin origin = value_origin(s->file, url);
        take(&t, "url", &origin, url);
    }
    for (struct source_node *item = call->items; item != NULL; item = item->next)
        if (syntax_is(&item->label, "properties") ||
            value_leaf(s->file, item)->kind == SOURCE_MAPPING)
            entries_each(s->file, item, take_pair, &t);
}

static void set_variable(struct session *s, struct source_node *call, const struct setter *row) {
    (void)row;
    if (call->items != NULL && call->items->next != NULL)
        setter_environment(s, call->items, call->items->next);
}

static void take_variable(void *state, const struct source_pair *pair) {
    if (pair->key != NULL)
        setter_environment(state, pair->key, pair->value);
}

static void set_variables(struct session *s, struct source_node *call, const struct setter *row) {
    (void)row;
    if (call->items != NULL)
        entries_each(s->file, call->items, take_variable, s);
}

/* System.setProperty before the start: SparkConf takes it in. */
static void set_property(struct session *s, struct source_node *call, const struct setter *row) {
    if (call->items == NULL || call->items->next == NULL)
        return;
    struct taking t = {.s = s, .list = row->list};
    const char *key = value_text(s->file, call->items);
    t.loose = !text_starts(key, "spark.");
    take_two(&t, call->items, call->items->next);
}

static const struct setter setters[] = {
    {TYPE_BUILDER, "config", set_config, DOCUMENT_CODE, NULL},
    {TYPE_BUILDER, "master", set_one, DOCUMENT_CODE, "spark.master"},
    {TYPE_BUILDER, "appName", set_one, DOCUMENT_CODE, "spark.app.name"},
    {TYPE_BUILDER, "remote", set_one, DOCUMENT_CODE, "spark.remote"},
    {TYPE_CONF, "set", set_pair, DOCUMENT_CODE, NULL},
    {TYPE_CONF, "setIfMissing", set_missing, DOCUMENT_DEFAULTS, NULL},
    {TYPE_CONF, "setAll", set_all, DOCUMENT_CODE, NULL},
    {TYPE_CONF, "setMaster", set_one, DOCUMENT_CODE, "spark.master"},
    {TYPE_CONF, "setAppName", set_one, DOCUMENT_CODE, "spark.app.name"},
    {TYPE_CONF, "setSparkHome", set_one, DOCUMENT_CODE, "spark.home"},
    {TYPE_CONF, "setExecutorEnv", set_pair, DOCUMENT_CODE, "spark.executorEnv."},
    {TYPE_CONF_COPY, "set", set_pair, DOCUMENT_INEFFECTIVE, NULL},
    {TYPE_CONF_COPY, "setIfMissing", set_missing, DOCUMENT_INEFFECTIVE, NULL},
    {TYPE_CONF_COPY, "setAll", set_all, DOCUMENT_INEFFECTIVE, NULL},
    {TYPE_RUNTIME, "set", set_runtime, DOCUMENT_RUNTIME, NULL},
    {TYPE_SQL, "setConf", set_runtime, DOCUMENT_RUNTIME, NULL},
    {TYPE_SQL, "sql", set_sql, DOCUMENT_RUNTIME, NULL},
    {TYPE_SESSION, "sql", set_sql, DOCUMENT_RUNTIME, NULL},
    {TYPE_HADOOP, "set", set_hadoop, DOCUMENT_RUNTIME, "spark.hadoop."},
    {TYPE_HADOOP, "setIfUnset", set_hadoop, DOCUMENT_RUNTIME, "spark.hadoop."},
    {TYPE_HADOOP, "setBoolean", set_hadoop, DOCUMENT_RUNTIME, "spark.hadoop."},
    {TYPE_HADOOP, "setInt", set_hadoop, DOCUMENT_RUNTIME, "spark.hadoop."},
    {TYPE_HADOOP, "setLong", set_hadoop, DOCUMENT_RUNTIME, "spark.hadoop."},
    {TYPE_CONTEXT_CLASS, "setSystemProperty", set_property, DOCUMENT_CODE, NULL},
    {TYPE_ENVIRON, "setdefault", set_variable, DOCUMENT_ENVIRONMENT, NULL},
    {TYPE_ENVIRON, "update", set_variables, DOCUMENT_ENVIRONMENT, NULL},
    {TYPE_UNTOLD, "putenv", set_variable, DOCUMENT_ENVIRONMENT, NULL},
    {TYPE_UNTOLD, "setProperty", set_property, DOCUMENT_CODE, NULL},
    {TYPE_UNTOLD, "config", set_config, DOCUMENT_CODE, NULL},
    {TYPE_UNTOLD, "set", set_pair, DOCUMENT_CODE, NULL},
    {TYPE_UNTOLD, "setIfMissing", set_missing, DOCUMENT_DEFAULTS, NULL},
    {TYPE_UNTOLD, "setAll", set_all, DOCUMENT_CODE, NULL},
    {TYPE_UNTOLD, "option", set_option, DOCUMENT_CODE, NULL},
    {TYPE_UNTOLD, "options", set_options, DOCUMENT_CODE, NULL},
    {TYPE_UNTOLD, "jdbc", set_jdbc, DOCUMENT_CODE, NULL},
};

static const struct setter *find_setter(const struct source_node *callee) {
    enum source_type of = callee->object->type;
    for (size_t i = 0; i < sizeof setters / sizeof setters[0]; i++)
        if (setters[i].of == of && syntax_is(&callee->name, setters[i].name))
            return &setters[i];
    return NULL;
}

/* The conf of anything: `app.spark.conf.set("spark.x", …)` where app is nobody known. */
static bool is_runtime(const struct source_node *callee) {
    const struct source_node *object = callee->object;
    return object->type == TYPE_UNTOLD && object->kind == SOURCE_MEMBER &&
           syntax_is(&object->name, "conf") && syntax_is(&callee->name, "set");
}

static void take_fallback(struct session *s, struct source_node *call) {
    struct source_node *fallback;
    const char *variable = value_variable(s->file, call, &fallback);
    if (variable[0] == '\0' || fallback == NULL || !value_is_known(s->file, fallback))
        return;
    struct source_node *name = value_argument(call, "key", 0);
    struct origin origin = value_origin(s->file, name), place = value_origin(s->file, fallback);
    document_add_loose(s->b, variable, value_text(s->file, fallback), &origin, &place);
}

void setter_call(struct session *s, struct source_node *call) {
    struct source_node *callee = call->object;
    if (callee->type == TYPE_CONF_CLASS || callee->type == TYPE_CONTEXT_CLASS ||
        callee->type == TYPE_BUILDER)
        mark_built(s, callee);
    if (callee->type == TYPE_CONTEXT_CLASS)
        set_context(s, call);
    take_fallback(s, call);
    if (callee->kind != SOURCE_MEMBER)
        return;
    if (callee->object->type == TYPE_CONTEXT_CLASS && syntax_is(&callee->name, "getOrCreate"))
        set_context(s, call);
    const struct setter *row = find_setter(callee);
    if (row == NULL)
        return;
    struct setter runtime = {TYPE_RUNTIME, "set", set_runtime, DOCUMENT_RUNTIME, NULL};
    if (is_runtime(callee) && call->items != NULL &&
        text_starts(value_text(s->file, call->items), "spark."))
        row = &runtime;
    row->set(s, call, row);
}
