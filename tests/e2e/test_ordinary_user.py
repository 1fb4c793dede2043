"""The main story as an unprivileged user; these tests themselves run as root."""

import pathlib
import subprocess

import pytest

import house


@pytest.fixture(autouse=True)
def user_can_reach_the_program(user_site):
    reached = subprocess.run(user_site.as_user([house.ARRESTOR, "--version"]), capture_output=True, check=False)
    if reached.returncode != 0:
        pytest.skip(f"another user cannot reach {house.ARRESTOR} in this checkout")


def test_a_good_launch_delivers_to_its_user_and_wipes(user_site):
    user_site.write_plan("import os, pathlib\n"
                         "print((pathlib.Path(os.environ['ARRESTOR_DIR']) / 'jdbc.properties').read_text())\n"
                         "raise SystemExit(42)\n")
    result = user_site.run("spark-submit", "job.py")
    assert result.status == 42, result.err
    assert user_site.password in result.out
    assert result.record["status"]["Uid"].split() == [str(user_site.uid)] * 4
    assert not pathlib.Path(result.record["environment"]["ARRESTOR_DIR"]).parent.exists()


def test_a_bad_launch_is_refused(user_site):
    user_site.write_conf({**house.SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE})
    result = user_site.run("spark-submit", "job.py")
    assert result.status == 77, result.err
    assert result.record is None


def test_the_set_is_closed_to_every_other_user(user_site, launches):
    user_site.write_plan("import time\ntime.sleep(20)\n")
    launch = user_site.start("spark-submit", "job.py")
    launches.append(launch)
    record = launch.record()
    path = f"{record['environment']['ARRESTOR_DIR']}/jdbc.properties"
    tried = subprocess.run(["setpriv", f"--reuid={house.STRANGER}", f"--regid={house.STRANGER}", "--clear-groups", "cat", path],
                           capture_output=True, text=True, check=False)
    assert tried.returncode != 0 and user_site.password not in tried.stdout
    house.end_process(record["pid"])
    launch.finish(20)


def test_the_roles_of_a_user_cannot_be_read_or_traced_by_that_user(user_site, launches):
    user_site.write_plan("import time\ntime.sleep(20)\n")
    launch = user_site.start("spark-submit", "job.py")
    launches.append(launch)
    record = launch.record()
    for role, pid in house.roles_of(launch).items():
        tried = subprocess.run(user_site.as_user(["cat", f"/proc/{pid}/environ"]), capture_output=True, check=False)
        assert tried.returncode != 0, f"{role} can be read by its own user"
    house.end_process(record["pid"])
    launch.finish(20)


def test_the_main_story_on_real_spark(user_site):
    home = user_site.path / "spark-home"
    reach = subprocess.run(user_site.as_user(["test", "-r", house.SPARK / "jars"]), check=False)
    if reach.returncode != 0:
        pytest.skip(f"another user cannot reach {house.SPARK} in this checkout")
    house.private_spark_home(home)
    user_site.own()
    user_site.environment.update(SPARK_HOME=str(home), PATH=f"{home}/bin:{house.base_environment(home)['PATH']}")
    # this user's home in /etc/passwd is not its own to write
    user_site.write_conf({**house.SAFE, "spark.jars.ivy": str(user_site.path / "ivy")})
    job = user_site.path / "job.py"
    job.write_text("import os, sys\nfrom pyspark.sql import SparkSession\n"
                   "spark = SparkSession.builder.getOrCreate()\n"
                   "sys.path.insert(0, os.path.dirname(__file__))\n"
                   "text = lambda _: [open(os.environ['ARRESTOR_DIR'] + '/jdbc.properties').read().count('password')]\n"
                   "print('seen', spark.sparkContext.parallelize([1], 1).mapPartitions(text).collect())\n"
                   "raise SystemExit(42)\n")
    result = user_site.run("spark-submit", str(job), timeout=300)
    assert result.status == 42, result.out + result.err[-3000:]
    assert "seen [1]" in result.out
