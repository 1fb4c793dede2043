"""Planted values, and where in the memory of processes they are: build/search, and what it told.

    planted = Planted(path, password=b"…", token=b"…")
    looks = planted.look(pid, …)                      # as they stand now
    before = planted.before()                         # put before a command: at each system call of arrestor in it
    looks = planted.told()                            # when that has ended
"""

import base64
import contextlib
import json
import os
import secrets
import signal
import string
import subprocess
import sys
import urllib.parse
from dataclasses import dataclass

import fake_vault
import house
import openbao
import pod as pods

PROGRAM = house.BUILD / "search"
CALLS = {"write": 1, "close": 3, "poll": 7, "pread64": 17, "sendmsg": 46, "recvmsg": 47, "ftruncate": 77,
         "exit_group": 231, "openat": 257, "renameat": 264, "memfd_secret": 447}
CALL_NAMES = {number: name for name, number in CALLS.items()}


def canary():
    """A value that every encoding writes in another way; the pieces between are longer than the shortest run."""
    letters = string.ascii_letters + string.digits
    pieces = ["".join(secrets.choice(letters) for _ in range(17)) for _ in range(4)]
    return '{}"{}/{}+\u00e9{}'.format(*pieces)


def plain_canary():
    """A value for a header or a line of its own."""
    return "canary." + secrets.token_hex(24)


def forms(value):
    """{form: bytes} of every way in which a value could be written."""
    text = value.decode(errors="replace")
    found = {"raw": value, "hex": value.hex().encode(), "HEX": value.hex().upper().encode(),
             "url": urllib.parse.quote(value, safe="").encode(), "url-lower": urllib.parse.quote(value).lower().encode(),
             "json": json.dumps(text)[1:-1].encode(), "json-slash": json.dumps(text)[1:-1].replace("/", "\\/").encode(),
             "utf-16": text.encode("utf-16-le"), "backwards": value[::-1]}
    for shift in range(3):  # base64 of what stands anywhere in a longer text
        coded = base64.b64encode(b"\0" * shift + value)[4 if shift else 0:].rstrip(b"=")[:-1]
        found[f"base64-{shift}"] = coded
        found[f"base64url-{shift}"] = coded.replace(b"+", b"-").replace(b"/", b"_")
    seen, distinct = set(), {}
    for name, written in found.items():
        if written not in seen and len(written) >= 12:
            distinct[name] = written
        seen.add(written)
    return distinct


@dataclass(frozen=True)
class Closed:
    """A mapping that others cannot read; mem, vm: errno of /proc/PID/mem and process_vm_readv. flags: VmFlags."""
    where: str
    size: int
    mem: int
    vm: int
    flags: str


@dataclass(frozen=True)
class Look:
    """One process at one moment. closed: mappings that nobody else can read; handles: descriptors of such memory."""
    pid: int
    role: str
    event: str  # exec, call, end, look
    call: int
    count: int  # calls so far
    time: float
    hits: tuple = ()  # of (label, where), the longest run of any form
    detail: tuple = ()
    addresses: tuple = ()
    closed: tuple = ()
    handles: int = 0
    regions: int = 0  # mappings of it
    bytes: int = 0

    @property
    def labels(self):
        return {label for label, _ in self.hits}

    @property
    def call_name(self):
        return CALL_NAMES.get(self.call, str(self.call))


def parse_look(row):
    hits = row.get("hits", [])
    return Look(row["pid"], row["role"], row["event"], row["call"], row.get("count", 0), row.get("time", 0),
                tuple(sorted({(hit["label"], hit["where"]) for hit in hits})),
                tuple((hit["label"], hit["where"], hit["form"], hit["run"], hit["times"]) for hit in hits),
                tuple(hit["at"] for hit in hits),
                tuple(Closed(**closed) for closed in row.get("closed", [])),
                row.get("handles", 0), row.get("regions", 0), row.get("bytes", 0))


class Planted:
    def __init__(self, path, **values):
        self.needles, self.report = path / "needles", path / "memory.json"
        self.values = {}
        self.plant(**values)

    def plant(self, **values):
        """Before a search begins. The second password is told as a password: password2=."""
        self.values |= {label: value if isinstance(value, bytes) else value.encode()
                        for label, value in values.items()}
        lines = [f"{label.rstrip('2')} {name} {written.hex()}\n" for label, value in self.values.items()
                 for name, written in forms(value).items()]
        self.needles.write_text("".join(lines), encoding="utf-8")
        self.needles.chmod(0o600)

    def before(self, park=None, only=None):
        """Words before a command. park: (role, name of a call, or region); only: the one role that is followed."""
        self.report.unlink(missing_ok=True)
        parking = ["-p", f"{park[0]}:{CALLS.get(park[1], park[1])}"] if park else []
        following = ["-o", only] if only else []
        return [str(PROGRAM), str(self.needles), str(self.report), *following, *parking]

    def told(self):
        rows = [json.loads(line) for line in self.report.read_text(encoding="utf-8").splitlines()]
        return [parse_look(row) for row in rows]

    def parked(self):
        """The process that was parked, or None so far."""
        if not self.report.exists():
            return None
        for line in self.report.read_text(encoding="utf-8").splitlines():
            if '"parked"' in line and line.endswith("}"):
                return json.loads(line)["pid"]
        return None

    def look(self, *pids):
        """Processes as they stand; what has ended meanwhile shows nothing."""
        report = self.report.with_suffix(".now")
        done = subprocess.run([str(PROGRAM), str(self.needles), str(report), *map(str, pids)], check=False,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [parse_look(json.loads(line)) for line in report.read_text(encoding="utf-8").splitlines()]

    def find_in_file(self, path):
        """The (label, form) of what a file holds: it is searched in a process that has mapped it."""
        code = ("import mmap, sys; file = open(sys.argv[1]); "
                "held = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ); print(flush=True); sys.stdin.read()")
        with subprocess.Popen([sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as holder:
            holder.stdout.readline()
            seen, = self.look(holder.pid)
            holder.stdin.close()
        return {(label, form): (run, times) for label, where, form, run, times in seen.detail
                if where == os.path.basename(path)[:63]}

    def find(self, content):
        """The labels of what runs of twelve bytes are in there."""
        windows = {written[at:at + 12]: label for label, value in self.values.items()
                   for written in forms(value).values() for at in range(len(written) - 11)}
        return {windows[content[at:at + 12]].rstrip("2") for at in range(len(content) - 11)
                if content[at:at + 12] in windows}


def held(looks):
    """{role: labels that were seen in it}."""
    found = {}
    for look in looks:
        if look.labels:
            found.setdefault(look.role, set()).update(look.labels)
    return found


class Followed:
    """`arrestor WORDS…` while it is followed; passphrases: (option, label)."""

    def __init__(self, site, planted, *words, passphrases=(), stdin=b"", environment=None, park=None,
                 only=None, followed=True):
        self.planted, held_open, words = planted, [], list(words)
        for option, label in passphrases:
            reader, writer = os.pipe()
            os.write(writer, planted.values[label] + b"\n")
            os.close(writer)
            words[1:1] = [option, reader] if words[0] == "run" else []
            words += [option, reader] if words[0] != "run" else []
            held_open.append(reader)
        before = planted.before(park, only) if followed else []
        self.stdin, self.record = stdin, site.path / "record.json"
        environment = {"FAKE_RECORD": str(self.record), **(environment or {})}
        self.process = subprocess.Popen([str(word) for word in [*before, house.ARRESTOR, *words]],
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
        if self.planted.parked():
            house.end_process(self.planted.parked())
        self.process.communicate(timeout=30)


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


@contextlib.contextmanager
def pod_at_store(path, scheme):
    """(a pod at such a store over http or https, all that is secret in it)."""
    certificate = openbao.Authority(path / "ca").issue("localhost") if scheme == "https" else None
    planted = Planted(path, password=canary(), token=plain_canary(), secret_id=plain_canary())
    with Store(planted, certificate) as store:
        made = pods.make(store)
        made.rotate(password=planted.values["password"].decode())
        try:
            yield made, planted
        finally:
            made.remove()


def end_followed(sidecar):
    """SIGTERM for the monitor that a tracer has started; the status."""
    monitor = next(pid for pid in house.descendants(sidecar.process.pid) if house.words_of(pid)[1:2] == ["sidecar"])
    os.kill(monitor, signal.SIGTERM)
    return sidecar.process.wait(60)
