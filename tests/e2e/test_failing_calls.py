"""Every system call fails, every allocation fails, every process is killed at every call: a sample, and what it found."""

import platform
import random

import failing
import failing_openbao as openbao_scenes
import failing_strongbox as scenes
import house
import pytest
import torture_calls

pytestmark = [pytest.mark.skipif(platform.machine() != "x86_64", reason="failat knows the registers of x86-64 only"),
              pytest.mark.unsanitized("the runtime's own calls and allocations would fail too"),
              pytest.mark.unwatched("failat is a tracer, and there can be one only")]


@pytest.fixture
def scene(request):
    made = request.param()
    yield made
    made.remove()


def plays(made):
    return pytest.mark.parametrize("scene", [made], indirect=True, ids=[made.name])


# ---- What the whole torture has found, each as a case of its own


@plays(scenes.Init)
@pytest.mark.parametrize("call", ["sendmsg:1", "sendmsg:4"])
def test_a_warden_that_cannot_be_told_is_not_waited_for(scene, call):
    reached, broken, _ = scene.play(failing.Point("init", 1, call, "ENOMEM"))
    assert reached and not broken, broken


def test_no_allocation_that_fails_makes_place_write_another_value():
    """jansson leaves out the bytes of a string that it gets no memory for, and says nothing."""
    scene = openbao_scenes.InitBao(starving=True)
    try:
        reached = broken = 0
        for point in scene.survey("alloc", "place", 1):
            if point.action == "once" and int(point.call) % 2 == 0:
                hit, faults, _ = scene.play(point)
                reached, broken = reached + hit, broken + len(faults)
    finally:
        scene.remove()
    assert reached > 50 and broken == 0


@plays(scenes.BoxRekey)
def test_a_rekey_whose_box_cannot_be_made_to_last_keeps_both_keys(scene):
    """The fourth fsync is that of the directory, after the box with its new key has taken its name."""
    reached, broken, done = scene.play(failing.Point("strongbox", 1, "fsync:4", "EIO"))
    assert reached and not broken, broken
    assert done.status == 70, done.err
    assert scene.arrestor(*scenes.words(scene, "rekey")).status == 0
    assert scene.arrestor(*scenes.words(scene, "get", "orders-db")).out == scene.old


@plays(scenes.Check)
def test_what_is_said_of_no_memory_needs_none(scene):
    scene.remove()
    scene = scenes.Check(starving=True)
    reached, broken, done = scene.play(failing.Point("check", 1, "1", "from"))
    scene.remove()
    assert reached and not broken, broken
    assert done.status == 70 and "memory" in done.err, done.err


def test_children_that_a_caller_ignores_are_waited_for_all_the_same(site):
    """SIGCHLD ignored is inherited, and the kernel then reaps children itself."""
    launch = site.start("spark-submit", "job.py", before=["bash", "-c", "trap '' CHLD; exec \"$@\"", "bash"])
    try:
        done = launch.finish(30)
    finally:
        launch.kill()
    assert done.status == 0 and done.record, done.err
    assert not house.descendants(launch.pid)


# ---- A sample of the whole: each Nth point from a random one on

SAMPLES = [
    ("kill", "init", 10), ("kill", "refused", 12), ("kill", "run", 40), ("kill", "init-bao", 15), ("kill", "sidecar", 80),
    ("fail", "init", 30), ("fail", "refused", 30), ("fail", "run", 150), ("fail", "init-bao", 30),
    ("fail", "sidecar", 400), ("fail", "check-unsafe", 8), ("fail", "policy-test", 10), ("fail", "box-set", 8),
    ("fail", "box-rekey", 8), ("alloc", "init", 30), ("alloc", "refused", 15), ("alloc", "run", 200),
    ("alloc", "init-bao", 200), ("alloc", "sidecar", 300), ("alloc", "check-debug", 1), ("alloc", "check-unsafe", 2), ("alloc", "policy-test", 200),
    ("alloc", "box-set", 2), ("alloc", "box-set-field", 4), ("alloc", "box-rekey", 2),
]


@pytest.mark.parametrize("kind, name, every", SAMPLES, ids=lambda value: str(value))
def test_a_sample_of_all_calls(kind, name, every):
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"make torture-calls TORTURE='--kinds {kind} --scenes {name} --every {every} --seed {seed}'")
    count = torture_calls.torture([torture_calls.SCENES[name]], [kind], every, seed)
    assert count.reached > 0
    assert not count.broken, "\n".join(count.broken)
