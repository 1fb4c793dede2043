"""A launch that is refused has started nothing, fetched nothing and left nothing."""

import re

import pytest

import house

RULE = re.compile(r"\b[A-Z]+(-[A-Z0-9]+)+\b")


def refused(result):
    """Status 77, no Spark, and the reason with rule ids in the last line of standard error."""
    assert result.status == 77, result.err
    assert result.record is None
    assert RULE.search(result.last_line), result.err
    return result


def unsafe_file(site, **more):
    return str(site.write_conf({**house.SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE, **more}, "job.conf"))


def test_a_plaintext_key_in_a_properties_file_is_refused(site):
    result = refused(site.run("spark-submit", "--properties-file", unsafe_file(site), "job.py"))
    assert "PLAINTEXT-" in result.last_line
    assert "refuse" in result.last_line.lower()


def test_a_plaintext_key_in_spark_conf_dir_is_refused(site):
    site.write_conf({**house.SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE})
    refused(site.run("spark-submit", "job.py"))


@pytest.mark.parametrize("option", ["--conf", "-c"])
def test_a_plaintext_key_on_the_command_line_is_refused(site, option):
    refused(site.run("spark-submit", option, f"{house.UNSAFE_KEY}={house.UNSAFE_VALUE}", "job.py"))


def test_a_cluster_without_authentication_is_refused(site):
    result = refused(site.run("spark-submit", "--master", "spark://127.0.0.1:7077", "job.py"))
    assert "AUTH" in result.last_line


def test_the_refused_value_is_shown_nowhere(site):
    result = refused(site.run("spark-submit", "--properties-file", unsafe_file(site), "job.py"))
    assert house.UNSAFE_VALUE not in result.out + result.err


def test_a_finding_names_file_line_and_column(site):
    path = unsafe_file(site)
    result = refused(site.run("spark-submit", "--properties-file", path, "job.py"))
    line = len(house.SAFE) + 1
    assert re.search(rf"{re.escape(path)}:{line}:\d+", result.err), result.err


def test_a_refused_launch_does_not_miss_the_strongbox(site):
    site.box.unlink()
    site.key.unlink()
    refused(site.run("spark-submit", "--properties-file", unsafe_file(site), "job.py"))


@pytest.mark.unwatched("it has a tracer of its own")
@pytest.mark.parametrize("role, seen", [("judge", "ended"), ("fetch", "absent"), ("place", "absent")])
def test_a_refused_launch_starts_the_judge_but_neither_fetch_nor_place(site, role, seen):
    log = site.path / "killat.log"
    path = unsafe_file(site)
    for _ in range(10):  # what races with the verdict loses every time
        refused(site.run("spark-submit", "--properties-file", path, "job.py",
                         before=[house.KILLAT, str(log), role, "1", "999"]))
        assert log.read_text().split()[0] == seen


def test_a_refused_launch_leaves_no_directory(site):
    before = house.tmpfs_directories()
    refused(site.run("spark-submit", "--properties-file", unsafe_file(site), "job.py"))
    assert house.tmpfs_directories() <= before


def test_without_a_strongbox_a_good_launch_is_arrestors_own_failure(site):
    site.box.unlink()
    result = site.run("spark-submit", "job.py")
    assert result.status == 125, result.err
    assert result.record is None
    assert "strongbox" in result.err


def test_a_missing_properties_file_is_refused(site):
    result = site.run("spark-submit", "--properties-file", str(site.path / "nowhere.conf"), "job.py")
    assert result.status == 77, result.err
    assert result.record is None
    assert "nowhere.conf" in result.err


def test_a_wrong_arrestor_yaml_is_refused_with_the_nearest_key(site):
    site.yaml.write_text("version: 1\nsecretz: {}\n")
    result = site.run("spark-submit", "job.py")
    assert result.status == 77, result.err
    assert result.record is None
    assert "arrestor.yaml:2:1" in result.err and "secrets" in result.err
