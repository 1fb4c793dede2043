"""fetch_vault against a real OpenBao: tokens, AppRole, KV versions, TLS, and what it says when it cannot."""

import secrets
import subprocess
import time

import pytest

import house
import openbao
from vault_driver import approle_caller, digest, token_caller

pytestmark = pytest.mark.skipif(openbao.find_program() is None, reason="no OpenBao here: run make deps")
VALUE = {"password": "canary-ä-\"q\"", "port": 5432, "ratio": 1.10, "tls": True, "nothing": None}


@pytest.fixture(scope="module")
def bao(tmp_path_factory):
    with openbao.start_dev(tmp_path_factory.mktemp("bao")) as server:
        server.allow("reader", "secret/data/*")
        server.allow("other", "secret/data/other")
        yield server


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return openbao.Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def secure(tmp_path_factory, authority):
    """On disk, over TLS."""
    with openbao.start_file(tmp_path_factory.mktemp("secure"), authority.issue("localhost")) as server:
        server.allow("reader", "secret/data/*")
        server.write("db", VALUE)
        yield server


@pytest.fixture
def login(tmp_path, bao):
    """A caller with an AppRole of a minute, and a fresh secret."""
    bao.write("db", {"password": "first"})
    return approle_caller(tmp_path / "caller", bao, *bao.approle("etl", ["reader"], token_ttl="60s"))


# ---- KV


def test_a_value_comes_as_the_store_holds_it(tmp_path, bao):
    caller = token_caller(tmp_path / "c", bao, bao.root)
    version = bao.write("db", VALUE)
    told = caller.run()
    assert told["code"] == "ok", told
    ordered = dict(sorted(VALUE.items()))
    assert (told["values"]["db"]["digest"], told["values"]["db"]["version"]) == (digest(ordered), version)


def test_a_pinned_version_stays_and_a_rollback_is_a_new_one(tmp_path, bao):
    first = bao.write("pinned", {"v": "one"})
    bao.write("pinned", {"v": "two"})
    caller = token_caller(tmp_path / "c", bao, bao.root,
                          {"old": ("secret/data/pinned", first), "new": "secret/data/pinned"})
    told = caller.run(sockets=2)
    assert told["values"]["old"]["digest"] == digest({"v": "one"})
    assert told["values"]["new"]["digest"] == digest({"v": "two"})
    third = bao.roll_back("pinned", first)
    told = caller.run(sockets=2)
    assert told["unchanged"] == 0
    assert (told["values"]["new"]["version"], told["values"]["new"]["digest"]) == (third, digest({"v": "one"}))


def test_a_poll_is_one_request_and_keeps_when_a_value_was_first_had(tmp_path, bao):
    bao.write("db", {"password": "x"})
    caller = token_caller(tmp_path / "c", bao, bao.make_token(["reader"], ttl="60s"))
    first = caller.run()
    seen = len(bao.requests())
    second = caller.run()
    assert bao.requests()[seen:] == [("read", "secret/data/db")]
    assert (first["unchanged"], second["unchanged"], second["changed"]) == (0, 1, 0)
    assert second["values"]["db"]["fetched_ms"] == first["values"]["db"]["fetched_ms"]
    bao.write("db", {"password": "y"})
    third = caller.run()
    assert third["unchanged"] == 0
    assert third["values"]["db"]["fetched_ms"] > first["values"]["db"]["fetched_ms"]


def test_what_was_deleted_destroyed_or_never_there_is_told_apart(tmp_path, bao):
    version = bao.write("gone", {"v": "x"})
    caller = token_caller(tmp_path / "c", bao, bao.root, {"ok": "secret/data/gone", "gone": "secret/data/gone"})
    assert caller.run()["code"] == "ok"
    bao.delete("gone", version)
    assert (caller.run()["code"], caller.run()["detail"]) == ("secret-deleted", 404)
    bao.undelete("gone", version)
    assert caller.run()["code"] == "ok"
    bao.destroy("gone", version)
    assert caller.run()["code"] == "secret-deleted"
    caller.configure({"ok": "secret/data/other", "none": "secret/data/never"})
    bao.write("other", {"v": "x"})
    told = caller.run()
    assert (told["code"], told["position"], told["detail"]) == ("secret-missing", 1, 404)
    caller.configure({"none": "nosuchmount/data/x"})
    assert caller.run()["code"] in ("secret-missing", "store-denied")


def test_a_secret_of_another_kind_is_said_to_be_one(tmp_path, bao):
    if "old/" not in bao.call("GET", "sys/mounts")["data"]:
        bao.call("POST", "sys/mounts/old", {"type": "kv", "options": {"version": "1"}})
    bao.call("POST", "old/db", {"password": "x"})
    caller = token_caller(tmp_path / "c", bao, bao.root, {"db": "old/db"})
    assert caller.run()["code"] == "secret-kind"
    caller.configure({"db": "sys/health"})
    assert caller.run()["code"] == "secret-kind"


def test_delete_version_after_is_an_expiry(tmp_path, bao):
    bao.call("POST", "secret/metadata/short", {"delete_version_after": "1h"})
    bao.write("short", {"v": "x"})
    caller = token_caller(tmp_path / "c", bao, bao.root, {"db": "secret/data/short"})
    expires = caller.run()["values"]["db"]["expires_ms"] / 1000
    assert 3500 < expires - time.time() < 3700


def test_many_secrets_come_over_several_connections(tmp_path, bao):
    names = [f"many/{number}" for number in range(40)]
    for name in names:
        bao.write(name, {"v": name})
    for sockets in (1, 5, 16):
        caller = token_caller(tmp_path / f"c{sockets}", bao, bao.root,
                              {f"s{index}": f"secret/data/{name}" for index, name in enumerate(names)})
        told = caller.run(sockets=sockets)
        assert told["code"] == "ok", told
        assert [told["values"][f"s{index}"]["digest"] for index in range(40)] == [digest({"v": n}) for n in names]


# ---- Tokens of the caller


def test_what_a_policy_does_not_allow_is_denied_with_its_place(tmp_path, bao):
    bao.write("other", {"v": "x"})
    bao.write("db", {"v": "x"})
    caller = token_caller(tmp_path / "c", bao, bao.make_token(["other"], ttl="60s"),
                          {"a": "secret/data/other", "b": "secret/data/db"})
    for sockets in (1, 2):
        told = caller.run(sockets=sockets)
        assert (told["code"], told["position"], told["detail"]) == ("store-denied", 1, 403)


def test_a_dead_token_of_the_caller_is_said_to_be_dead(tmp_path, bao):
    token = bao.make_token(["reader"], ttl="60s")
    caller = token_caller(tmp_path / "c", bao, token)
    assert caller.run()["code"] == "ok"
    bao.revoke(token)
    told = caller.run()
    assert (told["code"], told["position"]) == ("store-token", -1)
    assert caller.run("RENEW")["code"] == "store-token"


def test_a_token_that_may_not_ask_about_itself_still_reads(tmp_path, bao):
    token = bao.make_token(["reader"], ttl="60s", no_default_policy=True)
    caller = token_caller(tmp_path / "c", bao, token)
    told = caller.run()
    assert (told["code"], told["session"]["renewable"], told["session"]["expires_ms"]) == ("ok", 0, 0)
    seen = len(bao.requests("auth/token/lookup-self"))
    assert caller.run()["code"] == "ok"
    assert len(bao.requests("auth/token/lookup-self")) == seen
    caller.configure({"db": "sys/mounts"})
    assert caller.run()["code"] in ("store-denied", "store-token")


def test_the_callers_token_is_renewed_never_revoked_and_never_written(tmp_path, bao):
    token = bao.make_token(["reader"], ttl="30s")
    caller = token_caller(tmp_path / "c", bao, token)
    first = caller.run()["session"]
    assert (first["held"], first["ours"], first["renewable"]) == (0, 0, 1)
    time.sleep(1.1)
    renewed = caller.run("RENEW")
    assert renewed["session"]["expires_ms"] > first["expires_ms"] and renewed["changed"] == 1
    assert caller.run("REVOKE")["code"] == "ok"
    assert bao.look_up(token) is not None
    assert not (caller.state / "session").exists()


def test_a_token_that_cannot_be_renewed_is_used_while_it_lives(tmp_path, bao):
    caller = token_caller(tmp_path / "c", bao, bao.make_token(["reader"], ttl="30s", renewable=False))
    assert caller.run()["session"]["renewable"] == 0
    assert caller.run("RENEW")["code"] == "ok"
    batch = token_caller(tmp_path / "b", bao, bao.make_token(["reader"], ttl="30s", type="batch"))
    assert (batch.run()["code"], batch.run("RENEW")["code"]) == ("ok", "ok")


def test_a_token_of_counted_uses_is_refused(tmp_path, bao):
    caller = token_caller(tmp_path / "c", bao, bao.make_token(["reader"], ttl="30s", num_uses=5))
    assert caller.run()["code"] == "store-login"


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb", b"t\0ken", b"\xff\xfe", b"x" * 9000, b"two words"])
def test_a_token_file_with_something_else_in_it_is_said_to_be_unusable(tmp_path, bao, content):
    caller = token_caller(tmp_path / "c", bao, "x")
    caller.token.write_bytes(content)
    assert caller.run()["code"] == "store-credential"
    caller.token.unlink()
    assert caller.run()["code"] == "store-credential"


# ---- AppRole


def test_a_session_is_kept_between_rounds(bao, login):
    first = login.run()
    token = login.session
    seen = len(bao.requests())
    second = login.run()
    assert bao.requests()[seen:] == [("read", "secret/data/db")]
    assert (first["changed"], second["changed"], second["unchanged"]) == (1, 0, 1)
    assert login.session == token
    assert second["session"] == first["session"] and (first["session"]["held"], first["session"]["ours"]) == (1, 1)


def test_a_session_is_renewed_and_not_replaced(bao, login):
    first = login.run()["session"]
    token, logins = login.session, len(bao.requests("auth/approle/login"))
    time.sleep(1.1)
    renewed = login.run("RENEW")
    assert renewed["session"]["expires_ms"] > first["expires_ms"] and renewed["changed"] == 1
    assert login.session == token and len(bao.requests("auth/approle/login")) == logins


def test_what_cannot_be_renewed_is_replaced_and_the_old_one_revoked(tmp_path, bao):
    caller = approle_caller(tmp_path / "c", bao, *bao.approle("batch", ["reader"], token_type="batch", token_ttl="60s"))
    first = caller.run()
    assert (first["code"], first["session"]["renewable"]) == ("ok", 0)
    token = caller.session
    assert caller.run("RENEW")["code"] == "ok"
    assert caller.session != token
    assert caller.run("REVOKE")["code"] == "ok"


def test_a_new_login_ends_the_old_session_once_it_works(bao, login):
    login.run()
    old = login.session
    told = login.run("LOGIN")
    assert (told["code"], told["changed"], told["unchanged"]) == ("ok", 1, 1)
    assert login.session != old and bao.look_up(old) is None and bao.look_up(login.session) is not None


def test_a_session_that_the_store_has_forgotten_is_replaced_once(bao, login):
    login.run()
    bao.revoke(login.session)
    seen = len(bao.requests())
    told = login.run()
    assert (told["code"], told["position"], told["detail"], told["changed"]) == ("ok", -1, 0, 1)
    assert bao.requests()[seen:] == [("read", "secret/data/db"), ("read", "auth/token/lookup-self"),
                                     ("update", "auth/approle/login"), ("read", "secret/data/db")]


def test_a_session_past_its_time_is_asked_about_before_it_is_replaced(bao, login):
    first = login.run()
    old, logins = login.session, len(bao.requests("auth/approle/login"))
    later = login.run(wall=first["session"]["expires_ms"] + 1)  # our clock is wrong: the store says it lives
    assert later["code"] == "ok" and login.session == old
    bao.revoke(old)
    assert login.run(wall=later["session"]["expires_ms"] + 1)["code"] == "ok"
    assert login.session != old and len(bao.requests("auth/approle/login")) == logins + 1


def test_a_denial_does_not_cost_a_login_when_the_session_lives(bao, login):
    login.run()
    logins = len(bao.requests("auth/approle/login"))
    login.configure({"db": "secret/metadata/db"})
    for _ in range(2):
        told = login.run()
        assert (told["code"], told["position"], told["detail"]) == ("store-denied", 0, 403)
    assert len(bao.requests("auth/approle/login")) == logins


def test_a_login_for_nothing_leaves_no_token_behind(tmp_path, bao):
    caller = approle_caller(tmp_path / "c", bao, *bao.approle("lost", ["reader"], token_ttl="60s"),
                            {"db": "secret/data/never-there"})
    before = bao.accessors()
    assert caller.run()["code"] == "secret-missing"
    assert bao.accessors() == before


@pytest.mark.parametrize("spoil", ["role_id", "secret_id"])
def test_a_refused_login_says_so(tmp_path, bao, spoil):
    caller = approle_caller(tmp_path / "c", bao, *bao.approle("etl", ["reader"]))
    getattr(caller, spoil).write_text("f1f3b1c2-0000-0000-0000-000000000000", encoding="utf-8")
    told = caller.run()
    assert (told["code"], told["position"]) == ("store-login", -1) and told["detail"] in (400, 403)


def test_a_used_up_secret_id_and_a_missing_mount_refuse_the_login(tmp_path, bao):
    role = bao.approle("once", ["reader"], secret_id_num_uses=1)
    caller = approle_caller(tmp_path / "c", bao, *role)
    bao.write("db", {"v": "x"})
    assert caller.run()["code"] == "ok"
    assert caller.run()["code"] == "ok"  # the session is kept, no further use of the secret_id
    assert caller.run("LOGIN")["code"] == "store-login"
    assert bao.look_up(caller.session) is not None  # and the old session lives on
    other = approle_caller(tmp_path / "o", bao, *role, approle={"mount": "nowhere"})
    assert other.run()["code"] == "store-login"


def test_tokens_of_counted_uses_are_refused_at_the_login(tmp_path, bao):
    caller = approle_caller(tmp_path / "c", bao, *bao.approle("counted", ["reader"], token_num_uses=9))
    told = caller.run()
    assert (told["code"], told["detail"]) == ("store-login", 0)


def test_revoking_ends_our_own_session_only_once(bao, login):
    login.run()
    token = login.session
    assert login.run("REVOKE")["code"] == "ok"
    assert bao.look_up(token) is None
    assert login.run("REVOKE")["code"] == "ok"


def test_a_change_to_a_given_token_ends_the_old_session(bao, login):
    login.run()
    old = login.session
    login.auth = None
    login.configure({"db": "secret/data/db"})
    login.token.write_text(bao.make_token(["reader"], ttl="60s"), encoding="utf-8")
    told = login.run()
    assert (told["code"], told["changed"], told["session"]["held"]) == ("ok", 1, 0)
    assert bao.look_up(old) is None


def test_a_namespace_is_said_with_every_request(tmp_path, bao):
    bao.call("POST", "sys/namespaces/team")
    bao.call("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}}, namespace="team")
    bao.call("POST", "secret/data/db", {"data": {"v": "of the team"}}, namespace="team")
    caller = token_caller(tmp_path / "c", bao, bao.root, namespace="team")
    told = caller.run()
    assert (told["code"], told["values"]["db"]["digest"]) == ("ok", digest({"v": "of the team"}))


# ---- TLS, seal, restart


def test_tls_with_the_right_ca_and_name(tmp_path, secure):
    told = token_caller(tmp_path / "c", secure, secure.root).run()
    assert (told["code"], told["values"]["db"]["digest"]) == ("ok", digest(dict(sorted(VALUE.items()))))


@pytest.mark.unsanitized("the driver reads all of its own memory, of which most is shadow")
@pytest.mark.parametrize("what", ["password", "token", "secret-id"])
def test_nothing_of_a_round_is_left_in_memory(tmp_path, secure, what):
    """Not in the buffers of libcurl, OpenSSL and jansson either. The search is proved to find."""
    role_id, secret_id = secure.approle("memory", ["reader"])
    password = "canary-" + secrets.token_hex(24)
    secure.write("memory", {"password": password})
    caller = approle_caller(tmp_path / "c", secure, role_id, secret_id, {"db": "secret/data/memory"})
    assert caller.run()["code"] == "ok"
    needle = {"password": password, "token": caller.session, "secret-id": secret_id}[what].encode()
    for flags in ([], ["RENEW"], ["LOGIN"]):
        told = caller.run(*flags, search=needle.hex())
        assert (told["code"], told["left"]) == ("ok", 0)
        assert told["held"] > 0 or what == "secret-id" or "LOGIN" in flags


def test_another_ca_is_not_trusted(tmp_path, secure):
    caller = token_caller(tmp_path / "c", secure, secure.root)
    told = caller.run(ca=openbao.Authority(tmp_path / "other").ca)
    assert told["code"] == "store-ca" and 0 < told["detail"] < 100
    for content in (b"", b"no PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        (tmp_path / "bad.pem").write_bytes(content)
        assert caller.run(ca=tmp_path / "bad.pem")["code"] == "store-ca"
    (tmp_path / "bad.pem").write_bytes(secure.ca.read_bytes() + b"-----BEGIN CERTIFICATE-----\nAAAA\n"
                                       b"-----END CERTIFICATE-----\n")
    assert caller.run(ca=tmp_path / "bad.pem")["code"] == "store-ca"
    caller.ca = None
    assert caller.run()["code"] == "store-ca"


def test_the_name_in_the_certificate_counts(tmp_path, secure):
    caller = token_caller(tmp_path / "c", secure, secure.root)
    caller.address = f"https://127.0.0.1:{secure.port}"
    caller.configure({"db": "secret/data/db"})
    assert caller.run()["code"] == "store-host"
    caller.vault = {"tls-name": "localhost"}
    caller.configure({"db": "secret/data/db"})
    assert caller.run()["code"] == "ok"
    caller.vault = {"tls-name": "vault.example"}
    caller.configure({"db": "secret/data/db"})
    assert caller.run()["code"] == "store-host"


def test_an_expired_certificate_is_told_by_its_verdict(tmp_path, authority):
    certificate = authority.issue("localhost", file="expired", days=-1)
    with openbao.OpenBao(tmp_path / "bao", certificate) as server:
        server.start(unseal=False)
        told = token_caller(tmp_path / "c", server, "x").run()
        assert (told["code"], told["detail"]) == ("store-ca", 10)


def test_http_and_https_do_not_mix(tmp_path, bao, secure):
    caller = token_caller(tmp_path / "c", bao, bao.root)
    caller.address, caller.ca = f"https://127.0.0.1:{bao.port}", secure.ca
    caller.configure({"db": "secret/data/db"})
    assert caller.run()["code"] == "store-tls"
    caller.address = f"http://localhost:{secure.port}"
    caller.configure({"db": "secret/data/db"})
    assert (caller.run()["code"], caller.run()["detail"]) == ("store-request", 400)


def test_a_sealed_store_is_sealed_and_a_restarted_one_knows_its_tokens(tmp_path, secure):
    caller = approle_caller(tmp_path / "c", secure, *secure.approle("etl", ["reader"], token_ttl="10m"))
    assert caller.run()["code"] == "ok"
    token = caller.session
    secure.seal()
    told = caller.run()
    assert (told["code"], told["detail"]) == ("store-sealed", 503)
    assert caller.run("RENEW")["code"] == "store-sealed"
    assert caller.run("REVOKE")["code"] == "store-sealed"
    secure.unseal()
    assert caller.run()["code"] == "ok" and caller.session == token
    secure.kill()
    secure.start()
    told = caller.run()
    assert (told["code"], told["unchanged"], told["changed"]) == ("ok", 1, 0) and caller.session == token


@pytest.mark.parametrize("words", [[], ["--help"], ["role"], ["role", "place", "-", "-"], ["role", "fetch-net", "-", "-"],
                                   ["role", "fetch-net", "x", "-"]])
def test_a_person_who_starts_the_program_is_told_in_one_line(words):
    done = subprocess.run([house.BUILD / "arrestor-fetch", *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("arrestor: ")


def test_nobody_at_the_address_is_dials_to_say(tmp_path, bao):
    caller = token_caller(tmp_path / "c", bao, bao.root)
    for code in ("store-address", "store-unreachable", "store-slow"):
        assert caller.run(dial=code)["code"] == code
    assert caller.run(dial="ok")["code"] == "protocol"
    assert caller.run(sockets=0)["code"] == "child"
