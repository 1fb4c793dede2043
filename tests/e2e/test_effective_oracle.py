"""The effective configuration is Spark's own: every launch here is resolved by
arrestor and by Spark's classes, and each key that arrestor claims must be equal.
What spark-submit refuses, arrestor refuses with status 3."""

import json
import random
import subprocess

import house
import pytest
import spark_oracle
import submit_cases
from submit_cases import DEFAULTS, Case

VERSION = spark_oracle.version()[1]
ACCEPTED = submit_cases.about(submit_cases.COMMAND_LINES + submit_cases.ENVIRONMENTS + submit_cases.FILES, VERSION)
REFUSED = submit_cases.about(submit_cases.REFUSED, VERSION)
RANDOM_CASES, SEED = 150, 20240611


def random_text(dice):
    parts = ["a", "B", "9", "=", ":", " ", "\t", "\\", "\\\n  ", "\\\\", "\\u00e9", "é",
             "#", "!", "'", '"', ",", "\\n", "\\r", "\\ "]
    return "".join(dice.choice(parts) for _ in range(dice.randrange(8)))


def random_file(dice):
    ends = ["\n", "\r\n", "\r", "\n\n", "\n  # note\n"]
    lines = [f"spark.k{dice.randrange(9)}{dice.choice(['=', ' ', ': ', ' = '])}{random_text(dice)}{dice.choice(ends)}"
             for _ in range(dice.randrange(8))]
    return "".join(lines).encode()


def random_case(dice):
    """A command line that Spark accepts, from settings, options and files in any order."""
    options = [["--conf", f"spark.k{n}={random_text(dice)}"] for n in range(9)]
    options += [[f"--conf=spark.k{n}={dice.choice('xyz')}"] for n in range(3)]
    options += [["--driver-memory", "2g"], ["--conf", "spark.driver.memory=3g"], ["--executor-memory", "2g"],
                ["--name", "n"], ["--conf", "spark.app.name=m"], ["--driver-class-path", "/c"], ["--verbose"],
                ["--properties-file", "{d}/p"], ["--conf", "other.key=1"], ["--executor-cores", "2"]]
    masters = [["--master", "local[2]"], ["--master", "spark://h:1"], ["--conf", "spark.master=local"], []]
    chosen = dice.sample(options, dice.randrange(8)) + [dice.choice(masters)]
    dice.shuffle(chosen)
    argv = ["spark-submit"] + [word for option in chosen for word in option]
    return Case(argv + ["--class", "org.example.Main", "app.jar"],
                {DEFAULTS: random_file(dice), "p": random_file(dice)})


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
    return spark_oracle.compile_oracle(tmp_path_factory.mktemp("oracle"))


@pytest.fixture(scope="module")
def accepted(classes, tmp_path_factory):
    return Bench(classes, tmp_path_factory.mktemp("accepted"), ACCEPTED)


@pytest.fixture(scope="module")
def refused(classes, tmp_path_factory):
    return Bench(classes, tmp_path_factory.mktemp("refused"), REFUSED)


def resolve(argv, env):
    return subprocess.run([house.ARRESTOR, "effective", "--format", "json", "--", *argv], env=env,
                          capture_output=True, text=True, check=False)


def compare(bench, number):
    case, argv, env = bench.cases[number]
    answer, run = bench.answers[number], resolve(argv, env)
    assert "conf" in answer, f"Spark refuses {argv}: {answer}"
    assert run.returncode == 0, f"{argv}: {run.stderr}"
    ours = {item["key"]: item["value"] for item in json.loads(run.stdout)["settings"]}
    for key in case.only_driver:
        ours.pop(key)
    return spark_oracle.differences(ours, answer["conf"])


@pytest.mark.parametrize("number", range(len(ACCEPTED)))
def test_a_launch_is_resolved_as_spark_does(accepted, number):
    assert compare(accepted, number) == [], accepted.cases[number][1]


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


def test_random_launches_are_resolved_as_spark_does(classes, tmp_path):
    dice = random.Random(SEED)
    bench = Bench(classes, tmp_path, [random_case(dice) for _ in range(RANDOM_CASES)])
    compared = 0
    for number, answer in enumerate(bench.answers):
        if "conf" in answer:
            assert compare(bench, number) == [], (bench.cases[number], answer)
            compared += 1
    assert compared > RANDOM_CASES // 2
