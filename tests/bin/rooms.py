"""What the checks of rooms and roles share: the tables that the program itself prints."""

import functools
import json
import subprocess
import sys

from sources import ROOT

OBJECTS = ROOT / "build" / "o"


@functools.cache
def load_tables():
    """The tables of sidecar/confine, as build/role-table prints them."""
    tool = ROOT / "build" / "role-table"
    if not tool.exists():
        sys.exit("build/role-table is not built: run make")
    return json.loads(subprocess.run([tool], capture_output=True, text=True, check=True).stdout)


@functools.cache
def read_objects():
    """{source: (symbols its object wants, symbols it defines)} of every object that is built."""
    built = {path.relative_to(OBJECTS).with_suffix(".c"): path
             for room in ("sidecar", "policy") for path in sorted((OBJECTS / room).rglob("*.o"))}
    built = {source: path for source, path in built.items()  # an object may outlive its source
             if (ROOT / source).exists() or (ROOT / "build" / "gen" / source).exists()}
    listed = subprocess.run(["nm", "-A", "-P", "-g", *built.values()], capture_output=True, text=True, check=True)
    symbols = {str(path): (set(), set()) for path in built.values()}
    for line in listed.stdout.splitlines():  # FILE: NAME TYPE …
        path, _, rest = line.partition(": ")
        name, kind = rest.split()[:2]
        symbols[path][0 if kind in "Uw" else 1].add(name)
    return {source: symbols[str(path)] for source, path in built.items()}
