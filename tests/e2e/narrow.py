"""Narrow places to put arrestor in: a tmpfs of a few pages, a cgroup, a private /dev/shm.

    with narrow.tmpfs(path, size="256k", nr_inodes=20): …
    with narrow.group("memory") as group: group.limit(24 << 20); pod.start(before=group.words)

What this machine does not offer is skipped aloud, with the reason.
"""

import contextlib
import os
import pathlib
import secrets
import subprocess
import time

import pytest

import house

PAGE = 4096


def need_root(what):
    if os.geteuid() != 0:
        pytest.skip(f"only root can {what}")


# ---- Space


@contextlib.contextmanager
def tmpfs(path, **options):
    """A tmpfs of its own at `path`, which is made."""
    need_root("mount a tmpfs")
    path.mkdir()
    text = ",".join(f"{name}={value}" for name, value in {"mode": "0755", **options}.items())
    if subprocess.run(["mount", "-t", "tmpfs", "-o", text, "tmpfs", path], check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def fill(directory, name="ballast"):
    """Takes every byte that is free there; the file that holds them."""
    ballast = directory / name
    with open(ballast, "wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while file.write(b"b" * PAGE):
                pass
    free = os.statvfs(directory)
    assert free.f_bavail == 0, free
    return ballast


def fill_inodes(directory):
    """Takes every inode that is free there; the directory that holds them."""
    ballast = directory / "ballast"
    ballast.mkdir()
    with contextlib.suppress(OSError):
        for number in range(1_000_000):
            (ballast / str(number)).touch(exist_ok=False)
    assert os.statvfs(directory).f_favail == 0
    return ballast


# ---- Control groups, of either version


def own_group(controller):
    """Where our own processes are in this hierarchy of version 1; its root, where that is not to be seen."""
    top = pathlib.Path("/sys/fs/cgroup") / controller
    for line in pathlib.Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(",") and (top / path.lstrip("/") / "cgroup.procs").exists():
            return top / path.lstrip("/")
    return top


class Group:
    """A control group for one test. Version 1: beneath our own; version 2: beneath the root."""

    def __init__(self, controller):
        self.controller = controller
        self.old = (pathlib.Path("/sys/fs/cgroup") / controller / "cgroup.procs").exists()
        above = own_group(controller) if self.old else pathlib.Path("/sys/fs/cgroup")
        self.path = above / f"arrestor-test-{secrets.token_hex(6)}"

    def make(self):
        need_root("make a control group")
        try:
            self.path.mkdir()
        except OSError as error:
            pytest.skip(f"no control group can be made here: {error}")
        if not (self.path / self.limit_file()).exists():
            self.path.rmdir()
            pytest.skip(f"there is no controller {self.controller!r} here")

    def limit_file(self):
        return "memory.limit_in_bytes" if self.old and self.controller == "memory" else f"{self.controller}.max"

    def limit(self, number):
        """At most so many bytes, or processes; None: no limit."""
        none = "-1" if self.old and self.controller == "memory" else "max"
        (self.path / self.limit_file()).write_text(none if number is None else str(number))

    def read(self, name):
        return (self.path / name).read_text(encoding="ascii")

    def peak(self):
        """The most bytes that it ever held."""
        return int(self.read("memory.max_usage_in_bytes" if self.old else "memory.peak"))

    def current(self):
        names = {"memory": "memory.usage_in_bytes" if self.old else "memory.current", "pids": "pids.current"}
        return int(self.read(names[self.controller]))

    def deaths(self):
        """How many processes the kernel has ended because of the limit."""
        text = self.read("memory.oom_control" if self.old else "memory.events")
        return int(next(line.split()[1] for line in text.splitlines() if line.startswith("oom_kill ")))

    @property
    def words(self):
        """What stands before a command that is to run inside."""
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.path / "cgroup.procs")]

    def remove(self):
        self.limit(None)
        for pid in self.read("cgroup.procs").split():
            house.end_process(int(pid))
        deadline = time.monotonic() + 10
        while True:
            try:
                self.path.rmdir()
                return
            except OSError:
                assert time.monotonic() < deadline, self.read("cgroup.procs")
                time.sleep(0.02)


@contextlib.contextmanager
def group(controller):
    made = Group(controller)
    made.make()
    try:
        yield made
    finally:
        made.remove()
