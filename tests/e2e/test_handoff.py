"""What leaves a process: every write and send of a run, and every file that is open meanwhile.

A value goes from fetch to place as a descriptor, and from place into the set and the state. Nothing else that any
process of arrestor writes holds one, but what the store is sent, and what the caller brought itself.
"""

import os
import re
import signal

import house
import memory_search
import pytest
import strongbox
import terminal

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="only root can look into all processes"),
              pytest.mark.unwatched("strace is a tracer, and there can be one only")]

WRITING = "write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendmmsg,splice,tee,vmsplice"
STRACE = ["strace", "-f", "-qq", "-yy", "-xx", "-s", "1000000", "-e", f"trace=execve,{WRITING}"]


def decode(text):
    return bytes.fromhex(text.replace("\\x", ""))


def writes_of(trace):
    """[(role, call, where, bytes)] of every write in an strace of arrestor; where: path, or kind of socket."""
    roles, found = {}, []
    for line in trace.read_text(encoding="utf-8").splitlines():
        pid, _, text = line.partition(" ")
        call = text.lstrip().partition("(")[0]
        content = [decode(part) for part in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', text)]
        if call == "execve" and len(content) > 2 and b"arrestor" in content[0] + content[1]:
            roles[pid] = (content[3] if content[2] == b"role" else content[2]).decode()
        elif call == "execve":
            roles.pop(pid, None)
        elif pid in roles and (target := re.match(r"\w+\(\d+<([^>]*)", text.lstrip())):
            where = re.sub(r"(\\x[0-9a-f]{2})+", lambda match: decode(match[0]).decode(), target[1])
            found.append((roles[pid], call, where.partition(":[")[0], b"".join(content)))
    return found


def spread(planted, writes):
    """{(role, where): labels}: who wrote what to where; the directory of a set or of a state, for its files."""
    found = {}
    for role, _, where, content in writes:
        if labels := planted.find(content):
            found.setdefault((role, re.sub(r"/g-\d+/.*", "", where)), set()).update(labels)
    return found


def test_a_strongbox_value_is_written_to_set_and_state_alone(site, tmp_path):
    planted = memory_search.Planted(tmp_path, password=memory_search.canary())
    site.set_secret(planted.values["password"].decode())
    result = site.run("spark-submit", "job.py", before=[*STRACE, "-o", str(tmp_path / "trace")])
    assert result.status == 0, result.err
    writes = writes_of(tmp_path / "trace")
    assert {"run", "warden", "sweep", "judge", "fetch", "place"} <= {role for role, *_ in writes}
    set_dir = result.record["environment"]["ARRESTOR_DIR"].removesuffix("/current")
    assert spread(planted, writes) == {("place", set_dir): {"password"}, ("place", f"{set_dir}.state"): {"password"}}
    handed, = (content for role, call, where, content in writes
               if (role, call, where) == ("fetch", "sendmsg", "UNIX") and b"SCM" not in content and len(content) == 28)
    assert len(handed) == 28, "a record of fixed size, and a descriptor"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_a_store_gives_is_written_to_set_and_state_alone(tmp_path, scheme):
    """Over http, for loopback, what logs in and the token go to the store as they are; over TLS nothing does."""
    with memory_search.pod_at_store(tmp_path, scheme) as (pod, planted):
        sidecar = pod.start(before=[*STRACE, "-o", str(tmp_path / "trace")])
        try:
            sidecar.wait_for_set(60)
            assert memory_search.end_followed(sidecar) == 0
        finally:
            sidecar.kill()
        writes = writes_of(tmp_path / "trace")
        assert {"sidecar", "warden", "sweep", "dial", "fetch-net", "place"} <= {role for role, *_ in writes}
        assert any(role == "fetch-net" and where == "TCP" for role, _, where, _ in writes)
        expected = {("place", str(pod.dir)): {"password"}, ("place", str(pod.state)): {"password", "token"}}
        if scheme == "http":
            expected["fetch-net", "TCP"] = {"secret_id", "token"}
        assert spread(planted, writes) == expected


# ---- Open files, deleted ones too


def open_files(pids):
    """{(role, what it is): its content} of every regular file that is open in these processes."""
    found = {}
    for pid in pids:
        for name in os.listdir(f"/proc/{pid}/fd"):
            path = f"/proc/{pid}/fd/{name}"
            try:
                target = os.readlink(path)
                if target.startswith("/") and os.path.isfile(path):
                    with open(path, "rb") as file:
                        found[house.words_of(pid)[-1], target] = file.read()
            except OSError:
                continue
    return found


def test_no_process_has_a_file_open_that_holds_a_value_but_what_the_caller_brought(site, tmp_path, launches):
    """A round later, with the job running: monitor keeps the passphrase for rounds to come, as SECURITY.md says."""
    planted = memory_search.Planted(tmp_path, password=memory_search.canary(),
                                    passphrase=memory_search.plain_canary())
    started = tmp_path / "started"
    started.touch()
    assert strongbox.run(site, "rekey", "--memory", "8M", new=planted.values["passphrase"]).status == 0
    assert strongbox.run(site, "set", "orders-db", passphrase=planted.values["passphrase"],
                         stdin=planted.values["password"]).status == 0
    site.write_plan("import pathlib, time\npathlib.Path('ready').touch()\ntime.sleep(60)\n")
    followed = memory_search.Followed(site, planted, "run", "-c", site.yaml, "--", "spark-submit", "job.py",
                                      passphrases=[("--passphrase-fd", "passphrase")], followed=False,
                                      environment={"FAKE_PLAN": str(site.plan_path)})
    launches.append(followed)
    house.wait_until((site.path / "ready").exists, 60, "the job")
    pids = [followed.process.pid, *house.descendants(followed.process.pid)]
    holding = {target for (_, target), content in open_files(pids).items() if planted.find(content)}
    assert holding == {"/memfd:passphrase (deleted)"}
    set_dir = house.read_proc(pids[-1], "environ").decode().partition("ARRESTOR_DIR=")[2]
    set_dir = set_dir.partition("\0")[0].removesuffix("/current")
    delivered = house.identities(set_dir) | house.identities(f"{set_dir}.state")
    places = [place for place in ("/tmp", "/run", "/dev/shm", "/var") if os.path.isdir(place)]
    found = {name for name in house.files_holding(planted.values["password"][:17], started, places)
             if house.identity(name) not in delivered}
    assert found <= {str(planted.needles)}, found
    assert delivered
    os.killpg(followed.process.pid, signal.SIGTERM)
    followed.process.communicate(timeout=60)


# ---- A prompt


class Followed:
    """A site whose commands are followed, for terminal.Terminal."""

    def __init__(self, site, planted):
        self.site, self.planted, self.path, self.environment = site, planted, site.path, site.environment

    def as_user(self, command):
        return [*self.planted.before(), *self.site.as_user(command)]


@pytest.mark.unsanitized("all memory of a process is searched, of which most is shadow there")
def test_what_is_typed_is_forgotten_before_the_command_ends(site, tmp_path):
    planted = memory_search.Planted(tmp_path, password=memory_search.plain_canary(),
                                    passphrase=memory_search.plain_canary())
    assert strongbox.run(site, "rekey", "--memory", "8M", new=planted.values["passphrase"]).status == 0
    typed = terminal.Terminal(Followed(site, planted), *strongbox.box_words(site, "set", "orders-db"))
    try:
        for question, label in ((b"Passphrase of the key file: ", "passphrase"), (b"Value of orders-db: ", "password"),
                                (b"Once more, orders-db: ", "password")):
            typed.expect(question, 60)
            typed.type(planted.values[label] + b"\n")
        status, shown = typed.end()
    finally:
        typed.close()
    assert status == 0, shown
    looks = planted.told()
    assert memory_search.held(looks) == {"strongbox": {"password", "passphrase"}}
    end, = (look for look in looks if look.event == "end")
    assert end.labels == set() and end.bytes > 1 << 20
