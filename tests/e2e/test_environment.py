"""An environment that could put code in front of the judgement is refused before anything runs."""

import pytest

import house


@pytest.mark.parametrize("variable", ["BASH_ENV", "ENV", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT"])
def test_a_variable_that_runs_code_is_refused(site, variable):
    trap, trace = site.path / "trap.sh", site.path / "trace"
    trap.write_text(f"touch {trace}\n")
    result = site.run("spark-submit", "job.py", environment={variable: str(trap)})
    assert result.status == 77, result.err
    assert variable in result.err
    assert result.record is None
    assert not trace.exists()


def test_a_variable_of_the_same_beginning_is_let_through(site):
    result = site.run("spark-submit", "job.py", environment={"ENVIRONMENT": "production"})
    assert result.status == 0, result.err
    assert result.record["environment"]["ENVIRONMENT"] == "production"


def test_env_as_the_name_of_a_stage_is_let_through(site):
    result = site.run("spark-submit", "job.py", environment={"ENV": "prod"})
    assert result.status == 0, result.err
    assert result.record["environment"]["ENV"] == "prod"


def test_a_variable_that_the_file_keeps_is_let_through(site):
    site.configure(**{"keep-env": ["LD_LIBRARY_PATH"]})
    result = site.run("spark-submit", "job.py", environment={"LD_LIBRARY_PATH": "/opt/native"})
    assert result.status == 0, result.err
    assert result.record["environment"]["LD_LIBRARY_PATH"] == "/opt/native"


@pytest.mark.parametrize("place, expected", [
    ({"words": ["job.py", "{}"]}, "command line, word 2"),
    ({"environment": {"DB_PASSWORD": "{}"}}, "variable DB_PASSWORD"),
    ({"conf": {"spark.orders.note": "{}"}}, "key spark.orders.note"),
])
def test_a_delivered_secret_in_the_launch_is_refused_by_its_place(site, place, expected):
    words = [word.format(site.password) for word in place.get("words", ["job.py"])]
    environment = {name: value.format(site.password) for name, value in place.get("environment", {}).items()}
    site.write_conf({**house.SAFE, **{key: value.format(site.password) for key, value in place.get("conf", {}).items()}})
    result = site.run("spark-submit", *words, environment=environment)
    assert result.status == 77, result.err
    assert result.record is None
    assert expected in result.err
    assert result.last_line.endswith("PLAINTEXT-LAUNCH-001")
    assert site.password not in result.err
