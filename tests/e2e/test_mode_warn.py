"""mode: warn tells what would have been refused, and launches."""

import house


def test_mode_warn_launches_and_tells(site):
    site.configure(mode="warn")
    path = site.write_conf({**house.SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE}, "job.conf")
    site.write_plan("raise SystemExit(42)")
    result = site.run("spark-submit", "--properties-file", str(path), "job.py")
    assert result.status == 42, result.err
    assert "PLAINTEXT-" in result.err
    assert "warn" in result.err
    assert house.UNSAFE_VALUE not in result.err


def test_mode_enforce_is_the_default(site):
    path = site.write_conf({**house.SAFE, house.UNSAFE_KEY: house.UNSAFE_VALUE}, "job.conf")
    assert site.run("spark-submit", "--properties-file", str(path), "job.py").status == 77


def test_mode_warn_still_refuses_what_cannot_be_read(site):
    site.configure(mode="warn")
    result = site.run("spark-submit", "--properties-file", str(site.path / "nowhere"), "job.py")
    assert result.status == 77, result.err
    assert result.record is None


def test_mode_warn_tells_of_a_delivered_secret_in_the_launch_and_goes_on(site):
    site.configure(mode="warn")
    result = site.run("spark-submit", "job.py", environment={"DB_PASSWORD": site.password})
    assert result.status == 0, result.err
    assert "PLAINTEXT-LAUNCH-001" in result.err and "DB_PASSWORD" in result.err
    assert site.password not in result.err


def test_mode_warn_tells_of_a_variable_of_the_loader_and_goes_on(site):
    site.configure(mode="warn")
    result = site.run("spark-submit", "job.py", environment={"LD_LIBRARY_PATH": "/nowhere"})
    assert result.status == 0, result.err
    assert "ENV-LOADER-001" in result.err
