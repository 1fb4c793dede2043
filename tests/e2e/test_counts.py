"""What a round costs between the network and the files, and a check for each file, as counts that do not depend on
the machine.

Instructions by callgrind, allocations by memcheck, of build/ref/pure_work and build/ref/check_work; both
repeat to within a hundredth, where times do not. Start-up is subtracted.
"""

import json
import re
import shutil
import subprocess

import estate
import house
import pytest

PURE_WORK = house.BUILD / "ref/pure_work"
CHECK_WORK = house.BUILD / "ref/check_work"

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


# ---- check, file after file

# Half as much again as with gcc 12 -O2 and libyaml 0.2.5: 940,000 instructions.
MOST_FOR_A_FILE = 1_400_000

# What a finding leaves behind: itself, its texts, and its lines of the report.
MOST_FOR_A_FINDING = 4096

# What a directory entry needs while its directory is walked.
MOST_FOR_AN_ENTRY = 256


def judge(tmp_path, words, *before):
    """What `check` says about the estate beneath: (standard output, standard error)."""
    done = subprocess.run([*before, CHECK_WORK, *words, "."], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout, done.stderr


def judging_heap(tmp_path, *words):
    """The most bytes of heap, and what was said in JSON."""
    out, told = judge(tmp_path, ["--format", "json", *words])
    return int(re.search(r"heap: (\d+) bytes", told)[1]), json.loads(out)


@pytest.fixture(scope="module")
def estates(tmp_path_factory):
    """Directories with so many copies of an estate."""
    made = {}

    def make(copies):
        if copies not in made:
            made[copies] = estate.write(tmp_path_factory.mktemp(f"estate-{copies}"), copies)
        return made[copies]

    return make


@pytest.fixture(scope="module")
def instructions_of(estates):
    """Instructions that it takes to judge so many copies."""
    counted = {}

    def count(copies):
        if copies not in counted:
            told = judge(estates(copies), [], "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")[1]
            counted[copies] = int(re.search(r"Collected : (\d+)", told)[1])
        return counted[copies]

    return count


def test_judging_a_file_costs_few_instructions(instructions_of):
    count = 3 * len(estate.FILES)
    for_each = (instructions_of(6) - instructions_of(3)) / count
    print(f"{for_each:.0f} instructions for each of {count} files")
    assert for_each < MOST_FOR_A_FILE


def test_twice_as_many_files_cost_twice_the_instructions(instructions_of):
    three, six, twelve = (instructions_of(copies) for copies in (3, 6, 12))
    print(f"{three}, {six} and {twelve} instructions: {(twelve - six) / (six - three):.3f} times")
    assert twelve - six < 2.2 * (six - three)


def test_files_leave_no_memory_behind(estates):
    (few, told), (many, told_more) = (judging_heap(estates(copies), "--estate") for copies in (50, 500))
    print(f"{few} bytes for 50 copies, {many} for 500")
    assert sum(told_more["kinds"].values()) == 10 * sum(told["kinds"].values()) > 0
    assert many - few < 450 * MOST_FOR_AN_ENTRY


def test_findings_are_all_that_is_kept_of_a_file(estates):
    (bare, _), (kept, report) = judging_heap(estates(50), "--estate"), judging_heap(estates(50))
    items = len(report["findings"]) + len(report["notes"])
    print(f"{(kept - bare) / items:.0f} bytes for each of {items} findings and notes")
    assert items > 1000 and kept - bare < items * MOST_FOR_A_FINDING


def test_beyond_the_findings_that_are_listed_nothing_more_is_kept(estates):
    (hundred, report), (more, report_more) = judging_heap(estates(100)), judging_heap(estates(500))
    print(f"{hundred} bytes for 100 copies, {more} for 500")
    assert len(report["findings"]) == len(report_more["findings"]) and len(report["notes"]) < len(report_more["notes"])
    notes = len(report_more["notes"]) - len(report["notes"])
    assert more - hundred < 400 * MOST_FOR_AN_ENTRY + notes * MOST_FOR_A_FINDING
