"""arrestor completion: the scripts, in the shells that they are for."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

import house

ARRESTOR = pathlib.Path(os.environ.get("ARRESTOR", house.ARRESTOR))
BASH = """
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_arrestor
printf '%s\\n' "${COMPREPLY[@]}"
"""


def arrestor(*words):
    return subprocess.run([ARRESTOR, *words], capture_output=True, text=True, check=True, timeout=60).stdout


def commands():
    listed = arrestor("--help").partition("Commands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  (\S+)", listed, flags=re.M)


def options(command):
    """{option: its argument, or ""} as the help of a command shows them."""
    listed = arrestor(command, "--help").partition("Options:\n")[2].partition("\n\n")[0]
    return {name: argument.strip() for name, argument in
            re.findall(r"^  (?:-\w, )?(--[\w-]+)((?: [^ ]+)?)", listed, flags=re.M)}


@pytest.fixture
def desk(tmp_path):
    """A directory with a file and a directory in it, and the scripts beside it."""
    (tmp_path / "desk/folder").mkdir(parents=True)
    (tmp_path / "desk/file.conf").write_text("", encoding="utf-8")
    for shell in ("bash", "zsh", "fish"):
        (tmp_path / f"script.{shell}").write_text(arrestor("completion", shell), encoding="utf-8")
    return tmp_path / "desk"


def in_bash(desk, *words):
    done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", desk.parent / "script.bash", "arrestor", *words],
                          cwd=desk, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.split()


def in_fish(desk, line):
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    done = subprocess.run(["fish", "--no-config", "-c", f"source ../script.fish; complete -C '{line}'"], cwd=desk,
                          env=house.base_environment(desk), capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return [row.partition("\t")[0] for row in done.stdout.splitlines()]


class Zsh:
    """An interactive zsh on a terminal of its own, as a person has it."""

    def __init__(self, desk):
        if shutil.which("zsh") is None:
            pytest.skip("zsh is not installed")
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.chdir(desk)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**house.base_environment(desk), "TERM": "dumb", "COLUMNS": "200"})
        self.type("unsetopt zle_bracketed_paste; PROMPT='READY> '; autoload -U compinit; compinit -u -D; "
                  "setopt no_beep list_ambiguous; source ../script.zsh; echo ok''ay\n", until="okay")

    def type(self, text, until):
        os.write(self.terminal, text.encode())
        seen, end = "", time.monotonic() + 30
        while until not in seen:
            assert time.monotonic() < end, seen
            if select.select([self.terminal], [], [], 1)[0]:
                seen += os.read(self.terminal, 4096).decode(errors="replace")
        return seen

    def complete(self, line, until):
        """What the line has become, or what is listed below it, once `until` is in it."""
        os.write(self.terminal, b"\x15")
        return self.type(line + "\t", until)

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.child, 0)


@pytest.fixture
def zsh(desk):
    shell = Zsh(desk)
    yield shell
    shell.close()


def test_shellcheck_has_nothing_to_say(desk):
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    subprocess.run(["shellcheck", "--shell=bash", desk.parent / "script.bash"], check=True)


def test_bash_offers_every_command_and_option(desk):
    assert in_bash(desk, "") == [*commands(), "--help", "--version"]
    for command in commands():
        assert set(in_bash(desk, command, "--")) == {*options(command), "--help"}, command


def test_bash_offers_what_an_option_takes(desk):
    for command in commands():
        for option, argument in options(command).items():
            offered = in_bash(desk, command, option, "")
            if "|" in argument:
                assert offered == argument.split("|"), (command, option)
            elif argument == "FILE":
                assert sorted(offered) == ["file.conf", "folder"], (command, option)
            elif argument == "DIR":
                assert offered == ["folder"], (command, option)


def test_bash_takes_both_ways_to_write_an_option(desk):
    assert in_bash(desk, "check", "--format", "=", "j") == ["json"]
    assert in_bash(desk, "check", "--format", "=") == ["text", "json"]
    assert in_bash(desk, "check", "--format", "t") == ["text"]


def test_bash_offers_subcommands_files_and_the_launch(desk):
    assert {"init", "set", "get", "list", "rm"} <= set(in_bash(desk, "strongbox", ""))
    assert set(in_bash(desk, "policy", "")) >= {"list", "explain", "test", "lint"}
    assert in_bash(desk, "completion", "") == ["bash", "zsh", "fish"]
    assert in_bash(desk, "check", "fi") == ["file.conf"]
    assert "bash" in in_bash(desk, "run", "--", "bas")
    assert in_bash(desk, "run", "--", "spark-submit", "fi") == ["file.conf"]


def test_what_is_offered_as_a_subcommand_is_one(desk):
    for command in commands():
        for word in set(in_bash(desk, command, "")) - {"--help", *options(command), "file.conf", "folder"}:
            done = subprocess.run([ARRESTOR, command, word, "--quibble"], capture_output=True, text=True, check=False)
            assert "--quibble" in done.stderr, (command, word)  # only the option is at fault
            done = subprocess.run([ARRESTOR, command, word + "qq"], capture_output=True, text=True, check=False)
            assert done.returncode == 2, (command, word)  # while another word is refused


def test_fish_offers_commands_options_and_words(desk):
    assert set(in_fish(desk, "arrestor ")) >= set(commands())
    for command in commands():
        assert set(in_fish(desk, f"arrestor {command} --")) == {*options(command), "--help"}, command
    assert in_fish(desk, "arrestor check --format ") == ["json", "text"]
    assert in_fish(desk, "arrestor check --format=j") == ["--format=json"]
    assert "init" in in_fish(desk, "arrestor strongbox ")
    assert in_fish(desk, "arrestor strongbox get i") == []
    assert "file.conf" in in_fish(desk, "arrestor check fi")
    assert in_fish(desk, "arrestor selftest fi") == []
    assert "file.conf" in in_fish(desk, "arrestor run -c fi")
    assert "file.conf" in in_fish(desk, "arrestor run -- spark-submit fi")
    assert "--format" not in in_fish(desk, "arrestor check -- spark-submit --form")


def test_zsh_offers_commands_options_and_words(zsh):
    zsh.complete("arrestor strong", until="strongbox ")
    zsh.complete("arrestor completion z", until="completion zsh")
    zsh.complete("arrestor check --form", until="--format=")
    zsh.complete("arrestor check --format ", until="json")
    zsh.complete("arrestor check --format=j", until="--format=json")
    zsh.complete("arrestor check fi", until="check file.conf")
    zsh.complete("arrestor run -c fi", until="-c file.conf")
    zsh.complete("arrestor status --dir fo", until="--dir folder/")
    zsh.complete("arrestor run -- cat fi", until="cat file.conf")
    zsh.complete("arrestor sel", until="selftest ")


def test_a_shell_that_is_none_is_refused():
    for words in (["tcsh"], [], ["bash", "zsh"]):
        done = subprocess.run([ARRESTOR, "completion", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 2 and done.stdout == ""
        assert "bash, zsh or fish" in done.stderr
