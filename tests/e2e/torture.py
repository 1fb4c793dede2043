"""Many rotations with a real server while everything is killed at random moments.

    torture.py ROTATIONS [PODS [SEED]]   prints what happened as JSON; status 1 where a promise broke

PODS (default 1) share the rotations, each with a server of its own: most of the time is waiting.

First half: the roles of single rounds and the server are killed; the processes that
stay must not grow. Second half: monitor, warden and sweep too; whoever supervises
starts the sidecar again. All the while readers read the set without pause.
"""

import concurrent.futures
import contextlib
import json
import multiprocessing
import os
import pathlib
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time

import house
import openbao
import pod as pods

ROUND_ROLES = ("dial", "fetch-net", "place")
KEPT_ROLES = ("warden", "sweep", "monitor")
READERS = 2
SERVER_EVERY = 40  # rotations between two deaths of the server
VALUE_SECONDS = 60
KILLS_PER_ROTATION = 0.35


# ---- Readers


def read_at(directory, name):
    fd = os.open(name, os.O_RDONLY, dir_fd=directory)
    try:
        return os.read(fd, 65536)
    finally:
        os.close(fd)


def generation_of(path):
    """Of a link's target, or of a directory that is gone: /…/g-000007 (deleted)."""
    return int(re.search(r"g-(\d+)", os.readlink(path)).group(1))


def is_overtaken(current, directory):
    """Whether two sets were published since this directory was opened: then it may be gone."""
    with contextlib.suppress(FileNotFoundError):
        return generation_of(current) >= generation_of(f"/proc/self/fd/{directory}") + 2
    return False


def open_set(current, seen):
    """The set's directory. Opening follows a link: that it names a set which is gone by then can
    happen once, when two sets come in between; a set that was removed is missing the next time too."""
    for kind in ("overtaken", "missing"):
        with contextlib.suppress(FileNotFoundError):
            return os.open(current, os.O_RDONLY | os.O_DIRECTORY)
        seen[kind] += 1
    return None


def read_forever(current, mark, stop, results):
    """Both files hold one value: two different ones in one opened directory are a mix."""
    os.nice(15)  # it reads whenever nobody else has work
    seen = {"reads": 0, "mixed": 0, "missing": 0, "partial": 0, "overtaken": 0}
    form = re.compile(mark.encode() + rb"-\d{6}-[0-9a-f]{32}x*\.")
    while not stop.is_set():
        seen["reads"] += 1
        directory = open_set(current, seen)
        if directory is None:
            continue
        try:
            one, two = read_at(directory, "one"), read_at(directory, "two")
            seen["mixed"] += one != two
            seen["partial"] += not form.fullmatch(one)
        except FileNotFoundError:
            seen["overtaken" if is_overtaken(current, directory) else "missing"] += 1
        finally:
            os.close(directory)
    results.put(seen)


# ---- What does not grow


def figures_of(pid):
    rollup = house.read_proc(pid, "smaps_rollup").decode()
    anonymous = re.search(r"^Anonymous:\s+(\d+)", rollup, flags=re.M)
    return {"descriptors": len(os.listdir(f"/proc/{pid}/fd")), "anonymous_kb": int(anonymous.group(1)) if anonymous else 0}


def figures(sidecar):
    """The least of some moments: a round that runs holds more."""
    kept = {role: pid for role, pid in sidecar.roles().items() if role in KEPT_ROLES}
    found = {role: figures_of(pid) for role, pid in kept.items()}
    for _ in range(50):
        time.sleep(0.02)
        for role, pid in kept.items():
            now = figures_of(pid)
            found[role] = {name: min(now[name], least) for name, least in found[role].items()}
    return found


def wakeups(sidecar):
    """How often each process that stays has been woken so far."""
    return {role: int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", house.read_proc(pid, "status").decode(),
                                flags=re.M).group(1))
            for role, pid in sidecar.roles().items() if role in KEPT_ROLES}


# ---- The killer


class Killer(threading.Thread):
    """Kills one process of a role at a random moment of its life, in every third rotation or so."""

    def __init__(self, torture):
        super().__init__(daemon=True)
        self.torture, self.ended, self.kills = torture, threading.Event(), {}

    def find(self, role):
        monitor = self.torture.sidecar.pid
        if role == "monitor":
            return monitor
        try:
            children = pathlib.Path(f"/proc/{monitor}/task/{monitor}/children").read_text().split()
        except OSError:
            return None
        for pid in map(int, children):
            if house.words_of(pid)[:3] == ["arrestor", "role", role]:
                return pid
        return None

    def run(self):
        chance = self.torture.random
        while not self.ended.is_set():
            self.torture.rotated.wait(0.5)
            self.torture.rotated.clear()
            if chance.random() > KILLS_PER_ROTATION:
                continue
            role = chance.choice(self.torture.victims)
            deadline, pid = time.monotonic() + 0.5, None
            while pid is None and time.monotonic() < deadline and not self.ended.is_set():
                pid = self.find(role)
            if pid is None:
                continue
            time.sleep(chance.uniform(0, 0.012))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills[role] = self.kills.get(role, 0) + 1

    def stop(self):
        self.ended.set()
        self.join()


# ---- The torture


class Torture:
    def __init__(self, server, rotations, seed):
        self.server, self.rotations = server, rotations
        self.random = random.Random(seed)
        self.mark = "canary" + secrets.token_hex(8)
        self.victims = ROUND_ROLES
        self.pod = pods.Pod(server)
        self.last = self.write(0)
        self.pod.configure(poll="100ms", files={"one": {"raw": "${orders.password}"}, "two": {"raw": "${orders.password}"}})
        self.restarts, self.rotated = 0, threading.Event()

    def write(self, number):
        value = f"{self.mark}-{number:06d}-{secrets.token_hex(16)}{'x' * self.random.randrange(3000)}."
        self.server.write("orders", {"password": value})
        return value

    def supervise(self):
        """What a supervisor does: a sidecar that ended is started again."""
        if self.sidecar.process.poll() is not None:
            self.said += self.sidecar.said()
            self.sidecar = self.pod.start()
            self.restarts += 1

    def is_seen(self):
        with contextlib.suppress(OSError):
            return (self.pod.dir / "current/one").read_text() == self.last
        return False

    def wait_until_seen(self):
        deadline = time.monotonic() + VALUE_SECONDS
        while not self.is_seen():
            self.supervise()
            assert time.monotonic() < deadline, f"a value is not delivered:\n{self.sidecar.said()[-3000:]}"
            time.sleep(0.005)

    def half(self, numbers):
        for number in numbers:
            if number % SERVER_EVERY == SERVER_EVERY - 1:
                self.server.kill()
                time.sleep(self.random.uniform(0, 0.3))
                self.server.start()
            self.last = self.write(number)
            self.rotated.set()
            self.wait_until_seen()

    def measure(self, numbers):
        """Some rotations in peace: what the processes that stay hold, and how often they wake for one rotation."""
        before = wakeups(self.sidecar)
        self.half(numbers)
        found, after = figures(self.sidecar), wakeups(self.sidecar)
        for role, row in found.items():
            row["wakeups"] = (after[role] - before[role]) // len(numbers)
        return found

    def run(self):
        stop, results = multiprocessing.Event(), multiprocessing.Queue()
        readers = [multiprocessing.Process(target=read_forever, daemon=True, args=(
            str(self.pod.dir / "current"), self.mark, stop, results)) for _ in range(READERS)]
        self.said, begun = "", time.monotonic()
        self.sidecar = self.pod.start()
        self.sidecar.wait_for_set()
        for reader in readers:
            reader.start()
        killer = Killer(self)
        middle = self.rotations // 2
        before = self.measure(range(1, 11))
        killer.start()
        self.half(range(11, middle))
        killer.stop()
        self.half(range(middle, middle + 1))
        after = self.measure(range(middle + 1, middle + 11))
        second = Killer(self)
        self.victims = ROUND_ROLES + KEPT_ROLES
        second.start()
        self.half(range(middle + 11, self.rotations + 1))
        second.stop()
        self.supervise()
        self.wait_until_seen()
        stop.set()
        seen = [results.get(timeout=20) for _ in readers]
        logins = self.pod.logins()
        ready = self.pod.ready()
        self.sidecar.wait_for(lambda: self.pod.status()["state"] == "fresh", "fresh", 90)
        status = self.sidecar.end()
        self.said += self.sidecar.said()
        return {"rotations": self.rotations, "seconds": round(time.monotonic() - begun, 1), "seen": seen,
                "kills": {role: killer.kills.get(role, 0) + second.kills.get(role, 0)
                          for role in ROUND_ROLES + KEPT_ROLES},
                "server_deaths": self.rotations // SERVER_EVERY, "restarts": self.restarts, "before": before,
                "after": after, "logins": logins, "ready": ready, "status": status,
                "left": sorted(str(path) for path in (*self.pod.dir.glob("*"), *self.pod.state.glob("*"))),
                "lines_said": self.said.count("\n"), "value_said": self.mark in self.said}


def torture(rotations, seed=None):
    """Runs it; {what happened}, with "faults": the promises that broke."""
    seed = seed if seed is not None else int.from_bytes(os.urandom(4))
    with tempfile.TemporaryDirectory(prefix="arrestor-torture-") as path:
        mark = pathlib.Path(path) / "mark"
        mark.touch()
        with openbao.start_file(pathlib.Path(path) / "bao") as server:
            work = Torture(server, rotations, seed)
            try:
                told = {"seed": seed, **work.run()}
                told["on_disk"] = [name for name in house.files_holding(work.mark.encode(), mark)
                                   if not name.startswith((path, "/dev/shm/", "/proc/"))]
            finally:
                work.sidecar.kill()
                work.pod.remove()
    told["faults"] = faults(told)
    return told


def faults(told):
    """What broke of what SECURITY.md and the design promise."""
    found = []
    for name in ("mixed", "missing", "partial"):
        if sum(seen[name] for seen in told["seen"]):
            found.append(f"readers saw something {name}")
    for role, before in told["before"].items():
        after = told["after"].get(role)
        if after is None or after["descriptors"] > before["descriptors"]:
            found.append(f"{role} holds more descriptors: {before} {after}")
        elif after["anonymous_kb"] > before["anonymous_kb"] + 64:
            found.append(f"{role} grows: {before} {after}")
        elif after["wakeups"] > 2 * before["wakeups"] + 8:
            found.append(f"{role} wakes more often: {before} {after}")
    checks = {"a value is on a disk": told["on_disk"], "a value was said": told["value_said"],
              "something is left after the end": told["left"], "not ready": not told["ready"],
              "SIGTERM did not end it with 0": told["status"] != 0,
              "a restart or a killed round logged in anew": told["logins"] > 3}
    return found + [text for text, broken in checks.items() if broken]


def add_up(rows):
    """Sums of counts by name; rows: [{name: number}]."""
    return {name: sum(row[name] for row in rows) for name in rows[0]}


def join(told):
    """What several pods tell, as one: sums where it counts, a list where each pod has its own."""
    if len(told) == 1:
        return told[0]
    sums = ("rotations", "server_deaths", "restarts", "logins", "lines_said")
    lists = ("seed", "seconds", "before", "after", "status")
    return {"pods": len(told), **{name: sum(row[name] for row in told) for name in sums},
            "seen": add_up([reader for row in told for reader in row["seen"]]),
            "kills": add_up([row["kills"] for row in told]),
            **{name: [row[name] for row in told] for name in lists},
            **{name: [entry for row in told for entry in row[name]] for name in ("left", "on_disk", "faults")},
            "ready": all(row["ready"] for row in told), "value_said": any(row["value_said"] for row in told)}


def torture_many(rotations, pods_count, seed=None):
    """The rotations shared by pods that run side by side, each in a process of its own."""
    seed = seed if seed is not None else int.from_bytes(os.urandom(4))
    shares = [rotations // pods_count + (number < rotations % pods_count) for number in range(pods_count)]
    with concurrent.futures.ThreadPoolExecutor(pods_count) as pool:
        return join(list(pool.map(one_pod, shares, range(seed, seed + pods_count))))


def one_pod(rotations, seed):
    done = subprocess.run([sys.executable, __file__, str(rotations), "1", str(seed)], stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout)


def main():
    words = [int(word) for word in sys.argv[1:]]
    rotations, pods_count, seed = [*words, *(1, None)[len(words) - 1:]]
    told = torture(rotations, seed) if pods_count == 1 else torture_many(rotations, pods_count, seed)
    print(json.dumps(told, indent=1))
    sys.exit(1 if told["faults"] else 0)


if __name__ == "__main__":
    main()
