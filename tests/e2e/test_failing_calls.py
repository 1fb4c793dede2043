"""Every system call fails, every allocation fails, every process is killed at every call: a sample, and what it found."""

import failing
import failing_strongbox as scenes
import house
import pytest


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
