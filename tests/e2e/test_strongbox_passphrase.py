"""A key file under a passphrase: from a descriptor, at a terminal, and what it costs."""

import os
import re
import signal
import subprocess

import pytest

import house
from strongbox import box_words, files_of, run

PASSPHRASE = "four invented words here"
CHEAP = ["--memory", "8M"]
ASKED, NEW, AGAIN = b"Passphrase of the key file: ", b"New passphrase for the key file: ", b"Once more: "


@pytest.fixture
def sealed(site):
    """The site's key under PASSPHRASE, for little memory."""
    done = run(site, "rekey", "--keep-key", *CHEAP, new=PASSPHRASE)
    assert done.status == 0, done.err
    return site


# ---- From a descriptor


def test_a_new_key_under_a_passphrase_costs_what_libsodium_calls_moderate(site):
    site.box.unlink()
    site.key.unlink()
    made = run(site, "init", passphrase=PASSPHRASE + "\n")
    assert made.status == 0, made.err
    text = site.key.read_text()
    assert re.fullmatch(r"arrestor-strongbox-key-v2 argon2id 3 262144 [A-Za-z0-9+/]{128}\n", text)
    assert site.key.stat().st_mode & 0o777 == 0o400
    assert run(site, "set", "db", passphrase=PASSPHRASE, stdin=b"canary").status == 0
    assert run(site, "get", "db", passphrase=PASSPHRASE).out == "canary"


def test_every_subcommand_takes_the_passphrase(sealed):
    assert run(sealed, "get", "orders-db", passphrase=PASSPHRASE).out == sealed.password
    assert "orders-db" in run(sealed, "list", passphrase=PASSPHRASE).out
    assert run(sealed, "set", "other", passphrase=PASSPHRASE, stdin=b"x").status == 0
    assert run(sealed, "rm", "orders-db", passphrase=PASSPHRASE).status == 0
    assert run(sealed, "get", "orders-db", passphrase=PASSPHRASE).status == 6
    other = sealed.path / "other.box"
    os.rename(sealed.box, other)
    assert run(sealed, "init", passphrase=PASSPHRASE).status == 0
    assert "other" not in run(sealed, "list", passphrase=PASSPHRASE).out


@pytest.mark.parametrize("words", [["get", "orders-db"], ["list"], ["set", "orders-db"], ["rm", "orders-db"],
                                   ["rekey"], ["rekey", "--keep-key", "--no-passphrase"]], ids=" ".join)
def test_without_it_and_with_a_wrong_one_nothing_opens_and_nothing_changes(sealed, words):
    before = files_of(sealed)
    for passphrase, said in ((None, "--passphrase-fd"), ("wrong", "does not open"), (PASSPHRASE + " ", "does not open"),
                             ("", "empty"), ("\n" + PASSPHRASE, "empty"), (b"x" * 4097, "more than")):
        done = run(sealed, *words, passphrase=passphrase, stdin=b"x")
        assert done.status == (2 if said in ("empty", "more than") else 6), done.err
        assert said in done.err, done.err
        assert done.out == ""
        assert PASSPHRASE not in done.err
    assert files_of(sealed) == before


def test_a_key_that_is_not_protected_opens_as_ever(site):
    assert run(site, "get", "orders-db").out == site.password
    assert run(site, "get", "orders-db", passphrase="whatever").out == site.password


@pytest.mark.parametrize("passphrase", [b"x", b"x" * 4096, b"\x00\xff\x1b\x80", "wörter".encode()], ids=len)
def test_a_passphrase_is_any_line_of_bytes(site, passphrase):
    assert run(site, "rekey", *CHEAP, new=passphrase).status == 0
    assert run(site, "get", "orders-db", passphrase=passphrase + b"\nnot read").out == site.password
    assert run(site, "get", "orders-db", passphrase=passphrase[:-1] + b"?").status != 0


@pytest.mark.parametrize("words, said", [
    (["get", "db", "--passphrase-fd", "1"], "output"), (["get", "db", "--passphrase-fd", "2"], "output"),
    (["get", "db", "--passphrase-fd", "77"], "not open"), (["get", "db", "--passphrase-fd", "-1"], "number"),
    (["get", "db", "--passphrase-fd", "x"], "number"), (["get", "db", "--passphrase-fd", ""], "number"),
    (["get", "db", "--passphrase-fd", "99999999999"], "number"), (["set", "db", "--passphrase-fd", "0"], "value"),
    (["get", "db", "--passphrase"], "--passphrase"), (["list", "--memory", "8M"], "--memory"),
    (["rm", "db", "--new-passphrase-fd", "0"], "--new-passphrase-fd"), (["init", "--keep-key"], "--keep-key"),
    (["init", "--passphrase", "--passphrase-fd", "0"], "exclude"), (["init", "--memory", "64M"], "passphrase"),
    (["rekey", "--passphrase", "--no-passphrase"], "exclude"), (["rekey", "--keep-key"], "say how"),
    (["rekey", "--new-passphrase-fd", "0", "--no-passphrase"], "exclude"),
    (["rekey", "--memory", "64M"], "passphrase"), (["rekey", "--passphrase-fd", "0"], "no passphrase now"),
    *[(["rekey", "--new-passphrase-fd", "0", "--memory", size], "8M to 1G")
      for size in ("", "8", "7M", "2G", "0M", "8m", "-8M", "1.5G", "8388608K ", "99999999999999999999K", "M")]])
def test_a_wrong_command_line_says_what_to_write(site, words, said):
    before = files_of(site)
    done = run(site, *words, stdin=b"typed\n")
    assert done.status == 2, done.err
    assert said in done.err
    assert files_of(site) == before


def test_a_passphrase_cannot_be_an_argument(site):
    done = run(site, "rekey", "--passphrase=canary")
    assert done.status == 2 and "takes no value" in done.err
    assert run(site, "rekey", "--passphrase", "canary").status == 2


def test_init_with_a_key_that_is_there_changes_no_protection(sealed):
    sealed.box.unlink()
    before = sealed.key.read_bytes()
    assert run(sealed, "init").status == 6
    assert run(sealed, "init", passphrase="wrong").status == 6
    refused = run(sealed, "init", *CHEAP, passphrase=PASSPHRASE)
    assert refused.status == 2 and "rekey --keep-key" in refused.err
    assert not sealed.box.exists()
    assert run(sealed, "init", passphrase=PASSPHRASE).status == 0
    assert sealed.key.read_bytes() == before


def test_init_does_not_leave_a_key_in_clear_where_a_passphrase_was_asked_for(site):
    site.box.unlink()
    refused = run(site, "init", passphrase=PASSPHRASE)
    assert refused.status == 2 and "without a passphrase" in refused.err
    assert not site.box.exists()


def test_neither_passphrase_nor_key_is_seen_from_outside(sealed):
    read, write = os.pipe()
    with subprocess.Popen(sealed.as_user([house.ARRESTOR, *box_words(sealed, "set", "db", "--passphrase-fd", str(read))]),
                          stdin=subprocess.PIPE, pass_fds=[read], env=sealed.environment) as process:
        os.write(write, PASSPHRASE.encode() + b"\n")
        house.wait_until(lambda: b"Seccomp:\t2" in house.read_proc(process.pid, "status"), 10, "the filter")
        assert not house.processes_showing(PASSPHRASE.encode())
        process.communicate(b"x", timeout=30)
    os.close(read)
    os.close(write)
    assert process.returncode == 0


# ---- What it costs


@pytest.mark.unsanitized("a limit on memory leaves no room for shadow")
def test_memory_that_cannot_be_had_is_said_and_nothing_is_made(site):
    site.box.unlink()
    site.key.unlink()
    little = ["prlimit", f"--as={160 << 20}"]
    refused = run(site, "init", passphrase=PASSPHRASE, before=little)
    assert refused.status == 70 and "256 MiB" in refused.err and "--memory" in refused.err
    assert not site.box.exists() and not site.key.exists()
    assert run(site, "init", "--memory", "64M", passphrase=PASSPHRASE, before=little).status == 0
    assert " 65536 " in site.key.read_text()
    assert run(site, "list", passphrase=PASSPHRASE, before=little).status == 0


@pytest.mark.parametrize("file", ["memory.max", "memory/memory.limit_in_bytes"])
def test_in_a_small_container_it_is_refused_instead_of_killed(site, file):
    if os.geteuid() != 0:
        pytest.skip("only root can make a mount namespace here")
    group = "set -e; mount -t tmpfs tmpfs /sys/fs/cgroup; mkdir /sys/fs/cgroup/memory; " \
            f"echo {64 << 20} > /sys/fs/cgroup/{file}; exec \"$@\""
    container = ["unshare", "--mount", "sh", "-c", group, "sh"]
    if run(site, "list", before=container).status != 0:
        pytest.skip("this machine lets nobody make a mount namespace")
    before = files_of(site)
    refused = run(site, "rekey", new=PASSPHRASE, before=container)
    assert refused.status == 70 and "allows 64 MiB" in refused.err and "--memory" in refused.err
    assert files_of(site) == before
    assert run(site, "rekey", "--memory", "32M", new=PASSPHRASE, before=container).status == 0
    assert run(site, "get", "orders-db", passphrase=PASSPHRASE, before=container).out == site.password
    assert run(site, "rekey", "--memory", "128M", passphrase=PASSPHRASE).status == 0
    refused = run(site, "get", "orders-db", passphrase=PASSPHRASE, before=container)
    assert refused.status == 70 and "128 MiB" in refused.err


@pytest.mark.parametrize("cost", ["17 8192", "3 1048577", "4294967295 4294967295", "1 1024"])
def test_a_hostile_key_file_does_not_eat_the_machine(sealed, cost):
    head, _, body = sealed.key.read_text().rpartition(" ")
    sealed.key.chmod(0o600)
    sealed.key.write_text(f"{' '.join(head.split()[:2])} {cost} {body}")
    got = run(sealed, "get", "orders-db", passphrase=PASSPHRASE, before=["prlimit", "--cpu=2"])
    assert got.status == 6, got.err


# ---- At a terminal


def test_a_new_passphrase_is_asked_for_twice_and_never_echoed(site, at_terminal):
    terminal = at_terminal(*box_words(site, "rekey", "--passphrase", *CHEAP))
    shown = terminal.expect(NEW)
    terminal.wait_echo(False)
    terminal.type(PASSPHRASE.encode() + b"\n")
    shown += terminal.expect(AGAIN)
    assert not terminal.echoes
    terminal.type(PASSPHRASE.encode() + b"\n")
    status, rest = terminal.end()
    assert status == 0, rest
    assert terminal.echoes
    assert PASSPHRASE not in shown.decode() + rest
    assert run(site, "get", "orders-db", passphrase=PASSPHRASE).out == site.password


def test_init_asks_before_it_makes_anything(site, at_terminal):
    site.box.unlink()
    site.key.unlink()
    terminal = at_terminal(*box_words(site, "init", "--passphrase", *CHEAP))
    terminal.expect(NEW)
    terminal.wait_echo(False)
    assert not site.key.exists() and not site.box.exists()
    terminal.type(b"one\n")
    terminal.expect(AGAIN)
    terminal.type(b"two\n")
    status, rest = terminal.end()
    assert status == 2 and "differ" in rest
    assert not site.key.exists() and not site.box.exists()
    terminal = at_terminal(*box_words(site, "init", "--passphrase", *CHEAP))
    for question in (NEW, AGAIN):
        terminal.expect(question)
        terminal.wait_echo(False)
        terminal.type(b"one\n")
    assert terminal.end()[0] == 0
    assert run(site, "list", passphrase="one").status == 0


def test_get_asks_once(sealed, at_terminal):
    terminal = at_terminal(*box_words(sealed, "get", "orders-db"))
    terminal.expect(ASKED)
    terminal.wait_echo(False)
    terminal.type(PASSPHRASE.encode() + b"\n")
    status, rest = terminal.end()
    assert status == 0 and rest.strip() == sealed.password
    assert terminal.echoes


def test_set_asks_for_the_passphrase_and_then_for_the_value(sealed, at_terminal):
    terminal = at_terminal(*box_words(sealed, "set", "orders-db"))
    for question, answer in ((ASKED, PASSPHRASE), (b"Value of orders-db: ", "typed"),
                             (b"Once more, orders-db: ", "typed")):
        terminal.expect(question)
        terminal.wait_echo(False)
        terminal.type(answer.encode() + b"\n")
    assert terminal.end()[0] == 0
    assert run(sealed, "get", "orders-db", passphrase=PASSPHRASE).out == "typed"


def test_a_wrong_passphrase_is_told_before_the_value_is_asked_for(sealed, at_terminal):
    terminal = at_terminal(*box_words(sealed, "set", "orders-db"))
    terminal.expect(ASKED)
    terminal.wait_echo(False)
    terminal.type(b"wrong\n")
    status, rest = terminal.end()
    assert status == 6 and "does not open" in rest
    assert "Value" not in rest


def test_a_key_in_clear_asks_for_nothing(site, at_terminal):
    status, shown = at_terminal(*box_words(site, "get", "orders-db")).end()
    assert (status, shown.strip()) == (0, site.password)


@pytest.mark.parametrize("typed", [b"\n", b"\x04"], ids=["empty line", "end of file"])
def test_typing_no_passphrase_is_refused(sealed, at_terminal, typed):
    before = files_of(sealed)
    for words, question in ((["get", "orders-db"], ASKED), (["rekey"], ASKED)):
        terminal = at_terminal(*box_words(sealed, *words))
        terminal.expect(question)
        terminal.wait_echo(False)
        terminal.type(typed)
        status, rest = terminal.end()
        assert status == 2 and "nothing was typed" in rest
    assert files_of(sealed) == before


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_the_question_restores_the_echo(sealed, at_terminal, end):
    terminal = at_terminal(*box_words(sealed, "get", "orders-db"))
    terminal.expect(ASKED)
    terminal.wait_echo(False)
    os.kill(terminal.job, end)
    status, _ = terminal.end()
    assert status == 128 + end
    assert terminal.echoes


def test_a_terminal_as_the_descriptor_is_refused(sealed, at_terminal):
    status, shown = at_terminal(*box_words(sealed, "get", "orders-db", "--passphrase-fd", "0")).end()
    assert status == 2 and "terminal" in shown
