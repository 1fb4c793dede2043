#include "policy/surface/source/effect.h"

#include <stddef.h>
#include <string.h>

#include "sidecar/base/text.h"

/* First parts of keys that belong to Spark's core: after "spark.", up to the next dot. */
static const char *const core[] = {"acls",
                                   "admin",
                                   "api",
                                   "app",
                                   "appStateStore",
                                   "archives",
                                   "authenticate",
                                   "barrier",
                                   "block",
                                   "blockManager",
                                   "broadcast",
                                   "buffer",
                                   "checkpoint",
                                   "cleaner",
                                   "connect",
                                   "cores",
                                   "decommission",
                                   "default",
                                   "deploy",
                                   "diskStore",
                                   "driver",
                                   "driverEnv",
                                   "dynamicAllocation",
                                   "eventLog",
                                   "excludeOnFailure",
                                   "executor",
                                   "executorEnv",
                                   "extraListeners",
                                   "file",
                                   "files",
                                   "hadoop",
                                   "hadoopRDD",
                                   "history",
                                   "io",
                                   "jars",
                                   "kerberos",
                                   "kryo",
                                   "kryoserializer",
                                   "kubernetes",
                                   "local",
                                   "locality",
                                   "log",
                                   "logConf",
                                   "master",
                                   "memory",
                                   "mesos",
                                   "metrics",
                                   "modify",
                                   "network",
                                   "plugins",
                                   "port",
                                   "pyspark",
                                   "python",
                                   "r",
                                   "rdd",
                                   "redaction",
                                   "reducer",
                                   "remote",
                                   "repl",
                                   "resources",
                                   "rpc",
                                   "scheduler",
                                   "security",
                                   "serializer",
                                   "shuffle",
                                   "speculation",
                                   "ssl",
                                   "stage",
                                   "standalone",
                                   "storage",
                                   "streaming",
                                   "submit",
                                   "task",
                                   "taskMetrics",
                                   "test",
                                   "testing",
                                   "ui",
                                   "unsafe",
                                   "user",
                                   "worker",
                                   "yarn"};

/* Static keys of StaticSQLConf and of Hive: fixed when the session is built. */
static const char *const fixed[] = {
    "broadcastExchange.maxThreadThreshold",
    "cache.serializer",
    "catalog.spark_catalog.defaultDatabase",
    "catalogImplementation",
    "codegen.cache.maxEntries",
    "codegen.comments",
    "debug",
    "defaultUrlStreamHandlerFactory.enabled",
    "event.truncate.length",
    "extensions",
    "filesourceTableRelationCacheSize",
    "globalTempDatabase",
    "hive.metastore.barrierPrefixes",
    "hive.metastore.jars",
    "hive.metastore.jars.path",
    "hive.metastore.sharedPrefixes",
    "hive.metastore.version",
    "hive.thriftServer.singleSession",
    "hive.version",
    "legacy.sessionInitWithConfigDefaults",
    "metadataCacheTTLSeconds",
    "queryExecutionListeners",
    "sources.disabledJdbcConnProviderList",
    "sources.schemaStringLengthThreshold",
    "streaming.streamingQueryListeners",
    "streaming.ui.enabled",
    "streaming.ui.enabledCustomMetricList",
    "streaming.ui.retainedProgressUpdates",
    "streaming.ui.retainedQueries",
    "subquery.maxThreadThreshold",
    "ui.retainedExecutions",
    "warehouse.dir",
};

/* Keys, or beginnings of keys that end with a dot, that spark-submit reads itself. */
static const char *const late[] = {
    "spark.driver.memory",
    "spark.driver.memoryOverhead",
    "spark.driver.memoryOverheadFactor",
    "spark.driver.cores",
    "spark.driver.extraJavaOptions",
    "spark.driver.defaultJavaOptions",
    "spark.driver.extraClassPath",
    "spark.driver.extraLibraryPath",
    "spark.driver.userClassPathFirst",
    "spark.driver.supervise",
    "spark.submit.deployMode",
    "spark.jars.packages",
    "spark.jars.excludes",
    "spark.jars.ivy",
    "spark.jars.ivySettings",
    "spark.jars.repositories",
    "spark.kerberos.keytab",
    "spark.kerberos.principal",
    "spark.kubernetes.authenticate.submission.",
    "spark.kubernetes.driver.",
    "spark.kubernetes.driverEnv.",
    "spark.yarn.appMasterEnv.",
};

static bool is_core(const char *rest) {
    size_t length = strcspn(rest, ".");
    for (size_t i = 0; i < sizeof core / sizeof core[0]; i++)
        if (strlen(core[i]) == length && memcmp(core[i], rest, length) == 0)
            return true;
    return false;
}

static bool is_fixed(const char *rest) {
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (strcmp(fixed[i], rest) == 0)
            return true;
    return false;
}

enum source_effect effect_at_runtime(const char *key) {
    if (!text_starts(key, "spark."))
        return EFFECT_HADOOP;
    const char *rest = key + strlen("spark.");
    if (text_starts(rest, "sql."))
        return is_fixed(rest + strlen("sql.")) ? EFFECT_NONE : EFFECT_SESSION;
    return is_core(rest) ? EFFECT_NONE : EFFECT_SESSION;
}

bool effect_is_late(const char *key) {
    for (size_t i = 0; i < sizeof late / sizeof late[0]; i++)
        if (text_ends(late[i], ".") ? text_starts(key, late[i]) : strcmp(key, late[i]) == 0)
            return true;
    return false;
}
