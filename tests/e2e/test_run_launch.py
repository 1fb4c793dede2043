"""What Spark is given, what it is not given, and how a launch ends."""

import json
import os
import pathlib
import signal
import subprocess

import pytest

import house

ALL_SEALS = 0x1 | 0x2 | 0x4 | 0x8  # seal, shrink, grow, write


def launched(site, *words, **options):
    result = site.run("spark-submit", *(words or ("job.py", "--day", "7")), **options)
    assert result.record is not None, result.err
    return result


# ---- What it is given


def test_the_arguments_are_the_callers_plus_one_properties_file(site):
    argv = launched(site).record["argv"]
    index = argv.index("--properties-file")
    assert argv[index + 1].startswith("/proc/self/fd/")
    assert argv[1:index] + argv[index + 2:] == ["job.py", "--day", "7"]
    assert index < argv.index("job.py")


def test_a_properties_file_of_the_caller_is_replaced(site):
    path = site.write_conf({**house.SAFE, "spark.app.name": "mine"}, "job.conf")
    record = launched(site, "--properties-file", str(path), "job.py").record
    assert record["argv"].count("--properties-file") == 1
    assert str(path) not in record["argv"]
    assert "mine" in record["properties"]


def test_the_merged_properties_hold_every_setting(site):
    lines = launched(site).record["properties"]
    for key, value in house.SAFE.items():
        assert key in lines and value in lines


def test_one_descriptor_is_passed_and_it_is_sealed(site):
    record = launched(site).record
    assert len(record["descriptors"]) == 1, record["descriptors"]
    (number, descriptor), = record["descriptors"].items()
    assert f"/proc/self/fd/{number}" in record["argv"]
    assert descriptor["target"].startswith("/memfd:")
    assert descriptor["seals"] & ALL_SEALS == ALL_SEALS


def test_the_job_finds_its_set_in_driver_and_executors(site):
    site.write_plan("import os, pathlib\n"
                    "text = (pathlib.Path(os.environ['ARRESTOR_DIR']) / 'jdbc.properties').read_text()\n"
                    "print(text)\n")
    result = launched(site)
    assert f"password={site.password}" in result.out.replace(" ", "")
    directory = result.record["environment"]["ARRESTOR_DIR"]
    assert "spark.executorEnv.ARRESTOR_DIR" in result.record["properties"]
    assert directory in result.record["properties"]


def test_spark_env_is_not_sourced_a_second_time(site):
    count = site.path / "count"
    (site.conf / "spark-env.sh").write_text(f"echo x >> {count}\nexport FROM_SPARK_ENV=yes\n")
    record = launched(site).record
    assert record["environment"]["SPARK_ENV_LOADED"] == "1"
    assert record["environment"]["FROM_SPARK_ENV"] == "yes"
    assert count.read_text() == "x\n"


def test_the_conf_directory_is_a_copy_on_tmpfs(site):
    site.write_plan("import os, subprocess\n"
                    "print(subprocess.run(['stat', '-f', '-c', '%T', os.environ['SPARK_CONF_DIR']],"
                    " capture_output=True, text=True).stdout)\n")
    result = launched(site)
    assert result.record["environment"]["SPARK_CONF_DIR"] != str(site.conf)
    assert result.out.strip() in ("tmpfs", "ramfs")
    assert "spark-defaults.conf" in result.record["conf"]


def test_the_hadoop_conf_directory_is_copied_too(site):
    hadoop = site.path / "hadoop"
    hadoop.mkdir()
    (hadoop / "core-site.xml").write_text("<configuration/>\n")
    record = launched(site, environment={"HADOOP_CONF_DIR": str(hadoop)}).record
    assert record["environment"]["HADOOP_CONF_DIR"] != str(hadoop)
    assert record["hadoop_conf"]["core-site.xml"] == "<configuration/>\n"


def test_the_working_directory_is_the_callers(site):
    assert launched(site).record["cwd"] == str(site.path)


# ---- What it is not given


def test_spark_inherits_no_sandbox(site):
    status = launched(site).record["status"]
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("0", "0")


def test_spark_inherits_no_landlock(site):
    site.write_plan(f"open({str(site.path / 'written')!r}, 'w').write('here')\nopen('/etc/passwd').read()\n")
    assert launched(site).status == 0
    assert (site.path / "written").read_text() == "here"


def test_spark_inherits_the_callers_limits_signals_and_identity(site):
    record = launched(site).record
    plain = site.path / "plain.json"
    direct = {**site.environment, "FAKE_RECORD": str(plain)}
    subprocess.run([house.FAKE_HOME / "bin/spark-submit"], env=direct, check=True)
    expected = json.loads(plain.read_text())
    assert record["limits"] == expected["limits"]
    for name in ("SigBlk", "SigIgn", "Uid", "Gid", "Groups", "CapEff", "CapBnd", "CapAmb"):
        assert record["status"][name] == expected["status"][name], name


def test_nothing_of_the_store_is_in_sparks_environment(site):
    ours = {"ARRESTOR_STRONGBOX": str(site.box), "ARRESTOR_STRONGBOX_KEY": str(site.key)}
    environment = launched(site, environment=ours).record["environment"]
    left = [name for name in environment if name.startswith("ARRESTOR_") and name != "ARRESTOR_DIR"]
    assert left == []


# ---- How it ends


@pytest.mark.parametrize("status", [0, 1, 42, 77, 125])
def test_the_status_is_the_childs_own(site, status):
    site.write_plan(f"raise SystemExit({status})")
    assert launched(site).status == status


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL", "SIGSEGV"])
def test_a_child_that_dies_of_a_signal_gives_128_and_its_number(site, name):
    site.write_plan(f"import os, signal\nos.kill(os.getpid(), signal.{name})\n")
    assert launched(site).status == 128 + getattr(signal, name)


def test_an_executable_that_is_not_there_gives_127(site):
    result = site.run("no-such-spark-submit", "job.py")
    assert result.status == 127, result.err


def test_a_file_that_is_no_executable_gives_126(site):
    path = site.path / "spark-submit"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o644)
    assert site.run(str(path), "job.py").status == 126


WAIT_FOR_SIGNAL = """
import signal, sys, time
def seen(number, frame):
    print('got', signal.Signals(number).name, flush=True)
    sys.exit(9)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, seen)
open('ready', 'w').close()
time.sleep(30)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_forwarded(site, launches, number):
    site.write_plan(WAIT_FOR_SIGNAL)
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    house.wait_until((site.path / "ready").exists, 20, "the job")
    os.kill(house.find_monitor(launch), number)
    result = launch.finish(20)
    assert f"got {number.name}" in result.out
    assert result.status == 9


DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1.5)
        here = os.path.exists(os.environ['ARRESTOR_DIR'] + '/jdbc.properties')
        open('daemon', 'w').write('the set was there' if here else 'the set was gone')
        os._exit(0)
    os._exit(0)
raise SystemExit(5)
"""


def test_the_job_ends_with_its_last_descendant(site):
    site.write_plan(DAEMON)
    result = launched(site)
    assert result.status == 5
    assert (site.path / "daemon").read_text() == "the set was there"


def test_zombies_are_reaped(site, launches):
    site.write_plan("import os, time\n"
                    "for _ in range(20):\n"
                    "    if os.fork() == 0:\n"
                    "        if os.fork() == 0:\n"
                    "            os._exit(0)\n"  # an orphan: monitor inherits it
                    "        os._exit(0)\n"
                    "    os.wait()\n"
                    "time.sleep(0.5)\n"
                    "open('ready', 'w').close()\n"
                    "time.sleep(30)\n")
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    house.wait_until((site.path / "ready").exists, 20, "the job")
    family = house.descendants(house.find_monitor(launch))
    zombies = [pid for pid in family if b"State:\tZ" in house.read_proc(pid, "status")]
    assert zombies == []
    os.kill(house.find_monitor(launch), signal.SIGTERM)
    launch.finish(20)


def test_afterwards_the_set_is_wiped_and_no_process_is_left(site, launches):
    site.write_plan("import time\ntime.sleep(0.3)\n")
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    directory = pathlib.Path(launch.record()["environment"]["ARRESTOR_DIR"]).parent
    roles = house.roles_of(launch)
    assert directory.exists()
    assert launch.finish().status == 0
    assert not directory.exists()
    house.wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in roles.values()), 5,
                     "every role to end")


def test_monitor_killed_sweep_wipes(site, launches):
    site.write_plan("import time\ntime.sleep(20)\n")
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    record = launch.record()
    directory = pathlib.Path(record["environment"]["ARRESTOR_DIR"]).parent
    roles = house.roles_of(launch)
    os.kill(roles["monitor"], signal.SIGKILL)
    # Beneath /run/arrestor, which is root's, the empty directory waits for the next start.
    house.wait_until(lambda: not directory.exists() or not any(directory.iterdir()), 10, "sweep to wipe")
    house.wait_until(lambda: not os.path.exists(f"/proc/{roles['sweep']}"), 5, "sweep to end")
    house.end_process(record["pid"])
