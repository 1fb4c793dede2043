"""What a sanitizer finds in a role is told, though the role can open no file and has no environment.

In a copy of the tree a fault is planted into one role, and arrestor is built anew.
"""

import shlex
import shutil
import subprocess

import pytest

import house

pytestmark = pytest.mark.skipif(not house.SANITIZED, reason="this is no sanitizer's build: see make sanitize")

PLACE, FIRST_WORK = "sidecar/place/place_role.c", "    error_clear(&err);\n    placing.task = "
HEAP = "    volatile unsigned char *planted = calloc(3, 1);\n    planted[3] = 1;\n"
NUMBER = "    volatile int planted = 0x7fffffff;\n    planted += 1;\n    (void)planted;\n"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree with the objects of the sanitizer's build, but for the one that knows where to report."""
    path = tmp_path_factory.mktemp("planted") / "tree"
    shutil.copytree(house.ROOT, path, symlinks=True, ignore=shutil.ignore_patterns(
        ".git", "build", "__pycache__", ".pytest_cache"))
    shutil.copytree(house.BUILD, path / "build/sanitize/clang", ignore=shutil.ignore_patterns(
        "unit", "selftest", "ref", "findings", "sanitizer.o"))
    return path


def build(tree):
    def make(*words):
        done = subprocess.run(["make", "-s", "-C", tree, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout
    how = make("--eval", "how: ; @echo \"$(call SANITIZE,clang)\"", "how")
    make(*shlex.split(how), "build/sanitize/clang/arrestor")
    return tree / "build/sanitize/clang"


@pytest.mark.parametrize("fault, told", [(HEAP, "heap-buffer-overflow"), (NUMBER, "signed integer overflow")])
def test_a_fault_planted_in_a_role_is_found(tree, site, monkeypatch, fault, told):
    original = (house.ROOT / PLACE).read_text()
    assert FIRST_WORK in original
    (tree / PLACE).write_text("#include <stdlib.h>\n\n" + original.replace(FIRST_WORK, fault + FIRST_WORK))
    built = build(tree)
    (built / "findings").unlink(missing_ok=True)
    monkeypatch.setattr(house, "ARRESTOR", built / "arrestor")
    assert site.run("spark-submit", "job.py").status != 0
    assert told in (built / "findings").read_text()
