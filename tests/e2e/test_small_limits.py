"""Too little of everything: room, inodes, memory, processes, locked memory, open files.

Each time: a status that is documented, a sentence that tells what to do next, the old
set as it was, byte for byte, and nothing left over. Once there is enough again, it heals
by itself.
"""

import os
import secrets
import subprocess

import pytest

import house
import narrow
import pod as pods

MEGABYTE = 1 << 20
ALL_AT_REST = 3  # monitor, warden, sweep
WITHOUT_CAPABILITIES = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


def bytes_of(pod):
    """What the job sees: every file of the set."""
    return {path.name: path.read_bytes() for path in (pod.dir / "current").iterdir()}


def left_in(*directories):
    return [str(path) for directory in directories if directory.exists() for path in directory.iterdir()]


def assert_ends_clean(pod, sidecar, *values):
    assert sidecar.end() == 0, sidecar.said()
    assert not left_in(pod.dir, pod.state)
    for value in values:
        assert value not in sidecar.said()


def assert_heals(pod, sidecar, password):
    """By itself: nobody touches arrestor. The pause between two tries has grown meanwhile."""
    sidecar.wait_for(lambda: pod.shows(password), "the new password", 70)
    sidecar.wait_for_state("fresh", 70)


# ---- A /dev/shm of its own, which nobody else uses meanwhile

PRIVATE = 'mount --bind "$0" /run && mount -t tmpfs -o size="$1" tmpfs /dev/shm && shift && "$@"; ' \
          'status=$?; ls -A /dev/shm >&2; exit $status'


def in_private_shm(site, size):
    """Before a command: a /dev/shm of its own, as in a container; what is left there is said at the end."""
    narrow.need_root("make a mount namespace")
    (site.path / "run").mkdir(exist_ok=True)
    return ["unshare", "-m", "sh", "-c", PRIVATE, str(site.path / "run"), size]


def assert_nothing_left(result):
    assert not result.last_line.startswith("arrestor-"), f"left over: {result.last_line}"


SHADOWED = pytest.mark.unsanitized("a limit on memory leaves no room for shadow")


# ---- A full tmpfs


@pytest.fixture
def bare(dev):
    """A pod without a configuration."""
    made = pods.Pod(dev)
    yield made
    made.remove()


@pytest.mark.parametrize("where", ["set", "state", "both"])
def test_a_tmpfs_that_fills_up_keeps_the_old_set_and_heals_by_itself(bare, where):
    with narrow.tmpfs(bare.path / "small", size="64k") as small:
        bare.dir = bare.dir if where == "state" else small / "set"
        bare.state = bare.state if where == "set" else small / "state"
        bare.configure()
        with bare.sidecar() as sidecar:
            before, old = bytes_of(bare), bare.read()["password"]
            ballast = narrow.fill(small)
            new = bare.rotate()
            sidecar.wait_for_line("the tmpfs is full: the old set stays")
            sidecar.wait_for_line(f"make the tmpfs of {bare.dir} larger")
            assert bytes_of(bare) == before
            assert bare.ready()
            ballast.unlink()
            assert_heals(bare, sidecar, new)
            assert_ends_clean(bare, sidecar, old, new)


@pytest.mark.parametrize("where", ["set", "state"])
def test_a_tmpfs_that_is_full_from_the_start_is_told_and_nothing_is_left(bare, where):
    accessors = bare.server.accessors()
    with narrow.tmpfs(bare.path / "small", size="64k") as small:
        bare.dir = small / "set" if where == "set" else bare.dir
        bare.state = small / "state" if where == "state" else bare.state
        bare.configure()
        narrow.fill(small)
        done = bare.init()
        assert done.status == 6, done.err
        assert "full" in done.err and "make the tmpfs of" in done.err
        assert not left_in(bare.dir)
        assert not bare.ready()
        if where == "set":
            assert bare.server.accessors() <= accessors, "the token is given back"


def test_a_tmpfs_without_inodes_keeps_the_old_set_and_heals_by_itself(bare):
    with narrow.tmpfs(bare.path / "small", size="1m", nr_inodes="40") as small:
        bare.dir, bare.state = small / "set", small / "state"
        bare.configure()
        with bare.sidecar() as sidecar:
            before = bytes_of(bare)
            ballast = narrow.fill_inodes(small)
            new = bare.rotate()
            sidecar.wait_for_line("the tmpfs is full: the old set stays")
            sidecar.wait_for_line("nr_inodes=")
            assert bytes_of(bare) == before
            house.remove_tree(ballast)
            assert_heals(bare, sidecar, new)
            assert_ends_clean(bare, sidecar)


def test_a_set_that_fits_once_but_not_twice_stands_until_the_tmpfs_is_larger(dev):
    names = ("one", "two", "three", "four")
    pod = pods.Pod(dev, names=names)
    for name in names:
        pod.rotate(name, secrets.token_hex(500_000))
    try:
        with narrow.tmpfs(pod.path / "small", size="5m") as small:
            pod.dir = small / "set"
            pod.configure(files={name: {"raw": f"${{{name}.password}}"} for name in names})
            with pod.sidecar() as sidecar:
                before = bytes_of(pod)
                assert sum(map(len, before.values())) == 4_000_000
                new = pod.rotate("three", secrets.token_hex(500_000))
                sidecar.wait_for_line(f"make the tmpfs of {pod.dir} larger (mount -o remount,size=...")
                assert bytes_of(pod) == before
                assert pod.status()["state"] == "stale", "what is half filled is removed: there is room to say so"
                subprocess.run(["mount", "-o", "remount,size=12m", small], check=True)  # as it was told
                sidecar.wait_for(lambda: bytes_of(pod)["three"] == new.encode(), "the new set", 70)
                assert bytes_of(pod) == {**before, "three": new.encode()}
                assert_ends_clean(pod, sidecar, new)
    finally:
        pod.remove()


# ---- A limit of memory

LEAST = 8 * MEGABYTE  # the documented least is twice that


@SHADOWED
@pytest.mark.parametrize("megabytes", [LEAST // MEGABYTE, 16, 24, 32])
def test_so_much_memory_is_enough_for_a_sidecar(pod, megabytes):
    with narrow.group("memory") as group:
        group.limit(megabytes * MEGABYTE)
        with pod.sidecar(before=group.words) as sidecar:
            for _ in range(3):
                new = pod.rotate()
                sidecar.wait_for(lambda: pod.shows(new), "the new password")
            assert group.deaths() == 0, sidecar.said()
            assert_ends_clean(pod, sidecar)


def eat_until_killed(group):
    """A process of the group takes memory until the kernel has ended somebody, and then ends."""
    before = group.deaths()
    eater = subprocess.Popen([*group.words, "tail", "/dev/zero"], stdout=subprocess.DEVNULL)
    try:
        house.wait_until(lambda: group.deaths() > before, 30, "the kernel to end a process")
    finally:
        eater.kill()
        eater.wait()


def offer(pid):
    """Makes a process the first that the kernel ends."""
    house.pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text("1000")


def wait_for_rest(sidecar):
    sidecar.wait_for(lambda: set(sidecar.roles()) == {"monitor", "warden", "sweep"}, "a pause between rounds")


@SHADOWED
def test_the_kernel_may_end_warden_sweep_and_monitor_for_want_of_memory(pod):
    pod.configure(poll="1h")
    with narrow.group("memory") as group:
        with pod.sidecar(before=group.words) as sidecar:
            wait_for_rest(sidecar)
            group.limit(group.current() + 8 * MEGABYTE)
            logins = pod.logins()
            for role in ("warden", "sweep"):
                before, victim = bytes_of(pod), sidecar.roles()[role]
                offer(victim)
                eat_until_killed(group)
                sidecar.wait_for_line(f"{role} was ended by signal 9")
                sidecar.wait_for(lambda: sidecar.roles().get(role, victim) != victim, f"{role} again")
                wait_for_rest(sidecar)
                assert bytes_of(pod) == before
            before = bytes_of(pod)
            offer(sidecar.pid)
            eat_until_killed(group)
            assert house.as_status(sidecar.process.wait(20)) == 137
            assert bytes_of(pod) == before and pod.ready()
        pod.configure()
        with pod.sidecar(before=group.words) as sidecar:
            new = pod.rotate()
            sidecar.wait_for(lambda: pod.shows(new), "the new password", 40)
            assert pod.logins() == logins, "it goes on from what the first has left"
            assert_ends_clean(pod, sidecar)


def test_a_round_that_has_too_little_memory_fails_and_the_next_with_enough_heals(pod):
    with narrow.group("memory") as group, pod.sidecar(before=group.words) as sidecar:
        for _ in range(3):
            small = pod.rotate()
            sidecar.wait_for(lambda: pod.shows(small), "the new password")
        before, logins = bytes_of(pod), pod.logins()
        group.limit(group.peak() + MEGABYTE // 2)
        new = pod.rotate(password="v" * 1_000_000)
        sidecar.wait_for_line("was ended by signal 9", 60)
        sidecar.wait_for_line("a process of arrestor ended unexpectedly; the last good set stands")
        sidecar.wait_for_line("memory limit of 16 MB")
        assert group.deaths() > 0
        assert bytes_of(pod) == before and pod.ready()
        group.limit(None)
        assert_heals(pod, sidecar, new)
        assert pod.logins() == logins
        assert_ends_clean(pod, sidecar, new[:100])


@SHADOWED
def test_a_start_with_too_little_memory_ends_with_70_and_leaves_nothing(pod):
    pod.configure(deliver={"wait": "2s"})
    with narrow.group("memory") as group:
        group.limit(2 * MEGABYTE)
        sidecar = pod.start(before=group.words)
        status = house.as_status(sidecar.process.wait(30))  # monitor itself may be the one
        assert status == 137 or (status == 70 and "was ended by signal 9" in sidecar.said()), sidecar.said()
        assert not left_in(pod.dir)
        group.limit(LEAST)
        with pod.sidecar(before=group.words) as sidecar:
            assert_ends_clean(pod, sidecar)


# ---- A limit of processes

TOLD = "allow more processes"


def check_starts(pod, before, least):
    """With fewer than are needed a sidecar ends and says which role it was; nothing is left."""
    accessors = pod.server.accessors()
    said = ""
    for count in range(least, least + 6):
        sidecar = pod.start(before=before(count))
        try:
            house.wait_until(lambda: sidecar.process.poll() is not None or pod.dir.exists() and
                             (pod.dir / "status.json").exists(), 20, "an end, or a set")
            if sidecar.process.poll() is None:
                assert sidecar.end() == 0
                break
            assert sidecar.process.returncode == 70, sidecar.said()
            assert "cannot start " in sidecar.said() and TOLD in sidecar.said(), sidecar.said()
            assert "FENCE" not in sidecar.said(), "what the others say to a dead monitor is noise"
            said += sidecar.said()
        finally:
            sidecar.kill()
        assert not left_in(pod.dir, pod.state)
        assert pod.server.accessors() <= accessors
    assert count == least + 5, "it starts with six processes, and not with fewer"
    for role in ("warden", "sweep", "fetch-net", "dial", "place"):
        assert f"cannot start {role}: " in said


def test_a_control_group_with_too_few_processes_ends_a_start_clearly(pod):
    with narrow.group("pids") as group:
        def words(count):
            group.limit(count)
            return group.words
        check_starts(pod, words, 1)


def lonely_user():
    """A uid under which nothing runs, so that its limit counts us alone."""
    return 3_000_000 + int.from_bytes(os.urandom(2), "big")


def test_a_user_with_too_few_processes_is_told_clearly(pod):
    narrow.need_root("become another user")
    uid = lonely_user()
    for path in [pod.path, *pod.path.iterdir()]:
        os.chown(path, uid, uid)
    check_starts(pod, lambda count: ["prlimit", f"--nproc={count}:{count}", "setpriv", f"--reuid={uid}",
                                     f"--regid={uid}", "--clear-groups", "--bounding-set=-all", "--"], 1)


def test_a_round_that_cannot_be_started_leaves_the_set_and_the_next_heals(pod):
    with narrow.group("pids") as group, pod.sidecar(before=group.words) as sidecar:
        logins = pod.logins()
        for more, role in enumerate(("fetch-net", "dial", "place")):
            before = bytes_of(pod)
            group.limit(ALL_AT_REST + more)
            new = pod.rotate()
            sidecar.wait_for_line(f"cannot start {role}: ", 60)
            sidecar.wait_for_line(TOLD)
            assert bytes_of(pod) == before and pod.ready()
            group.limit(None)
            assert_heals(pod, sidecar, new)
        assert pod.logins() == logins
        assert_ends_clean(pod, sidecar)


def test_a_launch_with_too_few_processes_is_not_started_and_leaves_nothing(site):
    with narrow.group("pids") as group:
        for count in range(1, 20):
            group.limit(count)
            result = site.run("spark-submit", "job.py", before=[*in_private_shm(site, "64m"), *group.words])
            assert_nothing_left(result)
            if result.status == 0:
                break
            assert result.status in (125, 126), (count, result.err)
            assert result.record is None
            assert site.password not in result.err + result.out
            assert "cannot start " in result.err or "fork" in result.err, (count, result.err)
        assert result.status == 0 and count > 4, result.err


# ---- Locked memory

FEW_KILOBYTES = 64 << 10


@SHADOWED
@pytest.mark.parametrize("limit", [0, FEW_KILOBYTES])
@pytest.mark.parametrize("size", [128 << 10, 1_000_000])
def test_secrets_larger_than_may_be_locked_are_delivered_and_it_is_said(pod, limit, size):
    value = "v" * size
    pod.rotate(password=value)
    with pod.sidecar(before=[*WITHOUT_CAPABILITIES, "prlimit", f"--memlock={limit}:{limit}"]) as sidecar:
        assert pod.read()["password"] == value
        sidecar.wait_for_line("off: secret-memory (too little memory may be locked")
        sidecar.wait_for_line("raise ulimit -l")
        new = pod.rotate(password="w" * size)
        sidecar.wait_for(lambda: pod.shows(new), "the new password")
        assert_ends_clean(pod, sidecar, value[:100], new[:100])


@SHADOWED
@pytest.mark.parametrize("limit", [0, FEW_KILOBYTES])
def test_where_secret_memory_is_required_too_little_is_fatal(pod, limit):
    pod.configure(require=["secret-memory"])
    pod.rotate(password="v" * (128 << 10))
    accessors = pod.server.accessors()
    sidecar = pod.start(before=[*WITHOUT_CAPABILITIES, "prlimit", f"--memlock={limit}:{limit}"])
    assert sidecar.process.wait(20) == 7, sidecar.said()
    assert "secret-memory is required and off" in sidecar.said()
    assert not left_in(pod.dir, pod.state)
    assert pod.server.accessors() <= accessors


# ---- Open files


@pytest.mark.parametrize("count", [3, 16, 63])
def test_too_few_open_files_are_told_before_anything_is_made(pod, site, count):
    sidecar = pod.start(before=["prlimit", f"--nofile={count}:{count}"])
    assert sidecar.process.wait(20) == (127 if count == 3 else 70), sidecar.said()
    result = site.run("spark-submit", "job.py", before=["prlimit", f"--nofile={count}:{count}"])
    assert result.status == (127 if count == 3 else 125), result.err
    for said in (sidecar.said(), result.err):
        assert count == 3 or f"only {count} files may be open at once; arrestor needs 64" in said, said
    assert not left_in(pod.dir, pod.state)


def test_as_many_open_files_as_it_says_are_enough(pod, site):
    words = ["prlimit", "--nofile=64:64"]
    with pod.sidecar(before=words) as sidecar:
        for _ in range(3):
            new = pod.rotate()
            sidecar.wait_for(lambda: pod.shows(new), "the new password")
        assert_ends_clean(pod, sidecar)
    assert site.run("spark-submit", "job.py", before=words).status == 0


# ---- A small /dev/shm

@pytest.mark.parametrize("size", ["1m", "64m"])
def test_a_small_dev_shm_carries_a_small_set(site, size):
    result = site.run("spark-submit", "job.py", before=in_private_shm(site, size))
    assert result.status == 0, result.err
    assert result.record["environment"]["ARRESTOR_DIR"].startswith("/dev/shm/arrestor-0-")
    assert_nothing_left(result)


def test_a_dev_shm_that_is_too_small_for_the_set_is_told_and_left_clean(site):
    site.set_secret("v" * 900_000)
    result = site.run("spark-submit", "job.py", before=in_private_shm(site, "1m"))
    assert result.status == 125, result.err
    assert result.record is None
    assert "the tmpfs is full" in result.err and "--shm-size" in result.err
    assert "not launched: place-full" in result.last_line, f"left over: {result.last_line}"
    assert "vvvv" not in result.err


def test_docker_s_dev_shm_carries_many_large_sets_at_once(site):
    site.set_secret("v" * 900_000)
    site.write_plan("import os, time\nopen('here-%d' % os.getpid(), 'w').close()\nimport pathlib\n"
                    "while len(list(pathlib.Path('.').glob('here-*'))) < 8: time.sleep(0.05)\n")
    eight = 'for i in 1 2 3 4 5 6 7 8; do "$@" & done; bad=0; for job in $(jobs -p); do wait $job || bad=$?; done; exit $bad'
    result = site.run("spark-submit", "job.py", timeout=120, environment={"FAKE_RECORD": ""},
                      before=[*in_private_shm(site, "64m"), "bash", "-c", eight, "eight"])
    assert result.status == 0, result.err
    assert len(list(site.path.glob("here-*"))) == 8, result.err
    assert_nothing_left(result)
