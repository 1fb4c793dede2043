"""The two tools that make things fail, as the tests of failing calls use them.

    tools = failing.Tools(path)                        # executables of its own, and a log
    told = tools.survey("place", 1, run)               # every point at which place can be hit
    with tools.struck(point) as before: …              # command words to put in front
    tools.told()                                       # what was hit, and how each process ended

A Point is one misfortune of one process: SIGKILL at a system call, a system call that
fails once, or from there on, an allocation that fails once, or from there on.
"""

import mmap
import pathlib
import re
import shutil
import struct
from dataclasses import dataclass, field

import house

FAILAT = house.BUILD / "failat"
STARVING = house.BUILD / "failing_alloc"  # executables whose allocations can fail
KINDS = ("kill", "fail", "alloc")
PLAN = struct.Struct("=32sIIQIIQQ")

# A call that was interrupted, or that would wait, is made again, and with right: that
# it is so for ever happens to nobody.
PASSING = {"EINTR", "EAGAIN", "EBUSY", "EWOULDBLOCK", "short"}
MANY = 24  # of calls of one name by one process, as the ladder's 80 prctl, not all are tried


@dataclass(frozen=True)
class Point:
    role: str
    nth: int
    call: str     # NAME:N; for allocations only N
    action: str   # kill · ENAME · ENAME+ · short · once · from

    @property
    def starves(self):
        return self.action in ("once", "from")

    def __str__(self):
        return f"{self.role}#{self.nth} {self.call} {self.action}"


@dataclass
class Told:
    """What a tool saw: whether the point was reached, and how each process of arrestor ended."""
    hit: bool = False
    calls: list = field(default_factory=list)      # [(name, n, [fault …])] of a survey
    saw: list = field(default_factory=list)        # what a reader should not see, while it ran
    processes: list = field(default_factory=list)  # [(role, "exit" | "signal", number)]

    def started(self, role):
        return any(row[0] == role for row in self.processes)


def thin(calls):
    """Of calls that are made very often by one process, some of the beginning, the middle and the end."""
    totals = {}
    for name, _, _ in calls:
        totals[name] = totals.get(name, 0) + 1
    for name, number, faults in calls:
        step = totals[name] // MANY + 1
        if totals[name] <= MANY or number % step == 0 or number < 4 or number > totals[name] - 4:
            yield name, number, faults


class Tools:
    """Both tools for one scene; `program` is the arrestor to be run."""

    def __init__(self, path, starving=False):
        self.path = pathlib.Path(path)
        self.log, self.plan = self.path / "failat.log", self.path / "bin/alloc.plan"
        self.program = house.ARRESTOR
        if starving:  # copies of their own, so that two scenes do not share a plan
            self.program = self.path / "bin/arrestor"
            self.program.parent.mkdir(exist_ok=True)
            for name in ("arrestor", "arrestor-fetch"):
                shutil.copy2(STARVING / name, self.program.parent)
            self.clear()

    # -- Allocations

    def write_plan(self, role, nth, at, lasts):
        self.plan.write_bytes(PLAN.pack(role.encode(), nth, lasts, at, 0, 0, 0, 0))
        self.plan.chmod(0o666)

    def clear(self):
        if self.plan.parent.exists():
            self.write_plan("nobody", 1, 0, 0)

    def read_plan(self):
        """(allocations made, allocations failed) of the one process that was meant."""
        with open(self.plan, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as shared:
            return PLAN.unpack(shared[:PLAN.size])[6:8]

    # -- Both

    def strike(self, point):
        """Prepares a point; the words that stand in front of the command."""
        if point.starves:
            self.write_plan(point.role, point.nth, int(point.call), point.action == "from")
            return []
        self.log.unlink(missing_ok=True)
        return [str(FAILAT), str(self.log), point.role, str(point.nth), point.call, point.action]

    def told(self, point):
        if point.starves:
            made, failed = self.read_plan()
            self.clear()
            return Told(hit=failed > 0, calls=[("", number, []) for number in range(1, made + 1)])
        told = Told()
        for line in self.log.read_text().splitlines():
            word, *rest = line.split()
            if word == "hit":
                told.hit = True
            elif word == "saw":
                told.saw.append(" ".join(rest))
            elif word == "call":
                told.calls.append((rest[1], int(rest[2]), rest[3:]))
            elif word == "process":
                told.processes.append((rest[0], rest[1], int(rest[2])))
        return told

    # -- Which points there are

    def kills(self, role, nth, calls):
        return [Point(role, nth, f"{name}:{number}", "kill") for name, number, _ in thin(calls)]

    def faults(self, role, nth, calls):
        """Each call with each of its errors once, and with one of them for ever."""
        for index, (name, number, faults) in enumerate(thin(calls)):
            for fault in faults:
                yield Point(role, nth, f"{name}:{number}", fault)
            lasting = [fault for fault in faults if fault not in PASSING]
            if lasting:
                yield Point(role, nth, f"{name}:{number}", lasting[index % len(lasting)] + "+")

    def allocations(self, role, nth, calls):
        for _, number, _ in calls:
            yield Point(role, nth, str(number), "once")
            yield Point(role, nth, str(number), "from")

    def points(self, kind, role, nth, calls):
        return list({"kill": self.kills, "fail": self.faults, "alloc": self.allocations}[kind](role, nth, calls))


def survey_point(kind, role, nth):
    """The point that hits nothing, and tells what there is."""
    return Point(role, nth, "0", "once") if kind == "alloc" else Point(role, nth, ":0", "list")


SIGNALLED = re.compile(r"arrestor: (\S+) was ended by signal (\d+)")


def deaths(told, err):
    """[(role, signal)] of every process of arrestor that a signal has ended, by the tool or by what monitor said."""
    seen = [(role, number) for role, how, number in told.processes if how == "signal"]
    return seen + [(role, int(number)) for role, number in SIGNALLED.findall(err)]
