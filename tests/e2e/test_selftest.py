"""`arrestor selftest`, and SECURITY.md held against it.

SECURITY.md tells of every claim in which state it is for root, an ordinary user,
a restricted pod and an older kernel. Here the same is measured and compared.
"""

import ctypes
import functools
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess

import pytest

import house

SECURITY = house.ROOT / "SECURITY.md"
CLAIMS = sorted(path.stem for path in (house.ROOT / "selftest").glob("[0-9]*.c"))
ROWS = ("root", "ordinary user", "restricted pod", "older kernel")
USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
LOCKED = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
AS_ROOT = os.geteuid() == 0
LOOKING = ("18", "19", "28", "30")  # into roles, which only root can, and in part who may read the executable


# ---- This machine

def call(number, *arguments):
    return ctypes.CDLL(None, use_errno=True).syscall(number, *arguments)


@functools.cache
def is_recent():
    """Landlock that holds signals (ABI 6), and memfd_secret: what three of the columns are about."""
    secret = call(447, 0)
    if secret >= 0:
        os.close(secret)
    return call(444, None, ctypes.c_size_t(0), 1) >= 6 and secret >= 0


def has_swap():
    return len(pathlib.Path("/proc/swaps").read_text(encoding="ascii").splitlines()) > 1


def has_service_user():
    try:
        return pwd.getpwnam("arrestor") is not None
    except KeyError:
        return False


# ---- Running it

@pytest.fixture(scope="module")
def program():
    """arrestor and its claims where any user can start them, as `make install` does it."""
    path = house.open_temporary("arrestor-selftest-")
    shutil.copy(house.ARRESTOR, path)
    shutil.copy(house.BUILD / "arrestor-fetch", path)
    for name in ("arrestor", "arrestor-fetch"):
        (path / name).chmod(0o711)
    shutil.copy(house.BUILD / "weak", path)
    (path / "selftest").mkdir(mode=0o755)
    for claim in CLAIMS:
        shutil.copy(house.BUILD / "selftest" / claim, path / "selftest")
    yield path / "arrestor"
    house.remove_tree(path)


def before(program, row):
    """The words that put a process into the situation of a column; None where that needs root."""
    weak = program.parent / "weak"
    if AS_ROOT:
        return {"root": [], "ordinary user": USER, "restricted pod": USER + LOCKED, "older kernel": [weak]}[row]
    return {"root": None, "ordinary user": [], "restricted pod": ["setpriv", "--no-new-privs"],
            "older kernel": [weak]}[row]


def run(program, *words, prefix=(), cwd=None):
    return subprocess.run([*prefix, program, "selftest", *words], capture_output=True, text=True, timeout=300,
                          cwd=cwd or "/", env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, check=False)


def states(program, row, *claims):
    """{"NN": claim}, measured in the situation of a column."""
    prefix = before(program, row)
    if prefix is None:
        pytest.skip(f"only root can measure the column {row}")
    done = run(program, "--format", "json", *claims, prefix=prefix)
    assert done.stdout, done.stderr
    return {claim["id"]: claim for claim in json.loads(done.stdout)["claims"]}


# ---- SECURITY.md

def table():
    """{"NN": {"test": name, column: state}} as SECURITY.md tells it."""
    found = {}
    for line in SECURITY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 7 and re.fullmatch(r"\d\d", cells[0]):
            found[cells[0]] = {"test": cells[2].strip("`"), **dict(zip(ROWS, cells[3:]))}
    return found


def allowed(claim, row):
    """States in which a claim may be on this machine, which need not be that of SECURITY.md."""
    told = table()[claim]
    if claim == "03" and row in ("root", "older kernel") and AS_ROOT and has_service_user():
        return {"on"}
    states_allowed = {told[row]} if is_recent() else {told[row], told["older kernel"]}
    if claim in LOOKING and not AS_ROOT:
        states_allowed |= {"on", "degraded"}
    if claim == "15" and has_swap():
        states_allowed.add("degraded")
    return states_allowed


def test_every_claim_of_security_md_has_its_executable_and_the_other_way_round():
    text = SECURITY.read_text(encoding="utf-8")
    told = re.findall(r"^(\d\d)\. .*?Proved by\s+`selftest/(\d\d-[a-z-]+)`", text, flags=re.M | re.S)
    assert [name for _, name in told] == CLAIMS
    assert all(name.startswith(number + "-") for number, name in told)
    assert [row["test"] for row in table().values()] == CLAIMS
    assert list(table()) == [claim[:2] for claim in CLAIMS]


def test_security_md_names_only_tests_that_there_are():
    text = SECURITY.read_text(encoding="utf-8")
    named = re.findall(r"`((?:tests|selftest|sidecar|policy)/[\w./-]+)`", text)
    assert len(named) > len(CLAIMS)
    for name in named:
        path = house.ROOT / name
        assert path.exists() or path.with_name(path.name + ".c").exists(), name


@pytest.mark.unsanitized("the table is about the build that is shipped")
@pytest.mark.unwatched("one of the claims is that there is no tracer")
@pytest.mark.parametrize("row", ROWS)
def test_the_table_of_security_md_is_what_selftest_measures(program, row):
    measured = states(program, row)
    assert sorted(measured) == sorted(table())
    wrong = {number: (claim["state"], claim["detail"]) for number, claim in measured.items()
             if claim["state"] not in allowed(number, row)}
    assert wrong == {}


def test_where_something_is_weaker_the_sentence_says_what(program):
    weak = states(program, "older kernel", "02", "05")
    assert "Landlock" in weak["02"]["detail"] and weak["02"]["state"] == "degraded"
    assert "memfd_secret" in weak["05"]["detail"] and weak["05"]["state"] == "degraded"


def mounted_over(program, tmp_path, target, text, claim):
    """A claim measured with a file of another content in the place of target."""
    if not AS_ROOT:
        pytest.skip("only root can mount")
    (tmp_path / "other").write_text(text)
    (tmp_path / "other").chmod(0o644)
    script = f"mount --bind {tmp_path}/other {target} && exec {program} selftest --format json {claim}"
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False)
    if not done.stdout:
        pytest.skip(f"no mount namespace here: {done.stderr}")
    return json.loads(done.stdout)["claims"][0]


def test_a_service_user_of_its_own_turns_the_claim_on(program, tmp_path):
    users = pathlib.Path("/etc/passwd").read_text() + "arrestor:x:64321:64321::/nonexistent:/usr/sbin/nologin\n"
    claim = mounted_over(program, tmp_path, "/etc/passwd", users, "03")
    assert claim["state"] == "on", claim
    assert "64321" in claim["detail"] or has_service_user()


def test_swap_degrades_what_may_go_there(program, tmp_path):
    swaps = "Filename Type Size Used Priority\n/swap file 1048572 0 -2\n"
    claim = mounted_over(program, tmp_path, "/proc/swaps", swaps, "15")
    assert claim["state"] == "degraded" and "swap is on" in claim["detail"]


# ---- The command

def fake(tmp_path, **claims):
    """arrestor beside claims that are shell scripts: {"c01_name": script}."""
    (tmp_path / "selftest").mkdir()
    shutil.copy(house.ARRESTOR, tmp_path)
    for name, script in claims.items():
        path = tmp_path / "selftest" / name[1:].replace("_", "-")
        path.write_text("#!/bin/sh\n" + script + "\n")
        path.chmod(0o755)
    return tmp_path / "arrestor"


ON, WEAK, OFF = "printf 'on\\tfine\\n'", "printf 'degraded\\tso so\\n'", "printf 'off\\tbad\\n'; exit 1"


def test_without_anything_off_the_status_is_0(tmp_path):
    done = run(fake(tmp_path, c01_a=ON, c02_b=WEAK))
    assert done.returncode == 0
    assert done.stdout == "01  a  on        fine\n02  b  degraded  so so\n1 on, 1 degraded, 0 off\n"


def test_one_claim_off_gives_7(tmp_path):
    done = run(fake(tmp_path, c01_a=ON, c02_b=OFF))
    assert done.returncode == 7 and "02  b  off       bad\n" in done.stdout


def test_json_has_every_claim_and_the_sums(tmp_path):
    done = run(fake(tmp_path, c01_a=ON, c02_b=OFF, c03_c=WEAK), "--format", "json")
    assert done.returncode == 7
    assert json.loads(done.stdout) == {
        "claims": [{"id": "01", "name": "a", "state": "on", "detail": "fine"},
                   {"id": "02", "name": "b", "state": "off", "detail": "bad"},
                   {"id": "03", "name": "c", "state": "degraded", "detail": "so so"}],
        "on": 1, "degraded": 1, "off": 1, "broken": 0}


def test_only_the_claims_that_are_named_are_tried(tmp_path):
    program = fake(tmp_path, c01_a=ON, c02_b=OFF, c03_c=ON)
    done = run(program, "3", "01")
    assert done.returncode == 0 and "02" not in done.stdout and done.stdout.startswith("01")


@pytest.mark.parametrize("words", [["9"], ["x"], ["--format", "xml"], ["--quiet"], ["--", "01"]])
def test_what_it_does_not_know_is_a_usage_error(tmp_path, words):
    done = run(fake(tmp_path, c01_a=ON), *words)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.startswith("arrestor: selftest")


@pytest.mark.parametrize("script", [
    "exit 0", "printf 'on\\tfine\\n'; exit 1", "printf 'off\\tbad\\n'", "printf 'great\\tfine\\n'",
    "printf 'broken\\tno tmpfs\\n'; exit 70", "kill -9 $$", "printf 'degraded\\tx\\n'; exit 3", "exit 70",
    "head -c 3000000 /dev/zero | tr '\\0' x"])
def test_a_claim_that_contradicts_itself_or_dies_is_no_proof(tmp_path, script):
    done = run(fake(tmp_path, c01_a=script, c02_b=ON))
    assert done.returncode == 70, done.stdout
    assert done.stdout.startswith("01  a  broken    ") and "1 could not be tried" in done.stdout


def test_a_file_without_the_right_to_be_executed_is_no_proof(tmp_path):
    program = fake(tmp_path, c01_a=ON)
    (tmp_path / "selftest" / "01-a").chmod(0o644)
    assert run(program).returncode == 70


def test_two_claims_of_one_number_and_no_claims_are_told(tmp_path):
    twice = run(fake(tmp_path, c01_a=ON, c01_b=ON))
    assert twice.returncode == 70 and "01 is there twice" in twice.stderr
    shutil.rmtree(tmp_path / "selftest")
    none = run(tmp_path / "arrestor")
    assert none.returncode == 70 and "no claims" in none.stderr


def test_what_a_claim_prints_cannot_move_the_cursor(tmp_path):
    done = run(fake(tmp_path, c01_a="printf 'on\\tx\\033[2Jy\\n'"))
    assert "\033" not in done.stdout and "\\x1B" in done.stdout.upper().replace("\\X", "\\x")


def test_what_a_claim_leaves_running_is_ended(tmp_path):
    mark = tmp_path / "pid"
    done = run(fake(tmp_path, c01_a=f"sleep 60 & echo $! >{mark}; printf 'on\\tx\\n'"))
    assert done.returncode == 0
    pid = int(mark.read_text())
    house.wait_until(lambda: b"sleep" not in house.read_proc(pid, "cmdline"), 5, "what the claim left to end")


def test_claims_leave_nothing_behind(program):
    places = [pathlib.Path("/tmp"), pathlib.Path("/dev/shm")]
    def left():
        return {path for place in places for path in place.glob("arrestor-selftest-??????")}
    there = left()
    assert run(program, "02", "09", "13").returncode in (0, 7)
    assert left() == there


def test_installed_claims_are_found(tmp_path):
    done = subprocess.run(["make", "-s", "-C", house.ROOT, "install", f"DESTDIR={tmp_path}", "PREFIX=/usr"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    installed = sorted(path.name for path in (tmp_path / "usr/libexec/arrestor/selftest").iterdir())
    assert installed == CLAIMS
    done = run(tmp_path / "usr/bin/arrestor", "06", "10")
    assert done.returncode == 0 and done.stdout.count("  on  ") == 2, done.stdout + done.stderr
