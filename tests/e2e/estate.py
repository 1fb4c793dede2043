"""Invented files as an estate has them, to be judged many at a time: what starts Spark in each of the usual ways,
and what has nothing to do with it."""

PROPERTIES = """\
# Defaults of the reporting cluster.
spark.master                     yarn
spark.app.name                   reporting
spark.executor.instances         12
spark.executor.memory            8g
spark.executor.cores             4
spark.driver.memory              4g
spark.eventLog.enabled           true
spark.eventLog.dir               hdfs:///spark/events
spark.serializer                 org.apache.spark.serializer.KryoSerializer
spark.authenticate               true
spark.network.crypto.enabled     false
spark.ui.enabled                 true
spark.acls.enable                false
spark.ssl.ui.enabled             true
spark.ssl.ui.protocol            TLSv1.2
spark.driver.extraJavaOptions    -XX:+UseG1GC -Dlog4j.configuration=file:log4j.properties
spark.executor.extraJavaOptions  -XX:+UseG1GC -Dcom.sun.management.jmxremote.port=9999
spark.hadoop.fs.s3a.access.key   INVENTEDACCESSKEY012
spark.hadoop.fs.s3a.secret.key   invented/secret+key/for+the+tests/012345
spark.sql.shuffle.partitions     400
spark.dynamicAllocation.enabled  true
spark.shuffle.service.enabled    true
spark.redaction.regex            (?i)secret|password|token
"""

SHELL = """\
#!/bin/bash
# Starts the nightly load.
set -euo pipefail
APP_HOME=/opt/nightly
DAY=${1:-$(date -d yesterday +%F)}
export SPARK_HOME=/opt/spark
export AWS_SECRET_ACCESS_KEY=invented/secret+key/for+the+tests/012345

log() {
    echo "$(date +%T) $*" >&2
}

for table in orders customers stock; do
    log "loading $table of $DAY"
    "$SPARK_HOME/bin/spark-submit" \\
        --master yarn --deploy-mode cluster \\
        --name "nightly-$table" \\
        --queue batch \\
        --conf spark.authenticate=true \\
        --conf spark.network.crypto.enabled=true \\
        --conf "spark.executor.extraJavaOptions=-XX:+UseG1GC -Dapp.day=$DAY" \\
        --conf spark.ui.enabled=false \\
        --num-executors 12 --executor-memory 8g \\
        --files "$APP_HOME/log4j.properties" \\
        "$APP_HOME/load.py" --table "$table" --day "$DAY" || exit 1
done
log "done"
"""

APPLICATION = """\
apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata:
  name: orders
  namespace: batch
  labels: {team: sales}
spec:
  type: Python
  mode: cluster
  image: registry.example/spark:3.5.1
  mainApplicationFile: local:///opt/app/orders.py
  sparkVersion: 3.5.1
  sparkConf:
    spark.authenticate: "true"
    spark.network.crypto.enabled: "true"
    spark.eventLog.enabled: "true"
    spark.eventLog.dir: s3a://events/orders
    spark.hadoop.fs.s3a.endpoint: https://objects.example
  hadoopConf:
    fs.s3a.path.style.access: "true"
  driver:
    cores: 1
    memory: 2g
    serviceAccount: spark
    env:
      - name: STORE_PASSWORD
        valueFrom:
          secretKeyRef: {name: store, key: password}
      - name: MODE
        value: nightly
  executor:
    instances: 4
    cores: 2
    memory: 4g
    javaOptions: "-XX:+UseG1GC"
"""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: front
  labels: {app: front}
spec:
  replicas: 3
  selector:
    matchLabels: {app: front}
  template:
    metadata:
      labels: {app: front}
    spec:
      containers:
        - name: front
          image: registry.example/front:1.4
          ports: [{containerPort: 8080}]
          env:
            - {name: LEVEL, value: info}
          resources:
            limits: {cpu: "1", memory: 512Mi}
"""

DAG = """\
from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

ARGUMENTS = {
    "owner": "sales",
    "retries": 2,
    "retry_delay": timedelta(minutes=5),
}

with DAG("orders", default_args=ARGUMENTS, schedule="@daily", start_date=datetime(2025, 1, 1)) as dag:
    previous = None
    for table in ["orders", "customers", "stock"]:
        load = SparkSubmitOperator(
            task_id=f"load_{table}",
            application="/opt/app/load.py",
            conn_id="spark_yarn",
            conf={
                "spark.authenticate": "true",
                "spark.network.crypto.enabled": "true",
                "spark.yarn.queue": "batch",
                "spark.hadoop.fs.s3a.secret.key": "{{ conn.store.password }}",
            },
            driver_memory="2g",
            executor_memory="8g",
            num_executors=12,
            application_args=["--table", table, "--day", "{{ ds }}"],
        )
        if previous is not None:
            previous >> load
        previous = load
"""

JOB = '''\
"""Counts the orders of a day."""
import argparse
import logging

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

log = logging.getLogger(__name__)


def read(spark, day):
    return (
        spark.read.format("jdbc")
        .option("url", "jdbc:postgresql://db.example/orders")
        .option("dbtable", "orders")
        .option("user", "reader")
        .option("password", "invented-password-0123")
        .load()
        .where(F.col("day") == day)
    )


def count(frame):
    """Orders of each customer, the most first."""
    counted = frame.groupBy("customer").agg(F.count("*").alias("orders"), F.sum("amount").alias("amount"))
    for name in counted.columns:
        if name.startswith("_"):
            counted = counted.drop(name)
    return counted.orderBy(F.desc("orders"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", required=True)
    words = parser.parse_args()
    spark = (
        SparkSession.builder.appName("orders")
        .config("spark.sql.shuffle.partitions", "200")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    try:
        frame = count(read(spark, words.day))
        log.info("%d customers", frame.count())
        frame.write.mode("overwrite").parquet(f"s3a://lake/orders/day={words.day}")
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
'''

STEPS = """\
[
  {
    "Name": "orders",
    "ActionOnFailure": "CONTINUE",
    "HadoopJarStep": {
      "Jar": "command-runner.jar",
      "Args": ["spark-submit", "--deploy-mode", "cluster", "--conf", "spark.authenticate=true",
               "--conf", "spark.executor.memory=8g", "s3://jobs/orders.py", "--day", "2025-01-01"]
    }
  },
  {
    "Name": "stock",
    "ActionOnFailure": "CONTINUE",
    "HadoopJarStep": {
      "Jar": "command-runner.jar",
      "Args": ["spark-submit", "--class", "example.Stock", "s3://jobs/stock.jar"]
    }
  }
]
"""

SITE = """\
<?xml version="1.0"?>
<configuration>
  <property>
    <name>fs.s3a.endpoint</name>
    <value>https://objects.example</value>
  </property>
  <property>
    <name>fs.s3a.secret.key</name>
    <value>invented/secret+key/for+the+tests/012345</value>
  </property>
  <property>
    <name>hadoop.rpc.protection</name>
    <value>privacy</value>
    <final>true</final>
  </property>
</configuration>
"""

WORKFLOW = """\
name: release
on:
  push:
    branches: [main]
jobs:
  build:
    runs-on: ubuntu-latest
    env:
      SPARK_VERSION: 3.5.1
    steps:
      - uses: actions/checkout@v4
      - name: Test
        run: |
          pip install -r requirements.txt
          python -m pytest tests
      - name: Smoke
        run: |
          spark-submit --master local[2] --conf spark.ui.enabled=false jobs/smoke.py
"""

README = """\
# Orders

Counts what was ordered, every night. `load.py` is started by the DAG; how Spark is set up stands in conf/. The front
end knows nothing of it. Ask the sales team before you change a column: they have reports that read them by place.
"""

FRONT = '''\
"""What the front end shows of one customer."""
import json
from dataclasses import dataclass


@dataclass
class Customer:
    name: str
    orders: int = 0

    def as_row(self):
        return {"name": self.name, "orders": self.orders, "bonus": self.orders // 10 if self.orders > 20 else 0}


def load(path):
    with open(path, encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream if line.strip() and not line.startswith("#")]
    return [Customer(row["name"], int(row.get("orders", 0))) for row in rows]


def show(customers, limit=10):
    best = sorted(customers, key=lambda customer: (-customer.orders, customer.name))[:limit]
    for place, customer in enumerate(best, 1):
        print(f"{place:3} {customer.name:20} {customer.orders:6}")
'''

FILES = {
    "conf/spark-defaults.conf": PROPERTIES,
    "conf/core-site.xml": SITE,
    "bin/nightly.sh": SHELL,
    "deploy/orders.yaml": APPLICATION,
    "deploy/front.yaml": DEPLOYMENT,
    "dags/orders.py": DAG,
    "jobs/orders.py": JOB,
    "jobs/steps.json": STEPS,
    "front/customers.py": FRONT,
    ".github/workflows/release.yml": WORKFLOW,
    "README.md": README,
}


def write(directory, copies):
    """So many copies of the files, each beneath a directory of its own."""
    for copy in range(copies):
        for name, text in FILES.items():
            path = directory / f"{copy:04d}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return directory
