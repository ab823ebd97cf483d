"""Where the real data lie, for the tests that read them."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data sets; without it the test is skipped."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    path = Path(os.environ.get("TEMPORAL_POSE_SHARED_DATA", beside))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; set TEMPORAL_POSE_SHARED_DATA")
    return path
