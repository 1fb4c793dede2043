"""A rule that is broken makes its check fail, and tells file and rule.

Each test breaks one rule in a copy of the tree and runs the check on that copy.
"""

import re
import shutil
import subprocess

import pytest

import house

pytestmark = [pytest.mark.unsanitized("the checks look at the build that is shipped"),
              pytest.mark.unwatched("nothing of arrestor runs in it")]

CONTRACT_FREE = "\nint render_nothing(void);\n"
LONG_FUNCTION = "int render_long(int x) {\n" + "    x++;\n" * 78 + "    return x;\n}\n"
RENDER, HEADER = "sidecar/render/render.c", "sidecar/render/render.h"
RENDER_OBJECT = "build/o/sidecar/render/render.o"
WARDEN, TABLE = "sidecar/warden/warden_role.c", "sidecar/confine/role_table.c"
OBJECTS = ["build/arrestor", "build/role-table"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree with its objects, so that only what a test touches is built anew."""
    path = tmp_path_factory.mktemp("check") / "tree"
    shutil.copytree(house.ROOT, path, symlinks=True,
                    ignore=lambda directory, names: [name for name in names if name in (
                        ".git", "venv", "demo", "demo-openbao", "clang", "sanitize", "unit", "__pycache__", ".pytest_cache")])
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
    build(tree, *{target for path in kept for target in built_from(path.relative_to(tree))})


def built_from(source):
    """What a check looks at of the build, of a source that a test changes."""
    if source.suffix != ".c" or source.parent.name == "attic":
        return []
    return [f"build/o/{source.with_suffix('.o')}", *(["build/role-table"] if str(source) == TABLE else [])]


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


@pytest.mark.parametrize("name", ["rooms", "roles", "files", "elf", "headers", "shape", "limits", "paths", "format", "scripts", "cppcheck"])
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


@pytest.mark.parametrize("call, header", [
    ("connect(0, 0, 0)", "sys/socket.h"), ("setuid(0)", "unistd.h"), ("setgroups(0, 0)", "grp.h"),
    ("execv(text, words)", "unistd.h"), ("fork()", "unistd.h"), ("kill(1, 9)", "signal.h"),
    ("(int)ptrace(0, 0, 0, 0)", "sys/ptrace.h"), ("unlink(text)", "unistd.h"), ("(int)syscall(39)", "unistd.h"),
    ("open(text, 0)", "fcntl.h")])
def test_any_guarded_call_in_a_pure_room_is_told(tree, broken, call, header):
    broken(RENDER, f"\n#include <{header}>\nint render_nothing(const char *text, char **words);\n"
                   f"int render_nothing(const char *text, char **words) {{\n"
                   f"    return text && words ? {call} : 0;\n}}\n")
    build(tree, RENDER_OBJECT)
    fails(tree, "rooms", r"sidecar/render may not call " + re.search(r"\w+(?=\(\w|\(\))", call).group())


def test_an_include_against_the_rules_is_told(tree, broken):
    broken("sidecar/base/text.c", '\n#include "sidecar/secret/region.h"\n')
    fails(tree, "rooms", r"sidecar/base/text\.c:\d+: sidecar/base may not include sidecar/secret/region\.h")


def test_policy_that_reaches_for_secrets_is_told(tree, broken):
    broken("policy/rules/rule.c", '\n#include "sidecar/secret/secret_set.h"\n')
    fails(tree, "rooms", r"policy/rules may not include sidecar/secret/secret_set\.h")


def a_function(body):
    return f"\nint render_nothing(const char *text);\nint render_nothing(const char *text) {{\n    {body}\n}}\n"


@pytest.mark.parametrize("body, told", [
    ("return open(text, O_WRONLY);", r"may not open for writing \(O_WRONLY\)"),
    ("return openat(3, text, O_CREAT, 0600);", r"may not open for writing \(O_CREAT\)"),
    ("return open(text, 1);", r"may not open for writing \(open\(…\) without a flag's name\)"),
    ("return fopen(text, \"re+\") != NULL;", r"may not open for writing \(fopen\(…\) not for reading\)"),
    ("return fopen(text, text) != NULL;", r"may not open for writing \(fopen"),
    ("return (int)syscall(SYS_getppid);", r"may not make the system call getppid"),
    ("return (int)syscall(__NR_getppid + text[0]);", r"may not make the system call getppid"),
    ("return (int)syscall((long)text[0]);", r"may not make the system call of a computed number"),
    ("__asm__(\"syscall\"); return 0;", r"assembly could make any system call")])
def test_a_file_without_a_row_that_writes_or_calls_by_number_is_told(tree, broken, body, told):
    broken(RENDER, a_function(body))
    fails(tree, "files", rf"sidecar/render/render\.c:\d+: {told}")


def test_flags_behind_a_macro_are_seen(tree, broken):
    broken(HEADER, "\n#define RENDER_FLAGS (O_RDWR | O_CLOEXEC)\n")
    fails(tree, "files", r"render\.h:\d+: may not open for writing \(O_RDWR\)")


@pytest.mark.parametrize("row, told", [
    ('{"sidecar/base/text.c", "what it likes", ""},', "allows writes, but"),
    ('{"sidecar/base/text.c", "", "getppid"},', "allows getppid, but")])
def test_a_row_of_the_file_table_that_nobody_needs_is_told(tree, broken, row, told):
    start = "const struct file_row file_table[] = {\n"
    broken(TABLE, start + row, instead_of=start)
    build(tree, "build/role-table")
    fails(tree, "files", rf"the row of sidecar/base/text\.c in the file table {told}")


def test_warden_that_reaches_for_secrets_is_told_even_without_an_include(tree, broken):
    broken(WARDEN, "\nvoid secret_free(void *block);\nvoid warden_nothing(void *block);\n"
                   "void warden_nothing(void *block) {\n    secret_free(block);\n}\n")
    build(tree, f"build/o/{WARDEN[:-2]}.o")
    fails(tree, "roles", r"warden_role\.c: role warden must not reach sidecar/secret/secret_alloc\.c \(by secret_free\)")


def test_a_role_without_secrets_that_has_their_room_is_told(tree, broken):
    rooms = '"sidecar/lease sidecar/strongbox sidecar/warden"'
    broken(TABLE, rooms.replace("lease", "lease sidecar/secret"), instead_of=rooms)
    build(tree, "build/role-table")
    fails(tree, "roles", r"role warden holds no secrets, but its row in the role table names sidecar/secret")


@pytest.mark.parametrize("call", ["execve", "kill", "setresuid", "listen"])
def test_a_row_that_allows_what_ends_a_confined_role_is_told(tree, broken, call):
    calls = '"openat mkdirat symlinkat renameat unlinkat"'
    broken(TABLE, calls.replace("openat", f"openat {call}", 1), instead_of=calls)
    build(tree, "build/role-table")
    fails(tree, "roles", rf"sidecar/place may not call {call}: it would end place")


def test_a_row_that_allows_a_call_that_nobody_makes_is_told(tree, broken):
    calls = '"openat mkdirat symlinkat renameat unlinkat"'
    broken(TABLE, calls.replace("openat", "openat chmod", 1), instead_of=calls)
    build(tree, "build/role-table")
    fails(tree, "rooms", r"the row of sidecar/place names chmod, but nothing in it calls that")


def test_rooms_in_a_circle_are_told(tree, broken):
    broken(TABLE, '{"sidecar/yaml", "sidecar/base sidecar/config"', instead_of='{"sidecar/yaml", "sidecar/base"')
    broken("sidecar/yaml/yaml_tree.c", '\n#include "sidecar/config/config.h"\n')
    build(tree, "build/role-table")
    fails(tree, "rooms", r"the rooms form a cycle: .*sidecar/config → sidecar/yaml → sidecar/config|"
                         r"the rooms form a cycle: .*sidecar/yaml → sidecar/config → sidecar/yaml")


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


@pytest.mark.parametrize("linking, told", [
    ("-Wl,-z,execstack", "has no executable stack"), ("-Wl,-z,lazy", "binds all symbols at its start"),
    ("-Wl,-z,norelro", "has RELRO"), ("-Wl,-rpath,/opt/lib", "names no path for libraries"),
    ("-no-pie", "is position-independent"), ("-Wl,--no-as-needed -lssl", "arrestor needs libssl")])
def test_a_program_that_is_linked_weaker_is_told(tree, linking, told):
    (tree / "build/arrestor").unlink()
    build(tree, "build/arrestor", f"LDFLAGS={linking}")
    try:
        fails(tree, "elf", told)
    finally:
        (tree / "build/arrestor").unlink()
        build(tree, "build/arrestor")


def test_a_claim_that_is_linked_weaker_is_told(tree):
    claim = "build/selftest/06-strongbox-tamper"
    (tree / claim).unlink()
    build(tree, claim, "LDFLAGS=-Wl,-z,norelro")
    fails(tree, "elf", "06-strongbox-tamper: it should be that it has RELRO")
    (tree / claim).unlink()
    build(tree, claim)
