"""A tracer that was attached to one role before its first instruction: said, and fatal where that is required."""

import os
import signal

import house
import memory_search
import pytest

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user cannot let go of a role that drops"),
              pytest.mark.unsanitized("its tracer searches all memory, of which most is shadow there"),
              pytest.mark.unwatched("it has a tracer of its own")]

SAID = "degraded: no-tracer (a tracer is attached)"


def run_traced(site, path, role):
    """`arrestor run` with its monitor and one role under a tracer."""
    planted = memory_search.Planted(path, password=site.password)
    return site.run("spark-submit", "job.py", before=planted.before(only=role)), planted


@pytest.mark.parametrize("role", ["warden", "sweep", "judge", "fetch", "place"])
def test_a_tracer_of_one_role_is_fatal_where_that_is_required(site, tmp_path, role):
    site.configure(require=["no-tracer"])
    result, planted = run_traced(site, tmp_path, role)
    assert {look.role for look in planted.told()} == {"run", role}
    assert result.status == 125, result.err
    assert "no-tracer is required and degraded" in result.err
    assert result.record is None


def test_else_it_is_said(site, tmp_path):
    result, _ = run_traced(site, tmp_path, "sweep")
    assert result.status == 0 and SAID in result.err, result.err


def test_a_launch_waits_for_what_the_slowest_role_says(site, tmp_path, launches):
    """sweep is held up before its first word, which is that it is traced; the first set is long there."""
    planted = memory_search.Planted(tmp_path, password=site.password)
    site.configure(require=["no-tracer"])
    launch = site.start("spark-submit", "job.py", before=planted.before(("sweep", "sendmsg"), only="sweep"))
    launches.append(launch)
    house.wait_until(planted.parked, 60, "sweep to be parked")
    house.wait_until(lambda: "/current" in str(list(generations(planted.parked()))), 60, "the first set")
    os.kill(planted.parked(), signal.SIGCONT)
    result = launch.finish()
    assert result.status == 125 and result.record is None, result.err


def generations(pid):
    """What is in the set that a sweep watches over."""
    for name in os.listdir(f"/proc/{pid}/fd"):
        if os.path.isdir(path := f"/proc/{pid}/fd/{name}"):
            yield from (f"/{entry}" for entry in os.listdir(path))


def test_without_a_tracer_of_a_role_the_same_requirement_is_met(site, tmp_path):
    site.configure(require=["no-tracer"])
    result, planted = run_traced(site, tmp_path, "nobody")
    assert result.status == 0 and SAID not in result.err, result.err
    assert {look.role for look in planted.told()} == {"run"}


@pytest.mark.parametrize("command, role", [("sidecar", "dial"), ("sidecar", "fetch-net"), ("init", "fetch-net"),
                                           ("init", "place")])
def test_a_tracer_of_a_role_of_a_sidecar_or_init_is_fatal_where_that_is_required(tmp_path, command, role):
    with memory_search.pod_at_store(tmp_path, "http") as (pod, planted):
        pod.configure(require=["no-tracer"])
        for only, status in (("nobody", 0), (role, 7)):
            followed = memory_search.Followed(pod, planted, command, "-c", pod.yaml, only=only)
            if command == "sidecar" and only == "nobody":
                house.wait_until(pod.ready, 60, "the first set")
                memory_search.end_followed(followed)
            result, _ = followed.finish()
            assert result.status == status, result.err
            assert (status == 7) == ("no-tracer is required and degraded" in result.err), result.err
