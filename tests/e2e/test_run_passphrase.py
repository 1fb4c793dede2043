"""A set from a strongbox whose key file is under a passphrase, also while box and key change."""

import json
import os
import subprocess
import tempfile

import pytest

import house
import readers
from strongbox import run

PASSPHRASE = "canary of the key file"


def start(site, launches, passphrase):
    """`arrestor run` with a passphrase on a descriptor of its own; None: without."""
    words, held = [house.ARRESTOR, "run", "-c", site.yaml], []
    if passphrase is not None:
        reader, writer = os.pipe()
        os.write(writer, passphrase.encode() + b"\n")
        os.close(writer)
        words += ["--passphrase-fd", str(reader)]
        held.append(reader)
    environment = {**site.environment, "FAKE_RECORD": str(site.record_path), "FAKE_PLAN": str(site.plan_path)}
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    process = subprocess.Popen(site.as_user([*words, "--", "spark-submit", "job.py"]), env=environment, cwd=site.path,
                               stdin=subprocess.DEVNULL, stdout=out, stderr=err, pass_fds=held)
    for descriptor in held:
        os.close(descriptor)
    launches.append(house.Launch(site, process, out, err))
    return launches[-1]


def prepare(site, values, *memory):
    """The key under PASSPHRASE; a job that reads until it has seen the last of values."""
    (site.path / "allowed.json").write_text(json.dumps(values))
    site.set_secret(values[0])
    site.configure(files=readers.TWINS)
    site.write_plan(readers.plan(values[-1], 40))
    done = run(site, "rekey", *memory, new=PASSPHRASE)
    assert done.status == 0, done.err


def seen_by(site):
    return json.loads((site.path / "seen.json").read_text())


def test_the_set_follows_box_and_key_as_long_as_the_passphrase_is_the_same(site, launches):
    values = [f"value {number}" for number in range(5)]
    prepare(site, values, "--memory", "8M")
    launch = start(site, launches, PASSPHRASE)
    house.wait_until((site.path / "reading").exists, 20, "the reader")
    assert not house.processes_showing(PASSPHRASE.encode())
    for number, value in enumerate(values[1:], 2):
        assert run(site, "rekey", passphrase=PASSPHRASE).status == 0
        assert run(site, "set", "orders-db", passphrase=PASSPHRASE, stdin=value.encode()).status == 0
        house.wait_until(lambda: f"generation {number}:" in launch.text(launch.err_file) or
                         launch.process.poll() is not None, 20, value)
    result = launch.finish(60)
    seen = seen_by(site)
    assert (seen["mixed"], seen["missing"], seen["partial"]) == (0, 0, 0), seen
    assert seen["values"][-1] == values[-1], result.err
    assert result.status == 0
    assert PASSPHRASE not in result.err


def test_what_libsodium_calls_moderate_fits_into_the_role(site, launches):
    prepare(site, ["only"])
    assert " 262144 " in site.key.read_text()
    result = start(site, launches, PASSPHRASE).finish(60)
    assert result.status == 0, result.err
    assert seen_by(site)["values"] == ["only"]


@pytest.mark.parametrize("passphrase", [None, "wrong"], ids=["none", "wrong"])
def test_without_the_passphrase_nothing_starts_and_it_is_told_why(site, launches, passphrase):
    prepare(site, ["only"], "--memory", "8M")
    result = start(site, launches, passphrase).finish(60)
    assert result.status == 125, result.err
    assert result.record is None
    assert "passphrase" in result.err


def test_a_passphrase_that_changes_leaves_the_last_good_set(site, launches):
    prepare(site, ["first", "never"], "--memory", "8M")
    site.write_plan(readers.plan("never", 4))
    launch = start(site, launches, PASSPHRASE)
    house.wait_until((site.path / "reading").exists, 20, "the reader")
    assert run(site, "rekey", passphrase=PASSPHRASE, new="another").status == 0
    result = launch.finish(60)
    seen = seen_by(site)
    assert (seen["mixed"], seen["missing"], seen["partial"]) == (0, 0, 0), seen
    assert seen["values"] == ["first"]
    assert result.status == 0 and "passphrase" in result.err
