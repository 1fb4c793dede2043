"""The key catalogue against the real Spark of the tests' environment; make test-catalogue
does so for every supported version."""

import copy
import importlib.util
import re
import subprocess
import zipfile

import pytest

import house

spec = importlib.util.spec_from_file_location("catalogue", house.ROOT / "tests/ref/catalogue/catalogue.py")
catalogue = importlib.util.module_from_spec(spec)
spec.loader.exec_module(catalogue)


@pytest.fixture(scope="module")
def lines():
    return catalogue.ask(house.SPARK)


@pytest.fixture(scope="module")
def asked(lines):
    return catalogue.facts_of(lines)


@pytest.fixture(scope="module")
def version():
    return catalogue.version_of(house.SPARK)


def test_every_fact_of_the_catalogue_is_what_spark_says(asked, version):
    kept = catalogue.read_table(version)
    assert len(kept) > 1300
    assert list(catalogue.compare(version, asked, kept)) == []


def test_another_spark_would_be_noticed(asked, version):
    kept, changed = catalogue.read_table(version), copy.deepcopy(asked)
    del changed["spark.authenticate"]
    changed["spark.invented"] = {"kind": "core"}
    changed["spark.acls.enable"]["default"] = "=true"
    told = "\n".join(catalogue.compare(version, changed, kept))
    for words in ("spark.authenticate: kind is -, the catalogue has core", "spark.invented: kind is core",
                  "spark.acls.enable: default is =true, the catalogue has =false"):
        assert words in told
    assert len(told.splitlines()) == 3 + len(kept["spark.authenticate"]) - 1


def test_what_is_kept_of_tls_is_what_its_reader_does(lines, version):
    assert len(catalogue.kept_tls(catalogue.line_of(version))) > 10
    assert list(catalogue.compare_tls(version, lines)) == []
    assert len(list(catalogue.compare_tls("4.1.1", lines))) == 6  # fields that came with 4.0


def test_the_file_says_the_same_after_reading_and_writing_it():
    text = catalogue.FILE.read_text()
    versions = text.splitlines()[0].split(";")[0].removeprefix("# Spark ").split()
    assert catalogue.write_table({version: catalogue.read_table(version) for version in versions}) == text


def hadoop_keys():
    """Every key that Hadoop documents, from the *-default.xml of its jars."""
    found = set()
    for jar in (house.SPARK / "jars").glob("hadoop-client-*.jar"):
        with zipfile.ZipFile(jar) as archive:
            for name in archive.namelist():
                if name.endswith("-default.xml"):
                    found.update(re.findall(r"<name>\s*([^<\s]+)\s*</name>", archive.read(name).decode()))
    return sorted(found)


def check(directory, keys):
    path = directory / "spark-defaults.conf"
    path.write_text("".join(f"{key} x\n" for key in keys))
    run = subprocess.run([house.ARRESTOR, "check", "--format", "json", path], env=house.base_environment(directory),
                         capture_output=True, text=True, check=False)
    return re.findall(r'"SPARK-TYPO-001"', run.stdout), run


def test_no_key_of_hadoop_is_taken_for_a_slip(tmp_path):
    keys = hadoop_keys()
    assert len(keys) > 1000
    found, run = check(tmp_path, [f"spark.hadoop.{key}" for key in keys])
    assert not found and run.returncode in (0, 1), run.stderr
    found, _ = check(tmp_path, ["spark.hadoop.hadoop.rpc.protectoin"])
    assert found


# ---- The build's tool that makes C of the catalogue.

TABLE = catalogue.FILE.read_bytes()
KEPT = (catalogue.FILE.parent / "kept.txt").read_bytes()


def compile_catalogue(directory, table, kept):
    (directory / "catalogue.tsv").write_bytes(table)
    (directory / "kept.txt").write_bytes(kept)
    return subprocess.run([house.BUILD / "catalogue-compile", "catalogue.tsv", "kept.txt"], cwd=directory,
                          capture_output=True, text=True, check=False)


@pytest.mark.parametrize("line, told", [
    ("spark.authenticate securely", "spark.authenticate: what is securely?"),
    ("spark.autenticate security", "spark.autenticate: no jar has such a key"),
    ("spark.nobody.* security", "spark.nobody.*: no jar has such a key"),
    ("spark.ssl{,.ui.enabled security", "a brace is not closed"),
    ("spark.authenticate type=tri-state", "what is tri-state?"),
    ("spark.executorEnv. family", "spark.executorEnv. is no family"),
    ("spark.invented versions=2.0-2.4", "spark.invented: no jar has such a key"),
])
def test_a_wrong_word_kept_by_hand_stops_the_build(tmp_path, line, told):
    run = compile_catalogue(tmp_path, TABLE, KEPT + line.encode() + b"\n")
    assert run.returncode == 1 and told in run.stderr, run.stderr


def test_a_catalogue_that_is_cut_short_stops_the_build(tmp_path):
    assert compile_catalogue(tmp_path, TABLE, KEPT).returncode == 0
    for end in [*range(0, 400, 7), *range(400, len(TABLE), 9001)]:
        run = compile_catalogue(tmp_path, TABLE[:end], KEPT)
        assert run.returncode == 1 and run.stderr and not run.stdout, f"{end}: {run.stderr}"


def test_a_key_that_stands_twice_stops_the_build(tmp_path):
    row = next(line for line in TABLE.splitlines(keepends=True) if line.startswith(b"spark.authenticate\t"))
    run = compile_catalogue(tmp_path, TABLE + row, KEPT)
    assert run.returncode == 1 and "spark.authenticate stands twice" in run.stderr
