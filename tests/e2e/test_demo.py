"""The demo fails when a step is not as told: here arrestor is replaced by one that misbehaves."""

import shutil
import subprocess

import pytest

import house


@pytest.fixture
def stage(tmp_path):
    """stage(SCRIPT): runs the demo with an arrestor that is this shell script. (status, output)

    In the script $REAL is the real program, for whatever it does not spoil.
    """
    def run(script, timeout=600):
        (tmp_path / "tests/bin").mkdir(parents=True)
        for name in ("demo", "demo-stage", "demo-strongbox", "demo-openbao"):
            shutil.copy(house.ROOT / "tests/bin" / name, tmp_path / "tests/bin" / name)
        shutil.copytree(house.ROOT / "examples", tmp_path / "examples")
        (tmp_path / "build").mkdir()
        (tmp_path / "build/venv").symlink_to(house.VENV)
        arrestor = tmp_path / "build/arrestor"
        arrestor.write_text(f"#!/bin/sh\nREAL={house.ARRESTOR}\n{script}\nexec $REAL \"$@\"\n")
        arrestor.chmod(0o755)
        done = subprocess.run([tmp_path / "tests/bin/demo"], capture_output=True, text=True, timeout=timeout,
                              env=house.base_environment(tmp_path), check=False)
        return done.returncode, done.stdout + done.stderr
    return run


def test_a_check_that_finds_nothing_fails_the_demo(stage):
    status, said = stage('[ "$1" = check ] && exit 0')
    assert status == 1
    assert "status 0; 1 was expected" in said


def test_a_run_that_does_not_refuse_fails_the_demo(stage):
    status, said = stage('[ "$1" = run ] && exit 0')
    assert status == 1
    assert "status 0; 77 was expected" in said


def test_a_leaked_password_fails_the_demo(stage):
    status, said = stage('if [ "$2" = set ]; then tee -a leak | $REAL "$@"; exit; fi')
    assert status == 1, said
    assert "a password stands in: " in said and "/build/demo/leak" in said
