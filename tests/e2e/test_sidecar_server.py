"""The server is sealed, restarted, changed and lost; the job keeps its last good set. With a real OpenBao."""

import json
import signal
import time

import openbao
import pod as pods


# ---- The server has troubles


def test_a_sealed_server_leaves_the_set_stale_and_unsealed_it_is_fresh_again(file_pod):
    with file_pod.sidecar() as sidecar:
        old = file_pod.read()["password"]
        file_pod.server.seal()
        sidecar.wait_for_state("stale")
        assert file_pod.shows(old)
        assert file_pod.ready(), "a stale set is a good set"
        assert file_pod.status()["error"]["code"] == "store-sealed"
        file_pod.server.unseal()
        password = file_pod.rotate()
        sidecar.wait_for(lambda: file_pod.shows(password), "the new password", 60)
        assert file_pod.status()["state"] == "fresh"


def test_a_server_that_is_restarted_is_found_again_with_the_same_token(file_pod):
    with file_pod.sidecar() as sidecar:
        logins, old = file_pod.logins(), file_pod.read()["password"]
        file_pod.server.kill()
        sidecar.wait_for_state("stale")
        assert file_pod.status()["error"]["code"] == "store-unreachable"
        assert file_pod.shows(old)
        file_pod.server.start()
        password = file_pod.rotate()
        sidecar.wait_for(lambda: file_pod.shows(password), "the new password", 60)
        assert file_pod.logins() == logins


def test_a_token_is_renewed_and_lives_longer_than_its_ttl(dev):
    pod = pods.make(dev, token_ttl="3s", token_max_ttl="1h")
    try:
        with pod.sidecar() as sidecar:
            logins = pod.logins()
            time.sleep(8)
            assert len(dev.requests("auth/token/renew-self")) >= 2
            assert pod.logins() == logins
            password = pod.rotate()
            sidecar.wait_for(lambda: pod.shows(password), "the new password")
    finally:
        pod.remove()


def test_a_token_at_its_maximum_is_replaced_before_it_ends(dev):
    pod = pods.make(dev, token_ttl="4s", token_max_ttl="6s")
    try:
        with pod.sidecar() as sidecar:
            logins = pod.logins()
            time.sleep(14)
            assert pod.status()["state"] == "fresh"
            assert "stale" not in sidecar.said()
            assert 1 <= pod.logins() - logins <= 4
    finally:
        pod.remove()


def test_a_token_that_was_revoked_is_replaced_by_a_login(pod):
    with pod.sidecar() as sidecar:
        token = json.loads((pod.state / "current/session").read_text())["vault"]["token"]
        logins = pod.logins()
        pod.server.revoke(token)
        password = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(password), "the new password", 60)
        assert pod.logins() == logins + 1


def test_a_token_that_expired_while_the_server_was_away_is_replaced(file_server):
    pod = pods.make(file_server, token_ttl="4s")
    try:
        with pod.sidecar() as sidecar:
            logins, old = pod.logins(), pod.read()["password"]
            file_server.kill()
            sidecar.wait_for_state("stale")
            time.sleep(5)
            assert pod.shows(old), "an expired token takes nothing away"
            file_server.start()
            password = pod.rotate()
            sidecar.wait_for(lambda: pod.shows(password), "the new password", 60)
            assert pod.logins() == logins + 1
    finally:
        pod.remove()


def test_a_secret_id_that_is_used_up_is_not_hammered(dev):
    pod = pods.make(dev, secret_id_num_uses=1)
    try:
        with pod.sidecar() as sidecar:
            old = pod.read()["password"]
            token = json.loads((pod.state / "current/session").read_text())["vault"]["token"]
            dev.revoke(token)
            sidecar.wait_for_state("stale")
            assert pod.status()["error"]["code"] == "store-login"
            assert "secret-id" in sidecar.said()
            assert pod.shows(old)
            logins = pod.logins()
            time.sleep(5)
            assert pod.logins() <= logins + 1
            pod.write_secret_id(dev.secret_id(pod.role))
            sidecar.signal(signal.SIGHUP)
            password = pod.rotate()
            sidecar.wait_for(lambda: pod.shows(password), "the new password", 30)
    finally:
        pod.remove()


def test_a_version_that_is_rolled_back_is_delivered(pod):
    with pod.sidecar() as sidecar:
        first = pod.read()["password"]
        second = pod.rotate()
        sidecar.wait_for(lambda: pod.shows(second), "the second password")
        newest = pod.server.read("orders")["metadata"]["version"]
        pod.server.roll_back("orders", newest - 1)
        sidecar.wait_for(lambda: pod.shows(first), "the first password again")


def test_a_deleted_version_leaves_the_last_good_set(pod):
    with pod.sidecar() as sidecar:
        old = pod.read()["password"]
        version = pod.server.read("orders")["metadata"]["version"]
        pod.server.delete("orders", version)
        sidecar.wait_for_state("stale")
        assert pod.status()["error"]["code"] == "secret-deleted"
        assert pod.shows(old)
        pod.server.undelete("orders", version)
        sidecar.signal(signal.SIGHUP)
        sidecar.wait_for_state("fresh", 30)


def test_a_policy_that_is_taken_away_names_what_to_write(pod):
    with pod.sidecar() as sidecar:
        pod.server.allow(pods.POLICY, "secret/data/something-else")
        sidecar.wait_for_state("stale")
        assert pod.status()["error"]["code"] == "store-denied"
        sidecar.wait_for_line('path "secret/data/orders"')


def test_a_changed_ca_leaves_the_set_stale_until_the_new_one_is_given(tmp_path):
    first, second = openbao.Authority(tmp_path / "one"), openbao.Authority(tmp_path / "two")
    with openbao.start_file(tmp_path / "bao", first.issue("localhost", "127.0.0.1")) as server:
        pod = pods.Pod(server)
        ca = pod.path / "ca.pem"
        ca.write_bytes(first.ca.read_bytes())
        pod.configure(vault={"ca": "ca.pem"})
        try:
            with pod.sidecar() as sidecar:
                old = pod.read()["password"]
                server.kill()
                server.certificate = second.issue("localhost", "127.0.0.1")
                server.ca = second.ca
                server.start()
                sidecar.wait_for_state("stale")
                sidecar.wait_for(lambda: pod.status()["error"]["code"] == "store-ca", "the CA to be named", 60)
                assert pod.shows(old)
                ca.write_bytes(second.ca.read_bytes())
                sidecar.signal(signal.SIGHUP)
                sidecar.wait_for_state("fresh", 60)
        finally:
            pod.remove()


def test_a_value_that_expires_is_withdrawn_and_ready_turns_false(dev):
    pod = pods.Pod(dev, names=("orders", "lake"))
    dev.call("POST", "secret/metadata/lake", {"delete_version_after": "6s"})
    dev.write("lake", {"username": "etl", "password": "lake-one"})
    pod.configure(grace="1s")
    try:
        with pod.sidecar() as sidecar:
            assert pod.ready()
            sidecar.wait_for(lambda: not pod.ready(), "not ready", 30)
            sidecar.wait_for(lambda: not (pod.dir / "current/lake.properties").exists(), "the withdrawal", 10)
            assert pod.read("orders")["user"] == "etl"
            assert pod.status()["state"] == "expired"
            dev.call("POST", "secret/metadata/lake", {"delete_version_after": "0s"})
            dev.write("lake", {"username": "etl", "password": "lake-two"})
            sidecar.signal(signal.SIGHUP)
            sidecar.wait_for(lambda: pod.shows("lake-two", "lake"), "lake again", 30)
            sidecar.wait_for(pod.ready, "ready", 10)
    finally:
        pod.remove()
