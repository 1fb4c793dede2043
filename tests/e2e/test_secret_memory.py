"""What root can do to the memory that values are in, and that swap, cores and debuggers get nothing of it."""

import contextlib
import ctypes
import errno
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys

import house
import memory_search
import pytest
import strongbox

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="only root can look into all processes"),
              pytest.mark.unsanitized("all memory of a process is searched, of which most is shadow there"),
              pytest.mark.unwatched("it has a tracer of its own")]


# ---- Secret memory, as root sees it


def allow_cores():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.fixture
def store_pod(tmp_path):
    with memory_search.pod_at_store(tmp_path, "http") as found:
        yield found


def is_stopped(pid):
    return b"\nState:\tT" in house.read_proc(pid, "status")


@pytest.fixture
def park(site, tmp_path, launches):
    """Runs a job with a value of its own, and stops a role before one of its calls: (planted, pid, launch)."""
    parked = []

    def start(role, call, before=()):
        password = memory_search.canary()
        site.set_secret(password)
        planted = memory_search.Planted(tmp_path, password=password)
        launch = site.start("spark-submit", "job.py", before=[*before, *planted.before(park=(role, call))],
                            preexec_fn=allow_cores)
        launches.append(launch)
        house.wait_until(lambda: planted.parked() or launch.process.poll() is not None, 60, f"{role} to be parked")
        pid = planted.parked()
        assert pid, launch.text(launch.err_file)
        house.wait_until(lambda: is_stopped(pid), 30, f"{role} to stop")
        parked.append(pid)
        return planted, pid, launch
    yield start
    for pid in parked:
        house.end_process(pid)


def go_on(pid, launch):
    os.kill(pid, signal.SIGCONT)
    result = launch.finish()
    assert result.status == 0, result.err
    return result


def dump_core(pid, path, *options):
    """A core as root's debugger makes it; the file."""
    subprocess.run(["gdb", "-nx", "-batch", "-p", str(pid), *options, "-ex", f"generate-core-file {path}"],
                   capture_output=True, check=True)
    return path


EVERYTHING = ("-ex", "set use-coredump-filter off", "-ex", "set dump-excluded-mappings on")


def test_secret_memory_is_closed_to_root_whatever_it_tries(park, tmp_path):
    """place, which has mapped what fetch gave it and not looked at it: there the value is in secret memory alone."""
    planted, pid, launch = park("place", "region:1")
    look, = planted.look(pid)
    region, = (closed for closed in look.closed if "secretmem" in closed.where)
    assert (region.mem, region.vm) == (errno.EIO, errno.EFAULT)
    assert {"lo", "dd"} <= set(region.flags.split()), "locked, and in no core"
    assert look.regions == 1 and look.bytes > 1 << 20
    assert look.hits == ()
    assert planted.find_in_file(dump_core(pid, tmp_path / "core", *EVERYTHING)) == {}
    go_on(pid, launch)
    assert "place" in memory_search.held(planted.told()) or "fetch" in memory_search.held(planted.told())


def test_the_same_tools_read_ordinary_memory(park, tmp_path):
    """fetch at the same step: the value is in its heap too, until the region is handed over."""
    planted, pid, launch = park("fetch", "region:1")
    look, = planted.look(pid)
    assert look.regions == 1
    assert {where for _, where in look.hits} == {"[heap]"}
    assert "password" in {label for label, _ in planted.find_in_file(dump_core(pid, tmp_path / "core"))}
    go_on(pid, launch)


def test_without_memfd_secret_root_sees_a_locked_sealed_memory_file_and_that_is_said(park, tmp_path):
    planted, pid, launch = park("place", "region:3", before=[house.BUILD / "weak"])
    look, = planted.look(pid)
    assert look.regions == 1
    assert {where for _, where in look.hits} == {"memfd:secrets (deleted)"}
    assert {"lo", "dd"} <= flags_of(pid, "memfd:secrets")
    assert planted.find_in_file(dump_core(pid, tmp_path / "core")) == {}, "not in a core that obeys the mapping"
    assert planted.find_in_file(dump_core(pid, tmp_path / "core-of-all", *EVERYTHING)) != {}
    assert "degraded: secret-memory" in go_on(pid, launch).err


def flags_of(pid, name):
    """VmFlags of the mapping with this name."""
    text = house.read_proc(pid, "smaps").decode()
    return set(re.search(re.escape(name) + ".*?VmFlags: ([^\n]*)", text, flags=re.S)[1].split())


# ---- Swap

PAGE_OUT, MADVISE = 21, 440  # MADV_PAGEOUT; process_madvise(2)


class Span(ctypes.Structure):
    _fields_ = [("begin", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def page_out(pid):
    """Asks the kernel to write all memory of a process to swap now; [(begin, end)] of what it may."""
    process, allowed = os.pidfd_open(pid), []
    library = ctypes.CDLL(None, use_errno=True)
    for line in house.read_proc(pid, "maps").decode().splitlines():
        begin, end = (int(number, 16) for number in line.split()[0].split("-"))
        span = Span(begin, end - begin)
        if library.syscall(MADVISE, process, ctypes.byref(span), ctypes.c_size_t(1), PAGE_OUT, 0) >= 0:
            allowed.append((begin, end))
    os.close(process)
    return allowed


def hits_in(look, spans):
    return [address for address in look.addresses if any(begin <= address < end for begin, end in spans)]


@contextlib.contextmanager
def a_holder(planted):
    """A process like any other that holds the first value."""
    code = "import sys; held = bytes.fromhex(sys.stdin.readline()); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(next(iter(planted.values.values())).hex().encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        yield process.pid
        process.stdin.close()


# With all that they have of the value: fetch fills the region, place has copied it.
HOLDING = [("fetch", "region:1"), ("place", "region:2")]


@pytest.mark.parametrize("role, call", HOLDING)
def test_what_holds_a_value_cannot_be_swapped(park, role, call):
    """Secret memory never can; the heap is locked where the caller's limit leaves room for that."""
    planted, pid, launch = park(role, call)
    look, = planted.look(pid)
    assert {where for _, where in look.hits} == {"[heap]"}
    assert hits_in(look, page_out(pid)) == []
    with a_holder(planted) as other:
        seen, = planted.look(other)
        assert hits_in(seen, page_out(other)), "the kernel takes the same order for any other process"
    go_on(pid, launch)


@pytest.mark.skipif("ARRESTOR_SWAP" not in os.environ, reason="make memory turns swap on for a moment")
@pytest.mark.parametrize("role, call", HOLDING)
def test_no_value_is_in_the_swap_file(park, tmp_path, role, call):
    planted, pid, launch = park(role, call)
    planted.plant(other=memory_search.plain_canary())
    control = memory_search.Planted(tmp_path, other=planted.values["other"])
    planted.plant()
    swap = tmp_path / "swap"
    with open(swap, "wb") as file:
        file.write(bytes(16 << 20))
        os.fsync(file.fileno())
    swap.chmod(0o600)
    subprocess.run(["mkswap", swap], check=True, capture_output=True)
    subprocess.run(["swapon", swap], check=True)
    try:
        with a_holder(control) as other:
            house.wait_until(lambda: page_out(pid) and "other" in labels_in_swap(planted, swap, other), 30, "swap")
            assert labels_in_swap(planted, swap, other) == {"other"}
    finally:
        subprocess.run(["swapoff", swap], check=True)
    go_on(pid, launch)


def labels_in_swap(planted, swap, other):
    """What stands in the swap file by now; what was read of it before is not asked again."""
    page_out(other)
    with open(swap, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return {label for label, _ in planted.find_in_file(swap)}


# ---- The live descriptor


# Takes a descriptor of a process and maps it: the value's place in it, or the error.
TAKE = """
import ctypes, mmap, os, sys
pid, number = map(int, sys.argv[1:])
taken = ctypes.CDLL(None, use_errno=True).syscall(438, os.pidfd_open(pid), number, 0)
print(mmap.mmap(taken, os.fstat(taken).st_size)[:].hex() if taken >= 0 else os.strerror(ctypes.get_errno()))
"""


def take_region(pid, *before):
    number = next(int(name) for name in os.listdir(f"/proc/{pid}/fd")
                  if "secretmem" in os.readlink(f"/proc/{pid}/fd/{name}"))
    done = subprocess.run([*before, sys.executable, "-c", TAKE, str(pid), str(number)], capture_output=True,
                          text=True, check=True)
    return done.stdout.strip()


def test_a_live_descriptor_can_be_taken_by_root_and_by_nobody_else(park):
    """What SECURITY.md says of it; the user is the role's own."""
    planted, pid, launch = park("place", "region:1")
    uid = int(re.search(r"^Uid:\t(\d+)", house.read_proc(pid, "status").decode(), flags=re.M)[1])
    assert uid != 0
    assert take_region(pid, "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups") == \
        os.strerror(errno.EPERM)
    assert planted.find(bytes.fromhex(take_region(pid))) == {"password"}
    go_on(pid, launch)


def windows_of(looks, role):
    """[(calls, seconds)] for which a process of the role had a descriptor of secret memory."""
    windows, since = [], {}
    for look in looks:
        if look.role == role and look.handles > 0:
            since.setdefault(look.pid, look)
        elif look.pid in since:
            begin = since.pop(look.pid)
            windows.append((look.count - begin.count, look.time - begin.time))
    assert not since, "one ended with it"
    return windows


def test_the_descriptor_lives_for_a_few_calls(site, tmp_path, launches):
    """fetch: ftruncate, mmap, munmap, sendmsg, close. place: fstat, fstatfs, mmap, close."""
    planted = memory_search.Planted(tmp_path, password=site.password)
    followed = memory_search.Followed(site, planted, "run", "-c", site.yaml, "--", "spark-submit", "job.py")
    launches.append(followed)
    result, looks = followed.finish()
    assert result.status == 0, result.err
    windows = {role: windows_of(looks, role) for role in ("fetch", "place", "run", "warden", "sweep", "judge")}
    print(windows)
    assert [calls <= 6 for calls, _ in windows["fetch"]] == [True]
    assert [calls <= 5 for calls, _ in windows["place"]] == [True]
    assert [calls <= 5 for calls, _ in windows["warden"]] == [True]  # an empty one: whether it can be had
    assert not any(windows[role] for role in ("run", "sweep", "judge"))


# ---- Cores of the kernel's own

ABORTED = "import os, sys; held = bytes.fromhex(sys.argv[1]); os.abort()"


def cores_in(path):
    return [file for file in path.iterdir() if file.name.startswith("core")]


def has_ended(pid):
    return house.read_proc(pid, "stat").rpartition(b")")[2][1:2] in (b"", b"Z")


@pytest.fixture
def open_directory(site):
    """The site, in which everybody may write a core, as any process there does."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text(encoding="ascii").strip()
    if not re.fullmatch(r"core[^/|]*", pattern):
        pytest.skip(f"cores of this machine go elsewhere: {pattern}")
    site.path.chmod(0o777)
    return site.path


def crash(pid, path):
    """Ends a stopped process as a fault would, without a limit for its core where root may take that away."""
    with contextlib.suppress(PermissionError):  # CAP_SYS_RESOURCE, which root in a container lacks
        resource.prlimit(pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    os.kill(pid, signal.SIGSEGV)
    os.kill(pid, signal.SIGCONT)
    house.wait_until(lambda: has_ended(pid), 30, "the end")
    assert cores_in(path) == []


@pytest.mark.parametrize("role, call", [("fetch", "region:1"), ("place", "region:2"), ("judge", "recvmsg"),
                                        ("warden", "recvmsg"), ("sweep", "recvmsg"), ("run", "sendmsg")])
def test_no_role_leaves_a_core(park, open_directory, role, call):
    _, pid, _ = park(role, call)
    assert f"{os.readlink(f'/proc/{pid}/cwd')}" == str(open_directory)
    crash(pid, open_directory)


@pytest.mark.parametrize("role, call", [("dial", "recvmsg"), ("fetch-net", "region:1"), ("sidecar", "sendmsg")])
def test_no_role_of_a_sidecar_leaves_a_core(store_pod, open_directory, role, call):
    pod, planted = store_pod
    sidecar = pod.start(before=["env", "-C", str(open_directory), *planted.before(park=(role, call))])
    try:
        house.wait_until(planted.parked, 60, f"{role} to be parked")
        house.wait_until(lambda: is_stopped(planted.parked()), 30, f"{role} to stop")
        crash(planted.parked(), open_directory)
    finally:
        sidecar.kill_all()


def test_a_strongbox_command_leaves_no_core(site, tmp_path, launches, open_directory):
    planted = memory_search.Planted(tmp_path, password=site.password)
    followed = memory_search.Followed(site, planted, *strongbox.box_words(site, "get", "orders-db"),
                                      park=("strongbox", "write"))
    launches.append(followed)
    house.wait_until(planted.parked, 60, "the command to be parked")
    house.wait_until(lambda: is_stopped(planted.parked()), 30, "the command to stop")
    look, = planted.look(planted.parked())
    assert look.labels == {"password"}
    assert hits_in(look, page_out(look.pid)) == []
    crash(look.pid, open_directory)


def test_any_other_process_leaves_a_core_there(tmp_path, open_directory):
    planted = memory_search.Planted(tmp_path, password=memory_search.plain_canary())
    subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c", ABORTED,
                    planted.values["password"].hex()], cwd=open_directory, check=False, preexec_fn=allow_cores)
    core, = cores_in(open_directory)
    assert planted.find(core.read_bytes()) == {"password"}
