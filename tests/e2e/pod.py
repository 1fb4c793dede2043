"""A pod as seen from outside: a tmpfs that the job reads, a sidecar, and a store.

    pod = pod.Pod(server)                    # server: openbao.OpenBao, with an AppRole of its own
    pod.configure()
    pod.init(); pod.ready(); pod.status()
    with pod.sidecar() as sidecar: …
"""

import contextlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import tempfile


import house

POLICY = "orders"


class Pod:
    """What one user of the sidecar has. The set lies in <path>/set, state in <path>/state, both on tmpfs."""

    def __init__(self, server, names=("orders",), **role):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="pod-of-arrestor-", dir="/dev/shm"))
        self.dir, self.state, self.yaml = self.path / "set", self.path / "state", self.path / "arrestor.yaml"
        self.server, self.names = server, names
        self.environment = house.base_environment(self.path)
        for name in names:
            server.write(name, {"username": "etl", "password": secrets.token_hex(16)})
        server.allow(POLICY, *(f"secret/data/{name}" for name in names))
        role = {"token_ttl": "1h", **role}
        self.role = "etl-" + secrets.token_hex(4)  # no other test's settings stay on it
        self.role_id, secret_id = server.approle(self.role, [POLICY], **role)
        self.secret_id_file = self.path / "secret-id"
        self.write_secret_id(secret_id)

    def write_secret_id(self, secret_id):
        self.secret_id_file.write_text(secret_id + "\n", encoding="utf-8")
        self.secret_id_file.chmod(0o600)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)

    # ---- What the user writes

    def vault(self, **changes):
        store = {"address": self.server.address,
                 "auth": {"approle": {"role-id": self.role_id, "secret-id-file": str(self.secret_id_file)}}}
        if self.server.ca:
            store["ca"] = str(self.server.ca)
        return {**store, **changes}

    def configure(self, files=None, vault=None, poll="200ms", deliver=None, **top):
        """Writes arrestor.yaml: by default one properties file for each secret."""
        text = {
            "version": 1,
            "stores": {"vault": self.vault(**(vault or {}))},
            "secrets": {name: {"store": "vault", "path": f"secret/data/{name}"} for name in self.names},
            "deliver": {"dir": str(self.dir), "state": str(self.state), "poll": poll, "wait": "10s",
                        "files": files or {f"{name}.properties": {"properties": {
                            "user": f"${{{name}.username}}", "password": f"${{{name}.password}}"}}
                            for name in self.names}, **(deliver or {})},
            **top,
        }
        self.yaml.write_text(json.dumps(text, indent=1), encoding="utf-8")

    # ---- What the user runs

    def arrestor(self, *words, timeout=60, environment=None, before=(), **options):
        done = subprocess.run([*before, str(house.ARRESTOR), *map(str, words)], capture_output=True, cwd=self.path,
                              env={**self.environment, **(environment or {})}, timeout=timeout, check=False, **options)
        return house.Result(house.as_status(done.returncode), done.stdout.decode(errors="replace"),
                            done.stderr.decode(errors="replace"))

    def init(self, **options):
        return self.arrestor("init", "-c", self.yaml, **options)

    def ready(self):
        return self.arrestor("ready", "--dir", self.dir).status == 0

    def status(self):
        told = self.arrestor("status", "--dir", self.dir, "--format", "json")
        assert told.status == 0, told.err
        return json.loads(told.out)

    def start(self, before=(), environment=None):
        """Starts `arrestor sidecar`."""
        return Sidecar(self, before, environment)

    @contextlib.contextmanager
    def sidecar(self, **options):
        """A sidecar whose first set is there."""
        sidecar = self.start(**options)
        try:
            sidecar.wait_for_set()
            yield sidecar
        finally:
            sidecar.kill()

    # ---- What the job sees

    def read(self, name=None):
        """The properties of a secret's file, as the job reads them now."""
        text = (self.dir / "current" / f"{name or self.names[0]}.properties").read_text(encoding="utf-8")
        return dict(line.split("=", 1) for line in text.splitlines())

    def generation(self):
        try:
            return int(os.readlink(self.dir / "current").removeprefix("g-"))
        except FileNotFoundError:
            return 0

    def rotate(self, name=None, password=None):
        """A new password in the store."""
        password = password or secrets.token_hex(16)
        self.server.write(name or self.names[0], {"username": "etl", "password": password})
        return password

    def shows(self, password, name=None):
        try:
            return self.read(name)["password"] == password
        except (FileNotFoundError, KeyError):
            return False

    def logins(self):
        return len(self.server.requests("auth/approle/login"))


class Sidecar:
    """`arrestor sidecar` while it runs."""

    def __init__(self, pod, before=(), environment=None):
        self.pod = pod
        self.err_file = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*before, str(house.ARRESTOR), "sidecar", "-c", str(pod.yaml)], cwd=pod.path,
                                        env={**pod.environment, **(environment or {})}, stdin=subprocess.DEVNULL,
                                        stdout=self.err_file, stderr=self.err_file)

    @property
    def pid(self):
        return self.process.pid

    def said(self):
        self.err_file.seek(0)
        return self.err_file.read().decode(errors="replace")

    def wait_for(self, condition, what, timeout=20):
        try:
            house.wait_until(lambda: condition() or self.process.poll() is not None, timeout, what)
        except AssertionError as fault:
            raise AssertionError(f"{fault}; it said:\n{self.said()}") from None
        assert condition(), f"it ended with {self.process.poll()} before {what}:\n{self.said()}"

    def wait_for_set(self, timeout=20):
        self.wait_for(lambda: (self.pod.dir / "status.json").exists(), "the first set", timeout)

    def wait_for_line(self, text, timeout=20):
        self.wait_for(lambda: text in self.said(), f"a line with {text!r}", timeout)

    def wait_for_state(self, word, timeout=20):
        self.wait_for(lambda: self.pod.status()["state"] == word, f"state {word}", timeout)

    def signal(self, number):
        os.kill(self.pid, number)

    def end(self, timeout=20):
        """SIGTERM; the exit status."""
        self.signal(signal.SIGTERM)
        try:
            return house.as_status(self.process.wait(timeout))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"does not end: {self.said()}") from None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def kill_all(self):
        """As the kernel ends a pod whose PID 1 was killed: everything at once."""
        victims = [self.pid, *house.descendants(self.pid)]
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        house.wait_until(lambda: not any(house.words_of(pid)[:1] == ["arrestor"] and house.read_proc(pid, "cmdline")
                                         for pid in victims), 10, "the processes to end")

    def roles(self):
        """{role: pid} of the processes that live now."""
        found = {"monitor": self.pid}
        for pid in house.descendants(self.pid):
            words = house.words_of(pid)
            if words[:2] == ["arrestor", "role"]:
                found[words[2]] = pid
        return found


def make(server, **settings):
    """A pod with a configuration."""
    made = Pod(server, **settings)
    made.configure()
    return made


