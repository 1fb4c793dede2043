"""A Spark job that needs a database password, and gets it from a file.

It reads $ARRESTOR_DIR/jdbc.properties in the driver and again inside every
executor, and proves what it read by a salted digest: the value itself is never
printed. Then it waits until the file changes, and proves the new one. With a
FILE it waits until that is there, and proves once more.

    spark-submit job.py SALT [FILE]
"""

import hashlib
import os
import sys
import time

from pyspark.sql import SparkSession

PATIENCE_SECONDS = 40


def read_password():
    """The password that stands in the set at this moment."""
    path = os.path.join(os.environ["ARRESTOR_DIR"], "jdbc.properties")
    with open(path, encoding="latin-1") as lines:
        for line in lines:
            key, _, value = line.strip().partition("=")
            if key.strip() == "password":
                return value.strip()
    raise SystemExit(f"no password in {path}")


def prove(salt):
    """Sixteen digits that only who knows the password can tell."""
    return hashlib.sha256((salt + read_password()).encode()).hexdigest()[:16]


def executor_id():
    """Which executor runs this task: its JVM is the parent of Python's daemon."""
    with open(f"/proc/{os.getppid()}/stat", encoding="ascii") as stat:
        jvm = stat.read().rsplit(")", 1)[1].split()[1]
    with open(f"/proc/{jvm}/cmdline", encoding="utf-8") as cmdline:
        words = cmdline.read().split("\0")
    return words[words.index("--executor-id") + 1]


def ask_executors(spark, salt):
    """{executor: digest}, from inside the executors."""
    def answer(_):
        time.sleep(0.2)  # long enough that no executor takes all the tasks
        yield executor_id(), prove(salt)

    for _ in range(20):
        answers = dict(spark.sparkContext.parallelize(range(4), 4).mapPartitions(answer).collect())
        if len(answers) == 2:
            return answers
    raise SystemExit(f"two executors were expected, {len(answers)} answered")


def report(spark, salt, title):
    print(f"driver      {title}: {prove(salt)}", flush=True)
    for executor, digest in sorted(ask_executors(spark, salt).items()):
        print(f"executor {executor}  {title}: {digest}", flush=True)


def wait_until(condition, fault):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(fault)
        time.sleep(0.1)


def main():
    salt = sys.argv[1]
    spark = SparkSession.builder.getOrCreate()
    first = prove(salt)
    print(f"the set is  {os.environ['ARRESTOR_DIR']}", flush=True)
    report(spark, salt, "has the password")
    print("waiting for the password to change", flush=True)
    wait_until(lambda: prove(salt) != first, "the password did not change")
    report(spark, salt, "has the new password")
    if len(sys.argv) > 2:
        print(f"waiting for the file {sys.argv[2]}", flush=True)
        wait_until(lambda: os.path.exists(sys.argv[2]), f"there is no {sys.argv[2]}")
        report(spark, salt, "still has it")
    spark.stop()


main()
