"""Options of Java that stand beside the configuration: what Spark makes of them is judged, wherever they stand.

Whether arrestor reads them as Spark does is asked of Spark itself; what is refused and what
is let through is seen with the fake one.
"""

import json
import shlex
import subprocess

import pytest

import house

OPEN_DEBUG = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:0"
JMX = "-Dcom.sun.management.jmxremote"
OPEN_JMX = f"{JMX}.port=0 {JMX}.authenticate=false {JMX}.ssl=false"
LOOPBACK = [f"{JMX}.port=0 {JMX}.host=127.0.0.1 {JMX}.authenticate=false {JMX}.ssl=false",
            "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0"]
THRIFT = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"

VARIABLES = ["SPARK_SUBMIT_OPTS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "SPARK_LAUNCHER_OPTS"]
PLACES = [*VARIABLES, "java-opts", "spark-env.sh"]

# The driver's JVM tells which settings it was given, and under which options it runs.
JOB = """
import json
from pyspark import SparkContext
SparkContext._ensure_initialized()
java = SparkContext._jvm
settings = {pair._1(): pair._2() for pair in java.org.apache.spark.SparkConf(True).getAll()}
options = list(java.java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments())
print(json.dumps({"settings": settings, "options": [str(option) for option in options]}))
"""


def put(site, place, options):
    """Writes options into a place; gives the environment for it."""
    if place == "java-opts":
        (site.conf / "java-opts").write_text(f"\n{options}\n")
    elif place == "spark-env.sh":
        (site.conf / "spark-env.sh").write_text(f"export SPARK_SUBMIT_OPTS={shlex.quote(options)}\n")
    else:
        return {place: options}
    return {}


def shown(place):
    """How a finding names the place."""
    return {"java-opts": "/java-opts:2:1", "spark-env.sh": "variable SPARK_SUBMIT_OPTS"}.get(place, f"variable {place}")


# ---- What Spark makes of them


def options(value, keys):
    return " ".join(f"-Dspark.x.{key}={value}" for key in keys)


@pytest.fixture
def real(site):
    site.environment.update(SPARK_HOME=str(house.SPARK), PATH=f"{house.SPARK}/bin:{site.environment['PATH']}")
    (site.path / "job.py").write_text(JOB)
    return site


def run_real(site, *words):
    done = subprocess.run(words, env=site.environment, cwd=site.path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_place_has_the_strength_that_spark_gives_it(real):
    """Each letter stands in one place, and in every one that is stronger or weaker in some order."""
    (real.conf / "java-opts").write_text(f"{options('file', 'abcdh')}\n\n {options('second', 'hj')}\r\n")
    real.write_conf({"spark.master": "local[1]", "spark.x.f": "defaults"})
    real.environment.update({
        "JAVA_TOOL_OPTIONS": f'{options("tool", "abi")} -Dx="a\\" -Dspark.x.k=slash -Dy="b"',
        "JDK_JAVA_OPTIONS": options("jdk", "abci"), "SPARK_SUBMIT_OPTS": options("submit", "abdef"),
        "_JAVA_OPTIONS": options("under", "aef"), "SPARK_DAEMON_JAVA_OPTS": options("daemon", "al"),
        "SPARK_LAUNCHER_OPTS": options("launcher", "am"), "SPARK_JAVA_OPTS": options("old", "an"),
        "PYSPARK_SUBMIT_ARGS": "--conf spark.x.a=args --conf spark.x.o=args pyspark-shell"})
    words = ["spark-submit", "--driver-java-options", options("extra", "adeg"), "--conf", "spark.x.g=conf", "job.py"]
    theirs = run_real(real, *words)["settings"]
    ours = json.loads(real.arrestor("effective", "--format", "json", "--", *words).out)["settings"]
    mine = {setting["key"]: setting["value"] for setting in ours if setting["key"].startswith("spark.x.")}
    assert mine == {key: value for key, value in theirs.items() if key.startswith("spark.x.")}
    assert (mine["spark.x.a"], mine["spark.x.c"], mine["spark.x.g"]) == ("under", "file", "conf")
    assert "spark.x.k" in mine and not {"spark.x.l", "spark.x.m", "spark.x.n", "spark.x.o"} & set(mine)


def test_options_that_do_no_harm_reach_the_job(real):
    (real.path / "log.properties").write_text("rootLogger.level = error\n")
    wanted = ["-Xmx700m", "-Duser.timezone=UTC", "-Dlog4j.configuration=file:log.properties", *LOOPBACK]
    real.environment["SPARK_SUBMIT_OPTS"] = " ".join(wanted)
    result = real.run("spark-submit", "--conf", "spark.master=local[1]", "job.py")
    assert result.status == 0, result.err
    given = json.loads(result.out.splitlines()[-1])["options"]
    assert set(" ".join(wanted).split()) <= set(given)


# ---- What is refused


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("harmful, rule", [
    (OPEN_DEBUG, "JVM-DEBUG-001"), (f"-Xmx1g {OPEN_JMX}", "JVM-JMX-001"),
    (f"-D{house.UNSAFE_KEY}={house.UNSAFE_VALUE}", "PLAINTEXT-S3A-001"),
    ("-Djavax.net.ssl.trustStorePassword=invented-for-the-tests", "PLAINTEXT-OTHER-001"),
], ids=["debug", "jmx", "setting", "password"])
def test_harmful_options_are_refused_by_their_place(site, place, harmful, rule):
    environment = put(site, place, harmful)
    result = site.run("spark-submit", "job.py", environment=environment)
    assert (result.status, result.record) == (77, None), result.err
    assert shown(place) in result.err
    if place != "SPARK_LAUNCHER_OPTS":  # its settings are none of the driver's; it is plain text all the same
        assert rule in result.last_line
    assert house.UNSAFE_VALUE not in result.err and "invented-for-the-tests" not in result.err


@pytest.mark.parametrize("command, status", [(["check", "--"], 1), (["gate", "--"], 77)])
@pytest.mark.parametrize("place", VARIABLES + ["java-opts"])
def test_check_and_gate_see_the_same(site, place, command, status):
    words = ["spark-submit"] if command[0] == "check" else ["org.apache.spark.deploy.SparkSubmit"]
    done = site.arrestor(*command, *words, "job.py", environment=put(site, place, OPEN_DEBUG))
    assert done.status == status, done.out + done.err
    assert "JVM-DEBUG-001" in done.out + done.err and shown(place) in done.out + done.err


@pytest.mark.parametrize("place", PLACES)
def test_harmless_options_are_let_through(site, place):
    harmless = ["-Xmx2g", "-XX:+UseG1GC", "-Duser.timezone=UTC", "-Dlog4j.configuration=file:log.properties", JMX,
                "-javaagent:/opt/apm/agent.jar=service=orders", "-Dapp.home=${HOME}", "-Dspark.app.note=x", *LOOPBACK]
    result = site.run("spark-submit", "job.py", environment=put(site, place, " ".join(harmless)))
    assert result.status == 0, result.err
    assert result.record


CLUSTER = ["--master", "yarn", "--deploy-mode", "cluster"]


@pytest.mark.parametrize("place, words", [
    ("SPARK_LAUNCHER_OPTS", []), ("SPARK_LAUNCHER_OPTS", CLUSTER), ("JAVA_TOOL_OPTIONS", CLUSTER),
    ("SPARK_SUBMIT_OPTS", CLUSTER), ("java-opts", CLUSTER)])
@pytest.mark.parametrize("closed", [f"{JMX}.host=127.0.0.1", f"{JMX}.authenticate=true"], ids=["host", "password"])
def test_what_another_jvm_is_given_closes_no_port_of_the_drivers(site, place, words, closed):
    site.environment["HADOOP_CONF_DIR"] = str(site.conf)
    port = f"{JMX}.port=9010" + (f" {JMX}.authenticate=false {JMX}.ssl=false" if "host" in closed else "")
    command = ["check", "--", "spark-submit", *words, "--conf", f"spark.driver.extraJavaOptions={port}"]
    done = site.arrestor(*command, "job.py", environment=put(site, place, closed))
    assert done.status == 1 and "JVM-JMX-001" in done.out, done.out + done.err
    alone = [*command[:-1], f"spark.driver.extraJavaOptions={port} {closed}"]
    if "host" in closed:
        alone[-1] = f"spark.driver.extraJavaOptions={LOOPBACK[0]}"
    done = site.arrestor(*alone, "job.py", environment=put(site, place, "-Xmx1g -Duser.timezone=UTC"))
    assert "JVM-JMX-001" not in done.out, done.out + done.err


@pytest.mark.parametrize("place", ["SPARK_SUBMIT_OPTS", "JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "java-opts"])
@pytest.mark.parametrize("word", ["@options", "-XX:VMOptionsFile=options", "-XX:Flags=options"])
def test_options_from_a_file_that_is_not_frozen_are_refused(site, place, word):
    (site.path / "options").write_text(f"{OPEN_DEBUG}\n")
    result = site.run("spark-submit", "job.py", environment=put(site, place, word))
    assert (result.status, result.record) == (77, None), result.err
    assert shown(place) in result.err and "file of options: write them here" in " ".join(result.err.split())


def test_options_of_a_daemon_count_for_a_server_only(site):
    environment = {"SPARK_DAEMON_JAVA_OPTS": OPEN_DEBUG}
    assert site.run("spark-submit", "job.py", environment=environment).status == 0
    result = site.run("spark-submit", "--class", THRIFT, "spark-internal", environment=environment)
    assert result.status == 77 and shown("SPARK_DAEMON_JAVA_OPTS") in result.err


def test_java_opts_with_an_open_quote_are_refused_as_spark_does(site):
    (site.conf / "java-opts").write_text("-Xmx1g\n-Dx='open\n")
    result = site.run("spark-submit", "job.py")
    assert (result.status, result.record) == (77, None)
    assert "/java-opts:2:1" in result.err and "close it" in result.err


@pytest.mark.parametrize("command, status", [(["check", "--"], 3), (["run", "--"], 77)])
def test_java_opts_with_a_nul_are_refused(site, command, status):
    """Spark's launcher separates words by NUL: what follows one is an option of its own."""
    (site.conf / "java-opts").write_bytes(f"-Xmx1g\n-Da=b\0{OPEN_DEBUG}\n".encode())
    done = site.arrestor(*command, "spark-submit", "job.py")
    assert done.status == status, done.out + done.err
    assert "/java-opts:2:6" in done.err and "NUL" in done.err and "remove it" in done.err


def test_effective_shows_them_and_no_password(site):
    environment = {"SPARK_SUBMIT_OPTS": "-Xmx1g", "JAVA_TOOL_OPTIONS": "-Dapp.password=invented-for-the-tests"}
    done = site.arrestor("effective", "--", "spark-submit", "job.py", environment=environment)
    assert "SPARK_SUBMIT_OPTS -Xmx1g\t(options of Java)" in done.out
    assert "JAVA_TOOL_OPTIONS (redacted)\t(options of Java)" in done.out


@pytest.mark.parametrize("name", ['"pass"word', "pa'ss'word", "pass\\word", 'key"Password"', "'password'"])
def test_quotes_in_a_name_hide_no_password(site, name):
    environment = {"SPARK_SUBMIT_OPTS": f"-Dapp.{name}=invented-for-the-tests"}
    done = site.arrestor("effective", "--", "spark-submit", "job.py", environment=environment)
    assert "SPARK_SUBMIT_OPTS (redacted)" in done.out and "invented" not in done.out + done.err
    done = site.arrestor("check", "--", "spark-submit", "job.py", environment=environment)
    assert done.status == 1 and "invented" not in done.out + done.err
