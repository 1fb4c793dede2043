"""What a real driver finds itself with is what was judged: every key, every value, every variable.

Two tangles, one of Python and one of Java. Between the verdict and Spark a wrapper rewrites
all that was read, and spark-env.sh says something else each time that it is sourced. Compared
are `effective` in the same environment, the judge's own view (a dry run's), the same without
redaction (effective_batch), and the driver; and the driver's environment with that which Spark's
own scripts give to Java without arrestor.

No variable can change between the verdict and exec: monitor keeps one record of the environment
after spark-env.sh, seals a copy of it for the judge, and starts Spark with the record; roles have
no way to write to it. What is changed on purpose stands in CHANGED.
"""

import json
import shlex
import subprocess
import zipfile

import pytest

import conftest
import house
import spark_oracle

import compare  # of tests/ref/spark, as spark_oracle finds it
from benches import Batch

SOURCE = house.ROOT / "tests/ref/TellDriver.java"
JOB = house.ROOT / "tests/e2e/told_job.py"
NEWER = spark_oracle.spark().line >= (4, 0)
POISON = "after-the-verdict"
INJECTED = "spark.executorEnv.ARRESTOR_DIR"
REDACTED = "(redacted)"
PLANTED = "invented/secret+key/for+this+tangle/678"

# What SparkContext adds to what it was started with, some of it from 4.x on; of the Java options
# it sets its own in front.
ADDED = {"spark.app.id", "spark.app.startTime", "spark.driver.port", "spark.executor.id"}
DIFFERS_IN_NEWER = {"spark.hadoop.fs.s3a.vectored.read.min.seek.size", "spark.sql.artifact.isolation.enabled",
                    "spark.hadoop.fs.s3a.vectored.read.max.merged.size", "spark.rdd.compress"} if NEWER else set()
ADDED_IN_FRONT = {"spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions"}
ADDED_BY_PYTHON = {"spark.rdd.compress", "spark.serializer.objectStreamReset"}
ADDED_FOR_JARS = {"spark.app.initial.jar.urls"}
# Options of the driver's JVM that Spark's launcher adds: memory, class path, modules.
OF_LAUNCHER = ("-Xmx", "-XX:+IgnoreUnrecognizedVMOptions", "--add-opens=", "--enable-native-access=", "--add-modules=",
               "-Djava.net.preferIPv6Addresses=", "-Djdk.reflect.useDirectMethodHandle=",
               "-Dio.netty.", "-Dderby.connection.requireAuthentication=",
               "--sun-misc-unsafe-memory-access=")
# Variables that arrestor changes: the frozen copies, the set, and what it used itself.
CHANGED = {"SPARK_CONF_DIR": "/spark", "HADOOP_CONF_DIR": "/hadoop", "ARRESTOR_DIR": "/current"}
TAKEN_OUT = {"ARRESTOR_STRONGBOX", "ARRESTOR_STRONGBOX_KEY"}
# To which 4.x appends the same option each time that load-spark-env.sh is sourced, here once more.
APPENDED = {"SPARK_BEELINE_OPTS"}
# Variables that PythonRunner gives to Python beyond the driver's own.
OF_PYTHON = {"PYTHONPATH", "PYTHONUNBUFFERED", "PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET",
             "SPARK_AUTH_SOCKET_TIMEOUT", "SPARK_BUFFER_SIZE"} | ({"MASTER"} if NEWER else set())

# In place of java: as launcher it answers that the driver is to be itself (an empty word comes
# first), and as driver it writes down the environment that Spark's scripts have made.
PLAIN_JAVA = """#!/bin/sh
[ "$*" != driver ] || exec /usr/bin/env -0 > '{record}'
printf '\\0\\n%s\\0driver\\0' "$0"
"""

# What the user calls for spark-submit: whatever was read is another before Spark's own begins.
WRAPPER = """#!/bin/sh
for file in {files}; do printf '%s\\n' '{line}' > "$file"; done
echo "$0" >> {ran}
exec {spark}/bin/spark-submit "$@"
"""

# The first time it says one thing, and another later.
SPARK_ENV = """
echo sourced >> {counter}
turn=$(wc -l < {counter})
SPARK_SUBMIT_OPTS="$SPARK_SUBMIT_OPTS -Dspark.t.turn=$turn -Dspark.t.over=submit"
SPARK_T_TURN=$turn
PATH={decoy}:$PATH
unset turn
"""

JOB_CONF = r"""
# a comment \
spark.t.colon: with white space
spark.t.equals=x=y
spark.t.long one,\
    two,\
    three
spark.t.escaped \u0041\tb \\ \u20ac
spark.t.twice 1
spark.t.twice 2
spark.t.over file
spark.t.empty
spark.t.hash value # no comment
spark.ui.enabled=false
spark.io.encryption.enabled=true
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.master local[2]
spark.driver.extraJavaOptions -Dspark.t.lost=whole
not.of.spark 1
"""
DEFAULTS = r"""
spark.app.name    of the defaults
spark.ui.enabled  false
spark.io.encryption.enabled true
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.t.over defaults
spark.t.only defaults
spark.driver.extraJavaOptions -Dspark.t.options=defaults -Dspark.t.over=options "-Dspark.t.quoted=a b"
spark.hadoop.fs.s3a.secret.key """ + PLANTED + "\n"
SITE_XML = "<configuration><property><name>fs.t.site</name><value>judged</value></property></configuration>\n"


def write_program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


class Tangle(house.Site):
    """A site whose launch is rewritten by everything that comes after the verdict."""

    def prepare(self):
        conftest.fill(self, house.SPARK)
        self.counter, self.ran, self.job_conf = self.path / "counter", self.path / "ran", self.path / "job.conf"
        self.other, self.hadoop = self.path / "other", self.path / "hadoop"
        self.other.mkdir()
        self.hadoop.mkdir()
        self.files = [self.conf / "spark-defaults.conf", self.conf / "spark-env.sh", self.conf / "java-opts",
                      self.job_conf, self.other / "spark-defaults.conf", self.hadoop / "core-site.xml"]
        self.files[-1].write_text(SITE_XML, encoding="utf-8")
        for place in ("bin", "decoy"):
            write_program(self.path / place / "spark-submit", WRAPPER.format(
                files=" ".join(map(str, self.files)), line=f"spark.t.over {POISON}", ran=self.ran, spark=house.SPARK))
        self.environment.update(
            ARRESTOR_STRONGBOX=str(self.box), ARRESTOR_STRONGBOX_KEY=str(self.key), HADOOP_CONF_DIR=str(self.hadoop),
            PATH=f"{self.path}/bin:{self.environment['PATH']}", FAKE_RECORD=str(self.record_path),
            SPARK_EXECUTOR_MEMORY="700m", SPARK_SUBMIT_OPTS="-Dspark.t.submit=caller",
            JAVA_TOOL_OPTIONS="-XX:TieredStopAtLevel=1", T_QUOTED="a 'b' \"c\" $d \\e\nf", T_EMPTY="")
        return self

    def write_spark_env(self, more=""):
        text = SPARK_ENV.format(counter=self.counter, decoy=self.path / "decoy") + more
        (self.conf / "spark-env.sh").write_text(text, encoding="utf-8")

    def forget(self):
        self.counter.unlink(missing_ok=True)

    # ---- The tellings

    def effective(self, words):
        """`effective` where spark-env.sh has been sourced, as Spark's own script does it."""
        self.forget()
        script = '. "$SPARK_HOME/bin/load-spark-env.sh"; exec "$0" effective --format json -- "$@"'
        run = subprocess.run(["/bin/bash", "-c", script, house.ARRESTOR, *words], env=self.environment, cwd=self.path,
                             capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr + run.stdout
        return settings_of(json.loads(run.stdout))

    def judged(self, words):
        self.forget()
        run = self.arrestor("run", "--dry-run", "--format", "json", "-c", self.yaml, "--", *words)
        assert run.status == 0, run.err + run.out
        told = json.loads(run.out)
        assert told["starts"] and told["program"] == f"{self.path}/bin/spark-submit"
        self.java = told["effective"]["java"]
        return settings_of(told["effective"])

    def unredacted(self, words, environment):
        with Batch() as batch:
            answer = batch.launch(list(words), environment, spark_oracle.spark().line)
        assert "conf" in answer, answer
        return answer["conf"]

    def plain_environment(self, words):
        """What the driver's Java is given by Spark's scripts without arrestor."""
        self.forget()
        record, home = self.path / "plain", self.path / "java"
        write_program(home / "bin/java", PLAIN_JAVA.format(record=record))
        subprocess.run([house.SPARK / "bin/spark-submit", *words[1:]], cwd=self.path, check=True,
                       env={**self.environment, "JAVA_HOME": str(home)})
        plain = dict(entry.split("=", 1) for entry in record.read_text(encoding="utf-8").split("\0") if entry)
        return {name: value for name, value in {**plain, "JAVA_HOME": self.environment.get("JAVA_HOME")}.items()
                if value is not None}

    def real(self, words):
        """What the driver tells, started by `run`."""
        self.forget()
        run = self.run(*words, timeout=300)
        assert run.status == 0, run.err
        return json.loads(run.out)


def settings_of(effective):
    assert not effective["open"], effective
    return {setting["key"]: setting["value"] for setting in effective["settings"]}


class Tellings:
    """All of them about one tangle."""

    def __init__(self, site, words, words_of_the_job):
        self.site, self.words_of_the_job = site, words_of_the_job
        words = [*words, *words_of_the_job]
        self.effective, self.judged = site.effective(words), site.judged(words)
        self.java = site.java
        self.plain = site.plain_environment(words)
        self.whole = site.unredacted(words, self.plain)
        self.real = site.real(words)
        self.sourced = site.counter.read_text()


def make_python(path):
    site = Tangle(path / "python").prepare()
    site.write_spark_env(more="SPARK_DRIVER_MEMORY=800m\n")
    site.write_conf({**house.SAFE, "spark.t.only": "defaults", "spark.ui.enabled": "true"})
    site.job_conf.write_text(JOB_CONF, encoding="utf-8")
    (site.conf / "java-opts").write_text("-Dspark.t.javaopts=1 -Dspark.t.over=javaopts\n", encoding="utf-8")
    site.environment["JAVA_TOOL_OPTIONS"] += " -Dspark.t.tool=1 -Dspark.t.javaopts=tool"
    return Tellings(site, ["spark-submit", "--properties-file", str(site.job_conf), "--conf", "spark.t.argument=1",
                           "--conf", "spark.t.quotes=a \"b\" 'c' \\d $e", "-c", "spark.t.argument=2",
                           "--name", "tangle", "--driver-java-options",
                           "-Dspark.t.option=java -Dspark.t.twice=java -Dt.plain=1", str(JOB)],
                    ["--conf", "spark.t.argument=3"])


def make_java(path):
    site = Tangle(path / "java").prepare()
    classes = path / "classes"
    classes.mkdir()
    subprocess.run([spark_oracle.java("javac"), "-nowarn", "-d", classes, "-cp", f"{spark_oracle.jars()}/*", SOURCE],
                   check=True)
    with zipfile.ZipFile(path / "tell.jar", "w") as jar:
        jar.write(classes / "TellDriver.class", "TellDriver.class")
    site.write_spark_env(more=f"SPARK_CONF_DIR={site.other}\nMASTER='local[1]'\n")
    site.configure(mode="warn")
    site.write_conf({**house.SAFE, "spark.t.first": "1"})
    (site.other / "spark-defaults.conf").write_text(DEFAULTS, encoding="utf-8")
    return Tellings(site, ["spark-submit", "--class", "TellDriver",
                           "--conf=spark.t.over=argument", str(path / "tell.jar")], ["a b", ""])


@pytest.fixture(scope="module", params=[make_python, make_java], ids=["python", "java"])
def told(request, tmp_path_factory):
    return request.param(tmp_path_factory.mktemp("tangle"))


def test_effective_tells_what_is_judged_but_for_what_arrestor_adds(told):
    assert [key for key, value in told.judged.items() if told.effective.get(key) != value] == [INJECTED]
    assert told.effective.items() <= told.judged.items()
    hidden = {key: REDACTED for key, value in told.effective.items() if value == REDACTED}
    assert list(hidden) == [key for key, value in told.whole.items() if value == PLANTED]
    assert {**told.whole, **hidden} == told.effective


def test_the_driver_starts_with_every_setting_that_was_judged_and_no_other(told):
    properties = {key: value for key, value in told.real["properties"].items() if key.startswith("spark.")}
    directory = told.real["environment"]["ARRESTOR_DIR"]
    assert directory.startswith(told.judged[INJECTED].partition("ID")[0])  # which is new in each launch
    assert compare.differences({"conf": {**told.whole, INJECTED: directory}}, {"conf": properties}) == []
    assert len(properties) >= len(told.whole) > 12 and "not.of.spark" not in told.real["properties"]


def test_the_context_adds_nothing_but_what_is_listed(told):
    conf, before = told.real["conf"], told.real["properties"]
    assert {key for key in before if key.startswith("spark.") and key not in conf} == set()
    added = {key for key, value in conf.items() if before.get(key) != value}
    listed = ADDED | ADDED_IN_FRONT | (ADDED_BY_PYTHON if "python" in told.real else ADDED_FOR_JARS)
    assert added ^ listed <= DIFFERS_IN_NEWER
    assert all(conf[key].endswith(told.whole.get(key, "")) for key in ADDED_IN_FRONT)


def test_the_drivers_java_has_every_option_that_was_judged_and_no_other(told):
    texts = [each["value"] for each in told.java] + [told.whole["spark.driver.extraJavaOptions"]]
    real = [word for word in told.real["options"] if not word.startswith(OF_LAUNCHER)]
    assert real == [word for text in texts for word in shlex.split(text)]
    assert len(real) > 6


def test_the_environment_is_that_of_sparks_own_scripts_but_for_what_is_listed(told):
    real, plain = told.real["environment"], told.plain
    changed = {name for name in real.keys() | plain.keys() if real.get(name) != plain.get(name)}
    assert changed - (APPENDED if NEWER else set()) == CHANGED.keys() | TAKEN_OUT
    assert not TAKEN_OUT & real.keys()
    for name, end in CHANGED.items():
        assert real[name].startswith(real["ARRESTOR_DIR"].removesuffix("/current")) and real[name].endswith(end)
    assert real["T_QUOTED"] == told.site.environment["T_QUOTED"] and real["T_EMPTY"] == ""


def test_python_is_given_the_drivers_environment(told):
    driver = told.real["environment"]
    python = told.real.get("python", driver)  # without one there is nothing more
    added = {name for name in python if python[name] != driver.get(name)}
    assert added == (OF_PYTHON if "python" in told.real else set())
    assert driver.keys() <= python.keys()


def test_what_is_another_after_the_verdict_is_not_read(told):
    for file in told.site.files:
        assert file.read_text() == f"spark.t.over {POISON}\n", "never rewritten: the test proves nothing"
    assert POISON not in json.dumps(told.real)
    assert told.sourced == "sourced\n" and told.real["properties"]["spark.t.turn"] == "1"
    assert told.real["hadoop"] == "judged"


def test_the_program_is_the_one_that_the_callers_path_named(told):
    assert told.real["environment"]["PATH"].startswith(f"{told.site.path}/decoy:")
    assert told.site.ran.read_text() == f"{told.site.path}/bin/spark-submit\n"


def test_the_words_for_the_job_are_the_callers(told):
    assert told.real["arguments"] == told.words_of_the_job
