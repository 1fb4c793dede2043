"""Machines that offer less: the job runs all the same, what is missing is said,
and `require:` makes it fatal. The kernel is a real one that gives other answers."""

import errno
import json
import subprocess
import sys

import pytest

import house
import weakness

WEAK = house.BUILD / "weak"

# Reads the set until it has the new password, as a job does whose secret rotates.
ROTATES = """
import os, pathlib, time
wanted = pathlib.Path("wanted")
deadline = time.monotonic() + 30
while time.monotonic() < deadline:
    text = pathlib.Path(os.environ["ARRESTOR_DIR"], "jdbc.properties").read_text()
    if wanted.exists() and "password=" + wanted.read_text() + "\\n" in text:
        break
    time.sleep(0.01)
else:
    raise SystemExit(9)
"""


def without_capabilities():
    """As root, one keeps CAP_IPC_LOCK, for which no limit counts."""
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


# ---- The tool itself


def test_each_weakness_that_can_be_had_is_tried():
    assert sorted(weakness.listed()) == sorted(weakness.MACHINES)


# {version: sizes of the attributes, and rights on files, that it knows}
LANDLOCK = {1: (8, 13), 2: (8, 14), 3: (8, 15), 4: (16, 15), 5: (16, 16), 6: (24, 16)}

PROBE = """
import ctypes, json, os, struct
libc = ctypes.CDLL(None, use_errno=True)
def call(*words):
    ctypes.set_errno(0)
    result = libc.syscall(*words)
    return result if result >= 0 else -ctypes.get_errno()
def create(*words):
    text = struct.pack("Q" * len(words), *words)
    return call(444, ctypes.c_char_p(text), ctypes.c_size_t(len(text)), 0)
rights = [create(1 << bit) > 0 for bit in range(20)].index(False)
sizes = {8 * count: create(*[1] * count) for count in (1, 2, 3)}
told = {"version": call(444, None, ctypes.c_size_t(0), 1), "rights": rights, "sizes": sizes,
        "zeroes": create(1, 0, 0, 0), "flags": call(444, None, ctypes.c_size_t(0), 8)}
for name in ("a", "b"):
    os.mkdir(name)
open("a/file", "w").close()
ruleset = create(1 << 0)
libc.prctl(38, 1, 0, 0, 0)
call(446, ruleset, 0)
try:
    os.rename("a/file", "b/file")
    told["moves"] = 0
except OSError as fault:
    told["moves"] = fault.errno
print(json.dumps(told))
"""


@pytest.mark.parametrize("abi", LANDLOCK)
def test_landlock_of_an_older_version_answers_as_it_did(abi, tmp_path):
    size, rights = LANDLOCK[abi]
    done = subprocess.run([*weakness.before(f"landlock-abi={abi}"), sys.executable, "-c", PROBE], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    assert (got["version"], got["rights"], got["flags"]) == (abi, rights, -errno.EINVAL)
    sizes = {int(key): value > 0 or value for key, value in got["sizes"].items()}
    assert sizes == {asked: asked <= size or -errno.E2BIG for asked in (8, 16, 24)}
    assert got["zeroes"] > 0, "what an older kernel does not know may be there, as zeroes"
    assert got["moves"] == errno.EXDEV, "no ruleset lets a file move to another directory by itself"


# ---- arrestor run


SAID_WITHOUT = []


def usual(site):
    """What is said here of protections when nothing is taken away; measured once."""
    if not SAID_WITHOUT:
        result = site.run("spark-submit", "job.py")
        assert result.status == 0, result.err
        SAID_WITHOUT.append(weakness.told(result.err))
    return SAID_WITHOUT[0]


@pytest.mark.parametrize("name", weakness.MACHINES)
def test_the_job_runs_its_secret_rotates_and_what_is_weaker_is_said(site, name):
    without = usual(site)
    before, password = weakness.before(name), "another-password"
    site.write_plan(ROTATES)
    launch = site.start("spark-submit", "job.py", before=before)
    directory = launch.record()["environment"]["ARRESTOR_DIR"]
    site.set_secret(password)
    (site.path / "wanted").write_text(password)
    result = launch.finish()
    assert result.status == 0, result.err
    assert weakness.told(result.err) == weakness.expected(name, without), result.err
    assert not house.pathlib.Path(directory).exists(), "the set is wiped with the job"
@pytest.mark.parametrize("name, protection", weakness.REQUIRED)
def test_what_is_required_and_weaker_is_fatal_before_anything_is_delivered(site, memory, name, protection):
    before = weakness.before(name)
    site.configure(require=[protection], deliver={"dir": str(memory / "set"), "state": str(memory / "state")})
    # The strongbox is gone: whoever looked for it would say so.
    site.box.unlink()
    result = site.run("spark-submit", "job.py", before=before)
    assert result.status == 125, result.err
    assert result.record is None
    assert f"{protection} is required and {weakness.MACHINES[name][protection]}: " in result.err
    assert "secrets.box" not in result.err and "generation" not in result.err
    assert result.last_line == "arrestor: not launched: protection"
    assert not list(memory.iterdir())


# ---- The older kernel, by its first name


def test_a_kernel_without_landlock_and_memfd_secret_runs_the_job_and_says_so(site):
    result = site.run("spark-submit", "job.py", before=[WEAK])
    assert result.status == 0, result.err
    assert "off: landlock" in result.err
    assert "degraded: secret-memory" in result.err


@pytest.mark.parametrize("protection, told", [("landlock", "off"), ("secret-memory", "degraded")])
def test_a_required_protection_that_is_missing_is_fatal(site, protection, told):
    site.configure(require=[protection])
    result = site.run("spark-submit", "job.py", before=[WEAK])
    assert result.status == 125, result.err
    assert result.record is None
    assert f"{protection} is required and {told}" in result.err


def test_the_same_requirement_is_met_where_the_kernel_has_it(site):
    site.configure(require=["seccomp", "non-dumpable"])
    assert site.run("spark-submit", "job.py").status == 0


@pytest.mark.parametrize("attempt", range(8))
def test_memory_that_cannot_be_locked_is_said_whoever_of_fetch_and_place_is_faster(site, attempt):
    result = site.run("spark-submit", "job.py", before=without_capabilities(),
                      preexec_fn=weakness.limited(RLIMIT_MEMLOCK=0))
    assert result.status == 0, result.err
    assert "secret-memory" in result.err, f"attempt {attempt}: {result.err}"


def test_a_protection_that_does_not_exist_is_told_with_the_nearest(site):
    site.configure(require=["landlok"])
    result = site.run("spark-submit", "job.py")
    assert result.status == 77
    assert "did you mean landlock?" in result.err
