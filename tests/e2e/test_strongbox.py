"""The strongbox from outside: every fault has its own clear error, and no value is an argument."""

import os
import pathlib

import pytest

import house


def box_words(site, *words):
    return ["strongbox", *words, "--box", site.box, "--key", site.key]


def test_what_was_set_is_got(site):
    got = site.arrestor(*box_words(site, "get", "orders-db"))
    assert got.status == 0, got.err
    assert got.out.rstrip("\n") == site.password


def test_list_shows_names_and_no_value(site):
    site.set_secret("another", name="other/name")
    listed = site.arrestor(*box_words(site, "list"))
    assert "orders-db" in listed.out and "other/name" in listed.out
    assert site.password not in listed.out


def test_rm_removes(site):
    assert site.arrestor(*box_words(site, "rm", "orders-db")).status == 0
    got = site.arrestor(*box_words(site, "get", "orders-db"))
    assert got.status == 6


def test_a_misspelt_name_is_told_the_nearest(site):
    got = site.arrestor(*box_words(site, "get", "orders-bd"))
    assert got.status == 6
    assert "orders-db" in got.err


def test_the_key_is_closed_and_the_box_holds_no_plain_text(site):
    assert site.key.stat().st_mode & 0o777 == 0o400
    content = site.box.read_bytes()
    assert site.password.encode() not in content
    assert b"orders-db" not in content


def test_init_overwrites_nothing(site):
    before = site.box.read_bytes(), site.key.read_bytes()
    assert site.arrestor(*box_words(site, "init")).status == 2
    assert (site.box.read_bytes(), site.key.read_bytes()) == before


def test_the_default_key_is_not_beside_the_box(request):
    # root has defaults of its own, outside of any home: there this is another user's story
    site = request.getfixturevalue("user_site" if os.geteuid() == 0 else "site")
    home = site.path / "home"
    home.mkdir(mode=0o700)
    site.own()
    made = site.arrestor("strongbox", "init", environment={"HOME": str(home)})
    assert made.status == 0, made.err
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert len({path.parent for path in files}) == 2


def fault_wrong_key(site):
    other = site.path / "key/other.key"
    assert site.arrestor("strongbox", "init", "--box", site.path / "other.box", "--key", other).status == 0
    os.replace(other, site.key)


def fault_damaged(site):
    content = bytearray(site.box.read_bytes())
    content[-20] ^= 1
    site.box.write_bytes(content)


def fault_truncated(site):
    site.box.write_bytes(site.box.read_bytes()[:-9])


def fault_not_a_box(site):
    site.box.write_bytes(b"this is a shopping list, not a strongbox\n" * 20)


def fault_no_box(site):
    site.box.unlink()


def fault_no_key(site):
    site.key.unlink()


def fault_open_key(site):
    site.key.chmod(0o644)


FAULTS = {fault_wrong_key: "does not open", fault_damaged: "damaged", fault_truncated: "cut short",
          fault_not_a_box: "", fault_no_box: "", fault_no_key: "key", fault_open_key: "key"}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__[6:])
def test_each_fault_has_its_own_clear_error(site, fault):
    fault(site)
    got = site.arrestor(*box_words(site, "get", "orders-db"))
    assert got.status == 6, got.err
    assert FAULTS[fault] in got.err
    assert got.out == ""


def test_all_faults_read_differently(tmp_path, site):
    kept = site.box.read_bytes(), site.key.read_bytes()
    said = []
    for fault in FAULTS:
        for path, content in zip((site.box, site.key), kept):
            path.unlink(missing_ok=True)
            path.write_bytes(content)
        site.key.chmod(0o400)
        for left in ("other.box", "key/other.key"):
            (site.path / left).unlink(missing_ok=True)
        fault(site)
        said.append(site.arrestor(*box_words(site, "get", "orders-db")).err.splitlines()[0])
    assert len(set(said)) == len(FAULTS), said


def test_a_value_as_an_argument_is_a_usage_error(site):
    done = site.arrestor(*box_words(site, "set", "orders-db", "the-value"), stdin=b"")
    assert done.status == 2
    assert "the-value" not in done.err


def test_a_failed_set_leaves_the_box_as_it_was(site):
    before = site.box.read_bytes()
    assert site.arrestor(*box_words(site, "set", "bad name"), stdin=b"x").status == 2
    assert site.box.read_bytes() == before
    assert [path.name for path in pathlib.Path(site.path).iterdir() if "box" in path.name] == ["secrets.box"]
