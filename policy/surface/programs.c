#include "policy/surface/programs.h"

#include <string.h>

#define SCALA_SHELL    "org.apache.spark.repl.Main"
#define SQL_SHELL      "org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver"
#define THRIFT_SERVER  "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
#define CONNECT_SERVER "org.apache.spark.sql.connect.service.SparkConnectServer"
#define PYTHON_SHELL   "pyspark-shell-main"
#define CONNECT_PLUGIN "org.apache.spark.sql.connect.SparkConnectPlugin"

/* The name of the Python shell is its script's; the servers' are those of sbin/. Names
 * with a 2 or 3 are what distributions of Hadoop call the same scripts. */
static const struct program programs[] = {
    {.name = "spark-submit"},
    {.name = "spark2-submit"},
    {.name = "spark3-submit"},
    {.name = "spark2-shell", .class_name = SCALA_SHELL, .application_name = "Spark shell"},
    {.name = "spark3-shell", .class_name = SCALA_SHELL, .application_name = "Spark shell"},
    {.name = "spark-shell", .class_name = SCALA_SHELL, .application_name = "Spark shell"},
    {.name = "spark-connect-shell",
     .class_name = SCALA_SHELL,
     .application_name = "Spark shell",
     .key = "spark.plugins",
     .value = CONNECT_PLUGIN},
    {.name = "spark-sql", .class_name = SQL_SHELL},
    {.name = "spark3-sql", .class_name = SQL_SHELL},
    {.name = "start-thriftserver.sh",
     .class_name = THRIFT_SERVER,
     .application_name = "Thrift JDBC/ODBC Server"},
    {.name = "start-connect-server.sh",
     .class_name = CONNECT_SERVER,
     .application_name = "Spark Connect server",
     .own_switch = "--wait"},
    {.name = "pyspark", .first_word = PYTHON_SHELL, .application_name = "PySparkShell"},
    {.name = "pyspark2", .first_word = PYTHON_SHELL, .application_name = "PySparkShell"},
    {.name = "pyspark3", .first_word = PYTHON_SHELL, .application_name = "PySparkShell"},
    {.name = "sparkR", .first_word = "sparkr-shell-main"},
    {.name = "run-example", .first_word = "run-example"},
    {.name = "spark-pipelines"},
    {.name = "spark-class"},
};

static const struct special_word special_words[] = {
    {PYTHON_SHELL, "pyspark-shell", false, true},
    {"sparkr-shell-main", "sparkr-shell", false, true},
    {"run-example", "spark-examples.jar", true, false},
};

static const struct {
    const char *class_name, *resource;
} special_classes[] = {
    {SCALA_SHELL, "spark-shell"},
    {SQL_SHELL, "spark-internal"},
    {THRIFT_SERVER, "spark-internal"},
    {CONNECT_SERVER, "spark-internal"},
    {"org.apache.spark.sql.application.ConnectRepl", "connect-shell"},
};

/* Classes behind spark-class that call spark-submit, and where its words begin. */
static const struct {
    const char *class_name;
    size_t begin;
    bool pipelines;
} submitters[] = {
    {"org.apache.spark.deploy.SparkSubmit", 2, false},
    {"org.apache.spark.deploy.SparkPipelines", 3, true},
};

const struct program *program_find(const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        if (strcmp(name, programs[i].name) == 0)
            return &programs[i];
    return NULL;
}

bool program_is_spark(const char *path) {
    return program_find(path) != NULL;
}

static size_t find_submitter(const struct program *program, const char *const *argv, size_t argc) {
    size_t i = 0, rows = sizeof submitters / sizeof submitters[0];
    if (strcmp(program->name, "spark-class") != 0 || argc < 2)
        return rows;
    while (i < rows && strcmp(argv[1], submitters[i].class_name) != 0)
        i++;
    return i;
}

size_t program_begin(const struct program *program, const char *const *argv, size_t argc) {
    size_t i = find_submitter(program, argv, argc);
    if (i < sizeof submitters / sizeof submitters[0])
        return submitters[i].begin < argc ? submitters[i].begin : argc;
    if (strcmp(program->name, "spark-class") == 0)
        return 0;
    bool own = program->own_switch != NULL && argc > 1 && strcmp(argv[1], program->own_switch) == 0;
    return own ? 2 : 1;
}

bool program_is_pipelines(const struct program *program, const char *const *argv, size_t argc) {
    size_t i = find_submitter(program, argv, argc);
    return strcmp(program->name, "spark-pipelines") == 0 ||
           (i < sizeof submitters / sizeof submitters[0] && submitters[i].pipelines);
}

const struct special_word *program_special_word(const char *word) {
    for (size_t i = 0; i < sizeof special_words / sizeof special_words[0]; i++)
        if (strcmp(word, special_words[i].word) == 0)
            return &special_words[i];
    return NULL;
}

const char *program_special_class(const char *class_name) {
    for (size_t i = 0; i < sizeof special_classes / sizeof special_classes[0]; i++)
        if (strcmp(class_name, special_classes[i].class_name) == 0)
            return special_classes[i].resource;
    return NULL;
}
