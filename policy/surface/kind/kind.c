#include "policy/surface/kind/kind.h"

#include <string.h>

#include "policy/surface/ci/ci.h"
#include "policy/surface/hadoop/hadoop.h"
#include "policy/surface/kind/inner.h"
#include "policy/surface/kubernetes/kubernetes.h"
#include "policy/surface/platform/platform.h"
#include "policy/surface/properties_surface.h"
#include "policy/surface/shell/shell.h"
#include "policy/surface/source/source.h"

const struct kind kind_table[] = {
    {"properties", "spark-defaults.conf and properties files", properties_recognise,
     properties_read},
    {"notebook", "notebooks of Jupyter with Spark source", notebook_recognise, inner_read_notebook},
    {"shell", "scripts of sh and bash, spark-env.sh", shell_recognise, inner_read_shell},
    {"ci", "workflows of GitHub, pipelines of GitLab", ci_recognise, inner_read_ci},
    {"cloudformation", "stacks of AWS CloudFormation and SAM", cloudformation_recognise,
     inner_read_platform},
    {"step-functions", "state machines of AWS Step Functions", step_functions_recognise,
     inner_read_platform},
    {"emr", "Amazon EMR: configurations, clusters, steps, job runs, security configurations",
     emr_recognise, inner_read_platform},
    {"databricks", "jobs, clusters and bundles of Databricks", databricks_recognise,
     inner_read_platform},
    {"livy", "requests to Apache Livy for batches and sessions", livy_recognise,
     inner_read_platform},
    {"livy-conf", "livy.conf of a Livy server", livy_conf_recognise, livy_conf_read},
    {"dataproc", "jobs, batches and clusters of Google Dataproc", dataproc_recognise,
     inner_read_platform},
    {"glue", "jobs of AWS Glue", glue_recognise, inner_read_platform},
    {"airflow", "Airflow DAGs", airflow_recognise, inner_read_python},
    {"pyspark", "PySpark source", pyspark_recognise, inner_read_python},
    {"scala", "Spark source in Scala and Java", scala_recognise, scala_read},
    {"spark-application", "SparkApplication of Kubeflow, Apache or Stackable",
     spark_application_recognise, inner_read_kubernetes},
    {"kubernetes", "pods, jobs, ConfigMaps and Secrets that carry Spark", kubernetes_recognise,
     inner_read_kubernetes},
    {"yaml", "values files and others with settings of Spark", settings_recognise,
     inner_read_settings},
    {"hadoop", "core-site.xml, hive-site.xml, yarn-site.xml and their like", hadoop_recognise,
     hadoop_read},
    {"metrics", "metrics.properties", metrics_recognise, metrics_read},
    {"log4j", "log4j2.properties, log4j.properties", log4j_recognise, log4j_read},
};
const size_t kind_count = sizeof kind_table / sizeof kind_table[0];

const struct kind *kind_find(const char *name) {
    for (size_t i = 0; i < kind_count; i++)
        if (strcmp(kind_table[i].name, name) == 0)
            return &kind_table[i];
    return NULL;
}

const struct kind *kind_recognise(const struct surface_input *input) {
    const struct kind *found = NULL;
    enum surface_certainty best = SURFACE_NO;
    for (size_t i = 0; i < kind_count && best != SURFACE_SURE; i++) {
        enum surface_certainty sure = kind_table[i].recognise(input);
        if (sure > best) {
            best = sure;
            found = &kind_table[i];
        }
    }
    return found;
}
