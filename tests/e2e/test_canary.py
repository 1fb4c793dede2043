"""A planted value is nowhere but in the set: one run on real Spark, searched from outside."""

import os
import re

import house
import real_run


def test_driver_and_both_executors_had_the_password(spark_run):
    assert spark_run.status == 0, spark_run.errors[-4000:]
    first = real_run.digest(spark_run.first)
    assert spark_run.output.count(f"has the password: {first}") == 3, spark_run.output
    assert spark_run.executors == 2


def test_driver_and_both_executors_saw_the_new_password(spark_run):
    second = real_run.digest(spark_run.second)
    assert spark_run.output.count(f"has the new password: {second}") == 3, spark_run.output


def test_the_searches_find_what_is_there(spark_run):
    assert spark_run.control
    assert spark_run.event_logs > 0


def test_no_output_shows_a_value(spark_run):
    for password in (spark_run.first, spark_run.second):
        assert password not in spark_run.output
        assert password not in spark_run.errors


def test_no_environment_or_command_line_shows_a_value(spark_run):
    assert all(shown == [] for shown in spark_run.showing.values()), spark_run.showing


def test_no_resting_role_remembers_a_value_or_shows_its_memory(spark_run):
    assert {"monitor", "sweep", "warden"} <= set(spark_run.roles)
    assert spark_run.remembering == []
    # root has read it all; for anybody else it was closed, to its own user too
    assert spark_run.closed == ([] if os.geteuid() == 0 else list(spark_run.roles))


def test_no_event_log_holds_a_value(spark_run):
    assert spark_run.events == []


def test_no_file_outside_of_the_set_holds_a_value(spark_run):
    assert spark_run.spread == []


def test_the_set_was_on_tmpfs_and_closed_to_others(spark_run):
    assert spark_run.on_tmpfs
    assert spark_run.modes and all(mode & 0o337 == 0 for mode in spark_run.modes.values()), spark_run.modes


def test_afterwards_the_set_is_gone(spark_run):
    assert not spark_run.set_dir.parent.exists()


def test_real_spark_inherits_no_sandbox(spark_run):
    assert len(spark_run.spark_status) >= 3
    for status in spark_run.spark_status:
        assert re.search(r"^NoNewPrivs:\t0$", status, flags=re.M)
        assert re.search(r"^Seccomp:\t0$", status, flags=re.M)


def test_the_memory_search_finds_a_value_that_is_held(site, launches):
    site.write_plan("import os, pathlib, time\n"
                    "held = (pathlib.Path(os.environ['ARRESTOR_DIR']) / 'jdbc.properties').read_text()\n"
                    "open('ready', 'w').close()\ntime.sleep(20)\n")
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    record = launch.record()
    house.wait_until((site.path / "ready").exists, 10, "the job")
    assert house.memory_holds(record["pid"], site.password.encode())
    house.end_process(record["pid"])
