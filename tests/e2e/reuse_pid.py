"""Runs in a PID namespace of its own: an arrestor dies, and another process gets its pid.

    reuse_pid.py JSON     {"launch": […], "live": directory, "environment": {…}}

Prints JSON: the pid that was reused, what the dead one left, and what is left after the
next start.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

LAST_PID = pathlib.Path("/proc/sys/kernel/ns_last_pid")
SHM = pathlib.Path("/dev/shm")


def sets():
    return {path.name for path in SHM.iterdir() if path.name.startswith("arrestor-")}


def children():
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, os.getpid())]


def start_as(pid):
    """Another program under this pid."""
    for _ in range(200):
        LAST_PID.write_text(str(pid - 1))
        process = subprocess.Popen(["sleep", "600"])
        if process.pid == pid:
            return process
        process.kill()
        process.wait()
    raise AssertionError("the pid is not given again")


def run(told):
    record = pathlib.Path(told["environment"]["FAKE_RECORD"])
    victim = subprocess.Popen(told["launch"], env=told["environment"], stderr=subprocess.DEVNULL)
    while not record.exists():
        assert victim.poll() is None, "it ended"
        time.sleep(0.02)
    for number in (signal.SIGSTOP, signal.SIGKILL):  # all at once: nobody is there to wipe
        for pid in children():
            os.kill(pid, number)
    victim.wait()
    while any(os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG) for _ in range(50) if children()):
        pass
    dead = sorted(sets() - {told["live"], told["live"] + ".state", told["live"] + ".launch"})
    other = start_as(victim.pid)
    environment = {**told["environment"], "FAKE_PLAN": "/dev/null"}
    after = subprocess.run(told["launch"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    alive = other.poll() is None
    other.kill()
    return {"pid": victim.pid, "dead": dead, "status": after.returncode, "said": after.stderr,
            "other_lives": alive, "left": sorted(sets())}


print(json.dumps(run(json.loads(sys.argv[1]))))
