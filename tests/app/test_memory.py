"""Memory that is given back."""

import sys
from pathlib import Path

import numpy as np
import pytest

from temporal_pose.app.memory import give_back


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and glibc's allocator gives")
def test_what_lies_between_what_is_kept_is_given_back() -> None:
    def megabytes() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    pieces = [np.ones(12_000) for _ in range(400)]  # too small to be given back alone
    kept = pieces[::8]
    del pieces
    before = megabytes()
    give_back()
    assert megabytes() < before - 20, "of 34 that are free"
    assert all(one.sum() == 12_000 for one in kept)
