"""What a set from a real OpenBao costs, next to what else could bring it.

Contenders take turns (A B C, A B C, …), so that noise hits all alike; a ratio
is the median of the rounds' own ratios. Server and contenders share the machine;
all files, the server's too, lie on tmpfs, and the server keeps no audit log, so
that no disk is measured. What the contenders deliver is looked at before
anything is measured.

Where other work cannot be kept off the machine, `chrt --rr 1 make bench` keeps it
off the processors: server and contenders inherit the priority.
"""

import contextlib
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time

from bench_table import ARRESTOR, ROOT, measure

sys.path.insert(0, str(ROOT / "tests/e2e"))

import house  # noqa: E402
import openbao  # noqa: E402
from bench_contenders import (MANY, ONE, REFRESH, STAYING, Arrestor, BaoAgent, BareFetch,  # noqa: E402
                              ConsulTemplate, CurlMany, Site)

ONE_ROUNDS, MANY_ROUNDS, READY_RUNS = 41, 9, 300
MANY_SECRETS = 1000
SETTLE_SECONDS, FIRST_SET_SECONDS = 3, 120
IDLE_SECONDS = int(os.environ.get("BENCH_IDLE_SECONDS", "120"))
MEMORY = ("Rss", "Pss", "Anonymous")
MEMORY_BUDGETS = {"Rss": 8, "Pss": 2.5, "Anonymous": 1}


class Server(openbao.OpenBao):
    """Without the audit log that tests count by."""

    def configuration(self):
        return super().configuration().partition("\n}\n")[2]


# Milliseconds of bare libcurl on the machine where the budgets were set.
REFERENCE = {"http": 7.8, "TLS": 12.8}
ONE_BUDGETS = {"http": 12, "TLS": 16}
ONE_RATIOS = {BareFetch: {"at_most": 1.6}, BaoAgent: {"at_least": 7}}
MANY_RATIOS = {CurlMany: {"at_most": 1.5}, ConsulTemplate: {"at_least": 4}, BaoAgent: {"at_least": 10}}


# ---- How long it takes


def take_turns(contenders, rounds):
    """{contender: [ms, one for each round]} and {contender: largest peak in MB}."""
    times, peaks = {one: [] for one in contenders}, dict.fromkeys(contenders, 0)
    for one in contenders:
        one.try_once()
    for _ in range(rounds):
        for one in contenders:
            one.fresh()
            seen = measure(1, 0, *one.command(), cwd=one.path, env=one.environment)
            times[one].append(seen["median_us"] / 1000)
            peaks[one] = max(peaks[one], seen["peak_kb"] / 1024)
    return times, peaks


def tell_times(table, what, one, times, peaks, budget=None):
    if one not in times:
        table.add(what, None, "ms", budget)
        return
    deciles = statistics.quantiles(times[one], n=10)
    notes = [f"p10 {deciles[0]:.1f}, p90 {deciles[-1]:.1f}", f"peak {peaks[one]:.1f} MB in one process", one.note]
    table.add(what, statistics.median(times[one]), "ms", budget, "; ".join(filter(None, notes)))


def tell_ratio(table, ours, theirs, times, at_most=None, at_least=None):
    """The median of the rounds' ratios, the slower one as the budget sees it above."""
    above, below = (ours, theirs) if at_most else (theirs, ours)
    found = [one / other for one, other in zip(times.get(above, []), times.get(below, []))]
    table.add(f"  {above.name} : {below.name}", statistics.median(found) if found else None, "×",
              at_most or at_least, "", at_least is not None)


def race(table, title, site, classes, rounds, ratios, budget=None):
    """Rows of one race; the first class is arrestor's. ratios: {class: {at_most or at_least: budget}}."""
    contenders = [kind(site) for kind in classes]
    times, peaks = take_turns([one for one in contenders if one.program], rounds)
    tell_times(table, f"{title}: arrestor init", contenders[0], times, peaks, budget)
    for one in contenders[1:]:
        tell_times(table, f"  {one.name}", one, times, peaks)
    for one in contenders[1:]:
        if type(one) in ratios:
            tell_ratio(table, contenders[0], one, times, **ratios[type(one)])
    return {type(one): statistics.median(seen) for one, seen in times.items()}


def race_for_one(table, site, scheme):
    medians = race(table, f"login + one KV secret, cold, {scheme}", site, ONE, ONE_ROUNDS, ONE_RATIOS,
                   ONE_BUDGETS[scheme])
    table.add("  bare libcurl : bare libcurl where the budgets were set", medians[BareFetch] / REFERENCE[scheme], "×",
              None, f"{REFERENCE[scheme]} ms there: how slow this machine is now")


# ---- What it takes at rest


def processes(pid):
    return [pid, *house.descendants(pid)]


def memory(pid):
    """{name: MB} summed over a process and what it started, or None where one may not look."""
    sums = dict.fromkeys(MEMORY, 0.0)
    for one in processes(pid):
        text = house.read_proc(one, "smaps_rollup").decode()
        if not text:
            return None
        for name in MEMORY:
            sums[name] += int(re.search(rf"^{name}:\s+(\d+)", text, flags=re.M).group(1)) / 1024
    return sums


def wake_ups(pid):
    """Voluntary switches of all threads of one process, so far."""
    total = 0
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read_text(), flags=re.M).group(1))
    return total


class Resident:
    """A contender that stays."""

    def __init__(self, contender):
        self.contender, self.name = contender, contender.name
        contender.fresh()
        self.process = subprocess.Popen([str(word) for word in contender.command(stay=True)], cwd=contender.path,
                                        env=contender.environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.reaped = None

    def wait_for_set(self):
        house.wait_until(lambda: self.process.poll() is not None or self.contender.has_all(), FIRST_SET_SECONDS,
                         f"the set of {self.name}")
        if self.process.poll() is not None:
            sys.exit(f"bench: {self.name} ended with {self.process.returncode} where it should stay")

    def living(self):
        """{pid: wake-ups} of its processes."""
        return {pid: wake_ups(pid) for pid in processes(self.process.pid)}

    def kill(self):
        """Ends it; .reaped is the wake-ups of all its processes that had come and gone."""
        if self.process.returncode is not None:
            return
        own = wake_ups(self.process.pid)
        victims = processes(self.process.pid)
        self.process.kill()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.reaped = max(0, usage.ru_nvcsw - own)
        for pid in victims[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def residents(contenders):
    """Those of the contenders that are there, each with its first set, and settled."""
    started = []
    try:
        for one in contenders:
            if one.program:
                started.append(Resident(one))
                started[-1].wait_for_set()
        time.sleep(SETTLE_SECONDS)
        yield started
    finally:
        for one in started:
            one.kill()


def tell_memory(table, count, started):
    found = {one.name: memory(one.process.pid) for one in started}
    secrets = f"{count:,} secret{'s' if count > 1 else ''}"
    for kind in STAYING:
        seen = found.get(kind.name)
        what = f"at rest with {secrets}: {kind.name}, "
        if seen is None:
            table.add(what + "RSS", None, "MB", None, "only root may look" if kind.name in found else "")
            continue
        for name in MEMORY:
            budget = MEMORY_BUDGETS[name] if kind is Arrestor else None
            note = "shares its program's pages with the server" if kind is BaoAgent and name == "Pss" else ""
            table.add(what + (name.upper() if name != "Anonymous" else "anonymous"), seen[name], "MB", budget, note)


def tell_idle(table, started, twin):
    """Wake-ups in a window in which nothing changes; the rounds' short-lived processes count."""
    before = {one: one.living() for one in started}
    twin.kill()
    time.sleep(IDLE_SECONDS)
    after = {one: one.living() for one in started}
    for one in started:
        standing = sum(count - before[one].get(pid, 0) for pid, count in after[one].items())
        note = f"{standing} of what stands"
        one.kill()
        if isinstance(one.contender, Arrestor):
            passing = max(0, one.reaped - twin.reaped)
            note = f"{standing} of what stands, {passing} of the rounds' own processes"
            standing += passing
        table.add(f"wake-ups in {IDLE_SECONDS} idle s, refreshed each {REFRESH}: {one.name}", standing, "", None, note)


def staying(site):
    return [kind(site, f"stay-{kind.__name__.lower()}") for kind in STAYING]


def rest(table, site, count):
    with residents(staying(site)) as started:
        tell_memory(table, count, started)


def rest_of_one(table, site):
    """Memory, `ready`, and two idle minutes of the same processes."""
    contenders = staying(site)
    with residents(contenders) as started:
        tell_memory(table, 1, started)
        seen = measure(READY_RUNS, 0, ARRESTOR, "ready", "--dir", contenders[0].out, env=contenders[0].environment)
        table.add("arrestor ready", seen["median_us"] / 1000, "ms", 2,
                  f"p10 {seen['p10_us'] / 1000:.2f}, p90 {seen['p90_us'] / 1000:.2f}")
        # Only now: a second sidecar halves what the first one has for itself of the pages that both use.
        with residents([Arrestor(site, "twin")]) as twins:
            tell_idle(table, started, twins[0])


# ---- The whole


def run(path, table):
    """Every figure of this part into the table."""
    if openbao.find_program() is None:
        table.add("a set from OpenBao", None, "ms", None, "no bao: run make deps")
        return
    with Server(path / "http", dev=True).start() as server:
        one, many = Site(path / "one", server, 1), Site(path / "many", server, MANY_SECRETS)
        race_for_one(table, one, "http")
        race(table, "1,000 KV secrets into 1,000 files, http", many, MANY, MANY_ROUNDS, MANY_RATIOS)
        rest(table, many, MANY_SECRETS)
        rest_of_one(table, one)
    certificate = openbao.Authority(path / "ca").issue("localhost")
    with Server(path / "https", certificate).start() as server:
        race_for_one(table, Site(path / "tls", server, 1), "TLS")
