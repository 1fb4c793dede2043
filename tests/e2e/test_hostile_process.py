"""What a process inherits beside its variables: signals, umask, descriptors, directory, limits, a terminal.

Whoever starts arrestor may have closed, ignored or lost any of them. A launch is then
judged as ever, or refused with a reason, or it makes no difference.
"""

import itertools
import os
import re
import resource
import signal
import subprocess

import pytest

import house

WITHOUT = [group for size in (1, 2, 3) for group in itertools.combinations((0, 1, 2), size)]
SHELL = ["/bin/sh", "-c"]
FULL_DISK = ["unshare", "-m", *SHELL,
             'mount -t tmpfs -o size=4k full "$0" && head -c 4096 /dev/zero > "$0/filler" && exec "$@"']
OWN_RUN = ["unshare", "-m", *SHELL, 'mount -t tmpfs own /run && umask 077 && exec "$@"', "sh"]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do that to a process")


def shell(script):
    """What runs before arrestor and becomes it."""
    return [*SHELL, f'{script}; exec "$@"', "sh"]


def make_unsafe(site):
    site.write_conf({**house.SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE})


def expect_delivery(site):
    """The job fails unless its set is there, with the password in it."""
    site.write_plan("import os, pathlib\n"
                    "text = (pathlib.Path(os.environ['ARRESTOR_DIR']) / 'jdbc.properties').read_text()\n"
                    f"raise SystemExit({site.password!r} not in text)\n")


# ---- Standard input, output, errors


@pytest.mark.parametrize("closed", WITHOUT, ids=str)
def test_a_launch_without_standard_descriptors(site, closed):
    expect_delivery(site)
    result = site.run("spark-submit", "job.py", before=shell("; ".join(f"exec {n}>&-" for n in closed)))
    assert result.status == 0, result.err
    assert list(result.record["descriptors"]) == ["19"]
    make_unsafe(site)
    result = site.run("spark-submit", "job.py", before=shell("; ".join(f"exec {n}>&-" for n in closed)))
    assert (result.status, result.record) == (77, None)


@pytest.mark.parametrize("closed", WITHOUT, ids=str)
@pytest.mark.parametrize("words, status", [
    (["check", "conf/spark-defaults.conf"], 1),
    (["effective", "--", "spark-submit", "job.py"], 0),
    (["gate", "--", "org.apache.spark.deploy.SparkSubmit", "job.py"], 77),
    (["strongbox", "list"], 0),
])
def test_a_command_without_standard_descriptors(site, closed, words, status):
    make_unsafe(site)
    environment = {**site.environment, "ARRESTOR_STRONGBOX": str(site.box),
                   "ARRESTOR_STRONGBOX_KEY": str(site.key)}
    files = {path: path.read_bytes() for path in site.path.rglob("*") if path.is_file()}
    command = [*shell("; ".join(f"exec {n}>&-" for n in closed)), house.ARRESTOR, *words]
    done = subprocess.run(command, env=environment, cwd=site.path, capture_output=True, check=False)
    assert done.returncode == status, done.stderr
    assert {path: path.read_bytes() for path in site.path.rglob("*") if path.is_file()} == files


def test_hundreds_of_stray_descriptors_are_not_inherited(site):
    def open_many():
        for number in range(3, 700):
            os.dup2(0, number, inheritable=True)
    result = site.run("spark-submit", "job.py", close_fds=False, preexec_fn=open_many)
    assert result.status == 0, result.err
    assert list(result.record["descriptors"]) == ["19"]


def test_a_job_that_writes_to_a_full_disk_fails_by_itself(site):
    site.write_plan("import os\nos.write(1, b'x')\n")
    with open("/dev/full", "wb") as full:
        assert site.run("spark-submit", "job.py", stdout=full).status == 1


def test_messages_to_a_full_disk_change_no_verdict(site):
    def lose_errors():
        os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
    expect_delivery(site)
    assert site.run("spark-submit", "job.py", preexec_fn=lose_errors).status == 0
    make_unsafe(site)
    refused = site.run("spark-submit", "job.py", preexec_fn=lose_errors)
    assert (refused.status, refused.record) == (77, None)


@pytest.mark.parametrize("words", [
    ["check", "conf/spark-defaults.conf"], ["effective", "conf/spark-defaults.conf"], ["policy", "list"],
    ["schema"], ["completion", "bash"], ["check", "--help"], ["--help"], ["--version"],
], ids=" ".join)
def test_an_output_that_cannot_be_written_is_a_failure_and_said(site, words):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([house.ARRESTOR, *words], env=site.environment, cwd=site.path, stdout=full,
                              stderr=subprocess.PIPE, check=False)
    assert done.returncode == 70
    assert b"No space left on device" in done.stderr


@needs_root
def test_a_status_file_on_a_full_disk_is_said_and_changes_no_status(site):
    disk = site.path / "disk"
    disk.mkdir()
    site.write_plan("raise SystemExit(9)\n")
    words = ["run", "--status-file", str(disk / "status.json"), "-c", str(site.yaml), "--", "spark-submit", "job.py"]
    environment = {**site.environment, "FAKE_RECORD": str(site.record_path), "FAKE_PLAN": str(site.plan_path)}
    done = subprocess.run([*FULL_DISK, disk, house.ARRESTOR, *words], env=environment, cwd=site.path,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stderr
    assert "status.json" in done.stderr and "No space left on device" in done.stderr


@pytest.mark.parametrize("words, status", [(["check", "conf/spark-defaults.conf"], 70), (["schema"], 70)])
def test_a_reader_that_goes_away_leaves_a_status(site, words, status):
    near, far = os.pipe()
    os.close(near)
    done = subprocess.run([house.ARRESTOR, *words], env=site.environment, cwd=site.path, stdout=far,
                          stderr=subprocess.PIPE, restore_signals=False, check=False)
    os.close(far)
    assert done.returncode == status, done.stderr


def test_a_reader_of_messages_that_goes_away_changes_no_verdict(site):
    make_unsafe(site)
    near, far = os.pipe()
    os.close(near)
    result = site.run("spark-submit", "job.py", preexec_fn=lambda: os.dup2(far, 2))
    os.close(far)
    assert (result.status, result.record) == (77, None)


# ---- Signals


def ignoring(*names):
    """bash, because dash keeps SIGCHLD for itself."""
    return ["/bin/bash", "-c", f"trap '' {' '.join(names)}; exec \"$@\"", "bash"]


def test_with_sigchld_ignored_the_end_of_the_job_is_seen(site):
    site.write_plan("raise SystemExit(7)\n")
    assert site.run("spark-submit", "job.py", before=ignoring("CHLD"), timeout=30).status == 7


def test_with_sigchld_ignored_selftest_sees_a_claim_that_fails(site):
    words = [house.ARRESTOR, "selftest", "06"]
    plain = subprocess.run(words, env=site.environment, capture_output=True, text=True, check=False)
    done = subprocess.run([*ignoring("CHLD"), *words], env=site.environment, capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stdout) == (plain.returncode, plain.stdout)
    assert "06" in done.stdout


@pytest.mark.parametrize("names", [["CHLD"], ["HUP"], ["INT", "QUIT"], ["TERM", "USR1"], ["PIPE"], []], ids=str)
def test_the_job_ignores_what_its_caller_ignores_and_nothing_else(site, names):
    program = site.path / "spark-submit"
    program.write_text("#!/bin/bash\nexec grep SigIgn /proc/self/status\n")  # dash loses SIGCHLD
    program.chmod(0o755)
    plain = subprocess.run([*ignoring(*names), program] if names else [program], env=site.environment,
                           capture_output=True, text=True, check=True)
    result = site.run(str(program), "job.py", before=ignoring(*names) if names else ())
    assert result.status == 0, result.err
    ignored = sum(1 << getattr(signal, "SIG" + name) - 1 for name in names)
    assert int(plain.stdout.split()[1], 16) & ignored == ignored  # and what we were started with
    assert result.out == plain.stdout


@pytest.mark.parametrize("name", ["HUP", "INT", "QUIT"])
def test_what_nohup_or_a_script_ignores_does_not_end_the_judging(site, launches, name):
    (site.conf / "spark-env.sh").write_text("touch ready\nwhile [ ! -e go ]; do sleep 0.05; done\n")
    launch = site.start("spark-submit", "job.py", before=ignoring(name))
    launches.append(launch)
    house.wait_until((site.path / "ready").exists, 20, "spark-env.sh")
    os.kill(house.find_monitor(launch), getattr(signal, "SIG" + name))
    (site.path / "go").touch()
    result = launch.finish(20)
    assert result.status == 0 and result.record, result.err


@pytest.mark.parametrize("how", ["ignored", "blocked"])
def test_sigterm_ends_the_judging_whatever_the_caller_did_to_it(site, launches, how):
    def refuse_signals():
        if how == "ignored":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        else:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    (site.conf / "spark-env.sh").write_text("touch ready\nwhile [ ! -e go ]; do sleep 0.05; done\n")
    launch = site.start("spark-submit", "job.py", preexec_fn=refuse_signals)
    launches.append(launch)
    house.wait_until((site.path / "ready").exists, 20, "spark-env.sh")
    os.kill(house.find_monitor(launch), signal.SIGTERM)
    (site.path / "go").touch()
    result = launch.finish(20)
    assert (result.status, result.record) == (128 + signal.SIGTERM, None)


# ---- umask


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_the_umask_decides_no_mode_of_the_set_and_is_the_jobs(site, mask):
    site.write_plan("import json, os, pathlib\n"
                    "here = pathlib.Path(os.environ['ARRESTOR_DIR'])\n"
                    "paths = [here.parent, here.resolve(), here / 'jdbc.properties',"
                    " pathlib.Path(os.environ['SPARK_CONF_DIR'])]\n"
                    "print(json.dumps([oct(path.stat().st_mode & 0o777) for path in paths]))\n")
    plain = site.run("spark-submit", "job.py", preexec_fn=lambda: os.umask(0o022))
    result = site.run("spark-submit", "job.py", preexec_fn=lambda: os.umask(mask))
    if mask & 0o400:  # the fake Spark could not read back what it has made
        site.record_path.unlink(missing_ok=True)
    assert result.status == 0, result.err
    assert result.out == plain.out
    assert int(result.record["status"]["Umask"], 8) == mask


@pytest.mark.parametrize("mask", [0o077, 0o777])
def test_an_ordinary_user_with_any_umask(user_site, mask):
    user_site.write_plan("import os\nos.chmod(os.environ['FAKE_RECORD'], 0o644)\n"
                         "print(open(os.environ['ARRESTOR_DIR'] + '/jdbc.properties').read())\n")
    result = user_site.run("spark-submit", "job.py", preexec_fn=lambda: os.umask(mask))
    assert result.status == 0, result.err
    assert user_site.password in result.out


@needs_root
def test_a_job_of_another_user_reads_its_set_under_a_strict_umask(user_site):
    user_site.uid, name = None, "games"
    user_site.configure(**{"job-user": name})
    for path in user_site.key, user_site.box, user_site.yaml:
        os.chown(path, 0, 0)
    user_site.write_plan("import os\nprint(os.getuid())\n"
                         "print(open(os.environ['ARRESTOR_DIR'] + '/jdbc.properties').read())\n"
                         "print(os.listdir(os.environ['SPARK_CONF_DIR']))\n")
    result = user_site.run("spark-submit", "job.py", before=OWN_RUN)
    assert result.status == 0, result.err
    assert "in /run/arrestor/" in result.err
    assert result.out.startswith(f"{house.ORDINARY}\n") and user_site.password in result.out


# ---- Directory, limits, words


def test_a_working_directory_that_was_removed(site):
    gone = site.path / "gone"
    gone.mkdir()
    program = site.path / "spark-submit"
    program.write_text("#!/bin/sh\nexit 5\n")
    program.chmod(0o755)
    leave = shell(f"cd {gone} && rmdir {gone}")
    assert site.run(str(program), "job.py", before=leave).status == 5
    make_unsafe(site)
    gone.mkdir()
    assert site.run(str(program), "job.py", before=leave).status == 77


def test_a_working_directory_that_cannot_be_entered_again(user_site):
    dark = user_site.path / "dark"
    dark.mkdir()
    user_site.own()

    def enter():
        os.chdir(dark)
        os.chmod(dark, 0)
    result = user_site.run("spark-submit", "job.py", preexec_fn=enter)
    assert result.status == 0, result.err
    assert result.record["cwd"] == str(dark)


def enter_deep(site):
    """Goes down until no path can name the place any more."""
    os.chdir(site.path)
    for _ in range(25):
        os.makedirs("d" * 200, exist_ok=True)
        os.chdir("d" * 200)


def test_a_working_directory_deeper_than_a_path_can_be(site):
    result = site.run("spark-submit", "job.py", preexec_fn=lambda: enter_deep(site))
    assert result.status == 0, result.err
    assert len(result.record["cwd"]) > 4096

    def with_program():
        enter_deep(site)
        os.symlink(house.FAKE_HOME / "bin/spark-submit", "spark-submit")
    result = site.run("./spark-submit", "job.py", preexec_fn=with_program)
    assert (result.status, result.record) == (126, None)
    assert "name it by an absolute path" in result.err
    subprocess.run(["rm", "-rf", "d" * 200], cwd=site.path, check=True)


@pytest.mark.unsanitized("the runtime sets this limit")
def test_no_core_of_a_role_where_cores_are_unlimited(site, launches):
    def allow_cores():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    site.write_plan("import time\ntime.sleep(60)\n")
    launch = site.start("spark-submit", "job.py", preexec_fn=allow_cores)
    launches.append(launch)
    record = launch.record()
    assert record["limits"]["RLIMIT_CORE"] == [resource.RLIM_INFINITY] * 2
    roles = house.roles_of(launch)
    os.kill(roles["warden"], signal.SIGSEGV)
    house.wait_until(lambda: "warden was ended by signal 11" in launch.text(launch.err_file), 20, "the end of warden")
    assert not [path for path in site.path.iterdir() if path.name.startswith("core")]
    os.kill(record["pid"], signal.SIGKILL)
    launch.finish(20)


def test_no_word_at_all_not_even_a_name():
    """execve with an empty argv; since Linux 5.18 the kernel puts an empty word in."""
    code = ("import ctypes\nempty = (ctypes.c_char_p * 1)(None)\n"
            f"ctypes.CDLL(None).execve({str(house.ARRESTOR).encode()!r}, empty, empty)\n")
    done = subprocess.run([house.PYTHON, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "Usage:" in done.stdout


@pytest.mark.parametrize("count, status", [(40000, 0), (110000, 77)])
def test_a_very_long_command_line_is_judged_or_refused(site, count, status):
    def allow_more():  # the kernel takes a quarter of the stack
        resource.setrlimit(resource.RLIMIT_STACK, (64 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
    words = ["x" * 30] * count
    result = site.run("spark-submit", "job.py", *words, preexec_fn=allow_more)
    assert result.status == status, result.err[-500:]
    if status == 0:
        assert result.record["argv"][-count:] == words
    else:
        assert result.record is None
        assert re.search(r"command line is larger than \d+ bytes", result.err)


# ---- A terminal that hangs up


def hang_up(terminal):
    """As when a terminal window is closed: the other end is gone, and the kernel signals."""
    os.close(terminal.slave)
    os.close(terminal.master)
    terminal.slave, terminal.master = (os.open("/dev/null", os.O_RDWR) for _ in range(2))


def is_gone(pid):
    return not os.path.exists(f"/proc/{pid}") or b"State:\tZ" in house.read_proc(pid, "status")


def directories_of(pid):
    """What a monitor has open in memory; only root may look."""
    if os.geteuid() != 0:
        return []
    links = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
    found = [link for link in links if "/arrestor" in link and os.path.isdir(link)]
    assert found
    return found


@pytest.mark.parametrize("phase", ["judging", "running"])
def test_a_terminal_hangs_up_during_a_launch(site, at_terminal, phase):
    wait = "touch ready\nwhile :; do sleep 0.05; done\n"
    if phase == "judging":
        (site.conf / "spark-env.sh").write_text(wait)
    site.environment["FAKE_RECORD"] = str(site.record_path)
    site.environment["FAKE_PLAN"] = str(site.plan_path)
    site.write_plan("import time\nopen('ready', 'w').close()\ntime.sleep(60)\n")
    terminal = at_terminal("run", "-c", site.yaml, "--", "spark-submit", "job.py")
    house.wait_until((site.path / "ready").exists, 20, phase)
    pids, directories = [terminal.job, *house.descendants(terminal.job)], directories_of(terminal.job)
    hang_up(terminal)
    house.wait_until(lambda: all(is_gone(pid) for pid in pids), 20, "the end of everything")
    house.wait_until(lambda: not any(map(os.path.exists, directories)), 20, "the set to be wiped")


def test_a_terminal_hangs_up_at_the_passphrase(site, at_terminal):
    files = {path: path.read_bytes() for path in (site.box, site.key)}
    terminal = at_terminal("strongbox", "rekey", "--passphrase", "--box", site.box, "--key", site.key)
    terminal.expect(b"assphrase")
    terminal.wait_echo(False)
    pids = [terminal.job, *house.descendants(terminal.job)]
    hang_up(terminal)
    house.wait_until(lambda: all(is_gone(pid) for pid in pids), 20, "the end of the command")
    assert {path: path.read_bytes() for path in files} == files
