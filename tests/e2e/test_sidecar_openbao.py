"""The sidecar beside a job: a long life, signals, init, and whoever it is started as. With a real OpenBao."""

import json
import os
import signal
import time

import house
import pod as pods
import pytest


# ---- A long life


def test_the_first_set_is_there_before_ready_and_follows_the_store(pod):
    assert not pod.ready()
    with pod.sidecar() as sidecar:
        assert pod.ready()
        assert pod.read()["user"] == "etl"
        for _ in range(3):
            password = pod.rotate()
            sidecar.wait_for(lambda wanted=password: pod.shows(wanted), "the new password")
        status = pod.status()
        assert (status["state"], status["generation"]) == ("fresh", 4)
        assert [secret["name"] for secret in status["secrets"]] == ["orders"]
        assert sidecar.end() == 0


def test_polls_do_not_log_in_and_an_unchanged_store_makes_no_generation(pod):
    with pod.sidecar() as sidecar:
        logins, polls = pod.logins(), len(pod.server.requests("secret/data/orders"))
        sidecar.wait_for(lambda: len(pod.server.requests("secret/data/orders")) >= polls + 5, "five polls")
        assert pod.logins() == logins
        assert pod.generation() == 1


def test_sigterm_revokes_the_token_and_wipes(pod):
    before = pod.server.accessors()
    with pod.sidecar() as sidecar:
        assert len(pod.server.accessors() - before) == 1
        assert sidecar.end() == 0
    assert pod.server.accessors() <= before
    assert not pod.dir.exists() or not list(pod.dir.iterdir())
    assert not pod.state.exists() or not list(pod.state.iterdir())
    assert not pod.ready()


def test_a_restart_goes_on_from_state_and_issues_nothing(pod):
    with pod.sidecar() as sidecar:
        sidecar.kill_all()
    logins, accessors, generation = pod.logins(), pod.server.accessors(), pod.generation()
    assert pod.ready(), "the set stands although nobody keeps it"
    password = pod.rotate()
    with pod.sidecar() as sidecar:
        sidecar.wait_for(lambda: pod.shows(password), "the new password")
        assert pod.logins() == logins
        assert pod.server.accessors() == accessors
        assert pod.generation() == generation + 1


def test_a_monitor_that_is_killed_leaves_the_set_for_the_next(pod):
    with pod.sidecar() as sidecar:
        password = pod.read()["password"]
        sidecar.kill()
        time.sleep(0.5)
        assert pod.shows(password), "sweep waits for the next monitor"
        logins = pod.logins()
        with pod.sidecar() as second:
            second.wait_for(lambda: pod.ready(), "ready")
            assert pod.logins() == logins
            assert second.end() == 0


def test_a_monitor_without_a_job_is_confined_too(pod):
    with pod.sidecar() as sidecar:
        status = house.read_proc(sidecar.pid, "status").decode()
        assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status


# ---- SIGHUP


def test_sighup_takes_a_new_configuration_without_a_login(pod):
    with pod.sidecar() as sidecar:
        logins = pod.logins()
        pod.configure(files={"other.properties": {"properties": {"password": "${orders.password}"}}})
        sidecar.signal(signal.SIGHUP)
        sidecar.wait_for(lambda: (pod.dir / "current/other.properties").exists(), "the other file")
        assert not (pod.dir / "current/orders.properties").exists()
        assert pod.logins() == logins


@pytest.mark.parametrize("text", ["version: 1\nnonsense: true\n", "", "{", "version: 2\n"])
def test_sighup_keeps_what_was_there_where_the_new_configuration_is_wrong(pod, text):
    with pod.sidecar() as sidecar:
        pod.yaml.write_text(text)
        sidecar.signal(signal.SIGHUP)
        sidecar.wait_for_line("stays as it was")
        password = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(password), "the new password")


def test_sighup_cannot_move_the_set(pod):
    with pod.sidecar() as sidecar:
        pod.configure(deliver={"dir": str(pod.path / "elsewhere")})
        sidecar.signal(signal.SIGHUP)
        sidecar.wait_for_line("cannot change while a set stands")
        assert pod.ready()


# ---- init


def test_init_places_once_and_leaves_the_set_and_its_session(pod):
    done = pod.init()
    assert done.status == 0, done.err
    assert pod.ready()
    logins = pod.logins()
    password = pod.rotate()
    with pod.sidecar() as sidecar:
        sidecar.wait_for(lambda: pod.shows(password), "the new password")
        assert pod.logins() == logins, "the sidecar goes on with the token of init"


def test_init_without_state_leaves_no_token_behind(pod):
    before = pod.server.accessors()
    pod.configure(deliver={"state": None})
    text = json.loads(pod.yaml.read_text())
    del text["deliver"]["state"]
    pod.yaml.write_text(json.dumps(text))
    done = pod.init()
    assert done.status == 0, done.err
    assert pod.ready()
    assert pod.server.accessors() <= before


@pytest.mark.parametrize("change, code, hint", [
    ({"vault": {"address": "http://127.0.0.1:1"}}, "nobody answers", "address"),
    ({"vault": {"address": "http://host.invalid:8200", "allow-http": True}}, "looked up", "host.invalid"),
])
def test_init_waits_for_a_store_that_is_down_and_then_ends_with_6(pod, change, code, hint):
    pod.configure(deliver={"wait": "4s"}, **change)
    begun = time.monotonic()
    done = pod.init()
    assert done.status == 6, done.err
    assert 1.5 < time.monotonic() - begun < 15
    assert code in done.err and hint in done.err


@pytest.mark.parametrize("path, code", [("secret/data/none", "there is no secret"), ("secret/data/../x", None)])
def test_init_does_not_wait_for_what_waiting_cannot_heal(pod, path, code):
    pod.server.allow(pods.POLICY, "secret/data/*")
    text = json.loads(pod.yaml.read_text())
    text["secrets"]["orders"]["path"] = path
    pod.yaml.write_text(json.dumps(text))
    begun = time.monotonic()
    done = pod.init()
    assert time.monotonic() - begun < 3
    assert done.status == (6 if code else 3), done.err
    assert path in done.err or code is None
    assert not pod.ready()


def test_a_wrong_secret_id_is_said_and_ends_with_6(pod):
    pod.write_secret_id("00000000-0000-0000-0000-000000000000")
    done = pod.init()
    assert done.status == 6, done.err
    assert "secret-id" in done.err
    assert "00000000" not in done.err


def test_no_value_and_no_token_is_ever_said_or_on_a_disk(pod, tmp_path):
    mark = tmp_path / "mark"
    mark.touch()
    with pod.sidecar() as sidecar:
        token = json.loads((pod.state / "current/session").read_text())["vault"]["token"]
        password = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(password), "the new password")

        for value in (token, password, pod.secret_id_file.read_text().strip()):
            assert value not in sidecar.said()
            assert not house.processes_showing(value.encode())
            for pid in [sidecar.pid, *house.descendants(sidecar.pid)]:
                assert not house.memory_holds(pid, value.encode()) or value in pod.secret_id_file.read_text()
        sidecar.end()
    holding = [name for name in house.files_holding(password.encode(), mark)
               if not name.startswith((str(pod.server.path), "/proc"))]
    assert not holding, holding


# ---- Whoever it is started as


def test_an_ordinary_user_s_sidecar_does_the_same(pod):
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; the other tests ran as an ordinary one")
    for path in [pod.path, *pod.path.iterdir()]:
        os.chown(path, house.ORDINARY, house.ORDINARY)
    user = ["setpriv", f"--reuid={house.ORDINARY}", f"--regid={house.ORDINARY}", "--clear-groups",
            "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"]
    with pod.sidecar(before=user) as sidecar:
        password = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(password), "the new password")
        entry = (pod.dir / "current/orders.properties").stat()
        assert (entry.st_uid, entry.st_mode & 0o777) == (house.ORDINARY, 0o400)
        assert pod.dir.stat().st_mode & 0o777 == 0o700
        assert sidecar.end() == 0


def test_an_old_kernel_s_sidecar_does_the_same_and_says_what_is_missing(pod):
    weak = house.BUILD / "weak"
    with pod.sidecar(before=[str(weak)]) as sidecar:
        password = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(password), "the new password")
        sidecar.wait_for_line("landlock")
        assert sidecar.end() == 0


POD = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def first_process(sidecar):
    """The sidecar itself, which is PID 1 of its pod."""
    found = [pid for pid in house.descendants(sidecar.pid)
             if house.words_of(pid)[0].endswith("arrestor") and house.words_of(pid)[1:2] == ["sidecar"]]
    assert "\t1\n" in next(line + "\n" for line in house.read_proc(found[0], "status").decode().splitlines()
                           if line.startswith("NSpid"))
    return found[0]


def test_as_pid_1_of_a_pod_that_is_killed_and_comes_again(pod):
    if os.geteuid() != 0:
        pytest.skip("only root can make a namespace of processes here")
    sidecar = pod.start(before=POD)
    sidecar.wait_for_set()
    password = pod.rotate()
    sidecar.wait_for(lambda: pod.shows(password), "the new password")
    os.kill(first_process(sidecar), signal.SIGKILL)
    sidecar.process.wait(20)
    assert pod.shows(password) and pod.ready(), "the volume outlives the container"
    logins = pod.logins()
    sidecar = pod.start(before=POD)
    password = pod.rotate()
    sidecar.wait_for(lambda: pod.shows(password), "the new password")
    assert pod.logins() == logins
    os.kill(first_process(sidecar), signal.SIGTERM)
    assert sidecar.process.wait(20) == 0
    assert not list(pod.dir.iterdir()) and not list(pod.state.iterdir())
