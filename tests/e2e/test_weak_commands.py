"""Machines that offer less: strongbox, check and gate do their work there, and selftest
tells which claims are weaker, and why."""

import json
import os
import shutil
import subprocess

import pytest

import house
import weakness

# What shows each protection, at little cost; all claims of the kernel that most people will meet.
SHORT, WHOLE = ("02", "03", "05", "12", "17"), ("kernel-6.1",)
REASONS = {"landlock": "Landlock", "secret-memory": "memfd_secret", "seccomp": "filter"}
HIDDEN = "mount -t proc -o hidepid=2 proc /proc"
PARTIAL = "mount -t proc -o subset=pid proc /proc"
WITHOUT = {}


def command(site, before, *words, stdin=None):
    """How a command ends that says nothing on standard error: (status, standard output)."""
    done = subprocess.run([*map(str, [*before, house.ARRESTOR, *words])], input=stdin, capture_output=True, text=True,
                          env=site.environment, cwd=site.path, timeout=60, check=False)
    assert done.stderr == "" or done.returncode == 77, (words, done.stderr)
    return done.returncode, done.stdout + done.stderr


UNSHADOWED = pytest.mark.unsanitized("claims search all memory of a process, of which most is shadow there")


@pytest.mark.parametrize("name", weakness.MACHINES)
def test_strongbox_check_and_gate_do_their_work(site, name):
    before, named = weakness.before(name), ["--box", site.box, "--key", site.key]
    assert command(site, before, "strongbox", "set", "other", *named, stdin="a value")[0] == 0
    assert command(site, before, "strongbox", "get", "other", *named) == (0, "a value")
    conf, gate = site.conf / "spark-defaults.conf", ["gate", "--", "org.apache.spark.deploy.SparkSubmit", "job.py"]
    assert command(site, before, "check", conf)[0] == 0
    assert command(site, before, *gate)[0] == 0
    site.write_conf({**house.SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE})
    for words, refused in ((["check", conf], 1), (gate, 77)):
        status, told = command(site, before, *words)
        assert status == refused and house.UNSAFE_KEY in told and house.UNSAFE_VALUE not in told


def claims(program, before, *numbers, **variables):
    """{"NN": claim} of `arrestor selftest`; its status must say the same."""
    words = [*before, program, "selftest", "--format", "json", *numbers]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300, cwd="/",
                          env={"PATH": os.environ["PATH"], **variables}, check=False)
    told = {claim["id"]: claim for claim in json.loads(done.stdout)["claims"]}
    states = {claim["state"] for claim in told.values()}
    assert done.returncode == (70 if "broken" in states else 7 if "off" in states else 0), done.stdout
    return told


def states(told):
    return {number: claim["state"] for number, claim in told.items()}


def usual():
    """{"NN": state} of all claims where nothing is taken away; measured once."""
    if not WITHOUT:
        WITHOUT.update(states(claims(house.ARRESTOR, [])))
    return WITHOUT


@pytest.fixture
def installed():
    """arrestor and its claims where any user can start them."""
    path = house.open_temporary("arrestor-weak-")
    (path / "selftest").mkdir(mode=0o755)
    for file in [house.ARRESTOR, house.BUILD / "arrestor-fetch", *(house.BUILD / "selftest").glob("[0-9]*[a-z]")]:
        if file.suffix == "":
            shutil.copy(file, path / ("selftest" if file.parent.name == "selftest" else ""))
    yield path / "arrestor"
    house.remove_tree(path)


@UNSHADOWED
@pytest.mark.parametrize("name", weakness.MACHINES)
def test_selftest_tells_which_claims_are_weaker_and_why(name):
    told = claims(house.ARRESTOR, weakness.before(name), *([] if name in WHOLE else SHORT))
    without = {number: state for number, state in usual().items() if number in told}
    assert states(told) == weakness.claims_of(name, without), told
    for protection, state in weakness.MACHINES[name].items():
        for number in set(weakness.CLAIMS[protection][state]) & set(told):
            assert REASONS[protection] in told[number]["detail"], told[number]


@UNSHADOWED
@pytest.mark.parametrize("mount, weaker, why", [(HIDDEN, ("03", "04", "13"), "hidepid"), (PARTIAL, ("15",), "swaps")])
def test_what_a_proc_that_shows_less_does_not_let_one_try_is_said(installed, mount, weaker, why):
    user, numbers = weakness.as_user(house.ORDINARY), ("03", "04", "12", "13", "15")
    without = states(claims(installed, user, *numbers))
    told = claims(installed, weakness.mounted(mount, user=user), *numbers)
    assert states(told) == {number: "degraded" if number in weaker else without[number] for number in numbers}
    assert all(why in told[number]["detail"] for number in weaker)


@UNSHADOWED
@pytest.mark.unwatched("one of the claims is that there is no tracer")
def test_selftest_needs_no_more_than_a_restricted_pod_has(installed, memory):
    memory.chmod(0o777)
    told = claims(installed, weakness.restricted_pod(memory), XDG_RUNTIME_DIR=str(memory))
    without = usual()
    only_root_can_look = dict.fromkeys(("19", "28", "30"), "degraded")
    assert states(told) == {**without, "03": "degraded", **only_root_can_look}
    assert [path for path in memory.rglob("*") if path.name != "arrestor"] == []
