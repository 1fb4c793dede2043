"""The clock is set while a sidecar lives, and the machine sleeps. The fake clock of shifted.py, a real OpenBao.

Whatever the clock says: no login storm, nothing valid withdrawn, nothing expired kept, `ready`
true again with the next round, and the process lives.
"""

import random
import signal
import time

import pytest

import house
import openbao
import pod as pods
import shifted

STEPS = [pytest.param({"days": 1}, id="a day ahead"), pytest.param({"days": -1}, id="a day back"),
         pytest.param({"to": 3600}, id="1970")]


@pytest.fixture
def clock(tmp_path, monkeypatch):
    return shifted.install(tmp_path / "shifted", monkeypatch)


def make_pod(server, **lives):
    """A secret that never ends, and one for each of `lives` that the server deletes after that time."""
    made = pods.Pod(server, names=("orders", *lives))
    for name, life in lives.items():
        server.call("POST", f"secret/metadata/{name}", {"delete_version_after": life})
        made.rotate(name)
    made.configure(grace="1s")
    return made


@pytest.fixture
def lasting(dev):
    made = make_pod(dev, lake="1h")
    yield made
    made.remove()
    dev.call("DELETE", "secret/metadata/lake")


def left_of(pod, clock, name):
    """Seconds that a secret still has, by status and by arrestor's clock."""
    (secret,) = [one for one in pod.status()["secrets"] if one["name"] == name]
    return secret["expires_ms"] / 1000 - clock.wall()


def rotate_and_wait(pod, sidecar):
    new = pod.rotate("orders")
    sidecar.wait_for(lambda: pod.shows(new, "orders"), "the new password")


@pytest.mark.parametrize("step", STEPS)
def test_a_clock_that_steps_withdraws_nothing_and_logs_in_no_second_time(lasting, clock, step):
    with lasting.sidecar() as sidecar:
        logins, lake = lasting.logins(), lasting.read("lake")
        for change in (lambda: clock.step(**step), clock.right):
            change()
            rotate_and_wait(lasting, sidecar)
            sidecar.wait_for(lasting.ready, "ready")
            sidecar.wait_for(lambda: 3000 < left_of(lasting, clock, "lake") < 3601, "the hour that lake has")
            assert lasting.read("lake") == lake
        assert "withdrawn" not in sidecar.said() and "stale" not in sidecar.said()
        assert sidecar.said().count("generation ") == 3, "one set, and one for each rotation"
        assert lasting.logins() == logins
        assert sidecar.end() == 0


def test_a_clock_that_goes_mad_is_survived(lasting, clock):
    chance = random.Random(5)
    with lasting.sidecar() as sidecar:
        logins, lake = lasting.logins(), lasting.read("lake")
        for _ in range(10):
            clock.step(seconds=chance.uniform(-1, 1) * 400 * 86400)
            rotate_and_wait(lasting, sidecar)
        sidecar.wait_for(lasting.ready, "ready")
        assert lasting.read("lake") == lake
        assert "withdrawn" not in sidecar.said()
        assert lasting.logins() <= logins + 1
        assert sidecar.end() == 0


def test_while_the_server_is_away_a_clock_that_is_set_ahead_withdraws_nothing(file_server, clock):
    pod = make_pod(file_server, lake="1h")
    try:
        with pod.sidecar() as sidecar:
            logins, lake = pod.logins(), pod.read("lake")
            file_server.kill()
            sidecar.wait_for_state("stale")
            clock.step(days=1)
            asked = pod.status()["stale_since_ms"]
            before = (pod.dir / "status.json").stat().st_mtime_ns
            sidecar.wait_for(lambda: (pod.dir / "status.json").stat().st_mtime_ns > before, "another try", 60)
            assert pod.read("lake") == lake and pod.status()["stale_since_ms"] == asked
            assert "withdrawn" not in sidecar.said()
            file_server.start()
            rotate_and_wait_long(pod, sidecar)
            sidecar.wait_for(pod.ready, "ready")
            assert pod.read("lake") == lake and pod.logins() == logins
            assert sidecar.end() == 0
    finally:
        pod.remove()


def rotate_and_wait_long(pod, sidecar):
    new = pod.rotate("orders")
    sidecar.wait_for(lambda: pod.shows(new, "orders"), "the new password", 70)


def test_while_the_server_is_away_a_clock_that_is_set_back_keeps_nothing_expired(file_server, clock):
    pod = make_pod(file_server, brief="5s")
    try:
        with pod.sidecar() as sidecar:
            orders = pod.read("orders")
            file_server.kill()
            clock.step(days=-1)
            sidecar.wait_for(lambda: not (pod.dir / "current/brief.properties").exists(), "the withdrawal", 40)
            assert pod.read("orders") == orders
            assert not pod.ready() and pod.status()["state"] == "expired"
            sidecar.wait_for_line("past its expiry and grace")
    finally:
        pod.remove()


def test_a_certificate_that_is_past_its_end_by_our_clock_is_told_so(tmp_path, clock):
    authority = openbao.Authority(tmp_path / "ca")
    with openbao.start_file(tmp_path / "bao", authority.issue("localhost", "127.0.0.1")) as server:
        pod = pods.make(server)
        try:
            with pod.sidecar() as sidecar:
                old, logins = pod.read(), pod.logins()
                clock.step(days=400)
                sidecar.wait_for_line("by the clock of this machine the certificate of https://localhost:")
                sidecar.wait_for_line("is it the clock? date -u")
                assert pod.read() == old and pod.ready()
                clock.right()
                sidecar.signal(signal.SIGHUP)
                sidecar.wait_for_state("fresh", 40)
                assert pod.logins() == logins
                assert sidecar.end() == 0
        finally:
            pod.remove()


def test_after_a_restart_under_another_clock_the_token_that_is_held_is_used(lasting, clock):
    with lasting.sidecar() as sidecar:
        logins = lasting.logins()
        for step in ({"days": 3}, {"days": -9}):
            sidecar.kill_all()
            clock.step(**step)
            sidecar = lasting.start()
            rotate_and_wait(lasting, sidecar)
            sidecar.wait_for(lasting.ready, "ready")
        assert lasting.logins() == logins
        assert sidecar.end() == 0


def test_a_machine_that_slept_for_hours_logs_in_once_at_most(lasting, clock):
    with lasting.sidecar() as sidecar:
        logins, orders = lasting.logins(), lasting.read("orders")
        for _ in range(3):
            clock.suspend(hours=8)
            rotate_and_wait(lasting, sidecar)
            sidecar.wait_for(lambda: time.time() - clock_age(lasting, clock) < 60, "a round after the sleep")
        assert lasting.read("orders") != orders
        assert lasting.logins() <= logins + 3
        assert sidecar.end() == 0


def clock_age(pod, clock):
    """When the set was checked last, by the clock of this machine."""
    return time.time() - (clock.wall() - pod.status()["checked_ms"] / 1000)
