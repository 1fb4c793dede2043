"""The man pages say what the commands and the schema say."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import house

ARRESTOR = pathlib.Path(os.environ.get("ARRESTOR", house.ARRESTOR))
PAGES = sorted((house.ROOT / "man").iterdir())
COMMANDS = {  # by page
    "check": ["check", "effective", "why"], "run": ["run"], "gate": ["gate"], "policy": ["policy"],
    "sidecar": ["sidecar", "init", "ready", "status"], "strongbox": ["strongbox"], "selftest": ["selftest"],
}
IN_OVERVIEW = {"schema", "completion"}  # no page of their own


def arrestor(*words):
    return subprocess.run([ARRESTOR, *words], capture_output=True, text=True, check=True, timeout=60).stdout


def page(name):
    return (house.ROOT / "man" / name).read_text(encoding="utf-8")


def sections():
    """(dotted path, rules) of every key of arrestor.yaml; NAME and FILE are free names."""
    def walk(node, path):
        for name, child in node.get("properties", {}).items():
            yield ".".join((*path, name)), child
            yield from walk(child, (*path, name))
        if isinstance(node.get("additionalProperties"), dict):
            yield from walk(node["additionalProperties"], (*path, "FILE" if path[-1] == "files" else "NAME"))

    return dict(walk(json.loads(arrestor("schema")), ()))


def items(text):
    """{key: what is said of it} of the page of arrestor.yaml."""
    found = re.split(r"^\.It Ic (\S+)\n", text.partition(".Sh EXAMPLES")[0], flags=re.M)
    return dict(zip(found[1::2], found[2::2]))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_has_no_fault(path):
    tools = [tool for tool in (["mandoc", "-T", "lint", "-W", "warning"], ["groff", "-ww", "-mdoc", "-Tutf8", "-z"])
             if shutil.which(tool[0])]
    if not tools:
        pytest.skip("neither mandoc nor groff is installed")
    for tool in tools:
        done = subprocess.run([*tool, path], capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), tool[0]
    assert all(len(line) <= 100 for line in path.read_text(encoding="utf-8").splitlines())


def test_every_command_has_its_page_and_the_overview_names_it():
    listed = re.findall(r"^  (\S+)", arrestor("--help").partition("Commands:\n")[2].partition("\n\n")[0], flags=re.M)
    assert set(listed) == {name for names in COMMANDS.values() for name in names} | IN_OVERVIEW
    assert {path.name for path in PAGES} == {"arrestor.1", "arrestor.yaml.5",
                                             *(f"arrestor-{name}.1" for name in COMMANDS)}
    for command in listed:
        assert re.search(rf"^\.It Cm {command}\b", page("arrestor.1"), flags=re.M), command


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_has_the_options_of_its_commands(name):
    text = page(f"arrestor-{name}.1")
    told = {(option, argument or "") for option, argument in
            re.findall(r"^\.It (?:Fl \w , )?Fl -([\w-]+)(?: Ar (\S+))?$", text, flags=re.M)}
    letters = set(re.findall(r"^\.It Fl (\w) , Fl -([\w-]+)", text, flags=re.M))
    had, had_letters = set(), set()
    for command in COMMANDS[name]:
        listed = arrestor(command, "--help").partition("Options:\n")[2].partition("\n\n")[0]
        for letter, option, argument in re.findall(r"^  (?:-(\w), )?--([\w-]+)(?: (\S+))?  ", listed + " ", flags=re.M):
            had.add((option, argument))
            had_letters |= {(letter, option)} if letter else set()
    assert told == had
    assert letters == had_letters


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_shows_every_subcommand(name):
    usage = arrestor(COMMANDS[name][0], "--help").partition("Usage:\n")[2].partition("\n\n")[0]
    for word in re.findall(rf"^  arrestor {name} ([a-z]+)\b", usage, flags=re.M):
        assert re.search(rf"^\.Cm {name} {word}$", page(f"arrestor-{name}.1"), flags=re.M), word


def test_the_page_of_arrestor_yaml_has_every_key():
    assert set(items(page("arrestor.yaml.5"))) == set(sections())


def test_the_page_of_arrestor_yaml_has_every_default():
    said = items(page("arrestor.yaml.5"))
    for key, rules in sections().items():
        if "default" in rules:
            default = rules["default"]
            text = "[" + ", ".join(default) + "]" if isinstance(default, list) else str(default)
            text = text.lower() if isinstance(default, bool) else text
            assert f"Default: {text}" in said[key].replace("\n", " "), key


def test_required_keys_and_choices_are_said():
    said = items(page("arrestor.yaml.5"))
    schema = json.loads(arrestor("schema"))
    required = {*schema["required"], "secrets.NAME.store", "secrets.NAME.path",
                "stores.vault.auth.approle.secret-id-file"}
    assert {key for key, text in said.items() if re.search(r"^Required\.$", text, flags=re.M)} == required
    for key, rules in sections().items():
        for choice in rules.get("enum", []):
            assert re.search(rf"\b{choice}\b", said[key]), (key, choice)


def test_the_overview_has_every_exit_status():
    listed = arrestor("--help").partition("Exit: ")[2]
    statuses = set(re.findall(r"(?<![\w-])(\d+)(?= [a-z])|(?<= )(126)(?=,)", listed))
    told = page("arrestor.1").partition(".Sh EXIT STATUS")[2].partition(".Sh")[0]
    told = {number for row in re.findall(r"^\.It ([\d ,]+)$", told, flags=re.M) for number in re.findall(r"\d+", row)}
    assert {first or second for first, second in statuses} == told
