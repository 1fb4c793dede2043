"""Launches for test_effective_oracle.py: command lines, environments and files whose
effective configuration Spark and arrestor must tell alike. "{d}" is the case's own
directory, which is also SPARK_CONF_DIR."""

import shlex
from dataclasses import dataclass, field


@dataclass
class Case:
    argv: list
    files: dict = field(default_factory=dict)  # name → bytes
    env: dict = field(default_factory=dict)
    only_driver: frozenset = frozenset()  # keys that reach the driver, not the submission
    spark: str = ""  # first digits of the Spark versions it is about


def case(line, files=None, driver=(), spark="", **env):
    return Case(shlex.split(line), {name: data if isinstance(data, bytes) else data.encode()
                                    for name, data in (files or {}).items()},
                env, frozenset(driver), spark)


YARN = {"HADOOP_CONF_DIR": "/nonexistent"}
DEFAULTS = "spark-defaults.conf"
K8S = "spark-submit --master k8s://host:443"
ALONE = "spark-submit --master spark://host:7077"
JAR = "--class org.example.Main app.jar"

COMMAND_LINES = [
    case("spark-submit app.py"),
    case("spark-submit --conf spark.a=1 app.py"),
    case("spark-submit -c spark.a=1 app.py"),
    case("spark-submit --conf=spark.a=1 app.py"),
    case("spark-submit --conf spark.a=1 --conf spark.a=2 app.py"),
    case("spark-submit --conf spark.a=b=c=d app.py"),
    case("spark-submit --conf spark.a= app.py"),
    case("spark-submit --conf 'spark.a = true' app.py"),
    case("spark-submit --conf ' spark.a=true' app.py"),
    case("spark-submit --conf 'spark.a= true ' app.py"),
    case("spark-submit --conf fs.s3a.endpoint=x --conf hive.x=y app.py"),
    case("spark-submit --conf Spark.a=1 app.py"),
    case("spark-submit --conf 'spark.a=\"quoted\"' app.py"),
    case("spark-submit --driver-memory 1g --conf spark.driver.memory=9g app.py"),
    case("spark-submit --conf spark.driver.memory=9g --driver-memory 1g app.py"),
    case("spark-submit --driver-class-path /a --driver-library-path /b app.py"),
    case("spark-submit --driver-class-path /a --conf spark.driver.extraClassPath=/c app.py"),
    case("spark-submit --driver-java-options -Da=b app.py"),
    case("spark-submit --driver-java-options '-Dspark.q=1 -Dspark.r=\"x y\"' app.py"),
    case("spark-submit --conf spark.q=2 --driver-java-options '-Dspark.q=1' app.py"),
    case("spark-submit --conf spark.driver.defaultJavaOptions='-Dspark.q=1' "
         "--driver-java-options '-Dspark.q=2 -Dspark.q=3' app.py"),
    case("spark-submit --driver-java-options '-Dspark.master=yarn -Dspark.app.name=x' app.py"),
    case("spark-submit --name one --name two app.py"),
    case("spark-submit --name one --conf spark.app.name=two app.py"),
    case("spark-submit --conf spark.app.name=two app.py"),
    case("spark-submit --name '' app.py"),
    case(f"spark-submit {JAR}"),
    case("spark-submit path/to/some.py"),
    case("spark-submit --master 'local[4]' app.py"),
    case("spark-submit --master local --executor-memory 2g --executor-cores 2 app.py"),
    case("spark-submit --master local --total-executor-cores 2 --num-executors 3 app.py"),
    case("spark-submit --master 'local-cluster[2,1,1024]' --executor-memory 1g app.py"),
    case("spark-submit --master localhost:7077 app.py"),
    case("spark-submit --conf spark.master=yarn app.py", **YARN),
    case("spark-submit --master local --conf spark.master=yarn app.py"),
    case("spark-submit --queue q --num-executors 3 --executor-memory 2g --executor-cores 2 "
         "--master yarn app.py", **YARN),
    case("spark-submit --master yarn --deploy-mode cluster --driver-cores 2 --driver-memory 3g "
         f"--conf spark.driver.host=here {JAR}", **YARN),
    case("spark-submit --master yarn --jars a.jar,b.jar --files f --archives z.zip --py-files p.py "
         "--conf spark.yarn.dist.jars=c.jar --conf spark.files=g app.py", **YARN),
    case("spark-submit --master yarn --conf spark.jars=d.jar app.py", **YARN),
    case("spark-submit --master local --jars a.jar --files f --conf spark.jars=z.jar app.py"),
    case("spark-submit --master yarn --keytab /nonexistent-k app.py", **YARN),
    case(f"{ALONE} --total-executor-cores 4 --executor-memory 1g {JAR}"),
    case(f"{ALONE} --deploy-mode cluster --supervise --driver-cores 2 {JAR}"),
    case(f"{ALONE} --deploy-mode cluster --conf spark.driver.supervise=true {JAR}"),
    case(f"{ALONE} --deploy-mode cluster --packages a:b:1 --repositories https://r "
         f"--exclude-packages c:d {JAR}"),
    case(f"{ALONE} --principal p --keytab /nonexistent-k {JAR}"),
    case(f"{ALONE} --conf spark.yarn.principal=p --conf spark.yarn.keytab=/nonexistent-k {JAR}"),
    case(f"{K8S} --deploy-mode cluster --num-executors 2 --executor-cores 3 {JAR}"),
    case(f"{K8S} --total-executor-cores 4 --queue q {JAR}"),
    case(f"spark-submit --master k8s://https://host --deploy-mode cluster {JAR}"),
    case(f"spark-submit --master k8s://HTTP://host --deploy-mode cluster {JAR}"),
    case(f"{K8S} --deploy-mode cluster --driver-java-options -Dspark.q=1 {JAR}", driver=["spark.q"]),
    case("spark-submit --proxy-user bob app.py"),
    case("spark-submit app.py --conf spark.a=1 --master yarn"),
    case("spark-submit --supervise=false --verbose --conf spark.a=1 app.py"),
    case("spark-submit --name --conf app.py"),
    case("spark-submit --remote sc://host app.py"),
    case("spark-submit --conf spark.remote=sc://host app.py"),
    case("spark-submit --remote local --conf spark.local.connect=1 app.py", spark="3"),
    case("spark-submit --driver-java-options -Dx=Xmx app.py", spark="4"),
    case("spark-submit --driver-default-class-path /d app.py", spark="4"),
    case("spark-submit --load-spark-defaults=false app.py", spark="4"),
    case("spark-submit --conf spark.local.connect=1 app.py"),
    case("spark-submit --conf spark.api.mode=connect --master local app.py"),
    case("spark-submit --remote local app.py"),
    case("spark-submit --remote 'local[2]' --conf spark.a=1 app.py"),
    case("spark-submit $'--conf' $'spark.a=1\r' app.py".replace("$'", "'").replace("\\r", "\r")),
    case("spark-submit --conf 'spark.a=one\ntwo' app.py"),
    case("spark-submit --conf spark.dynamicAllocation.enabled=TRUE --num-executors 0 "
         "--master yarn app.py", **YARN),
    case("spark-submit --conf spark.master.rest.enabled=TRUE app.py"),
    case("spark-submit --driver-memory ' 512M ' app.py"),
    case("spark-submit --driver-memory 1048576 app.py"),
    case("spark2-submit --conf spark.a=1 app.py"),
    case("spark3-submit --conf spark.a=1 app.py"),
    case("/some/where/spark-submit --conf spark.a=1 app.py"),
    case("spark-shell --conf spark.a=1 script.scala --master 'local[2]' --name mine"),
    case("spark-sql -e 'select 1' --conf spark.a=1"),
    case("pyspark --conf spark.a='b \"c\" d' --master 'local[2]'"),
    case("pyspark --name mine"),
    case("pyspark --conf spark.api.mode=classic --conf spark.a=1", spark="4"),
    case("sparkR --conf spark.a=1"),
    case("spark-submit --class org.apache.spark.sql.hive.thriftserver.HiveThriftServer2 x "
         "--conf spark.a=1"),
    case("spark-submit --class org.apache.spark.repl.Main --conf spark.a=1 x --conf spark.b=2"),
    case("spark-submit pyspark-shell-main --conf spark.a=1"),
]

ENVIRONMENTS = [
    case("spark-submit app.py", MASTER="local[7]"),
    case("spark-submit --master 'local[1]' app.py", MASTER="local[7]"),
    case("spark-submit --conf spark.master=local app.py", MASTER="yarn"),
    case(f"{K8S} {JAR}", DEPLOY_MODE="cluster"),
    case("spark-submit app.py", SPARK_DRIVER_MEMORY="3g"),
    case("spark-submit --driver-memory 1g app.py", SPARK_DRIVER_MEMORY="3g"),
    case(f"{ALONE} {JAR}", SPARK_EXECUTOR_MEMORY="3g", SPARK_EXECUTOR_CORES="2"),
    case("spark-submit app.py", SPARK_EXECUTOR_MEMORY="3g", SPARK_EXECUTOR_CORES="2"),
    case("spark-submit --master yarn app.py", SPARK_YARN_APP_NAME="named", **YARN),
    case("spark-submit --master local app.py", SPARK_YARN_APP_NAME="named"),
    case("spark-submit app.py", SPARK_REMOTE="sc://host"),
]

FILES = [
    case("spark-submit app.py", {DEFAULTS: "spark.a 1\nspark.b=2\nspark.c: 3\nother=4\n"}),
    case("spark-submit --conf spark.a=9 app.py", {DEFAULTS: "spark.a 1\nspark.b 2\n"}),
    case("spark-submit --properties-file {d}/p app.py", {DEFAULTS: "spark.a 1\nspark.b 2\n", "p": "spark.a 3"}),
    case("spark-submit --load-spark-defaults --properties-file {d}/p app.py",
         {DEFAULTS: "spark.a 1\nspark.b 2\n", "p": "spark.a 3"}, spark="4"),
    case("spark-submit --properties-file={d}/p app.py", {"p": "spark.a 3\r\nspark.b 4\r\n"}),
    case("spark-submit --properties-file {d}/p --properties-file {d}/q app.py",
         {"p": "spark.a 1\nspark.p 1", "q": "spark.a 2"}),
    case("spark-submit app.py", {DEFAULTS: "spark.a 1\nspark.a 2\n"}),
    case("spark-submit app.py", {DEFAULTS: "spark.a true # why\n#spark.b 1\n! spark.c 1\n"}),
    case("spark-submit app.py", {DEFAULTS: "\ufeffspark.a 1\nspark.b 2\n"}),
    case("spark-submit app.py", {DEFAULTS: b"spark.a caf\xe9\nspark.b caf\xc3\xa9\n"}),
    case("spark-submit app.py", {DEFAULTS: "spark.a one,\\\n    two,\\\n    three\nspark.b x\\ty\\u0041\n"}),
    case("spark-submit app.py", {DEFAULTS: "spark.a = \\  1  \\n \nspark.b\nspark.c=\\\\\n"}),
    case("spark-submit app.py", {DEFAULTS: "spark.driver.memory 3g\nspark.app.name file\nspark.master local[3]\n"}),
    case("spark-submit --name flag app.py", {DEFAULTS: "spark.app.name file\n"}),
    case("spark-submit app.py", {DEFAULTS: "spark.driver.extraJavaOptions -Dspark.q=1\n"}),
    case("spark-submit --executor-memory 4g --master yarn app.py", {DEFAULTS: "spark.executor.memory 1g\n"}, **YARN),
    case("pyspark", {DEFAULTS: "spark.a 1\n"}),
    case("spark-submit app.py", {DEFAULTS: "spark.a \\ud83d\\ude00\nspark.b \U0001f600\n"}),
    case("spark-submit app.py", {DEFAULTS: ""}),
]

REFUSED = [
    case("spark-submit --conf spark.a=1"),
    case("spark-submit --conf"),
    case("spark-submit --conf spark.a app.py"),
    case("spark-submit --conf --master app.py"),
    case("spark-submit --conf= app.py"),
    case("spark-submit -c=spark.a=1 app.py"),
    case("spark-submit --CONF spark.a=1 app.py"),
    case("spark-submit --execut-memory 1g app.py"),
    case("spark-submit --load-spark-defaults app.py", spark="3"),
    case("spark-submit --driver-default-class-path /d app.py", spark="3"),
    case("spark-submit --driver-memory 1g --driver-java-options 'a \\' app.py"),
    case("spark-submit --extra-properties-file {d}/missing app.py"),
    case("spark-submit '--conf=spark.a=one\ntwo' app.py"),
    case("spark-submit --master nowhere app.py"),
    case("spark-submit --master '' app.py"),
    case("spark-submit --deploy-mode both app.py"),
    case("spark-submit --conf spark.submit.deployMode=both app.py"),
    case("spark-submit --deploy-mode cluster app.py"),
    case(f"{ALONE} --deploy-mode cluster app.py"),
    case(f"{ALONE} --deploy-mode cluster app.R"),
    case("pyspark --master yarn --deploy-mode cluster", **YARN),
    case("spark-sql --master yarn --deploy-mode cluster", **YARN),
    case("pyspark word"),
    case("spark-submit --remote sc://host --master local app.py"),
    case("spark-submit --remote sc://host --deploy-mode client app.py"),
    case("spark-submit --driver-memory 0 app.py"),
    case("spark-submit --driver-memory much app.py"),
    case("spark-submit --driver-memory 1.5g app.py"),
    case("spark-submit --executor-memory 1xb app.py"),
    case("spark-submit --executor-cores 0 app.py"),
    case("spark-submit --executor-cores ' 2' app.py"),
    case("spark-submit --num-executors -1 app.py"),
    case("spark-submit --conf spark.cores.max=x app.py"),
    case("spark-submit app.py", SPARK_DRIVER_MEMORY="none"),
    case("spark-submit --proxy-user bob --principal p app.py"),
    case("spark-submit --proxy-user bob --conf spark.yarn.principal=p app.py"),
    case("spark-submit --master k8s:host app.py"),
    case("spark-submit --master k8s://ftp://host app.py"),
    case("spark-submit --conf spark.master.rest.enabled=yes app.py"),
    case("spark-submit --driver-java-options -Xmx2g app.py"),
    case("spark-submit --conf spark.driver.defaultJavaOptions=-Dx=Xmx app.py", spark="3"),
    case("spark-submit --driver-java-options '-Dx=\"open' app.py"),
    case("spark-submit --properties-file {d}/missing app.py"),
    case("spark-submit app.py", {DEFAULTS: "spark.a \\u00\n"}),
    case("spark-submit --properties-file {d}/p app.py", {"p": "spark.submit.deployMode both\n"}),
    case("spark-submit spark-internal"),
]


def about(cases, version):
    """Those of the cases that hold for a version such as "3.5.7"."""
    return [each for each in cases if version.startswith(each.spark)]
