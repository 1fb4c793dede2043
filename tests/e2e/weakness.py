"""Weak machines, and what arrestor is to say on each.

tests/torture/weak.c gives a program the answers of a machine that offers less. Here
stands, for each of its names, which protections are weaker then, and helpers that
read what arrestor says of them.
"""

import ctypes
import functools
import os
import re
import resource
import subprocess

import pytest

import house

WEAK = house.BUILD / "weak"
NO_LANDLOCK = {"landlock": "off"}
OLD_LANDLOCK = {"landlock": "degraded"}
NO_SECRET_MEMORY = {"secret-memory": "degraded"}
NO_SECCOMP = {"seccomp": "off"}

# {weakness: {protection: state}}; what is not named is as it is on this machine without.
MACHINES = {
    "memfd-secret": NO_SECRET_MEMORY,
    "memfd-secret-refused": NO_SECRET_MEMORY,
    "landlock": NO_LANDLOCK,
    "landlock-disabled": NO_LANDLOCK,
    "landlock-refused": NO_LANDLOCK,
    "landlock-abi=1": OLD_LANDLOCK,
    "landlock-abi=2": OLD_LANDLOCK,
    "landlock-abi=3": {},
    "landlock-abi=4": {},
    "landlock-abi=5": {},
    "landlock-abi=6": {},
    "user-namespaces": {},
    "clone3": {},
    "clone3-refused": {},
    "close-range": {},
    "close-range-refused": {},
    "newer-calls": {},
    "memfd-exec": {},
    "seccomp": NO_SECCOMP,
    "seccomp-filter": NO_SECCOMP,
    "kernel-4.18": {**NO_LANDLOCK, **NO_SECRET_MEMORY},
    "kernel-5.10": {**NO_LANDLOCK, **NO_SECRET_MEMORY},
    "kernel-6.1": {**OLD_LANDLOCK, **NO_SECRET_MEMORY},
}
# {protection: {state: {claim: its state then}}} of `arrestor selftest`.
CLAIMS = {"landlock": {"off": {"02": "degraded"}, "degraded": {"02": "degraded"}},
          "secret-memory": {"degraded": {"05": "degraded"}},
          # Without a filter nothing ends a role that was tricked: that is said as it is.
          "seccomp": {"off": {"01": "off", "02": "off", "03": "off", "17": "off"}}}

# Each protection that some machine lacks, with that machine.
REQUIRED = [(name, protection) for name, weaker in MACHINES.items() for protection in weaker]
STATES = ("off", "degraded", "on")


def listed():
    """The names that weak itself knows."""
    return subprocess.run([WEAK, "--list"], capture_output=True, text=True, check=True).stdout.split()


def before(name):
    """The words that make the machine weak; a skip where that cannot be had here."""
    is_old = name.startswith("landlock-abi=") or name == "kernel-6.1"
    wanted = int(name.removeprefix("landlock-abi=")) if name.startswith("landlock-abi=") else 2
    if is_old and (os.geteuid() != 0 or landlock_version() < wanted):
        pytest.skip("needs root, and a newer Landlock than the one it plays")
    return [str(WEAK), "--without", name]


@functools.cache
def landlock_version():
    """Of this machine; -1 without Landlock."""
    return ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)


@functools.cache
def has_secret_memory():
    fd = ctypes.CDLL(None).syscall(447, 0)
    if fd >= 0:
        os.close(fd)
    return fd >= 0


def told(err):
    """{protection: state} of the lines that say so; each may be said once. Swap may come and go
    on the machine that runs the tests, and has tests of its own."""
    lines = re.findall(r"^arrestor: (off|degraded): ([a-z-]+) \((.+)\)$", err, flags=re.M)
    names = [name for _, name, _ in lines]
    assert len(names) == len(set(names)), f"said twice: {err}"
    return {name: state for state, name, _ in lines if name != "unswappable"}


def why(err, protection):
    """The reason that is given for a protection; None where nothing is said of it."""
    found = re.search(rf"^arrestor: (?:off|degraded): {protection} \((.+)\)$", err, flags=re.M)
    return found and found.group(1)


def expected(name, usual):
    """What is to be said on a machine of that weakness, where `usual` is said without."""
    weaker = {**usual}
    for protection, state in MACHINES[name].items():
        weaker[protection] = min(state, usual.get(protection, "on"), key=STATES.index)
    return weaker


def claims_of(name, usual):
    """{"NN": state} on a machine of that weakness, where the claims are as in `usual` without."""
    changed = {**usual}
    for protection, state in MACHINES[name].items():
        for number, told_state in CLAIMS[protection][state].items():
            if number in changed:
                changed[number] = min(told_state, changed[number], key=STATES.index)
    return changed


# ---- Situations that are no missing call


def mounted(*mounts, user=()):
    """The words that run a command where these were mounted, in a mount and process namespace of its own,
    and then as a user; a skip where that cannot be had."""
    words = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "sh", "-c",
             " && ".join([*mounts, 'exec "$@"']), "sh", *user]
    tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    if os.geteuid() != 0 or tried.returncode != 0:
        pytest.skip(f"this cannot be had here: {tried.stderr}")
    return words


def as_user(uid):
    """What a process of a restricted pod has: an ordinary uid, no-new-privs, no capability."""
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs",
            "--bounding-set=-all", "--inh-caps=-all", "--"]


def limited(**limits):
    """A preexec_fn that sets limits: RLIMIT_NOFILE=64."""
    def apply():
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, name), (value, value))
    return apply


def restricted_pod(path, uid=65534):
    """The words that start a command as PID 1 of a pod as `restricted` demands it: an ordinary uid without
    privileges, a read-only root filesystem, and nothing to write to but a tmpfs at path."""
    own = f"mount --bind {path} {path}"
    closed = [f"mount -o remount,ro,bind {place}" for place in ("/dev/shm", "/")]
    return mounted("mount -t proc proc /proc", own, *closed, user=as_user(uid))
