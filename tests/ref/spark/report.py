"""What equality.py and readings.py have in common: their command line, and a line for each version."""

import argparse
import pathlib
import time

from benches import Spark


def report(home, given, what, run, show):
    """Prints what run(home, count, seed) has found: (counts by outcome, mismatches for `show`).
    Gives the number of mismatches."""
    begun = time.monotonic()
    counts, seen = run(home, given.count, given.seed)
    show(seen)
    told = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
    print(f"Spark {Spark(home).version}: {given.count} {what}, seed {given.seed}: {told}; "
          f"{time.monotonic() - begun:.0f} s", flush=True)
    return counts["mismatch"]


def main(description, what, run, show):
    """For each version that the command line names; the exit status."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("count", type=int)
    parser.add_argument("versions", nargs="+")
    parser.add_argument("--seed", default="1")
    given = parser.parse_args()
    wrong = sum(report(given.directory / version, given, what, run, show) for version in given.versions)
    return 1 if wrong else 0
