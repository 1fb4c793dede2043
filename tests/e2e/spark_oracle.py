"""Asks Spark itself, as tests/ref/spark/ does it, about the pyspark of this environment."""

import functools
import sys

import house

sys.path.insert(0, str(house.ROOT / "tests/ref/spark"))

from benches import Oracle, Spark, compile_oracle, java  # noqa: E402, F401  (found by the line above)


@functools.cache
def spark():
    return Spark(house.SPARK)


@functools.cache
def version():
    """("2.12", "3.5.7"): Scala's and Spark's."""
    return spark().scala, spark().version


def jars():
    return spark().home / "jars"


def compile_classes(directory):
    return compile_oracle(spark(), directory)


def ask(classes, questions):
    """The answers, in order."""
    with Oracle(spark(), classes, compiled=True) as oracle:
        return [oracle.ask(question) for question in questions]


def question(argv, environment):
    """As the oracle wants it: without the program, with what its script adds."""
    program = argv[0].rpartition("/")[2]
    return {"argv": spark().words_before(program) + argv[1:],
            "env": spark().environment_of(program, environment)}
