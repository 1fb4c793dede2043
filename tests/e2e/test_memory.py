"""Planted values are in no process but those that need them, while they need them; searched as root.

Every process of arrestor is stopped before each of its system calls, and all of its memory is
searched there for every planted value, whole or in part, in a dozen ways of writing: the heap with what was freed, the
stack with what lies below its pointer, buffers of libraries. Nothing of a role's runs behind exit_group, so what is
not there then stays nowhere. What cannot be searched is secret memory itself, and that is the point of it.
"""

import base64
import errno
import json
import os
import re
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

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can look into all processes")

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


def held(looks):
    """{role: labels that were seen in it}."""
    found = {}
    for look in looks:
        if look.labels:
            found.setdefault(look.role, set()).update(look.labels)
    return found


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


class Followed:
    """`arrestor WORDS…` while it is followed; passphrases: (option, label)."""

    def __init__(self, site, planted, *words, passphrases=(), stdin=b"", environment=None):
        self.planted, held_open, words = planted, [], list(words)
        for option, label in passphrases:
            reader, writer = os.pipe()
            os.write(writer, planted.values[label] + b"\n")
            os.close(writer)
            words[1:1] = [option, reader] if words[0] == "run" else []
            words += [option, reader] if words[0] != "run" else []
            held_open.append(reader)
        self.stdin, self.record = stdin, site.record_path
        environment = {"FAKE_RECORD": str(site.record_path), **(environment or {})}
        self.process = subprocess.Popen([str(word) for word in [*planted.before(), house.ARRESTOR, *words]],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        cwd=site.path, env={**site.environment, **environment},
                                        pass_fds=held_open, start_new_session=True)
        for descriptor in held_open:
            os.close(descriptor)

    def finish(self):
        """What it said, and what was seen in it."""
        out, err = self.process.communicate(self.stdin, timeout=60)
        record = json.loads(self.record.read_text(encoding="utf-8")) if self.record.exists() else None
        result = house.Result(house.as_status(self.process.returncode), out.decode(errors="replace"),
                              err.decode(errors="replace"), record)
        return result, self.planted.told()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


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
    followed = Followed(site, planted, "run", "-c", site.yaml, "--", "spark-submit", "job.py",
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
    assert held(looks) == {"run": {"passphrase"}, "fetch": {"password", "passphrase", "key"}, "place": {"password"}}
    assert last_held(looks, "run", "passphrase") < min(look.time for look in looks if look.role == "warden")


TOOLS = [(["get", "orders-db"], {}), (["set", "orders-db"], {"stdin": "password"}),
         (["set", "fields", "--field", "x"], {"stdin": "password"}), (["list", "--format", "json"], {}),
         (["rm", "orders-db"], {}), (["rekey"], {}), (["rekey", "--keep-key", "--memory", "8M"], {"new": "new"})]


@pytest.mark.parametrize("words, more", TOOLS, ids=[" ".join(words) for words, _ in TOOLS])
def test_a_strongbox_command_forgets_before_it_ends(site, planted, words, more):
    planted.plant(new=memory_search.plain_canary())
    passphrases = [("--passphrase-fd", "passphrase")] + [("--new-passphrase-fd", "new")] * ("new" in more)
    result, looks = Followed(site, planted, *strongbox.box_words(site, *words), passphrases=passphrases,
                             stdin=planted.values[more.get("stdin", "new")]).finish()
    assert result.status == 0, result.err
    print(table(looks))
    judge_looks(looks, ends={"strongbox"})
    assert {"passphrase", *more.values()} <= held(looks)["strongbox"]


# ---- A store over the network


class Store(fake_vault.FakeVault):
    """A store whose token is known before it is given; as pod.Pod wants its servers."""

    def __init__(self, planted, certificate=None):
        super().__init__(certificate)
        self.planted, self.version = planted, 0

    def write(self, name, data, *chunks):
        self.version += 1
        self.on("GET", f"secret/data/{name}", fake_vault.answer(200, fake_vault.kv(data, self.version)))

    def allow(self, *_):
        pass

    def approle(self, role, _policies, **_settings):
        token = self.planted.values["token"].decode()
        self.on("POST", "auth/approle/login", fake_vault.answer(200, fake_vault.login(token, 3600)))
        self.on("GET", "auth/token/lookup-self", fake_vault.answer(200, fake_vault.lookup(3600)))
        self.on("POST", "auth/token/renew-self", fake_vault.answer(200, fake_vault.login(token, 3600)))
        self.on("POST", "auth/token/revoke-self", fake_vault.answer(204))
        return role, self.planted.values["secret_id"].decode()


@pytest.fixture(params=["http", "https"])
def store_pod(request, tmp_path):
    """A pod at a store over http or TLS, and all that is secret in it."""
    certificate = openbao.Authority(tmp_path / "ca").issue("localhost") if request.param == "https" else None
    planted = memory_search.Planted(tmp_path, password=memory_search.canary(), token=memory_search.plain_canary(),
                                    secret_id=memory_search.plain_canary())
    with Store(planted, certificate) as store:
        made = pods.make(store)
        made.rotate(password=planted.values["password"].decode())
        yield made, planted
        made.remove()


def end_followed(sidecar):
    """SIGTERM for the monitor that a tracer has started; the status."""
    monitor = next(pid for pid in house.descendants(sidecar.pid) if house.words_of(pid)[1:2] == ["sidecar"])
    os.kill(monitor, signal.SIGTERM)
    return sidecar.process.wait(60)


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
        assert end_followed(sidecar) == 0
    finally:
        sidecar.kill()
    looks = planted.told()
    print(table(looks))
    judge_looks(looks, ends={"sidecar", "warden", "sweep", "dial", "fetch-net", "place"})
    assert held(looks) == {"fetch-net": {"password", "token", "secret_id"}, "place": {"password", "token"}}


# ---- What the caller itself brings


def test_a_secret_in_a_configuration_is_held_by_its_judge_alone(site, planted, launches):
    """The bytes of the file are judge's input, and so until its end; monitor, which freezes it, only moves them."""
    planted.plant(conf=memory_search.plain_canary())
    site.write_conf({**house.SAFE, house.UNSAFE_KEY: planted.values["conf"].decode()})
    followed = Followed(site, planted, "run", "-c", site.yaml, "--", "spark-submit", "job.py",
                        passphrases=[("--passphrase-fd", "passphrase")])
    launches.append(followed)
    result, looks = followed.finish()
    assert result.status == 77, result.err
    print(table(looks))
    judge_looks(looks, ends={"run", "judge", "warden", "sweep"}, also={"run": {"conf"}}, kept={"judge": {"conf"}})
    assert held(looks)["judge"] == {"conf"}


@pytest.mark.parametrize("words", [["check"], ["effective"], ["why", house.UNSAFE_KEY]], ids=" ".join)
def test_a_judge_without_a_monitor_shows_no_value_of_its_inputs(site, planted, words):
    planted.plant(conf=memory_search.plain_canary())
    conf = site.write_conf({**house.SAFE, house.UNSAFE_KEY: planted.values["conf"].decode()})
    result, looks = Followed(site, planted, *words, conf).finish()
    assert planted.values["conf"].decode() not in result.out + result.err
    print(result.status, result.err, table(looks))
    judge_looks(looks, ends={words[0]}, kept={words[0]: {"conf"}})
    assert held(looks) == {words[0]: {"conf"}}


def test_a_token_in_the_environment_is_nowhere_but_in_that_and_in_fetch_net(site, store_pod, launches):
    """Monitor's own environment cannot be helped; the judge's, that of spark-env.sh and of the job do without."""
    pod, planted = store_pod
    site.conf.joinpath("spark-env.sh").write_text("env > $SPARK_CONF_DIR/../seen-by-spark-env\n", encoding="utf-8")
    pod.configure(vault={"auth": {"token": {}}})
    site.yaml.write_text(pod.yaml.read_text(encoding="utf-8"), encoding="utf-8")
    followed = Followed(site, planted, "run", "-c", site.yaml, "--", "spark-submit", "job.py",
                        environment={"VAULT_TOKEN": planted.values["token"].decode()})
    launches.append(followed)
    result, looks = followed.finish()
    assert result.status == 0, result.err
    print(table(looks))
    judge_looks(looks, ends={"run", "judge", "warden", "sweep", "dial", "fetch-net", "place"}, kept={"run": {"token"}})
    assert held(looks) == {"run": {"token"}, "fetch-net": {"password", "token"}, "place": {"password"}}
    in_monitor = {detail for look in looks if look.role == "run" for detail in look.detail}
    assert {(where, times) for _, where, _, _, times in in_monitor} == {("[stack]", 1)}
    assert "VAULT_TOKEN" not in (site.path / "seen-by-spark-env").read_text(encoding="utf-8")
    assert "VAULT_TOKEN" not in result.record["environment"]


# ---- Secret memory, as root sees it


def is_stopped(pid):
    return b"\nState:\tT" in house.read_proc(pid, "status")


@pytest.fixture
def park(site, tmp_path, launches):
    """Runs a job with a value of its own, and stops a role before one of its calls: (planted, pid, launch)."""
    parked = []

    def start(role, call, before=()):
        password = memory_search.canary()
        site.set_secret(password)
        planted = memory_search.Planted(tmp_path, password=password)
        launch = site.start("spark-submit", "job.py", before=[*before, *planted.before(park=(role, call))])
        launches.append(launch)
        house.wait_until(lambda: planted.parked() or launch.process.poll() is not None, 60, f"{role} to be parked")
        pid = planted.parked()
        assert pid, launch.text(launch.err_file)
        house.wait_until(lambda: is_stopped(pid), 30, f"{role} to stop")
        parked.append(pid)
        return planted, pid, launch
    yield start
    for pid in parked:
        house.end_process(pid)


def go_on(pid, launch):
    os.kill(pid, signal.SIGCONT)
    result = launch.finish()
    assert result.status == 0, result.err
    return result


def dump_core(pid, path, *options):
    """A core as root's debugger makes it; the file."""
    subprocess.run(["gdb", "-nx", "-batch", "-p", str(pid), *options, "-ex", f"generate-core-file {path}"],
                   capture_output=True, check=True)
    return path


EVERYTHING = ("-ex", "set use-coredump-filter off", "-ex", "set dump-excluded-mappings on")


def test_secret_memory_is_closed_to_root_whatever_it_tries(park, tmp_path):
    """place, which has mapped what fetch gave it and not looked at it: there the value is in secret memory alone."""
    planted, pid, launch = park("place", "region:1")
    look, = planted.look(pid)
    region, = (closed for closed in look.closed if "secretmem" in closed.where)
    assert (region.mem, region.vm) == (errno.EIO, errno.EFAULT)
    assert {"lo", "dd"} <= set(region.flags.split()), "locked, and in no core"
    assert look.regions == 1 and look.bytes > 1 << 20
    assert look.hits == ()
    assert planted.find_in_file(dump_core(pid, tmp_path / "core", *EVERYTHING)) == {}
    go_on(pid, launch)
    assert "place" in held(planted.told()) or "fetch" in held(planted.told())


def test_the_same_tools_read_ordinary_memory(park, tmp_path):
    """fetch at the same step: the value is in its heap too, until the region is handed over."""
    planted, pid, launch = park("fetch", "region:1")
    look, = planted.look(pid)
    assert look.regions == 1
    assert {where for _, where in look.hits} == {"[heap]"}
    assert "password" in {label for label, _ in planted.find_in_file(dump_core(pid, tmp_path / "core"))}
    go_on(pid, launch)


def test_without_memfd_secret_root_sees_a_locked_sealed_memory_file_and_that_is_said(park, tmp_path):
    planted, pid, launch = park("place", "region:3", before=[house.BUILD / "weak"])
    look, = planted.look(pid)
    assert look.regions == 1
    assert {where for _, where in look.hits} == {"memfd:secrets (deleted)"}
    assert {"lo", "dd"} <= flags_of(pid, "memfd:secrets")
    assert planted.find_in_file(dump_core(pid, tmp_path / "core")) == {}, "not in a core that obeys the mapping"
    assert planted.find_in_file(dump_core(pid, tmp_path / "core-of-all", *EVERYTHING)) != {}
    assert "degraded: secret-memory" in go_on(pid, launch).err


def flags_of(pid, name):
    """VmFlags of the mapping with this name."""
    text = house.read_proc(pid, "smaps").decode()
    return set(re.search(re.escape(name) + ".*?VmFlags: ([^\n]*)", text, flags=re.S)[1].split())


# Takes a descriptor of a process and maps it: the value's place in it, or the error.
TAKE = """
import ctypes, mmap, os, sys
pid, number = map(int, sys.argv[1:])
taken = ctypes.CDLL(None, use_errno=True).syscall(438, os.pidfd_open(pid), number, 0)
print(mmap.mmap(taken, os.fstat(taken).st_size)[:].hex() if taken >= 0 else os.strerror(ctypes.get_errno()))
"""


def take_region(pid, *before):
    number = next(int(name) for name in os.listdir(f"/proc/{pid}/fd")
                  if "secretmem" in os.readlink(f"/proc/{pid}/fd/{name}"))
    done = subprocess.run([*before, sys.executable, "-c", TAKE, str(pid), str(number)], capture_output=True,
                          text=True, check=True)
    return done.stdout.strip()


def test_a_live_descriptor_can_be_taken_by_root_and_by_nobody_else(park):
    """What SECURITY.md says of it; the user is the role's own."""
    planted, pid, launch = park("place", "region:1")
    uid = int(re.search(r"^Uid:\t(\d+)", house.read_proc(pid, "status").decode(), flags=re.M)[1])
    assert uid != 0
    assert take_region(pid, "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups") == \
        os.strerror(errno.EPERM)
    assert planted.find(bytes.fromhex(take_region(pid))) == {"password"}
    go_on(pid, launch)


def windows_of(looks, role):
    """[(calls, seconds)] for which a process of the role had a descriptor of secret memory."""
    windows, since = [], {}
    for look in looks:
        if look.role == role and look.handles > 0:
            since.setdefault(look.pid, look)
        elif look.pid in since:
            begin = since.pop(look.pid)
            windows.append((look.count - begin.count, look.time - begin.time))
    assert not since, "one ended with it"
    return windows


def test_the_descriptor_lives_for_a_few_calls(site, tmp_path, launches):
    """fetch: ftruncate, mmap, munmap, sendmsg, close. place: fstat, fstatfs, mmap, close."""
    planted = memory_search.Planted(tmp_path, password=site.password)
    followed = Followed(site, planted, "run", "-c", site.yaml, "--", "spark-submit", "job.py")
    launches.append(followed)
    result, looks = followed.finish()
    assert result.status == 0, result.err
    windows = {role: windows_of(looks, role) for role in ("fetch", "place", "run", "warden", "sweep", "judge")}
    print(windows)
    assert [calls <= 6 for calls, _ in windows["fetch"]] == [True]
    assert [calls <= 5 for calls, _ in windows["place"]] == [True]
    assert not any(windows[role] for role in ("run", "warden", "sweep", "judge"))


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
