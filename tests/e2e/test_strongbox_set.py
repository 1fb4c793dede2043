"""arrestor strongbox set: at a terminal, from a pipe, and by many at once."""

import hashlib
import json
import os
import pty
import signal
import subprocess

import pytest

import house


def box_words(site, *words):
    return ["strongbox", *words, "--box", site.box, "--key", site.key]


def value_of(site, name="orders-db"):
    return site.arrestor(*box_words(site, "get", name)).out


def listing(site):
    listed = site.arrestor(*box_words(site, "list", "--format", "json"))
    assert listed.status == 0, listed.err
    return json.loads(listed.out)


FIRST, SECOND = b"Value of orders-db: ", b"Once more, orders-db: "


# ---- At a terminal


def test_the_prompt_takes_a_value_without_echo(site, at_terminal):
    terminal = at_terminal(*box_words(site, "set", "orders-db"))
    shown = terminal.expect(FIRST)
    terminal.wait_echo(False)
    terminal.type(b"canary at the tty\n")
    shown += terminal.expect(SECOND)
    assert not terminal.echoes
    terminal.type(b"canary at the tty\n")
    status, rest = terminal.end()
    assert status == 0, rest
    assert b"canary" not in shown and "canary" not in rest
    assert terminal.echoes
    assert value_of(site) == "canary at the tty"


def test_two_different_values_change_nothing(site, at_terminal):
    before = site.box.read_bytes()
    terminal = at_terminal(*box_words(site, "set", "orders-db"))
    terminal.expect(FIRST)
    terminal.type(b"one\n")
    terminal.expect(SECOND)
    terminal.type(b"two\n")
    status, rest = terminal.end()
    assert status == 2 and "differ" in rest
    assert terminal.echoes
    assert site.box.read_bytes() == before


@pytest.mark.parametrize("typed", [b"\n", b"\x04"], ids=["empty line", "end of file"])
def test_typing_nothing_changes_nothing(site, at_terminal, typed):
    before = site.box.read_bytes()
    terminal = at_terminal(*box_words(site, "set", "orders-db"))
    terminal.expect(FIRST)
    terminal.type(typed)
    status, rest = terminal.end()
    assert status == 6 and "nothing was typed" in rest
    assert terminal.echoes
    assert site.box.read_bytes() == before


def test_a_line_that_the_terminal_would_cut_is_refused(site, at_terminal):
    before = site.box.read_bytes()
    terminal = at_terminal(*box_words(site, "set", "orders-db"))
    terminal.expect(FIRST)
    terminal.wait_echo(False)
    terminal.type(b"a" * 3000)
    terminal.type(b"a" * 3000 + b"\n")
    status, rest = terminal.end()
    assert status == 2 and "standard input" in rest
    assert site.box.read_bytes() == before


@pytest.mark.parametrize("question", [FIRST, SECOND], ids=["first", "second"])
@pytest.mark.parametrize("end", ["^C", "^\\", "TERM", "HUP"])
def test_a_signal_at_the_prompt_restores_the_echo_and_ends_it(site, at_terminal, end, question):
    before = site.box.read_bytes()
    terminal = at_terminal(*box_words(site, "set", "orders-db"))
    terminal.expect(FIRST)
    terminal.wait_echo(False)
    if question == SECOND:
        terminal.type(b"canary\n")
        terminal.expect(SECOND)
    number = {"^C": signal.SIGINT, "^\\": signal.SIGQUIT, "TERM": signal.SIGTERM, "HUP": signal.SIGHUP}[end]
    if end.startswith("^"):
        terminal.type(bytes([ord(end[1]) & 0x1f]))
    else:
        os.kill(terminal.job, number)
    status, rest = terminal.end()
    assert status == 128 + number, rest
    assert terminal.echoes
    assert "canary" not in rest
    assert site.box.read_bytes() == before


def test_after_a_stop_the_question_comes_again(site, at_terminal):
    terminal = at_terminal(*box_words(site, "set", "orders-db"))
    terminal.expect(FIRST)
    terminal.wait_echo(False)
    terminal.type(b"\x1a")
    terminal.expect_told("stopped")
    assert terminal.echoes
    terminal.leader.send_signal(signal.SIGUSR1)
    terminal.expect(FIRST)
    terminal.wait_echo(False)
    terminal.type(b"after the stop\n")
    terminal.expect(SECOND)
    terminal.type(b"after the stop\n")
    assert terminal.end()[0] == 0
    assert terminal.echoes
    assert value_of(site) == "after the stop"


def test_a_wrong_key_is_told_before_anything_is_typed(site, at_terminal):
    other = site.path / "key/other.key"
    assert site.arrestor("strongbox", "init", "--box", site.path / "other.box", "--key", other).status == 0
    os.replace(other, site.key)
    terminal = at_terminal(*box_words(site, "set", "orders-db"))
    status, shown = terminal.end()
    assert status == 6 and "does not open" in shown
    assert FIRST.decode() not in shown


def test_get_ends_the_line_at_a_terminal_only(site, at_terminal):
    terminal = at_terminal(*box_words(site, "get", "orders-db"))
    status, shown = terminal.end()
    assert (status, shown) == (0, site.password + "\r\n")
    assert value_of(site) == site.password


def test_without_a_terminal_there_is_no_prompt(site):
    master, slave = pty.openpty()
    done = subprocess.run(site.as_user([house.ARRESTOR, *box_words(site, "set", "orders-db")]), stdin=slave,
                          capture_output=True, env=site.environment, timeout=30, start_new_session=True, check=False)
    os.close(master)
    os.close(slave)
    assert done.returncode == 2
    assert b"standard input" in done.stderr


# ---- From a pipe


@pytest.mark.parametrize("given, options, kept", [
    (b"plain", [], b"plain"), (b"line\n", [], b"line"), (b"two\n\n", [], b"two\n"),
    (b"line\n", ["--keep-newline"], b"line\n"), (b"\x00\xff\x1b\n", [], b"\x00\xff\x1b")])
def test_standard_input_is_kept_byte_for_byte_but_for_one_newline(site, given, options, kept):
    assert site.arrestor(*box_words(site, "set", "raw", *options), stdin=given).status == 0
    got = subprocess.run(site.as_user([house.ARRESTOR, *box_words(site, "get", "raw")]), capture_output=True,
                         env=site.environment, timeout=30, check=True)
    assert got.stdout == kept


@pytest.mark.parametrize("given", [b"", b"\n"])
def test_an_empty_value_is_refused(site, given):
    before = site.box.read_bytes()
    done = site.arrestor(*box_words(site, "set", "orders-db"), stdin=given)
    assert done.status == 6 and "empty" in done.err
    assert site.box.read_bytes() == before


def test_a_field_is_replaced_and_the_others_stay(site):
    site.set_secret("etl", name="lake", field_name="user")
    site.set_secret("canary-1", name="lake", field_name="password")
    site.set_secret("canary-2\n", name="lake", field_name="password")
    assert json.loads(value_of(site, "lake")) == {"user": "etl", "password": "canary-2"}
    got = site.arrestor(*box_words(site, "get", "lake", "--field", "password"))
    assert got.out == "canary-2"
    near = site.arrestor(*box_words(site, "get", "lake", "--field", "pasword"))
    assert near.status == 6 and '"password"' in near.err and "canary" not in near.err
    entries = {entry["name"]: entry for entry in listing(site)["entries"]}
    assert entries["lake"]["fields"] == ["user", "password"]
    assert entries["orders-db"] == {"name": "orders-db", "bytes": len(site.password), "fields": []}


def test_a_field_of_a_plain_value_is_refused(site):
    done = site.arrestor(*box_words(site, "set", "orders-db", "--field", "password"), stdin=b"x")
    assert done.status == 6 and "JSON" in done.err
    assert value_of(site) == site.password


def test_a_box_of_a_newer_arrestor_is_said_to_be_newer(site):
    content = bytearray(site.box.read_bytes())
    content[8] = 2
    content[104:128] = hashlib.blake2b(content[:104], digest_size=24).digest()
    site.box.write_bytes(content)
    for words in (["get", "orders-db"], ["list"], ["rm", "orders-db"]):
        done = site.arrestor(*box_words(site, *words))
        assert done.status == 6 and "newer" in done.err
    assert site.box.read_bytes() == content


@pytest.mark.parametrize("words, said", [
    ([], "init, set, get, list, rm"), (["lsit"], "list"), (["frobnicate"], "init, set, get, list, rm"),
    (["get"], "NAME"), (["get", "a", "b"], "one NAME"), (["list", "a"], "no further"),
    (["rm", "a", "--field", "x"], "--field"), (["list", "--format", "xml"], "json"),
    (["set", "a b"], "A-Z"), (["set", "/a"], "A-Z"), (["init", "--box", ""], "--box")])
def test_a_wrong_command_line_is_a_usage_error_that_says_what_to_write(site, words, said):
    done = site.arrestor("strongbox", *words, stdin=b"x")
    assert done.status == 2, done.err
    assert said in done.err


def test_a_key_beside_the_box_is_refused_unless_asked_for(site):
    place = site.path / "one"
    place.mkdir(mode=0o700)
    site.own()
    environment = {"ARRESTOR_STRONGBOX": str(place / "b.box"), "ARRESTOR_STRONGBOX_KEY": str(place / "b.key")}
    refused = site.arrestor("strongbox", "init", environment=environment)
    assert refused.status == 2 and "beside" in refused.err
    assert not list(place.iterdir())
    made = site.arrestor("strongbox", "init", "--key", place / "b.key", environment=environment)
    assert made.status == 0 and "warning" in made.err
    assert {path.name for path in place.iterdir()} == {"b.box", "b.key"}


def test_init_uses_a_key_that_is_there(site):
    kept = site.key.read_bytes()
    other = site.path / "other.box"
    assert site.arrestor("strongbox", "init", "--box", other, "--key", site.key).status == 0
    assert site.key.read_bytes() == kept
    assert site.arrestor("strongbox", "list", "--box", other, "--key", site.key).status == 0


def test_a_linked_box_stays_a_link(site):
    real = site.path / "elsewhere.box"
    os.rename(site.box, real)
    site.box.symlink_to(real.name)
    site.set_secret("through the link")
    assert site.box.is_symlink()
    assert value_of(site) == "through the link"
    assert site.box.resolve() == real


# ---- As a process


def waiting_set(site, value):
    """`set` that has read its value but waits for the end of standard input."""
    process = subprocess.Popen(site.as_user([house.ARRESTOR, *box_words(site, "set", "orders-db")]),
                               stdin=subprocess.PIPE, env=site.environment, cwd=site.path)
    process.stdin.write(value)
    process.stdin.flush()
    house.wait_until(lambda: b"Seccomp:\t2" in house.read_proc(process.pid, "status"), 10, "the filter")
    return process


def test_a_value_stands_on_no_command_line_and_in_no_environment(site):
    process = waiting_set(site, b"canary-4711-in-no-argv")
    try:
        assert not house.processes_showing(b"canary-4711-in-no-argv")
    finally:
        process.communicate(timeout=10)
    assert process.returncode == 0
    assert value_of(site) == "canary-4711-in-no-argv"


def test_the_value_is_read_behind_the_ladder(site):
    process = waiting_set(site, b"x")
    status = house.read_proc(process.pid, "status").decode()
    process.communicate(timeout=10)
    assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status


def test_parallel_writers_lose_no_update(site):
    before = listing(site)["version"]
    writers = []
    for i in range(8):
        process = subprocess.Popen(site.as_user([house.ARRESTOR, *box_words(site, "set", f"parallel/{i}")]),
                                   stdin=subprocess.PIPE, env=site.environment, cwd=site.path)
        writers.append(process)
    for i, process in enumerate(writers):
        process.stdin.write(f"value {i}".encode())
    for process in writers:
        process.stdin.close()
    assert [process.wait(30) for process in writers] == [0] * 8
    after = listing(site)
    assert after["version"] == before + 8
    assert {entry["name"] for entry in after["entries"]} == {"orders-db", *(f"parallel/{i}" for i in range(8))}
    assert all(value_of(site, f"parallel/{i}") == f"value {i}" for i in range(8))
    assert sorted(path.name for path in site.path.glob("*.box*")) == ["secrets.box"]


def test_parallel_writers_of_fields_lose_no_field(site):
    site.set_secret("0", name="lake", field_name="f0")
    writers = [subprocess.Popen(site.as_user([house.ARRESTOR, *box_words(site, "set", "lake", "--field", f"f{i}")]),
                                stdin=subprocess.PIPE, env=site.environment) for i in range(8)]
    for i, process in enumerate(writers):
        process.stdin.write(str(i).encode())
        process.stdin.close()
    assert [process.wait(30) for process in writers] == [0] * 8
    assert json.loads(value_of(site, "lake")) == {f"f{i}": str(i) for i in range(8)}


def test_a_reader_beside_writers_always_sees_a_whole_box(site):
    writer = subprocess.Popen(
        ["sh", "-c", 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do printf v%s $i | "$@" || exit 1; done', "sh",
         *site.as_user([house.ARRESTOR, *box_words(site, "set", "orders-db")])], env=site.environment)
    seen = []
    while writer.poll() is None:
        got = site.arrestor(*box_words(site, "get", "orders-db"))
        assert got.status == 0, got.err
        seen.append(got.out)
    assert writer.returncode == 0
    assert set(seen) <= {site.password, *(f"v{i}" for i in range(1, 13))}
    assert value_of(site) == "v12"
