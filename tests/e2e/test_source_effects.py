"""What setters in job source really do is what arrestor's reader tells of them.

One driver runs source_effects_job.py as spark-submit runs it; its own text is given to the
reader, and each setter's list is compared with what became of it.
"""

import json
import subprocess

import house
import pytest

JOB = house.ROOT / "tests/e2e/source_effects_job.py"
READER = house.BUILD / "ref/source_settings"


def read(source):
    """[list, key, value, line] of every setting that the reader tells."""
    run = subprocess.run([READER], input=source, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.fixture(scope="module")
def told():
    return {(name, key): value for name, key, value, _ in read(JOB.read_text())}


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    home = tmp_path_factory.mktemp("effects")
    run = subprocess.run([house.SPARK / "bin/spark-submit", "--conf", "spark.t.given=argument",
                          "--conf", "spark.t.argument=argument", "--driver-memory", "512m", JOB],
                         cwd=home, env=house.base_environment(home), capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def test_what_is_set_before_the_start_is_what_runs(told, real):
    code = {key: value for (name, key), value in told.items() if name == "code"}
    assert len(code) >= 10
    assert {key: real["core"].get(key) for key in code} == code


def test_set_if_missing_of_python_beats_the_command_line_and_what_it_set_itself_does_not(told, real):
    assert told["code", "spark.t.missing"] == real["core"]["spark.t.missing"] == "3"
    assert told["code", "spark.t.given"] == real["core"]["spark.t.given"] == "weaker"
    assert told["code", "spark.t.conf"] == real["core"]["spark.t.conf"] == "1"


def test_what_comes_too_late_has_no_effect(told, real):
    late = {key: value for (name, key), value in told.items() if name == "ineffective"}
    assert {"spark.t.spent", "spark.t.copy"} <= set(late) and not {"spark.t.spent", "spark.t.copy"} & set(real["core"])
    assert late["spark.driver.memory"] == "3g" and real["memory"] < 600 << 20
    assert set(real["raised"]) == {"spark.authenticate", "spark.sql.warehouse.dir", "spark.acls.enable"}
    assert set(real["raised"]) <= set(late)
    assert late["spark.hadoop.fs.t.prefixed"] == "10" and real["hadoop"]["fs.t.prefixed"] is None


def test_what_holds_at_runtime_is_in_force(told, real):
    runtime = {key: value for (name, key), value in told.items() if name == "runtime"}
    prefix = "spark.hadoop."
    seen = {key: real["hadoop"][key[len(prefix):]] if key.startswith(prefix) else real["sql"][key] for key in runtime}
    assert seen == runtime
    assert set(runtime) == {"spark.hadoop.fs.t.plain", "spark.hadoop.fs.t.direct", "spark.sql.ansi.enabled",
                            "spark.sql.caseSensitive"}


def test_every_key_that_spark_has_registered_is_told_as_spark_tells_it(real):
    keys = [key for key in real["modifiable"] if not key.startswith("spark.t.")]
    assert len(keys) > 800
    source = "".join(f"spark.conf.set({json.dumps(key)}, 'x')\n" for key in keys)
    holds = {keys[line - 1]: name == "runtime" for name, _, _, line in read(source)}
    assert {key: holds[key] for key in keys} == {key: real["modifiable"][key] for key in keys}
