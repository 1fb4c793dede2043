"""Machines that offer less, with a real store: init and sidecar deliver, rotate and
wipe, say what is missing, and fetch nothing where it is required."""

import os
import shutil
import signal

import pytest

import house
import weakness

# Where there is no filter, a store over the network is refused: see the last test.
WORKS = [name for name in weakness.MACHINES if "seccomp" not in weakness.MACHINES[name]]
REQUIRED = [row for row in weakness.REQUIRED if row[1] != "seccomp"]
USUAL = []


def usual(pod):
    """What is said here of protections when nothing is taken away; measured once."""
    if not USUAL:
        done = pod.init()
        assert done.status == 0, done.err
        USUAL.append(weakness.told(done.err))
        empty(pod)
    return USUAL[0]


def empty(pod):
    for path in (pod.dir, pod.state):
        shutil.rmtree(path)


def init(pod, before):
    """`arrestor init` after the words that make the machine weak."""
    done = house.subprocess.run([*before, str(house.ARRESTOR), "init", "-c", str(pod.yaml)], cwd=pod.path, timeout=60,
                                env=pod.environment, capture_output=True, text=True, check=False)
    return house.Result(house.as_status(done.returncode), done.stdout, done.stderr)


@pytest.mark.parametrize("name", WORKS)
def test_a_pod_has_its_set_and_a_new_one_and_then_none(pod, name):
    before, wanted = weakness.before(name), weakness.expected(name, usual(pod))
    tokens = pod.server.accessors()
    done = init(pod, before)
    assert done.status == 0, done.err
    assert weakness.told(done.err) == wanted
    assert pod.read()["user"] == "etl" and pod.ready()
    logins = pod.logins()
    with pod.sidecar(before=before) as sidecar:
        password = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(password), "the new password")
        assert sidecar.end() == 0, sidecar.said()
        assert weakness.told(sidecar.said()) == wanted
    assert pod.logins() == logins, "it went on with the token of init"
    assert pod.server.accessors() == tokens, "and has ended it"
    assert not pod.dir.exists() or not list(pod.dir.iterdir()), "the set is wiped"
    assert not pod.state.exists() or not list(pod.state.iterdir()), "the state is wiped"


@pytest.mark.parametrize("name, protection", REQUIRED)
def test_what_is_required_and_weaker_is_fatal_before_anyone_logs_in(pod, name, protection):
    before = weakness.before(name)
    pod.configure(require=[protection])
    asked, reason = pod.server.requests(), f"{protection} is required and {weakness.MACHINES[name][protection]}: "
    done = init(pod, before)
    assert done.status == 7, done.err
    assert reason in done.err
    sidecar = pod.start(before=before)
    assert sidecar.process.wait(20) == 7, sidecar.said()
    assert reason in sidecar.said()
    assert pod.server.requests() == asked
    assert not pod.dir.exists() and not pod.state.exists()


@pytest.mark.parametrize("name", ["seccomp", "seccomp-filter"])
def test_without_a_filter_a_store_over_the_network_is_refused_in_words(pod, name):
    before, asked = weakness.before(name), pod.server.requests()
    done = init(pod, before)
    assert done.status == 7, done.err
    assert "seccomp is required for a store over the network and off: the kernel has no seccomp filter" in done.err
    assert pod.server.requests() == asked
    assert not pod.dir.exists() and not pod.state.exists()


def first_process(sidecar):
    """The sidecar itself beneath the words that put it into its pod."""
    return next(pid for pid in house.descendants(sidecar.pid)
                if house.words_of(pid)[0].endswith("arrestor") and house.words_of(pid)[1:2] == ["sidecar"])


@pytest.mark.parametrize("limits", [[], ["prlimit", "--nofile=64", "--memlock=65536"]])
def test_a_restricted_pod_has_all_that_is_needed(pod, limits):
    before, without = [*weakness.restricted_pod(pod.path), *limits], usual(pod)
    for path in [pod.path, *pod.path.iterdir()]:
        os.chown(path, 65534, 65534)
    tokens = pod.server.accessors()
    done = init(pod, before)
    assert done.status == 0, done.err
    wanted = weakness.told(done.err)
    assert wanted == {**without, "own-identity": "degraded"}
    sidecar = pod.start(before=before)
    try:
        password = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(password), "the new password")
        os.kill(first_process(sidecar), signal.SIGTERM)
        assert sidecar.process.wait(20) == 0, sidecar.said()
    finally:
        sidecar.kill()
    assert weakness.told(sidecar.said()) == wanted
    assert not pod.dir.exists() and not pod.state.exists() or not [*pod.dir.iterdir(), *pod.state.iterdir()]
    assert pod.server.accessors() == tokens


@pytest.mark.unsanitized("mlock does nothing there")
def test_without_memory_to_lock_a_pod_says_what_may_happen_and_can_forbid_it(pod):
    before = [*weakness.restricted_pod(pod.path), "prlimit", "--memlock=0"]
    for path in [pod.path, *pod.path.iterdir()]:
        os.chown(path, 65534, 65534)
    done = init(pod, before)
    assert done.status == 0, done.err
    assert "swap" in weakness.why(done.err, "secret-memory") and "off: secret-memory" in done.err
    empty(pod)
    pod.configure(require=["secret-memory"])
    os.chown(pod.yaml, 65534, 65534)
    asked = pod.server.requests()
    refused = init(pod, before)
    assert refused.status == 7 and "secret-memory is required and off: " in refused.err
    assert pod.server.requests() == asked
    assert not pod.dir.exists() and not pod.state.exists()
