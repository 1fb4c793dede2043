"""Killed at random while it rotates: never a mix, never a gap, never a value on a disk."""

import json
import os

import pytest

import torture

ROTATIONS = int(os.environ.get("TORTURE_ROTATIONS", "80"))  # make torture: 10,000 in four pods


@pytest.mark.unsanitized("freed memory is kept for a while there, so that roles seem to grow")
def test_rotations_survive_random_kills_of_everything():
    told = torture.torture(ROTATIONS)
    assert not told["faults"], json.dumps(told, indent=1)
    assert sum(told["kills"].values()) > ROTATIONS // 8, told["kills"]
