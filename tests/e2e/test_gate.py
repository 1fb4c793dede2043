"""One line in spark-env.sh: what the policy refuses does not start, whichever way Spark is started.

Spark's own scripts run; where only the judgement counts, a stand-in for java
writes down that it was started, so that "nothing started" can be seen.
"""

import os
import subprocess
import sys

import pytest

import house

STARTED = 42  # of the stand-in for java
THRIFT = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
SAFE = {key: value for key, value in house.SAFE.items() if key != "spark.master"}
UNSAFE = "spark.io.encryption.enabled=false"
RULE = "SPARK-DISK-001"

# Who starts Spark, and how; {conf} is where further settings stand.
ENTRIES = {
    "spark-submit": ["spark-submit", "{conf}", "job.py"],
    "pyspark": ["pyspark", "{conf}"],
    "sparkR": ["sparkR", "{conf}"],
    "spark-sql": ["spark-sql", "{conf}", "-e", "select 1"],
    "spark-shell": ["spark-shell", "{conf}"],
    "run-example": ["run-example", "{conf}", "SparkPi", "2"],
    "thriftserver": ["bash", str(house.SPARK / "sbin/spark-daemon.sh"), "submit", THRIFT, "1", "{conf}"],
}
if (house.SPARK / "bin/spark-pipelines").exists():  # Spark 4.1
    ENTRIES["spark-pipelines"] = ["spark-pipelines", "run", "{conf}"]

# The job: says that it runs, and then asks Spark something.
JOB = """
import pathlib
pathlib.Path("driver").touch()
from pyspark.sql import SparkSession
print(SparkSession.builder{config}.getOrCreate().range(6).count() * 7)
"""

# As java_gateway starts Spark; the status of spark-submit is what Python does not tell.
GATEWAY = """
import subprocess, sys
from pyspark import java_gateway
from pyspark.sql import SparkSession
started = []
class Noting(subprocess.Popen):
    def __init__(self, *words, **more):
        super().__init__(*words, **more)
        started.append(self)
java_gateway.Popen = Noting
try:
    SparkSession.builder{config}.getOrCreate()
except Exception:
    sys.exit(started[0].wait())
"""

# As Spark's launcher begins its answer to spark-class: an empty word.
JAVA = """#!/bin/sh
echo "$*" >> '{record}'
printf '\\0\\n'
exit {status}
"""

# Makes descriptor 20 and becomes the rest of its command line.
OTHER_PROCESS = """
import os, socket, sys
ours, theirs = socket.socketpair()
ready, wait = os.pipe()
if os.fork() == 0:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    socket.send_fds(theirs, [b"x"], [far.fileno()])
    os.close(wait), os.close(1), os.close(2)
    os.read(ready, 1)
    os._exit(0)
_, (fd,), _, _ = socket.recv_fds(ours, 1, 1)
os.dup2(fd, 20, inheritable=True)
os.set_inheritable(wait, True)
os.execvp(sys.argv[1], sys.argv[1:])
"""
CLOSED_PEER = """
import os, socket, sys
near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
os.dup2(far.fileno(), 20, inheritable=True)
os.execvp(sys.argv[1], sys.argv[1:])
"""
A_FILE = """
import os, sys
os.dup2(os.open("/dev/null", os.O_RDWR), 20, inheritable=True)
os.execvp(sys.argv[1], sys.argv[1:])
"""


class Gated(house.Site):
    """A site whose spark-env.sh holds the line."""

    def prepare(self):
        self.environment.update(SPARK_HOME=str(house.SPARK), SPARK_NO_DAEMONIZE="1", PYTHONSTARTUP="",
                                SPARK_LOG_DIR=str(self.path), SPARK_PID_DIR=str(self.path))
        self.yaml.write_text("version: 1\n", encoding="utf-8")
        self.write_conf(SAFE)
        self.write_environment()
        (self.path / "job.py").write_text(JOB.format(config=""), encoding="utf-8")
        return self

    def write_environment(self, before="", options="", after=""):
        line = f'"{house.ARRESTOR}" gate {options} -- "$@" || exit $?'
        (self.conf / "spark-env.sh").write_text(f"{before}\n{line}\n{after}\n", encoding="utf-8")

    def stand_in(self):
        """From here on java is the stand-in."""
        java = self.path / "java/bin/java"
        java.parent.mkdir(parents=True)
        java.write_text(JAVA.format(record=self.path / "java-ran", status=STARTED), encoding="utf-8")
        java.chmod(0o755)
        self.environment["JAVA_HOME"] = str(self.path / "java")

    @property
    def java_ran(self):
        return (self.path / "java-ran").exists()

    def spark(self, *words, stdin=b"", environment=None):
        done = subprocess.run([str(word) for word in words], input=stdin, capture_output=True, cwd=self.path,
                              env={**self.environment, **(environment or {})}, timeout=300, check=False)
        return house.Result(house.as_status(done.returncode), done.stdout.decode(), done.stderr.decode())


def fill(words, settings):
    """The command line with --conf for each setting in place of {conf}."""
    return [piece for word in words
            for piece in ([part for setting in settings for part in ("--conf", setting)]
                          if word == "{conf}" else [word])]


def assert_refused(site, result, rule=RULE):
    assert result.status == 77, result.err
    assert result.last_line.startswith("arrestor: launch refused: "), result.err
    assert rule in result.last_line
    assert result.out == ""
    assert not site.java_ran


@pytest.fixture
def site(tmp_path):
    return Gated(tmp_path / "site").prepare()


@pytest.fixture
def dry(site):
    site.stand_in()
    return site


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_unsafe_setting_of_the_command_line_does_not_start(dry, entry):
    result = dry.spark(*fill(ENTRIES[entry], [UNSAFE]))
    assert_refused(dry, result)
    assert "--conf" in result.err or "argument" in result.err  # where it was set


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_unsafe_configuration_file_does_not_start(dry, entry):
    dry.write_conf({**SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE})
    result = dry.spark(*fill(ENTRIES[entry], []))
    assert_refused(dry, result, "PLAINTEXT-S3A-001")
    assert f"{dry.conf}/spark-defaults.conf:{len(SAFE) + 1}:1" in result.err
    assert house.UNSAFE_VALUE not in result.err


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_safe_launch_starts_and_nothing_is_said(dry, entry):
    result = dry.spark(*fill(ENTRIES[entry], ["spark.app.name=orders"]))
    assert result.status == STARTED, result.err
    assert dry.java_ran
    assert "arrestor" not in result.err + result.out


@pytest.mark.parametrize("config, arguments, starts", [
    (f'.config("{UNSAFE.split("=")[0]}", "false")', None, False),
    ("", f"--conf {UNSAFE} pyspark-shell", False),
    ("", None, True),
    ("", "--conf spark.app.name=orders pyspark-shell", True),
])
def test_a_session_made_by_plain_python_passes_the_gate_too(dry, config, arguments, starts):
    (dry.path / "app.py").write_text(GATEWAY.format(config=config), encoding="utf-8")
    environment = {"PYSPARK_SUBMIT_ARGS": arguments} if arguments else {}
    result = dry.spark(sys.executable, "app.py", environment=environment)
    if not starts:
        assert_refused(dry, result)
        return
    assert result.status == STARTED, result.err
    assert "arrestor" not in result.err + result.out


@pytest.mark.parametrize("words", [
    ["bin/spark-class", "org.apache.spark.deploy.master.Master", "--host", "x"],
    ["bin/spark-class", "org.apache.spark.deploy.worker.Worker", "spark://x:7077"],
    ["bin/spark-class", "org.apache.spark.deploy.history.HistoryServer"],
    ["bin/spark-class", "org.apache.spark.launcher.Main", "org.apache.spark.deploy.SparkSubmit"],
    ["bin/beeline", "-u", "jdbc:hive2://x"],
    ["sbin/start-history-server.sh", "--properties-file", "x"],
    ["bin/spark-submit", "--version"],
    ["bin/pyspark", "--help"],
])
def test_what_launches_no_application_passes_in_silence(dry, words):
    dry.write_conf({**SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE})
    result = dry.spark("bash", house.SPARK / words[0], *words[1:])
    assert result.status == STARTED, result.err
    assert "arrestor" not in result.err + result.out


def test_a_class_of_its_own_passes_and_is_said(dry):
    result = dry.spark("bash", house.SPARK / "bin/spark-class", "com.example.App")
    assert result.status == STARTED, result.err
    assert "arrestor: not judged: com.example.App" in result.err


def test_the_file_sourced_by_hand_ends_no_shell(dry):
    result = dry.spark("bash", "-c", ". conf/spark-env.sh; echo goes on")
    assert result.status == 0, result.err
    assert result.out == "goes on\n"
    assert "not judged" in result.err


def test_what_spark_env_has_set_is_judged(dry):
    dry.write_environment(before=f"SPARK_SUBMIT_OPTS='-D{house.UNSAFE_KEY}={house.UNSAFE_VALUE}'")
    result = dry.spark("spark-submit", "job.py")
    assert_refused(dry, result, "PLAINTEXT-S3A-001")
    assert "variable SPARK_SUBMIT_OPTS" in result.err


def test_another_configuration_directory_is_the_one_that_is_judged(dry):
    other = dry.path / "other"
    other.mkdir()
    (other / "spark-defaults.conf").write_text("spark.ui.enabled false\n", encoding="utf-8")
    os.link(dry.conf / "spark-env.sh", other / "spark-env.sh")
    result = dry.spark("spark-submit", "job.py", environment={"SPARK_CONF_DIR": str(other)})
    assert_refused(dry, result)
    assert f"{other}/spark-defaults.conf" in result.err


@pytest.mark.parametrize("words", [["--nonsense", "job.py"], ["--properties-file", "nowhere.conf", "job.py"]])
def test_what_cannot_be_resolved_does_not_start(dry, words):
    result = dry.spark("spark-submit", *words)
    assert_refused(dry, result, "")


@pytest.mark.parametrize("text, mode", [("version: 1\npolcy: {}\n", 0o600), ("version: 1\n", 0o666)])
def test_a_policy_that_cannot_be_trusted_starts_nothing(dry, text, mode):
    dry.yaml.write_text(text, encoding="utf-8")
    dry.yaml.chmod(mode)
    result = dry.spark("spark-submit", "job.py")
    assert_refused(dry, result, "")
    assert "arrestor.yaml" in result.err


def test_the_policy_is_that_of_the_named_file(dry):
    lenient = dry.path / "lenient.yaml"
    lenient.write_text("version: 1\npolicy: {packs: [spark-baseline]}\n", encoding="utf-8")
    command = fill(ENTRIES["spark-submit"], [UNSAFE])
    assert dry.spark(*command).status == 77
    assert dry.spark(*command, environment={"ARRESTOR_CONFIG": str(lenient)}).status == STARTED
    dry.write_environment(options=f"-c {lenient}")
    assert dry.spark(*command).status == STARTED


def test_mode_warn_says_one_line_and_passes(dry):
    dry.yaml.write_text("version: 1\nmode: warn\n", encoding="utf-8")
    command = fill(ENTRIES["pyspark"], [UNSAFE])
    result = dry.spark(*command)
    assert result.status == STARTED, result.err
    said = [line for line in result.err.splitlines() if "arrestor" in line]
    assert len(said) == 1 and RULE in said[0] and "mode: warn" in said[0]
    dry.write_environment(options="--verbose")
    assert "spark.io.encryption.enabled" in dry.spark(*command).err


def test_a_line_without_the_words_starts_nothing(dry):
    (dry.conf / "spark-env.sh").write_text(f'"{house.ARRESTOR}" gate || exit $?\n', encoding="utf-8")
    result = dry.spark("spark-submit", "job.py")
    assert_refused(dry, result, "")
    assert 'gate -- "$@" || exit $?' in result.err


@pytest.mark.parametrize("forger", [OTHER_PROCESS, CLOSED_PEER, A_FILE])
def test_a_forged_descriptor_is_judged_as_usual(dry, forger):
    before = [sys.executable, "-c", forger]
    assert_refused(dry, dry.spark(*before, *fill(ENTRIES["spark-submit"], [UNSAFE])))
    assert dry.spark(*before, *fill(ENTRIES["spark-submit"], [])).status == STARTED


# ---- Under `arrestor run`


def test_run_judges_once_and_the_gate_is_silent(dry):
    dry.write_conf({**SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE})
    dry.write_environment(before="echo called >> gate-ran", after="echo passed >> gate-ran")
    result = dry.run("spark-submit", "job.py")
    assert result.status == 77, result.err
    assert (dry.path / "gate-ran").read_text() == "called\npassed\n"
    assert result.err.count("verdict: refuse") == 1
    assert result.err.count("launch refused") == 1
    assert not dry.java_ran


def test_run_starts_what_it_judged_and_the_gate_is_asked_once(dry):
    dry.yaml.write_text("version: 1\nmode: warn\n", encoding="utf-8")
    dry.write_environment(before="echo called >> gate-ran")
    result = dry.run("spark-submit", "--conf", UNSAFE, "job.py")
    assert result.status == STARTED, result.err
    assert (dry.path / "gate-ran").read_text() == "called\n"
    assert result.err.count(RULE) == 1


def test_what_spark_env_leaves_running_under_run_is_judged(dry):
    later = f"while [ ! -e go ]; do sleep 0.05; done; spark-submit --conf {UNSAFE} job.py; echo $? > later"
    dry.write_environment(before=f"[ -e once ] || {{ touch once; (unset SPARK_ENV_LOADED; {later}) "
                                 "> later.out 2> later.err & }")
    (dry.path / "java/bin/java").write_text(
        f"#!/bin/sh\ntouch go\nwhile [ ! -s later ]; do sleep 0.05; done\n"
        f"printf '\\0\\n'\nexit {STARTED}\n", encoding="utf-8")
    result = dry.run("spark-submit", "job.py")
    assert result.status == STARTED, result.err
    assert (dry.path / "later").read_text() == "77\n", (dry.path / "later.err").read_text()


# ---- On real Spark


def test_real_spark_runs_a_safe_job_and_standard_output_is_the_jobs(site):
    result = site.spark("spark-submit", "job.py")
    assert result.status == 0, result.err
    assert result.out == "42\n"
    assert "arrestor" not in result.err


def test_real_spark_runs_a_safe_session_of_plain_python(site):
    result = site.spark(sys.executable, "job.py")
    assert result.status == 0, result.err
    assert result.out == "42\n"
    assert "arrestor" not in result.err


def test_real_spark_runs_a_safe_pyspark_and_it_is_judged_once(site):
    site.write_environment(before="echo called >> gate-ran")
    result = site.spark("pyspark", stdin=JOB.format(config="").encode())
    assert result.status == 0, result.err
    assert "42" in result.out
    assert (site.path / "gate-ran").read_text() == "called\n"


def test_real_spark_starts_no_driver_of_an_unsafe_job(site):
    result = site.spark("spark-submit", "--conf", UNSAFE, "job.py")
    assert_refused(site, result)
    assert not (site.path / "driver").exists()
