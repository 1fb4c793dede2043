"""Scenes with a real OpenBao: init, and a sidecar that rotates and ends."""

import atexit
import contextlib
import functools
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import tempfile
import time

import failing
import failing_scenes
import house
import openbao
from failing_scenes import Scene, SetScene, look

HEALS_SECONDS = 90   # a round that hangs has its deadline of 60 s
LASTING_SECONDS = 3  # where a call fails for ever, nothing heals


@functools.cache
def server(tls=False):
    """One server for all scenes, ended with us."""
    path = tempfile.TemporaryDirectory(prefix="torture-bao-")
    atexit.register(path.cleanup)
    base = pathlib.Path(path.name)
    made = openbao.start_file(base / "bao", openbao.Authority(base / "ca").issue("localhost")) if tls \
        else openbao.start_dev(base / "bao")
    atexit.register(made.process.kill)
    return made


class Logins:
    """How many logins the audit log of a server tells of since the last look."""

    def __init__(self, bao):
        self.file = open(bao.audit, encoding="utf-8")
        self.file.seek(0, os.SEEK_END)

    def new(self):
        return sum('"type":"request"' in line and "auth/approle/login" in line for line in self.file.read().splitlines())


class InitBao(SetScene):
    """`arrestor init` where a set and a store token stand and the store has a new value."""

    name, tls = "init-bao", False
    victims = (("dial", 1), ("fetch-net", 1), ("place", 1), ("warden", 1), ("init", 1))
    known = SetScene.known | {"secret-id"}

    def fill_store(self):
        self.server = server(self.tls)
        self.secret = "db-" + secrets.token_hex(4)
        self.server.write(self.secret, {"password": self.old})
        self.server.allow(self.secret, f"secret/data/{self.secret}")
        role_id, secret_id = self.server.approle(self.secret, [self.secret], token_ttl="4h")
        file = self.path / "secret-id"
        file.write_text(secret_id + "\n")
        file.chmod(0o600)
        store = {"address": self.server.address,
                 "auth": {"approle": {"role-id": role_id, "secret-id-file": str(file)}}}
        if self.tls:
            store["ca"] = str(self.server.ca)
        self.yaml.write_text(json.dumps({
            "version": 1, "stores": {"vault": store},
            "secrets": {"db": {"store": "vault", "path": f"secret/data/{self.secret}"}},
            "deliver": self.deliver()}))
        self.logins = Logins(self.server)

    def deliver(self):
        files = {name: {"raw": "${db.password}"} for name in ("one", "two")}
        return {**super().deliver(), "files": files}

    def renew_store(self):
        self.server.write(self.secret, {"password": self.new})

    def command(self):
        return ["init", "-c", self.yaml]

    def reset(self):
        self.renew_session()
        super().reset()
        self.logins.new()

    def renew_session(self):
        """Where a point has ended the token of the state that each point begins with."""
        session = self.pristine / "state/current/session"
        token = json.loads(session.read_text())["vault"]["token"] if session.exists() else ""
        if self.first or self.server.look_up(token) is not None:
            return
        for directory in (self.set, self.state):
            shutil.rmtree(directory, ignore_errors=True)
        self.server.write(self.secret, {"password": self.old})
        done = self.arrestor("init", "-c", self.yaml)
        assert done.status == 0, done.err
        for name in ("set", "state"):
            subprocess.run(["rm", "-rf", self.pristine / name], check=True)
            subprocess.run(["cp", "-a", self.path / name, self.pristine], check=True)
        self.renew_store()

    def check(self, point, told, done):
        if self.logins.new() > 1:
            yield "one start logs in more than once"
        yield from super().check(point, told, done)
        if self.logins.new() > 1:
            yield "the next start logs in more than once"


class InitBaoFirst(InitBao):
    """… where nothing stands yet: with the login."""

    name, first = "init-bao-first", True
    victims = (("fetch-net", 1), ("place", 1), ("init", 1))


class InitTls(InitBaoFirst):
    """… over TLS: OpenSSL's allocations."""

    name, tls, kinds = "init-tls", True, ("alloc",)
    victims = (("fetch-net", 1),)


class Sidecar(InitBao):
    """`arrestor sidecar`: goes on from the set, publishes the new value, ends by SIGTERM and wipes."""

    name = "sidecar"
    victims = (("sidecar", 1), ("warden", 1), ("sweep", 1), ("dial", 1), ("fetch-net", 1), ("place", 1))
    statuses = failing_scenes.STATUSES

    def deliver(self):
        return {**super().deliver(), "poll": "100ms"}

    def command(self):
        return ["sidecar", "-c", self.yaml]

    def start(self, before):
        self.said_file = tempfile.TemporaryFile()
        watch = {"FAILAT_WATCH": str(self.set)} if before and before[2] == "place" else {}
        return subprocess.Popen([*before, str(self.tools.program), *map(str, self.command())], cwd=self.path,
                                env={**self.environment, **watch}, stdin=subprocess.DEVNULL, stdout=self.said_file,
                                stderr=self.said_file)

    def said(self):
        self.said_file.seek(0)
        return self.said_file.read().decode(errors="replace")

    @staticmethod
    def monitor_of(process, traced):
        if not traced:
            return process.pid
        children = house.read_proc(process.pid, f"task/{process.pid}/children").split()
        return next((int(pid) for pid in children if house.words_of(int(pid))[1:2] == ["sidecar"]), None)

    def is_over(self, process, traced):
        return process.poll() is not None or (traced and self.monitor_of(process, True) is None)

    def wait(self, process, traced, seconds):
        """Until the new value is there, or the sidecar has ended; how it ended is not known yet."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and look(self.set) != self.new:
            time.sleep(0.005)
            if self.is_over(process, traced) and (not traced or self.monitor_of(process, True) is None):
                return

    def act(self, before):
        """A start, the new value, SIGTERM. Where the sidecar was killed, its sweep is left to linger."""
        process, traced = self.start(before), bool(before)
        self.lingering, self.reached = None, False
        if traced:
            house.wait_until(lambda: self.monitor_of(process, True) or process.poll() is not None, 20, "the sidecar")
        lasts = traced and before[5].endswith("+")
        self.wait(process, traced, LASTING_SECONDS if lasts or self.lasting else HEALS_SECONDS)
        self.reached = look(self.set) == self.new
        monitor = self.monitor_of(process, traced)
        if monitor is not None and process.poll() is None:
            os.kill(monitor, signal.SIGTERM)
        deadline = time.monotonic() + failing_scenes.SECONDS
        while not self.is_over(process, traced):
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise subprocess.TimeoutExpired("sidecar", failing_scenes.SECONDS, stderr=self.said().encode())
            time.sleep(0.002)
        try:
            status = process.wait(1)  # the tool stays while sweep lingers
        except subprocess.TimeoutExpired:
            self.lingering, status = process, -signal.SIGKILL
        return house.Result(house.as_status(status), "", self.said())

    lasting = False

    def play(self, point):
        self.lasting = point.action == "from"
        try:
            return super().play(point)
        finally:
            self.lasting = False
            if self.lingering:
                self.lingering.kill()
                self.lingering.wait()

    def check(self, point, told, done):
        kept_role = point.role in ("sidecar", "warden", "sweep")
        lasting = point.action == "from" or point.action.endswith("+")
        seen = look(self.set)
        if seen not in (None, self.old, self.new):
            yield f"a reader sees {seen if seen.startswith('!') else 'something else'}"
        if done.status == 0 and not (self.reached or lasting):
            yield "the new value did not come"
        if done.status == 0 and (os.listdir(self.set) or os.listdir(self.state)) and point.role not in ("sweep", "sidecar"):
            yield f"0, and not wiped: {os.listdir(self.set)} {os.listdir(self.state)}"
        if done.status != 0 and seen is None and not (kept_role or lasting):
            yield "it failed, and took the set with it"
        if self.logins.new() > (1 if self.may_log_in(point) else 0) and not lasting:
            yield "one start logs in more than once"
        yield from self.heal()

    def checked(self):
        """When a sidecar has last found out what the store has, in ms."""
        with contextlib.suppress(OSError, ValueError):
            return json.loads((self.set / "status.json").read_text())["checked_ms"]
        return 0

    @staticmethod
    def may_log_in(point):
        """Where it is killed or hit as it makes or keeps a token, that one is lost; else the held one is used."""
        return point.role == "fetch-net" or point.action != "kill"

    def heal(self):
        begun = time.time() * 1000
        process = self.start([])
        try:
            deadline = time.monotonic() + HEALS_SECONDS
            while (self.checked() < begun or look(self.set) != self.new) and time.monotonic() < deadline:
                if process.poll() is not None:
                    break
                time.sleep(0.005)
            if look(self.set) != self.new:
                yield f"the next start does not heal: {process.poll()} {self.said()[-300:]}"
            process.send_signal(signal.SIGTERM)
            status = process.wait(failing_scenes.SECONDS)
            if status != 0:
                yield f"the next start ends with {status}: {self.said()[-300:]}"
            if os.listdir(self.set) or os.listdir(self.state):
                yield f"the next start leaves {os.listdir(self.set)} {os.listdir(self.state)}"
        finally:
            process.kill()
            process.wait()
        if self.logins.new() > 1:
            yield "the next start logs in more than once"


SCENES = [InitBao, InitBaoFirst, Sidecar, InitTls]
assert all(issubclass(scene, Scene) and set(scene.kinds) <= set(failing.KINDS) for scene in SCENES)
