"""Machines that are small or closed: few descriptors, little memory, few processes, no
memory to lock, swap, a /proc that shows less, no tmpfs, a pod that may write nothing."""

import os
import re

import pytest

import house
import weakness


def said_here(site, **options):
    """What is said of protections by a launch that must go well."""
    result = site.run("spark-submit", "job.py", **options)
    assert result.status == 0, result.err
    return weakness.told(result.err)


# ---- Limits


@pytest.mark.parametrize("files", [64, 1024])
def test_few_open_files_are_enough(site, files):
    without = said_here(site)
    result = site.run("spark-submit", "job.py", preexec_fn=weakness.limited(RLIMIT_NOFILE=files))
    assert result.status == 0, result.err
    assert weakness.told(result.err) == without
    assert result.record["limits"]["RLIMIT_NOFILE"] == [files, files]


def test_too_few_open_files_are_named_as_the_reason(site):
    result = site.run("spark-submit", "job.py", preexec_fn=weakness.limited(RLIMIT_NOFILE=20))
    assert result.status == 125
    assert result.record is None
    assert "only 20 files may be open at once" in result.err and "ulimit -n" in result.err


@pytest.mark.parametrize("processes", [1, 2])
def test_too_few_processes_are_named_as_the_reason(user_site, processes):
    limit = ["prlimit", f"--nproc={processes}"]
    result = user_site.run("spark-submit", "job.py", before=limit)
    assert result.status == 125, result.err
    assert result.record is None
    assert re.search(r"cannot start [a-z]+: Resource temporarily unavailable", result.err), result.err


@pytest.mark.unsanitized("a limit on memory leaves no room for shadow")
@pytest.mark.parametrize("megabytes", [4, 6, 8, 12, 24])
def test_little_memory_ends_in_a_set_or_in_words(site, memory, megabytes):
    site.configure(deliver={"dir": str(memory / "set"), "state": str(memory / "state"), "wait": "2s"})
    limit = weakness.limited(RLIMIT_AS=megabytes << 20)
    result = site.run("spark-submit", "job.py", preexec_fn=limit)
    # Behind the first set the status is the job's own, which has no more memory than we.
    if "generation 1" not in result.err:
        assert result.status == 125 or result.status == 127 and "shared libraries" in result.err, result
        assert result.err != ""
    assert not list(memory.iterdir())


@pytest.mark.unsanitized("mlock does nothing there")
@pytest.mark.parametrize("bytes_locked, state", [(0, "off"), (65536, None)])
def test_memory_to_lock_is_what_a_user_may_have(user_site, bytes_locked, state):
    result = user_site.run("spark-submit", "job.py", before=["prlimit", f"--memlock={bytes_locked}"])
    assert result.status == 0, result.err
    if weakness.has_secret_memory():
        assert weakness.told(result.err).get("secret-memory") == state
    assert "secret-memory" not in result.err or "swap" in weakness.why(result.err, "secret-memory")


@pytest.mark.unsanitized("mlock does nothing there")
def test_memory_that_cannot_be_locked_is_fatal_where_it_is_required(user_site):
    user_site.configure(require=["secret-memory"])
    result = user_site.run("spark-submit", "job.py", before=["prlimit", "--memlock=0"])
    assert result.status == 125 and result.record is None
    assert "secret-memory is required and off: " in result.err and "generation" not in result.err


# ---- /proc and /dev/shm


def test_a_proc_that_hides_other_processes_is_enough(site):
    hidden = weakness.mounted("mount -t proc -o hidepid=2 proc /proc")
    assert said_here(site, before=hidden) == said_here(site)


def test_a_proc_without_the_list_of_swaps_is_taken_for_swap(site):
    result = site.run("spark-submit", "job.py", before=weakness.mounted("mount -t proc -o subset=pid proc /proc"))
    assert result.status == 0, result.err
    assert "or that cannot be told" in weakness.why(result.err, "unswappable")


def test_without_proc_it_is_said_what_to_do(site):
    result = site.run("spark-submit", "job.py", before=weakness.mounted("mount -t tmpfs tmpfs /proc"))
    assert result.status == 125 and result.record is None
    assert "/proc is not there\n  -> mount it" in result.err


def test_without_a_tmpfs_it_is_said_what_to_do(site):
    places = [f"if test -d {place}; then mount --bind /usr {place}; fi" for place in ("/dev/shm", "/run")]
    result = site.run("spark-submit", "job.py", before=weakness.mounted(*places))
    assert result.status == 125 and result.record is None
    assert "mount a tmpfs and name it in deliver.dir" in result.err
    assert result.last_line == "arrestor: not launched: no-tmpfs"


# ---- Root that is none


def test_root_without_capabilities_says_that_it_cannot_drop(site):
    result = site.run("spark-submit", "job.py", before=["setpriv", "--no-new-privs", "--bounding-set=-all",
                                                        "--inh-caps=-all"])
    assert result.status == 0, result.err
    if site.uid is None and os.geteuid() == 0:
        assert weakness.why(result.err, "own-identity") == "root here cannot change its uid, and the job shares it"


# ---- Swap

SWAP_ON = "Filename Type Size Used Priority\n/swap file 1048572 0 -2\n"


def with_swap(memory, **options):
    """The words that mount a tmpfs with these options at each name, on a machine whose swap is on."""
    (memory / "swaps").write_text(SWAP_ON)
    for name in options:
        (memory / name).mkdir()
    return weakness.mounted(f"mount --bind {memory}/swaps /proc/swaps",
                            *(f"mount -t tmpfs -o size=1m{wanted} tmpfs {memory}/{name}"
                              for name, wanted in options.items()))


def run_in(site, memory, before, dir_name, state_name, **top):
    site.configure(deliver={"dir": str(memory / dir_name / "set"), "state": str(memory / state_name / "state")}, **top)
    return site.run("spark-submit", "job.py", before=before)


def test_swap_that_is_on_is_said_unless_the_tmpfs_never_goes_there(site, memory):
    before = with_swap(memory, kept=",noswap", swapped="")
    fine = run_in(site, memory, before, "kept", "kept")
    assert fine.status == 0 and weakness.why(fine.err, "unswappable") is None, fine.err
    weaker = run_in(site, memory, before, "swapped", "swapped")
    assert weaker.status == 0 and "swap is on" in weakness.why(weaker.err, "unswappable")


def test_the_state_with_the_raw_values_counts_as_the_set_does(site, memory):
    result = run_in(site, memory, with_swap(memory, kept=",noswap", swapped=""), "kept", "swapped")
    assert result.status == 0 and "swap is on" in (weakness.why(result.err, "unswappable") or ""), result.err


def test_a_directory_of_that_name_is_no_option(site, memory):
    result = run_in(site, memory, with_swap(memory, noswap=""), "noswap", "noswap")
    assert result.status == 0 and "swap is on" in (weakness.why(result.err, "unswappable") or ""), result.err


def test_swap_where_it_must_not_be_is_fatal(site, memory):
    result = run_in(site, memory, with_swap(memory, swapped=""), "swapped", "swapped", require=["unswappable"])
    assert result.status == 125 and result.record is None
    assert "unswappable is required and degraded: swap is on" in result.err
