"""Bad luck: others were there first, two start at once, a pid comes again, all is killed half-way."""

import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import pytest

import house
import narrow

THESIS = "three years of work"


# ---- Names that others have taken


def squat(path, kind, target):
    """Something of another user's under this name."""
    if kind == "directory":
        path.mkdir()
        path.chmod(0o777)
        (path / "thesis.txt").write_text(THESIS)
        os.chown(path / "thesis.txt", house.STRANGER, house.STRANGER)
    elif kind == "empty directory":
        path.mkdir()
        path.chmod(0o777)
    elif kind == "link":
        path.symlink_to(target)
    elif kind == "file":
        path.write_text(THESIS)
        path.chmod(0o666)
    else:
        os.mkfifo(path, 0o666)
    os.chown(path, house.STRANGER, house.STRANGER, follow_symlinks=False)


def picture(path):
    """Everything beneath a path: kind, owner, mode, content."""
    found = {}
    for one in [path, *sorted(path.rglob("*"))]:
        stat = one.lstat()
        text = one.read_text() if one.is_file() and not one.is_symlink() else None
        found[str(one)] = (stat.st_mode, stat.st_uid, stat.st_gid, stat.st_ino, text)
    return found


KINDS = ["directory", "empty directory", "link", "file", "fifo"]
PRIVATE = 'mount --bind "$0/run" /run && mount --bind "$0/shm" /dev/shm && exec "$@"'


@pytest.fixture
def private(site):
    """A site with a /dev/shm of its own, seen from outside at .shm; `.words` stand before a command."""
    site.shm = site.path / "shm"
    (site.path / "run").mkdir()
    with narrow.tmpfs(site.shm, mode="1777"):
        site.words = ["unshare", "-m", "sh", "-c", PRIVATE, str(site.path)]
        yield site


@pytest.mark.parametrize("kind", KINDS)
def test_names_like_ours_that_others_made_are_neither_used_nor_removed(private, kind):
    target = private.path / "target"
    target.mkdir()
    (target / "thesis.txt").write_text(THESIS)
    for suffix in ("", ".state", ".launch"):
        squat(private.shm / f"arrestor-0-0123456789abcdef{suffix}", kind, target)
    dead = private.shm / "arrestor-0-fedcba9876543210"  # ours, of one that died: what lies beside it is not
    dead.mkdir(mode=0o700)
    squat(private.shm / f"{dead.name}.state", kind, target)
    squat(private.shm / "arrestor-0-00000000000000aa.launch", kind, target)
    before = picture(private.shm), picture(target)
    result = private.run("spark-submit", "job.py", before=private.words)
    assert result.status == 0, result.err
    del before[0][str(dead)]
    assert not dead.exists(), "that one was ours"
    after = picture(private.shm), picture(target)
    for one in (*before, *after):  # the directory itself has seen names come and go
        one.pop(str(private.shm), None)
    assert after == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["dir", "state"])
def test_a_named_directory_that_another_user_made_is_refused_and_untouched(pod, tmp_path, kind, what):
    narrow.need_root("make something of another user's")
    target = tmp_path / "target"
    target.mkdir()
    taken = pod.path / "taken"
    squat(taken, kind, target)
    before = picture(taken), picture(target)
    pod.configure(deliver={what: str(taken)})
    accessors = pod.server.accessors()
    done = pod.init()
    assert done.status == 7, done.err
    assert str(taken) in done.err and "  -> " in done.err, done.err
    assert (picture(taken), picture(target)) == before
    assert pod.server.accessors() <= accessors


def test_an_ordinary_user_does_not_deliver_into_a_directory_of_another_s(user_site):
    with narrow.tmpfs(user_site.path / "small", mode="1777") as small:
        user_site.configure(deliver={"dir": str(small / "set")})
        squat(small / "set", "empty directory", None)
        before = picture(small / "set")
        result = user_site.run("spark-submit", "job.py")
        assert result.status == 125, result.err
        assert result.record is None
        assert f"belongs to another user (uid {house.STRANGER})" in result.err
        assert "name a directory that is not there yet" in result.err
        assert picture(small / "set") == before


@pytest.mark.parametrize("mode, owner, taken", [
    (0o777, 0, False), (0o755, house.STRANGER, False), (0o1777, house.STRANGER, False), (0o1777, 0, True), (0o755, 0, True)])
def test_a_directory_in_which_others_could_replace_ours_is_refused(pod, mode, owner, taken):
    narrow.need_root("make something of another user's")
    above = pod.path / "above"
    above.mkdir()
    above.chmod(mode)
    os.chown(above, owner, owner)
    pod.dir = above / "set"
    pod.configure()
    done = pod.init()
    if taken:
        assert done.status == 0, done.err
        return
    assert done.status == 7, done.err
    assert "others could replace it" in done.err
    assert not list(above.iterdir())


def test_a_directory_that_everybody_may_write_to_is_refused(pod):
    pod.dir = pod.path / "open"
    pod.dir.mkdir()
    pod.dir.chmod(0o777)
    pod.configure()
    done = pod.init()
    assert done.status == 7, done.err
    assert "may be written to by everybody" in done.err
    assert not list(pod.dir.iterdir())


def test_the_volume_of_a_pod_may_be_written_by_all_who_see_it(pod):
    with narrow.tmpfs(pod.path / "volume", mode="0777") as volume:
        pod.dir, pod.state = volume / "set", volume / "state"
        pod.configure()
        assert pod.init().status == 0
        assert pod.ready()


def as_stranger(pod):
    """The words that start something as a user of its own, who may read what the pod has."""
    pod.path.chmod(0o1777)
    pod.configure()
    for path in (pod.yaml, pod.secret_id_file):
        os.chown(path, house.STRANGER, house.STRANGER)
    return ["setpriv", f"--reuid={house.STRANGER}", f"--regid={house.STRANGER}", "--clear-groups"]


def test_in_a_volume_that_all_may_write_only_its_owner_changes_a_set(pod):
    narrow.need_root("mount, and be another user")
    with narrow.tmpfs(pod.path / "volume", mode="0777") as volume:
        pod.dir = volume
        done = pod.arrestor("init", "-c", pod.yaml, before=as_stranger(pod), umask=0)
        assert done.status == 0, done.err
        assert (pod.dir / "current").resolve().stat().st_mode & 0o777 == 0o755


def test_a_user_namespace_that_does_not_know_root_is_no_hindrance(pod):
    narrow.need_root("be a user without a name outside")
    done = pod.arrestor("init", "-c", pod.yaml, before=[*as_stranger(pod), "unshare", "--user", "--map-current-user"])
    assert done.status == 0, done.err
    assert pod.ready()


# ---- Two at once


def test_eight_runs_at_once_have_eight_sets_and_leave_none(private, launches):
    private.write_plan("import os, pathlib, time\n"
                       "pathlib.Path('here-%d' % os.getpid()).write_text(os.environ['ARRESTOR_DIR'] + '\\n' +"
                       " open(os.environ['ARRESTOR_DIR'] + '/jdbc.properties').read())\n"
                       "while len(list(pathlib.Path('.').glob('here-*'))) < 8: time.sleep(0.05)\n")
    for _ in range(8):
        launches.append(private.start("spark-submit", "job.py", before=private.words, environment={"FAKE_RECORD": ""}))
    for launch in launches:
        result = launch.finish(90)
        assert result.status == 0, result.err
    told = [path.read_text().split("\n", 1) for path in private.path.glob("here-*")]
    assert len({directory for directory, _ in told}) == 8
    assert {text for _, text in told} == {f"user=etl\npassword={private.password}\n"}
    assert not list(private.shm.iterdir())


def test_a_second_run_into_one_directory_is_refused_and_the_first_is_unharmed(private, launches):
    private.configure(deliver={"dir": "/dev/shm/set"})
    private.write_plan("import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)\n")
    first = private.start("spark-submit", "job.py", before=private.words)
    launches.append(first)
    first.record()
    before = picture(private.shm / "set")
    record = private.record_path.read_bytes()
    second = private.run("spark-submit", "job.py", before=private.words)
    assert second.status == 125 and second.record is None, second.err
    assert "another arrestor delivers there" in second.err and "end that one first" in second.err
    assert picture(private.shm / "set") == before
    private.record_path.write_bytes(record)
    (private.path / "go").touch()
    assert first.finish().status == 0
    assert not list(private.shm.iterdir())


def test_two_inits_at_once_leave_one_whole_set(pod):
    for _ in range(4):
        begun = [subprocess.Popen([house.ARRESTOR, "init", "-c", pod.yaml], env=pod.environment, cwd=pod.path,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                 for _ in range(2)]
        ended = [(process.communicate(timeout=60)[0].decode(), process.returncode) for process in begun]
        assert sorted(status for _, status in ended) in ([0, 0], [0, 7]), ended
        for said, status in ended:
            assert status == 0 or "another arrestor delivers there" in said
        assert pod.ready()
        assert pod.read()["user"] == "etl"
        assert sorted(path.name for path in pod.dir.iterdir() if not path.name.startswith("g-")) == [
            "current", "status.json"]


def test_a_run_does_not_share_the_state_of_a_sidecar(pod, site):
    with pod.sidecar() as sidecar:
        before = picture(pod.state), picture(pod.dir)
        site.configure(deliver={"state": str(pod.state)})
        result = site.run("spark-submit", "job.py")
        assert result.status == 125 and result.record is None, result.err
        assert f"{pod.state}: another arrestor delivers there" in result.err
        assert (picture(pod.state)[str(pod.state)][:4], picture(pod.dir).keys()) == (
            before[0][str(pod.state)][:4], before[1].keys())
        new = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(new), "the new password")
        assert sidecar.end() == 0


# ---- A pid that comes again


def test_a_dead_one_is_cleaned_although_its_pid_lives_and_a_live_one_is_left(private, launches):
    if not os.access("/proc/sys/kernel/ns_last_pid", os.W_OK):
        pytest.skip("this kernel lets nobody choose a pid (CONFIG_CHECKPOINT_RESTORE)")
    private.write_plan("import time\ntime.sleep(600)\n")
    neighbour = private.start("spark-submit", "job.py", before=private.words)
    launches.append(neighbour)
    live = pathlib.Path(neighbour.record()["environment"]["ARRESTOR_DIR"]).parent.name
    told = {"launch": [str(word) for word in private.launch_command("spark-submit", "job.py")], "live": live,
            "environment": {**private.environment, "FAKE_RECORD": str(private.path / "other.json"),
                            "FAKE_PLAN": str(private.plan_path)}}
    done = subprocess.run([*private.words, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable,
                           str(pathlib.Path(__file__).parent / "reuse_pid.py"), json.dumps(told)],
                          capture_output=True, text=True, timeout=120, check=False, cwd=private.path)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert len(seen["dead"]) == 3, seen
    assert seen["status"] == 0 and seen["other_lives"], seen
    assert f"removed what an arrestor that died had left: {min(seen['dead'])}" in seen["said"]
    assert seen["left"] == sorted([live, f"{live}.state", f"{live}.launch"]), seen
    assert private.password in (private.shm / live / "current/jdbc.properties").read_text()


# ---- Killed half-way

POD = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
KILLS = int(os.environ.get("KILLS", "15"))  # of each kind


def kill_namespace(process):
    """The first process of the namespace: the kernel ends all others with it, at one moment."""
    for pid in house.descendants(process.pid):
        text = house.read_proc(pid, "status").decode()
        if any(line.startswith("NSpid") and line.split()[-1] == "1" for line in text.splitlines()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    process.wait(20)


def test_a_run_killed_with_all_it_started_at_any_moment_is_cleaned_by_the_next(private):
    chance = random.Random(7)
    private.write_plan("import time\ntime.sleep(0.02)\n")
    left = 0
    for number in range(2 * KILLS):
        launch = private.start("spark-submit", "job.py", before=[*private.words, *POD])
        if number % 2 == 0:  # somewhere in its start
            time.sleep(chance.uniform(0, 0.12))
        else:  # somewhere in its end
            with contextlib.suppress(AssertionError):
                launch.record(20)
            time.sleep(chance.uniform(0.02, 0.1))
        kill_namespace(launch.process)
        left += bool(list(private.shm.iterdir()))
        assert private.password not in launch.text(launch.err_file)
    assert left > 0, "some were killed half-way"
    result = private.run("spark-submit", "job.py", before=private.words)
    assert result.status == 0, result.err
    assert not list(private.shm.iterdir())


def test_a_sidecar_killed_with_all_it_started_at_any_moment_leaves_a_whole_set_or_none(pod):
    chance = random.Random(11)
    narrow.need_root("make a namespace of processes")
    old = None
    for number in range(2 * KILLS):
        ends = number % 2 == 1
        new = pod.rotate()
        sidecar = pod.start(before=POD)
        if ends:
            sidecar.wait_for(lambda: pod.shows(new), "the set", 40)
            for pid in house.descendants(sidecar.pid):
                if house.words_of(pid)[1:2] == ["sidecar"]:
                    os.kill(pid, signal.SIGTERM)
        time.sleep(chance.uniform(0, 0.02 if ends else 0.12))
        kill_namespace(sidecar.process)
        if (pod.dir / "current").exists():
            assert pod.read()["password"] in (old, new), sidecar.said()
            old = pod.read()["password"]
        assert new not in sidecar.said()
    with pod.sidecar() as sidecar:
        new = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(new), "the new password", 40)
        assert sidecar.end() == 0
    assert not list(pod.dir.iterdir()) and not list(pod.state.iterdir())
