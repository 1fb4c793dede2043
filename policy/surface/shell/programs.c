#include <string.h>

#include "policy/surface/shell/shell.h"

static const char *const programs[] = {
    "spark-submit",
    "spark2-submit",
    "spark3-submit",
    "spark-shell",
    "spark2-shell",
    "spark3-shell",
    "pyspark",
    "pyspark2",
    "pyspark3",
    "spark-sql",
    "spark3-sql",
    "sparkR",
    "run-example",
    "spark-pipelines",
    "spark-class",
    "spark-connect-shell",
    "start-thriftserver.sh",
    "start-connect-server.sh",
};

bool shell_is_spark_program(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        if (strcmp(name, programs[i]) == 0)
            return true;
    return false;
}
