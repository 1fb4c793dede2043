"""A role that dies does not take the job or the set with it."""

import os
import pathlib
import signal

import pytest

import house


def roles(launch, name):
    """Processes of this launch with that role."""
    found = []
    for path in pathlib.Path(f"/proc/{launch.pid}/task/{launch.pid}").glob("children"):
        for pid in path.read_text(encoding="ascii").split():
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if words[1:3] == [b"role", name.encode()]:
                found.append(int(pid))
    return found


def test_warden_and_sweep_are_started_again_and_the_set_stays_fresh(site, launches):
    site.write_plan("import time; time.sleep(6)")
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    directory = pathlib.Path(launch.record()["environment"]["ARRESTOR_DIR"])
    before = {name: roles(launch, name) for name in ("warden", "sweep")}
    for pids in before.values():
        assert len(pids) == 1
        os.kill(pids[0], signal.SIGKILL)
    house.wait_until(lambda: all(roles(launch, name) not in ([], pids) for name, pids in before.items()),
                     5, "warden and sweep to be there again")
    site.set_secret("the-second-password")
    house.wait_until(lambda: b"the-second-password" in (directory / "jdbc.properties").read_bytes(),
                     10, "the new password to arrive")
    result = launch.finish()
    assert result.status == 0, result.err
    assert not directory.parent.exists()


def test_a_warden_that_resumes_fetches_nothing_that_has_not_changed(site, launches):
    site.write_plan("import time; time.sleep(4)")
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    directory = pathlib.Path(launch.record()["environment"]["ARRESTOR_DIR"])
    generation = directory.readlink()
    (pid,) = roles(launch, "warden")
    os.kill(pid, signal.SIGKILL)
    house.wait_until(lambda: roles(launch, "warden") not in ([], [pid]), 5, "warden to be there again")
    result = launch.finish()
    assert result.status == 0, result.err
    assert result.err.count("generation ") == 1
    assert generation.name == "g-000001"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start roles as another user")
def test_started_as_root_no_resting_role_but_monitor_is_root(site, launches):
    site.write_plan("import time; time.sleep(2)")
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    launch.record()
    for name in ("warden", "sweep"):
        (pid,) = roles(launch, name)
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        uids = [line.split()[1:] for line in status.splitlines() if line.startswith("Uid:")][0]
        assert "0" not in uids, f"{name}: {uids}"
    assert launch.finish().status == 0


def test_fields_of_one_secret_in_two_files_are_told_once(site):
    site.set_secret("reader", name="pair", field_name="user")
    site.set_secret("a-password-of-its-own", name="pair", field_name="word")
    site.configure(secrets={"pair": {"store": "strongbox", "path": "pair"}},
                   files={"user": {"raw": "${pair.user}"}, "word": {"raw": "${pair.word}"}})
    result = site.run("spark-submit", "job.py")
    assert result.status == 0, result.err
    assert result.err.count("hold different fields of the secret pair") == 1
