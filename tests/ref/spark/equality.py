"""equality.py DIRECTORY COUNT VERSION… [--seed SEED]: so many launches for each version,
resolved by the Spark in DIRECTORY/VERSION and by arrestor; every key, every value, and
refused or not, must be equal. The smallest form of each mismatch is printed."""

import collections
import pathlib
import random
import re
import sys
import tempfile

import compare
import report
from benches import Batch, Oracle, Spark, furnish
from launches import Maker
from shrink import shrink


class Pair:
    """Spark and arrestor, asked about the same launches."""

    def __init__(self, home, directory):
        self.directory = pathlib.Path(directory)
        self.spark = Spark(furnish(home, self.directory / "home"))
        self.number = 0
        self.oracle = Oracle(self.spark, self.directory / "classes")
        self.batch = Batch()

    def place(self, launch):
        """Writes its files; argv and environment as both are given them."""
        self.number += 1
        here = self.directory / f"c{self.number % 50:02}"
        here.mkdir(exist_ok=True)
        for old in here.iterdir():
            old.unlink()
        fill = lambda text: text.replace("{d}", str(here))
        for name, text in launch.files.items():
            (here / name).write_bytes(fill(text).encode())
        env = {"SPARK_HOME": str(self.spark.home), "SPARK_CONF_DIR": str(here), **launch.env}
        return [fill(word) for word in launch.argv], {name: fill(value) for name, value in env.items()}

    def ask(self, launch):
        argv, env = self.place(launch)
        return self.batch.launch(argv, env, self.spark.line), self.oracle.launch(argv, env)

    def differences(self, launch):
        """(lines, kind of outcome)"""
        ours, theirs = self.ask(launch)
        known = compare.beyond(theirs.get("refused", ""))
        if "conf" in theirs and not known:
            known = compare.beyond_ours(ours.get("refused", ""), self.spark.line, launch.argv)
        if known:
            return [], f"not modelled: {known}"
        kind = "special" if "special" in ours else "refused" if "refused" in theirs else "equal"
        return compare.differences(ours, theirs, launch.argv), kind

    def close(self):
        self.oracle.__exit__()
        self.batch.__exit__()


def signature(line):
    """A mismatch without its values, so that each class is shown once."""
    text = re.sub(r"/\S*/c\d\d", "{d}", line)
    if text.startswith("refused: arrestor None"):
        return text[:110]
    if text.startswith("refused"):
        return re.sub(r"[\"'][^\"']*[\"']|argument \d+", "…", text)[:110]
    only = "only Spark" if "arrestor None" in text else "only arrestor" if "Spark None" in text else "differs"
    return text.split(":")[0] + ": " + only


def show(launch, lines):
    print(f"  argv  {launch.argv}")
    for name, text in launch.files.items():
        print(f"  file  {name}: {text!r}")
    if launch.env:
        print(f"  env   {launch.env}")
    for line in lines:
        print(f"  =>    {line}")


def run(home, count, seed, shrinking=True, most=40):
    """Counts by outcome, and the number of mismatches."""
    counts, seen = collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as directory:
        pair = Pair(home, directory)
        for number in range(count):
            launch = Maker(random.Random(f"{seed}-{number}"), pair.spark.line).launch()
            lines, kind = pair.differences(launch)
            counts["mismatch" if lines else kind] += 1
            for line in lines[:1]:
                kind = signature(line)
                seen[kind] += 1
                if seen[kind] == 1 and len(seen) <= most and shrinking:
                    small = shrink(launch, lambda each: signature_of(pair, each) == kind)
                    print(f"case {seed}-{number}: {kind}")
                    show(small, pair.differences(small)[0])
                    sys.stdout.flush()
        pair.close()
    return counts, seen


def signature_of(pair, launch):
    lines, _ = pair.differences(launch)
    return signature(lines[0]) if lines else None


def show_counts(seen):
    for kind, number in seen.most_common():
        print(f"{number:5} × {kind}")


if __name__ == "__main__":
    sys.exit(report.main(__doc__, "launches", run, show_counts))
