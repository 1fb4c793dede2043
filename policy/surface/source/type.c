#include "policy/surface/source/type.h"

struct type_name {
    const char *name;
    enum source_type type;
};

/* Classes, and names that are used for their objects where nobody binds them. */
static const struct type_name names_known[] = {
    {"SparkSession", TYPE_SESSION_CLASS},
    {"DatabricksSession", TYPE_SESSION_CLASS},
    {"SparkConf", TYPE_CONF_CLASS},
    {"SparkContext", TYPE_CONTEXT_CLASS},
    {"JavaSparkContext", TYPE_CONTEXT_CLASS},
    {"SQLContext", TYPE_SQL_CLASS},
    {"HiveContext", TYPE_SQL_CLASS},
    {"spark", TYPE_SESSION},
    {"spark_session", TYPE_SESSION},
    {"sparkSession", TYPE_SESSION},
    {"sc", TYPE_CONTEXT},
    {"sparkContext", TYPE_CONTEXT},
    {"spark_context", TYPE_CONTEXT},
    {"sqlContext", TYPE_SQL},
    {"sqlCtx", TYPE_SQL},
    {"hiveContext", TYPE_SQL},
    {"environ", TYPE_ENVIRON},
};

struct type_member {
    enum source_type of; /* TYPE_UNTOLD: of anything */
    const char *name;    /* NULL: any other */
    enum source_type type;
};

/* Members, and what calling them gives; the first row that fits. */
static const struct type_member members[] = {
    {TYPE_UNTOLD, "hadoopConfiguration", TYPE_HADOOP},
    {TYPE_UNTOLD, "_jsc", TYPE_JAVA_CONTEXT},
    {TYPE_UNTOLD, "environ", TYPE_ENVIRON},
    {TYPE_UNTOLD, "SparkSession", TYPE_SESSION_CLASS},
    {TYPE_UNTOLD, "SparkConf", TYPE_CONF_CLASS},
    {TYPE_UNTOLD, "SparkContext", TYPE_CONTEXT_CLASS},
    {TYPE_SESSION_CLASS, "builder", TYPE_BUILDER},
    {TYPE_SESSION_CLASS, "Builder", TYPE_BUILDER},
    {TYPE_SESSION_CLASS, "getActiveSession", TYPE_SESSION},
    {TYPE_SESSION_CLASS, "active", TYPE_SESSION},
    {TYPE_CONTEXT_CLASS, "getOrCreate", TYPE_CONTEXT},
    {TYPE_SQL_CLASS, "getOrCreate", TYPE_SQL},
    {TYPE_BUILDER, "getOrCreate", TYPE_SESSION},
    {TYPE_BUILDER, "create", TYPE_SESSION},
    {TYPE_BUILDER, NULL, TYPE_BUILDER},
    {TYPE_CONF, "clone", TYPE_CONF},
    {TYPE_CONF, "get", TYPE_UNTOLD},
    {TYPE_CONF, NULL, TYPE_CONF},
    {TYPE_CONF_COPY, NULL, TYPE_CONF_COPY},
    {TYPE_SESSION, "conf", TYPE_RUNTIME},
    {TYPE_SESSION, "sparkContext", TYPE_CONTEXT},
    {TYPE_SESSION, "_sc", TYPE_CONTEXT},
    {TYPE_SESSION, "sqlContext", TYPE_SQL},
    {TYPE_SESSION, "newSession", TYPE_SESSION},
    {TYPE_CONTEXT, "getConf", TYPE_CONF_COPY},
    {TYPE_CONTEXT, "_conf", TYPE_CONF_COPY},
    {TYPE_CONTEXT, "sc", TYPE_CONTEXT},
    {TYPE_JAVA_CONTEXT, "sc", TYPE_CONTEXT},
};

static enum source_type tell_name(const struct source_names *names, struct source_node *node) {
    const struct source_binding *binding = names_find(names, node);
    if (binding != NULL && binding->type != TYPE_UNTOLD)
        return binding->type;
    for (size_t i = 0; i < sizeof names_known / sizeof names_known[0]; i++)
        if (syntax_is(&node->name, names_known[i].name))
            return names_known[i].type;
    return TYPE_UNTOLD;
}

static enum source_type tell_member(const struct source_names *names, struct source_node *node) {
    enum source_type of = node->object->type;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if ((members[i].of == TYPE_UNTOLD || members[i].of == of) &&
            (members[i].name == NULL || syntax_is(&node->name, members[i].name)))
            return members[i].type;
    return of == TYPE_UNTOLD ? tell_name(names, node) : TYPE_UNTOLD;
}

/* What a class gives when it is called. */
static enum source_type make(enum source_type class) {
    return class == TYPE_CONF_CLASS      ? TYPE_CONF
           : class == TYPE_CONTEXT_CLASS ? TYPE_CONTEXT
           : class == TYPE_SQL_CLASS     ? TYPE_SQL
                                         : class;
}

enum source_type type_tell(const struct source_names *names, struct source_node *node) {
    if (node->kind == SOURCE_NAME)
        return tell_name(names, node);
    if (node->kind == SOURCE_MEMBER)
        return tell_member(names, node);
    if (node->kind == SOURCE_CALL)
        return make(node->object->type);
    return TYPE_UNTOLD;
}
