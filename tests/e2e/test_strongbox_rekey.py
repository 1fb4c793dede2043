"""arrestor strongbox rekey: a new key, another passphrase, beside writers and readers."""

import json
import os
import subprocess

import pytest

import house
from strongbox import box_words, files_of, leftovers, run

CHEAP = ["--memory", "8M"]
BARE, SEALED = "arrestor-strongbox-key-v1 ", "arrestor-strongbox-key-v2 "


def listing(site, passphrase=None):
    listed = run(site, "list", "--format", "json", passphrase=passphrase)
    assert listed.status == 0, listed.err
    return json.loads(listed.out)


def check(site, passphrase=None):
    """Box and key are of each other and hold what they did; the key file has one line."""
    got = run(site, "get", "orders-db", passphrase=passphrase)
    assert (got.status, got.out) == (0, site.password), got.err
    assert site.key.read_text().count("\n") == 1
    assert site.key.stat().st_mode & 0o777 == 0o400
    assert not leftovers(site)


def test_rekey_makes_a_new_key_and_seals_the_box_anew(site):
    run(site, "set", "other", stdin=b"x")
    box, key = files_of(site)
    before = listing(site)
    done = run(site, "rekey")
    assert done.status == 0, done.err
    assert "older copies" in done.out
    check(site)
    after = listing(site)
    assert after["entries"] == before["entries"] and after["version"] == before["version"] + 1
    new_box, new_key = files_of(site)
    assert new_key != key
    assert new_box[32:48] == box[32:48], "it is the same strongbox"
    assert new_box[48:104] != box[48:104] and new_box[128:] != box[128:]


def test_old_copies_need_the_old_key(site):
    box, key = files_of(site)
    assert run(site, "rekey").status == 0
    new_box, new_key = files_of(site)
    site.box.write_bytes(box)
    assert "does not open" in run(site, "list").err
    site.key.chmod(0o600)
    site.key.write_bytes(key)
    assert run(site, "list").status == 0
    site.box.write_bytes(new_box)
    assert run(site, "list").status == 6
    site.key.write_bytes(new_key)
    assert run(site, "list").status == 0


def test_the_passphrase_comes_stays_changes_and_goes(site):
    steps = [  # what the key file asks for, options, the new passphrase, what it asks for then
        (None, [*CHEAP], "one", "one"), ("one", [], None, "one"), ("one", [], "two", "two"),
        ("two", ["--keep-key"], "three", "three"), ("three", ["--keep-key", "--memory", "16M"], None, "three"),
        ("three", ["--no-passphrase"], None, None), (None, ["--keep-key", *CHEAP], "four", "four"),
        ("four", ["--keep-key", "--no-passphrase"], None, None), (None, [], None, None)]
    for before, options, new, after in steps:
        box, key = files_of(site)
        done = run(site, "rekey", *options, passphrase=before, new=new)
        assert done.status == 0, done.err
        check(site, after)
        new_box, new_key = files_of(site)
        assert new_key != key
        assert (new_box == box) == ("--keep-key" in options)
        assert new_key.decode().startswith(BARE if after is None else SEALED)
        if before != after and after is not None:
            assert run(site, "get", "orders-db", passphrase=before).status == 6
    assert run(site, "rekey", "--keep-key", "--memory", "16M").status == 2


def test_one_descriptor_can_carry_both_passphrases(site):
    assert run(site, "rekey", *CHEAP, new="old").status == 0
    done = run(site, "rekey", "--passphrase-fd", "0", "--new-passphrase-fd", "0", stdin=b"old\nnew\n")
    assert done.status == 0, done.err
    check(site, "new")


def test_a_rekey_of_the_box_of_another_user_is_refused(request):
    site = request.getfixturevalue("user_site")
    before = files_of(site)
    site.uid = None  # root, from here on
    for said in ("neither root nor you", "as that user"):
        done = run(site, "rekey")
        assert done.status == 6 and said in done.err
        assert files_of(site) == before
        os.chown(site.key, 0, 0)


def test_a_key_that_cannot_be_written_leaves_all_as_it_was(request):
    site = request.getfixturevalue("user_site")
    before = files_of(site)
    site.key.parent.chmod(0o500)
    done = run(site, "rekey")
    assert done.status == 70 and str(site.key) in done.err
    assert files_of(site) == before
    site.key.parent.chmod(0o700)
    check(site)


# ---- What a killed rekey leaves: the states are made by hand


def test_a_box_with_its_new_or_its_old_key_opens_beside_both(site):
    old_box, old_key = files_of(site)
    assert run(site, "rekey").status == 0
    new_box, new_key = files_of(site)
    middle = new_key + b"arrestor-strongbox-rekey %s\n" % old_box[32:48].hex().encode() + old_key
    for box, key in ((old_box, old_key), (new_box, new_key)):
        for words in (["set", "x"], ["rekey"], ["rekey", "--keep-key", "--no-passphrase"]):
            site.key.chmod(0o600)
            site.box.write_bytes(box)
            site.key.write_bytes(middle)
            site.key.chmod(0o400)
            assert run(site, "get", "orders-db").out == site.password
            assert site.key.read_bytes() == middle, "a reader changes nothing"
            assert run(site, *words, stdin=b"x").status == 0
            check(site)
            if words[0] == "set":
                assert site.key.read_bytes() == key


def test_the_rekey_of_another_box_with_this_key_is_left_alone(site):
    other = site.path / "other.box"
    mine = box_words(site)[1:]
    assert site.arrestor("strongbox", "init", "--box", other, "--key", site.key).status == 0
    _, old_key = files_of(site)
    assert run(site, "rekey").status == 0
    _, new_key = files_of(site)
    middle = new_key + b"arrestor-strongbox-rekey %s\n" % site.box.read_bytes()[32:48].hex().encode() + old_key
    site.key.chmod(0o600)
    site.key.write_bytes(middle)
    theirs = ["--box", other, "--key", site.key]
    assert site.arrestor("strongbox", "set", "x", *theirs, stdin=b"x").status == 0
    assert site.key.read_bytes() == middle, "the other box's rekey would lose its key"
    refused = site.arrestor("strongbox", "rekey", *theirs)
    assert refused.status == 6 and "another strongbox" in refused.err
    third = site.arrestor("strongbox", "init", "--box", site.path / "third.box", "--key", site.key)
    assert third.status == 6 and "another strongbox" in third.err
    assert site.key.read_bytes() == middle
    assert site.arrestor("strongbox", "set", "x", *mine, stdin=b"x").status == 0
    assert site.key.read_bytes() == new_key


# ---- Many at once


def start_writer(site, script, *words):
    """A shell that runs `arrestor strongbox` again and again."""
    return subprocess.Popen(["sh", "-c", script, "sh", *site.as_user([house.ARRESTOR, "strongbox"]), *words],
                            env=site.environment, cwd=site.path, stderr=subprocess.PIPE)


def test_eight_writers_lose_nothing_beside_rekeys_and_readers_see_no_fault(site):
    before = listing(site)["version"]
    files = ["--box", site.box, "--key", site.key]
    loop = 'name=$1; shift; for i in $(seq 25); do echo "$name $i" | "$@" || exit 1; done'
    writers = [subprocess.Popen(["sh", "-c", loop.replace('"$@"', f'"$@" set w{writer}/$i'), "sh", f"w{writer}",
                                 *site.as_user([house.ARRESTOR, "strongbox"]), *files],
                                env=site.environment, cwd=site.path, stderr=subprocess.PIPE)
               for writer in range(8)]
    rekeys = reads = 0
    while any(writer.poll() is None for writer in writers):
        rekeyed = run(site, "rekey")
        assert rekeyed.status == 0, rekeyed.err
        rekeys += 1
        for _ in range(3):
            got = run(site, "get", "orders-db")
            assert (got.status, got.out) == (0, site.password), got.err
            reads += 1
    said = [writer.communicate(timeout=60)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 8, said
    after = listing(site)
    assert after["version"] == before + 200 + rekeys
    assert {entry["name"] for entry in after["entries"]} == {
        "orders-db", *(f"w{writer}/{i}" for writer in range(8) for i in range(1, 26))}
    assert rekeys > 3 and reads > 9
    check(site)


def test_rekeys_at_once_leave_one_key_that_opens(site):
    before = listing(site)["version"]
    command = site.as_user([house.ARRESTOR, *box_words(site, "rekey")])
    for _ in range(4):
        started = [subprocess.Popen(command, env=site.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                   for _ in range(6)]
        said = [process.communicate(timeout=60)[1] for process in started]
        assert [process.returncode for process in started] == [0] * 6, said
        check(site)
    assert listing(site)["version"] == before + 24


def test_a_set_that_waits_for_its_value_survives_a_rekey(site):
    with subprocess.Popen(site.as_user([house.ARRESTOR, *box_words(site, "set", "late")]), stdin=subprocess.PIPE,
                          env=site.environment) as process:
        house.wait_until(lambda: b"Seccomp:\t2" in house.read_proc(process.pid, "status"), 10, "the filter")
        for _ in range(3):
            assert run(site, "rekey").status == 0
        process.communicate(b"value", timeout=30)
    assert process.returncode == 0
    assert run(site, "get", "late").out == "value"
    check(site)


def test_a_set_whose_passphrase_was_changed_meanwhile_says_so_and_changes_nothing(site):
    assert run(site, "rekey", *CHEAP, new="one").status == 0
    (site.path / "one").write_text("one\n")
    command = ["sh", "-c", '"$@" 3< one', "sh", *site.as_user([house.ARRESTOR, *box_words(
        site, "set", "late", "--passphrase-fd", "3")])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=site.environment,
                          cwd=site.path) as process:
        pids = []
        house.wait_until(lambda: pids.extend(pid for pid in [process.pid, *house.descendants(process.pid)] if
                                             b"Seccomp:\t2" in house.read_proc(pid, "status")) or pids, 10, "the filter")
        assert run(site, "rekey", passphrase="one", new="two").status == 0
        before = files_of(site)
        _, said = process.communicate(b"value", timeout=30)
    assert process.returncode == 6 and b"passphrase" in said
    assert files_of(site) == before
    check(site, "two")


@pytest.mark.parametrize("words", [[], ["--keep-key", "--no-passphrase"]], ids=["new key", "same key"])
def test_a_linked_key_file_stays_a_link(site, words):
    real = site.key.parent / "real.key"
    site.key.rename(real)
    site.key.symlink_to(real.name)
    assert run(site, "rekey", *words).status == 0
    assert site.key.is_symlink() and site.key.resolve() == real
    check(site)
