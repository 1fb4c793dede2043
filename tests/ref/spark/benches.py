"""The two sides that are compared: a JVM with Spark's own classes (SubmitOracle.java),
and arrestor's library (tests/ref/effective_batch.c). Both stay up and take one
question after the other, one JSON object a line."""

import json
import os
import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("ARRESTOR_BUILD", ROOT / "build"))
SOURCES = sorted(pathlib.Path(__file__).parent.glob("*.java"))
OPENS = [f"--add-opens=java.base/{package}=ALL-UNNAMED"
         for package in ("java.lang", "java.util", "java.net", "java.nio", "sun.nio.ch", "sun.security.action")]
THRIFT = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"

# Scripts that the wheels of pyspark leave out: what they put before the caller's words.
SCRIPTS = {"start-thriftserver.sh": ["--class", THRIFT, "--name", "Thrift JDBC/ODBC Server"],
           "start-connect-server.sh": ["--class", CONNECT, "--name", "Spark Connect server"]}


def furnish(home, directory):
    """A SPARK_HOME like that one, with what the wheels of pyspark leave out: jars of
    examples, the archive of SparkR, a conf directory of its own."""
    directory = pathlib.Path(directory)
    directory.mkdir()
    for entry in pathlib.Path(home).iterdir():
        if entry.name not in ("examples", "R", "conf", "RELEASE"):
            (directory / entry.name).symlink_to(entry)
    for name in ("examples/jars/spark-examples.jar", "R/lib/sparkr.zip", "conf/java-opts", "RELEASE"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).touch()
    return directory


def java(tool="java"):
    home = os.environ.get("JAVA_HOME")
    return f"{home}/bin/{tool}" if home else tool


class Spark:
    """One installed Spark (the directory of the pyspark package)."""

    def __init__(self, home):
        self.home = pathlib.Path(home)
        jar = next((self.home / "jars").glob("spark-core_*.jar")).name
        self.scala, self.version = re.fullmatch(r"spark-core_([\d.]+)-(.+)\.jar", jar).groups()
        self.line = tuple(int(part) for part in self.version.split(".")[:2])

    def words_before(self, program):
        """What the script in Spark's bin/ hands to spark-submit before the caller's words."""
        if program in SCRIPTS:
            return SCRIPTS[program]
        if re.fullmatch(r"spark\d?-submit", program):
            return []
        script = (self.home / "bin" / program).read_text()
        return shlex.split(re.findall(r'bin/spark-submit"?\s+(.*?)"\$@"', script)[-1])

    def environment_of(self, program, environment):
        """What else the script of that name exports."""
        added = {}
        if program == "spark-shell":
            added["SPARK_SCALA_SHELL"] = "1"
            added["SPARK_SUBMIT_OPTS"] = environment.get("SPARK_SUBMIT_OPTS", "") + " -Dscala.usejavacp=true"
        elif program in ("spark-sql", "sparkR", "start-thriftserver.sh", "start-connect-server.sh") \
                and self.line >= (4, 0):
            added["SPARK_CONNECT_MODE"] = "0"
        return {**environment, **added}


class Peer:
    """A process that answers a line with a line."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, env=environment, text=True, encoding="utf-8",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"no answer to {question}"
        return json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def compile_oracle(spark, directory):
    pathlib.Path(directory).mkdir(exist_ok=True)
    subprocess.run([java("javac"), "-nowarn", "-d", directory, "-cp", f"{spark.home}/jars/*", *SOURCES],
                   check=True, capture_output=True, text=True)
    return directory


class Oracle(Peer):
    def __init__(self, spark, directory, compiled=False):
        self.spark = spark
        classes = directory if compiled else compile_oracle(spark, directory)
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8",
                       "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_HOME": str(spark.home),
                       "SPARK_SCALA_VERSION": spark.scala}
        super().__init__([java(), "-Xmx700m", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=off", *OPENS, "-cp",
                          f"{classes}:{spark.home}/jars/*", "org.apache.spark.deploy.SubmitOracle"], environment)

    def launch(self, argv, environment):
        program = argv[0].rpartition("/")[2]
        return self.ask({"argv": self.spark.words_before(program) + argv[1:],
                         "env": self.spark.environment_of(program, environment)})


class Batch(Peer):
    def __init__(self):
        super().__init__([str(BUILD / "ref/effective_batch")], os.environ)

    def launch(self, argv, environment, line):
        return self.ask({"argv": argv, "env": environment, "spark": list(line)})
