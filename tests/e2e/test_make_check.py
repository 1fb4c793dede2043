"""A rule that is broken makes its check fail, and tells file and rule.

Each test breaks one rule in a copy of the tree and runs the check on that copy.
"""

import re
import shutil
import subprocess

import pytest

import house

CONTRACT_FREE = "\nint render_nothing(void);\n"
LONG_FUNCTION = "int render_long(int x) {\n" + "    x++;\n" * 78 + "    return x;\n}\n"
RENDER, HEADER = "sidecar/render/render.c", "sidecar/render/render.h"
RENDER_OBJECT = "build/o/sidecar/render/render.o"
OBJECTS = ["build/arrestor", "build/role-table"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree with its objects, so that only what a test touches is built anew."""
    path = tmp_path_factory.mktemp("check") / "tree"
    shutil.copytree(house.ROOT, path, symlinks=True,
                    ignore=lambda directory, names: [name for name in names if name in (
                        ".git", "venv", "demo", "clang", "unit", "__pycache__", ".pytest_cache")])
    return path


@pytest.fixture
def broken(tree):
    """broken(FILE, TEXT, …) appends to a file of the copy, until the end of the test."""
    kept = {}

    def append(name, text, instead_of=None):
        path = tree / name
        kept.setdefault(path, path.read_bytes() if path.exists() else None)
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.read_text() if path.exists() else ""
        assert instead_of is None or instead_of in old
        path.write_text(old.replace(instead_of, text, 1) if instead_of else old + text)

    yield append
    for path, content in kept.items():
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
    if tree / RENDER in kept:
        build(tree, RENDER_OBJECT)


def build(tree, *targets):
    made = subprocess.run(["make", "-s", "-C", tree, *targets], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr


def check(tree, name):
    """(status, what it said) of one check on the copy."""
    done = subprocess.run([tree / "tests/bin" / f"check-{name}"], cwd=tree, capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def fails(tree, name, *patterns):
    status, said = check(tree, name)
    assert status != 0, said
    for pattern in patterns:
        assert re.search(pattern, said), f"{pattern} is not in: {said}"


@pytest.mark.parametrize("name", ["rooms", "headers", "shape", "limits", "paths", "format", "scripts", "cppcheck"])
def test_the_unbroken_tree_passes(tree, name):
    build(tree, *OBJECTS)
    status, said = check(tree, name)
    assert status == 0, said


def test_a_socket_in_render_is_told(tree, broken):
    broken(RENDER, "\n#include <sys/socket.h>\n"
                   "int render_nothing(void);\n"
                   "int render_nothing(void) {\n    return socket(1, 1, 0);\n}\n")
    build(tree, RENDER_OBJECT)
    fails(tree, "rooms", r"sidecar/render/render\.c: sidecar/render may not call socket")


@pytest.mark.parametrize("call, header", [("connect(0, 0, 0)", "sys/socket.h"), ("setuid(0)", "unistd.h"),
                                          ("execv(text, words)", "unistd.h"), ("open(text, 0)", "fcntl.h")])
def test_any_guarded_call_in_a_pure_room_is_told(tree, broken, call, header):
    broken(RENDER, f"\n#include <{header}>\nint render_nothing(const char *text, char **words);\n"
                   f"int render_nothing(const char *text, char **words) {{\n"
                   f"    return text && words ? {call} : 0;\n}}\n")
    build(tree, RENDER_OBJECT)
    fails(tree, "rooms", rf"sidecar/render may not call {call.split('(')[0]}")


def test_an_include_against_the_rules_is_told(tree, broken):
    broken("sidecar/base/text.c", '\n#include "sidecar/secret/region.h"\n')
    fails(tree, "rooms", r"sidecar/base/text\.c:\d+: sidecar/base may not include sidecar/secret/region\.h")


def test_policy_that_reaches_for_secrets_is_told(tree, broken):
    broken("policy/rules/rule.c", '\n#include "sidecar/secret/secret_set.h"\n')
    fails(tree, "rooms", r"policy/rules may not include sidecar/secret/secret_set\.h")


def test_a_room_without_a_row_is_told(tree, broken):
    broken("sidecar/attic/attic.c", "typedef int attic;\n")
    fails(tree, "rooms", r"sidecar/attic has no row in the room table")


def test_a_function_without_contract_is_told(tree, broken):
    broken(HEADER, CONTRACT_FREE)
    fails(tree, "headers", r"render\.h:\d+: render_nothing has no contract")


def test_a_contract_that_an_empty_line_parts_from_its_function_is_none(tree, broken):
    broken(HEADER, "\n/* Does nothing. */\n" + CONTRACT_FREE)
    fails(tree, "headers", r"render_nothing has no contract")


def test_a_prototype_outside_of_headers_is_told(tree, broken):
    broken(RENDER, CONTRACT_FREE)
    fails(tree, "headers", r"render\.c:\d+: prototype of render_nothing")


def test_a_function_of_81_lines_is_told(tree, broken):
    broken(RENDER, "\n" + LONG_FUNCTION)
    fails(tree, "shape", r"render\.c:\d+: render_long has 81 lines")


def test_a_file_of_451_lines_is_told(tree, broken):
    broken("sidecar/render/long.h", "/* x */\n" * 451)
    fails(tree, "shape", r"long\.h: 451 lines")


@pytest.mark.parametrize("text", ["/* TO" "DO: later */", "/* FIX" "ME */", "/* XX" "X */"])
def test_an_unfinished_word_is_told(tree, broken, text):
    broken(RENDER, f"\n{text}\n")
    fails(tree, "shape", r"render\.c:\d+: .*finish it")


@pytest.mark.parametrize("call", ["sprintf", "strcpy", "system", "popen"])
def test_a_call_without_bound_is_told(tree, broken, call):
    broken(RENDER, f"\n#define RENDER_X(a, b) {call}(a, b)\n")
    fails(tree, "shape", rf"render\.c:\d+: {call} has no bound")


def test_a_limit_that_nothing_obeys_is_told(tree, broken):
    broken("sidecar/base/limits.h", "#define LIMIT_FORGOTTEN 7\n")
    fails(tree, "limits", "nothing uses LIMIT_FORGOTTEN")


def test_a_path_of_one_machine_is_told(tree, broken):
    broken("examples/notes.md", "see /ro" "ot/notes\n")
    fails(tree, "paths", r"examples/notes\.md:1")


def test_other_formatting_is_told(tree, broken):
    broken(RENDER, "\nstatic  int   render_x ;\n")
    fails(tree, "format", r"render\.c:\d+")


def test_what_shellcheck_finds_is_told(tree, broken):
    broken("tests/bin/sloppy", "#!/bin/sh\nrm -rf $1/*\n")
    fails(tree, "scripts", "SC2086")


def test_what_cppcheck_finds_is_told(tree, broken):
    broken(RENDER, "\nint render_x(void);\nint render_x(void) {\n    int *p = 0;\n    return *p;\n}\n")
    fails(tree, "cppcheck", "nullPointer")
