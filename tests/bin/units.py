"""What run-tests and run-units share: one unit run, and its tests counted."""

import os
import re
import subprocess

SKIPPED = re.compile(r"^(?:not )?ok\b.*# SKIP.*$", flags=re.M)  # cmocka: "not ok N # SKIP name"


def settle(status, passed, failed):
    """A suite that ended badly has a failure, and one without a test is none."""
    if failed == 0 and (status != 0 or passed == 0):
        failed = 1
    return passed, failed


def count_unit(status, output):
    """(passed, failed) of a unit, from the TAP that it wrote and the status it ended with."""
    told = SKIPPED.sub("", output)
    return settle(status, len(re.findall(r"^ok\b", told, flags=re.M)),
                  len(re.findall(r"^not ok\b", told, flags=re.M)))


def run_unit(command, timeout=None, **environment):
    """(status, output) of a unit that is run quietly."""
    try:
        done = subprocess.run(command, env={**os.environ, **environment, "CMOCKA_MESSAGE_OUTPUT": "TAP"},
                              text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout, check=False)
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"").decode(errors="replace")
        return 124, f"{said}\nnot ok - it did not end within {timeout} s\n"
    return done.returncode, done.stdout
