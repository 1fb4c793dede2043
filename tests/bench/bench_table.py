"""The figures of bench: measured, held against a budget, printed, and kept as JSON."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BENCH_BUILD", ROOT / "build"))
ARRESTOR, MEASURE, NOOP, ROLEWATCH, BARE_FETCH = (
    BUILD / name for name in ("arrestor", "measure", "noop", "rolewatch", "bare-fetch"))


class Table:
    """The figures: what, how much, the budget, and what stands beside it."""

    def __init__(self):
        self.rows = []

    def add(self, what, figure, unit, budget=None, note="", at_least=False):
        """One figure; None: it could not be had. The budget is a maximum, or `at_least` so much."""
        within = None
        if budget is not None and figure is not None:
            within = figure >= budget if at_least else figure <= budget
        self.rows.append({"what": what, "figure": figure, "unit": unit, "budget": budget, "at_least": at_least,
                          "within": within, "note": note})
        figure_text = "not present" if figure is None else f"{figure:.2f} {unit}"
        budget_text = "" if budget is None else f"{'≥' if at_least else '≤'} {budget:g} {unit}"
        verdict = {True: "ok", False: "MISSED", None: ""}[within]
        print(f"{what:<58} {figure_text:>14} {budget_text:>12} {verdict:<7} {note}".rstrip(), flush=True)

    def write(self):
        """Writes bench.json; says how many budgets were missed."""
        (BUILD / "bench.json").write_text(json.dumps(self.rows, indent=1) + "\n", encoding="utf-8")
        missed = sum(row["within"] is False for row in self.rows)
        print(f"\n{missed} budgets missed; written to {BUILD.name}/bench.json")


def measure(runs, status, *command, **options):
    """What tests/bench/measure.c says about a command."""
    done = subprocess.run([MEASURE, str(runs), str(status), *command], capture_output=True, text=True,
                          check=False, **options)
    if done.returncode != 0:
        sys.exit(f"bench: {done.stderr.strip()}")
    return json.loads(done.stdout)
