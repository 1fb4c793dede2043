"""bench: arrestor's figures against the budgets of the design, in one run.

    bench.py [local] [store]

Prints a table and writes bench.json into the build directory. A figure is a
median of cold processes on this machine as it is now; peers are measured in the
same run, or said not to be present. Needs no network beyond loopback.
"""

import pathlib
import sys
import tempfile

import bench_local
import bench_store
from bench_table import ARRESTOR, BARE_FETCH, MEASURE, NOOP, ROLEWATCH, Table

# Part: what measures it, and where its files lie (None: where temporary files do).
PARTS = {"local": (bench_local.run, None), "store": (bench_store.run, "/dev/shm")}


def main():
    wanted = sys.argv[1:] or list(PARTS)
    if not set(wanted) <= set(PARTS):
        sys.exit(f"bench: parts are {', '.join(PARTS)}")
    missing = [path.name for path in (ARRESTOR, MEASURE, NOOP, ROLEWATCH, BARE_FETCH) if not path.exists()]
    if missing:
        sys.exit(f"bench: {', '.join(missing)} not built: run it as `make bench`")
    table = Table()
    for part in wanted:
        run, place = PARTS[part]
        with tempfile.TemporaryDirectory(prefix="bench-of-arrestor-", dir=place) as path:
            run(pathlib.Path(path), table)
    table.write()


main()
