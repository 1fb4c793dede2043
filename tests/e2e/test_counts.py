"""What a round costs between the network and the files, as counts that do not depend on the machine.

Instructions by callgrind, allocations by memcheck, of build/ref/pure_work; both
repeat to within a hundredth, where times do not. Start-up is subtracted.
"""

import json
import re
import shutil
import subprocess

import house
import pytest

PURE_WORK = house.BUILD / "ref/pure_work"

# Half as much again as with gcc 12 -O2 and jansson 2.14: 133,000 and 90, most of them jansson's.
MOST_INSTRUCTIONS, MOST_ALLOCATIONS = 200_000, 135

pytestmark = [pytest.mark.skipif(shutil.which("valgrind") is None, reason="there is no valgrind here"),
              pytest.mark.unsanitized("what is counted are the program's own instructions and allocations"),
              pytest.mark.unwatched("valgrind's calls are not arrestor's")]


def configuration(secrets):
    """arrestor.yaml with so many secrets and as many files."""
    names = [f"orders-{number:04d}" for number in range(secrets)]
    return json.dumps({
        "version": 1,
        "stores": {"vault": {"address": "https://vault.example:8200", "auth": {"token": {"file": "/run/token"}}}},
        "secrets": {name: {"store": "vault", "path": f"secret/data/{name}"} for name in names},
        "deliver": {"files": {
            name: {"properties": {"user": f"${{{name}.username}}", "password": f"${{{name}.password}}"}}
            for name in names}}})


def valgrind(tmp_path, secrets, rounds, *words):
    done = subprocess.run(["valgrind", *words, PURE_WORK, str(rounds)], input=configuration(secrets), text=True,
                          capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return done.stderr


def instructions(tmp_path, secrets, rounds):
    told = valgrind(tmp_path, secrets, rounds, "--tool=callgrind", "--callgrind-out-file=/dev/null")
    return int(re.search(r"Collected : (\d+)", told)[1])


def heap(tmp_path, secrets, rounds):
    """(allocations, blocks that are still there at the end)."""
    told = valgrind(tmp_path, secrets, rounds, "--tool=memcheck", "--leak-check=no", "--undef-value-errors=no")
    made = int(re.search(r"total heap usage: ([\d,]+) allocs", told)[1].replace(",", ""))
    return made, int(re.search(r"in use at exit: [\d,]+ bytes in ([\d,]+) blocks", told)[1].replace(",", ""))


def test_a_round_costs_few_instructions_and_allocations_for_each_secret(tmp_path):
    secrets = 100
    for_each = (instructions(tmp_path, secrets, 3) - instructions(tmp_path, secrets, 1)) / 2 / secrets
    (more, left), (fewer, left_before) = heap(tmp_path, secrets, 3), heap(tmp_path, secrets, 1)
    print(f"{for_each:.0f} instructions and {(more - fewer) / 2 / secrets:.1f} allocations for each secret")
    assert for_each < MOST_INSTRUCTIONS
    assert (more - fewer) / 2 / secrets < MOST_ALLOCATIONS
    assert left == left_before, "a round leaves memory behind"


@pytest.mark.parametrize("rounds", [0, 1], ids=["configuration", "round"])
def test_a_thousand_secrets_cost_ten_times_a_hundred(tmp_path, rounds):
    def cost(secrets):
        return instructions(tmp_path, secrets, rounds) - (instructions(tmp_path, secrets, 0) if rounds else nothing)

    nothing = instructions(tmp_path, 1, 0)
    hundred, thousand = cost(100), cost(1000)
    print(f"{hundred} and {thousand} instructions: {thousand / hundred:.1f} times")
    assert thousand < 15 * hundred
