"""A job whose setters are tried on real Spark by test_source_effects.py: it prints what each did.

What stands here as a literal call is also what arrestor's reader is given.
"""

import json
import sys

from pyspark import SparkConf
from pyspark.sql import SparkSession

seen, raised = {}, []


def try_to(key, setter):
    try:
        setter()
    except Exception:  # pylint: disable=broad-except
        raised.append(key)


conf = SparkConf()
conf.set("spark.t.conf", "1").setAll([("spark.t.all", "2")])
conf.setIfMissing("spark.t.missing", "3")
conf.setIfMissing("spark.t.given", "weaker")
conf.setIfMissing("spark.t.conf", "no")
conf.setExecutorEnv("T_ENV", "4")
spark = (SparkSession.builder.master("local[1]").appName("effects").config(conf=conf)
         .config("spark.t.builder", "5").config(map={"spark.t.map": "6"}).config("spark.t.true", True)
         .config("spark.ui.enabled", "false").config("spark.driver.memory", "3g")
         .config("spark.t.argument", "code").getOrCreate())
conf.set("spark.t.spent", "7")
spark.sparkContext.getConf().set("spark.t.copy", "8")
spark.conf.set("fs.t.plain", "9")
spark.conf.set("spark.hadoop.fs.t.prefixed", "10")
spark.conf.set("spark.sql.ansi.enabled", True)
spark.sql("SET spark.sql.caseSensitive = true")
spark.sparkContext._jsc.hadoopConfiguration().set("fs.t.direct", "11")
try_to("spark.authenticate", lambda: spark.conf.set("spark.authenticate", "true"))
try_to("spark.sql.warehouse.dir", lambda: spark.conf.set("spark.sql.warehouse.dir", "/t"))
try_to("spark.acls.enable", lambda: spark.sql("SET spark.acls.enable=true"))

core = dict(spark.sparkContext.getConf().getAll())
hadoop = spark._jsparkSession.sessionState().newHadoopConf()
jvm = spark._jvm
entries = getattr(getattr(jvm.org.apache.spark.internal.config, "ConfigEntry$"), "MODULE$").knownConfigs()
json.dump({
    "core": core,
    "hadoop": {key: hadoop.get(key) for key in ("fs.t.plain", "fs.t.prefixed", "fs.t.direct")},
    "sql": {key: spark.conf.get(key) for key in ("spark.sql.ansi.enabled", "spark.sql.caseSensitive")},
    "raised": raised,
    "memory": jvm.java.lang.Runtime.getRuntime().maxMemory(),
    "modifiable": {key: spark.conf.isModifiable(key) for key in list(entries.keySet())},
}, sys.stdout)
spark.stop()
