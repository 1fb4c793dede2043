"""Planted values are in no process but those that need them, while they need them; searched as root.

Every process of arrestor is stopped before each of its system calls, and all of its memory is
searched there for every planted value, whole or in part, in a dozen ways of writing: the heap with what was freed, the
stack with what lies below its pointer, buffers of libraries. Nothing of a role's runs behind exit_group, so what is
not there then stays nowhere. What cannot be searched is secret memory itself, and that is the point of it.
"""

import base64
import json
import os
import signal
import subprocess
import sys

import fake_vault
import house
import memory_search
import openbao
import pod as pods
import pytest
import strongbox

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="only root can look into all processes"),
              pytest.mark.unsanitized("all memory of a process is searched, of which most is shadow there"),
              pytest.mark.unwatched("it has a tracer of its own")]

# The job of two rounds.
ROTATE = '''
import os, pathlib, time
told = pathlib.Path(os.environ['ARRESTOR_DIR']) / 'jdbc.properties'
first = told.read_text()
pathlib.Path('rotate').touch()
deadline = time.monotonic() + 50
while told.read_text() == first:
    assert time.monotonic() < deadline
    time.sleep(0.05)
'''

# What a process may hold while it lives. Nobody holds any of it when it ends, and in all other processes, and for all
# other values, there is nothing at any time.
MAY = {
    "run": {"passphrase"},  # monitor, which the caller gives it to: until it is sealed, before any role lives
    "fetch": {"password", "passphrase", "key"},
    "fetch-net": {"password", "token", "secret_id"},
    "place": {"password", "token"},  # the token: on its way to state:
    "strongbox": {"password", "passphrase", "new", "key"},
}


def judge_looks(looks, ends=(), also=None, kept=None):
    """Fails where something is held that must not be. ends: roles whose end must have been seen; also, kept: what a
    role may hold beside MAY, and at its end: {role: labels}."""
    also, kept = also or {}, kept or {}
    wrong = [(look.role, look.event, look.call_name, look.count, look.detail) for look in looks
             if not look.labels <= MAY.get(look.role, set()) | also.get(look.role, set()) | kept.get(look.role, set())]
    assert not wrong, "\n".join(map(str, wrong[:20]))
    left = [(look.role, look.detail) for look in looks
            if look.event == "end" and not look.labels <= kept.get(look.role, set())]
    assert not left, "\n".join(map(str, left))
    seen = {look.role for look in looks if look.event == "end" and look.bytes > 1 << 20}
    assert set(ends) <= seen, seen


def last_held(looks, role, label):
    """When a process of the role was last seen with it."""
    return max(look.time for look in looks if look.role == role and label in look.labels)


def table(looks):
    """Which process held what, from which of its system calls to which, and where."""
    spans = {}
    for at, look in enumerate(looks):
        after = next((later.count for later in looks[at + 1:] if later.pid == look.pid), look.count)
        for label, where in look.hits:
            first, _ = spans.get((look.role, look.pid, label, where), (look.count, 0))
            spans[look.role, look.pid, label, where] = first, after
    return "".join(f"{role:10} {label:10} {where:12} calls {first}-{last}\n"
                   for (role, _, label, where), (first, last) in spans.items())


# ---- The strongbox


@pytest.fixture
def planted(site, tmp_path):
    """A site whose key is under a passphrase, and the values of both and of a secret."""
    password, passphrase = memory_search.canary(), memory_search.plain_canary()
    key = base64.b64decode(site.key.read_text(encoding="utf-8").split()[1])
    done = strongbox.run(site, "rekey", "--keep-key", "--memory", "8M", new=passphrase)
    assert done.status == 0, done.err
    done = strongbox.run(site, "set", "orders-db", passphrase=passphrase, stdin=password.encode())
    assert done.status == 0, done.err
    return memory_search.Planted(tmp_path, password=password, passphrase=passphrase, key=key)


def test_a_run_with_the_strongbox_holds_values_in_fetch_and_place_alone(site, planted, launches):
    """Two rounds: the job ends when it has seen another password."""
    site.write_plan(ROTATE)
    planted.plant(password2=memory_search.canary())
    followed = memory_search.Followed(site, planted, "run", "-c", site.yaml, "--", "spark-submit", "job.py",
                        passphrases=[("--passphrase-fd", "passphrase")],
                        environment={"FAKE_PLAN": str(site.plan_path)})
    launches.append(followed)
    house.wait_until((site.path / "rotate").exists, 60, "the job")
    done = strongbox.run(site, "set", "orders-db", passphrase=planted.values["passphrase"],
                         stdin=planted.values["password2"])
    assert done.status == 0, done.err
    result, looks = followed.finish()
    assert result.status == 0, result.err
    print(table(looks))
    judge_looks(looks, ends={"run", "warden", "sweep", "judge", "fetch", "place"})
    assert memory_search.held(looks) == {"run": {"passphrase"}, "fetch": {"password", "passphrase", "key"}, "place": {"password"}}
    assert last_held(looks, "run", "passphrase") < min(look.time for look in looks if look.role == "warden")


TOOLS = [(["get", "orders-db"], {}), (["set", "orders-db"], {"stdin": "password"}),
         (["set", "fields", "--field", "x"], {"stdin": "password"}), (["list", "--format", "json"], {}),
         (["rm", "orders-db"], {}), (["rekey"], {}), (["rekey", "--keep-key", "--memory", "8M"], {"new": "new"})]


@pytest.mark.parametrize("words, more", TOOLS, ids=[" ".join(words) for words, _ in TOOLS])
def test_a_strongbox_command_forgets_before_it_ends(site, planted, words, more):
    planted.plant(new=memory_search.plain_canary())
    passphrases = [("--passphrase-fd", "passphrase")] + [("--new-passphrase-fd", "new")] * ("new" in more)
    result, looks = memory_search.Followed(site, planted, *strongbox.box_words(site, *words), passphrases=passphrases,
                             stdin=planted.values[more.get("stdin", "new")]).finish()
    assert result.status == 0, result.err
    print(table(looks))
    judge_looks(looks, ends={"strongbox"})
    assert {"passphrase", *more.values()} <= memory_search.held(looks)["strongbox"]


# ---- A store over the network


@pytest.fixture(params=["http", "https"])
def store_pod(request, tmp_path):
    """A pod at a store over http or TLS, and all that is secret in it."""
    with memory_search.pod_at_store(tmp_path, request.param) as found:
        yield found


def test_a_sidecar_holds_values_in_fetch_net_and_place_alone(store_pod):
    """A login, a second secret, a poll without news, the revocation."""
    pod, planted = store_pod
    new = memory_search.canary()
    planted.plant(password2=new)
    sidecar = pod.start(before=planted.before())
    try:
        sidecar.wait_for_set(60)
        pod.rotate(password=new)
        sidecar.wait_for(lambda: pod.generation() == 2, "the new password", 60)
        polls = pod.server.paths().count("secret/data/orders")
        sidecar.wait_for(lambda: pod.server.paths().count("secret/data/orders") > polls, "a poll", 60)
        assert memory_search.end_followed(sidecar) == 0
    finally:
        sidecar.kill()
    looks = planted.told()
    print(table(looks))
    judge_looks(looks, ends={"sidecar", "warden", "sweep", "dial", "fetch-net", "place"})
    assert memory_search.held(looks) == {"fetch-net": {"password", "token", "secret_id"}, "place": {"password", "token"}}


def test_with_a_real_openbao_over_tls_it_is_the_same(tmp_path):
    """init has logged in, so the token is known; the sidecar goes on with it."""
    certificate = openbao.Authority(tmp_path / "ca").issue("localhost")
    with openbao.start_file(tmp_path / "bao", certificate) as server:
        pod = pods.make(server)
        try:
            assert pod.init().status == 0
            session = json.loads((pod.state / "current/session").read_text(encoding="utf-8"))
            planted = memory_search.Planted(tmp_path, password=memory_search.canary(),
                                            token=session["vault"]["token"],
                                            secret_id=pod.secret_id_file.read_text(encoding="utf-8").strip())
            pod.rotate(password=planted.values["password"].decode())
            sidecar = pod.start(before=planted.before())
            sidecar.wait_for(lambda: pod.generation() >= 2, "the new password", 60)
            assert memory_search.end_followed(sidecar) == 0
        finally:
            pod.remove()
    looks = planted.told()
    judge_looks(looks, ends={"sidecar", "warden", "sweep", "dial", "fetch-net", "place"})
    assert {"password", "token"} <= memory_search.held(looks)["fetch-net"]


def test_while_a_store_stalls_in_an_answer_only_fetch_net_holds_what_has_come(store_pod, launches):
    """Nobody traces: root reads all that descends from this test, over and over, while half of a value is there."""
    pod, planted = store_pod
    whole, = fake_vault.answer(200, fake_vault.kv({"password": planted.values["password"].decode()})).chunks
    half = whole.find(planted.values["password"][:12]) + 14
    pod.server.on("GET", "secret/data/orders", fake_vault.raw(whole[:half], 600))
    sidecar = pod.start()
    try:
        def looks():
            return planted.look(sidecar.pid, *house.descendants(sidecar.pid))
        house.wait_until(lambda: "password" in {label for look in looks() for label in look.labels}, 60,
                         "half an answer to arrive")
        for _ in range(3):
            seen = memory_search.held(looks())
            assert seen == {"fetch-net": {"password", "token"}}
    finally:
        sidecar.kill_all()


# ---- What the caller itself brings


def test_a_secret_in_a_configuration_is_held_by_its_judge_alone(site, planted, launches):
    """The bytes of the file are judge's input, and so until its end; monitor, which freezes it, only moves them."""
    planted.plant(conf=memory_search.plain_canary())
    site.write_conf({**house.SAFE, house.UNSAFE_KEY: planted.values["conf"].decode()})
    followed = memory_search.Followed(site, planted, "run", "-c", site.yaml, "--", "spark-submit", "job.py",
                        passphrases=[("--passphrase-fd", "passphrase")])
    launches.append(followed)
    result, looks = followed.finish()
    assert result.status == 77, result.err
    print(table(looks))
    judge_looks(looks, ends={"run", "judge", "warden", "sweep"}, also={"run": {"conf"}}, kept={"judge": {"conf"}})
    assert memory_search.held(looks)["judge"] == {"conf"}


@pytest.mark.parametrize("words", [["check"], ["effective"], ["why", house.UNSAFE_KEY]], ids=" ".join)
def test_a_judge_without_a_monitor_shows_no_value_of_its_inputs(site, planted, words):
    planted.plant(conf=memory_search.plain_canary())
    conf = site.write_conf({**house.SAFE, house.UNSAFE_KEY: planted.values["conf"].decode()})
    result, looks = memory_search.Followed(site, planted, *words, conf).finish()
    assert planted.values["conf"].decode() not in result.out + result.err
    print(result.status, result.err, table(looks))
    judge_looks(looks, ends={words[0]}, kept={words[0]: {"conf"}})
    assert memory_search.held(looks) == {words[0]: {"conf"}}


def test_a_token_in_the_environment_is_nowhere_but_in_that_and_in_fetch_net(site, store_pod, launches):
    """Monitor's own environment cannot be helped; the judge's, that of spark-env.sh and of the job do without."""
    pod, planted = store_pod
    site.conf.joinpath("spark-env.sh").write_text("env > $SPARK_CONF_DIR/../seen-by-spark-env\n", encoding="utf-8")
    pod.configure(vault={"auth": {"token": {}}})
    site.yaml.write_text(pod.yaml.read_text(encoding="utf-8"), encoding="utf-8")
    followed = memory_search.Followed(site, planted, "run", "-c", site.yaml, "--", "spark-submit", "job.py",
                        environment={"VAULT_TOKEN": planted.values["token"].decode()})
    launches.append(followed)
    result, looks = followed.finish()
    assert result.status == 0, result.err
    print(table(looks))
    judge_looks(looks, ends={"run", "judge", "warden", "sweep", "dial", "fetch-net", "place"}, kept={"run": {"token"}})
    assert memory_search.held(looks) == {"run": {"token"}, "fetch-net": {"password", "token"}, "place": {"password"}}
    in_monitor = {detail for look in looks if look.role == "run" for detail in look.detail}
    assert {(where, times) for _, where, _, _, times in in_monitor} == {("[stack]", 1)}
    assert "VAULT_TOKEN" not in (site.path / "seen-by-spark-env").read_text(encoding="utf-8")
    assert "VAULT_TOKEN" not in result.record["environment"]


# ---- The search itself


@pytest.fixture
def look_at(tmp_path):
    """What the search finds of these bytes in a process that has mapped them: {form: (longest run, times)}."""
    def look(planted, content):
        (tmp_path / "held").write_bytes(content)
        return {form: found for (_, form), found in planted.find_in_file(tmp_path / "held").items()}
    return look


def test_the_search_finds_every_way_of_writing(tmp_path, look_at):
    """Each cut at both ends, at odd addresses."""
    planted = memory_search.Planted(tmp_path, password=memory_search.canary())
    forms = memory_search.forms(planted.values["password"])
    found = look_at(planted, b"".join(b"\1" * (32 + at) + form[1:-1] for at, form in enumerate(forms.values())))
    assert {form: run for form, (run, _) in found.items()} == {form: len(text) - 2 for form, text in forms.items()}


def test_twelve_bytes_in_a_row_are_found_at_any_address(tmp_path, look_at):
    planted = memory_search.Planted(tmp_path, token=memory_search.plain_canary())
    value = planted.values["token"]
    parts = [b"\1" * (64 + at % 7) + value[at:at + 12] for at in range(len(value) - 11)]
    assert look_at(planted, b"".join(parts))["raw"] == (12, len(parts))
    assert look_at(planted, b"".join(part[:-1] for part in parts)) == {}
