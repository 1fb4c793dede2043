"""No role makes a call outside of its list. `make calls` shows the same over all tests.

The watcher (tests/torture/calls.c) stands beside every process and looks each call up in the tables
that the filters are built from.
"""

import re
import subprocess
import sys

import pytest

import house
import openbao

CALLS = house.BUILD / "calls"
LISTED = "    {NR(pread64), CALLS_BASE, ANY},\n"  # what every role that reads a configuration needs

pytestmark = [pytest.mark.unsanitized("the runtime makes calls of its own"),
              pytest.mark.unwatched("it has a watcher of its own")]

STORY = """
import sys
sys.path.insert(0, {here!r})
import pathlib, house, openbao, pod as pods
from conftest import fill
path = pathlib.Path({path!r})
site = fill(house.Site(path / "site"), house.FAKE_HOME)
assert site.run("spark-submit", "job.py").status == 0
assert site.arrestor("check", site.conf / "spark-defaults.conf").status == 0
for command in ("list", "get", "rm"):
    words = [] if command == "list" else ["orders-db"]
    done = site.arrestor("strongbox", command, *words, "--box", site.box, "--key", site.key)
    assert done.status == 0, done.err
if openbao.find_program():
    with openbao.start_dev(path / "bao") as server:
        pod = pods.make(server)
        try:
            pod.configure()
            assert pod.init().status == 0
            with pod.sidecar() as sidecar:
                pod.rotate()
                house.wait_until(lambda: pod.generation() >= 2, 60, "a second generation")
                assert pod.ready()
                pod.status()
        finally:
            pod.remove()
"""


def watch_story(watcher, path):
    """(status, report) of the story under the watcher."""
    story, report = path / "story.py", path / "report"
    (path / "bao").mkdir()
    story.write_text(STORY.format(here=str(house.ROOT / "tests/e2e"), path=str(path)))
    done = subprocess.run([watcher, report, sys.executable, story], capture_output=True, text=True, timeout=300,
                          check=False)
    return done.returncode, report.read_text(), done.stderr


def count(report, role):
    found = re.search(rf"^{role}: (\d+) processes, (\d+) calls inside its list, (\d+) outside$", report, flags=re.M)
    return tuple(map(int, found.groups()))


def test_every_role_keeps_to_its_list(tmp_path):
    status, report, said = watch_story(CALLS, tmp_path)
    assert status == 0, report + said
    roles = ["sweep", "warden", "judge", "tool", "fetch", "place"]
    roles += ["dial", "fetch-net"] if openbao.find_program() else []
    for role in roles:
        processes, inside, outside = count(report, role)
        assert processes > 0 and inside > 0 and outside == 0, report


def test_a_call_that_is_not_listed_is_told(tmp_path):
    """The watcher's own tables lack one row: it must miss it."""
    table = (house.ROOT / "sidecar/confine/filter_table.c").read_text()
    assert LISTED in table
    (tmp_path / "filter_table.c").write_text(table.replace(LISTED, ""))
    watcher = tmp_path / "watcher"
    subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", f"-I{house.ROOT}", "-o", watcher, tmp_path / "filter_table.c",
                    house.ROOT / "tests/torture/calls.c", house.ROOT / "tests/torture/follow.c",
                    house.ROOT / "sidecar/confine/role_table.c", "-lseccomp"], check=True)
    status, report, _ = watch_story(watcher, tmp_path)
    assert status == 99, report
    assert count(report, "fetch")[2] > 0
    assert "  outside pread64: " in report
