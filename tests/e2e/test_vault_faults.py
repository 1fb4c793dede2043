"""fetch_vault against a server that does what a real one does not do on demand."""

import time

import pytest

from fake_vault import FakeVault, answer, kv, login, lookup, lost, raw, wait_then
from vault_driver import approle_caller, digest, token_caller

DB, LOGIN = "secret/data/db", "auth/approle/login"
LOOKUP, RENEW, REVOKE = (f"auth/token/{verb}-self" for verb in ("lookup", "renew", "revoke"))
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
def fake():
    with FakeVault() as server:
        server.on("GET", LOOKUP, answer(200, lookup()))
        server.on("GET", DB, answer(200, kv({"password": "canary"})))
        server.on("POST", LOGIN, answer(200, login("s.first")), answer(200, login("s.second")))
        server.on("POST", RENEW, answer(200, login("s.first", 120)))
        server.on("POST", REVOKE, answer(204))
        yield server


@pytest.fixture
def caller(tmp_path, fake):
    """With a token that is known to live, so that a round is one request."""
    one = token_caller(tmp_path / "caller", fake, "s.given")
    assert one.run()["code"] == "ok"
    fake.requests.clear()
    return one


@pytest.fixture
def own(tmp_path, fake):
    return approle_caller(tmp_path / "own", fake, "role", "canary-secret-id")


# ---- What is sent


def test_every_request_says_what_the_api_asks_for(fake, tmp_path):
    caller = approle_caller(tmp_path / "c", fake, "role \"ä\"\n", "canary", namespace="a/b")
    assert caller.run()["code"] == "ok"
    first, second = fake.requests
    assert (first.method, first.path, second.path) == ("POST", LOGIN, DB)
    assert first.body == '{"role_id":"role \\"ä\\"","secret_id":"canary"}'.encode()
    assert "x-vault-token" not in first.headers and second.headers["x-vault-token"] == "s.first"
    for request in (first, second):
        assert request.headers["x-vault-request"] == "true" and request.headers["x-vault-namespace"] == "a/b"
        assert request.headers["host"] == f"127.0.0.1:{fake.port}"
        assert not {"cookie", "authorization", "proxy-authorization", "expect"} & set(request.headers)


def test_one_connection_serves_a_round(fake, own):
    assert own.run()["code"] == "ok"
    assert own.run("RENEW")["code"] == "ok"
    assert fake.connections == 2 and len(fake.requests) == 4


# ---- What is answered


@pytest.mark.parametrize("status, code", [
    (400, "store-request"), (401, "store-token"), (404, "secret-missing"), (405, "store-request"),
    (408, "store-slow"), (412, "store-precondition"), (418, "store-request"), (429, "store-busy"),
    (472, "store-sealed"), (473, "store-sealed"), (500, "store-fault"), (501, "store-sealed"),
    (502, "store-fault"), (503, "store-sealed"), (504, "store-fault"), (204, "store-answer"), (304, "store-answer"),
])
def test_a_status_is_a_code(fake, caller, status, code):
    fake.on("GET", LOOKUP, answer(403, {"errors": ["canary"]}))
    fake.on("GET", DB, answer(status, {"errors": ["canary"]} if status > 304 else b""))
    told = caller.run()
    assert told["code"] == code
    assert told["detail"] == (0 if status == 401 else status)
    assert told["position"] == (-1 if status == 401 else 0)
    assert "canary" not in str(told)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location, told", [
    ("https://vault-1.example:8200/v1/secret?canary", "https://vault-1.example:8200"),
    ("/v1/elsewhere", None), ("ftp://x/", ""), ("https://canary:pw@x/", ""),
])
def test_a_redirect_is_told_and_not_followed(fake, caller, status, location, told):
    fake.on("GET", DB, answer(status, b"", Location=location))
    result = caller.run()
    assert (result["code"], result["detail"]) == ("store-redirect", status)
    assert result["location"] == (fake.address if told is None else told)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b"canary", b"<html>canary</html>", b'{"data":{"data":{},"metadata":{"version":1}}} x',
    b'{"data":{"data":{"a":"\xff"},"metadata":{"version":1}}}', b'{"data":' * 33 + b"1" + b"}" * 33,
    b'{"data":{"data":{"a":"x","a":"y"},"metadata":{"version":1}}}',
    b'{"data":{"data":{"a":1e999},"metadata":{"version":1}}}',
    b'{"data":{"data":{"a":1},"metadata":{"version":1,"deletion_time":"soon"}}}',
])
def test_what_is_no_answer_is_malformed(fake, caller, body):
    fake.on("GET", DB, answer(200, body))
    told = caller.run()
    assert (told["code"], told["position"], told["detail"]) == ("store-answer", 0, 200)


def test_json_that_is_said_to_be_something_else_is_malformed(fake, caller):
    fake.on("GET", DB, answer(200, kv({"a": "b"}), Content_Type="text/html"))
    assert caller.run()["code"] == "store-answer"
    fake.on("GET", DB, answer(200, kv({"a": "b"}), Content_Type="application/json; charset=utf-8"))
    assert caller.run()["code"] == "ok"
    fake.on("GET", DB, raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + answer(200, kv({"a": 1})).chunks[0]
                           .partition(b"\r\n\r\n")[2]))
    assert caller.run()["code"] == "ok"


@pytest.mark.parametrize("body", [
    {"data": None}, {"data": {"data": None, "metadata": {"version": 1}}}, {"data": {"password": "x"}},
    {"data": {"data": {"a": 1}}}, {"data": {"data": {"a": 1}, "metadata": {"version": 0}}},
    {"data": {"data": {"a": 1}, "metadata": {"version": 1.5}}},
    {"data": {"data": {"a": 1}, "metadata": {"version": "1"}}}, {"data": {"data": [1], "metadata": {"version": 1}}},
])
def test_another_shape_is_no_kv_2_secret(fake, caller, body):
    fake.on("GET", DB, answer(200, body))
    assert caller.run()["code"] == "secret-kind"


def test_digits_and_order_are_kept(fake, caller):
    value = b'{"z":123456789012345678901234567890,"a":1.10,"m":1E5,"t":"two  blanks"}'
    spaced = value.replace(b",", b" ,\n\t").replace(b":", b" : ")
    fake.on("GET", DB, answer(200, b'{"data" : {"data": ' + spaced + b' , "metadata": {"version":7}} }'))
    told = caller.run()
    assert (told["values"]["db"]["digest"], told["values"]["db"]["version"]) == (digest(value), 7)


def test_a_value_may_be_as_large_as_an_answer_and_no_larger(fake, caller):
    room = 1024 * 1024 - len(answer(200, kv({"a": ""})).chunks[0].partition(b"\r\n\r\n")[2])
    fake.on("GET", DB, answer(200, kv({"a": "x" * room})))
    assert caller.run()["code"] == "ok"
    fake.on("GET", DB, answer(200, kv({"a": "x" * (room + 1)})))
    assert caller.run()["code"] == "store-size"
    fake.on("GET", DB, raw(HEAD + b"Connection: close\r\n\r\n", *[b"x" * 65536] * 17))
    assert caller.run()["code"] == "store-size"
    fake.on("GET", DB, raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 17))
    assert caller.run()["code"] == "store-size"


def test_headers_are_bounded_too(fake, caller):
    fake.on("GET", DB, raw(HEAD, *[b"X-Much: " + b"x" * 1000 + b"\r\n"] * 40, b"\r\n{}"))
    assert caller.run()["code"] == "store-size"


@pytest.mark.parametrize("said, code", [
    (lost(), "store-unreachable"), (raw(HEAD), "store-answer"),
    (raw(HEAD + b"Content-Length: 100\r\n\r\n{"), "store-unreachable"),
    (raw(b"HTTP/1.1 503 No\r\nContent-Length: 100\r\n\r\n{"), "store-sealed"),
    (raw(b"{}"), "store-answer"), (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "store-answer"),
    (raw(HEAD + b"Content-Length: -5\r\n\r\n"), "store-answer"),
    (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "store-unreachable"),
])
def test_a_broken_connection_is_told(fake, caller, said, code):
    fake.on("GET", DB, said)
    assert caller.run()["code"] == code


def test_a_server_that_trickles_is_slow(fake, own):
    """REVOKE has the shortest time: four seconds for the whole answer, however much of it comes."""
    assert own.run()["code"] == "ok"
    fake.on("POST", REVOKE, raw(HEAD + b"Content-Length: 100\r\n\r\n", *[b" ", 0.3] * 60))
    begun = time.monotonic()
    assert own.run("REVOKE")["code"] == "store-slow"
    assert 3.5 < time.monotonic() - begun < 7


def test_one_slow_answer_of_many_is_the_rounds_fault(fake, caller):
    for name in "abc":
        fake.on("GET", f"secret/data/{name}", answer(200, kv({"v": name})))
    fake.on("GET", "secret/data/b", raw(30.0))
    caller.configure({name: f"secret/data/{name}" for name in "abc"})
    begun = time.monotonic()
    told = caller.run(sockets=3)
    assert (told["code"], told["position"]) == ("store-slow", 1)
    assert 14 < time.monotonic() - begun < 18


# ---- Connections that end


def test_a_server_that_closes_each_connection_is_read_over_the_next(fake, caller):
    names = [f"k{number}" for number in range(4)]
    for name in names:
        fake.on("GET", f"secret/data/{name}", answer(200, kv({"v": name}), close=True))
    caller.configure({name: f"secret/data/{name}" for name in names})
    assert caller.run(sockets=4)["code"] == "ok"
    assert caller.run(sockets=3)["code"] == "store-unreachable"


def test_of_several_faults_the_first_secret_is_named(fake, caller):
    names = [f"k{number}" for number in range(6)]
    for name in names:
        fake.on("GET", f"secret/data/{name}", raw(0.2, answer(404, {"errors": []}).chunks[0]))
    fake.on("GET", "secret/data/k3", answer(500))
    caller.configure({name: f"secret/data/{name}" for name in names})
    told = caller.run(sockets=6)
    assert (told["code"], told["position"]) == ("secret-missing", 0)


def test_a_lookup_that_is_not_understood_is_a_fault(fake, tmp_path):
    fake.on("GET", LOOKUP, answer(400))
    told = token_caller(tmp_path / "c", fake, "s.given").run()
    assert (told["code"], told["position"], told["detail"]) == ("store-request", -1, 400)
    assert fake.paths() == [LOOKUP]


# ---- Sessions


def test_a_lost_login_is_not_sent_again(fake, own):
    fake.on("POST", LOGIN, lost())
    assert own.run(sockets=4)["code"] == "store-unreachable"
    assert fake.paths() == [LOGIN]


def test_a_login_is_not_sent_again_over_another_connection(fake, own):
    """libcurl sends what was lost on a used connection once more, and there are idle ones."""
    names = [f"k{number}" for number in range(4)]
    assert own.run()["code"] == "ok"
    fake.requests.clear()
    for name in names:
        fake.on("GET", f"secret/data/{name}", wait_then(0.2, answer(403)))
    fake.on("GET", LOOKUP, answer(403))
    fake.on("POST", LOGIN, lost())
    own.configure({name: f"secret/data/{name}" for name in names})
    assert own.run(sockets=4)["code"] == "store-unreachable"
    assert fake.paths()[4:] == [LOOKUP, LOGIN]


def test_only_one_login_in_a_round(fake, own):
    assert own.run()["code"] == "ok"
    fake.requests.clear()
    fake.on("GET", DB, answer(403))
    fake.on("GET", LOOKUP, answer(403))
    told = own.run()
    assert (told["code"], told["position"]) == ("store-denied", 0)
    assert fake.paths() == [DB, LOOKUP, LOGIN, DB, REVOKE]
    assert fake.requests[-1].headers["x-vault-token"] == "s.second" and own.session == "s.first"


def test_many_denials_cost_one_question_and_one_login(fake, own):
    names = [f"k{number}" for number in range(8)]
    for name in names:
        fake.on("GET", f"secret/data/{name}", answer(403), answer(200, kv({"v": name})))
    assert own.run()["code"] == "ok"
    fake.requests.clear()
    fake.on("GET", LOOKUP, answer(403))
    own.configure({name: f"secret/data/{name}" for name in names})
    assert own.run(sockets=8)["code"] == "ok"
    assert (fake.paths().count(LOOKUP), fake.paths().count(LOGIN)) == (1, 1)


@pytest.mark.parametrize("status, code", [(400, "store-login"), (403, "store-login"), (404, "store-login"),
                                          (429, "store-busy"), (500, "store-fault"), (503, "store-sealed"),
                                          (307, "store-redirect"), (200, "store-answer")])
def test_a_login_that_fails_says_why(fake, own, status, code):
    fake.on("POST", LOGIN, answer(status, {"errors": ["canary"]}, Location="https://other:8200/"))
    told = own.run()
    assert (told["code"], told["position"]) == (code, -1)
    assert told["detail"] == (0 if status == 200 else status)
    assert not (own.state / "session").exists() and "canary" not in str(told)


@pytest.mark.parametrize("auth", [
    None, {}, {"client_token": ""}, {"client_token": "two words"}, {"client_token": "s.\r\nX: y"},
    {"client_token": "s.\u0000"}, {"client_token": "ä"}, {"client_token": 'a"b'}, {"client_token": "x" * 8193},
    {"client_token": "s.x", "lease_duration": -1}, {"client_token": "s.x", "lease_duration": "60"},
    {"client_token": "s.x", "lease_duration": 1e300}, {"client_token": "s.x", "renewable": "yes"},
    {"client_token": "s.x", "num_uses": "many"},
])
def test_a_login_without_a_sound_token_is_malformed(fake, own, auth):
    fake.on("POST", LOGIN, answer(200, {"auth": auth}))
    assert own.run()["code"] == "store-answer"
    assert fake.paths() == [LOGIN]


def test_a_token_of_the_largest_size_is_used(fake, own):
    token = "hvb." + "x" * 8188
    fake.on("POST", LOGIN, answer(200, login(token, 0)))
    told = own.run()
    assert (told["code"], told["session"]["expires_ms"], own.session) == ("ok", 0, token)
    assert own.run()["code"] == "ok" and fake.paths().count(LOGIN) == 1


@pytest.mark.parametrize("said, logins", [(answer(403), 1), (answer(400), 1), (answer(503), 0), (lost(), 0)])
def test_a_renewal_that_is_refused_leads_to_a_login_and_one_that_fails_does_not(fake, own, said, logins):
    assert own.run()["code"] == "ok"
    fake.requests.clear()
    fake.on("POST", RENEW, said)
    assert own.run("RENEW")["code"] == ("ok" if logins else "store-sealed" if said.chunks else "store-unreachable")
    assert fake.paths().count(LOGIN) == logins
    assert own.session == ("s.second" if logins else "s.first")
    assert [r.headers["x-vault-token"] for r in fake.requests if r.path == REVOKE] == ["s.first"] * logins


@pytest.mark.parametrize("content", ["", "{", "canary", '{"format":2,"vault":{"address":"ADDRESS","token":"x"}}',
                                     '{"format":1,"vault":{"address":"ADDRESS","token":"a b"}}',
                                     '{"format":1,"vault":{"address":"ADDRESS","token":7}}'])
def test_a_damaged_session_costs_a_login_and_no_more(fake, own, content):
    assert own.run()["code"] == "ok"
    (own.state / "session").write_text(content.replace("ADDRESS", fake.address), encoding="utf-8")
    assert own.run()["code"] == "ok"
    assert fake.paths().count(LOGIN) == 2 and own.session == "s.second"


@pytest.mark.parametrize("status", [200, 204, 400, 403, 404])
def test_revoking_what_the_store_no_longer_knows_is_fine(fake, own, status):
    assert own.run()["code"] == "ok"
    fake.on("POST", REVOKE, answer(status))
    assert own.run("REVOKE")["code"] == "ok"
    fake.on("POST", REVOKE, answer(500))
    assert own.run("REVOKE")["code"] == "store-fault"
