"""The effective configuration is Spark's own: every launch here is resolved by
arrestor and by Spark's classes, and each key that arrestor claims must be equal.
What spark-submit refuses, arrestor refuses with status 3."""

import json
import subprocess

import house
import pytest
import spark_oracle
import submit_cases

import compare  # of tests/ref/spark, as spark_oracle finds it
import equality

VERSION = spark_oracle.version()[1]
ACCEPTED = submit_cases.about(submit_cases.COMMAND_LINES + submit_cases.ENVIRONMENTS + submit_cases.FILES, VERSION)
REFUSED = submit_cases.about(submit_cases.REFUSED, VERSION)
RANDOM_CASES, SEED = 250, 20240611


class Bench:
    """Cases written to disk, with Spark's answers."""

    def __init__(self, classes, path, cases):
        self.cases, questions = [], []
        for number, case in enumerate(cases):
            directory = path / str(number)
            directory.mkdir()
            for name, data in case.files.items():
                (directory / name).write_bytes(data)
            argv = [word.replace("{d}", str(directory)) for word in case.argv]
            env = {"SPARK_HOME": str(house.SPARK), "SPARK_CONF_DIR": str(directory), **case.env}
            questions.append(spark_oracle.question(argv, env))
            self.cases.append((case, argv, env))
        self.answers = spark_oracle.ask(classes, questions)


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    return spark_oracle.compile_classes(tmp_path_factory.mktemp("oracle"))


@pytest.fixture(scope="module")
def accepted(classes, tmp_path_factory):
    return Bench(classes, tmp_path_factory.mktemp("accepted"), ACCEPTED)


@pytest.fixture(scope="module")
def refused(classes, tmp_path_factory):
    return Bench(classes, tmp_path_factory.mktemp("refused"), REFUSED)


def resolve(argv, env):
    return subprocess.run([house.ARRESTOR, "effective", "--format", "json", "--", *argv], env=env,
                          capture_output=True, text=True, check=False)


def differences(bench, number):
    case, argv, env = bench.cases[number]
    answer, run = bench.answers[number], resolve(argv, env)
    assert "conf" in answer, f"Spark refuses {argv}: {answer}"
    assert run.returncode == 0, f"{argv}: {run.stderr}"
    ours = {item["key"]: item["value"] for item in json.loads(run.stdout)["settings"]}
    assert case.only_driver <= ours.keys()
    return compare.differences({"conf": ours}, answer, argv)


@pytest.mark.parametrize("number", range(len(ACCEPTED)))
def test_a_launch_is_resolved_as_spark_does(accepted, number):
    assert differences(accepted, number) == [], accepted.cases[number][1]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_spark_refuses_ends_with_status_three(refused, number):
    _, argv, env = refused.cases[number]
    assert "refused" in refused.answers[number], f"Spark accepts {argv}"
    run = resolve(argv, env)
    assert run.returncode == 3, f"{argv}: {run.stdout}{run.stderr}"
    error = json.loads(run.stdout)["error"]
    missing = "missing" in argv[2] if len(argv) > 2 else False
    assert error["code"] == ("input" if missing else "spark-refuses"), error
    assert error["message"] and error["fix"], error


def test_random_launches_are_resolved_as_spark_does():
    counts, mismatches = equality.run(house.SPARK, RANDOM_CASES, SEED)
    print(counts)
    assert not mismatches, mismatches
    assert counts["equal"] > RANDOM_CASES // 3 and counts["refused"] > RANDOM_CASES // 8, counts
