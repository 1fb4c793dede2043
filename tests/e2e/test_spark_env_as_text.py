"""effective and check read spark-env.sh as text, and tell of a launch what they tell once bash has sourced it."""

import json
import subprocess

import pytest

import house

SECRET = f"-D{house.UNSAFE_KEY}={house.UNSAFE_VALUE}"
CASES = {
    "assigned": ("MASTER='local[3]'\nSPARK_SUBMIT_OPTS=\"-Dspark.t.a=1 -Dspark.t.b='x y'\"\n", {}),
    "exported": ("export SPARK_DRIVER_MEMORY=3g MASTER=yarn HADOOP_CONF_DIR=/nonexistent\n", {}),
    "added to the caller's": ("SPARK_SUBMIT_OPTS=\"$SPARK_SUBMIT_OPTS -Dspark.t.a=script\"\n"
                              "SPARK_DRIVER_MEMORY=${MEMORY}g\n",
                              {"SPARK_SUBMIT_OPTS": "-Dspark.t.b=caller -Dspark.t.a=caller", "MEMORY": "2"}),
    "in place of the caller's": ("SPARK_SUBMIT_OPTS=-Dspark.t.a=script\n", {"SPARK_SUBMIT_OPTS": "-Dspark.t.a=caller"}),
    "of functions and constants": ("give() { export MASTER=\"local[$1]\"; }\ngive 2\n"
                                   "OPTIONS=(-Dspark.t.a=1 -Dspark.t.b=2)\nSPARK_SUBMIT_OPTS=\"${OPTIONS[*]}\"\n", {}),
    "nothing": ("# all of it is a comment\n", {"MASTER": "local[5]"}),
    "for a cluster": ("SPARK_EXECUTOR_MEMORY=3g\nSPARK_EXECUTOR_CORES=2\nMASTER=spark://m:7077\n", {}),
}
READ = '. "$SPARK_HOME/bin/load-spark-env.sh"; '


@pytest.fixture
def desk(tmp_path):
    site = house.Site(tmp_path / "site")
    site.environment["SPARK_HOME"] = str(house.SPARK)
    site.write_conf({"spark.ui.enabled": "false"})
    return site


def write(site, text):
    (site.conf / "spark-env.sh").write_text(text, encoding="utf-8")


def effective(site, environment, before=""):
    run = subprocess.run(["/bin/bash", "-c", f'{before}exec "$0" effective --format json -- spark-submit app.py',
                          house.ARRESTOR], env={**site.environment, **environment}, cwd=site.path,
                         capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(run.stdout)


def values(told):
    return {part: {each["key"]: each["value"] for each in told[part]} for part in ("settings", "java")}


@pytest.mark.parametrize("case", CASES)
def test_read_as_text_it_says_what_it_says_when_sourced(desk, case):
    text, environment = CASES[case]
    write(desk, text)
    read, sourced = effective(desk, environment), effective(desk, environment, READ)
    assert values(read) == values(sourced)
    assert (read["master"], read["open"]) == (sourced["master"], False)
    write(desk, "")
    assert values(effective(desk, environment)) != values(sourced) or case == "nothing"


def test_a_setting_of_it_has_its_place(desk):
    write(desk, "# a line\n  export MASTER='local[3]'\n")
    master, = (each for each in effective(desk, {})["settings"] if each["key"] == "spark.master")
    assert master["origin"] == {"file": f"{desk.conf}/spark-env.sh", "line": 2, "column": 18}


def test_what_it_cannot_tell_is_unknown(desk):
    write(desk, 'SPARK_SUBMIT_OPTS="-Dspark.io.encryption.enabled=$(cat /nowhere)"\n')
    told = json.loads(desk.arrestor("check", "--format", "json", "--", "spark-submit", "app.py").out)
    assert {each["rule"]: each["truth"] for each in told["findings"]} == {"SPARK-DISK-001": "unknown"}


def test_a_secret_in_it_is_refused_by_its_place(desk):
    write(desk, f"export SPARK_SUBMIT_OPTS='{SECRET}'\n")
    result = desk.arrestor("check", "--policy", "spark-baseline", "--", "spark-submit", "app.py")
    assert result.status == 1, result.err
    assert f"{desk.conf}/spark-env.sh:1:" in result.out and "PLAINTEXT-S3A-001" in result.out
    assert house.UNSAFE_VALUE not in result.out + result.err


def test_it_is_not_read_where_it_was_sourced(desk):
    write(desk, "MASTER='local[3]'\n")
    assert values(effective(desk, {"SPARK_ENV_LOADED": "1"}))["settings"]["spark.master"] == "local[*]"


@pytest.mark.parametrize("name", ["SPARK_CONF_DIR", "SPARK_HOME"])
def test_what_stands_in_another_directory_than_the_one_that_was_read_is_unknown(desk, name):
    write(desk, f"\n{name}=/elsewhere\n")
    assert effective(desk, {})["open"]
    result = desk.arrestor("check", "--", "spark-submit", "app.py")
    assert result.status == 0
    assert f"{desk.conf}/spark-env.sh:2:" in result.out and "unknown" in result.out


@pytest.mark.parametrize("name", ["SPARK_CONF_DIR", "SPARK_HOME"])
def test_a_default_for_a_directory_is_no_other_one(desk, name):
    write(desk, f"export {name}=${{{name}:-/elsewhere}}\n")
    assert not effective(desk, {})["open"]


def test_what_a_script_sets_that_cannot_be_read_is_unknown(desk):
    write(desk, "if true; then\n")
    result = desk.arrestor("check", "--", "spark-submit", "app.py")
    assert result.status == 0
    assert f"{desk.conf}/spark-env.sh:1:1" in result.out and "unknown" in result.out
