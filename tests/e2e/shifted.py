"""A copy of arrestor whose clock a test can shift; the clock of the machine is not touched.

    clock = shifted.install(path, monkeypatch)     # from now on house.ARRESTOR is the copy
    clock.step(days=1)                             # somebody has set the wall clock
    clock.suspend(hours=8)                         # the lid was closed

What sleeps in the kernel sleeps as long as before, as after a real step; after a real
suspend CLOCK_MONOTONIC, by which it sleeps, has stood still as well.
"""

import datetime
import mmap
import shutil
import struct
import time

import house

SECOND = 1_000_000_000


class Clock:
    def __init__(self, path):
        path.write_bytes(bytes(24))
        path.chmod(0o644)
        with open(path, "r+b") as file:
            self.shifts = mmap.mmap(file.fileno(), 24)

    def move(self, realtime=0, boottime=0):
        """Seconds; each shift is written with one store, so that nobody sees half of one."""
        now = struct.unpack("=3q", self.shifts[:])
        self.shifts[8:16] = struct.pack("=q", now[1] + int(boottime * SECOND))
        self.shifts[0:8] = struct.pack("=q", now[0] + int(realtime * SECOND))

    def step(self, **span):
        """The wall clock is set: by timedelta(**span), or to=EPOCH seconds."""
        if "to" in span:
            self.move(realtime=span["to"] - self.wall())
        else:
            self.move(realtime=datetime.timedelta(**span).total_seconds())

    def suspend(self, **span):
        """The machine sleeps: wall clock and CLOCK_BOOTTIME go on, CLOCK_MONOTONIC does not."""
        seconds = datetime.timedelta(**span).total_seconds()
        self.move(realtime=seconds, boottime=seconds)

    def right(self):
        """The wall clock is what it was."""
        self.shifts[0:8] = struct.pack("=q", struct.unpack("=3q", self.shifts[:])[1])

    def wall(self):
        """What arrestor reads now, in seconds since 1970."""
        return time.time() + struct.unpack("=3q", self.shifts[:])[0] / SECOND


def install(path, monkeypatch):
    """A copy of the shifted executables in `path`, which is made; its Clock."""
    path.mkdir(mode=0o755)
    for name in ("arrestor", "arrestor-fetch"):
        shutil.copy2(house.BUILD / "shifted_clock" / name, path / name)
    monkeypatch.setattr(house, "ARRESTOR", path / "arrestor")
    return Clock(path / "clock")
