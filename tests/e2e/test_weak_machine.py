"""Machines that offer less: the job runs all the same, what is missing is said,
and `require:` makes it fatal. The kernel is a real one that answers ENOSYS."""

import resource

import pytest

import house

WEAK = house.BUILD / "weak"


def small_memlock():
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))


def without_capabilities():
    """As root, one keeps CAP_IPC_LOCK, for which no limit counts."""
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


def test_a_kernel_without_landlock_and_memfd_secret_runs_the_job_and_says_so(site):
    result = site.run("spark-submit", "job.py", before=[WEAK])
    assert result.status == 0, result.err
    assert "off: landlock" in result.err
    assert "degraded: secret-memory" in result.err


@pytest.mark.parametrize("protection, told", [("landlock", "off"), ("secret-memory", "degraded")])
def test_a_required_protection_that_is_missing_is_fatal(site, protection, told):
    site.configure(require=[protection])
    result = site.run("spark-submit", "job.py", before=[WEAK])
    assert result.status == 125, result.err
    assert result.record is None
    assert f"{protection} is required and {told}" in result.err


def test_the_same_requirement_is_met_where_the_kernel_has_it(site):
    site.configure(require=["seccomp", "non-dumpable"])
    assert site.run("spark-submit", "job.py").status == 0


@pytest.mark.parametrize("attempt", range(8))
def test_memory_that_cannot_be_locked_is_said_whoever_of_fetch_and_place_is_faster(site, attempt):
    result = site.run("spark-submit", "job.py", before=without_capabilities(), preexec_fn=small_memlock)
    assert result.status == 0, result.err
    assert "secret-memory" in result.err, f"attempt {attempt}: {result.err}"


def test_a_protection_that_does_not_exist_is_told_with_the_nearest(site):
    site.configure(require=["landlok"])
    result = site.run("spark-submit", "job.py")
    assert result.status == 77
    assert "did you mean landlock?" in result.err
