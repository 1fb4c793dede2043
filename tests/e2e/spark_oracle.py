"""Asks Spark itself: compiles tests/ref/SubmitOracle.java against pyspark's jars and
puts many questions to one JVM, because starting one takes a second."""

import functools
import json
import os
import re
import shlex
import subprocess

import house

SOURCE = house.ROOT / "tests/ref/SubmitOracle.java"
JARS = house.SPARK / "jars"

# What SparkSubmit adds or rewrites on its own, with the reason why arrestor does not:
IGNORED = {
    "spark.app.submitTime",          # the clock
    "spark.repl.local.jars",         # copies of --jars for the shell
    "spark.yarn.isPython",           # a mark for YARN's client
    "spark.ui.showConsoleProgress",  # a shell's default
}
# Lists of files: Spark makes absolute URIs of them and adds the application.
REWRITTEN = {
    "spark.jars", "spark.files", "spark.archives", "spark.submit.pyFiles", "spark.yarn.dist.jars",
    "spark.yarn.dist.files", "spark.yarn.dist.archives", "spark.yarn.dist.pyFiles",
}
# Outside cluster mode spark-submit resolves these itself; arrestor shows them all the same.
RESOLVED = {"spark.jars.packages", "spark.jars.repositories", "spark.jars.excludes"}


@functools.cache
def java():
    home = os.environ.get("JAVA_HOME")
    return f"{home}/bin/java" if home else "java"


@functools.cache
def version():
    """("2.12", "3.5.7"): Scala's and Spark's, from the name of the jar."""
    name = next(JARS.glob("spark-core_*.jar")).name
    return re.fullmatch(r"spark-core_([\d.]+)-(.+)\.jar", name).groups()


def compile_oracle(directory):
    subprocess.run([f"{java()}c", "-nowarn", "-d", directory, "-cp", f"{JARS}/*", SOURCE],
                   check=True, capture_output=True, text=True)
    return directory


def ask(classes, questions):
    """The answers, in order."""
    environment = {**house.base_environment("/nonexistent"), "SPARK_HOME": str(house.SPARK),
                   "SPARK_SCALA_VERSION": version()[0]}
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    run = subprocess.run([java(), "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=off", "-cp",
                          f"{classes}:{JARS}/*", "org.apache.spark.deploy.SubmitOracle"],
                         input=lines, env=environment, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(questions), run.stderr[-2000:]
    return answers


@functools.cache
def words_before(program):
    """What the script in Spark's bin/ hands to spark-submit before the caller's words."""
    if re.fullmatch(r"spark\d?-submit", program):
        return []
    script = (house.SPARK / "bin" / program).read_text()
    found = re.findall(r'bin/spark-submit"?\s+(.*?)"\$@"', script)
    return shlex.split(found[-1])


def question(argv, environment):
    """As the oracle wants it: without the program, with what its script adds."""
    program = argv[0].rpartition("/")[2]
    return {"argv": words_before(program) + argv[1:], "env": environment}


def names(text):
    """Last components of a list of paths or URIs."""
    return {item.rpartition("/")[2] for item in text.split(",") if item}


def differences(ours, theirs):
    """What arrestor and Spark say differently about one launch, as readable lines."""
    found = []
    for key in sorted((ours.keys() | theirs.keys()) - IGNORED):
        mine, real = ours.get(key), theirs.get(key)
        if key in REWRITTEN:
            if not names(mine or "") <= names(real or ""):
                found.append(f"{key}: {mine!r} is not part of {real!r}")
        elif mine != real and not (key in RESOLVED and real is None):
            found.append(f"{key}: arrestor {mine!r}, Spark {real!r}")
    return found
