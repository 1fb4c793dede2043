"""Bad input has a clear error with status 3, or is judged right; never a silent pass."""

import json

import pytest

import house

GOOD = b"spark.master local[2]\nspark.io.encryption.enabled true\nspark.ui.enabled false\n"
SECRET = f"{house.UNSAFE_KEY} {house.UNSAFE_VALUE}\n".encode()


def check(site, content, *words):
    path = site.path / "input.conf"
    path.write_bytes(content)
    return site.arrestor("check", *words, path)


def test_a_good_file_passes(site):
    result = check(site, GOOD)
    assert result.status == 0, result.out + result.err


def test_a_secret_is_a_violation_and_not_shown(site):
    result = check(site, GOOD + SECRET)
    assert result.status == 1
    assert "PLAINTEXT-" in result.out
    assert house.UNSAFE_VALUE not in result.out + result.err


@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"])
def test_every_line_ending_is_judged_alike(site, ending):
    assert check(site, GOOD.replace(b"\n", ending)).status == 0
    result = check(site, (GOOD + SECRET).replace(b"\n", ending))
    assert result.status == 1
    assert "input.conf:4:" in result.out


@pytest.mark.parametrize("content", [
    pytest.param(b"", id="empty"),
    pytest.param(b"\n# only a comment\n", id="comment"),
])
def test_an_empty_file_is_no_pass(site, content):
    result = check(site, content)
    assert result.status in (1, 3), result.out + result.err


@pytest.mark.parametrize("content", [
    pytest.param(bytes(range(256)) * 20, id="binary"),
    pytest.param(b"\x7fELF\x02\x01\x01\x00" + b"\x00" * 500, id="elf"),
    pytest.param(b"PK\x03\x04" + b"\x00\xff" * 300, id="zip"),
    pytest.param(GOOD + b"spark.app.name a\x00b\n", id="nul"),
    pytest.param(b"\xff\xfes\x00p\x00a\x00r\x00k\x00", id="utf-16"),
])
def test_what_is_no_text_is_an_error_or_judged(site, content):
    result = check(site, content)
    assert result.status in (1, 3), result.out + result.err
    assert "input.conf" in result.out + result.err
    assert all(char.isprintable() or char == "\n" for char in result.out + result.err)


def test_invalid_utf_8_is_judged_as_java_reads_it_and_told(site):
    content = GOOD + b"spark.app.name \xc3\x28\n"
    result = check(site, content)
    assert result.status == 0 and "input.conf:4:16" in result.out, result.out + result.err
    assert check(site, content + SECRET).status == 1


def test_a_secret_behind_a_nul_is_not_lost(site):
    assert check(site, GOOD + b"spark.app.name a\x00b\n" + SECRET).status in (1, 3)


def test_an_empty_directory_a_missing_file_and_an_unreadable_kind_are_errors(site):
    empty = site.path / "empty"
    empty.mkdir()
    for path in (empty, site.path / "nowhere", "/dev/null"):
        result = site.arrestor("check", path)
        assert result.status == 3, (path, result.out + result.err)
        assert str(path) in result.err


def test_a_bad_input_beside_a_good_one_is_not_a_pass(site):
    good = site.path / "good.conf"
    good.write_bytes(GOOD)
    assert site.arrestor("check", good, site.path / "nowhere").status == 3


def test_no_input_is_a_usage_error(site):
    assert site.arrestor("check").status == 2


def test_json_gives_the_same_status_and_the_promised_members(site):
    result = check(site, GOOD + SECRET, "--format", "json")
    assert result.status == 1
    report = json.loads(result.out)
    assert report["verdict"] == "refuse"
    finding = next(row for row in report["findings"] if row["rule"].startswith("PLAINTEXT-"))
    assert {"rule", "severity", "effect", "owner", "key", "origin", "message", "fix"} <= set(finding)
    assert finding["origin"]["line"] == 4 and finding["origin"]["file"].endswith("input.conf")
    assert house.UNSAFE_VALUE not in result.out


def test_effective_redacts_and_tells_origins(site):
    path = site.path / "input.conf"
    path.write_bytes(GOOD + SECRET)
    result = site.arrestor("effective", "--format", "json", "--", "spark-submit",
                           "--properties-file", path, "--conf", "spark.app.name=x", "job.py")
    assert result.status == 0, result.err
    rows = {row["key"]: row for row in json.loads(result.out)["settings"]}
    assert rows[house.UNSAFE_KEY]["value"] == "(redacted)"
    assert rows["spark.master"]["origin"]["line"] == 1
    assert "argv" in rows["spark.app.name"]["origin"]
    assert house.UNSAFE_VALUE not in result.out
