"""Whatever a store does wrong, init ends with 6 and says what to look at. Real OpenBao; a fake where it will not."""

import json
import time

import openbao
import pod as pods
import pytest
from fake_vault import FakeVault, answer, kv, login, raw, wait_then

ORDERS = "secret/data/orders"


@pytest.fixture
def fake():
    with FakeVault() as server:
        server.on("POST", "auth/approle/login", answer(200, login("s.invented")))
        server.on("GET", ORDERS, answer(200, kv({"username": "etl", "password": "invented"})))
        yield server


def told(pod, wait="0s", **vault):
    pod.configure(vault=vault, deliver={"wait": wait})
    begun = time.monotonic()
    done = pod.init()
    return done, time.monotonic() - begun


FAULTS = [
    (answer(400, {"errors": ["secret-echo"]}), "400", "path"),
    (answer(403, {"errors": ["secret-echo"]}), "denies", 'path "secret/data/orders"'),
    (answer(404, {"errors": []}), "no secret at secret/data/orders", "kv put"),
    (answer(412, {"errors": []}), "412", ""),
    (answer(429, {"errors": []}), "429", ""),
    (answer(500, {"errors": ["secret-echo"]}), "fault", ""),
    (answer(503, {"errors": ["sealed"]}), "sealed", ""),
    (answer(200, b"no json"), "malformed", ""),
    (answer(200, b'{"data":' * 40 + b"1" + b"}" * 40), "malformed", ""),
    (answer(200, {"data": {"password": "flat"}}), "KV version 2", "data/"),
    (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2000000), "larger", ""),
    (raw(b"no http at all\r\n\r\n"), "", ""),
    (answer(307, b"", Location="http://127.0.0.1:9/v1/secret/data/orders"), "redirects", "also"),
]


@pytest.mark.parametrize("said, what, todo", FAULTS, ids=lambda value: value if isinstance(value, str) else "answer")
def test_every_fault_ends_with_6_and_a_sentence(pod, fake, said, what, todo):
    fake.on("GET", ORDERS, said)
    done, _ = told(pod, address=fake.address)
    assert done.status == 6, done.err
    assert what in done.err and todo in done.err, done.err
    assert "secret-echo" not in done.err, "what a server says is never printed"
    assert "invented" not in done.err
    assert not pod.ready()
    assert pod.generation() == 0


def test_a_slow_store_is_not_waited_for_for_ever(pod, fake):
    fake.on("GET", ORDERS, wait_then(40, answer(200, kv({"username": "etl", "password": "x"}))))
    done, took = told(pod, address=fake.address)
    assert done.status == 6, done.err
    assert "in time" in done.err
    assert took < 30


def test_a_redirect_is_followed_to_an_address_that_is_named(pod, fake, dev):
    elsewhere = answer(307, b"", Location=f"{dev.address}/v1/auth/approle/login")
    fake.on("POST", "auth/approle/login", elsewhere)
    done, _ = told(pod, address=fake.address, also=[dev.address])
    assert done.status == 0, done.err
    assert pod.read()["user"] == "etl"


def test_a_redirect_to_a_stranger_gets_no_token_and_says_what_to_write(pod, fake, dev):
    elsewhere = answer(307, b"", Location=f"{dev.address}/v1/auth/approle/login")
    fake.on("POST", "auth/approle/login", elsewhere)
    logins = pod.logins()
    done, _ = told(pod, address=fake.address)
    assert done.status == 6, done.err
    assert f"also: [{dev.address}" in done.err.replace('"', "")
    assert pod.logins() == logins


def test_two_addresses_and_the_first_is_down(pod, dev):
    done, _ = told(pod, wait="10s", address="http://127.0.0.1:9", also=[dev.address])
    assert done.status == 0, done.err


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    path = tmp_path_factory.mktemp("bao-tls")
    authority = openbao.Authority(path / "ca")
    with openbao.start_file(path / "bao", authority.issue("localhost", "127.0.0.1")) as server:
        server.authority = authority
        yield server


@pytest.fixture
def tls_pod(tls):
    made = pods.make(tls)
    yield made
    made.remove()


def test_tls_with_its_ca_by_name_and_by_address(tls_pod, tls):
    for address in (f"https://localhost:{tls.port}", f"https://127.0.0.1:{tls.port}"):
        done, _ = told(tls_pod, address=address)
        assert done.status == 0, done.err


def test_another_ca_is_said(tls_pod, tmp_path):
    other = openbao.Authority(tmp_path / "other")
    done, _ = told(tls_pod, ca=str(other.ca))
    assert done.status == 6, done.err
    assert "CA" in done.err and str(other.ca) in done.err


def test_another_name_is_said(tls_pod):
    done, _ = told(tls_pod, **{"tls-name": "vault.example"})
    assert done.status == 6, done.err
    assert "is not for vault.example" in done.err


def test_a_ca_that_is_not_there_is_said(tls_pod):
    done, _ = told(tls_pod, ca="nowhere.pem")
    assert done.status == 6, done.err
    assert "nowhere.pem" in done.err


def test_http_to_a_tls_server_is_said(tls_pod, tls):
    done, _ = told(tls_pod, address=f"http://127.0.0.1:{tls.port}")
    assert done.status == 6, done.err


def test_http_beyond_loopback_needs_to_be_allowed(pod):
    done, _ = told(pod, address="http://192.0.2.1:8200")
    assert done.status == 3
    assert "allow-http" in done.err


def test_vault_addr_and_vault_token_are_enough(pod, dev):
    pod.configure(deliver={"wait": "0s"})
    text = json.loads(pod.yaml.read_text())
    text["stores"] = {}
    pod.yaml.write_text(json.dumps(text))
    token = dev.make_token([pods.POLICY], ttl="60s")
    done = pod.init(environment={"VAULT_ADDR": dev.address, "VAULT_TOKEN": token})
    assert done.status == 0, done.err
    assert pod.read()["user"] == "etl"
    assert not (pod.state / "current/session").exists(), "a token of the caller's is kept nowhere"
    assert dev.look_up(token) is not None, "and is not revoked"


def test_a_token_file_with_a_dead_token_is_said(pod, dev):
    file = pod.path / "token"
    file.write_text("s.00000000000000000000")
    file.chmod(0o600)
    done, _ = told(pod, auth={"token": {"file": str(file)}})
    assert done.status == 6, done.err
    assert "token" in done.err and "s.0000" not in done.err


def test_a_secret_id_that_others_can_write_is_not_used(pod):
    pod.secret_id_file.chmod(0o666)
    done, _ = told(pod)
    assert done.status == 6, done.err
    assert str(pod.secret_id_file) in done.err


def test_a_sidecar_without_a_first_set_ends_with_6_too_and_leaves_no_token(pod, dev, fake):
    pod.configure(vault={"address": fake.address}, deliver={"wait": "0s"})
    fake.on("GET", ORDERS, answer(403, {"errors": []}))
    fake.on("POST", "auth/token/revoke-self", answer(204))
    sidecar = pod.start()
    try:
        assert sidecar.process.wait(20) == 6, sidecar.said()
    finally:
        sidecar.kill()
    assert "auth/token/revoke-self" in fake.paths("POST"), "what it had logged in for is revoked"
    assert not pod.ready()
