"""A set changes whole: readers without pause see the old one or the new one."""

import json
import time

import house
import readers

ROTATIONS = 32


def test_readers_see_no_mix_and_no_gap_over_many_rotations(site, launches):
    values = [f"value-{number:03d}-" + "x" * (37 * number) for number in range(ROTATIONS + 1)]
    (site.path / "allowed.json").write_text(json.dumps(values))
    site.set_secret(values[0])
    site.configure(files=readers.TWINS)
    site.write_plan(readers.plan(values[-1], 60))
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    house.wait_until((site.path / "reading").exists, 20, "the reader")
    for value in values[1:]:
        site.set_secret(value)
        time.sleep(0.25)
    assert launch.finish(90).status == 0
    seen = json.loads((site.path / "seen.json").read_text())
    assert (seen["mixed"], seen["missing"], seen["partial"]) == (0, 0, 0), seen
    assert len(seen["values"]) > ROTATIONS * 3 // 4, seen["values"]
    assert seen["values"][-1] == values[-1]
    readers.assert_status_was_whole(seen)
    assert seen["reads"] > 1000


def test_a_value_that_goes_away_leaves_the_last_good_set(site, launches):
    site.configure(files=readers.TWINS)
    (site.path / "allowed.json").write_text(json.dumps([site.password]))
    site.write_plan(readers.plan("never", 3))
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    house.wait_until((site.path / "reading").exists, 20, "the reader")
    site.arrestor("strongbox", "rm", "orders-db", "--box", site.box, "--key", site.key)
    result = launch.finish(30)
    seen = json.loads((site.path / "seen.json").read_text())
    assert (seen["mixed"], seen["missing"], seen["partial"]) == (0, 0, 0), seen
    assert result.status == 0
    assert "orders-db" in result.err, "the failure must be told"


def test_an_empty_value_is_not_even_kept(site):
    refused = site.arrestor("strongbox", "set", "orders-db", "--box", site.box, "--key", site.key, stdin=b"")
    assert refused.status == 6, refused.err
    assert "empty" in refused.err
    got = site.arrestor("strongbox", "get", "orders-db", "--box", site.box, "--key", site.key)
    assert got.out.rstrip("\n") == site.password


def test_a_damaged_strongbox_leaves_the_last_good_set(site, launches):
    site.configure(files=readers.TWINS)
    (site.path / "allowed.json").write_text(json.dumps([site.password]))
    site.write_plan(readers.plan("never", 3))
    launch = site.start("spark-submit", "job.py")
    launches.append(launch)
    house.wait_until((site.path / "reading").exists, 20, "the reader")
    site.box.write_bytes(site.box.read_bytes()[:-7])
    result = launch.finish(30)
    seen = json.loads((site.path / "seen.json").read_text())
    assert (seen["mixed"], seen["missing"], seen["partial"]) == (0, 0, 0), seen
    assert result.status == 0
