"""run --dry-run: what would be judged, delivered and started, and nothing of it done."""

import json
import pathlib

import pytest

import house


def dry_run(site, *words, options=(), environment=None):
    """`arrestor run --dry-run` to its end, with the fake Spark ready to write its record."""
    site.record_path.unlink(missing_ok=True)
    return site.arrestor("run", "--dry-run", *options, "-c", site.yaml, "--", *words,
                         environment={"FAKE_RECORD": str(site.record_path), **(environment or {})})


def as_json(site, *words, **options):
    result = dry_run(site, *words, options=("--format", "json"), **options)
    return result, json.loads(result.out)


def test_it_shows_what_would_be_delivered_and_does_nothing(site):
    before = house.tmpfs_directories()
    result = dry_run(site, "spark-submit", "job.py")
    assert result.status == 0, result.err
    assert "file       jdbc.properties (properties)\n  secret   ${db} from strongbox: orders-db\n" in result.out
    assert "-ID/current as ARRESTOR_DIR" in result.out or "/ID/current as ARRESTOR_DIR" in result.out
    assert "verdict: pass" in result.out
    assert "spark.io.encryption.enabled true" in result.out
    assert site.password not in result.out + result.err
    assert not site.record_path.exists()
    assert house.tmpfs_directories() == before


def test_the_command_line_is_the_one_that_run_executes(site):
    job = site.write_conf(house.SAFE, "job.conf")
    for words in (["job.py"], ["--properties-file", str(job), "job.py", "a b"], ["--version"]):
        real = site.run("spark-submit", *words)
        result, shown = as_json(site, "spark-submit", *words)
        assert real.status == result.status == 0, result.err
        if not shown["launches"]:
            assert words == ["--version"]
            continue
        assert shown["argv"][1:] == real.record["argv"][1:]
        assert shown["program"] == real.record["argv"][0]


def test_the_store_is_not_asked(site):
    site.box.unlink()
    site.key.unlink()
    result = dry_run(site, "spark-submit", "job.py")
    assert result.status == 0, result.err
    assert "orders-db" in result.out


def test_a_refused_launch_has_the_status_of_run_and_shows_why(site):
    site.write_conf({**house.SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE})
    result = dry_run(site, "spark-submit", "job.py")
    assert result.status == 77
    assert "PLAINTEXT-S3A-001" in result.out
    assert result.last_line.startswith("arrestor: launch refused: PLAINTEXT-S3A-001")
    result, shown = as_json(site, "spark-submit", "job.py")
    assert result.status == 77
    assert shown["starts"] is False and shown["report"]["verdict"] == "refuse"
    assert house.UNSAFE_VALUE not in result.out + result.err


@pytest.mark.parametrize("words", [
    ["--conf", "spark.hadoop.fs.s3a.secret.key={}", "job.py"],
    ["--conf=spark.ssl.keyPassword={}", "job.py"],
    ["--driver-java-options", "-Djavax.net.ssl.keyStorePassword={}", "job.py"],
    ["job.py", "--password", "{}"],
    ["job.py", "--db-password={}"],
    ["job.py", "jdbc:postgresql://etl:{}@db/orders"],
])
def test_no_secret_of_the_command_line_is_shown(site, words):
    site.yaml.write_text(site.yaml.read_text().replace('"version": 1,', '"version": 1, "mode": "warn",'))
    value = "invented4the+test-of-argv"
    for options in ((), ("--format", "json")):
        result = dry_run(site, "spark-submit", *[word.format(value) for word in words], options=options)
        assert result.status == 0, result.err
        assert "(redacted)" in result.out
        assert value not in result.out + result.err


def test_json_holds_places_and_settings(site):
    result, shown = as_json(site, "spark-submit", "--conf", "spark.app.name=it's", "job.py")
    assert result.status == 0, result.err
    assert shown["files"] == [{"name": "jdbc.properties", "form": "properties", "secrets": [
        {"secret": "db", "field": None, "store": "strongbox", "path": "orders-db"}]}]
    settings = {row["key"]: row["value"] for row in shown["effective"]["settings"]}
    assert settings["spark.app.name"] == "it's"
    assert settings["spark.executorEnv.ARRESTOR_DIR"] == shown["directory"]


def test_a_named_directory_is_told_and_left_alone(site):
    named = pathlib.Path(f"/dev/shm/{site.path.parent.name}-named")
    named.mkdir()
    try:
        (named / "somebody").write_text("was here")
        site.configure(deliver={"dir": str(named)})
        result, shown = as_json(site, "spark-submit", "job.py")
        assert result.status == 0, result.err
        assert shown["directory"] == f"{named}/current"
        assert [path.name for path in named.iterdir()] == ["somebody"]
    finally:
        house.remove_tree(named)


def test_without_files_nothing_is_delivered(site):
    site.yaml.write_text("version: 1\n", encoding="utf-8")
    result, shown = as_json(site, "spark-submit", "job.py")
    assert result.status == 0, result.err
    assert shown["directory"] is None and shown["files"] == []
    assert "delivers   nothing" in dry_run(site, "spark-submit", "job.py").out


def test_a_set_that_would_not_reach_is_refused_as_in_run(site):
    result, shown = as_json(site, "spark-submit", "--master", "yarn", "--deploy-mode", "cluster", "job.py",
                            environment={"HADOOP_CONF_DIR": str(site.conf)})
    assert result.status == 77
    assert shown["starts"] is False


def test_an_error_is_an_object_in_json(site):
    result, shown = as_json(site, "spark-submit", "--nonsense")
    assert result.status == 77
    assert shown["error"]["code"] == "spark-refuses"


def test_format_is_for_dry_runs_only(site):
    result = site.arrestor("run", "--format", "json", "-c", site.yaml, "--", "spark-submit", "job.py")
    assert result.status == 2
    assert "--dry-run" in result.err


def test_the_status_file_is_written(site):
    status = site.path / "status.json"
    assert dry_run(site, "spark-submit", "job.py", options=("--status-file", str(status))).status == 0
    assert json.loads(status.read_text())["status"] == 0
