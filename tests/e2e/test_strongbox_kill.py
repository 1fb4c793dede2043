"""kill -9 of a writer at each of its file calls leaves a strongbox that opens, the old or the new."""

import json
import os
import subprocess

import pytest

import house
from strongbox import box_words, leftovers, run

pytestmark = pytest.mark.unwatched("it has a tracer of its own")

CHEAP = ["--memory", "8M"]


def kill_at(site, call, *words, stdin=b"", passphrases=()):
    """One `arrestor strongbox WORDS…` that dies at its CALLth file call. Whether it did."""
    log = site.path / "killat.log"
    words, held = list(words), []
    for option, text in passphrases:
        reader, writer = os.pipe()
        os.write(writer, text.encode())
        os.close(writer)
        words += [option, str(reader)]
        held.append(reader)
    subprocess.run([house.KILLAT, log, "strongbox", "1", str(call),
                    *site.as_user([house.ARRESTOR, *box_words(site, *words)])],
                   input=stdin, stdout=subprocess.DEVNULL, pass_fds=held, env=site.environment, cwd=site.path,
                   timeout=60, check=False)
    for descriptor in held:
        os.close(descriptor)
    ended = log.read_text()
    log.unlink()
    assert ended.startswith(("killed", "ended")), ended
    return ended.startswith("killed")


def value_of(site, name="orders-db", passphrase=None):
    got = run(site, "get", name, passphrase=passphrase)
    return got.out if got.status == 0 else None


def version_of(site):
    listed = run(site, "list", "--format", "json")
    assert listed.status == 0, listed.err
    return json.loads(listed.out)["version"]


def check_tidied(site, passphrase=None):
    """The next writer has removed what the dead one left."""
    done = run(site, "set", "next", passphrase=passphrase, stdin=b"x")
    assert done.status == 0, done.err
    assert not leftovers(site)
    assert site.key.read_text().count("\n") == 1


def test_set_killed_at_any_file_call_leaves_the_old_box_or_the_new(site):
    left = 0
    for call in range(1, 100):
        before, old, new = version_of(site), value_of(site), f"value {call}"
        killed = kill_at(site, call, "set", "orders-db", stdin=new.encode())
        assert value_of(site) in (old, new), call
        assert version_of(site) - before == (value_of(site) == new), call
        left += bool(leftovers(site))
        check_tidied(site)
        if not killed:
            break
    assert value_of(site) == new and call > 5, f"{call} file calls"
    assert left > 2, "no kill has left anything: then nothing was shown"


def test_rm_killed_at_any_file_call_leaves_the_old_box_or_the_new(site):
    for call in range(1, 100):
        assert run(site, "set", "victim", stdin=b"x").status == 0
        before = version_of(site)
        killed = kill_at(site, call, "rm", "victim")
        assert version_of(site) - before == (value_of(site, "victim") is None), call
        assert value_of(site) == site.password
        check_tidied(site)
        if not killed:
            break
    assert value_of(site, "victim") is None and call > 5, f"{call} file calls"


@pytest.mark.parametrize("new", [None, "words"], ids=["in clear", "under a passphrase"])
def test_init_killed_at_any_file_call_can_be_run_again(site, new):
    for call in range(1, 100):
        for path in (site.box, site.key):
            path.unlink(missing_ok=True)
        options = [] if new is None else CHEAP
        killed = kill_at(site, call, "init", *options, passphrases=[("--passphrase-fd", new)] if new else [])
        if not site.box.exists():
            again = [] if new is None or site.key.exists() else CHEAP
            made = run(site, "init", *again, passphrase=new)
            assert made.status == 0, (call, made.err)
        assert (b" argon2id " in site.key.read_bytes()) == (new is not None), call
        check_tidied(site, new)
        if not killed:
            break
    assert call > 8, f"{call} file calls"


STEPS = {  # passphrase before, options, the new one, after
    "in clear": (None, [], None, None),
    "to a passphrase": (None, CHEAP, "new", "new"),
    "from a passphrase": ("old", ["--no-passphrase"], None, None),
    "another passphrase": ("old", [], "new", "new"),
    "same passphrase": ("old", [], None, "old"),
    "same key, to a passphrase": (None, ["--keep-key", *CHEAP], "new", "new"),
    "same key, another passphrase": ("old", ["--keep-key"], "new", "new"),
}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.replace(" ", "-"))
def test_rekey_killed_at_any_file_call_leaves_a_pair_that_opens(site, step):
    before, options, new, after = STEPS[step]
    held = [(option, text) for option, text in (("--passphrase-fd", before), ("--new-passphrase-fd", new)) if text]
    if before is not None:
        assert run(site, "rekey", *CHEAP, new=before).status == 0
    kept = site.box.read_bytes(), site.key.read_bytes()
    seen = set()
    for call in range(1, 100):
        for path, content in zip((site.box, site.key), kept):
            path.unlink()
            path.write_bytes(content)
        site.key.chmod(0o400)
        site.own()
        killed = kill_at(site, call, "rekey", *options, passphrases=held)
        opens = [text for text in (before, after) if value_of(site, passphrase=text) == site.password]
        assert opens, f"call {call}: neither passphrase opens it: {site.key.read_text()}"
        seen.add((site.key.read_text().count("\n"), site.box.read_bytes() == kept[0]))
        check_tidied(site, opens[0])
        assert value_of(site, passphrase=opens[0]) == site.password
        if not killed:
            break
    assert after in opens and call > 5, f"{call} file calls"
    states = {(1, True)} if "--keep-key" in options else {(1, True), (3, True), (3, False), (1, False)}
    assert seen == states, "not every state between the two was shown"
