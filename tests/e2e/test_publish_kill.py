"""kill -9 of place at each of its file calls, of everything, and a full tmpfs."""

import json
import os
import pathlib
import signal
import subprocess

import pytest

import house
import readers

pytestmark = pytest.mark.unwatched("it has a tracer of its own")

OLD, NEW = "old-value-" + "o" * 100, "new-value-" + "n" * 3000


def kill_place_at(site, launches, instance, call, change=lambda site: site.set_secret(NEW)):
    """One launch whose INSTANCEth place dies at its CALLth file call. (killed?, seen, result)

    change: what happens once the job reads the first set."""
    log = site.path / "killat.log"
    for name in ("reading", "seen.json"):
        (site.path / name).unlink(missing_ok=True)
    site.set_secret(OLD)
    launch = site.start("spark-submit", "job.py",
                        before=[house.KILLAT, str(log), "place", str(instance), str(call)])
    launches.append(launch)
    house.wait_until(lambda: (site.path / "reading").exists() or launch.process.poll() is not None,
                     30, "the reader")
    if launch.process.poll() is None:
        change(site)
    result = launch.finish(60)
    seen_path = site.path / "seen.json"
    seen = json.loads(seen_path.read_text()) if seen_path.exists() else None
    return log.read_text().startswith("killed"), seen, result


def prepare(site, plan=readers.plan(NEW, 8, after=8)):
    (site.path / "allowed.json").write_text(json.dumps([OLD, NEW]))
    site.configure(files=readers.TWINS)
    site.write_plan(plan)


def test_place_killed_at_any_file_call_of_a_rotation_shows_old_or_new(site, launches):
    prepare(site)
    for call in range(1, 100):
        before = house.tmpfs_directories()
        killed, seen, result = kill_place_at(site, launches, 2, call)
        assert seen, f"call {call}: {result.err}"
        assert (seen["mixed"], seen["missing"], seen["partial"]) == (0, 0, 0), (call, seen)
        assert set(seen["values"]) <= {OLD, NEW}
        assert seen["values"][-1] == NEW, f"call {call}: the next round did not publish: {result.err}"
        readers.assert_status_was_whole(seen)
        assert seen["status"]["generation"] == 2, f"call {call}: its status was not mended: {seen}"
        assert result.status == 0, (call, result.err)
        assert house.tmpfs_directories() <= before, f"call {call}: something is left"
        if not killed:
            break
    assert not killed and call > 5, f"{call} file calls"


def test_place_killed_at_any_file_call_of_the_first_round_starts_nothing_half_done(site, launches):
    prepare(site)
    for call in range(1, 100):
        before = house.tmpfs_directories()
        killed, seen, result = kill_place_at(site, launches, 1, call)
        if not killed:
            break
        if seen is None:  # arrestor gave up: then it says so, and nothing is left
            assert result.status == 125, (call, result.err)
        else:  # or it tried again, and the job saw a whole set
            assert (seen["mixed"], seen["missing"], seen["partial"]) == (0, 0, 0), (call, seen)
            readers.assert_status_was_whole(seen)
        assert house.tmpfs_directories() <= before, f"call {call}: something is left"
    assert not killed and call > 5, f"{call} file calls"


def test_place_killed_at_any_file_call_of_a_round_that_fails_leaves_set_and_status(site, launches):
    prepare(site, readers.plan("never", 3))
    for call in range(1, 100):
        killed, seen, result = kill_place_at(
            site, launches, 2, call,
            lambda site: site.arrestor("strongbox", "rm", "orders-db", "--box", site.box, "--key", site.key))
        assert seen, f"call {call}: {result.err}"
        assert (seen["mixed"], seen["missing"], seen["partial"]) == (0, 0, 0), (call, seen)
        assert seen["values"] == [OLD]
        readers.assert_status_was_whole(seen)
        assert seen["status"]["states"] == ["fresh", "stale"], f"call {call}: {seen}: {result.err}"
        if not killed:
            break
    assert not killed and call > 3, f"{call} file calls"


def hold(site, launches):
    """A launch whose job waits; (launch, its delivery directory, pid of the job)."""
    site.write_plan("import time\ntime.sleep(60)\n")
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    record = launch.record()
    return launch, pathlib.Path(record["environment"]["ARRESTOR_DIR"]).parent, record["pid"]


def test_the_next_start_cleans_the_dead_and_leaves_the_live(site, launches):
    neighbour, alive, live_job = hold(site, launches)
    victim, dead, dead_job = hold(site, launches)
    assert alive != dead
    for pid in [victim.pid, *house.roles_of(victim).values(), dead_job]:
        os.kill(pid, signal.SIGSTOP)  # so that nobody wipes while the others die
    for pid in [*house.roles_of(victim).values(), dead_job]:
        house.end_process(pid)
    victim.process.wait()
    assert dead.exists(), "killed with everything else, nobody could wipe it"
    site.write_plan("")
    assert site.run("spark-submit", "job.py").status == 0
    assert not dead.exists(), "the next start cleans up what is dead"
    assert (alive / "current/jdbc.properties").read_text().count(site.password) == 1
    house.end_process(live_job)
    neighbour.finish(20)
    assert not alive.exists()


@pytest.fixture
def small_tmpfs(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a tmpfs of its own")
    path = tmp_path / "small"
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0755", "tmpfs", path], check=False)
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount a tmpfs")
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_a_full_tmpfs_keeps_the_old_set(site, launches, small_tmpfs):
    huge = "h" * 400_000
    (site.path / "allowed.json").write_text(json.dumps([OLD]))
    site.configure(files=readers.TWINS, deliver={"dir": str(small_tmpfs / "set")})
    site.set_secret(OLD)
    site.write_plan(readers.plan("never", 4))
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    house.wait_until((site.path / "reading").exists, 20, "the reader")
    site.set_secret(huge)
    result = launch.finish(60)
    seen = json.loads((site.path / "seen.json").read_text())
    assert (seen["mixed"], seen["missing"], seen["partial"]) == (0, 0, 0), seen
    assert seen["values"] == [OLD]
    readers.assert_status_was_whole(seen)
    assert seen["status"]["generation"] == 1
    assert result.status == 0
    assert "full" in result.err


def test_a_tmpfs_that_is_full_from_the_start_is_told(site, small_tmpfs):
    site.configure(files=readers.TWINS, deliver={"dir": str(small_tmpfs / "set")})
    site.set_secret("h" * 400_000)
    result = site.run("spark-submit", "job.py")
    assert result.status == 125, result.err
    assert result.record is None
    assert "full" in result.err


def test_a_directory_on_disk_is_refused(site, tmp_path):
    if house.is_tmpfs(tmp_path):
        pytest.skip("the tests' own directory is on tmpfs here")
    site.configure(deliver={"dir": str(tmp_path / "set")})
    result = site.run("spark-submit", "job.py")
    assert result.status == 125, result.err
    assert result.record is None
    assert "tmpfs" in result.err
