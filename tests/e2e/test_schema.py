"""arrestor schema: a JSON Schema that says the same as the parser."""

import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest
import yaml

import house

ARRESTOR = pathlib.Path(os.environ.get("ARRESTOR", house.ARRESTOR))
EXAMPLES = sorted(str(path.relative_to(house.ROOT)) for path in house.ROOT.glob("examples/**/arrestor.yaml"))

# What both the schema and the parser refuse.
BAD = {
    "no version": {},
    "another version": {"version": 2},
    "an unknown key": {"version": 1, "secert": {}},
    "a mode that is none": {"version": 1, "mode": "off"},
    "a store that is none": {"version": 1, "secrets": {"db": {"store": "vaul", "path": "x"}}},
    "a secret without path": {"version": 1, "secrets": {"db": {"store": "vault"}}},
    "a secret's odd name": {"version": 1, "secrets": {"a b": {"store": "vault", "path": "x"}}},
    "version 0 of a secret": {"version": 1, "secrets": {"a": {"store": "vault", "path": "x", "version": 0}}},
    "a relative directory": {"version": 1, "deliver": {"dir": "run/x"}},
    "a directory with ..": {"version": 1, "deliver": {"dir": "/run/../x"}},
    "a period without unit": {"version": 1, "deliver": {"poll": "2"}},
    "a file of two forms": {"version": 1, "deliver": {"files": {"f": {"raw": "${a}", "properties": {"k": "v"}}}}},
    "a file of no form": {"version": 1, "deliver": {"files": {"f": {}}}},
    "a file with no properties": {"version": 1, "deliver": {"files": {"f": {"properties": {}}}}},
    "a hidden file": {"version": 1, "deliver": {"files": {".f": {"raw": "${a}"}}}},
    "a file of ours": {"version": 1, "deliver": {"files": {"status.json": {"raw": "${a}"}}}},
    "no packs": {"version": 1, "policy": {"packs": []}},
    "a pack twice": {"version": 1, "policy": {"packs": ["a", "a"]}},
    "a long user": {"version": 1, "user": "u" * 33},
    "a URL with a user": {"version": 1, "stores": {"vault": {"address": "https://u:p@h"}}},
    "a URL with a path": {"version": 1, "stores": {"vault": {"address": "https://h/v1"}}},
    "auth by two": {"version": 1, "stores": {"vault": {"auth": {"token": {}, "approle": {}}}}},
    "auth by none": {"version": 1, "stores": {"vault": {"auth": {}}}},
    "auth of later": {"version": 1, "stores": {"vault": {"auth": {"jwt": {}}}}},
    "a token": {"version": 1, "stores": {"vault": {"auth": {"token": "hvs.x"}}}},
    "a secret_id": {"version": 1, "stores": {"vault": {"auth": {"approle": {
        "role-id": "r", "secret-id-file": "f", "secret-id": "x"}}}}},
    "two role ids": {"version": 1, "stores": {"vault": {"auth": {"approle": {
        "role-id": "r", "role-id-file": "f", "secret-id-file": "f"}}}}},
    "allow-http: maybe": {"version": 1, "stores": {"vault": {"allow-http": "maybe"}}},
}


@pytest.fixture(scope="module")
def schema():
    done = subprocess.run([ARRESTOR, "schema"], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.fixture
def parse(tmp_path):
    """What the parser says of a document: "" where it takes it."""
    (tmp_path / "safe.conf").write_text("spark.master local[2]\n", encoding="utf-8")

    def run(document):
        path = tmp_path / "arrestor.yaml"
        path.write_text(json.dumps(document), encoding="utf-8")
        path.chmod(0o600)
        done = subprocess.run([ARRESTOR, "check", "--policy", "spark-baseline", "-c", path, "safe.conf"],
                              cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.stderr if "arrestor.yaml" in done.stderr else ""

    return run


def sections(node, path=()):
    """(path, schema) of every mapping with keys of its own; * stands for a free name."""
    if "properties" in node:
        yield path, node
        for name, child in node["properties"].items():
            yield from sections(child, (*path, name))
    elif isinstance(node.get("additionalProperties"), dict):
        yield from sections(node["additionalProperties"], (*path, "*"))


def sample_of(name, rules):
    """A value that fits a key, by its example or default."""
    if "examples" in rules:
        return rules["examples"][0]
    if "default" in rules:
        return rules["default"]
    return required_of(rules)


def required_of(rules):
    """The least that a section may hold."""
    least = {name: sample_of(name, rules["properties"][name]) for name in rules["required"]}
    for name in rules.get("oneOf", [{"required": []}])[0]["required"]:
        least[name] = sample_of(name, rules["properties"][name])
    return least


def document_with(schema, path, value):
    """A document that holds value at path, and beside it what its sections need."""
    document = {"version": 1, "secrets": {"db": {"store": "vault", "path": "secret/data/db"}}}
    node, rules = document, schema
    for step, name in enumerate(path):
        last = step == len(path) - 1
        if name == "*":
            name, rules = "db", rules["additionalProperties"]
        else:
            choices = [row["required"][0] for row in rules.get("oneOf", [])]
            if name in choices:
                for other in choices:
                    node.pop(other, None)
            rules = rules["properties"][name]
        if last:
            node[name] = value
        else:
            node = node.setdefault(name, required_of(rules) if "properties" in rules else {})
    return document


def test_it_is_a_schema_and_closed_everywhere(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    found = list(sections(schema))
    assert len(found) >= 10
    for path, rules in found:
        assert rules["additionalProperties"] is False, path
        for name, child in rules["properties"].items():
            assert len(child["description"]) > 10, (path, name)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_valid(schema, name):
    document = yaml.safe_load((house.ROOT / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_refused_by_schema_and_parser(schema, parse, name):
    assert not jsonschema.Draft202012Validator(schema).is_valid(BAD[name])
    assert parse(BAD[name]) != ""


def test_every_key_of_the_schema_is_one_of_the_parser(schema, parse):
    validator = jsonschema.Draft202012Validator(schema)
    tried = 0
    for path, rules in sections(schema):
        for name, child in rules["properties"].items():
            document = document_with(schema, (*path, name), sample_of(name, child))
            assert list(validator.iter_errors(document)) == [], (path, name)
            said = parse(document)
            assert "unknown key" not in said and "not supported" not in said, (path, name, said)
            tried += 1
    assert tried >= 35


def test_every_key_of_the_parser_is_one_of_the_schema(schema, parse):
    """The parser names the keys it knows when none is near."""
    for path, rules in sections(schema):
        odd = {**required_of(rules), "qqqqqqqqqqqqqqqq": 1}
        said = parse(document_with(schema, path, odd) if path else odd)
        known = re.search(r"known keys are: (.*)", said)
        assert known, (path, said)
        assert set(known.group(1).split(", ")) == set(rules["properties"]), path


def test_the_defaults_that_it_names_are_taken(schema, parse):
    for path, rules in sections(schema):
        for name, child in rules["properties"].items():
            if "default" in child and path != ():
                assert parse(document_with(schema, (*path, name), child["default"])) == "", (path, name)


def test_the_example_shows_every_key(schema):
    text = (house.ROOT / EXAMPLES[0]).read_text(encoding="utf-8")
    for path, rules in sections(schema):
        for name in rules["properties"]:
            assert re.search(rf"(?<![\w-]){name}:", text), (path, name)


def test_operands_are_refused():
    done = subprocess.run([ARRESTOR, "schema", "x"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
