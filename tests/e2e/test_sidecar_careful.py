"""What a sidecar must not do: remove what is not its own, lose what stands, keep what it should give back."""

import json
import os
import signal
import time

import house
import pytest
from fake_vault import FakeVault


def test_a_directory_with_other_people_s_files_is_refused_and_untouched(pod):
    pod.dir.mkdir(mode=0o700)
    (pod.dir / "thesis.txt").write_text("three years of work")
    done = pod.init()
    assert done.status == 7, done.err
    assert "holds what is not arrestor's" in done.err
    assert (pod.dir / "thesis.txt").read_text() == "three years of work"


def test_a_directory_on_a_disk_is_refused_and_untouched(pod, tmp_path):
    if house.is_tmpfs(tmp_path):
        pytest.skip("temporary files are on tmpfs here")
    (tmp_path / "current").mkdir()
    (tmp_path / "current" / "file").write_text("mine")
    pod.configure(deliver={"dir": str(tmp_path)})
    done = pod.init()
    assert done.status == 7, done.err
    assert (tmp_path / "current" / "file").read_text() == "mine"


def test_a_second_sidecar_is_refused_and_the_first_one_s_set_stands(pod):
    with pod.sidecar() as sidecar:
        password = pod.read()["password"]
        second = pod.start()
        assert second.process.wait(20) == 7, second.said()
        assert "another arrestor" in second.said()
        assert pod.shows(password)
        password = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(password), "the new password")


def test_run_leaves_a_directory_with_other_files_alone(site, tmp_path):
    directory = house.pathlib.Path(house.tempfile.mkdtemp(prefix="of-others-", dir="/dev/shm"))
    try:
        (directory / "thesis.txt").write_text("three years of work")
        site.configure(deliver={"dir": str(directory)})
        result = site.run("spark-submit", "job.py")
        assert result.status == 125, result.err
        assert (directory / "thesis.txt").read_text() == "three years of work"
    finally:
        house.shutil.rmtree(directory)


def test_init_again_while_the_store_is_down_keeps_the_set_that_stands(file_pod):
    assert file_pod.init().status == 0
    password, generation = file_pod.read()["password"], file_pod.generation()
    file_pod.server.kill()
    file_pod.configure(deliver={"wait": "0s"})
    done = file_pod.init()
    assert done.status == 6, done.err
    assert file_pod.shows(password)
    assert file_pod.generation() == generation
    assert (file_pod.state / "current/session").exists(), "the token is still there for the next"


def test_a_missing_protection_that_is_required_leaves_no_set(pod):
    pod.configure(require=["landlock"])
    done = pod.arrestor("init", "-c", pod.yaml)
    assert done.status == 0, done.err
    for path in (pod.dir, pod.state):
        house.shutil.rmtree(path)
    before = pod.server.accessors()
    sidecar = pod.start(before=[str(house.BUILD / "weak")])
    assert sidecar.process.wait(20) == 7, sidecar.said()
    assert "landlock is required" in sidecar.said()
    assert not pod.ready()
    assert pod.server.accessors() <= before


def test_a_missing_protection_that_is_required_keeps_the_set_that_stood_before(pod):
    pod.configure(require=["landlock"])
    assert pod.init().status == 0
    password = pod.read()["password"]
    pod.rotate()
    done = pod.arrestor("init", "-c", pod.yaml, before=[str(house.BUILD / "weak")])
    assert done.status == 7, done.err
    assert pod.read()["password"] == password


def test_sighup_does_not_take_a_configuration_that_delivers_nothing(pod):
    with pod.sidecar() as sidecar:
        text = json.loads(pod.yaml.read_text())
        text["deliver"]["files"] = {}
        pod.yaml.write_text(json.dumps(text))
        sidecar.signal(signal.SIGHUP)
        sidecar.wait_for_line("stays as it was")
        assert pod.ready()


def test_sighups_one_after_the_other_are_all_survived(pod):
    with pod.sidecar() as sidecar:
        logins = pod.logins()
        for _ in range(25):
            sidecar.signal(signal.SIGHUP)
            time.sleep(0.02)
        password = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(password), "the new password")
        assert pod.logins() == logins
        assert sidecar.end() == 0


def test_sighup_before_the_first_set_is_not_forgotten(file_pod):
    file_pod.server.seal()
    file_pod.configure(deliver={"wait": "30s"})
    sidecar = file_pod.start()
    try:
        sidecar.wait_for_line("sealed")
        sidecar.signal(signal.SIGHUP)
        file_pod.server.unseal()
        sidecar.wait_for_set(40)
    finally:
        sidecar.kill()


def test_the_end_revokes_even_where_a_credential_cannot_be_used_any_more(pod):
    before = pod.server.accessors()
    with pod.sidecar() as sidecar:
        pod.secret_id_file.chmod(0o666)
        assert sidecar.end() == 0
    assert pod.server.accessors() <= before


def test_a_link_in_state_is_not_followed(pod):
    with pod.sidecar() as sidecar:
        sidecar.kill_all()
    target = pod.path / "elsewhere"
    target.write_text(json.dumps({"format": 1, "vault": {"address": pod.server.address, "token": "s.planted"}}))
    session = pod.state / "current" / "session"
    (pod.state / "current").resolve().chmod(0o700)
    session.unlink()
    os.symlink(target, session)
    with pod.sidecar() as sidecar:
        password = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(password), "the new password")
        assert "planted" not in (pod.state / "current/session").read_text()


def test_the_token_of_one_server_is_not_shown_to_another(pod):
    with pod.sidecar() as sidecar:
        sidecar.kill_all()
    token = json.loads((pod.state / "current/session").read_text())["vault"]["token"]
    with FakeVault() as stranger:
        pod.configure(vault={"address": stranger.address}, deliver={"wait": "0s"})
        done = pod.init()
        assert done.status == 6, done.err
        assert stranger.requests, "it was asked"
        for request in stranger.requests:
            assert token not in str(request.headers) and token.encode() not in request.body
